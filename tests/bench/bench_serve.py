"""How fast feeds are served: `python -m tests.bench.bench_serve [seconds]`.

`publisher web` (one Granian worker) on a SQLite database with a feed of 60 KB, against nginx with one worker that
serves the same bytes as a static file; `wrk` asks both, over 64 connections that stay open: for the whole feed, for its
copy by gzip, and with the tag that it got (304). Both get the same headers that readers send.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.served import served
from tests.loopback import free_port, unmeasured, wait_for

CONNECTIONS = 64
SECONDS = 3
ROUNDS = 5
ITEMS = 20
READER = {"User-Agent": "Reader/1.0 (+https://reader.example/)", "Accept": "application/rss+xml, */*;q=0.5"}
CONFIG = """
[site]
title = "Bench"
base_url = "https://news.example"
[database]
url = "sqlite:///publisher.db"
[web]
port = {port}
[[source]]
name = "notes"
kind = "folder"
path = "notes"
rights = "own"
[[feed]]
slug = "news"
title = "News"
"""


def write_site(folder: Path, port: int) -> None:
    """A folder of notes that make a feed of about 60 KB, and the configuration that reads it."""
    (folder / "notes").mkdir(parents=True)
    for number in range(ITEMS):
        words = " ".join(f"word{number * 997 + place * 31:05d}" for place in range(255))
        text = f"---\ntitle: Note {number}\ndate: 2026-11-{number % 20 + 1:02d}\n---\n{words}\n\n{words[::-1]}\n"
        (folder / "notes" / f"{number}.md").write_text(text)
    (folder / "publisher.toml").write_text(CONFIG.format(port=port))


@contextmanager
def publisher_web(folder: Path) -> Iterator[str]:
    """The site served as `publisher web` serves it; gives its address."""
    port = free_port()
    write_site(folder, port)
    command = [sys.executable, "-m", "publisher"]
    environment = unmeasured() | {"PYTHONPATH": os.getcwd()}
    for step in ("collect", "publish"):
        subprocess.run([*command, step, "--once"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*command, "web"], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(f"{url}/healthz"), "publisher web does not answer")
        yield url
    finally:
        server.terminate()
        server.wait()


def status(url: str, headers: Mapping[str, str]) -> int:
    """How a request is answered."""
    try:
        return get(url, headers)[0]
    except urllib.error.HTTPError as error:
        return error.code


def _answers(url: str) -> bool:
    try:
        return get(url, {})[0] == 200
    except OSError:
        return False


def get(url: str, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
    """Status, bytes and tag."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={**headers})) as answer:
        return answer.status, answer.read(), answer.headers.get("ETag", "")


def rate(url: str, headers: Mapping[str, str], seconds: int) -> float:
    """Answers a second; one that is an error stops it all."""
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", *fields, url]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", output)
    assert found, output
    assert "Non-2xx" not in output, output
    return float(found[1])


def main(seconds: int) -> None:
    """Print the rates of both, and their ratios."""
    if shutil.which("wrk") is None:
        print("serve: not measured, wrk is not installed (apt install wrk)")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with publisher_web(folder / "site") as ours:
            feed = f"{ours}/feeds/news.rss"
            plain, packed = get(feed, READER), get(feed, READER | {"Accept-Encoding": "gzip"})
            (folder / "www").mkdir()
            (folder / "www" / "news.xml").write_bytes(plain[1])
            (folder / "www" / "packed.xml").write_bytes(packed[1])
            with served(folder) as port:
                theirs = f"http://127.0.0.1:{port}"
                tag = get(f"{theirs}/news.xml", READER)[2]
                compare("feed", (feed, READER), (f"{theirs}/news.xml", READER), seconds)
                gzip = READER | {"Accept-Encoding": "gzip"}
                compare("feed by gzip", (feed, gzip), (f"{theirs}/packed.xml", READER), seconds)
                known, same = READER | {"If-None-Match": plain[2]}, READER | {"If-None-Match": tag}
                assert [status(feed, known), status(f"{theirs}/news.xml", same)] == [304, 304]
                compare("304", (feed, known), (f"{theirs}/news.xml", same), seconds)


Asked = tuple[str, Mapping[str, str]]
"""An address, and the headers to ask it with."""


def compare(what: str, ours: Asked, theirs: Asked, seconds: int) -> None:
    """Print the best rates of both in some rounds by turns: two cores have three programs to run, by chance well or
    badly."""
    rates = [(rate(*ours, seconds), rate(*theirs, seconds)) for _ in range(ROUNDS)]
    mine, yours = (max(column) for column in zip(*rates, strict=True))
    each = ", ".join(f"{one / other:.2f}" for one, other in rates)
    ratio = f"{mine / yours:.2f} (by turns {each})"
    print(f"serve: {mine:,.0f} answers/s ({what}), nginx static {yours:,.0f}/s: ratio {ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
