"""A real SMTP server for tests, on loopback, that misbehaves on demand: plain sockets, a thread per connection.

In a test: `with SmtpServer(Behaviour(...)) as server: ...`, then look at `server.accepted`. As a process, for tests
that kill: `python tests/smtp_server.py --port 0 --log FILE` prints its port on a line and serves until it is ended.

Every message it takes becomes a line of the log before the reply goes out, in one append: connection number,
Message-ID and recipient, separated by tabs. So the log knows of messages whose reply was lost.
"""

import argparse
import base64
import contextlib
import datetime
import hashlib
import hmac
import os
import re
import secrets
import signal
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(rb"(?:FROM|TO):<([^>]*)>(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Behaviour:
    """What the server does. Messages are numbered from 1 over all connections, in the order of their DATA or dot."""

    pipelining: bool = True
    extensions: tuple[str, ...] = ("8BITMIME", "ENHANCEDSTATUSCODES")
    greeting: str = "220 sink.example ESMTP"
    ehlo: bool = True
    tls: str = "none"  # none, starttls, implicit
    injected: bytes = b""  # sent in the clear right behind the reply to STARTTLS
    user: str = ""
    password: str = ""
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    # Replies instead of the usual ones: by "mail", "rcpt", "data", "dot" and recipient, "*" for any.
    replies: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    data_anyway: bool = False  # 354 although no recipient was taken
    drop_at: str = ""  # "mail", "rcpt", "data": hang up instead of this reply; "body": in the middle of a body
    drop_message: int = 0  # which message `drop_at` is about; "dot" hangs up after the dot, before the reply
    drop_takes: bool = True  # whether a message dropped at "dot" was taken
    limit_at: int = 0  # 421 instead of the reply to this message's dot
    limit_stage: str = "dot"  # or to its "mail"
    hang_up_after: int = 0  # close the connection, without a word, after so many messages on it
    delay: float = 0.0  # seconds before each reply to a dot
    gate: threading.Event | None = None  # what each reply to a dot waits for
    dribble: bool = False  # replies leave byte by byte


@dataclass(frozen=True)
class Accepted:
    """A message the server took, as it came (dots unstuffed)."""

    connection: int
    message_id: str
    sender: str
    recipient: str
    data: bytes


class SmtpServer:
    """The server; `port` is known once it is made. Keeps bodies only with `keep`."""

    def __init__(
        self, behaviour: Behaviour | None = None, *, log: Path | None = None, port: int = 0, keep: bool = True
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.accepted: list[Accepted] = []
        self.commands: list[bytes] = []
        self.connections = 0
        self.keep = keep
        self.lock = threading.Lock()
        self.counts = {"mail": 0, "rcpt": 0, "data": 0, "dot": 0, "body": 0}
        self.tls, self.certificate = tls_context(self.behaviour)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if log else None
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "SmtpServer":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve in the background."""
        thread = threading.Thread(target=self.serve, daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop(self) -> None:
        """Hang up on everybody and wait for the threads."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self._open.add(connection)
            thread = threading.Thread(target=self._serve_one, args=(connection, number), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve_one(self, connection: socket.socket, number: int) -> None:
        conversation = _Conversation(self, connection, number)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation.run()
        except (OSError, EOFError):
            pass
        finally:
            conversation.socket.close()
            with self.lock:
                self._open.discard(conversation.socket)

    def take(self, message: Accepted) -> None:
        """Note a message, on disk first."""
        if self._log is not None:
            line = f"{message.connection}\t{message.message_id}\t{message.recipient}\n"
            os.write(self._log, line.encode())
        if self.keep:
            with self.lock:
                self.accepted.append(message)

    def wait_until_alone(self, seconds: float = 60.0) -> None:
        """Until every connection has ended."""
        until = time.monotonic() + seconds
        while self._open:
            assert time.monotonic() < until, "a connection did not end"
            time.sleep(0.001)

    def count(self, stage: str) -> int:
        """The number of this command or message."""
        with self.lock:
            self.counts[stage] += 1
            return self.counts[stage]


class _HangUp(EOFError):
    """The server has had enough."""


class _Conversation:
    """One connection."""

    def __init__(self, server: SmtpServer, connection: socket.socket, number: int) -> None:
        self.server = server
        self.behaviour = server.behaviour
        self.socket = connection
        self.number = number
        self.buffer = bytearray()
        self.out: list[bytes] = []
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.secure = False
        self.authenticated = False
        self.taken = 0

    def run(self) -> None:
        if self.behaviour.tls == "implicit":
            self._secure()
        self.say(self.behaviour.greeting)
        for line in self._lines():
            if self.server.keep:
                with self.server.lock:
                    self.server.commands.append(line)
            verb, _, rest = line.partition(b" ")
            handler = getattr(self, "on_" + verb.decode("ascii", "replace").lower(), None)
            if handler is None:
                self.say("500 5.5.1 what?")
            else:
                handler(rest)

    # --- bytes

    def _fill(self) -> None:
        """Replies are held back while more commands wait, as RFC 2920 advises."""
        self._flush()
        data = self.socket.recv(1 << 18)
        if not data:
            raise _HangUp
        self.buffer += data

    def _flush(self) -> None:
        data, self.out = b"".join(self.out), []
        if self.behaviour.dribble:
            for byte in data:
                self.socket.sendall(bytes([byte]))
                time.sleep(0.0002)
        elif data:
            self.socket.sendall(data)

    def _line(self) -> bytes:
        while (end := self.buffer.find(b"\n")) < 0:
            self._fill()
        line = bytes(self.buffer[:end]).rstrip(b"\r")
        del self.buffer[: end + 1]
        return line

    def _lines(self) -> Iterator[bytes]:
        while True:
            yield self._line()

    def say(self, reply: str | bytes) -> None:
        self.out.append((reply.encode() if isinstance(reply, str) else reply) + b"\r\n")

    def hang_up(self) -> None:
        self._flush()
        raise _HangUp

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.buffer.clear()
        with self.server.lock:
            self.server._open.discard(self.socket)
        self.socket = self.server.tls.wrap_socket(self.socket, server_side=True)
        with self.server.lock:
            self.server._open.add(self.socket)
        self.secure = True

    # --- commands

    def on_ehlo(self, name: bytes) -> None:
        if not self.behaviour.ehlo:
            self.say("502 5.5.1 not implemented")
            return
        words = ["sink.example", *self.behaviour.extensions]
        if self.behaviour.pipelining:
            words.append("PIPELINING")
        if self.behaviour.tls == "starttls" and not self.secure:
            words.append("STARTTLS")
        elif self.behaviour.user:
            words.append("AUTH " + " ".join(self.behaviour.mechanisms))
        for word in words[:-1]:
            self.say("250-" + word)
        self.say("250 " + words[-1])

    def on_helo(self, name: bytes) -> None:
        self.say("250 sink.example")

    def on_noop(self, rest: bytes) -> None:
        self.say("250 2.0.0 ok")

    def on_quit(self, rest: bytes) -> None:
        self.say("221 2.0.0 bye")
        self.hang_up()

    def on_rset(self, rest: bytes) -> None:
        self._reset()
        self.say("250 2.0.0 flushed")

    def on_starttls(self, rest: bytes) -> None:
        if self.server.tls is None:
            self.say("454 4.7.0 not now")
            return
        self.say(b"220 2.0.0 go\r\n" + self.behaviour.injected if self.behaviour.injected else "220 2.0.0 go")
        self._flush()
        self._secure()

    def on_auth(self, rest: bytes) -> None:
        mechanism, _, initial = rest.partition(b" ")
        wanted = (self.behaviour.user, self.behaviour.password)
        match mechanism:
            case b"PLAIN":
                given = tuple(base64.b64decode(initial or self._ask(b"")).decode().split("\0")[1:])
            case b"LOGIN":
                user = base64.b64decode(initial or self._ask(b"Username:")).decode()
                given = (user, base64.b64decode(self._ask(b"Password:")).decode())
            case _:
                challenge = f"<{secrets.token_hex(8)}@sink.example>".encode()
                user, digest = base64.b64decode(self._ask(challenge)).decode().split(" ")
                right = hmac.new(self.behaviour.password.encode(), challenge, hashlib.md5).hexdigest()
                given = (user, self.behaviour.password if digest == right else "")
        self.authenticated = given == wanted
        self.say("235 2.7.0 welcome" if self.authenticated else "535 5.7.8 wrong password")

    def _ask(self, challenge: bytes) -> bytes:
        self.say(b"334 " + base64.b64encode(challenge))
        return self._line()

    def on_mail(self, rest: bytes) -> None:
        self._perhaps_drop("mail")
        match = _PATH.match(rest)
        if match is None:
            self.say("501 5.5.4 syntax")
        elif self.sender is not None:
            self.say("503 5.5.1 nested MAIL")
        elif self.behaviour.user and not self.authenticated:
            self.say("530 5.7.0 authentication required")
        elif self._limited("mail"):
            self.say("421 4.7.0 too many messages on this connection")
            self.hang_up()
        elif reply := self.behaviour.replies.get(("mail", match[1].decode())):
            self.say(reply)
        else:
            self.sender = match[1].decode()
            self.say("250 2.1.0 ok")

    def on_rcpt(self, rest: bytes) -> None:
        self._perhaps_drop("rcpt")
        match = _PATH.match(rest)
        if self.sender is None or match is None:
            self.say("503 5.5.1 MAIL first")
            return
        recipient = match[1].decode()
        if reply := self._reply("rcpt", recipient):
            self.say(reply)
        else:
            self.recipients.append(recipient)
            self.say("250 2.1.5 ok")

    def on_data(self, rest: bytes) -> None:
        self._perhaps_drop("data")
        recipient = self.recipients[0] if self.recipients else ""
        if reply := self._reply("data", recipient):
            self.say(reply)
        elif self.recipients or self.behaviour.data_anyway:
            self.say("354 go ahead")
            self._take_body(recipient)
        elif self.sender is None:
            self.say("503 5.5.1 MAIL first")
        else:
            self.say("554 5.5.1 no valid recipients")

    def _take_body(self, recipient: str) -> None:
        if self.behaviour.drop_at == "body" and self.server.count("body") == self.behaviour.drop_message:
            self._fill()
            self.hang_up()
        number = self.server.counts["dot"] if not recipient else self.server.count("dot")
        data = self._body()
        dropped = self.behaviour.drop_at == "dot" and number == self.behaviour.drop_message
        limited = self.behaviour.limit_stage == "dot" and number == self.behaviour.limit_at
        reply = self._reply("dot", recipient)
        if (
            recipient
            and not limited
            and not (reply and reply[:1] in b"45")
            and (not dropped or self.behaviour.drop_takes)
        ):
            self._take(recipient, data)
        if dropped:
            raise _HangUp
        if self.behaviour.delay:
            self._flush()
            time.sleep(self.behaviour.delay)
        if self.behaviour.gate is not None:
            self._flush()
            self.behaviour.gate.wait(120)
        if limited:
            self.say("421 4.3.2 shutting down")
            self.hang_up()
        self._reset()
        self.say(reply or ("250 2.0.0 taken" if recipient else "554 5.5.1 no valid recipients"))
        if self.behaviour.hang_up_after and self.taken >= self.behaviour.hang_up_after:
            self.hang_up()

    def _body(self) -> bytes:
        """Everything up to the final dot; the empty body is the dot alone."""
        looked = 0
        while True:
            if self.buffer.startswith(b".\r\n"):
                end, skip = 0, 3
                break
            end, skip = self.buffer.find(b"\r\n.\r\n", looked), 5
            if end >= 0:
                break
            looked = max(0, len(self.buffer) - 4)
            self._fill()
        data = bytes(self.buffer[: end + (2 if skip == 5 else 0)])
        del self.buffer[: end + skip]
        return data

    def _take(self, recipient: str, data: bytes) -> None:
        found = _MESSAGE_ID.search(data, 0, 16384)
        message_id = found[1].decode("ascii", "replace") if found else ""
        if self.server.keep:
            data = data[1:] if data.startswith(b".") else data
            data = data.replace(b"\r\n.", b"\r\n")
        else:
            data = b""
        self.taken += 1
        self.server.take(Accepted(self.number, message_id, self.sender or "", recipient, data))

    def _reset(self) -> None:
        self.sender, self.recipients = None, []

    def _reply(self, stage: str, recipient: str) -> bytes | None:
        replies = self.behaviour.replies
        return replies.get((stage, recipient)) or (replies.get((stage, "*")) if recipient else None)

    def _perhaps_drop(self, stage: str) -> None:
        if self.server.count(stage) == self.behaviour.drop_message and self.behaviour.drop_at == stage:
            self.hang_up()

    def _limited(self, stage: str) -> bool:
        return self.behaviour.limit_stage == stage and self.server.counts[stage] == self.behaviour.limit_at


def tls_context(behaviour: Behaviour) -> tuple[ssl.SSLContext | None, str]:
    """A server's context with a certificate made for `localhost` now, and the certificate as PEM."""
    if behaviour.tls == "none":
        return None, ""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem + secret)
        file.flush()
        context.load_cert_chain(file.name)
    return context, pem.decode()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each reply to a dot")
    parser.add_argument("--hang-up-after", type=int, default=0, help="close each connection after so many messages")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    behaviour = Behaviour(
        pipelining=not options.no_pipelining,
        delay=options.delay,
        hang_up_after=options.hang_up_after,
        user=options.user,
        password=options.password,
    )
    server = SmtpServer(behaviour, log=options.log, port=options.port, keep=False)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(server.port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    _main()
