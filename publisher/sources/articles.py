"""Article pages behind a feed or a listing: when to fetch one, and what becomes of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publisher.domain.addresses import same_page
from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.source import Source, SourceKind, Validators
from publisher.domain.stand_in import Kind, stand_in
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, Gone, NotModified, Reading, Refused
from publisher.sources import parts
from publisher.sources.dates import Context
from publisher.sources.entries import with_tags
from publisher.sources.extract import Extracted, extract
from publisher.sources.pages import page
from publisher.sources.pages.javascript import asks_for_a_browser, needs_javascript
from publisher.sources.text.selecting import BadSelector

PAGES_A_LOOK = 50
"""How many pages of one source are fetched at one look; the rest waits for the next."""

YOUNG = timedelta(hours=48)
"""So long after it was first seen an article is read again though nothing says that it changed."""

READ_AGAIN_AFTER = timedelta(hours=6)

NONE = Validators()
"""For a page that is wanted whatever it says."""

SOURCE_BYTES = 10 * 1024 * 1024
"""What a source itself may weigh; sitemaps may be larger."""

PAGE_BYTES = 4 * 1024 * 1024
"""Article pages are smaller; larger ones would keep the extractors busy for long."""

_LOCKED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_KEYS = "; if it is for its readers alone, give the source the headers or the cookie that let you in"

_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"
_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain", "")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that holds an article."""

    article: Extracted
    validators: Validators


@dataclass(frozen=True, slots=True)
class Unread:
    """A page that gave no article. `lasting` when asking again soon is of no use; `away` is the status of a page that
    is there no more (404, 410), whether the server says it or the page."""

    reason: str
    lasting: bool = False
    away: int | None = None


@dataclass(slots=True)
class Pages:
    """The pages of one look at a source: fetches them within the budget and remembers what failed."""

    source: Source
    fetcher: Fetcher
    now: datetime
    left: int = PAGES_A_LOOK
    articles: int = 0
    """How many articles were asked for."""

    problems: list[str] = field(default_factory=list)
    unfinished: bool = False
    """Whether something waits for the next look: then the source must be read then, even if it does not change."""
    missing: dict[str, int] = field(default_factory=dict)
    """Known articles by key whose pages are away, with the status."""

    def read(
        self, url: str, validators: Validators = NONE, *, otherwise: str = "", known: KnownArticle | None = None
    ) -> ReadPage | NotModified | Unread | None:
        """Fetch and extract one page; None when the budget is spent.

        `known` is the article that it held before. `otherwise` says what an article has if its page can't be read: the
        problem tells it, too.
        """
        if not self._may_ask():
            return None
        self.articles += 1
        outcome = self._read(url, validators)
        if isinstance(outcome, Unread):
            self.problems.append(f"{url}: {outcome.reason}" + (f", so {otherwise}" if otherwise else ""))
            self.unfinished = self.unfinished or not outcome.lasting
            if outcome.away and known is not None:
                self.missing[known.key] = outcome.away
        return outcome

    def document(self, url: str, accept: str) -> Fetched | Unread | None:
        """Fetch a page that is no article, out of the same budget; None when that is spent."""
        if not self._may_ask():
            return None
        match self.fetcher.fetch(FetchRequest(url=url, accept=accept, max_bytes=PAGE_BYTES)):
            case Fetched() as fetched:
                return fetched
            case Refused(reason, status, postponed=postponed):
                lasting = not postponed and (status or 500) < 500 and status != HTTPStatus.TOO_MANY_REQUESTS
                unread = Unread(reason, lasting=lasting)
            case _:
                unread = Unread("there is no such page any more", lasting=True)
        self.problems.append(f"{url}: {unread.reason}")
        return unread

    def _may_ask(self) -> bool:
        """Whether the budget has one page more, which is taken; if not, something waits for the next look."""
        if self.left <= 0:
            self.unfinished = True
            return False
        self.left -= 1
        return True

    def _read(self, url: str, validators: Validators) -> ReadPage | NotModified | Unread | None:
        request = FetchRequest(url=url, accept=_ACCEPT, validators=validators, max_bytes=PAGE_BYTES)
        match self.fetcher.fetch(request):
            case NotModified() as same:
                return same
            case Gone():
                return Unread("the server says 410 Gone", lasting=True, away=HTTPStatus.GONE)
            case Refused(reason, postponed=True):
                # Asking for the others is of no use before then: one line says so for all of them.
                self.left = 0
                return Unread(reason)
            case Refused(reason, status):
                temporary = (
                    status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or (status or 500) >= 500
                )
                away = status if status == HTTPStatus.NOT_FOUND else None
                return Unread(reason, lasting=not temporary, away=away)
            case Fetched() as fetched if _is_front_page(fetched.url) and not _is_front_page(url):
                return Unread("it leads to the front page", lasting=True, away=HTTPStatus.NOT_FOUND)
            case Fetched() as fetched:
                first = self._extracted(fetched)
                return self._continued(first) if isinstance(first, ReadPage) else first

    def _continued(self, first: ReadPage) -> ReadPage | None:
        """The article with its further pages, each of which counts like any other; what can't be read is told.

        None when the budget ends on the way: then the whole waits for the next look, unless it was the first of this.
        """
        found = [first.article]
        while (url := parts.next_page(found)) is not None:
            if not self._may_ask():
                if self.articles > 1:
                    return None
                break
            outcome = self._part(url)
            if isinstance(outcome, Unread):
                self.problems.append(f"{url}: {outcome.reason}, so {found[0].url} ends at page {len(found)}")
                self.unfinished = self.unfinished or not outcome.lasting
                break
            if parts.is_repeated(found, outcome):
                break
            found.append(outcome)
        return replace(first, article=parts.joined(found))

    def _part(self, url: str) -> Extracted | Unread:
        request = FetchRequest(url=url, accept=_ACCEPT, max_bytes=PAGE_BYTES)
        match self.fetcher.fetch(request):
            case Fetched() as fetched:
                part = self._extracted(fetched)
                return part.article if isinstance(part, ReadPage) else part
            case Refused(reason, status):
                return Unread(reason, lasting=status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR)
            case NotModified() | Gone():
                return Unread("the server gives no page", lasting=True)

    def _extracted(self, fetched: Fetched) -> ReadPage | Unread:
        if fetched.media_type not in _HTML_TYPES:
            return Unread(f"it is {fetched.media_type}, not a page", lasting=True)
        try:
            article = extract(
                fetched.body,
                fetched.url,
                charset=fetched.charset,
                zone=zone_of(self.source),
                now=self.now,
                selectors=self.source.selectors,
            )
        except BadSelector as error:
            raise SourceError(self.source.name, str(error)) from error
        if not article.text and not article.images:
            empty = needs_javascript(page.parse(fetched.body, fetched.url, fetched.charset))
            return Unread(empty or "no article was found on the page", lasting=True)
        if asks_for_a_browser(article.text):
            return Unread("it asks for JavaScript in place of an article", lasting=True)
        if (found := stand_in(article.title, article.text)) is not None:
            away = HTTPStatus.NOT_FOUND if found.kind is Kind.NOT_FOUND else None
            return Unread(f"the page {found.reason}", lasting=found.kind is not Kind.CHECK, away=away)
        article = replace(article, reservations=fetched.reservations | article.reservations)
        return ReadPage(article, fetched.validators)


class YoungPages:
    """The pages of young articles, which are read again now and then."""

    def __init__(self) -> None:
        # When a page last said 304: no entry tells of that, so it is remembered here, as long as it matters.
        self._same: dict[tuple[str, str], datetime] = {}

    def due(self, key: str, known: KnownArticle, pages: Pages) -> Validators | None:
        """With what to ask for a page again; None when its article is young no more, or was read lately."""
        read_at = max(known.read_at, self._same.get((pages.source.name, key), known.read_at))
        if pages.now - known.first_seen < YOUNG and pages.now - read_at > READ_AGAIN_AFTER:
            return Validators(known.etag, known.last_modified)
        return None

    def unchanged(self, key: str, pages: Pages) -> None:
        """Remember that a page said 304 at this look."""
        self._same = {name: at for name, at in self._same.items() if pages.now - at <= READ_AGAIN_AFTER}
        self._same[pages.source.name, key] = pages.now


def _is_front_page(url: str) -> bool:
    """Whether an address is a host's front page, or that of one language (`/en/`)."""
    page = same_page(url)
    return re.fullmatch(r"[^/?#]+(/[a-z]{2}(-[a-z]{2,4})?)?", page, re.IGNORECASE) is not None


def content_of(article: Extracted, source: Source, *, title: str = "") -> Content:
    """The content that a page alone makes."""
    return Content(
        title=article.title or title,
        authors=article.authors,
        tags=with_tags(article.tags, source),
        language=article.language or source.language,
        published=article.published,
        updated=article.updated,
        summary=article.summary,
        html=article.html,
        text=article.text,
        image=article.image,
        original_url=article.original_url,
        source=article.source,
        section=article.section,
        reservations=article.reservations,
    )


def entry_of(url: str, page: ReadPage, content: Content, hint: str) -> Entry:
    """The article that a page made, known by the address under which it is listed."""
    return Entry(
        key=url,
        url=url,
        content=content,
        canonical_url=page.article.canonical_url,
        validators_etag=page.validators.etag,
        validators_last_modified=page.validators.last_modified,
        hint=hint,
        evidence=page.article.evidence,
    )


def tags_or(content: Content, others: Sequence[str], source: Source) -> tuple[str, ...]:
    """The tags of a content; when it has none but its source's, others and these."""
    return content.tags if len(content.tags) > len(source.tags) else with_tags(others, source)


def zone_of(source: Source) -> ZoneInfo:
    """The zone that a source writes its dates in; raises SourceError when there is no such zone."""
    try:
        return ZoneInfo(source.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SourceError(source.name, f"timezone {source.timezone!r} is not known") from error


def context_of(source: Source, now: datetime) -> Context:
    """How the dates of a source are read."""
    return Context(now, zone_of(source), source.language)


def get(
    source: Source, fetcher: Fetcher, validators: Validators, accept: str, *, max_bytes: int = SOURCE_BYTES
) -> Fetched | NotModified:
    """Fetch a source's own address. A feed that its owner named is for machines: robots.txt is not asked about it.

    Raises SourceError.
    """
    request = FetchRequest(
        url=source.url,
        accept=accept,
        validators=validators,
        max_bytes=max_bytes,
        obey_robots=source.kind is not SourceKind.FEED,
        named=True,
    )
    match fetcher.fetch(request):
        case Fetched() | NotModified() as result:
            return result
        case Gone():
            raise SourceError(
                source.name, f"{source.url} is gone (410): remove it or change its url", status=410, gone=True
            )
        case Refused(reason, status, retry_after, postponed):
            raise SourceError(
                source.name,
                f"{source.url}: {reason}{_KEYS if status in _LOCKED else ''}",
                status=status,
                retry_after=retry_after,
                postponed=postponed,
            )


def unchanged(result: NotModified | Fetched) -> Reading:
    """What a 304 makes of a look, and a document that was read before."""
    return Reading(
        entries=(),
        listed=(),
        validators=result.validators,
        hints=result.hints,
        moved_to=result.moved_to,
        changed=False,
    )
