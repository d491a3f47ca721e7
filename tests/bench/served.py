"""What the benches of collecting share: a thousand feeds, and nginx that serves them on as many addresses of loopback.

Each feed has 20 entries with their whole text, about 45 KB, and no two have a word of it alike.
"""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from tests.loopback import free_port

ENTRIES = 20
FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>Feed {number}</title>
<id>urn:bench:feed:{number}</id>
<link href="https://blog{number}.example/"/>
<link rel="self" href="https://blog{number}.example/feed.xml"/>
<updated>2026-11-24T06:00:00Z</updated>
{entries}
</feed>
"""
ENTRY = """<entry>
<title>{title}</title>
<id>urn:bench:{key}</id>
<link href="https://blog.example/{key}"/>
<published>2026-11-{day:02}T06:00:00Z</published>
<updated>2026-11-{day:02}T07:30:00+01:00</updated>
<author><name>Jane Roe</name></author>
<category term="{tag}"/>
<summary>{summary}</summary>
<content type="html">{content}</content>
</entry>"""
CONFIG = """
worker_processes 1;
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    types {{ application/atom+xml xml; }}
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {port};
        allow 127.0.0.0/8;
        deny all;
        root {folder}/www;
    }}
}}
"""


def addresses(count: int, port: int) -> list[str]:
    """That many hosts of loopback, each with its port: names for nobody else."""
    return [f"127.0.{1 + number // 250}.{1 + number % 250}:{port}" for number in range(count)]


def write_feeds(folder: Path, count: int) -> None:
    """Write `0.xml` and so on."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.xml").write_text(feed(number))


def feed(number: int, places: range = range(ENTRIES)) -> str:
    """One feed in Atom, with the entries of these places in its history."""
    return FEED.format(number=number, entries="\n".join(_entry(number, place) for place in reversed(places)))


def _entry(number: int, place: int) -> str:
    chance = random.Random(f"{number}-{place}")
    paragraphs = [_sentence(chance, 55) for _ in range(4)]
    markup = "".join(
        f'<p>{text} <a href="/tag/{chance.randrange(99)}?utm_source=feed">more</a> <em>{_sentence(chance, 2)}</em></p>'
        for text in paragraphs
    )
    markup += f'<p><img src="https://blog.example/{number}/{place}.jpg" alt="A picture" width="640" height="480"/></p>'
    return ENTRY.format(
        title=_sentence(chance, 6),
        key=f"{number}-{place}",
        day=1 + chance.randrange(20),
        tag=chance.choice(["trams", "rivers", "bridges"]),
        summary=_sentence(chance, 15),
        content=escape(markup),
    )


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join("".join(chance.choices("aeiourstlnm", k=chance.randrange(3, 9))) for _ in range(words)) + "."


@contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """Serve `www` in a folder on all addresses of loopback; gives the port."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "nginx is not installed"
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(CONFIG.format(folder=folder, port=port, user="user root;" if os.geteuid() == 0 else ""))
    server = subprocess.Popen([program, "-p", folder, "-c", file, "-e", folder / "error.log"])
    try:
        _wait_until_it_listens(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_until_it_listens(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "nginx ended: see its error.log"
            assert time.monotonic() < until, "nginx does not listen"
            time.sleep(0.05)
