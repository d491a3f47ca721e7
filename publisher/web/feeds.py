"""Feed documents over HTTP: `/feeds/<slug>.rss`, `.atom`, `.json` as a bare ASGI application.

The documents are kept in memory with their headers made once, and are trusted for as long as the stored version is
the same; that is looked at once a second at most. So a 304 costs no template, no body and no database. Feeds that
nobody defined (of a tag, an author, a search…) are made when they are first asked for, and again when an article
changed; few of them at a time, as everybody may ask for any.
"""

import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.domain.feed import ArchivePage, FeedFormat, archive_page, is_implied
from publisher.errors import StorageError
from publisher.pipeline.ports import FeedDocument, Storage
from publisher.web.bucket import Bucket
from publisher.web.negotiation import not_modified, prefers_gzip

log = structlog.get_logger(__name__)

PREFIX = "/feeds/"
MAX_AGE = timedelta(minutes=15)
"""How old a cache's copy may be. A reader keeps the document's own `ttl` (an hour), the longer of the two; were they
equal, one that polls through a cache could be two hours late. Mail sent at once has a gap of 15 minutes too."""
CHECK_EVERY = 1.0
"""Seconds for which the copies in memory are trusted."""

IMPLIED_KEPT = 300
"""How many documents of feeds that are not defined are kept; the one not asked for the longest goes first."""
IMPLIED_A_SECOND = 20
"""How many of them are made a second at most; who comes then is asked to come again (429)."""

ErrorPage = Callable[[Scope, int], ASGIApp]
"""Makes the page for a status."""

Implied = Callable[[str, FeedFormat], FeedDocument | None]
"""Makes a document of a feed that is not defined."""


class Archives(Protocol):
    """Makes the pages of archives, at the addresses where they are now."""

    def archive_version(self, slug: str, number: int) -> str | None:
        """The version that a page has now; empty for the page that is to come, None for no page."""
        ...

    def archive_url(self, slug: str, number: int, version: str, format: FeedFormat) -> str:
        """The address of a page in a version; of the current document when it is empty."""
        ...

    def archived(self, slug: str, number: int, format: FeedFormat) -> FeedDocument | None:
        """A document of a page as it is now, in the version that its `shape` is."""
        ...


_IN_BROWSERS = {
    format.media_type.encode(): b"application/xml; charset=utf-8" for format in (FeedFormat.RSS, FeedFormat.ATOM)
}
"""What the types of feeds are called for who opens one in a browser (Fetch Metadata, `Sec-Fetch-Dest: document`):
browsers show those types as source text, and XML with a style sheet as a page. The bytes are the same."""

_RawHeaders = list[tuple[bytes, bytes]]
_Name = tuple[str, FeedFormat]


@dataclass(frozen=True, slots=True)
class _Representation:
    """A document in one encoding, with the headers of a 200 and of a 304."""

    etag: str
    last_modified: datetime
    body: bytes
    headers: _RawHeaders
    headers_not_modified: _RawHeaders


@dataclass(frozen=True, slots=True)
class _Copies:
    """A document as it is served."""

    plain: _Representation
    gzip: _Representation


class FeedFiles:
    """The ASGI application below `/feeds/`. Lives on one event loop."""

    def __init__(
        self,
        storage: Storage,
        implied: Implied,
        error_page: ErrorPage,
        monotonic: Callable[[], float] = time.monotonic,
        archives: Archives | None = None,
    ) -> None:
        self._storage = storage
        self._archives = archives
        self._implied = implied
        self._error_page = error_page
        self._monotonic = monotonic
        self._copies: dict[_Name, _Copies] = {}
        self._made: OrderedDict[_Name, _Copies] = OrderedDict()
        self._pages: OrderedDict[_Name, _Copies] = OrderedDict()
        self._making = Bucket(IMPLIED_A_SECOND, IMPLIED_A_SECOND)
        self._version = self._seq = -1
        self._checked = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _OPTIONS})
            return await send({"type": "http.response.body", "body": b""})
        if scope["method"] not in ("GET", "HEAD"):
            return await self._error_page(scope, 405)(scope, receive, send)
        name = _name(scope["path"])
        page = archive_page(name[0]) if name else None
        try:
            copies = await (self._page(page, name) if page else self._find(name)) if name else None
            slug = page.slug if page else name[0] if name else ""
            gone = copies is None and name is not None and await run_in_threadpool(self._was, slug)
        except _Elsewhere as elsewhere:
            await send({"type": "http.response.start", "status": 302, "headers": elsewhere.headers})
            return await send({"type": "http.response.body", "body": b""})
        except _TooMany:
            return await self._error_page(scope, 429)(scope, receive, send)
        except StorageError as error:
            log.warning("feed not served", reason=str(error))
            return await self._error_page(scope, 503)(scope, receive, send)
        if copies is None:
            return await self._error_page(scope, 410 if gone else 404)(scope, receive, send)
        await _answer(scope, send, copies)

    async def _find(self, name: _Name) -> _Copies | None:
        await self._revalidate()
        if is_implied(name[0]):
            return await self._make(name)
        copies = self._copies.get(name)
        if copies is None:
            versions, document = await run_in_threadpool(self._load, name)
            self._trust(*versions)
            if document is not None:
                copies = self._copies[name] = _copies(document)
        return copies

    async def _revalidate(self) -> None:
        """Drop the copies when the stored documents changed; who comes while one looks is served from them."""
        now = self._monotonic()
        if now - self._checked >= CHECK_EVERY:
            self._checked = now
            try:
                self._trust(*await run_in_threadpool(self._read_versions))
            except StorageError as error:
                log.warning("feeds are served as they were last known", reason=str(error))

    async def _make(self, name: _Name) -> _Copies | None:
        copies = self._made.get(name)
        if copies is None:
            if self._making.wait(self._monotonic()):
                raise _TooMany
            seq = self._seq
            document = await run_in_threadpool(self._implied, *name)
            if document is None:
                return None
            copies = _copies(document)
            if seq == self._seq:
                self._made[name] = copies
        if name in self._made:
            self._made.move_to_end(name)
        while len(self._made) > IMPLIED_KEPT:
            self._made.popitem(last=False)
        return copies

    async def _page(self, page: ArchivePage, name: _Name) -> _Copies | None:
        """A page of an archive: under the address of its version, or what leads there. What it says in a version stays,
        so copies are good for as long as the version is."""
        archives = self._archives
        if archives is None:
            return None
        version = await run_in_threadpool(archives.archive_version, page.slug, page.number)
        if version is None:
            return None
        if version != page.version or not version:
            raise _Elsewhere(archives.archive_url(page.slug, page.number, version, name[1]))
        copies = self._pages.get(name)
        if copies is None:
            if self._making.wait(self._monotonic()):
                raise _TooMany
            document = await run_in_threadpool(archives.archived, page.slug, page.number, name[1])
            if document is None:
                return None
            copies = _copies(document)
            if document.shape == version:
                self._pages[name] = copies
        if name in self._pages:
            self._pages.move_to_end(name)
        while len(self._pages) > IMPLIED_KEPT:
            self._pages.popitem(last=False)
        return copies

    def _trust(self, version: int, seq: int) -> None:
        if version != self._version:
            self._copies.clear()
        if (version, seq) != (self._version, self._seq):
            self._made.clear()
        self._version, self._seq = version, seq

    def _read_versions(self) -> tuple[int, int]:
        with self._storage.read() as work:
            return work.feeds.version(), work.articles.latest_seq()

    def _was(self, slug: str) -> bool:
        with self._storage.read() as work:
            return work.feeds.was(slug)

    def _load(self, name: _Name) -> tuple[tuple[int, int], FeedDocument | None]:
        """A document and the versions that it belongs to: those first, so that they are never too new."""
        with self._storage.read() as work:
            return (work.feeds.version(), work.articles.latest_seq()), work.feeds.get(*name)


class _Elsewhere(Exception):
    """The page of an archive is at another address now. It may come back, so nobody should remember this for good."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.headers = _raw(
            {
                "Location": url,
                "Cache-Control": "no-cache",
                "Content-Length": "0",
                "Access-Control-Allow-Origin": "*",
            }
        )


class _TooMany(Exception):
    """More feeds are asked for than are made at a time."""


def is_document(path: str) -> bool:
    """Whether a decoded path is one of a feed's document, not of a page about feeds."""
    return path.startswith(PREFIX) and path.endswith(tuple(f".{format}" for format in FeedFormat))


def _name(path: str) -> _Name | None:
    """Slug and format of a decoded path. What isn't printable is no slug, and some databases choke on it.

    Some keyboards and file systems send letters and their marks apart: slugs are composed.
    """
    slug, _, extension = path.removeprefix(PREFIX).rpartition(".")
    try:
        format = FeedFormat(extension)
    except ValueError:
        return None
    return (unicodedata.normalize("NFC", slug), format) if slug and slug.isprintable() else None


async def _answer(scope: Scope, send: Send, copies: _Copies) -> None:
    headers = Headers(scope=scope)
    chosen = copies.gzip if prefers_gzip(_joined(headers, "accept-encoding")) else copies.plain
    unchanged = not_modified(
        _joined(headers, "if-none-match"), headers.get("if-modified-since"), chosen.etag, chosen.last_modified
    )
    status, sent = (304, chosen.headers_not_modified) if unchanged else (200, chosen.headers)
    if headers.get("sec-fetch-dest") == "document":
        sent = [(name, _IN_BROWSERS.get(value, value)) for name, value in sent]
    body = b"" if unchanged or scope["method"] == "HEAD" else chosen.body
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def _joined(headers: Headers, name: str) -> str | None:
    """A list header, which may come in several lines (RFC 9110, section 5.3)."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


def _copies(document: FeedDocument) -> _Copies:
    return _Copies(
        plain=_representation(document, document.etag, document.body, {}),
        gzip=_representation(document, document.etag_gzip, document.body_gzip, {"Content-Encoding": "gzip"}),
    )


def _representation(document: FeedDocument, etag: str, body: bytes, encoding: Mapping[str, str]) -> _Representation:
    # What a 304 repeats: RFC 9110, section 15.4.5. The last is for pages that show a feed by script.
    shared = {
        "ETag": etag,
        "Last-Modified": format_datetime(document.last_modified.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={int(MAX_AGE.total_seconds())}",
        "Vary": "Accept-Encoding, Sec-Fetch-Dest",
        "Access-Control-Allow-Origin": "*",
    }
    full = {
        **shared,
        **encoding,
        "Content-Type": document.format.media_type,
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
    }
    return _Representation(etag, document.last_modified, body, _raw(full), _raw(shared))


def _raw(headers: Mapping[str, str]) -> _RawHeaders:
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


_OPTIONS = _raw(
    {
        "Allow": "GET, HEAD, OPTIONS",
        # What a browser asks before a script may send conditions (Fetch Standard, section 3.3.3).
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
        "Access-Control-Max-Age": "86400",
    }
)
"""The answer to OPTIONS (RFC 9110, section 9.3.7)."""
