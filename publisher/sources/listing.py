"""HTML pages that list articles, without a feed: CSS selectors say where the lines are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.listing import OLDER_PAGES, ListingMemory, seen
from publisher.domain.source import Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles, dates
from publisher.sources.articles import Pages, ReadPage, YoungPages
from publisher.sources.lists.detect import Candidate, candidates
from publisher.sources.lists.healing import LOST, Chosen, choose
from publisher.sources.lists.listed import Line
from publisher.sources.lists.listed import read as read_lines
from publisher.sources.lists.paging import next_page
from publisher.sources.pages import page
from publisher.sources.text import selecting, urls

_ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.5"


def detect(
    html: bytes,
    url: str | None = None,
    *,
    charset: str | None = None,
    zone: dates.Zone = UTC,
    now: datetime | None = None,
) -> list[Candidate]:
    """Find the list of articles on a page without selectors: the best candidates, at most three, the best first.

    `url` is where the page was found (without one addresses stay as the page writes them), `charset` what HTTP said,
    `zone` that of its dates, `now` when it was collected: without it "3 hours ago" has no answer. Each candidate has
    its `items` (each with `title`, `url`, `published`), a `score`, and the `selectors` by which a source of kind
    `listing` reads the same items. An article's own page, and one without a list, gives none. Never raises.
    """
    return candidates(page.parse(html, urls.absolute(None, url), charset), dates.Context(now, zone))


def lines_by(source: Source, selectors: Mapping[str, str], fetcher: Fetcher, now: datetime) -> tuple[Line, ...]:
    """What some selectors find on a source's page as it is now. Raises SourceError when it can't be had."""
    result = articles.get(source, fetcher, Validators(), _ACCEPT)
    if isinstance(result, NotModified):
        return ()
    found = page.parse(result.body, result.url, result.charset)
    return read_lines(found, selectors, articles.context_of(source, now)).found


class ListingReader(SourceReader):
    """Reads listings. Selectors: `item`, and inside it `link`, `title`, `date`, `summary`, `author`, `tags`; `day` for
    headings that date the items below them; and `article_*` for the pages (see `extract`)."""

    def __init__(self) -> None:
        self._young = YoungPages()

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the listing, then the pages that are new or due, then one page of older articles while some are left.

        Without `item` the list is looked for, and what is found is remembered; so it is when a rule lost its list.
        """
        source = request.source
        result = articles.get(source, fetcher, request.validators, _ACCEPT)
        if isinstance(result, NotModified):
            return articles.unchanged(result)
        listing = page.parse(result.body, result.url, result.charset)
        chosen = _chosen(listing, request)
        if chosen.failure is not None:
            return Reading(entries=(), listed=(), listing=chosen.memory, notices=chosen.notices, failure=chosen.failure)
        pages = Pages(source, fetcher, request.now)
        wanted = set(request.wanted(line.url for line in chosen.lines))
        entries = self._entries([line for line in chosen.lines if line.url in wanted], request, pages)
        memory = _after(chosen, request, entries, listing)
        older = self._older(memory, chosen, request, pages)
        return Reading(
            entries=(*entries, *older.entries),
            listed=tuple(line.url for line in chosen.lines),
            # Without validators the next look gets the whole listing, and with it the pages that are left.
            validators=Validators() if pages.unfinished or older.memory.next_page else result.validators,
            hints=result.hints,
            problems=tuple(pages.problems),
            moved_to=result.moved_to,
            older=tuple(line.url for line in older.lines),
            listing=older.memory,
            notices=chosen.notices,
            missing=pages.missing,
        )

    def _entries(self, found: Sequence[Line], request: ReadRequest, pages: Pages) -> list[Entry]:
        """What is new or due of some lines."""
        known = request.known([line.url for line in found])
        return [entry for line in found if (entry := self._entry(line, known.get(line.url), pages)) is not None]

    def _older(self, memory: ListingMemory, chosen: Chosen, request: ReadRequest, pages: Pages) -> "_Older":
        """One page of older articles, as long as there are some and the look may read more pages.

        One that was not read to its end is read again at the next look.
        """
        url, most = memory.next_page, request.source.first_limit
        room = None if most is None else most - len(chosen.lines) - memory.older
        if url is None or memory.pages >= OLDER_PAGES or (room is not None and room <= 0):
            return _Older(replace(memory, next_page=None))
        fetched = pages.document(url, _ACCEPT)
        if fetched is None:
            return _Older(memory)
        if not isinstance(fetched, Fetched):
            return _Older(memory if not fetched.lasting else replace(memory, next_page=None))
        further = page.parse(fetched.body, fetched.url, fetched.charset)
        named = {line.url for line in chosen.lines} | request.passed
        found = read_lines(further, chosen.rule, articles.context_of(request.source, request.now)).found
        lines = [line for line in found if line.url not in named][:room]
        entries = self._entries(lines, request, pages)
        if pages.left <= 0 and pages.unfinished:
            return _Older(memory, lines, entries)
        follows = next_page(further) if lines else None
        read = replace(memory, next_page=follows, pages=memory.pages + 1, older=memory.older + len(lines))
        return _Older(replace(read, next_page=None) if read.pages >= OLDER_PAGES else read, lines, entries)

    def _entry(self, line: Line, known: KnownArticle | None, pages: Pages) -> Entry | None:
        """The article behind a line, when its page is new or due and could be read."""
        validators = self._validators(line, known, pages)
        if validators is None:
            return None
        match pages.read(line.url, validators, known=known):
            case ReadPage(article) as read:
                content = articles.content_of(article, pages.source, title=line.title)
                return articles.entry_of(line.url, read, _completed(content, line, pages.source), line.hint)
            case NotModified():
                self._young.unchanged(line.url, pages)
                return None
            case _:
                return None

    def _validators(self, line: Line, known: KnownArticle | None, pages: Pages) -> Validators | None:
        """With what to ask for a page; None when it need not be asked for.

        Asked for are new ones, those whose line says something else now, those that the last look found away, and
        young ones that were not read lately.
        """
        if known is None or known.hint != line.hint or (known.missing and known.gone_at is None):
            return articles.NONE
        return self._young.due(line.url, known, pages)


@dataclass(frozen=True, slots=True)
class _Older:
    """What a page of older articles gave, and what to remember after it."""

    memory: ListingMemory
    lines: Sequence[Line] = ()
    entries: Sequence[Entry] = ()


def _chosen(listing: page.Page, request: ReadRequest) -> Chosen:
    context = articles.context_of(request.source, request.now)
    try:
        return choose(listing, request.source, request.listing or ListingMemory(), request.known, context)
    except selecting.BadSelector as error:
        raise SourceError(request.source.name, str(error)) from error


def _after(chosen: Chosen, request: ReadRequest, entries: Sequence[Entry], listing: page.Page) -> ListingMemory:
    """What to remember of a look at the first page; the first look at all begins with the older ones."""
    named = {line.url for line in chosen.lines}
    stored = (request.known(list(named)).keys() & named) | {entry.url for entry in entries}
    memory = chosen.memory if chosen.notices.get(LOST) else seen(chosen.memory, len(named), len(stored))
    return replace(memory, next_page=next_page(listing)) if request.listing is None else memory


def _completed(content: Content, line: Line, source: Source) -> Content:
    """What the page leaves open, from the listing. The page's own date may be vague where the listing's is not."""
    return replace(
        content,
        title=content.title or line.title,
        authors=content.authors or line.authors,
        tags=articles.tags_or(content, line.tags, source),
        published=content.published or line.published,
        summary=content.summary or line.summary,
    )
