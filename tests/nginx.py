"""A real nginx on loopback, with a configuration of the test's own."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback import wait_for

_CONFIG = """
worker_processes 1;
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    {http}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, http: str) -> Iterator[None]:
    """Runs it with the inside of an `http` block that listens at a port; its own files are in the folder."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "nginx is not installed"
    file, log = folder / "nginx.conf", folder / "error.log"
    file.write_text(_CONFIG.format(folder=folder, http=http, user="user root;" if os.geteuid() == 0 else ""))
    server = subprocess.Popen([program, "-p", folder, "-c", file, "-e", log])

    def listens() -> bool:
        assert server.poll() is None, log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, "nginx does not listen")
        yield
    finally:
        server.terminate()
        server.wait()
