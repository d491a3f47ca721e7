"""Sources that are sitemaps: which documents of an index are read, and which pages behind them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.source import DocumentMemory, Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import (
    Fetched,
    Fetcher,
    FetchRequest,
    Gone,
    NotModified,
    Reading,
    ReadRequest,
    Refused,
    SourceReader,
)
from publisher.sources import articles, sitemap
from publisher.sources.articles import Pages, ReadPage, YoungPages
from publisher.sources.entries import fingerprint
from publisher.sources.sitemap import NotASitemap, SitemapDocument, SitemapLink, SitemapUrl
from publisher.sources.text import urls

DOCUMENTS_A_LOOK = 10
"""How many sitemaps of an index are read at one look; the rest waits for the next."""

DEPTH = 3
"""An index may name indexes, though the standard says no; this deep it is followed."""

MOST_DOCUMENTS = 2_000
"""How many sitemaps of one source are remembered."""

ACCEPT = "application/xml, text/xml;q=0.9, text/plain;q=0.8, application/gzip;q=0.8, */*;q=0.5"

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Documents:
    """The sitemaps of one look: reads those that may say something new, and remembers all."""

    source: Source
    fetcher: Fetcher
    now: datetime
    before: Mapping[str, DocumentMemory] | None
    left: int = field(default_factory=lambda: DOCUMENTS_A_LOOK)
    memory: dict[str, DocumentMemory] = field(default_factory=dict)
    pages: dict[str, SitemapUrl] = field(default_factory=dict)
    baseline: set[str] = field(default_factory=set)
    """Pages of documents that were there before and are read for the first time now."""
    seen: set[str] = field(default_factory=set)
    """Addresses of sitemaps that were read at this look: indexes may name each other in a circle."""
    problems: list[str] = field(default_factory=list)

    def take(self, document: SitemapDocument, depth: int, *, first_read: bool) -> None:
        """The pages of a document, and what it names."""
        if document.cut:
            self.problems.append(f"a sitemap breaks off or names more than {sitemap.MAX_URLS} addresses")
        for page in document.urls:
            key = urls.normalised(urls.untracked(page.url))
            if is_included(key, self.source.include, self.source.exclude):
                self.pages.setdefault(key, page)
                if first_read:
                    self.baseline.add(key)
        if document.sitemaps and depth >= DEPTH:
            self.problems.append(f"its indexes name indexes more than {DEPTH} levels deep")
            return
        self._follow(document.sitemaps, depth)

    def _follow(self, links: Sequence[SitemapLink], depth: int) -> None:
        for link in links:
            if link.url in self.memory or len(self.memory) < MOST_DOCUMENTS:
                self.memory.setdefault(link.url, DocumentMemory(link.lastmod))
        for link in sorted((link for link in links if link.url in self.memory), key=self._order):
            if urls.normalised(link.url) not in self.seen and self._is_due(link):
                if self.left <= 0 or len(self.pages) >= sitemap.MAX_URLS:
                    return
                self.left -= 1
                self._read(link, depth)

    def _of(self, url: str) -> DocumentMemory | None:
        return self.before.get(url) if self.before is not None else None

    def _order(self, link: SitemapLink) -> tuple[float, float]:
        """The newest first; of those that say no date, the one that was not read for longest."""
        modified = link.modified or _LONG_AGO
        known = self._of(link.url)
        read_at = known.read_at if known and known.read_at else _LONG_AGO
        return (-(modified - _LONG_AGO).total_seconds(), (read_at - _LONG_AGO).total_seconds())

    def _is_due(self, link: SitemapLink) -> bool:
        """Whether a document may say something new: unless its index says that it is as it was.

        One that was there at the first look and was not read then is old: it is read once it changes.
        """
        known = self._of(link.url)
        return known is None or not link.lastmod or known.lastmod != link.lastmod

    def _read(self, link: SitemapLink, depth: int) -> None:
        self.seen.add(urls.normalised(link.url))
        known = self._of(link.url)
        validators = known.validators if known else Validators()
        request = FetchRequest(url=link.url, accept=ACCEPT, validators=validators, max_bytes=sitemap.MAX_BYTES)
        match self.fetcher.fetch(request):
            case NotModified(validators=kept):
                self._remember(link, kept)
            case Fetched(url=url) as fetched if self._leads_back(link, url):
                # It leads to one that was read already, and so to the same.
                self._remember(link, fetched.validators)
            case Fetched() as fetched:
                self.seen.add(urls.normalised(fetched.url))
                try:
                    document = sitemap.parse(fetched.body, fetched.url, articles.zone_of(self.source))
                except NotASitemap as error:
                    self.problems.append(f"{link.url}: {error}")
                    return
                self._remember(link, fetched.validators)
                first_read = self.before is not None and known is not None and known.read_at is None
                self.take(document, depth + 1, first_read=first_read)
            case result:
                self.problems.append(f"{link.url}: {_refusal(result)}")

    def _leads_back(self, link: SitemapLink, url: str) -> bool:
        """Whether a redirect ended at a sitemap that was read at this look."""
        return url != link.url and urls.normalised(url) in self.seen - {urls.normalised(link.url)}

    def _remember(self, link: SitemapLink, validators: Validators) -> None:
        self.memory[link.url] = DocumentMemory(link.lastmod, validators, self.now)


class SitemapReader(SourceReader):
    """Reads sitemaps and indexes of them, then the pages that are new or changed, newest first.

    `include` and `exclude` of the source choose pages by their paths; selectors `article_*` are for the pages.
    """

    def __init__(self) -> None:
        self._young = YoungPages()

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the sitemap, then the pages that are new or whose `lastmod` moved."""
        source = request.source
        result = self._get(request, fetcher)
        if isinstance(result, NotModified):
            return articles.unchanged(result)
        try:
            document = sitemap.parse(result.body, result.url, articles.zone_of(source))
        except NotASitemap as error:
            raise SourceError(source.name, f"{source.url} is no sitemap: {error}") from error
        documents = _Documents(
            source,
            fetcher,
            request.now,
            request.documents,
            memory=dict(request.documents or {}),
            seen={urls.normalised(url) for url in (source.url, result.url)},
        )
        documents.take(document, 0, first_read=False)
        if not documents.pages and request.documents is None:
            raise SourceError(source.name, _nothing_in(document, documents, source))
        return self._reading(request, fetcher, result, documents)

    def _get(self, request: ReadRequest, fetcher: Fetcher) -> Fetched | NotModified:
        """The source's own address; of an index always the whole, for its parts may have changed without it."""
        validators = articles.NONE if request.documents else request.validators
        return articles.get(request.source, fetcher, validators, ACCEPT, max_bytes=sitemap.MAX_BYTES)

    def _reading(self, request: ReadRequest, fetcher: Fetcher, result: Fetched, documents: _Documents) -> Reading:
        found = sorted(documents.pages.items(), key=lambda item: item[1].newest or _LONG_AGO, reverse=True)
        listed = [key for key, _ in found]
        # What was passed over is most of a large sitemap, and nothing is known of it.
        wanted = request.wanted(listed)
        known = request.known(wanted)
        passed = {
            key
            for key in wanted
            if key in documents.baseline and key not in known and not _is_news(documents.pages[key], request)
        }
        pages = Pages(request.source, fetcher, request.now)
        entries = [
            entry
            for key in wanted
            if key not in passed
            and (entry := self._entry(key, documents.pages[key], known.get(key), pages)) is not None
        ]
        return Reading(
            entries=tuple(entries),
            listed=tuple(listed),
            validators=Validators() if pages.unfinished or documents.problems else result.validators,
            hints=result.hints,
            problems=(*documents.problems, *pages.problems),
            missing=pages.missing,
            moved_to=result.moved_to,
            passed=tuple(sorted(passed)),
            documents=documents.memory,
        )

    def _entry(self, key: str, page: SitemapUrl, known: KnownArticle | None, pages: Pages) -> Entry | None:
        """The article behind an address, when its page is new or due and could be read."""
        hint = fingerprint(page.lastmod, page.title, page.published)
        validators = self._validators(key, page, hint, known, pages)
        if validators is None:
            return None
        match pages.read(page.url, validators, known=known):
            case ReadPage(article) as read:
                content = articles.content_of(article, pages.source, title=page.title)
                return articles.entry_of(key, read, _completed(content, page, pages.source), hint)
            case NotModified():
                self._young.unchanged(key, pages)
                return None
            case _:
                return None

    def _validators(
        self, key: str, page: SitemapUrl, hint: str, known: KnownArticle | None, pages: Pages
    ) -> Validators | None:
        """With what to ask for a page; None when it need not be asked for.

        Asked for are new ones, those whose `lastmod` moved, which is a hint of an edit and no more, and, where a
        sitemap says no `lastmod`, young ones that were not read lately.
        """
        if known is None or known.hint != hint:
            return articles.NONE
        return None if page.lastmod else self._young.due(key, known, pages)


def _is_news(page: SitemapUrl, request: ReadRequest) -> bool:
    """Whether a page of a part that is read for the first time is younger than the sitemap's last look."""
    looks = [memory.read_at for memory in (request.documents or {}).values() if memory.read_at]
    return page.newest is not None and bool(looks) and page.newest > max(looks)


def _completed(content: Content, page: SitemapUrl, source: Source) -> Content:
    """The page's word, and where it says nothing the sitemap's. `lastmod` is no date of an article."""
    return replace(
        content,
        published=content.published or page.published,
        language=content.language or page.language,
        tags=articles.tags_or(content, page.keywords, source),
        image=content.image or next(iter(page.images), None),
    )


def is_included(url: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether an address passes patterns of paths: one that begins with a slash holds from the path's beginning, `*`
    stands for anything, and `$` at the end for the end, as in robots.txt. What is excluded is not included."""
    path = re.sub(r"^[a-z]+://[^/]*", "", url) or "/"
    if any(_pattern(text).search(path) for text in exclude):
        return False
    return not include or any(_pattern(text).search(path) for text in include)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    end = "$" if text.endswith("$") else ""
    middle = "[^\\n]*?".join(re.escape(part) for part in re.split(r"\*+", text.removesuffix("$")))
    return re.compile(("^" if text.startswith("/") else "") + middle + end)


def _nothing_in(document: SitemapDocument, documents: _Documents, source: Source) -> str:
    if documents.problems:
        return f"{source.url}: none of its sitemaps could be read, the first: {documents.problems[0]}"
    if document.sitemaps and not (source.include or source.exclude):
        return f"{source.url} is an index of sitemaps, but none of them names a page"
    if document.urls or document.sitemaps:
        return f"{source.url}: its include and exclude leave no page of it"
    return f"{source.url} is a sitemap without any address"


def _refusal(result: NotModified | Gone | Refused) -> str:
    match result:
        case Gone():
            return "the server says 410 Gone"
        case Refused(reason):
            return reason
        case NotModified():
            return "the server says 304 to a request without validators"
