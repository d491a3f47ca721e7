"""HTML pages that list articles, without a feed: CSS selectors say where the lines are."""

from dataclasses import replace
from datetime import UTC, datetime

from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.source import Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles, dates, page, selecting
from publisher.sources.articles import READ_AGAIN_AFTER, YOUNG, Pages, ReadPage
from publisher.sources.dates import Context
from publisher.sources.detect import Candidate, candidates
from publisher.sources.listed import Line
from publisher.sources.listed import read as read_lines


def detect(
    html: bytes,
    url: str | None = None,
    *,
    charset: str | None = None,
    zone: dates.Zone = UTC,
    now: datetime | None = None,
) -> list[Candidate]:
    """Find the list of articles on a page without selectors: the best candidates, at most three, the best first.

    `url` is where the page was found (without it addresses stay as the page writes them), `charset` what HTTP said,
    `zone` that of its dates, `now` when it was collected: without it "3 hours ago" has no answer. Each candidate has
    its `items` (each with `title`, `url`, `published`), a `score`, and the `selectors` by which a source of kind
    `listing` reads the same items. An article's own page, and one without a list, gives none. Never raises.
    """
    return candidates(page.parse(html, url, charset), dates.Context(now, zone))


class ListingReader(SourceReader):
    """Reads listings. Selectors: `item` (needed), `link`, `title`, `date`, `summary`, `author`, `tags` inside an item,
    and `article_*` for the pages (see `extract`)."""

    def __init__(self) -> None:
        # When a page last said 304: no entry tells of that, so it is remembered here, as long as it matters.
        self._same: dict[tuple[str, str], datetime] = {}

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the listing, then the pages that are new or due."""
        source = request.source
        result = articles.get(source, fetcher, request.validators, "text/html,application/xhtml+xml,*/*;q=0.5")
        if isinstance(result, NotModified):
            return articles.unchanged(result)
        listing = page.parse(result.body, result.url, result.charset)
        try:
            found = lines(listing, source, articles.context_of(source, request.now))
        except selecting.BadSelector as error:
            raise SourceError(source.name, str(error)) from error
        pages = Pages(source, fetcher, request.now)
        known = request.known([line.url for line in found])
        wanted = set(request.wanted(line.url for line in found))
        entries = [
            entry
            for line in found
            if line.url in wanted and (entry := self._entry(line, known.get(line.url), pages)) is not None
        ]
        return Reading(
            entries=tuple(entries),
            listed=tuple(line.url for line in found),
            # Without validators the next look gets the whole listing, and with it the pages that are left.
            validators=Validators() if pages.unfinished else result.validators,
            hints=result.hints,
            problems=tuple(pages.problems),
            missing=pages.missing,
            moved_to=result.moved_to,
        )

    def _entry(self, line: Line, known: KnownArticle | None, pages: Pages) -> Entry | None:
        """The article behind a line, when its page is new or due and could be read."""
        validators = self._validators(line, known, pages)
        if validators is None:
            return None
        match pages.read(line.url, validators, known=known):
            case ReadPage(article, validators):
                return Entry(
                    key=line.url,
                    url=line.url,
                    content=_completed(
                        articles.content_of(article, pages.source, title=line.title), line, pages.source
                    ),
                    canonical_url=article.canonical_url,
                    validators_etag=validators.etag,
                    validators_last_modified=validators.last_modified,
                    hint=line.hint,
                    evidence=article.evidence,
                )
            case NotModified():
                self._same = {name: at for name, at in self._same.items() if pages.now - at <= READ_AGAIN_AFTER}
                self._same[pages.source.name, line.url] = pages.now
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
        read_at = max(known.read_at, self._same.get((pages.source.name, line.url), known.read_at))
        if pages.now - known.first_seen < YOUNG and pages.now - read_at > READ_AGAIN_AFTER:
            return articles.validators_of(known)
        return None


def lines(listing: page.Page, source: Source, context: Context) -> tuple[Line, ...]:
    """The articles of a listing in its order, each address once. Raises SourceError when `item` finds none."""
    selectors = source.selectors
    if not selectors.get("item", "").strip():
        raise SourceError(source.name, "a listing needs selectors = { item = … }: the CSS selector of one line")
    found = read_lines(listing, selectors, context)
    if not found.matched:
        raise SourceError(source.name, f"selector item = {selectors['item']!r} matches nothing on {source.url}")
    if not found.found:
        key = "link" if selectors.get("link") else "item"
        raise SourceError(source.name, f"selector {key} = {selectors[key]!r} finds no link on {source.url}")
    return found.found


def _completed(content: Content, line: Line, source: Source) -> Content:
    """What the page leaves open, from the listing. The page's own date may be vague where the listing's is not."""
    return replace(
        content,
        title=content.title or line.title,
        authors=content.authors or line.authors,
        tags=content.tags if len(content.tags) > len(source.tags) else articles.with_tags(line.tags, source),
        published=content.published or line.published,
        summary=content.summary or line.summary,
    )
