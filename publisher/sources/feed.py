"""Feeds of every kind: RSS, Atom, RDF and older ones by feedparser, JSON Feed by our own reader.

feedparser is the tolerant reader: its sanitiser and address resolution are off, nh3 and `urls` do that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from io import BytesIO

import feedparser

from publisher.domain.article import Content, Enclosure, Entry, KnownArticle, shorten
from publisher.domain.source import HINT_LIMIT, Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles, charset, dates, json_feed, sanitize, urls
from publisher.sources.articles import Pages, ReadPage, Unread
from publisher.sources.extract import SUMMARY_COLUMNS, Extracted, spoken
from publisher.sources.feed_values import FeedDocument, FeedItem
from publisher.sources.json_feed import NotAFeed

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
SHORT = 500
"""An entry with less text than this is a summary, and its page is asked for the whole."""

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}


class FeedReader(SourceReader):
    """Reads feeds, and the pages of new entries that give only a summary (where the source asks for full text)."""

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the feed. Entries that are known and say what they said are left out."""
        source = request.source
        result = articles.get(source, fetcher, request.validators, ACCEPT)
        if isinstance(result, NotModified):
            return Reading(entries=(), listed=(), validators=result.validators, hints=result.hints, changed=False)
        document = _document(result, source)
        context = articles.context_of(source, request.now)
        drafts: dict[str, Entry] = {}
        for item in document.items:
            entry = _draft(item, document, result.url, source, context)
            # An item that says nothing and leads nowhere is a mistake of its feed.
            if entry.content.title or entry.content.text or item.link:
                drafts.setdefault(entry.key, entry)
        known = request.known(list(drafts))
        pages = Pages(source, fetcher, request.now)
        entries = [_titled(found) for key, draft in drafts.items() if (found := _decided(draft, known.get(key), pages))]
        return Reading(
            entries=tuple(entries),
            listed=tuple(drafts),
            validators=Validators() if pages.unfinished else result.validators,
            hints=replace(result.hints, ttl=document.ttl),
            problems=tuple(pages.problems),
            moved_to=result.moved_to,
            reservations=result.reservations,
        )


def _decided(draft: Entry, known: KnownArticle | None, pages: Pages) -> Entry | None:
    """What to return of an entry: nothing when it is known and unchanged, so that a full text stays."""
    if known is not None and known.hint == draft.hint:
        return None
    wants_page = pages.source.full_text and len(draft.content.text) < SHORT and draft.url.startswith("http")
    if not wants_page or draft.url == pages.source.url:
        return draft
    otherwise = "it keeps the text it has" if _is_settled(known) else "its text is the feed's own"
    match pages.read(draft.url, otherwise=otherwise):
        case ReadPage(article, validators) if len(article.text) > len(draft.content.text):
            return replace(
                draft,
                content=_completed(draft.content, article, pages.source),
                canonical_url=article.canonical_url,
                validators_etag=validators.etag,
                validators_last_modified=validators.last_modified,
                evidence=article.evidence,
            )
        case Unread(_, lasting):
            return _without_page(draft, known, pages, lasting=lasting)
        case None:
            return None
        case _:
            return draft


def _is_settled(known: KnownArticle | None) -> bool:
    """Whether an article has the text that it shall have: an empty hint says that its page is still wanted."""
    return known is not None and bool(known.hint)


def _titled(entry: Entry) -> Entry:
    """An entry without a title is called by how it begins, else by its address."""
    content = entry.content
    return replace(entry, content=replace(content, title=content.title or shorten(content.text or entry.url, 80)))


def _without_page(draft: Entry, known: KnownArticle | None, pages: Pages, *, lasting: bool) -> Entry | None:
    """An entry whose page failed is its summary, and (for a while) its page is tried again at the next look.

    An empty hint says so: it never equals what the feed says. One that has its full text keeps it.
    """
    if _is_settled(known):
        return None
    young = known is None or pages.now - known.first_seen < articles.YOUNG
    return replace(draft, hint="") if young and not lasting else draft


def _completed(content: Content, article: Extracted, source: Source) -> Content:
    """The feed's word on everything but the text; the page fills what the feed leaves open."""
    return replace(
        content,
        title=content.title or article.title,
        authors=content.authors or article.authors,
        tags=content.tags if len(content.tags) > len(source.tags) else articles.with_tags(article.tags, source),
        language=article.language or content.language,
        published=content.published or article.published,
        updated=content.updated or article.updated,
        summary=content.summary or article.summary,
        html=article.html,
        text=article.text,
        image=content.image or article.image,
        original_url=article.original_url,
        source=content.source or article.source,
        section=article.section,
    )


def _document(result: Fetched, source: Source) -> FeedDocument:
    text = charset.decode(result.body, result.charset).text
    try:
        if text.lstrip().startswith(("{", "[")):
            return json_feed.parse(text, result.url)
        return parse_xml(text)
    except NotAFeed as error:
        raise SourceError(source.name, f"{source.url} is no feed: {error}") from error


def _draft(item: FeedItem, document: FeedDocument, feed_url: str, source: Source, context: dates.Context) -> Entry:
    """An entry from the feed alone."""
    home = urls.absolute(feed_url, document.link) or feed_url
    base = urls.absolute(home, item.base) or home
    link = urls.absolute(base, item.link)
    link = urls.untracked(link) if link else None
    markup = sanitize.clean(item.html, base)
    summary = plain(item.summary)
    if not markup and item.summary:
        markup = sanitize.clean(item.summary, base)
    text = sanitize.to_text(markup)
    published, updated = (dates.parse(value, context) for value in (item.published, item.updated))
    if published is None:
        published, updated = updated, None
    content = Content(
        title=plain(item.title),
        authors=tuple(dict.fromkeys(plain(author) for author in item.authors if plain(author))),
        tags=articles.with_tags(tuple(dict.fromkeys(plain(tag) for tag in item.tags if plain(tag))), source),
        language=spoken(item.language or document.language or source.language, text or item.title),
        published=published.at if published else None,
        updated=updated.at if updated and (published is None or updated.at > published.at) else None,
        summary=shorten(summary or text, SUMMARY_COLUMNS),
        html=markup,
        text=text,
        image=_image(item, markup, base),
        enclosures=tuple(_absolute(item.enclosures, base)),
    )
    key = item.id or (urls.normalised(link) if link else articles.fingerprint(content.fingerprint()))
    # The address counts too: it is what a reader follows.
    return Entry(key=key, url=link or home, content=content, hint=articles.fingerprint(link, content.fingerprint()))


def _image(item: FeedItem, markup: str, base: str) -> str | None:
    for image in item.images:
        if url := urls.absolute(base, image):
            return url
    if "<img" not in markup:
        return None
    return next((image.get("src") for image in sanitize.parse_fragment(markup).iter("img") if image.get("src")), None)


def _absolute(enclosures: tuple[Enclosure, ...], base: str) -> Iterator[Enclosure]:
    for enclosure in enclosures:
        if url := urls.absolute(base, enclosure.url):
            yield replace(enclosure, url=url)


def plain(markup: str) -> str:
    """A short text of a feed on one line: as it stands when it holds no markup, else what a reader would see."""
    if _MARKUP.search(markup):
        markup = sanitize.to_text(markup)
        # Doubly escaped titles are common: &amp;quot; has become &quot; by now.
        markup = unescape(markup) if _MARKUP.search(markup) else markup
    return " ".join(charset.printable(markup).split())


# --- feedparser --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parsed:
    """An entry (or the feed) of feedparser: a dict that guesses when a key is missing, which we don't want."""

    values: dict[str, object]

    def get(self, key: str) -> object:
        return dict.get(self.values, key)

    def text(self, key: str) -> str:
        value = self.get(key)
        return value.strip() if isinstance(value, str) else ""

    def list(self, key: str) -> list["_Parsed"]:
        value = self.get(key)
        return [_Parsed(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    def inner(self, key: str) -> "_Parsed":
        value = self.get(key)
        return _Parsed(value if isinstance(value, dict) else {})


def parse_xml(text: str) -> FeedDocument:
    """Read RSS, Atom, RDF, CDF; raises NotAFeed for what is none of them."""
    # The text is decoded already; what its declaration says of bytes is true no more.
    data = _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    # Without the feed's address: feedparser would make ids absolute, and they would change when the feed moves.
    headers = {"content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    if not parsed.get("version") and not parsed.get("entries"):
        what = (
            "an HTML page"
            if re.search(r"<(!doctype\s+)?html", text[:2000], re.IGNORECASE)
            else "no XML of a known kind"
        )
        raise NotAFeed(f"it is {what}")
    feed = _Parsed(parsed.feed)
    author = tuple(_people(feed))
    items = [_item(_Parsed(entry), author) for entry in parsed.entries]
    return FeedDocument(
        items=tuple(items), language=feed.text("language") or None, link=feed.text("link") or None, ttl=_ttl(feed)
    )


def _item(entry: _Parsed, feed_authors: tuple[str, ...]) -> FeedItem:
    content = max(entry.list("content"), key=lambda part: len(part.text("value")), default=_Parsed({}))
    detail = entry.inner("summary_detail")
    base = content.text("base") or detail.text("base") or entry.inner("title_detail").text("base")
    return FeedItem(
        id=entry.text("id"),
        link=entry.text("link") or next((link.text("href") for link in entry.list("links")), ""),
        title=_markup(entry.inner("title_detail"), entry.text("title")),
        authors=tuple(_people(entry)) or feed_authors,
        tags=tuple(tag.text("label") or tag.text("term") for tag in entry.list("tags")),
        language=content.text("language") or None,
        published=entry.text("published") or entry.text("created"),
        updated=entry.text("updated"),
        summary=_markup(detail, entry.text("summary")),
        html=_markup(content, content.text("value")),
        base=base,
        images=tuple(_images(entry)),
        enclosures=tuple(_enclosures(entry)),
    )


def _markup(detail: _Parsed, value: str) -> str:
    """The value as HTML: plain text is escaped, so that `a < b` survives."""
    if detail.text("type") != "text/plain" or _MARKUP.search(value):
        return value
    return json_feed.paragraphs(value) if "\n\n" in value else value.replace("<", "&lt;")


def _people(thing: _Parsed) -> Iterator[str]:
    for author in thing.list("authors") or [thing.inner("author_detail")]:
        if name := author.text("name"):
            yield re.sub(r"^\S+@\S+\s*\((.+)\)$", r"\1", name)


def _enclosed(entry: _Parsed) -> list[_Parsed]:
    return [link for link in entry.list("links") if link.text("rel") == "enclosure"]


def _images(entry: _Parsed) -> Iterator[str]:
    for media in entry.list("media_content"):
        if media.text("medium") == "image" or media.text("type").startswith("image/"):
            yield media.text("url")
    for media in entry.list("media_thumbnail"):
        yield media.text("url")
    for enclosure in _enclosed(entry):
        if enclosure.text("type").startswith("image/"):
            yield enclosure.text("href")
    yield entry.inner("image").text("href")


def _enclosures(entry: _Parsed) -> Iterator[Enclosure]:
    for enclosure in _enclosed(entry):
        if href := enclosure.text("href"):
            length = enclosure.text("length")
            yield Enclosure(href, enclosure.text("type"), int(length[:15]) if re.fullmatch(r"[0-9]+", length) else 0)


def _ttl(feed: _Parsed) -> timedelta | None:
    """RSS `ttl` in minutes, or the syndication module's period divided by its frequency."""
    ttl = feed.text("ttl")
    if re.fullmatch(r"[0-9]{1,6}", ttl):
        return min(timedelta(minutes=int(ttl)), HINT_LIMIT)
    hours = _PERIODS.get(feed.text("sy_updateperiod").lower())
    if hours is None:
        return None
    frequency = feed.text("sy_updatefrequency")
    times = int(frequency[:4]) if re.fullmatch(r"[1-9][0-9]*", frequency) else 1
    return min(timedelta(hours=hours) / times, HINT_LIMIT)
