"""Whole messages (RFC 5322): a digest's rendering, its newsletter's headers, one recipient's values.

Everything that the recipients of a digest share is written and encoded once; a message joins it with what is its own.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import format_datetime
from threading import Lock
from urllib.parse import quote, urlsplit

from publisher.domain.delivery import Delivery, OutgoingMessage, Recipient
from publisher.domain.edition import Digest, RecipientSlot, Segments
from publisher.domain.newsletter import Newsletter
from publisher.domain.token import Keyring, message_key, sign
from publisher.errors import PublisherError, UsageError
from publisher.mail.encoding import EncodedText, Values, encode_text
from publisher.mail.headers import ascii_address, mailbox_field, named_field, text_field
from publisher.mail.slots import fill, fill_slot
from publisher.mail.text import web_link
from publisher.pipeline.ports import Clock, MessageWriter
from publisher.pipeline.subscribe import UNSUBSCRIBE

KEPT = 32
"""Digests whose shared parts are kept; each takes a few times its size."""


class DigestMessageWriter(MessageWriter):
    """Writes the messages of digests; many threads may use one."""

    def __init__(self, keyring: Keyring, base_url: str, clock: Clock, *, unsubscribe_address: str = "") -> None:
        """`base_url` is where people reach us; `unsubscribe_address`, when there is one, takes requests by mail."""
        self._keyring = keyring
        self._base_url = web_link(base_url.rstrip("/"))
        if not self._base_url:
            raise UsageError(f"base_url {base_url!r} is no web address: write one such as https://news.example.org")
        self._clock = clock
        self._unsubscribe_address = unsubscribe_address and ascii_address(unsubscribe_address)
        self._frames: OrderedDict[int, _Frame] = OrderedDict()
        self._lock = Lock()

    def write(self, delivery: Delivery, newsletter: Newsletter, digest: Digest) -> OutgoingMessage:
        """The message of one delivery. Raises UsageError for an address that mail can't carry."""
        frame = self._frame(newsletter, digest)
        recipient = self._recipient(delivery)
        message_id = f"<{message_key(self._keyring, delivery.id)}@{frame.domain}>"
        own = (
            f"To: {recipient.address}\r\n"
            f"Date: {format_datetime(self._clock())}\r\n"
            f"Message-ID: {message_id}\r\n"
            f"List-Unsubscribe: {_list_unsubscribe(recipient)}\r\n"
        )
        return OutgoingMessage(
            delivery_id=delivery.id,
            message_id=message_id,
            envelope_from=frame.sender,
            envelope_to=recipient.address,
            data=frame.fill(recipient, own),
        )

    def _recipient(self, delivery: Delivery) -> Recipient:
        token = sign(self._keyring, UNSUBSCRIBE, delivery.subscription_id)
        address = self._unsubscribe_address
        return Recipient(
            address=ascii_address(delivery.address),
            unsubscribe_url=f"{self._base_url}/{UNSUBSCRIBE}/{token}",
            unsubscribe_mailto=f"mailto:{quote(address, safe='@')}?subject={UNSUBSCRIBE}%20{token}" if address else "",
        )

    def _frame(self, newsletter: Newsletter, digest: Digest) -> "_Frame":
        with self._lock:
            frame = self._frames.get(digest.id)
            if frame is not None and frame.is_of(newsletter, digest):
                self._frames.move_to_end(digest.id)
                return frame
        frame = _frame(newsletter, digest, urlsplit(self._base_url).hostname or "localhost")
        with self._lock:
            self._frames[digest.id] = frame
            self._frames.move_to_end(digest.id)
            while len(self._frames) > KEPT:
                self._frames.popitem(last=False)
        return frame


@dataclass(frozen=True, slots=True)
class _Part:
    """One body: its MIME headers and its text."""

    head: bytes
    text: EncodedText

    def pieces(self, values: Values) -> list[bytes]:
        return [self.head, *self.text.pieces(values)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the messages of a digest share. `subject` is written anew for each recipient only when it has slots."""

    newsletter: Newsletter
    digest: Digest
    sender: str
    top: str
    subject: Segments
    bottom: str
    parts: tuple[_Part, ...]
    boundary: bytes

    @property
    def domain(self) -> str:
        """The domain of From, to which ids belong."""
        return self.sender.rpartition("@")[2]

    def is_of(self, newsletter: Newsletter, digest: Digest) -> bool:
        """Whether it was made from these values: ids of previews are all 0, and definitions change."""
        return (self.digest is digest or self.digest == digest) and (
            self.newsletter is newsletter or self.newsletter == newsletter
        )

    def fill(self, recipient: Recipient, own: str) -> bytes:
        """The whole message, with the headers of one recipient."""

        def values(slot: RecipientSlot) -> str:
            return fill_slot(slot, recipient)

        subject = "" if self.subject == () else text_field("Subject", fill(self.subject, recipient))
        head = f"{self.top}{subject}{own}{self.bottom}".encode("ascii")
        if len(self.parts) == 1:
            return b"".join([head, *self.parts[0].pieces(values)])
        opening = b"--" + self.boundary + b"\r\n"
        bodies = [piece for part in self.parts for piece in (opening, *part.pieces(values), b"\r\n")]
        return b"".join([head, b"\r\n", *bodies, b"--", self.boundary, b"--\r\n"])


def _frame(newsletter: Newsletter, digest: Digest, host: str) -> _Frame:
    rendering = digest.rendering
    if rendering is None:
        raise PublisherError(f"digest {digest.id} is not rendered yet: run `publisher compose --once`")
    texts = [("plain", rendering.text)] + ([("html", rendering.html)] if rendering.html else [])
    parts = tuple(_part(subtype, segments) for subtype, segments in texts)
    boundary = _boundary(digest)
    top = mailbox_field("From", newsletter.sender)
    if newsletter.reply_to:
        top += mailbox_field("Reply-To", newsletter.reply_to)
    fixed = all(isinstance(segment, str) for segment in rendering.subject)
    if fixed:
        top += text_field("Subject", "".join(map(str, rendering.subject)))
    bottom = _list_fields(newsletter, digest, host)
    if len(parts) > 1:
        bottom += f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
    return _Frame(
        newsletter=newsletter,
        digest=digest,
        sender=ascii_address(newsletter.sender.address),
        top=top,
        subject=() if fixed else rendering.subject,
        bottom=bottom,
        parts=parts,
        boundary=boundary.encode(),
    )


def _list_fields(newsletter: Newsletter, digest: Digest, host: str) -> str:
    """What says that this is a newsletter's mail, and which (RFC 8058, RFC 2919, RFC 3834, Gmail's Feedback-ID)."""
    slug = quote(newsletter.slug, safe="")
    sender = ascii_address(newsletter.sender.address).rpartition("@")[2]
    return (
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        + named_field("List-Id", newsletter.title, f"{slug}.{quote(host)}")
        + f"Feedback-ID: {digest.edition_id}:{slug}:digest:{sender}\r\n"
        + "Auto-Submitted: auto-generated\r\n"
        + text_field("Content-Language", digest.variant.language)
        + "MIME-Version: 1.0\r\n"
    )


def _part(subtype: str, segments: Segments) -> _Part:
    text = encode_text(segments)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {text.name}\r\n\r\n"
    return _Part(head.encode(), text)


def _boundary(digest: Digest) -> str:
    """Begins as no line of quoted-printable or base64 can (RFC 2045, section 6.7), the same at every attempt."""
    return f"=_{hashlib.sha256(digest.variant.key.encode()).hexdigest()[:24]}"


def _list_unsubscribe(recipient: Recipient) -> str:
    """The links of RFC 2369; folded only between them, for a folded or encoded link is none."""
    links = f"<{recipient.unsubscribe_url}>"
    if recipient.unsubscribe_mailto:
        links += f",\r\n <{recipient.unsubscribe_mailto}>"
    return links
