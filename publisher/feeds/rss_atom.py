"""RSS 2.0 and Atom 1.0, by feedgen: its only importer, and the place where its traps are mended.

Each mend has a test that shows feedgen alone falling into the trap, so that a mend which a new feedgen makes
needless is noticed.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.feeds.clean import line
from publisher.feeds.item import Credit, Item, clean_channel, items
from publisher.pipeline.ports import Channel

_GENERATOR = "publisher"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_HISTORY = "http://purl.org/syndication/history/1.0"
_SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_CREATOR, _DC_LANGUAGE, _MEDIA_CONTENT = f"{{{_DC}}}creator", f"{{{_DC}}}language", f"{{{_MEDIA}}}content"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_HOST = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/|$)", re.IGNORECASE)
_MEDIA_TYPE = {FeedFormat.RSS: "application/rss+xml", FeedFormat.ATOM: "application/atom+xml"}


def _rfc2822(moment: datetime) -> str:
    """A date for RSS. feedgen's own calls `setlocale`, which belongs to the whole process, not to a thread."""
    return format_datetime(moment)


feedgen.feed.formatRFC2822 = _rfc2822
feedgen.entry.formatRFC2822 = _rfc2822


class _Entry(FeedEntry):  # type: ignore[misc]
    """An entry that says all that its item holds, where feedgen has no word for it, loses it or is slow.

    In Atom links keep their attributes and the source is complete (RFC 4287, section 4.2.11). In RSS there are authors
    without address, all files, and the link to the original, which RSS has no element for.
    """

    item: Item
    language: str | None = None
    """The item's, where it isn't the feed's."""

    base: str | None = None
    """What links to places within the text are relative to, for readers that take them out of it."""

    def atom_entry(self, extensions: bool = True) -> etree._Element:
        entry: etree._Element = super().atom_entry(extensions)
        if self.language:
            entry.set(_LANG, self.language)
        content = entry.find("content")
        if self.base and content is not None:
            content.set(_BASE, self.base)
        for node, link in zip(entry.iterchildren("link"), self.link() or (), strict=True):
            for name, value in link.items():
                node.set(name, value)
        if self.item.source:
            self._finish_source(entry[-1], self.item.source)
        return entry

    def rss_entry(self, extensions: bool = True) -> etree._Element:
        item: etree._Element = super().rss_entry(extensions)
        for author in self.item.authors:
            etree.SubElement(item, _CREATOR).text = author
        if self.language:
            etree.SubElement(item, _DC_LANGUAGE).text = self.language
        for enclosure in self.item.media:
            etree.SubElement(item, _MEDIA_CONTENT, _media_attributes(enclosure))
        if self.base:
            # Some readers heed it on the item alone.
            item.set(_BASE, self.base)
        if self.item.original:
            etree.SubElement(item, _ATOM_LINK, {"href": self.item.original, "rel": "via"})
        return item

    def _finish_source(self, source: etree._Element, credit: Credit) -> None:
        etree.SubElement(source, "id").text = credit.url
        etree.SubElement(source, "updated").text = self.item.updated.isoformat()
        if not self.item.authors:
            # Of an entry without author, its source's is the author; else it would be the feed's.
            author = etree.SubElement(source, "author")
            etree.SubElement(author, "name").text = credit.title


class _Frame(BaseExtension):  # type: ignore[misc]
    """What stands around the entries and feedgen has no word for: the style sheet for browsers (Associating Style
    Sheets with XML, 1.0), how the document stands to others (hubs, archives by RFC 5005, deleted entries by RFC 6721),
    and when to ask again. feedgen has one link of each kind in RSS, and writes `sy:UpdatePeriod`.
    """

    channel: Channel
    format: FeedFormat

    def extend_ns(self) -> dict[str, str]:
        names = {"fh": _HISTORY} if self.channel.archive else {"sy": _SYNDICATION}
        if self.format is FeedFormat.RSS:
            return names | {"dc": _DC, "media": _MEDIA}
        return names | ({"at": _TOMBSTONES} if self.channel.deleted else {})

    def extend_rss(self, root: etree._Element) -> etree._Element:
        channel = root.find("channel")
        assert channel is not None
        for attributes in _links(self.channel, FeedFormat.RSS):
            etree.SubElement(channel, _ATOM_LINK, attributes)
        self._extend(root, channel)
        return root

    def extend_atom(self, root: etree._Element) -> etree._Element:
        for attributes in _links(self.channel, FeedFormat.ATOM):
            etree.SubElement(root, "link", attributes)
        for gone in self.channel.deleted:
            when = gone.at.replace(microsecond=0).isoformat()
            etree.SubElement(root, f"{{{_TOMBSTONES}}}deleted-entry", ref=gone.guid, when=when)
        self._extend(root, root)
        return root

    def _extend(self, root: etree._Element, parent: etree._Element) -> None:
        if self.channel.style:
            style = f'type="text/css" href="{escape(line(self.channel.style))}"'
            root.addprevious(etree.ProcessingInstruction("xml-stylesheet", style))
        if self.channel.archive:
            etree.SubElement(parent, f"{{{_HISTORY}}}archive")
        else:
            etree.SubElement(parent, f"{{{_SYNDICATION}}}updatePeriod").text = "hourly"
            times = max(1, int(timedelta(hours=1) / self.channel.ttl))
            etree.SubElement(parent, f"{{{_SYNDICATION}}}updateFrequency").text = str(times)


def _links(channel: Channel, format: FeedFormat) -> Iterator[dict[str, str]]:
    """What leads from a document to others, besides itself and its page."""
    yield from ({"rel": "hub", "href": hub} for hub in channel.hubs)
    others = {
        # Readers that know pages alone (section 3) find the history by it.
        "next": channel.prev_archive,
        "prev-archive": channel.prev_archive,
        "next-archive": channel.next_archive,
        "current": channel.current,
    }
    for relation, urls in others.items():
        if format in urls:
            yield {"rel": relation, "href": urls[format], "type": _MEDIA_TYPE[format]}


def write_rss(channel: Channel) -> bytes:
    """The channel as RSS 2.0 with full text in `content:encoded` and the summary, as HTML, in `description`."""
    channel = clean_channel(channel)
    feed = _feed(channel, FeedFormat.RSS)
    feed.description(channel.description or channel.title)
    if not channel.archive:
        feed.ttl(max(1, int(channel.ttl.total_seconds() // 60)))
    for item in items(channel):
        _describe_in_rss(_entry(feed, item, channel), item)
    document: bytes = feed.rss_str(pretty=True)
    return document


def write_atom(channel: Channel) -> bytes:
    """The channel as Atom 1.0 with full text as `content` of type html."""
    channel = clean_channel(channel)
    feed = _feed(channel, FeedFormat.ATOM)
    feed.id(channel.id)
    feed.author(name=channel.title, uri=channel.home_url)
    if channel.description:
        feed.subtitle(channel.description)
    for item in items(channel):
        _describe_in_atom(_entry(feed, item, channel), item)
    document: bytes = feed.atom_str(pretty=True)
    return document


def _feed(channel: Channel, format: FeedFormat) -> FeedGenerator:
    feed = FeedGenerator()
    feed.title(channel.title)
    feed.updated(channel.updated)
    feed.generator(_GENERATOR)
    if channel.language:
        feed.language(channel.language)
    if channel.image:
        feed.logo(channel.image)
    feed.register_extension("frame", _Frame)
    feed.frame.channel = channel
    feed.frame.format = format
    if format in channel.self_urls:
        feed.link(href=channel.self_urls[format], rel="self", type=_MEDIA_TYPE[format])
    # The last link becomes the RSS channel's.
    feed.link(href=channel.home_url, rel="alternate", type="text/html")
    return feed


def _entry(feed: FeedGenerator, item: Item, channel: Channel) -> _Entry:
    """What both formats say in the same way."""
    entry: _Entry = feed.add_entry(_Entry(), order="append")
    entry.item = item
    if item.language != channel.language:
        entry.language = item.language
    entry.id(item.guid)
    entry.title(item.title)
    entry.published(item.published)
    entry.updated(item.updated)
    if item.link:
        entry.link({"href": item.link, "rel": "alternate"})
        # Else a footnote leads many readers to the feed itself.
        entry.base = item.link if 'href="#' in item.html else None
    if item.tags:
        scheme = {"scheme": channel.tags_url} if channel.tags_url else {}
        entry.category([{"term": tag, **scheme, "label": tag} for tag in item.tags])
    if item.source:
        entry.source(item.source.url, item.source.title)
    return entry


def _describe_in_rss(entry: _Entry, item: Item) -> None:
    if item.html:
        entry.content(item.html, type="html")
    if item.summary:
        entry.description(escape(item.summary, quote=False))
    # An item has at most one enclosure: the first file, which in a podcast is the recording. media:content has all,
    # also those on hosts without a domain's name, which validators call an error here.
    for enclosure in item.media[:1]:
        if _HOST.match(enclosure.url):
            entry.enclosure(enclosure.url, enclosure.length, enclosure.type)


def _media_attributes(enclosure: Enclosure) -> dict[str, str]:
    medium = enclosure.type.partition("/")[0]
    return {
        "url": enclosure.url,
        "type": enclosure.type,
        **({"fileSize": str(enclosure.length)} if enclosure.length else {}),
        **({"medium": medium} if medium in ("image", "audio", "video") else {}),
    }


def _describe_in_atom(entry: _Entry, item: Item) -> None:
    if item.html:
        entry.content(item.html, type="html")
    elif not item.link:
        # Without an alternate link an entry must have content (RFC 4287, section 4.1.2).
        entry.content(item.summary or item.title, type="text")
    if item.summary:
        entry.summary(item.summary)
    if item.authors:
        entry.author([{"name": author} for author in item.authors])
    links = [{"href": item.original, "rel": "via"}] if item.original else []
    for enclosure in item.media:
        length = {"length": str(enclosure.length)} if enclosure.length else {}
        links.append({"href": enclosure.url, "rel": "enclosure", "type": enclosure.type, **length})
    if links:
        entry.link(links)
