"""What search engines are told of the site: robots.txt (RFC 9309) and the sitemap (sitemaps.org), for the web and for a
folder of files alike.

Listed are the pages that are ours to be found by: lists, and articles that stand there whole. What we only quote is
found where it was published.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from publisher.domain.feed import Feed, newsletter_feed, source_feed
from publisher.domain.pages import (
    LISTS_PART,
    SITEMAP,
    ArticleAddress,
    FeedsAddress,
    ListAddress,
    quoted,
    sitemap_path,
)
from publisher.pipeline.ports import Absence, Page, Storage, UnitOfWork
from publisher.pipeline.publish import COLLECTOR_PATH, Site

PART = 5000
"""How many pages a sitemap has before it falls into parts, and how many numbers of articles a part spans."""

NOT_TO_BE_CRAWLED = ("/outbox", "/api/", "/unsubscribe/", "/websub/", "/search")
"""Where there is nothing to be found, or any number of pages."""

_XML = "application/xml; charset=utf-8"
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

Listed = Iterable[tuple[str, datetime | None]]
"""Addresses, each with when it changed last, where that is known."""


@dataclass(frozen=True, slots=True)
class SitemapPublisher:
    """Makes both of what is stored now."""

    storage: Storage
    site: Site

    def robots(self) -> Page:
        """What robots may ask for: all pages and feeds."""
        root = urlsplit(self.site.base_url).path
        lines = ["User-agent: *", *(f"Disallow: {root}{path}" for path in NOT_TO_BE_CRAWLED)]
        lines += ["", f"Sitemap: {self.site.base_url}{SITEMAP}", ""]
        return Page(body="\n".join(lines).encode(), media_type="text/plain; charset=utf-8")

    def paths(self) -> list[str]:
        """The paths of all documents of the sitemap, the one that leads to the others last."""
        with self.storage.read() as work:
            return [*map(sitemap_path, self._parts(work)), SITEMAP]

    def page(self, path: str) -> Page | Absence:
        """The document at one of these paths."""
        return self.sitemap() if path == SITEMAP else self.part(int(path[len("/sitemap-") : -len(".xml")]))

    def sitemap(self) -> Page:
        """All pages; the parts instead when there are many."""
        with self.storage.read() as work:
            parts = self._parts(work)
            if not parts:
                spans = work.articles.spans(PART)
                articles = (found for span in spans for found in self._articles(work, span))
                return _urls([*self._lists(work), *articles])
        listed = ((self.site.base_url + sitemap_path(part), newest) for part, (_, newest) in parts.items())
        return _document("sitemapindex", "sitemap", listed)

    def part(self, number: int) -> Page | Absence:
        """One of the parts: lists, or articles by their numbers."""
        with self.storage.read() as work:
            listed = list(self._lists(work) if number == LISTS_PART else self._articles(work, number))
        return _urls(listed) if listed else Absence.UNKNOWN

    def _parts(self, work: UnitOfWork) -> dict[int, tuple[int, datetime | None]]:
        """How many pages each part has, and when one changed last; none when one document holds all."""
        spans: dict[int, tuple[int, datetime | None]] = {LISTS_PART: (len(list(self._lists(work))), None)}
        spans |= work.articles.spans(PART)
        return spans if sum(count for count, _ in spans.values()) > PART else {}

    def _articles(self, work: UnitOfWork, part: int) -> Listed:
        found = work.articles.in_span(PART, part)
        return ((self.site.base_url + quoted(ArticleAddress(number)), at) for number, at in found)

    def _lists(self, work: UnitOfWork) -> Listed:
        feeds = [
            Feed(slug="all", title=""),
            *work.feeds.all(),
            *map(newsletter_feed, work.newsletters.all()),
            *(source_feed(stored.source) for stored in work.sources.all()),
        ]
        paths = ["/", quoted(FeedsAddress()), *(quoted(ListAddress(feed.slug)) for feed in feeds), COLLECTOR_PATH]
        return ((self.site.base_url + path, None) for path in paths)


def _urls(listed: Listed) -> Page:
    return _document("urlset", "url", listed)


def _document(root: str, element: str, listed: Listed) -> Page:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_NAMESPACE}">']
    for address, at in listed:
        lastmod = f"<lastmod>{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if at else ""
        lines.append(f"<{element}><loc>{escape(address)}</loc>{lastmod}</{element}>")
    return Page(body="\n".join([*lines, f"</{root}>", ""]).encode(), media_type=_XML)
