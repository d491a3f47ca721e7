"""What articles can be had of an address that somebody pasted: feeds, the list on the page, news sitemaps.

The page is fetched once, and little else: a feed that the page names ends the search; else a few common places are
asked, and the sitemaps that robots.txt names. Nothing is stored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from publisher.domain.article import shorten
from publisher.domain.source import Rights, Source, SourceKind
from publisher.errors import AddressError
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, Gone, NotModified, Refused
from publisher.sources import dates, sitemap
from publisher.sources.feeds import drafts
from publisher.sources.feeds.drafts import FeedBytes
from publisher.sources.feeds.feed_values import NotAFeed
from publisher.sources.lists.detect import BEST, candidates
from publisher.sources.lists.listed import Line
from publisher.sources.pages import page, titles
from publisher.sources.pages.javascript import needs_javascript
from publisher.sources.sitemap import NotASitemap, SitemapDocument, SitemapLink
from publisher.sources.text import urls

COMMON = ("feed", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")
"""Where feeds stand that no page names, below the root of its host; the first that is one ends the search."""

_NAMED = 3
"""How many feeds that a page names are looked at."""

_SITEMAPS = 2
_FEED_TYPES = re.compile(r"application/(rss|atom|rdf|feed)\+(xml|json)|application/json|text/xml|application/xml")
_COMMENTS = re.compile(r"comments?\b|评论|/comments/", re.IGNORECASE)
_FEED_LINK = re.compile(r"(^|/)(feed|rss|atom)(/|\.xml|\.php|\.rdf|$)|\.rss$|\.atom$|feed\.json$", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_NEWS = re.compile(r"news|article|post|blog|latest|recent", re.IGNORECASE)
_ACCEPT = "text/html,application/xhtml+xml,application/atom+xml,application/rss+xml,*/*;q=0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSource:
    """A source that could be defined, and a sample of what it gives. `evidence` says how it was found; `score` tells
    how sure a listing is."""

    source: Source
    items: tuple[Line, ...]
    evidence: str
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What was found at an address, the best first; `notes` are sentences for the operator; `requests` is how many
    documents were asked for (robots.txt not counted where it is known already)."""

    url: str
    found: tuple[FoundSource, ...] = ()
    notes: tuple[str, ...] = ()
    requests: int = 1


@dataclass(slots=True)
class _Search:
    """One search on its way."""

    fetcher: Fetcher
    context: dates.Context
    zone: ZoneInfo
    name: str
    language: str | None = None
    title: str = ""
    requests: int = 0
    notes: list[str] = field(default_factory=list)
    refused: bool = False
    forbidden: str = ""
    """Why robots.txt forbids to read the given address as a page."""

    def given(self, url: str) -> Fetched:
        """Fetch the address that the operator gave. Where robots.txt forbids it, it may still be a feed or a sitemap,
        which are exempt when the operator names them. Raises AddressError."""
        result = self._ask(url, named=True)
        if isinstance(result, Refused) and result.forbidden:
            self.forbidden = result.reason
            result = self._ask(url, named=True, obey_robots=False)
        match result:
            case Fetched() as fetched:
                return fetched
            case Refused(reason):
                raise AddressError(url, reason)
            case Gone() | NotModified():
                raise AddressError(url, "it is gone (410)")

    def get(self, url: str) -> Fetched | None:
        """Fetch a further document; None when it can't be had, or the host wants rest."""
        if self.refused:
            return None
        result = self._ask(url)
        self.refused = isinstance(result, Refused) and (result.postponed or result.status == 429)
        return result if isinstance(result, Fetched) else None

    def _ask(self, url: str, *, named: bool = False, obey_robots: bool = True) -> FetchResult:
        self.requests += 1
        result = self.fetcher.fetch(FetchRequest(url=url, accept=_ACCEPT, obey_robots=obey_robots, named=named))
        if isinstance(result, Refused) and result.forbidden:
            self.requests -= 1
        return result

    def source(self, kind: SourceKind, url: str, **more: object) -> Source:
        """A definition to propose; what is found by itself may only be quoted."""
        return Source(
            name=self.name,
            kind=kind,
            url=url,
            title=self.title,
            language=self.language,
            timezone=self.zone.key,
            rights=Rights.QUOTE,
            **more,  # type: ignore[arg-type]
        )


def discover(url: str, fetcher: Fetcher, now: datetime, zone: ZoneInfo) -> Discovery:
    """Find what articles can be had of an address. Raises AddressError when it can't be fetched."""
    search = _Search(fetcher, dates.Context(now, zone), zone, name_for(url))
    fetched = search.given(url)
    search.name = name_for(fetched.url)
    itself = "the address itself"
    if (given := _as_feed(search, fetched, itself)) or (given := _as_sitemap(search, fetched, itself)):
        return Discovery(url=url, found=(given,), requests=search.requests)
    found = list(_on_page(search, fetched))
    return Discovery(url=url, found=tuple(found[:BEST]), notes=tuple(search.notes), requests=search.requests)


def name_for(url: str) -> str:
    """A name for a source at an address: of its host, and the first words of its path."""
    parts = urlsplit(url)
    host = re.sub(r"^(www|m|feeds?|rss|blog)\.(?=.+\.)", "", parts.hostname or "")
    host = host if re.fullmatch(r"[\d.:]+", host) else host.rpartition(".")[0] or host
    words = re.findall(r"[a-z0-9]+", f"{host} {parts.path}".lower())
    kept = [word for word in words if word not in ("index", "html", "htm", "php", "xml", "feed", "rss", "atom", "com")]
    return "-".join(kept[:5])[:40].strip("-") or "source"


def _on_page(search: _Search, fetched: Fetched) -> Iterator[FoundSource]:
    """What a page leads to: the feeds that it names; without those its list, and what stands in common places."""
    found = page.parse(fetched.body, fetched.url, fetched.charset)
    _describe(search, found)
    feeds = list(_named_feeds(search, found))
    lists = [] if search.forbidden else _lists(search, found, fetched.url)
    if not feeds:
        feeds = list(islice(_common_feeds(search, found), 1))
    # A feed is what a site publishes for us; without one, what it tells search engines of its news.
    maps = [] if feeds else list(_sitemaps(search, fetched.url))
    news = [one for one in maps if any(item.title for item in one.items)]
    yield from (*feeds, *news, *lists, *(one for one in maps if one not in news))
    if search.forbidden:
        search.notes.append(f"{search.forbidden}: the page itself can't be read as a listing")
    elif not lists and (why := needs_javascript(found)):
        search.notes.append(f"the page itself can't be read: {why}")
    elif not lists:
        search.notes.append("no list of articles was found on the page itself")


def _lists(search: _Search, found: page.Page, url: str) -> list[FoundSource]:
    """The lists on the page. One that only its JSON-LD names has no selectors: a listing reads it without."""
    lists = candidates(found, search.context)
    if any(not candidate.selectors for candidate in lists):
        search.notes.append(
            "the page's articles stand in its JSON-LD (ItemList), where no selectors reach: a source of kind listing "
            "reads them without"
        )
    return [
        FoundSource(
            source=search.source(SourceKind.LISTING, url, selectors=candidate.selectors),
            items=candidate.items,
            evidence="a list on the page" if candidate.selectors else "the ItemList in the page's JSON-LD",
            score=candidate.score,
        )
        for candidate in lists
    ]


def _describe(search: _Search, found: page.Page) -> None:
    """Title and language, as the page says them (OpenGraph, HTML)."""
    root = found.root
    site = page.attribute(root, ".//meta[@property='og:site_name']/@content")
    title = " ".join("".join(root.xpath(".//head/title[1]//text()")).split())
    search.title = shorten(site[0] if site else titles.without_site(title) or title, 80)
    language = (root.get("lang") or root.get("xml:lang") or "").strip().replace("_", "-")
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
        search.language = language
    kinds = page.attribute(root, ".//meta[@property='og:type']/@content")
    if "article" in kinds:
        search.notes.append("the page says that it is an article: the address of a page that lists articles finds more")


def _named_feeds(search: _Search, found: page.Page) -> Iterator[FoundSource]:
    """The feeds that a page names in its head (`rel=alternate`), those of comments last and only if there are no
    others."""
    named: dict[str, str] = {}
    for link in found.root.iter("link"):
        rel = (link.get("rel") or "").lower().split()
        url = urls.absolute(found.base, link.get("href"))
        if url and ("alternate" in rel or "feed" in rel) and _FEED_TYPES.match((link.get("type") or "").lower()):
            named.setdefault(url, link.get("title") or "")
    articles = [url for url, title in named.items() if not _COMMENTS.search(f"{title} {url}")]
    for url in (articles or list(named))[:_NAMED]:
        if (one := _fetched_feed(search, url, "named by the page")) is not None:
            yield one


def _common_feeds(search: _Search, found: page.Page) -> Iterator[FoundSource]:
    """Feeds that the page links to in its text, and those in common places."""
    if found.url is None:
        return
    host = urlsplit(found.url).hostname
    linked = dict.fromkeys(
        url
        for link in found.root.iter("a")
        if (url := urls.absolute(found.base, link.get("href")))
        and _FEED_LINK.search(urlsplit(url).path)
        and urlsplit(url).hostname == host
    )
    for url in list(linked)[:2]:
        if (of_page := _fetched_feed(search, url, "linked from the page")) is not None:
            yield of_page
    for name in COMMON:
        url = urljoin(found.url, f"/{name}")
        if url not in linked and (common := _fetched_feed(search, url, "at a common address")) is not None:
            yield common


def _fetched_feed(search: _Search, url: str, evidence: str) -> FoundSource | None:
    fetched = search.get(url)
    return _as_feed(search, fetched, evidence) if fetched is not None else None


def _as_feed(search: _Search, fetched: Fetched, evidence: str) -> FoundSource | None:
    """A document as a feed; None when it is none, or an empty one."""
    if fetched.body[:512].lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return None
    given = FeedBytes(fetched.body, fetched.url, fetched.charset)
    try:
        document = drafts.document_of(given)
    except NotAFeed:
        return None
    source = search.source(SourceKind.FEED, fetched.moved_to or fetched.url)
    language = document.language or ""
    if search.language is None and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
        source = replace(source, language=language)
    entries = drafts.entries_of(document, fetched.url, source, search.context)
    items = tuple(
        Line(url=entry.url, title=entry.content.title, published=entry.content.published) for entry in entries
    )
    return FoundSource(source=source, items=items, evidence=evidence) if items else None


def _sitemaps(search: _Search, url: str) -> Iterator[FoundSource]:
    """The sitemaps that robots.txt names (RFC 9309 knows them not, sitemaps.org does), those of news first."""
    fetched = search.get(urljoin(url, "/robots.txt"))
    if fetched is None:
        return
    text = fetched.body.decode("utf-8", "replace")
    named = [one for match in _SITEMAP_LINE.finditer(text) if (one := urls.absolute(url, match.group(1)))]
    for address in sorted(dict.fromkeys(named), key=lambda name: not _NEWS.search(name))[:_SITEMAPS]:
        document = search.get(address)
        if document is not None and (found := _as_sitemap(search, document, "a sitemap that robots.txt names")):
            yield found


def _as_sitemap(search: _Search, fetched: Fetched, evidence: str) -> FoundSource | None:
    """A document as a sitemap. An index is one itself, for parts come and go; only where a single part sounds like
    news among others, and bears no number, that one is meant."""
    document = _sitemap_of(search, fetched)
    if document is None:
        return None
    url = fetched.url
    if not document.urls and document.sitemaps:
        part = max(document.sitemaps, key=_newness)
        news = [link for link in document.sitemaps if _NEWS.search(urlsplit(link.url).path)]
        if len(news) == 1 < len(document.sitemaps) and not re.search(r"\d", urlsplit(news[0].url).path):
            part, url, evidence = news[0], news[0].url, f"{evidence}: the part of it that sounds like news"
        inner = search.get(part.url)
        document = _sitemap_of(search, inner) if inner is not None else None
    items = _newest(document) if document is not None else ()
    source = search.source(SourceKind.SITEMAP, url)
    return FoundSource(source=source, items=items, evidence=evidence) if items else None


def _sitemap_of(search: _Search, fetched: Fetched) -> SitemapDocument | None:
    try:
        return sitemap.parse(fetched.body, fetched.url, search.zone)
    except NotASitemap:
        return None


def _newness(link: SitemapLink) -> tuple[bool, str, bool, list[int]]:
    """An order of an index's parts in which the one with the newest articles is likely the last."""
    path = urlsplit(link.url).path
    numbers = [int(number) for number in re.findall(r"\d{1,9}", path)]
    return link.modified is not None, str(link.modified), bool(_NEWS.search(path)), numbers


def _newest(document: SitemapDocument) -> tuple[Line, ...]:
    dated = [one for one in document.urls if one.newest is not None]
    ordered: Sequence[sitemap.SitemapUrl] = sorted(dated, key=lambda one: str(one.newest), reverse=True)
    return tuple(
        Line(url=one.url, title=one.title, published=one.newest)
        for one in (ordered or document.urls)
        if urlsplit(one.url).path.strip("/")
    )
