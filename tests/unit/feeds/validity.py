"""Whether documents are valid: Atom by the grammar of RFC 4287, RSS 2.0 and JSON Feed 1.1 by rules written here.

Each check returns the faults as sentences; an empty list is a valid document.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
from lxml import etree

DATA = Path(__file__).parents[2] / "data"

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
URI = re.compile(r"[a-z][a-z0-9+.-]*:([\w!$&'()*+,;=:@/?#.~-]|\[[\da-f:]+]|%[\dA-Fa-f]{2})+", re.ASCII)
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

CHANNEL_ELEMENTS = ["title", "link", "description", "docs", "generator", "image", "language", "lastBuildDate", "ttl"]
ITEM_ELEMENTS = ["title", "link", "description", "guid", "category", "enclosure", "pubDate", "source"]
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
FH = "{http://purl.org/syndication/history/1.0}"
CHANNEL_EXTENSIONS = {f"{ATOM}link", f"{SY}updatePeriod", f"{SY}updateFrequency", f"{FH}archive"}
ITEM_EXTENSIONS = {f"{CONTENT}encoded", f"{DC}creator", f"{DC}language", f"{MEDIA}content", f"{ATOM}link"}
REPEATABLE = {f"{ATOM}link", "category", "item", f"{DC}creator", f"{MEDIA}content"}


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(DATA / "atom.rng"))


def atom_faults(document: str) -> list[str]:
    """By the grammar, its Schematron rules (section 4.1), and ids, dates and addresses."""
    feed = etree.fromstring(document.encode(), etree.XMLParser(huge_tree=True))
    grammar = _grammar()
    if not grammar.validate(feed):
        return [str(error) for error in grammar.error_log]
    return [*_unfit(document), *_atom_rules(feed)]


def _atom_rules(feed: etree._Element) -> Iterator[str]:
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    if len(set(ids)) != len(ids):
        yield "two entries have the same id"
    if feed.find(f"{ATOM}author") is None and any(entry.find(f"{ATOM}author") is None for entry in entries):
        yield "an entry has no author, nor has the feed"
    for node in feed.iter(f"{ATOM}id", f"{ATOM}uri"):
        if not URI.fullmatch(node.text or ""):
            yield f"{node.tag} is no URI: {node.text}"
    for node in feed.iter(f"{ATOM}link"):
        if not URI.fullmatch(node.get("href", "")):
            yield f"link is no URI: {node.get('href')}"
    for container in (feed, *entries):
        kinds = [(link.get("type"), link.get("hreflang")) for link in _links(container, "alternate")]
        if len(set(kinds)) != len(kinds):
            yield f"several alternate links of a kind: {kinds}"
    for entry in entries:
        yield from _atom_entry_rules(entry)


def _atom_entry_rules(entry: etree._Element) -> Iterator[str]:
    if entry.find(f"{ATOM}content") is None and not _links(entry, "alternate"):
        yield "an entry has neither content nor an alternate link"
    if not entry.findtext(f"{ATOM}title"):
        yield "an entry's title is empty"
    published, updated = (entry.findtext(f"{ATOM}{name}", "") for name in ("published", "updated"))
    if datetime.fromisoformat(updated) < datetime.fromisoformat(published):
        yield f"updated {updated} is before published {published}"
    for source in entry.iter(f"{ATOM}source"):
        missing = [name for name in ("id", "title", "updated") if source.find(f"{ATOM}{name}") is None]
        if missing:
            yield f"the source lacks {missing}"


def _links(parent: etree._Element, rel: str) -> list[etree._Element]:
    return [link for link in parent.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]


def rss_faults(document: str) -> list[str]:
    """By RSS 2.0 and the best practices of its board, as far as our documents go: other elements are faults."""
    rss = etree.fromstring(document.encode(), etree.XMLParser(huge_tree=True))
    channels = rss.findall("channel")
    if rss.tag != "rss" or rss.get("version") != "2.0" or len(channels) != 1:
        return ["no RSS 2.0 channel"]
    return [*_unfit(document), *_rss_channel_rules(channels[0])]


def _rss_channel_rules(channel: etree._Element) -> Iterator[str]:
    yield from _children(channel, {*CHANNEL_ELEMENTS, "item", *CHANNEL_EXTENSIONS})
    for name in ("title", "link", "description", "lastBuildDate"):
        if not channel.findtext(name):
            yield f"the channel has no {name}"
    if int(channel.findtext("ttl", "0")) <= 0 and channel.find(f"{FH}archive") is None:
        yield "ttl is no number of minutes"
    parsedate_to_datetime(channel.findtext("lastBuildDate", ""))
    guids = [item.findtext("guid") for item in channel.findall("item")]
    if len(set(guids)) != len(guids) or not all(guids):
        yield f"guids are missing or the same: {guids}"
    for node in channel.iter("link", f"{ATOM}link"):
        if not URI.fullmatch(node.text or node.get("href", "")):
            yield f"no URI: {node.text or node.get('href')}"
    yield from _rss_image_rules(channel)
    for item in channel.findall("item"):
        yield from _rss_item_rules(item)


def _rss_image_rules(channel: etree._Element) -> Iterator[str]:
    for image in channel.findall("image"):
        if [node.tag for node in image] != ["url", "title", "link"] or not URI.fullmatch(image.findtext("url", "")):
            yield "the image lacks an address, a title or a link"
        if any(image.findtext(name) != channel.findtext(name) for name in ("title", "link")):
            yield "the image has another title or link than the channel"


def _rss_item_rules(item: etree._Element) -> Iterator[str]:
    yield from _children(item, {*ITEM_ELEMENTS, *ITEM_EXTENSIONS})
    if not item.findtext("title"):
        yield "an item's title is empty"
    if item.find("guid").get("isPermaLink") != "false":  # type: ignore[union-attr]
        yield "the guid claims to be an address"
    parsedate_to_datetime(item.findtext("pubDate", ""))
    for node in item.iter("enclosure", "source", f"{MEDIA}content"):
        if not URI.fullmatch(node.get("url", "")):
            yield f"{node.tag} is no URI: {node.get('url')}"
    for node in item.findall("enclosure"):
        if not MEDIA_TYPE.fullmatch(node.get("type", "")) or int(node.get("length", "-1")) < 0:
            yield f"enclosure without type or length: {dict(node.attrib)}"


def _children(parent: etree._Element, allowed: set[str]) -> Iterator[str]:
    tags = [str(child.tag) for child in parent]
    for tag in set(tags):
        if tag not in allowed:
            yield f"{tag} can't stand in {parent.tag}"
        if tags.count(tag) > 1 and tag not in REPEATABLE:
            yield f"{tag} stands {tags.count(tag)} times in {parent.tag}"


def json_faults(document: str) -> list[str]:
    """By the schema of JSON Feed 1.1, and what no schema says: ids differ, and dates are some."""
    feed = json.loads(document)
    try:
        _schema()(feed)
    except fastjsonschema.JsonSchemaValueException as error:
        return [error.message]
    return [*_unfit(document), *_json_rules(feed)]


@cache
def _schema() -> Callable[[object], object]:
    schema = json.loads((DATA / "json-feed-1.1.schema.json").read_text())
    validate: Callable[[object], object] = fastjsonschema.compile(schema)
    return validate


def _json_rules(feed: dict[str, Any]) -> Iterator[str]:
    ids = [item["id"] for item in feed["items"]]
    if len(set(ids)) != len(ids):
        yield "two items have the same id"
    for item in feed["items"]:
        for name in ("date_published", "date_modified"):
            if datetime.fromisoformat(item[name]).tzinfo is None:
                yield f"{name} has no zone: {item[name]}"


def _unfit(document: str) -> list[str]:
    return [f"an unfit character: {found!r}" for found in UNFIT.findall(document)]
