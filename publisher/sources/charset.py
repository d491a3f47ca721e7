"""From bytes to text: which encoding a document is in, by the order of evidence that browsers use.

Byte order mark, HTTP, the document's own declaration, strict UTF-8, and a detector at last. No character is dropped:
what can't be decoded stands as U+FFFD where it was.
"""

import codecs
import re
from dataclasses import dataclass, replace

import charset_normalizer

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE_UTF16 = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0!\0", "utf-16-le"), (b"\0<\0!", "utf-16-be"))

# Labels stand for more than they say (WHATWG Encoding Standard, section 4.2).
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_LABELS = {"x-gbk": "gb18030", "x-sjis": "cp932", "x-x-big5": "big5hkscs", "windows-31j": "cp932", "utf8mb4": "utf-8"}
# Codecs of Python that no document is written in; UTF-7 hides markup from those who look for it.
_NOT_FOR_DOCUMENTS = {"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}

_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HEAD = 8192
_TOLERATED = 0.01
"""With up to this share of its non-ASCII bytes broken, a declared encoding still is believed."""
_ODD_IN_TEXT = 0.05
"""Compressed bytes hold twice as many control characters as this share, texts none but by accident."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was in, and how we know: bom, http, declared, utf-8, detected."""

    text: str
    encoding: str
    evidence: str


def printable(text: str) -> str:
    """The text without what XML can't hold (XML 1.0, section 2.2): control characters, lone surrogates, U+FFFE."""
    return _UNPRINTABLE.sub("", text)


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
    for opening, name in _BARE_UTF16:
        if data.startswith(opening):
            return Decoded(data.decode(name, "replace"), name, "declared")
    candidates = _candidates(data, http_charset)
    for name, evidence in candidates:
        try:
            return Decoded(data.decode(name), name, evidence)
        except UnicodeDecodeError:
            continue
    return _least_broken(data, candidates) or _detected(data)


def codec_name(label: str | None) -> str | None:
    """Python's name for an encoding label, widened as browsers do; None for what is no encoding of documents."""
    if not label:
        return None
    label = label.strip().lower()
    try:
        found = codecs.lookup(_LABELS.get(label, label))
    except (LookupError, ValueError):
        return None
    # Only text encodings decode bytes to str; `hex` and `zlib` are codecs too.
    if found.name.replace("_", "-") in _NOT_FOR_DOCUMENTS or not getattr(found, "_is_text_encoding", False):
        return None
    return _WIDER.get(found.name, found.name)


def _candidates(data: bytes, http_charset: str | None) -> list[tuple[str, str]]:
    head = data[:_HEAD]
    declared = _XML.search(head) or _META.search(head)
    inside = codec_name(declared.group(1).decode("ascii")) if declared else None
    if inside and inside.startswith(("utf-16", "utf-32")):
        inside = "utf-8"  # We could read the declaration, so it can't be true.
    named = [(codec_name(http_charset), "http"), (inside, "declared"), ("utf-8", "utf-8")]
    return [(name, evidence) for name, evidence in named if name]


def _least_broken(data: bytes, candidates: list[tuple[str, str]]) -> Decoded | None:
    """The candidate that fails only at a few places: one byte lost in transit makes no other encoding true."""
    wide = sum(byte > 0x7F for byte in data)
    best: tuple[int, Decoded] | None = None
    for name, evidence in candidates:
        text = data.decode(name, "replace")
        broken = text.count("\ufffd")
        if best is None or broken < best[0]:
            best = broken, Decoded(text, name, evidence)
    return best[1] if best and best[0] <= max(1, wide * _TOLERATED) else None


def _detected(data: bytes) -> Decoded:
    # A sample is enough to recognise an encoding, and the detector is slow.
    match = charset_normalizer.from_bytes(data[: 64 * 1024]).best()
    name = (codec_name(match.encoding) if match else None) or "utf-8"
    return Decoded(data.decode(name, "replace"), name, "detected")
