"""The outbox: a folder in which each message becomes one `.eml` file, instead of being sent; and how to read it.

A file's name begins with the message's date and ends with a digest of its Message-ID, so that a message which is sent
again replaces itself: there is exactly one file per delivery.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from publisher.domain.delivery import Outcome, OutgoingMessage, Verdict
from publisher.errors import TransportError
from publisher.pipeline.ports import Session, Transport

LISTED = 200
LONGEST_HEAD = 64 * 1024
LONGEST_MESSAGE = 10 * 1024 * 1024

_NAME = re.compile(r"\d{8}T\d{6}Z-([0-9a-f]{32})\.eml", re.ASCII)
_DATE = re.compile(rb"^Date:[ \t]*([^\r\n]{1,80})", re.MULTILINE | re.IGNORECASE)


class OutboxTransport(Transport):
    """Writes messages into a folder, which it makes when it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def session(self) -> "OutboxSession":
        """Open the folder; raises TransportError when it can't be used."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = {match[1]: match[0] for match in map(_NAME.fullmatch, os.listdir(self._folder)) if match}
        except OSError as error:
            raise TransportError(
                f"the outbox {self._folder} can't be used: {error.strerror}; choose another with mail.outbox"
            ) from error
        return OutboxSession(self._folder, written)


class OutboxSession(Session):
    """One worker's way into the folder."""

    def __init__(self, folder: Path, written: dict[str, str]) -> None:
        """`written` names the files that are there, by the digest of their Message-ID."""
        self._folder = folder
        self._written = written

    def send(self, messages: Iterator[OutgoingMessage]) -> Iterator[Outcome]:
        """Write each message; one that can't be written (a full disk) is deferred with the reason."""
        for message in messages:
            try:
                name = self._write(message)
            except OSError as error:
                reason = f"the outbox {self._folder} can't be written: {error.strerror}"
                yield Outcome(message.delivery_id, Verdict.TEMPORARY, reason, temporary=True)
            else:
                yield Outcome(message.delivery_id, Verdict.SENT, f"written to {name}")

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, message: OutgoingMessage) -> str:
        """Write under another name first: who reads the folder never sees half a message."""
        key = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
        name = self._written.get(key) or f"{_date(message.data):%Y%m%dT%H%M%SZ}-{key}.eml"
        part = self._folder / f".{key}.part"
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(message.data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        self._written[key] = name
        return name


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A line of the outbox's list, its headers decoded. `date` is aware UTC."""

    name: str
    subject: str
    sender: str
    recipient: str
    date: datetime


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message taken apart. `html` is as it was sent: show it in a sandboxed frame only."""

    name: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    text: str
    html: str
    source: bytes


def list_messages(folder: Path, limit: int = LISTED) -> list[OutboxMessage]:
    """The newest messages of an outbox, newest first; none when there is no such folder."""
    try:
        names = sorted(filter(_NAME.fullmatch, os.listdir(folder)), reverse=True)[:limit]
    except OSError:
        return []
    return [message for name in names if (message := _summary(folder, name)) is not None]


def read_message(folder: Path, name: str) -> ParsedMessage | None:
    """One message by its file's name; None for every name that is not the outbox's own."""
    source = _read(folder, name, LONGEST_MESSAGE)
    if source is None:
        return None
    message = _parsed(source)
    return ParsedMessage(
        name=name,
        headers=tuple((header, _header(message, header, value)) for header, value in message.raw_items()),
        subject=_first(message, "Subject"),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        source=source,
    )


def _summary(folder: Path, name: str) -> OutboxMessage | None:
    head = _read(folder, name, LONGEST_HEAD)
    if head is None:
        return None
    message = _parsed(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return OutboxMessage(
        name=name,
        subject=_first(message, "Subject"),
        sender=_first(message, "From"),
        recipient=_first(message, "To"),
        date=datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )


def _read(folder: Path, name: str, limit: int) -> bytes | None:
    """The first bytes of a message; None when there is none of this name (a link out of the folder is none)."""
    if not _NAME.fullmatch(name):
        return None
    try:
        with open(os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read(limit)
    except OSError:
        return None


def _parsed(source: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(source)
    assert isinstance(message, EmailMessage)
    return message


def _first(message: EmailMessage, name: str) -> str:
    return next((_header(message, key, value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _header(message: EmailMessage, name: str, value: str) -> str:
    """A header decoded; as it stands when the standard library can't read it."""
    try:
        return str(message.policy.header_fetch_parse(name, value))
    except (ValueError, LookupError, AttributeError, TypeError):
        return value


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _date(data: bytes) -> datetime:
    """When a message says it was written; now when it does not."""
    match = _DATE.search(data, 0, LONGEST_HEAD)
    with contextlib.suppress(ValueError):
        if match is not None:
            return parsedate_to_datetime(match[1].decode("ascii")).astimezone(UTC)
    return datetime.now(UTC)
