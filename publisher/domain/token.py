"""Signed tokens for links in mail, and keyed names for addresses. HMAC is pure, so it lives here.

A token is 16 bytes, 22 characters of base64url: key id (1), subject (5, big-endian), tag (10). The purpose is part of
what is signed, not of the token: a link's path says it. Short, because a `List-Unsubscribe` header must not be folded
inside its URL.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

_TAG_BYTES = 10


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that sign links (by id; the highest signs, all verify) and the one key that never rotates."""

    signing: Mapping[int, bytes]
    suppression: bytes

    def __repr__(self) -> str:
        return f"Keyring({len(self.signing)} keys)"


def sign(keyring: Keyring, purpose: str, subject: int) -> str:
    """A token for a purpose and the number of its subject (below 2**40)."""
    key_id = max(keyring.signing)
    head = bytes([key_id]) + subject.to_bytes(5, "big")
    return base64.urlsafe_b64encode(head + _tag(keyring.signing[key_id], purpose, head)).rstrip(b"=").decode()


def verify(keyring: Keyring, purpose: str, token: str) -> int | None:
    """The subject of a token, or None when it is not one of ours for this purpose."""
    if len(token) != 22 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    head, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    key = keyring.signing.get(head[0])
    if key is None or not hmac.compare_digest(tag, _tag(key, purpose, head)):
        return None
    return int.from_bytes(head[1:], "big")


def sign_name(keyring: Keyring, purpose: str, name: str) -> str:
    """A token for a purpose and a name that stands beside it: key id (1) and tag (10), 15 characters."""
    key_id = max(keyring.signing)
    head = bytes([key_id])
    tag = _tag(keyring.signing[key_id], purpose, head + name.encode())
    return base64.urlsafe_b64encode(head + tag).rstrip(b"=").decode()


def is_signed(keyring: Keyring, purpose: str, name: str, token: str) -> bool:
    """Whether a token is one of ours for this purpose and name."""
    if len(token) != 15 or not token.isascii():
        return False
    try:
        raw = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    key = keyring.signing.get(raw[0])
    tag = b"" if key is None else _tag(key, purpose, raw[:1] + name.encode("utf-8", "surrogatepass"))
    return hmac.compare_digest(raw[1:], tag)


def address_key(keyring: Keyring, address: str) -> str:
    """The keyed name of an address for the suppression list: it tells nothing to who lacks the key."""
    return hmac.new(keyring.suppression, canonical_address(address).encode(), hashlib.sha256).hexdigest()


def canonical_address(address: str) -> str:
    """The form in which two spellings of one address are equal: case folded throughout.

    RFC 5321 allows a case-sensitive local part; no provider in use has one.
    """
    return address.strip().casefold()


def message_key(keyring: Keyring, delivery_id: int) -> str:
    """The left side of a delivery's Message-ID: the same at every attempt, and no count of ours in it."""
    key = keyring.signing[min(keyring.signing)]
    return hmac.new(key, f"message-id:{delivery_id}".encode(), hashlib.sha256).hexdigest()[:32]


def _tag(key: bytes, purpose: str, head: bytes) -> bytes:
    return hmac.new(key, purpose.encode() + b"\0" + head, hashlib.sha256).digest()[:_TAG_BYTES]
