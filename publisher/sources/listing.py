"""HTML pages that list articles, without a feed: CSS selectors say where the lines are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lxml.html import HtmlElement

from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.source import Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles, page, selecting, urls
from publisher.sources.articles import READ_AGAIN_AFTER, YOUNG, Pages, ReadPage
from publisher.sources.dates import Context
from publisher.sources.extract import date_at, names_at, tags_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One article as the listing names it; fields it does not show are empty."""

    url: str
    title: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    date_text: str = ""

    @property
    def hint(self) -> str:
        """A fingerprint of what the line says."""
        return articles.fingerprint(self.title, self.date_text, self.summary, self.authors, self.tags)


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


def lines(listing: page.Page, source: Source, context: Context) -> list[Line]:
    """The articles of a listing in its order, each address once. Raises SourceError when `item` finds none."""
    selectors = source.selectors
    if not selectors.get("item", "").strip():
        raise SourceError(source.name, "a listing needs selectors = { item = … }: the CSS selector of one line")
    items = selecting.select(listing.root, selectors, "item")
    if not items:
        raise SourceError(source.name, f"selector item = {selectors['item']!r} matches nothing on {source.url}")
    found: dict[str, Line] = {}
    for item in items:
        line = _line(item, listing.base, selectors, context)
        if line is not None:
            found.setdefault(line.url, line)
    if not found:
        key = "link" if selectors.get("link") else "item"
        raise SourceError(source.name, f"selector {key} = {selectors[key]!r} finds no link on {source.url}")
    return list(found.values())


def _line(item: HtmlElement, base: str | None, selectors: Mapping[str, str], context: Context) -> Line | None:
    link = _link(item, selectors)
    url = urls.absolute(base, link.get("href")) if link is not None else None
    if link is None or url is None:
        return None
    title = selecting.first(item, selectors, "title")
    date = selecting.first(item, selectors, "date")
    moment = date_at(date, context)
    summary = selecting.first(item, selectors, "summary")
    return Line(
        url=urls.normalised(urls.untracked(url)),
        title=page.text_of(link if title is None else title),
        summary=page.text_of(summary) if summary is not None else "",
        authors=names_at(selecting.select(item, selectors, "author")),
        tags=tags_at(selecting.select(item, selectors, "tags")),
        published=moment.at if moment else None,
        # A relative date ("3 hours ago") changes by itself: it is no sign of an edit.
        date_text=page.text_of(date) if date is not None and moment is not None and moment.confidence >= 1 else "",
    )


def _link(item: HtmlElement, selectors: Mapping[str, str]) -> HtmlElement | None:
    """The item's link: what `link` matches (or the first link in it), else the item itself, else its first link."""
    if selectors.get("link", "").strip():
        chosen = selecting.first(item, selectors, "link")
        if chosen is None or chosen.get("href"):
            return chosen
        return chosen.find(".//a[@href]")
    return item if item.tag == "a" and item.get("href") else item.find(".//a[@href]")


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
