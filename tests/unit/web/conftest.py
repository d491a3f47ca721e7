"""Real servers on loopback, and a client that hides nothing: no redirects, no decompression, headers as they come."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from starlette.types import ASGIApp

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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], Client]]:
    servers = []

    def start(app: ASGIApp) -> Client:
        server = Server(app, "127.0.0.1", 0, "[web] port")
        server.start()
        servers.append(server)
        return Client(server.port)

    yield start
    for server in servers:
        assert server.stop(2)
