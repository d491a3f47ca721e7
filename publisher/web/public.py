"""Pages of articles, lists, searches, editions and feeds over HTTP: rendered once, kept in memory with their tags.

What is kept is trusted for as long as nothing was published since, which is looked at once a second at most.
"""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from threading import Lock

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from publisher.domain.feed import SOURCE_FEEDS, is_implied
from publisher.domain.pages import (
    FEEDS_OPML,
    ROBOTS,
    SEARCH,
    SITEMAP,
    ListAddress,
    PageAddress,
    quoted,
    read_path,
    sitemap_path,
)
from publisher.pipeline.pages import PagePublisher
from publisher.pipeline.ports import Absence, Page, Storage
from publisher.pipeline.publish import EPOCH
from publisher.pipeline.sitemap import SitemapPublisher
from publisher.web.bucket import Limit
from publisher.web.negotiation import PLAIN, best_coding, not_modified
from publisher.web.representation import CODINGS, coded_tag, in_codings, joined

KEPT_BYTES = 32_000_000
"""How much is kept of pages, compressed and not; what was not asked for the longest goes first."""
KEPT_FOR = 300.0
"""Seconds after which a page is made anew all the same: copies of its images may have come."""
CHECK_EVERY = 1.0
"""Seconds for which nothing new is looked for."""
MADE_A_SECOND = 20
"""How many lists that nobody defined, and searches, are made a second at most; who comes then comes again (429)."""

_PART_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
_STATUS = {Absence.UNKNOWN: 404, Absence.GONE: 410}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page as it is served. `until` is monotonic."""

    page: Page
    bodies: Mapping[str, bytes]
    etag: str
    until: float

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies.values()))


class KeptPages:
    """Pages that were made, by their addresses. For the threads of one process."""

    def __init__(self, storage: Storage, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._monotonic = monotonic
        self._lock = Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0
        self._making = Limit(MADE_A_SECOND, MADE_A_SECOND)
        self._version = (-1, -1)
        self._checked = float("-inf")

    def answer(
        self, request: Request, key: str, make: Callable[[], Page | Absence], *, limited: bool = False
    ) -> Response:
        """The answer to a request for a page; `limited` are those of which anybody may ask for any number.

        Raises HTTPException with 404, 410 or 429, and what `make` raises.
        """
        self._revalidate()
        kept = self._find(key)
        if kept is None:
            client = request.client.host if request.client else None
            with self._lock:
                wait = self._making.wait(self._monotonic(), client) if limited else 0
            if wait:
                raise HTTPException(429, headers={"Retry-After": "2"})
            version, made = self._version, make()
            if isinstance(made, Absence):
                raise HTTPException(_STATUS[made])
            kept = _keep(made, self._monotonic() + KEPT_FOR)
            self._store(key, kept, version)
        return _response(request, kept)

    def _revalidate(self) -> None:
        now = self._monotonic()
        with self._lock:
            if now - self._checked < CHECK_EVERY:
                return
            self._checked = now
        with self._storage.read() as work:
            version = work.feeds.version(), work.articles.latest_seq()
        with self._lock:
            if version != self._version:
                self._kept.clear()
                self._size, self._version = 0, version

    def _find(self, key: str) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
            return kept if kept.until > self._monotonic() else None

    def _store(self, key: str, kept: _Kept, version: tuple[int, int]) -> None:
        with self._lock:
            if version != self._version:
                return
            if old := self._kept.pop(key, None):
                self._size -= old.size
            self._kept[key] = kept
            self._size += kept.size
            while self._size > KEPT_BYTES:
                self._size -= self._kept.popitem(last=False)[1].size


def public_routes(storage: Storage, publisher: PagePublisher, root: str) -> APIRouter:
    """The routes of these pages; `root` is what stands before each path."""
    router = APIRouter()
    kept = KeptPages(storage)
    _add_sitemap(router, kept, SitemapPublisher(storage, publisher.site))

    @router.api_route("/articles/{rest:path}", methods=["GET", "HEAD"])
    @router.api_route("/editions/{rest:path}", methods=["GET", "HEAD"])
    @router.api_route("/feeds/{rest:path}", methods=["GET", "HEAD"])
    @router.api_route("/feeds", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        path = request.scope["path"]
        address = read_path(path)
        if address is not None:
            found = address
            try:
                return kept.answer(request, path, lambda: publisher.page(found), limited=_is_limited(found))
            except HTTPException as error:
                if error.status_code not in _STATUS.values() or (now := publisher.moved(found)) is None:
                    raise
                return RedirectResponse(root + quoted(now), 301)
        if not path.endswith("/") and (meant := read_path(f"{path}/")):
            return RedirectResponse(root + quoted(meant), 301)
        raise HTTPException(404)

    @router.api_route(FEEDS_OPML, methods=["GET", "HEAD"])
    def outline(request: Request) -> Response:
        return kept.answer(request, FEEDS_OPML, publisher.outline)

    @router.api_route(SEARCH, methods=["GET", "HEAD"])
    def search(request: Request, q: str = "") -> Response:
        query = "".join(char for char in q if char.isprintable())
        return kept.answer(request, f"{SEARCH}?q={query}", lambda: publisher.search(query), limited=bool(query))

    return router


def _add_sitemap(router: APIRouter, kept: KeptPages, sitemaps: SitemapPublisher) -> None:
    """What robots are told."""

    @router.api_route(ROBOTS, methods=["GET", "HEAD"])
    def robots(request: Request) -> Response:
        return kept.answer(request, ROBOTS, sitemaps.robots)

    @router.api_route(SITEMAP, methods=["GET", "HEAD"])
    def sitemap(request: Request) -> Response:
        return kept.answer(request, SITEMAP, sitemaps.sitemap)

    @router.api_route("/sitemap-{number}.xml", methods=["GET", "HEAD"])
    def sitemap_part(request: Request, number: str) -> Response:
        if not _PART_NUMBER.fullmatch(number):
            raise HTTPException(404)
        return kept.answer(request, sitemap_path(int(number)), lambda: sitemaps.part(int(number)))


def _is_limited(address: PageAddress) -> bool:
    match address:
        case ListAddress(slug):
            return is_implied(slug) and not slug.startswith(SOURCE_FEEDS)
        case _:
            return False


def _keep(page: Page, until: float) -> _Kept:
    return _Kept(page, in_codings(page.body), f'"{hashlib.sha256(page.body).hexdigest()[:32]}"', until)


def _response(request: Request, kept: _Kept) -> Response:
    asked = request.headers
    coding = best_coding(joined(asked, "accept-encoding"), CODINGS)
    etag = coded_tag(kept.etag, coding)
    headers = {"ETag": etag, "Vary": "Accept-Encoding"}
    if kept.page.last_modified is not None:
        headers["Last-Modified"] = format_datetime(kept.page.last_modified.astimezone(UTC), usegmt=True)
    # Without a date of its own a page is newer than any.
    since = asked.get("if-modified-since") if kept.page.last_modified else None
    if not_modified(joined(asked, "if-none-match"), since, etag, kept.page.last_modified or EPOCH):
        return Response(status_code=304, headers=headers)
    if coding != PLAIN:
        headers["Content-Encoding"] = coding
    return Response(kept.bodies[coding], headers={**headers, "Content-Type": kept.page.media_type})
