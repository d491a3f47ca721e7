"""What an owner sets for one source goes to that source's host alone; a proxy is asked for nothing private."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpcore2
import pytest

from publisher.domain.source import SourceKind
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, FetchRequest, Refused
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.options import SourceOptions
from tests.unit.sources import hostile
from tests.unit.sources.site import Answer, Desk, Site, source


@contextmanager
def fetching(options: SourceOptions, *hosts: str, **more) -> Iterator[HttpFetcher]:
    fetcher = HttpFetcher(FetchConfig(allow_private=hosts, sources={"shop": options}), **more)
    yield fetcher
    fetcher.close()


def get(fetcher: HttpFetcher, url: str, source: str = "shop"):
    return fetcher.fetch(FetchRequest(url=url, source=source, obey_robots=False))


SECRETS = {"headers": (("X-Api-Key", "k1"),), "cookie": "session=ä"}


def test_headers_and_cookie_go_with_the_requests_of_their_source_to_its_host_only(site: Site, other_site: Site) -> None:
    site.pages["/feed"] = Answer(status=302, headers={"Location": f"{other_site.url}/feed"})
    site.pages["/page"] = other_site.pages["/feed"] = Answer(b"x")
    with fetching(SourceOptions(url=f"{site.url}/feed", **SECRETS), site.host, other_site.host) as fetcher:
        get(fetcher, f"{site.url}/feed")
        get(fetcher, f"{site.url}/page")
        get(fetcher, f"{site.url}/page", source="another")
    sent = [(asked.headers.get("X-Api-Key"), asked.headers.get("Cookie")) for asked in site.asked]
    cookie = "session=ä".encode().decode("latin-1")
    assert sent == [("k1", cookie), ("k1", cookie), (None, None)]
    [elsewhere] = other_site.asked
    assert not {"X-Api-Key", "Cookie"} & set(elsewhere.headers)


@pytest.mark.parametrize(("own", "sent"), [((), []), ((("host", "shop.example"),), ["shop.example"])])
def test_the_host_is_named_once_and_by_the_owner_when_he_does(site: Site, own, sent: list[str]) -> None:
    site.pages["/feed"] = Answer(b"x")
    with fetching(SourceOptions(url=f"{site.url}/feed", headers=own), site.host) as fetcher:
        get(fetcher, f"{site.url}/feed")
    [asked] = site.asked
    assert [value for name, value in asked.headers.items() if name.lower() == "host"] == (sent or [site.host])


def test_a_form_is_posted_with_its_type_and_length() -> None:
    lines: list[str] = []

    def speak(connection: socket.socket) -> None:
        got = b""
        while not got.endswith(b"\r\n\r\na=b+c&d=%C3%A4"):
            got += connection.recv(4096)
        lines.extend(got.decode("ascii").split("\r\n"))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with hostile.listening(speak) as host:
        fetcher = HttpFetcher(FetchConfig(allow_private=(host,)))
        answer = fetcher.fetch(FetchRequest(url=f"http://{host}/hub", form={"a": "b c", "d": "ä"}, obey_robots=False))
        fetcher.close()
    assert isinstance(answer, Fetched)
    assert lines[0] == "POST /hub HTTP/1.1"
    assert {f"Host: {host}", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 14"} <= set(lines)


@pytest.mark.parametrize(
    ("own", "asked", "carried"),
    [
        ("https://a.example/feed", "https://a.example/page", True),
        ("http://a.example/feed", "https://a.example/page", True),
        ("https://a.example/feed", "http://a.example/page", False),
        ("https://a.example/feed", "https://b.a.example/page", False),
        ("https://a.example/feed", "https://a.example:8443/page", False),
        ("https://a.example/feed", "https://a.example@evil.example/", False),
    ],
)
def test_secrets_never_leave_their_host_nor_lose_their_lock(own: str, asked: str, carried: bool) -> None:
    assert bool(SourceOptions(url=own, cookie="a=1").fields(asked)) == carried


class _Proxy(BaseHTTPRequestHandler):
    """A proxy that answers by itself, and tells what it was asked."""

    asked: list[tuple[str, str, str | None]]
    refuse = False

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"proxied")

    def do_CONNECT(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Proxy-Authorization")))
        self.send_error(403)


@pytest.fixture
def proxy() -> Iterator[tuple[str, list]]:
    asked: list[tuple[str, str, str | None]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def nowhere(host: str, port: int) -> list[str]:
    raise OSError("no resolver here")


def test_a_proxy_is_used_for_its_source_alone_and_needs_no_opening(proxy, site: Site) -> None:
    address, asked = proxy
    site.pages["/a"] = Answer(b"straight")
    options = SourceOptions(url="http://shop.example/", proxy=f"http://us%65r:p%40ss@{address}")
    with fetching(options, site.host, resolve=nowhere) as fetcher:
        through = get(fetcher, "http://shop.example/feed?a=1")
        straight = get(fetcher, f"{site.url}/a", source="another")
    assert isinstance(through, Fetched)
    assert isinstance(straight, Fetched)
    assert (through.body, straight.body) == (b"proxied", b"straight")
    assert asked == [("GET", "http://shop.example/feed?a=1", "Basic dXNlcjpwQHNz")]


def test_what_a_host_says_to_programs_is_asked_for_through_the_same_proxy(proxy) -> None:
    address, asked = proxy
    options = SourceOptions(url="http://shop.example/", proxy=f"http://{address}")
    with fetching(options, resolve=nowhere) as fetcher:
        assert isinstance(fetcher.fetch(FetchRequest(url="http://shop.example/list", source="shop")), Fetched)
    assert {path.removeprefix("http://shop.example") for _, path, _ in asked} == {
        "/list",
        "/robots.txt",
        "/.well-known/tdmrep.json",
    }


def test_a_proxy_that_refuses_is_one_line(proxy) -> None:
    address, asked = proxy
    options = SourceOptions(url="https://shop.example/", proxy=f"http://{address}")
    with fetching(options, resolve=nowhere) as fetcher:
        result = get(fetcher, "https://shop.example/feed")
    assert isinstance(result, Refused)
    assert "403 Forbidden" in result.reason
    assert asked == [("CONNECT", "shop.example:443", None)]


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_the_certificate_behind_a_proxy_is_checked_against_the_name_that_was_asked_for(
    tmp_path: Path, kind: str
) -> None:
    authority = hostile.Authority(tmp_path)
    answer = hostile.with_certificate(authority.server(host="93.184.216.34"))

    def tunnel(connection: socket.socket) -> None:
        connection.recv(1000)
        if kind == "http":
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            connection.sendall(b"\x05\x00")
            connection.recv(1000)
            connection.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        answer(connection)

    trust = ssl.create_default_context(cafile=authority.file)
    with hostile.listening(tunnel) as address:
        options = SourceOptions(url="https://shop.example/", proxy=f"{kind}://{address}")
        with fetching(options, resolve=nowhere, ssl_context=trust) as fetcher:
            good = get(fetcher, "https://93.184.216.34/feed")
            wrong = get(fetcher, "https://shop.example/feed")
    assert isinstance(good, Fetched)
    assert b"safe" in good.body
    assert isinstance(wrong, Refused)
    assert "certificate" in wrong.reason.lower()


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_proxy_that_is_down_is_named_without_its_password(free_port: int, kind: str) -> None:
    options = SourceOptions(url="http://shop.example/", proxy=f"{kind}://user:swordfish@127.0.0.1:{free_port}")
    with fetching(options, resolve=nowhere) as fetcher:
        result = get(fetcher, "http://shop.example/feed")
    assert isinstance(result, Refused)
    assert result.reason == (
        f"the proxy of this source, 127.0.0.1:{free_port}, can't be reached ([Errno 111] Connection refused)"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_source_that_lets_nobody_in_is_told_of_headers_and_cookies(site: Site, desk: Desk, status: int) -> None:
    site.pages["/feed"] = Answer(status=status)
    with pytest.raises(SourceError, match="give the source the headers or the cookie that let you in"):
        desk.read(source(SourceKind.FEED, f"{site.url}/feed"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::ffff:10.0.0.1]/", "http://inside.example/"])
def test_a_proxy_is_asked_for_nothing_that_is_known_to_be_private(proxy, url: str) -> None:
    address, asked = proxy
    options = SourceOptions(url="http://shop.example/", proxy=f"http://{address}")
    with fetching(options, resolve=lambda host, port: ["10.0.0.7"]) as fetcher:
        result = get(fetcher, url)
    assert isinstance(result, Refused)
    assert "is not a public address" in result.reason
    assert asked == []


def test_a_socks_proxy_is_spoken_to() -> None:
    heard: list[bytes] = []

    def speak(connection: socket.socket) -> None:
        heard.append(connection.recv(100))
        connection.sendall(b"\x05\x00")
        heard.append(connection.recv(100))
        connection.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsocks")

    with hostile.listening(speak) as address:
        options = SourceOptions(url="http://shop.example/", proxy=f"socks5://{address}")
        with fetching(options, resolve=nowhere) as fetcher:
            result = get(fetcher, "http://shop.example/feed")
    assert isinstance(result, Fetched)
    assert result.body == b"socks"
    assert b"shop.example" in heard[1]


def test_a_name_that_changes_between_check_and_connect_gains_nothing(site: Site, monkeypatch) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    reached: list[str] = []

    def connect(self, host, port, **_):
        reached.append(host)
        raise httpcore2.ConnectError("not today")

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
    fetcher = HttpFetcher(FetchConfig(spacing=timedelta(0)), resolve=lambda host, port: answers.pop(0))
    port = site.host.partition(":")[2]
    first = get(fetcher, f"http://rebinding.example:{port}/")
    second = get(fetcher, f"http://rebinding.example:{port}/")
    fetcher.close()
    assert reached == ["93.184.216.34"]
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert "is not a public address" in second.reason
    assert site.asked == []
