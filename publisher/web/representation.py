"""A document as it is served: in each coding once, with a tag of its own, and the headers of a 200 and of a 304."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from publisher.web.negotiation import PLAIN, best_coding, not_modified

RawHeaders = list[tuple[bytes, bytes]]

_SECOND = timedelta(seconds=1)
_ASKED = {name.encode(): name for name in ("accept-encoding", "if-none-match", "if-modified-since", "sec-fetch-dest")}
"""The headers of a request that decide what is answered."""

CODINGS = ("br", "gzip")
"""What a document is offered in besides the plain bytes, the best first."""

# Half a megabyte takes a fiftieth of a second, and is a tenth smaller than by gzip; 11 would take a second more.
_BROTLI_QUALITY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is to be served: the bytes, plain and by gzip, their strong tag (RFC 9110, section 8.8.3), when they last
    changed, for how long a copy is good, and the headers that depend on none of these; those of a 200 alone in
    `headers`, those that a 304 repeats in `shared`."""

    body: bytes
    body_gzip: bytes
    etag: str
    last_modified: datetime
    media_type: str
    max_age: timedelta
    vary: str = "Accept-Encoding"
    shared: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Coded:
    """The bytes in one coding, with the headers of a 200 and of a 304."""

    etag: str
    body: bytes
    headers: RawHeaders
    headers_not_modified: RawHeaders


class Representations:
    """A document in all codings, ready to be sent."""

    def __init__(self, document: Document) -> None:
        self._last_modified = document.last_modified
        self._max_age = document.max_age
        bodies = in_codings(document.body, document.body_gzip)
        self._coded = {coding: _coded(document, coding, body) for coding, body in bodies.items()}
        self._second = datetime.min.replace(tzinfo=UTC)
        self._until = b""

    def answer(self, scope: Scope, now: datetime, names: Mapping[bytes, bytes]) -> tuple[Message, Message]:
        """The answer to a GET or a HEAD; `names` are values of headers that a browser is given another for."""
        asked = _asked(scope)
        chosen = self._coded[best_coding(asked.get("accept-encoding"), CODINGS)]
        unchanged = not_modified(
            asked.get("if-none-match"), asked.get("if-modified-since"), chosen.etag, self._last_modified
        )
        status, sent = (304, chosen.headers_not_modified) if unchanged else (200, chosen.headers)
        if asked.get("sec-fetch-dest") == "document":
            sent = [(name, names.get(value, value)) for name, value in sent]
        body = b"" if unchanged or scope["method"] == "HEAD" else chosen.body
        fields = [*sent, (b"expires", self._expires(now))]
        start = {"type": "http.response.start", "status": status, "headers": fields}
        return start, {"type": "http.response.body", "body": body}

    def _expires(self, now: datetime) -> bytes:
        """The date until which a copy is good, written once a second."""
        if not self._second <= now < self._second + _SECOND:
            self._second = now.replace(microsecond=0)
            self._until = format_datetime(self._second.astimezone(UTC) + self._max_age, usegmt=True).encode()
        return self._until


def in_codings(body: bytes, by_gzip: bytes | None = None) -> dict[str, bytes]:
    """The bytes plain and in all codings."""
    return {
        PLAIN: body,
        "gzip": by_gzip or gzip.compress(body, mtime=0),
        "br": brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY),
    }


def coded_tag(etag: str, coding: str) -> str:
    """The strong tag of a document in a coding, from that of its plain bytes: no two codings share one."""
    return etag if coding == PLAIN else f'{etag[:-1]}-{coding}"'


def _asked(scope: Scope) -> dict[str, str]:
    """Those headers, each with its lines joined, in one walk over all of them."""
    asked: dict[str, str] = {}
    for name, value in scope["headers"]:
        if known := _ASKED.get(name):
            text = value.decode("latin-1")
            asked[known] = f"{asked[known]}, {text}" if known in asked else text
    return asked


def joined(headers: Headers, name: str) -> str | None:
    """A list header, which may come in several lines (RFC 9110, section 5.3)."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


def raw(headers: Mapping[str, str]) -> RawHeaders:
    """Headers as ASGI wants them."""
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def _coded(document: Document, coding: str, body: bytes) -> _Coded:
    etag = coded_tag(document.etag, coding)
    # What a 304 repeats: RFC 9110, section 15.4.5.
    shared = {
        "ETag": etag,
        "Last-Modified": format_datetime(document.last_modified.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={int(document.max_age.total_seconds())}",
        "Vary": document.vary,
        **document.shared,
    }
    full = {
        **shared,
        **({} if coding == PLAIN else {"Content-Encoding": coding}),
        "Content-Type": document.media_type,
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
    }
    return _Coded(etag, body, raw(full), raw(shared))
