"""Sites that mean no good: what each answers, and the servers that break TLS."""

import gzip
import itertools
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import brotli
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.sources.site import Answer

Send = Callable[[bytes], None]

ZEROS = b"\0" * 30_000_000
FEED = {"Content-Type": "application/rss+xml"}
HTML = {"Content-Type": "text/html"}


def bomb(*codings: str) -> Answer:
    """Thirty megabytes of zeros, packed by each coding in turn."""
    body = ZEROS
    for coding in codings:
        body = gzip.compress(body, 6) if coding == "gzip" else brotli.compress(body, quality=1)
    return Answer(body, headers={"Content-Encoding": ", ".join(codings)})


def empty_members() -> Answer:
    """Gzip that unfolds to gzip without end and says nothing at last: a million members that hold no byte."""
    return Answer(gzip.compress(gzip.compress(b"") * 700_000), headers={"Content-Encoding": "gzip, gzip"})


def endless_body(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        send(b"<rss>" * 20_000)


def dripping_body(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        send(b" ")
        time.sleep(0.05)


def dripping_headers(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"X-More: of it\r\n")
        time.sleep(0.05)


def early_hints(send: Send) -> None:
    while True:
        send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)
        time.sleep(0.01)


def header_flood(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000 + b"\r\n")


def one_endless_header(send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 2_000_000 + b"\r\n\r\n")


def feed(body: str) -> Answer:
    return Answer(f'<rss version="2.0"><channel>{body}</channel></rss>'.encode(), headers=FEED)


def item(title: str, description: str = "") -> str:
    return f"<item><title>{title}</title><guid>{title[:20]}</guid><description>{description}</description></item>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
BILLION_LAUGHS = Answer(
    f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]>'
    f'<rss version="2.0"><channel>{item("&l11;", "&l11;")}</channel></rss>'.encode(),
    headers=FEED,
)
DEEP = 100_000
DEEP_FEED = feed(item("deep", "") + "<a>" * DEEP + "</a>" * DEEP)
DEEP_PAGE = Answer(
    f"<html><body>{'<div>' * DEEP}<li><a href='/story'>A story of the depths</a></li>".encode(), headers=HTML
)
MANY_LINKS = Answer(
    "<html><body><ul>{}</ul></body></html>".format(
        "".join(f'<li><a href="/none/{n}">The story number {n} of this day</a></li>' for n in range(50_000))
    ).encode(),
    headers=HTML,
)
NULS = feed(item("a\0b", "c\0d") + "\0" * 1000)


def external_entity(file: Path) -> Answer:
    return Answer(
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{file.as_uri()}">]>'
        f'<rss version="2.0"><channel>{item("external", "&x;")}</channel></rss>'.encode(),
        headers=FEED,
    )


def packed_bits() -> bytes:
    """What claims to be zstd."""
    return b"\x28\xb5\x2f\xfd" + zlib.compress(ZEROS[:100_000])


# --- TLS ---------------------------------------------------------------------------------------------------------


class Authority:
    """Signs certificates that a fetcher may be told to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        cert = self._sign(self._key, self._name, datetime.now(UTC) + timedelta(days=2), [], ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))

    def server(self, *, host: str = "127.0.0.1", expired: bool = False) -> ssl.SSLContext:
        """The context of a server at an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC) + timedelta(days=-1 if expired else 1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        cert = self._sign(key, name, until, [x509.IPAddress(ip_address(host))])
        file = self._folder / f"server-{next(self._numbers)}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + cert.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(
        self,
        key: ec.EllipticCurvePrivateKey,
        name: x509.Name,
        until: datetime,
        hosts: list[x509.GeneralName],
        *,
        ca: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(days=9))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@contextmanager
def listening(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that lets `speak` talk to each who connects; its "host:port"."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(30)
                try:
                    speak(connection)
                except (OSError, ssl.SSLError):
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(31)


def plain_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def truncated_handshake(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")


def with_certificate(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4096)
            body = feed(item("safe")).body
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))

    return speak
