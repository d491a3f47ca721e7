"""Lists that other readers understand (OPML 2.0, opml.org/spec2): of the sources, and of what we publish."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.pages import ListAddress, quoted
from publisher.domain.source import Source, SourceKind
from publisher.feeds.clean import clean, line


def write(sources: Sequence[Source], title: str, now: datetime) -> bytes:
    """The document: feeds as `type="rss"`, pages and sitemaps as `type="link"`; tags are categories.

    What has no address on the web (a folder, a source that is pushed) is left out.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    for source in sources:
        if is_listed(source):
            body.append(_outline(source))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def write_feeds(groups: Sequence[tuple[str, Sequence[Feed]]], title: str, base_url: str) -> bytes:
    """All feeds that can be subscribed to, in groups. Without a date: same feeds, same bytes."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = line(title)
    body = etree.SubElement(root, "body")
    for name, feeds in groups:
        if feeds:
            group = etree.SubElement(body, "outline", text=line(name), title=line(name))
            group.extend(_feed_outline(feed, base_url) for feed in feeds)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _feed_outline(feed: Feed, base_url: str) -> etree._Element:
    shown = line(feed.title) or line(feed.slug)
    outline = etree.Element("outline", type="rss", text=shown, title=shown)
    outline.set("xmlUrl", base_url + feed.path(FeedFormat.ATOM))
    outline.set("htmlUrl", base_url + quoted(ListAddress(feed.slug)))
    outline.set("version", "ATOM")
    if feed.description:
        outline.set("description", line(feed.description))
    if feed.language:
        outline.set("language", feed.language)
    return outline


def is_listed(source: Source) -> bool:
    """Whether a source has an address that another reader can use."""
    return source.kind not in (SourceKind.FOLDER, SourceKind.PUSH)


def _outline(source: Source) -> etree._Element:
    shown = clean(source.shown)
    outline = etree.Element("outline", text=shown, title=shown)
    if source.kind is SourceKind.FEED:
        outline.set("type", "rss")
        outline.set("xmlUrl", clean(source.url))
    else:
        outline.set("type", "link")
        outline.set("url", clean(source.url))
    if source.language:
        outline.set("language", source.language)
    # A comma and a slash have a meaning in categories.
    tags = [" ".join(clean(tag).replace(",", " ").replace("/", " ").split()) for tag in source.tags]
    if tags:
        outline.set("category", ",".join(tag for tag in tags if tag))
    return outline
