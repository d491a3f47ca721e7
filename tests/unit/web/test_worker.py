"""The server of `publisher web`, in a process of its own: signals end it, whoever is still talking to it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.loopback import PATIENCE, free_port, get, unmeasured, wait_for

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, io, sys
from publisher.cli.logs import configure
from publisher.settings import LogConfig
from publisher.web.worker import serve_until_told

async def app(scope, receive, send):
    if scope["path"] == "/fails":
        raise RuntimeError("nobody <ada@example.org> is known")
    if scope["path"] == "/hangs":
        print("hangs", flush=True)
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})

configure(LogConfig("json", "warning"))
serve_until_told(app, "127.0.0.1", int(sys.argv[1]))
"""


def test_it_ends_though_an_answer_never_does_and_its_faults_are_logged_as_all_are() -> None:
    port = free_port()
    command = [sys.executable, "-c", PROGRAM, str(port)]
    environment = unmeasured() | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=ROOT) as process:
        try:
            wait_for(lambda: _answers(port), "it does not answer")
            assert get(f"http://127.0.0.1:{port}/fails")[0] == 500
            with socket.create_connection(("127.0.0.1", port)) as waiting:
                waiting.sendall(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
                assert process.stdout
                assert process.stdout.readline() == "hangs\n"
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert said.count("a request was not answered") == said.count("\n") == 1
    assert "RuntimeError: nobody" in said
    assert "ada@example.org" not in said


def _answers(port: int) -> bool:
    try:
        return get(f"http://127.0.0.1:{port}/")[1] == "here"
    except OSError:
        return False
