"""A server in a thread: it starts at once or says why not, and ends when it is told."""

import logging
import signal
import socket
import threading

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from publisher.errors import PublisherError
from publisher.web.serve import Server
from tests.loopback import free_port

PATIENCE = 60.0
"""Seconds; a busy machine is no fault of the server's."""
KEY = "[web] port"


def application(waiting: threading.Event | None = None, go_on: threading.Event | None = None) -> Starlette:
    def hello(request: Request) -> PlainTextResponse:
        if waiting is not None and go_on is not None:
            waiting.set()
            go_on.wait(PATIENCE)
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/", hello)])


def ask(port: int, request: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(request)
    return connection


def patient(server: Server) -> Server:
    """One that lets answers under way take longer than people would wait at the end of a program."""
    server._server.config.timeout_graceful_shutdown = int(PATIENCE)
    return server


def test_it_answers_as_soon_as_start_returns_on_the_port_it_was_given() -> None:
    server = Server(application(), "127.0.0.1", 0, KEY)
    server.start()
    try:
        assert server.port > 0
        assert server.address == f"http://127.0.0.1:{server.port}"
        with ask(server.port) as connection:
            answer = connection.recv(4096).decode()
    finally:
        assert server.stop(PATIENCE)
    assert answer.startswith("HTTP/1.1 200 OK")
    assert "server:" not in answer.lower()


def test_a_port_in_use_is_one_line_that_names_the_key() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PublisherError) as caught:
            Server(application(), "127.0.0.1", port, KEY).start()
    assert str(caught.value) == f"127.0.0.1:{port} is in use by another program: stop that one, or change {KEY}"


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("host.invalid", "[web] host: host.invalid is no address of this machine"),
        ("192.0.2.1", "192.0.2.1:0 can't be opened: no such address on this machine: change [web] host"),
    ],
)
def test_an_address_that_can_not_be_opened_is_one_line(host: str, says: str) -> None:
    with pytest.raises(PublisherError) as caught:
        Server(application(), host, 0, KEY).start()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_port_that_is_not_ours_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(PublisherError, match="ports below 1024 need rights"):
        Server(application(), "127.0.0.1", 80, KEY).start()


def test_it_ends_at_once_though_clients_keep_their_connections(caplog: pytest.LogCaptureFixture) -> None:
    server = patient(Server(application(), "127.0.0.1", 0, KEY))
    server.start()
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    half = ask(server.port, b"GET / HTTP/1.1\r\nHos")
    kept = ask(server.port)
    assert kept.recv(4096)
    assert server.stop(PATIENCE)
    assert "graceful shutdown exceeded" not in caplog.text, "connections without a request were waited for"
    for connection in (*idle, half, kept):
        connection.close()


def test_an_answer_under_way_is_given_before_it_ends() -> None:
    waiting, go_on = threading.Event(), threading.Event()
    server = patient(Server(application(waiting, go_on), "127.0.0.1", 0, KEY))
    server.start()
    with ask(server.port) as connection, connection.makefile("rb") as answer:
        assert waiting.wait(PATIENCE)
        threading.Timer(0.2, go_on.set).start()
        assert server.stop(PATIENCE)
        assert answer.read().endswith(b"hello")


def test_a_port_is_free_again_once_it_has_ended() -> None:
    first = Server(application(), "127.0.0.1", free_port(), KEY)
    first.start()
    with ask(first.port) as connection:
        connection.recv(4096)
        assert first.stop(PATIENCE)
    second = Server(application(), "127.0.0.1", first.port, KEY)
    second.start()
    assert second.stop(PATIENCE)


def test_stopping_what_never_started_is_nothing() -> None:
    server = Server(application(), "127.0.0.1", 8123, KEY)
    assert server.port == 8123
    assert server.stop(PATIENCE)


def test_signals_stay_with_the_program() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = Server(application(), "127.0.0.1", 0, KEY)
    server.start()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert server.stop(PATIENCE)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ((), "9.9.9.9", "127.0.0.1"),
        (("127.0.0.1",), "9.9.9.9", "9.9.9.9"),
        (("127.0.0.0/8", "10.0.0.0/8"), "6.6.6.6, 9.9.9.9, 10.0.0.3", "9.9.9.9"),
        (("10.0.0.0/8",), "9.9.9.9", "127.0.0.1"),
    ],
)
def test_who_asks_is_believed_to_trusted_proxies_alone(trusted: tuple[str, ...], forwarded: str, client: str) -> None:
    def who(request: Request) -> PlainTextResponse:
        assert request.client is not None
        return PlainTextResponse(f"<{request.client.host} {request.url.scheme}>")

    server = Server(Starlette(routes=[Route("/", who)]), "127.0.0.1", 0, KEY, trusted)
    server.start()
    headers = f"X-Forwarded-For: {forwarded}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
    with ask(server.port, f"GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()) as connection:
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    assert server.stop(PATIENCE)
    assert f"<{client} {'http' if client == '127.0.0.1' else 'https'}>" in answer


def test_no_line_of_the_log_tells_who_asked_for_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        server = Server(application(), "127.0.0.1", 0, KEY)
        server.start()
        with ask(server.port, b"GET /secret-token HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
            connection.recv(4096)
        server.stop()
    assert "secret-token" not in caplog.text
    assert "127.0.0.1" not in "".join(record.getMessage() for record in caplog.records if record.name != "asyncio")


def test_ipv6_is_written_in_brackets() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = Server(application(), "::1", 0, KEY)
    server.start()
    assert server.address == f"http://[::1]:{server.port}"
    assert server.stop(PATIENCE)
