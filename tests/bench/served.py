"""What the benches of collecting share: nginx that serves their feeds on as many addresses of loopback."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.feeds import feed
from tests.loopback import free_port

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
