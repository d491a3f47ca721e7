"""From bytes to text: which encoding a document is in, by the order of evidence that browsers use, and by its text.

Byte order mark, HTTP, the document's own declaration. What is well-formed UTF-8 is UTF-8 whatever is declared, and a
declaration that makes no language of the bytes is not believed when another encoding does (`readable` judges). No
character is dropped: what can't be decoded stands as U+FFFD where it was.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import charset_normalizer

from publisher.sources.text import attributes
from publisher.sources.text.encodings import codec_name as codec_name
from publisher.sources.text.readable import Readable, judge

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EAST_ASIAN = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949")
_SINGLE_BYTE = ("cp1252", "cp1250", "cp1254", "cp1251", "koi8-r", "cp1253", "cp1255", "cp1256", "cp1257", "cp874")

_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\(J)")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNPRINTABLE_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[1245-9]|2\d|3[01]|127|6553[45])(?!\d)"
    r"|x0*(?:[0-8bcef]|1[0-9a-f]|7f|d[89a-f][0-9a-f]{2}|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
_HEAD = 8192
_SAMPLE = 64 * 1024
"""So much is enough to recognise an encoding; the detector is slow."""
_TOLERATED = 0.01
"""With up to this share of its non-ASCII bytes broken, an encoding still is believed."""
_HARDLY = 0.4
"""What reads no better than this is in an encoding that only the library knows."""
_ODD_IN_TEXT = 0.05
"""Compressed bytes hold twice as many control characters as this share, texts none but by accident."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was in, and how we know: bom, http, declared, utf-8, detected."""

    text: str
    encoding: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """An encoding that a document may be in, and who says so."""

    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Likely:
    """An encoding that nobody named, and how a sample reads in it."""

    name: str
    reading: Readable


def printable(text: str) -> str:
    """The text without what XML can't hold (XML 1.0, section 2.2): control characters, lone surrogates, U+FFFE."""
    return _UNPRINTABLE.sub("", text)


def one_line(text: str) -> str:
    """The text printable, with each white space as one blank."""
    return " ".join(printable(text).split())


def parsable(markup: str) -> str:
    """Markup printable, and without references to such characters: lxml reads them, and refuses to write them.

    Elements keep `attributes.MOST` attributes: more would hold the parser up for minutes.
    """
    markup = attributes.bounded(printable(markup))
    # By a blank, since what stands around one may be another when it is gone.
    return _UNPRINTABLE_REFERENCE.sub(" ", markup) if "&#" in markup else markup


def is_text(data: bytes) -> bool:
    """Whether bytes are text at all: no NUL in it, and hardly a control character or a place that can't be decoded."""
    text = _decode(data, None).text
    odd = len(_UNPRINTABLE.findall(text)) + text.count("\ufffd")
    return "\0" not in text and odd <= max(2, len(text) * _ODD_IN_TEXT)


def decode(data: bytes, http_charset: str | None = None) -> Decoded:
    """The text of an HTML or XML document, printable. Never raises."""
    decoded = _decode(data, http_charset)
    return replace(decoded, text=printable(decoded.text))


def _decode(data: bytes, http_charset: str | None) -> Decoded:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(name, "replace"), name, "bom")
    if bare := _bare_utf16(data):
        return Decoded(data.decode(bare, "replace"), bare, "declared")
    claims = list(_claims(data, http_charset))
    if data.isascii():
        return _ascii(data, claims)
    return _as_utf8(data, claims) or _believed(data, claims) or _detected(data, claims)


def _bare_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: in markup every other byte is NUL."""
    head = data[:256]
    half = len(head) // 2
    if half < 2 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def _claims(data: bytes, http_charset: str | None) -> Iterator[_Claim]:
    """What HTTP and the document say, as far as it is an encoding. That we can read it disproves UTF-16."""
    head = _COMMENT.sub(b"", data[:_HEAD])
    declared = _XML.search(head) or _META.search(head)
    said = ((http_charset, "http"), (declared.group(1).decode("ascii") if declared else None, "declared"))
    for label, evidence in said:
        name = codec_name(label)
        if name and not name.startswith(("utf-16", "utf-32")):
            yield _Claim(name, evidence)
        elif name:
            yield _Claim("utf-8", evidence)


def _ascii(data: bytes, claims: list[_Claim]) -> Decoded:
    """Nothing but ASCII, which is the same in all encodings but those that shift by escape sequences."""
    text = data.decode("ascii")
    if _ISO_2022_JP.search(data):
        return Decoded(data.decode("iso2022_jp", "replace"), "iso2022_jp", "detected")
    claim = next((claim for claim in claims if claim.name != "iso2022_jp"), _Claim("utf-8", "utf-8"))
    return Decoded(text, claim.name, claim.evidence)


def _as_utf8(data: bytes, claims: list[_Claim]) -> Decoded | None:
    """UTF-8, when that is what the bytes are: a text in another encoding is not well-formed UTF-8 by chance.

    Short ones may be: three pairs of bytes are believed to be what is declared.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    sequences = _MULTIBYTE.findall(data[:_SAMPLE])
    if broken > max(1, len(sequences) * 3 * _TOLERATED) or broken * 8 > len(sequences):
        return None
    others = [claim for claim in claims if claim.name != "utf-8"]
    chance = len(sequences) < 4 and all(len(sequence) == 2 for sequence in sequences)
    if chance and any(_strict(data, claim.name) is not None for claim in others):
        return None
    said = next((claim.evidence for claim in claims if claim.name == "utf-8"), "utf-8")
    return Decoded(text, "utf-8", said)


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, ValueError):
        return None


def _tolerant(data: bytes, name: str) -> str | None:
    """The text, if its encoding fails only at a few places: one byte lost in transit makes no other encoding true."""
    if (text := _strict(data, name)) is not None:
        return text
    text = data.decode(name, "replace")
    wide = sum(byte > 0x7F for byte in data)
    return text if text.count("\ufffd") <= max(1, wide * _TOLERATED) else None


def _believed(data: bytes, claims: list[_Claim]) -> Decoded | None:
    """The first claim that can be true, unless another encoding makes much better sense of the bytes."""
    best: tuple[Readable, Decoded] | None = None
    for claim in claims:
        if (text := _tolerant(data, claim.name)) is not None:
            reading = judge(text, claim.name)
            if best is None or reading.better_than(best[0]):
                best = reading, Decoded(text, claim.name, claim.evidence)
    if best is None or best[0].certain:
        return best and best[1]
    other = _likeliest(data[:_SAMPLE], (*_EAST_ASIAN, *_SINGLE_BYTE))
    if other is None or not other.reading.better_than(best[0]):
        return best[1]
    return Decoded(data.decode(other.name, "replace"), other.name, "detected")


def _detected(data: bytes, claims: list[_Claim]) -> Decoded:
    """What reads best, when no claim can be true. Bytes that are no text at all are taken for what is declared."""
    sample = data[:_SAMPLE]
    best = _likeliest(sample, (*_EAST_ASIAN, *_SINGLE_BYTE))
    if best is None or best.reading.share < _HARDLY:
        best = _likeliest(sample, _by_library(sample)) or best
    name = best.name if best else claims[0].name if claims else "utf-8"
    return Decoded(data.decode(name, "replace"), name, "detected")


def _likeliest(sample: bytes, names: Iterable[str]) -> _Likely | None:
    """The encoding that reads best; the first of equals."""
    best: _Likely | None = None
    for name in names:
        if (text := _tolerant(sample, name)) is not None:
            reading = judge(text, name)
            if best is None or reading.share > best.reading.share:
                best = _Likely(name, reading)
    return best


def _by_library(sample: bytes) -> Iterator[str]:
    match = charset_normalizer.from_bytes(sample).best()
    if match and (name := codec_name(match.encoding)):
        yield name
