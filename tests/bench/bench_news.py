"""How soon an article is out: `python -m tests.bench.bench_news [articles]`.

`publisher run` with a source that is pushed to and a hub on loopback. From the answer to the push, which says that the
article is stored, to the feed that has it, over HTTP and asked for every few milliseconds; and to the hub's being told.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.loopback import free_port, get, unmeasured, wait_for

ARTICLES = 10
TOKEN = "a-token-of-more-than-twenty-characters"
CONFIG = """
[site]
title = "Bench"
base_url = "http://127.0.0.1:{port}"
[database]
url = "sqlite:///publisher.db"
[web]
port = {port}
[fetch]
spacing = "0s"
allow_private = ["127.0.0.1:{hub}"]
[websub]
hubs = ["http://127.0.0.1:{hub}/"]
[[source]]
name = "desk"
kind = "push"
token = "{token}"
rights = "own"
[[feed]]
slug = "news"
title = "News"
"""


class Hub:
    """Remembers when it was told something."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.at = 0.0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if not hub.told.is_set():
                    hub.at = time.perf_counter()
                    hub.told.set()
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextmanager
def running(folder: Path, port: int, hub: int) -> Iterator[str]:
    """A program that stays."""
    (folder / "publisher.toml").write_text(CONFIG.format(port=port, hub=hub, token=TOKEN))
    command = [sys.executable, "-m", "publisher", "run"]
    environment = unmeasured() | {"PYTHONPATH": str(Path.cwd())}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        wait_for(lambda: "Ctrl-C ends it" in (folder / "out").read_text(), "publisher run")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def push(url: str, number: int) -> float:
    """Store an article; the instant at which the answer says so."""
    article = {"url": f"https://desk.example/{number}", "title": f"Article {number}.", "html": "<p>" + "word " * 400}
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/sources/desk/articles", json.dumps(article).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status in (200, 201, 202), answer.status
    return time.perf_counter()


def main(articles: int) -> None:
    """Print both times: the median and the longest."""
    hub, served, told = Hub(), [], []
    with tempfile.TemporaryDirectory() as name, running(Path(name), free_port(), hub.server.server_port) as url:
        for number in range(articles):
            hub.told.clear()
            began = push(url, number)
            while f"Article {number}." not in get(f"{url}/feeds/news.rss")[1]:
                time.sleep(0.01)
            served.append(time.perf_counter() - began)
            assert hub.told.wait(60)
            told.append(hub.at - began)
    for what, times in (("served", served), ("told to a hub", told)):
        print(f"news: {what} {statistics.median(times):.2f} s after it was stored, at most {max(times):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES)
