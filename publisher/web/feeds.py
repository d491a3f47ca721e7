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
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.domain.feed import TTL, ArchivePage, Feed, FeedFormat, archive_page, is_implied
from publisher.errors import StorageError
from publisher.pipeline.ports import Clock, FeedDocument, Storage
from publisher.pipeline.publish import Site
from publisher.web.bucket import Limit
from publisher.web.representation import Document, Representations, raw

log = structlog.get_logger(__name__)

PREFIX = "/feeds/"
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

_READING = ("GET", "HEAD")
_EXTENSIONS = tuple(f".{format}" for format in FeedFormat)
_Name = tuple[str, FeedFormat]


@dataclass(frozen=True, slots=True)
class Times:
    """The clocks: seconds that only grow, and the time of day."""

    monotonic: Callable[[], float] = time.monotonic
    now: Clock = lambda: datetime.now(UTC)


TIMES = Times()


class FeedFiles:
    """The ASGI application below `/feeds/`. Lives on one event loop."""

    def __init__(
        self,
        storage: Storage,
        implied: Implied,
        error_page: ErrorPage,
        archives: Archives | None = None,
        times: Times = TIMES,
        site: Site | None = None,
    ) -> None:
        self._storage = storage
        self._archives = archives
        self._implied = implied
        self._error_page = error_page
        self._monotonic = times.monotonic
        self._clock = times.now
        self._site = site
        self._copies: dict[str, Representations] = {}
        """Documents of defined feeds by their paths, as nearly everybody writes them."""
        self._made: OrderedDict[_Name, Representations] = OrderedDict()
        self._pages: OrderedDict[_Name, Representations] = OrderedDict()
        self._making = Limit(IMPLIED_A_SECOND, IMPLIED_A_SECOND)
        self._version = self._seq = -1
        self._checked = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        copies = self._copies.get(scope["path"]) if scope["method"] in _READING else None
        if copies is not None and self._monotonic() - self._checked < CHECK_EVERY:
            return await self._send(copies, scope, send)
        await self._answer(scope, receive, send)

    async def _send(self, copies: Representations, scope: Scope, send: Send) -> None:
        for message in copies.answer(scope, self._clock(), _IN_BROWSERS):
            await send(message)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not known to be served from memory as it is."""
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _OPTIONS})
            return await send({"type": "http.response.body", "body": b""})
        if scope["method"] not in _READING:
            return await self._error_page(scope, 405)(scope, receive, send)
        name = _name(scope["path"])
        page = archive_page(name[0]) if name else None
        try:
            client = (scope.get("client") or (None,))[0]
            copies = await (self._page(page, name, client) if page else self._find(name, client)) if name else None
            gone = copies is None and name is not None and await run_in_threadpool(self._is_gone, *name)
        except _Elsewhere as elsewhere:
            await send({"type": "http.response.start", "status": elsewhere.status, "headers": elsewhere.headers})
            return await send({"type": "http.response.body", "body": b""})
        except _TooMany:
            return await self._error_page(scope, 429)(scope, receive, send)
        except StorageError as error:
            log.warning("feed not served", reason=str(error))
            return await self._error_page(scope, 503)(scope, receive, send)
        if copies is None:
            return await self._error_page(scope, 410 if gone else 404)(scope, receive, send)
        await self._send(copies, scope, send)

    async def _find(self, name: _Name, client: str | None) -> Representations | None:
        await self._revalidate()
        if is_implied(name[0]):
            return await self._make(name, client)
        path = f"{PREFIX}{name[0]}.{name[1]}"
        copies = self._copies.get(path)
        if copies is None:
            versions, copies = await run_in_threadpool(self._load, name)
            self._trust(*versions)
            if copies is not None:
                self._copies[path] = copies
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

    async def _make(self, name: _Name, client: str | None) -> Representations | None:
        seq = self._seq
        return await self._kept(self._made, name, client, lambda: self._implied(*name), lambda _: seq == self._seq)

    async def _kept(
        self,
        kept: "OrderedDict[_Name, Representations]",
        name: _Name,
        client: str | None,
        make: Callable[[], FeedDocument | None],
        stays: Callable[[FeedDocument], bool],
    ) -> Representations | None:
        """A document that is kept, else made now and kept if it `stays`; the one not asked for the longest goes."""
        copies = kept.get(name)
        if copies is None:
            if self._making.wait(self._monotonic(), client):
                raise _TooMany
            document = await run_in_threadpool(make)
            if document is None:
                return None
            copies = await run_in_threadpool(_representations, document)
            if stays(document):
                kept[name] = copies
        if name in kept:
            kept.move_to_end(name)
        while len(kept) > IMPLIED_KEPT:
            kept.popitem(last=False)
        return copies

    async def _page(self, page: ArchivePage, name: _Name, client: str | None) -> Representations | None:
        """A page of an archive: under the address of its version, or what leads there. What it says in a version stays,
        so copies are good for as long as the version is."""
        archives = self._archives
        if archives is None:
            return None
        version = await run_in_threadpool(archives.archive_version, page.slug, page.number)
        if version is None:
            return None
        if version != page.version or not version:
            raise _Elsewhere(archives.archive_url(page.slug, page.number, version, name[1]), permanent=False)
        return await self._kept(
            self._pages,
            name,
            client,
            lambda: archives.archived(page.slug, page.number, name[1]),
            lambda document: document.shape == version,
        )

    def _trust(self, version: int, seq: int) -> None:
        if version != self._version:
            self._copies.clear()
        if (version, seq) != (self._version, self._seq):
            self._made.clear()
        self._version, self._seq = version, seq

    def _discovery(self, document: FeedDocument) -> Mapping[str, str]:
        """Where subscribers hear of changes at once (W3C WebSub, section 4)."""
        if self._site is None or not self._site.hubs:
            return {}
        own = self._site.base_url + Feed(slug=document.slug, title="").path(document.format)
        links = [*((hub, "hub") for hub in self._site.hubs), (own, "self")]
        return {"Link": ", ".join(f'<{url}>; rel="{relation}"' for url, relation in links)}

    def _read_versions(self) -> tuple[int, int]:
        with self._storage.read() as work:
            return work.feeds.version(), work.articles.latest_seq()

    def _is_gone(self, name: str, format: FeedFormat) -> bool:
        """Whether a document that isn't there was removed for good. Raises _Elsewhere for that of a feed renamed."""
        slug, slash, rest = name.partition("/")
        page = archive_page(name)
        with self._storage.read() as work:
            if new := work.feeds.renamed(slug):
                relative = f"{'../' * name.count('/')}{quote(new)}{slash}{quote(rest)}.{format}"
                raise _Elsewhere(relative, permanent=True)
            return work.feeds.was(page.slug if page else name)

    def _load(self, name: _Name) -> tuple[tuple[int, int], Representations | None]:
        """A document and the versions that it belongs to: those first, so that they are never too new."""
        with self._storage.read() as work:
            versions, document = (work.feeds.version(), work.articles.latest_seq()), work.feeds.get(*name)
        return versions, _representations(document, self._discovery(document)) if document is not None else None


class _Elsewhere(Exception):
    """A document is at another address: for good, or for now (what may come back nobody should remember)."""

    def __init__(self, url: str, *, permanent: bool) -> None:
        super().__init__(url)
        self.status = 301 if permanent else 302
        self.headers = raw(
            {
                "Location": url,
                "Cache-Control": f"public, max-age={TTL.total_seconds():.0f}" if permanent else "no-cache",
                "Content-Length": "0",
                "Access-Control-Allow-Origin": "*",
            }
        )


class _TooMany(Exception):
    """More feeds are asked for than are made at a time."""


def is_document(path: str) -> bool:
    """Whether a decoded path is one of a feed's document, not of a page about feeds."""
    return path.startswith(PREFIX) and path.endswith(_EXTENSIONS)


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


def _representations(document: FeedDocument, more: Mapping[str, str] | None = None) -> Representations:
    return Representations(
        Document(
            body=document.body,
            body_gzip=document.body_gzip,
            etag=document.etag,
            last_modified=document.last_modified,
            media_type=document.format.media_type,
            max_age=TTL,
            vary="Accept-Encoding, Sec-Fetch-Dest",
            # For pages that show a feed by script.
            shared={"Access-Control-Allow-Origin": "*", **(more or {})},
        )
    )


_OPTIONS = raw(
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
