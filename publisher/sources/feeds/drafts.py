"""From the bytes of a feed to what each of its entries says, from the feed alone: pure work, whoever does it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape

from publisher.domain.article import Content, Enclosure, Entry, shorten
from publisher.domain.source import Source
from publisher.sources import dates
from publisher.sources.entries import SUMMARY_COLUMNS, fingerprint, with_tags
from publisher.sources.feeds import json_feed, xml_feed
from publisher.sources.feeds.feed_values import MARKUP, FeedDocument, FeedItem, NotAFeed
from publisher.sources.pages import sanitize
from publisher.sources.pages.languages import spoken
from publisher.sources.text import charset, urls

_SOURCE = re.compile(r'<img\b[^>]*? src="([^"]+)"')


@dataclass(frozen=True, slots=True)
class FeedBytes:
    """A document as a server gave it; `charset` is what its header declares."""

    body: bytes
    url: str
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a feed says: its entries, and the rest of it (without its items)."""

    entries: tuple[Entry, ...]
    feed: FeedDocument


def read(given: FeedBytes, source: Source, context: dates.Context, *, to_store: bool) -> Drafts:
    """The feed in a document; with what storing its entries takes, where most of them will be. Raises NotAFeed."""
    document = document_of(given)
    entries = entries_of(document, given.url, source, context)
    if to_store:
        for entry in entries:
            entry.work_out()
    return Drafts(tuple(entries), replace(document, items=()))


def document_of(given: FeedBytes) -> FeedDocument:
    """The feed in a document, of whatever kind. Raises NotAFeed."""
    text = charset.decode(given.body, given.charset).text
    if not text.strip():
        raise NotAFeed("it is empty")
    if text.lstrip().startswith(("{", "[")):
        return json_feed.parse(text, given.url)
    return xml_feed.parse(text)


def entries_of(document: FeedDocument, url: str, source: Source, context: dates.Context) -> Sequence[Entry]:
    """What a feed at an address says of each entry, from the feed alone."""
    found = [(item, _draft(item, document, url, source, context)) for item in document.items]
    # An item that says nothing and leads nowhere is a mistake of its feed.
    return [entry for item, entry in found if entry.content.title or entry.content.text or item.link]


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
        tags=with_tags(_plain_all(item.tags), source),
        language=spoken(item.language or document.language or source.language, text or item.title),
        published=published.at if published else None,
        updated=updated.at if updated and (published is None or updated.at > published.at) else None,
        summary=shorten(plain(item.summary) or text, SUMMARY_COLUMNS),
        html=markup,
        text=text,
        image=_image(item, markup, base),
        enclosures=tuple(_absolute(item.enclosures, base)),
    )
    key = item.id or (urls.normalised(link) if link else fingerprint(content.fingerprint()))
    given = ("title", "authors", "published", "updated", "summary", "image")
    return Entry(
        key=key,
        url=link or home,
        content=content,
        # The address counts too: it is what a reader follows.
        hint=fingerprint(link, content.fingerprint()),
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
