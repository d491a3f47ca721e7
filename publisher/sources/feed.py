"""Feeds of every kind become entries: RSS, Atom, RDF, CDF by `xml_feed`, JSON Feed by `json_feed`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from http import HTTPStatus

from publisher.domain.article import Content, Enclosure, Entry, KnownArticle, shorten
from publisher.domain.source import Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles, dates
from publisher.sources.articles import Pages, ReadPage, Unread
from publisher.sources.extract import SUMMARY_COLUMNS, Extracted
from publisher.sources.feeds import json_feed, websub, xml_feed
from publisher.sources.feeds.feed_values import MARKUP, MAX_ITEMS, FeedDocument, FeedItem, NotAFeed
from publisher.sources.pages import sanitize
from publisher.sources.pages.languages import spoken
from publisher.sources.text import charset, urls

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
SHORT = 500
"""An entry with less text than this is a summary, and its page is asked for the whole."""

_SOURCE = re.compile(r'<img\b[^>]*? src="([^"]+)"')


class FeedReader(SourceReader):
    """Reads feeds, and the pages of new entries that give only a summary (where the source asks for full text)."""

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the feed. Entries that are known and say what they said are left out."""
        source = request.source
        result = articles.get(source, fetcher, request.validators, ACCEPT)
        if isinstance(result, NotModified):
            return articles.unchanged(result)
        document = _document(result, source)
        context = articles.context_of(source, request.now)
        identified = request.identify(list(entries_of(document, result.url, source, context)))
        pages = Pages(source, fetcher, request.now)
        listed = {named.entry.key: named for named in identified.entries}
        wanted = (listed[key] for key in request.wanted(listed))
        entries = [_titled(found) for named in wanted if (found := _decided(named.entry, named.known, pages))]
        hub, topic = websub.declared(result.headers, result.url, document.hub, document.topic)
        return Reading(
            entries=tuple(entries),
            listed=tuple(listed),
            hub=hub,
            topic=topic,
            guids=identified.guids,
            validators=Validators() if pages.unfinished else result.validators,
            hints=replace(result.hints, ttl=document.ttl, skip_hours=document.skip_hours, skip_days=document.skip_days),
            problems=(*_left_out(document), *pages.problems),
            # A feed that goes on listing an article knows better than a 404 of its page.
            missing={key: status for key, status in pages.missing.items() if status == HTTPStatus.GONE},
            moved_to=result.moved_to,
            reservations=result.reservations,
        )


def entries_of(document: FeedDocument, url: str, source: Source, context: dates.Context) -> Sequence[Entry]:
    """What a feed at an address says of each entry, from the feed alone."""
    found = [(item, _draft(item, document, url, source, context)) for item in document.items]
    # An item that says nothing and leads nowhere is a mistake of its feed.
    return [entry for item, entry in found if entry.content.title or entry.content.text or item.link]


def _left_out(document: FeedDocument) -> list[str]:
    if not document.left:
        return []
    return [f"it lists {document.left + MAX_ITEMS:,} entries, of which the first {MAX_ITEMS:,} were read"]


def _decided(draft: Entry, known: KnownArticle | None, pages: Pages) -> Entry | None:
    """What to return of an entry: nothing when it is known and unchanged, so that a full text stays."""
    if known is not None and known.hint == draft.hint:
        return None
    wants_page = pages.source.full_text and len(draft.content.text) < SHORT and draft.url.startswith("http")
    if not wants_page or draft.url == pages.source.url:
        return draft
    otherwise = "it keeps the text it has" if _is_settled(known) else "its text is the feed's own"
    match pages.read(draft.url, otherwise=otherwise, known=known):
        case ReadPage(article) as page:
            return (
                _with_page(draft, page, pages.source)
                if len(article.text) > len(draft.content.text)
                else replace(draft, content=replace(draft.content, reservations=article.reservations))
            )
        case Unread(_, lasting):
            return _without_page(draft, known, pages, lasting=lasting)
        case None:
            return None
        case _:
            return draft


def _with_page(draft: Entry, page: ReadPage, source: Source) -> Entry:
    """An entry with the text of its page."""
    return replace(
        draft,
        content=_completed(draft.content, page.article, source),
        canonical_url=page.article.canonical_url,
        validators_etag=page.validators.etag,
        validators_last_modified=page.validators.last_modified,
        evidence={**page.article.evidence, **draft.evidence},
    )


def _is_settled(known: KnownArticle | None) -> bool:
    """Whether an article has the text that it shall have: an empty hint says that its page is still wanted."""
    return known is not None and bool(known.hint)


def _titled(entry: Entry) -> Entry:
    """An entry without a title is called by how it begins, else by its address."""
    content = entry.content
    if content.title:
        return entry
    return replace(entry, content=replace(content, title=shorten(content.text or entry.url, 80)))


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
        tags=articles.tags_or(content, article.tags, source),
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
        reservations=article.reservations,
    )


def document_of(result: Fetched) -> FeedDocument:
    """The feed in a document, of whatever kind. Raises NotAFeed."""
    text = charset.decode(result.body, result.charset).text
    if not text.strip():
        raise NotAFeed("it is empty")
    if text.lstrip().startswith(("{", "[")):
        return json_feed.parse(text, result.url)
    return xml_feed.parse(text)


def _document(result: Fetched, source: Source) -> FeedDocument:
    try:
        return document_of(result)
    except NotAFeed as error:
        raise SourceError(source.name, f"{source.url} is no feed: {error}") from error


def _draft(item: FeedItem, document: FeedDocument, feed_url: str, source: Source, context: dates.Context) -> Entry:
    """An entry from the feed alone."""
    home = urls.absolute(feed_url, document.link) or feed_url
    base = urls.absolute(home, item.base) or home
    link = urls.absolute(base, item.link)
    link = urls.untracked(link) if link else None
    markup = sanitize.clean(item.html, base, link)
    text = sanitize.clean_to_text(markup)
    published, updated = (dates.parse(value, context) for value in (item.published, item.updated))
    if published is None:
        published, updated = updated, None
    content = Content(
        title=plain(item.title),
        authors=_plain_all(item.authors),
        tags=articles.with_tags(_plain_all(item.tags), source),
        language=spoken(item.language or document.language or source.language, text or item.title),
        published=published.at if published else None,
        updated=updated.at if updated and (published is None or updated.at > published.at) else None,
        summary=shorten(plain(item.summary) or text, SUMMARY_COLUMNS),
        html=markup,
        text=text,
        image=_image(item, markup, base),
        enclosures=tuple(_absolute(item.enclosures, base)),
    )
    key = item.id or (urls.normalised(link) if link else articles.fingerprint(content.fingerprint()))
    given = ("title", "authors", "published", "updated", "summary", "image")
    return Entry(
        key=key,
        url=link or home,
        content=content,
        # The address counts too: it is what a reader follows.
        hint=articles.fingerprint(link, content.fingerprint()),
        evidence={name: "feed" for name in given if getattr(content, name)},
    )


def _plain_all(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in map(plain, texts) if text))


def _image(item: FeedItem, markup: str, base: str) -> str | None:
    for image in item.images:
        if url := urls.absolute(base, image):
            return url
    # The markup is ours by now: each value stands between double quotes.
    found = _SOURCE.search(markup)
    return unescape(found[1]) if found else None


def _absolute(enclosures: tuple[Enclosure, ...], base: str) -> Iterator[Enclosure]:
    for enclosure in enclosures:
        if url := urls.absolute(base, enclosure.url):
            yield replace(enclosure, url=url)


def plain(markup: str) -> str:
    """A short text of a feed on one line: as it stands when it holds no markup, else what a reader would see."""
    if MARKUP.search(markup):
        markup = sanitize.to_text(markup)
        # Doubly escaped titles are common: &amp;quot; has become &quot; by now.
        markup = unescape(markup) if MARKUP.search(markup) else markup
    return charset.one_line(markup)
