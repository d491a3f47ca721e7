"""Which addresses are public, and what connects to which."""

import ipaddress
import socket
import ssl
import subprocess
import threading
from datetime import timedelta

import httpcore2
import pytest

from publisher.pipeline.ports import Fetched, FetchRequest, Refused
from publisher.sources.http import guard
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.guard import AddressRefused, Deadline, GuardedBackend, is_loopback_host, is_public
from tests.unit.sources.site import Answer

NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1
    192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::808:808 100::1
    2001::1 2001:db8::1 2002:7f00:1:: fc00::1 fd12::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_these_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"])
def test_these_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.9", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("x.org", False),
    ],
)
def test_loopback_hosts(host, here):
    assert is_loopback_host(host) == here


def resolving(monkeypatch, *addresses):
    """Let every name resolve to these addresses."""
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    asked = []

    def getaddrinfo(host, port, **_):
        asked.append(host)
        return entries

    monkeypatch.setattr(guard.socket, "getaddrinfo", getaddrinfo)
    return asked


def connected(monkeypatch):
    """The addresses that would be connected to."""
    reached = []

    def connect_tcp(self, host, port, **_):
        reached.append((host, port))
        raise httpcore2.ConnectError("not today")

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect_tcp)
    return reached


def test_a_name_is_resolved_once_and_only_its_public_addresses_are_used(monkeypatch):
    asked = resolving(monkeypatch, "10.0.0.1", "93.184.216.34", "127.0.0.1")
    reached = connected(monkeypatch)
    with pytest.raises(httpcore2.ConnectError, match="not today"):
        GuardedBackend().connect_tcp("example.org", 443)
    assert asked == ["example.org"]
    assert reached == [("93.184.216.34", 443)]


def test_a_name_with_private_addresses_only_is_refused_and_named(monkeypatch):
    resolving(monkeypatch, "10.0.0.1")
    reached = connected(monkeypatch)
    with pytest.raises(AddressRefused, match=r"intranet\.example is 10\.0\.0\.1, which is not a public address"):
        GuardedBackend().connect_tcp("intranet.example", 80)
    assert reached == []


def test_an_opened_pair_is_meant_by_its_name(monkeypatch):
    resolving(monkeypatch, "10.0.0.1")
    reached = connected(monkeypatch)
    backend = GuardedBackend(["Intranet.example:80", "[::1]:8080"])
    for host, port in (("intranet.example", 80), ("::1", 8080)):
        with pytest.raises(httpcore2.ConnectError, match="not today"):
            backend.connect_tcp(host, port)
    with pytest.raises(AddressRefused):
        backend.connect_tcp("intranet.example", 443)
    assert reached == [("10.0.0.1", 80), ("::1", 8080)]


def test_a_slow_resolver_does_not_outlive_the_deadline(monkeypatch):
    release = threading.Event()

    def getaddrinfo(*_, **__):
        release.wait(60)
        return []

    monkeypatch.setattr(guard.socket, "getaddrinfo", getaddrinfo)
    with guard.within(Deadline(0.1)), pytest.raises(httpcore2.ConnectTimeout):
        GuardedBackend().connect_tcp("example.org", 80)
    release.set()


def test_names_that_no_resolver_takes_are_an_error_of_connecting():
    with pytest.raises(httpcore2.ConnectError):
        GuardedBackend().connect_tcp("a" * 70 + ".example", 80)


def test_after_the_deadline_nothing_starts():
    with guard.within(Deadline(0)), pytest.raises(httpcore2.ConnectTimeout):
        GuardedBackend(["127.0.0.1:9"]).connect_tcp("127.0.0.1", 9)


def test_socket_files_are_not_for_fetching():
    with pytest.raises(AddressRefused):
        GuardedBackend().connect_unix_socket("/run/secret.sock")


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost, made now."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    named = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *named], check=True, capture_output=True)
    return cert, key


def test_https_is_checked_against_the_name(site, certificate):
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    site.pages["/a"] = Answer(b"safe")
    port = site.host.partition(":")[2]
    ours = FetchConfig(allow_private=(f"localhost:{port}", site.host), deadline=timedelta(seconds=60))
    trusting = HttpFetcher(ours, ssl_context=ssl.create_default_context(cafile=cert))
    strict = HttpFetcher(ours)
    good = trusting.fetch(FetchRequest(url=f"https://localhost:{port}/a", obey_robots=False))
    wrong_name = trusting.fetch(FetchRequest(url=f"https://127.0.0.1:{port}/a", obey_robots=False))
    unknown = strict.fetch(FetchRequest(url=f"https://localhost:{port}/a", obey_robots=False))
    trusting.close()
    strict.close()
    assert isinstance(good, Fetched)
    assert good.body == b"safe"
    for refused in (wrong_name, unknown):
        assert isinstance(refused, Refused)
        assert "certificate" in refused.reason.lower()
