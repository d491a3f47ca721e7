"""Content-transfer-encodings (RFC 2045, section 6) of texts with slots.

What all recipients of a digest share is encoded once; a message only encodes its slots' values.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from publisher.domain.edition import RecipientSlot, Segments

Values = Callable[[RecipientSlot], str]

_SOFT_BREAK = b"=\r\n"
_LINE = 76
"""Characters of a line at most, a soft break's `=` included."""

_LONG_END = re.compile(rb"^(.{74,75})(=(?:20|09))$", re.MULTILINE)
"""A line that became too long: the standard library doesn't count what it makes of a blank at the end of a line."""


@dataclass(frozen=True, slots=True)
class QuotedPrintable:
    """Static pieces, each encoded by itself, with a soft line break at each side of a slot."""

    statics: tuple[bytes, ...]
    slots: tuple[RecipientSlot, ...]
    name: str = "quoted-printable"

    @property
    def size(self) -> int:
        """Bytes without the slots' values."""
        return sum(map(len, self.statics))

    def pieces(self, values: Values) -> list[bytes]:
        """The encoded text with a recipient's values, not joined yet: it is large, and more is to stand around it."""
        pieces = [self.statics[0]]
        for slot, static in zip(self.slots, self.statics[1:], strict=True):
            pieces += [_broken(_quoted(_canonical(values(slot)))), static]
        return pieces


@dataclass(frozen=True, slots=True)
class _Groups:
    """A static piece in base64, begun at its first, second or third byte: the whole groups, and what is left over.

    Base64 turns groups of three bytes into four characters. How many bytes of a piece complete the group that a
    slot's value began depends on the value's length: hence three forms of each.
    """

    raw: bytes
    encoded: tuple[bytes, bytes, bytes]
    left: tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Base64:
    """Static pieces in whole groups and whole lines, so that they can be joined with lines made for a recipient."""

    statics: tuple[_Groups, ...]
    slots: tuple[RecipientSlot, ...]
    name: str = "base64"

    @property
    def size(self) -> int:
        """Bytes without the slots' values."""
        return sum(len(static.encoded[0]) for static in self.statics)

    def pieces(self, values: Values) -> list[bytes]:
        """The encoded text with a recipient's values, not joined yet: it is large, and more is to stand around it."""
        pieces: list[bytes] = []
        begun = b""
        for number, static in enumerate(self.statics):
            if number:
                begun += _canonical(values(self.slots[number - 1]))
            missing = -len(begun) % 3
            begun += static.raw[:missing]
            if len(static.raw) < missing:
                continue
            pieces += [_lines(begun), static.encoded[missing]]
            begun = static.left[missing]
        return [*pieces, _lines(begun)]


EncodedText = QuotedPrintable | Base64


def encode_text(segments: Segments) -> EncodedText:
    """A text in the shorter of both encodings; quoted-printable, which people can read, when they are equal."""
    statics, slots = _alternate(segments)
    raws = [_canonical(static) for static in statics]
    quoted = [_quoted(raw) for raw in raws]
    readable = QuotedPrintable((*map(_broken, quoted[:-1]), quoted[-1]), slots)
    compact = Base64(tuple(map(_groups, raws)), slots)
    return readable if readable.size <= compact.size else compact


def _alternate(segments: Segments) -> tuple[list[str], tuple[RecipientSlot, ...]]:
    """Static texts and the slots between them: one text more than slots."""
    statics, slots = [""], []
    for segment in segments:
        if isinstance(segment, str):
            statics[-1] += segment
        else:
            slots.append(segment)
            statics.append("")
    return statics, tuple(slots)


def _canonical(text: str) -> bytes:
    """UTF-8 with CRLF line ends (RFC 2046, section 4.1.1)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return lines.encode("utf-8", "replace")


def _quoted(raw: bytes) -> bytes:
    quoted = binascii.b2a_qp(raw.replace(b"\r\n", b"\n"))
    return _LONG_END.sub(rb"\1=\n\2", quoted).replace(b"\n", b"\r\n")


def _broken(quoted: bytes) -> bytes:
    """With a soft break at its end, where it does not end a line anyway; a full last line is broken once more."""
    if not quoted or quoted.endswith(b"\r\n"):
        return quoted
    if len(quoted) - (quoted.rfind(b"\n") + 1) == _LINE:
        last = 3 if quoted[-3:-2] == b"=" else 1
        quoted = quoted[:-last] + _SOFT_BREAK + quoted[-last:]
    return quoted + _SOFT_BREAK


def _groups(raw: bytes) -> _Groups:
    starts = (0, 1, 2)
    ends = [start + (len(raw) - start) // 3 * 3 for start in starts]
    encoded = tuple(_lines(raw[start:end]) for start, end in zip(starts, ends, strict=True))
    left = tuple(raw[max(start, end) :] for start, end in zip(starts, ends, strict=True))
    return _Groups(raw, (encoded[0], encoded[1], encoded[2]), (left[0], left[1], left[2]))


def _lines(raw: bytes) -> bytes:
    """Base64 in lines of at most 76 characters."""
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")
