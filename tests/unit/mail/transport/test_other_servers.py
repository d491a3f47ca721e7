"""The same sessions against servers that others wrote: aiosmtpd, and Postfix's smtp-sink where it is installed."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as Peer

from publisher.domain.delivery import OutgoingMessage, Relay, Verdict
from publisher.errors import TransportError
from publisher.mail.transport.smtp import SmtpTransport
from tests.loopback import PATIENCE, free_port
from tests.smtp_server import Behaviour, tls_context

SINK = shutil.which("smtp-sink", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postfix"]))


def messages(count: int) -> list[OutgoingMessage]:
    return [message(number) for number in range(1, count + 1)]


def message(number: int) -> OutgoingMessage:
    written = EmailMessage()
    written["Subject"] = f"No. {number}: 中文标题"
    written["Message-ID"] = f"<{number}@example.org>"
    written.set_content("正文。\n.\n..a line that begins with dots\n" * 40, cte="quoted-printable")
    data = written.as_bytes(policy=written.policy.clone(linesep="\r\n"))
    return OutgoingMessage(number, f"<{number}@example.org>", "news@example.org", f"r{number}@example.net", data)


class Inbox:
    """What aiosmtpd took."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: Server, session: Peer, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 taken"


def authenticator(server: Server, peer: Peer, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data == LoginPassword(b"me", b"secret"), handled=False)


class Aiosmtpd:
    """aiosmtpd, with STARTTLS when there is a context."""

    def __init__(self, context: ssl.SSLContext | None = None, **options: object) -> None:
        self.inbox = Inbox()
        more = {"tls_context": context, "require_starttls": True} if context else {}
        self.controller = Controller(
            self.inbox,
            hostname="127.0.0.1",
            port=free_port(),
            decode_data=False,
            ready_timeout=PATIENCE,
            **more,
            **options,
        )

    def __enter__(self) -> Relay:
        self.controller.start()
        return Relay(host="localhost", port=self.controller.port, timeout=timedelta(seconds=PATIENCE))

    def __exit__(self, *exc: object) -> None:
        self.controller.stop()


def send(relay: Relay, batch: list[OutgoingMessage]) -> list[Verdict]:
    session = SmtpTransport(relay, local_hostname="client.example").session()
    try:
        return [outcome.verdict for outcome in session.send(iter(batch))]
    finally:
        session.close()


def test_aiosmtpd_in_the_clear() -> None:
    server = Aiosmtpd()
    with server as relay:
        assert send(relay, messages(5)) == [Verdict.SENT] * 5
    assert [envelope.content for envelope in server.inbox.envelopes] == [sent.data for sent in messages(5)]
    assert [envelope.rcpt_tos for envelope in server.inbox.envelopes] == [[sent.envelope_to] for sent in messages(5)]


@pytest.mark.parametrize("excluded", [[], ["PLAIN"], ["LOGIN"]])
def test_aiosmtpd_with_starttls_and_login(excluded: list[str], tmp_path: Path) -> None:
    context, pem = tls_context(Behaviour(tls="starttls"))
    (tmp_path / "ca.pem").write_text(pem)
    server = Aiosmtpd(context, authenticator=authenticator, auth_required=True, auth_exclude_mechanism=excluded)
    with server as relay:
        trusting = replace(relay, tls="starttls", ca_file=str(tmp_path / "ca.pem"), user="me", password="secret")
        assert send(trusting, messages(3)) == [Verdict.SENT] * 3
        with pytest.raises(TransportError) as caught:
            send(replace(trusting, password="wrong"), messages(3))
        assert caught.value.permanent
        with pytest.raises(TransportError, match="not trusted"):
            send(replace(trusting, ca_file=""), messages(3))
    assert [envelope.content for envelope in server.inbox.envelopes] == [sent.data for sent in messages(3)]


@pytest.fixture
def sink() -> list[str]:
    """The command that starts smtp-sink; the port is added by `running`."""
    if SINK is None:
        if os.environ.get("PUBLISHER_REQUIRE_ALL"):
            pytest.fail("smtp-sink is not installed")
        pytest.skip("smtp-sink is not installed")
    return [SINK, *(["-u", "nobody"] if os.geteuid() == 0 else [])]


class Sink:
    """A running smtp-sink."""

    def __init__(self, command: list[str], *options: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen([*command, *options, f"127.0.0.1:{self.port}", "100"])

    def __enter__(self) -> Relay:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return Relay(host="127.0.0.1", port=self.port, timeout=timedelta(seconds=PATIENCE))
            except OSError:
                assert time.monotonic() < until, "smtp-sink does not start"
                time.sleep(0.02)

    def __exit__(self, *exc: object) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.mark.smtpsink
@pytest.mark.parametrize("options", [(), ("-p",), ("-e",)], ids=["pipelining", "no pipelining", "no ESMTP"])
def test_smtp_sink_takes_all(sink: list[str], options: tuple[str, ...]) -> None:
    with Sink(sink, *options) as relay:
        assert send(relay, messages(50)) == [Verdict.SENT] * 50


@pytest.mark.smtpsink
@pytest.mark.parametrize(
    ("options", "verdicts"),
    [
        (("-r", "rcpt"), [Verdict.TEMPORARY] * 3),
        (("-f", "rcpt"), [Verdict.CONTENT] * 3),
        (("-f", "mail"), [Verdict.CONTENT] * 3),
        (("-f", "data"), [Verdict.CONTENT] * 3),
        (("-f", "."), [Verdict.CONTENT] * 3),
        (("-q", "data"), [Verdict.TEMPORARY]),
        (("-q", "."), [Verdict.IN_DOUBT, Verdict.NOT_STARTED]),
    ],
    ids=lambda value: " ".join(value),
)
def test_smtp_sink_refuses(sink: list[str], options: tuple[str, ...], verdicts: list[Verdict]) -> None:
    with Sink(sink, *options) as relay:
        assert send(relay, messages(3)) == verdicts


@pytest.mark.smtpsink
def test_smtp_sink_takes_from_four_connections(sink: list[str]) -> None:
    done: list[list[Verdict]] = []
    with Sink(sink) as relay:
        threads = [threading.Thread(target=lambda: done.append(send(relay, messages(50)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert done == [[Verdict.SENT] * 50] * 4
