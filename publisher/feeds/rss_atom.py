"""RSS 2.0 and Atom 1.0, by feedgen: its only importer, and the place where its traps are mended.

Each mend has a test that shows feedgen alone falling into the trap, so that a mend which a new feedgen makes
needless is noticed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.ext.media import MediaEntryExtension, MediaExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.feeds.clean import line
from publisher.feeds.item import Item, clean_channel, items
from publisher.pipeline.ports import Channel

_GENERATOR = "publisher"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_HISTORY = "http://purl.org/syndication/history/1.0"
_SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_MEDIA_TYPE = {FeedFormat.RSS: "application/rss+xml", FeedFormat.ATOM: "application/atom+xml"}
_LINK_ATTRIBUTES = ("rel", "type", "hreflang", "title", "length")


def _rfc2822(moment: datetime) -> str:
    """A date for RSS. feedgen's own calls `setlocale`, which belongs to the whole process, not to a thread."""
    return format_datetime(moment)


feedgen.feed.formatRFC2822 = _rfc2822
feedgen.entry.formatRFC2822 = _rfc2822


class _Entry(FeedEntry):  # type: ignore[misc]
    """An Atom entry whose links keep their attributes and whose source is complete (RFC 4287, section 4.2.11).

    As an RSS item it keeps the link to the original, which RSS has no element for.
    """

    language: str | None = None
    base: str | None = None
    """What links to places within the text are relative to, for readers that take them out of it."""

    def atom_entry(self, extensions: bool = True) -> etree._Element:
        entry: etree._Element = super().atom_entry(extensions)
        if self.language:
            entry.set(_LANG, self.language)
        content = entry.find("content")
        if self.base and content is not None:
            content.set(_BASE, self.base)
        for node, link in zip(entry.findall("link"), self.link() or [], strict=True):
            for name in _LINK_ATTRIBUTES:
                if link.get(name):
                    node.set(name, link[name])
        source = entry.find("source")
        if source is not None:
            self._finish_source(source)
        return entry

    def rss_entry(self, extensions: bool = True) -> etree._Element:
        item: etree._Element = super().rss_entry(extensions)
        if self.base:
            # Some readers heed it on the item alone.
            item.set(_BASE, self.base)
        for link in self.link() or []:
            if link["rel"] == "via":
                etree.SubElement(item, _ATOM_LINK, href=link["href"], rel="via")
        return item

    def _finish_source(self, source: etree._Element) -> None:
        credit = self.source()
        etree.SubElement(source, "id").text = credit["url"]
        etree.SubElement(source, "updated").text = self.updated().isoformat()
        if not self.author():
            # Of an entry without author, its source's is the author; else it would be the feed's.
            author = etree.SubElement(source, "author")
            etree.SubElement(author, "name").text = credit["title"]


class _Style(BaseExtension):  # type: ignore[misc]
    """The style sheet for browsers that show the document (Associating Style Sheets with XML, 1.0)."""

    href = ""

    def extend_rss(self, root: etree._Element) -> etree._Element:
        if self.href:
            root.addprevious(
                etree.ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{escape(self.href)}"')
            )
        return root

    def extend_atom(self, root: etree._Element) -> etree._Element:
        return self.extend_rss(root)


class _Relations(BaseExtension):  # type: ignore[misc]
    """How a document stands to others and to time: hubs, archives (RFC 5005), deleted entries (RFC 6721), and when to
    ask again. feedgen has one link of each kind in RSS, and writes `sy:UpdatePeriod`."""

    channel: Channel

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY, "sy": _SYNDICATION, **({"at": _TOMBSTONES} if self.channel.deleted else {})}

    def extend_rss(self, root: etree._Element) -> etree._Element:
        channel = root.find("channel")
        assert channel is not None
        for attributes in _links(self.channel, FeedFormat.RSS):
            etree.SubElement(channel, _ATOM_LINK, attributes)
        self._extend(channel)
        return root

    def extend_atom(self, root: etree._Element) -> etree._Element:
        for attributes in _links(self.channel, FeedFormat.ATOM):
            etree.SubElement(root, "link", attributes)
        for gone in self.channel.deleted:
            etree.SubElement(root, f"{{{_TOMBSTONES}}}deleted-entry", ref=gone.guid, when=gone.at.isoformat())
        self._extend(root)
        return root

    def _extend(self, parent: etree._Element) -> None:
        if self.channel.archive:
            etree.SubElement(parent, f"{{{_HISTORY}}}archive")
        else:
            etree.SubElement(parent, f"{{{_SYNDICATION}}}updatePeriod").text = "hourly"
            times = max(1, int(timedelta(hours=1) / self.channel.ttl))
            etree.SubElement(parent, f"{{{_SYNDICATION}}}updateFrequency").text = str(times)


def _links(channel: Channel, format: FeedFormat) -> Iterator[dict[str, str]]:
    """What leads from a document to others, besides itself and its page."""
    yield from ({"rel": "hub", "href": hub} for hub in channel.hubs)
    others = {"prev-archive": channel.prev_archive, "next-archive": channel.next_archive, "current": channel.current}
    for relation, urls in others.items():
        if format in urls:
            yield {"rel": relation, "href": urls[format], "type": _MEDIA_TYPE[format]}


def write_rss(channel: Channel) -> bytes:
    """The channel as RSS 2.0 with full text in `content:encoded` and the summary, as HTML, in `description`."""
    channel = clean_channel(channel)
    feed = _feed(channel, FeedFormat.RSS)
    feed.description(channel.description or channel.title)
    feed.ttl(max(1, int(channel.ttl.total_seconds() // 60)))
    feed.register_extension("dc", DcExtension, DcEntryExtension)
    feed.register_extension("media", MediaExtension, MediaEntryExtension)
    for item in items(channel):
        entry = _entry(feed, item)
        _describe_in_rss(entry, item, channel)
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
        entry = _entry(feed, item)
        _describe_in_atom(entry, item, channel)
    document: bytes = feed.atom_str(pretty=True)
    return document


def _feed(channel: Channel, format: FeedFormat) -> FeedGenerator:
    feed = FeedGenerator()
    feed.title(channel.title)
    feed.updated(channel.updated)
    feed.generator(_GENERATOR)
    if channel.language:
        feed.language(channel.language)
    feed.register_extension("style", _Style)
    feed.style.href = line(channel.style)
    feed.register_extension("relations", _Relations)
    feed.relations.channel = channel
    if format in channel.self_urls:
        feed.link(href=channel.self_urls[format], rel="self", type=_MEDIA_TYPE[format])
    # The last link becomes the RSS channel's.
    feed.link(href=channel.home_url, rel="alternate", type="text/html")
    return feed


def _entry(feed: FeedGenerator, item: Item) -> _Entry:
    """What both formats say in the same way."""
    entry: _Entry = feed.add_entry(_Entry(), order="append")
    entry.id(item.guid)
    entry.title(item.title)
    entry.published(item.published)
    entry.updated(item.updated)
    if item.link:
        entry.link(href=item.link, rel="alternate")
        # Else a footnote leads many readers to the feed itself.
        entry.base = item.link if 'href="#' in item.html else None
    if item.original:
        entry.link(href=item.original, rel="via")
    if item.tags:
        entry.category([{"term": tag} for tag in item.tags])
    if item.source:
        entry.source(item.source.url, item.source.title)
    return entry


def _describe_in_rss(entry: _Entry, item: Item, channel: Channel) -> None:
    if item.html:
        entry.content(item.html, type="html")
    if item.summary:
        entry.description(escape(item.summary, quote=False))
    if item.authors:
        entry.dc.dc_creator(list(item.authors))
    if item.language and item.language != channel.language:
        entry.dc.dc_language(item.language)
    # An item has at most one enclosure: the first file, which in a podcast is the recording. media:content has all.
    for enclosure in item.media[:1]:
        entry.enclosure(enclosure.url, enclosure.length, enclosure.type)
    for enclosure in item.media:
        entry.media.content({**_media_attributes(enclosure), "group": None})


def _media_attributes(enclosure: Enclosure) -> dict[str, str]:
    medium = enclosure.type.partition("/")[0]
    return {
        "url": enclosure.url,
        "type": enclosure.type,
        **({"fileSize": str(enclosure.length)} if enclosure.length else {}),
        **({"medium": medium} if medium in ("image", "audio", "video") else {}),
    }


def _describe_in_atom(entry: _Entry, item: Item, channel: Channel) -> None:
    if item.language != channel.language:
        entry.language = item.language
    if item.html:
        entry.content(item.html, type="html")
    elif not item.link:
        # Without an alternate link an entry must have content (RFC 4287, section 4.1.2).
        entry.content(item.summary or item.title, type="text")
    if item.summary:
        entry.summary(item.summary)
    if item.authors:
        entry.author([{"name": author} for author in item.authors])
    for enclosure in item.media:
        length = {"length": str(enclosure.length)} if enclosure.length else {}
        entry.link(href=enclosure.url, rel="enclosure", type=enclosure.type, **length)
