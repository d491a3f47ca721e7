"""Sessions with a relay: `smtplib` connects, greets, encrypts and logs in; the protocol does the rest on its socket."""

import contextlib
import select
import smtplib
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from publisher.domain.delivery import Outcome, OutgoingMessage, Relay
from publisher.errors import TransportError
from publisher.mail.classify import Classifier
from publisher.mail.transport.smtp.protocol import BodyWanted, SmtpProtocol
from publisher.pipeline.ports import Session, Transport

CONNECT_LIMIT = timedelta(seconds=60)
DOT_LIMIT = timedelta(minutes=10)
"""How long a server may take over a whole message (RFC 5321, section 4.5.3.2.6)."""
QUIT_LIMIT = timedelta(seconds=2)
SOON = timedelta(minutes=1)
LATER = timedelta(minutes=15)


class SmtpTransport(Transport):
    """Sends through one relay."""

    def __init__(
        self, relay: Relay, *, local_hostname: str | None = None, classifier: Classifier | None = None
    ) -> None:
        """`local_hostname` is what EHLO says; without one, this host's full name or the address it is seen at."""
        self._relay = relay
        self._local_hostname = local_hostname
        self._classifier = classifier or Classifier.shipped()

    def session(self) -> "SmtpSession":
        """Connect, encrypt and log in. Raises TransportError: permanent when the relay refuses the password."""
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._connect()
            smtp.local_hostname = self._local_hostname or _own_name(smtp)
            self._greet(smtp)
            self._log_in(smtp)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if smtp is not None:
                smtp.close()
            raise self._fault(error) from error
        except TransportError:
            if smtp is not None:
                smtp.close()
            raise
        return SmtpSession(smtp, self._relay, self._classifier)

    def _connect(self) -> smtplib.SMTP:
        relay = self._relay
        limit = min(relay.timeout, CONNECT_LIMIT).total_seconds()
        if relay.tls == "implicit":
            context = self._context()
            return smtplib.SMTP_SSL(relay.host, relay.port, "localhost", timeout=limit, context=context)
        return smtplib.SMTP(relay.host, relay.port, "localhost", timeout=limit)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._relay.tls != "starttls":
            return
        if not smtp.has_extn("starttls"):
            raise TransportError(f"{self._where} does not offer STARTTLS; mail is not sent in the clear: check its tls")
        # smtplib drops what it had read before the handshake: text that was injected is never heard.
        code, text = smtp.starttls(context=self._context())
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        smtp.ehlo_or_helo_if_needed()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        relay = self._relay
        if not relay.user:
            return
        try:
            smtp.login(relay.user, relay.password)
        except smtplib.SMTPNotSupportedError as error:
            raise TransportError(
                f"{self._where} offers no login here; set its tls, or leave user empty", permanent=True
            ) from error
        except UnicodeEncodeError as error:
            raise TransportError(
                f"{self._where}: user and password must be ASCII for an SMTP login", permanent=True
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise TransportError(
                f"{self._where} refuses the login of {relay.user}: {_said(error)}",
                permanent=error.smtp_code >= 500,
                retry_after=LATER,
            ) from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._relay.ca_file or None)
        if not self._relay.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _fault(self, error: Exception) -> TransportError:
        match error:
            case smtplib.SMTPResponseException():
                pause = SOON if error.smtp_code < 500 else LATER
                return TransportError(f"{self._where} refuses the session: {_said(error)}", retry_after=pause)
            case ssl.SSLCertVerificationError():
                reason = f"{self._where} shows a certificate that is not trusted ({error.verify_message})"
                return TransportError(f"{reason}: check host and ca_file", retry_after=LATER)
            case _:
                return TransportError(f"{self._where} can't be reached: {error}", retry_after=SOON)

    @property
    def _where(self) -> str:
        return f"relay {self._relay.name} ({self._relay.host}:{self._relay.port})"


class SmtpSession(Session):
    """One connection to a relay, past the login. Not for two threads at once."""

    def __init__(self, smtp: smtplib.SMTP, relay: Relay, classifier: Classifier) -> None:
        assert smtp.sock is not None
        self._socket: socket.socket = smtp.sock
        # The file that smtplib reads from: it holds what came with the last reply, if anything did.
        self._file: Any = smtp.file
        self._smtp = smtp
        self._timeout = relay.timeout.total_seconds()
        self._dot_timeout = max(DOT_LIMIT, relay.timeout).total_seconds()
        self._where = f"relay {relay.name}"
        self._socket.settimeout(self._timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = smtp.esmtp_features.get("size", "")
        self._protocol = SmtpProtocol(
            classifier.classify,
            pipelining=smtp.has_extn("pipelining"),
            size_limit=int(size) if size.isascii() and size.isdecimal() else 0,
            eight_bit=smtp.has_extn("8bitmime"),
        )

    def send(self, messages: Iterator[OutgoingMessage]) -> Iterator[Outcome]:
        """Send messages in order; see `Session.send`. Takes none when the server has closed the connection."""
        self._hear_farewell()
        protocol = self._protocol
        while not protocol.closed and (message := next(messages, None)) is not None:
            self._write(protocol.begin(message))
            while not protocol.idle:
                match protocol.next_event():
                    case Outcome() as outcome:
                        yield outcome
                    case BodyWanted():
                        following = next(messages, None) if protocol.pipelining else None
                        self._write(protocol.body(following))
                    case None:
                        self._read(self._dot_timeout if protocol.awaits_dot else self._timeout)

    def close(self) -> None:
        """Say QUIT where the server would understand it, and hang up; never raises."""
        with contextlib.suppress(OSError, ValueError):
            if self._protocol.idle and not self._protocol.closed:
                self._socket.settimeout(QUIT_LIMIT.total_seconds())
                self._socket.sendall(b"QUIT\r\n")
                self._file.read1(512)
        self._protocol.lost("closed")
        with contextlib.suppress(OSError):
            self._smtp.close()

    def _hear_farewell(self) -> None:
        """A server that hung up between two windows is noticed before a message is begun."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not self._protocol.closed and poll.poll(0):
            self._read(0)

    def _write(self, data: bytes) -> None:
        """Send all, counting what left: a message whose final dot stayed behind is not in doubt."""
        sent = 0
        try:
            while sent < len(data):
                sent += self._socket.send(memoryview(data)[sent:] if sent else data)
        except OSError as error:
            self._protocol.lost(f"{self._where}: the connection broke: {error}", unsent=len(data) - sent)

    def _read(self, limit: float) -> None:
        """Hear what the server says within so many seconds, and answer what needs no body."""
        try:
            self._socket.settimeout(limit)
            data: bytes = self._file.read1(65536)
        except ssl.SSLWantReadError:
            return
        except OSError as error:
            self._protocol.lost(f"{self._where}: no answer: {error}")
            return
        finally:
            self._socket.settimeout(self._timeout)
        if data:
            self._protocol.receive(data)
            self._write(self._protocol.take_output())
        else:
            self._protocol.lost(f"{self._where} closed the connection")


def _own_name(smtp: smtplib.SMTP) -> str:
    """What to say in EHLO: this host's full name, or the address literal of our end (RFC 5321, section 4.1.3)."""
    name = socket.gethostname()
    if "." in name:
        return name
    assert smtp.sock is not None
    address = smtp.sock.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _said(error: smtplib.SMTPResponseException) -> str:
    """A refusal of the set-up as one line."""
    text = error.smtp_error
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{error.smtp_code} {' '.join(shown.split())[:300]}"
