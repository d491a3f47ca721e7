"""Real servers on loopback, and a client that hides nothing: no redirects, no decompression, headers as they come."""

import faulthandler
import http.client
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.web.serve import Server


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Client:
    """Asks one server."""

    port: int

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: on which database pages read is all the same."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'publisher.db')}"


@dataclass
class Stage:
    """One server for all tests, on which one application after the other plays: starting and ending takes time."""

    client: Client = field(init=False)
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    server = Server(stage, "127.0.0.1", 0, "[web] port")
    server.start()
    stage.client = Client(server.port)
    yield stage
    # How long it may take is tested where it is told (test_serve); here another process may have the machine.
    if not server.stop(60):
        faulthandler.dump_traceback(all_threads=True)
        pytest.fail("the server did not end: see where its threads stand")


@pytest.fixture
def serve(stage: Stage) -> Iterator[Callable[[ASGIApp], Client]]:
    """Puts an application on the stage; the client that asks it."""

    def start(app: ASGIApp) -> Client:
        stage.app = app
        return stage.client

    yield start
    stage.app = None
