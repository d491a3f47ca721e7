"""Feeds that are broken or of an unknown kind, by feedparser: it reads what no strict parser does, and slowly.

Its sanitiser and address resolution are off: nh3 and `urls` do that. It must give what `xml_feed` gives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import feedparser

from publisher.domain.article import Enclosure
from publisher.sources.feeds.feed_values import (
    MAX_ITEMS,
    FeedDocument,
    FeedItem,
    NotAFeed,
    Part,
    body_and_summary,
    days,
    hours,
    name_of,
    octets,
    wait,
)

LONGEST = 4_000_000
"""So many characters are read of a broken feed: it takes a second for each 400,000."""

_ENTITIES = re.compile(r"<!ENTITY[^>]*>?", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(x[0-9a-f]{1,4000}|[0-9]{1,4000});?", re.IGNORECASE)
_ROOT = re.compile(r"<[A-Za-z]")
_ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_CDF = re.compile(r"\s*(?:<[?!][^>]*>\s*)*<channel[\s>]", re.IGNORECASE)
# feedparser takes the caption of a picture for the text of its entry, where there is a summary already.
_CAPTION = re.compile(r"(</?)media:description\b", re.IGNORECASE)
# It looks for addresses in names of people in a way whose time grows with the square of their length.
_NAMES = re.compile(
    r"(<(?:[\w.-]+:)?(?:author|creator|managingeditor|webmaster|publisher|owner)\b[^>]{0,2000}>\s*(?:<!\[CDATA\[)?)"
    r"([^<\]]{1000})[^<\]]+",
    re.IGNORECASE,
)


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


def parse(text: str) -> FeedDocument:
    """Read RSS, Atom, RDF, CDF from a decoded text without a declaration; raises NotAFeed for what is none of them."""
    text, left = _bounded(_without_entities(text))
    parsed = _feedparsed(text)
    feed = _Parsed(parsed.feed)
    if not parsed.get("version") and not parsed.get("entries") and not _CDF.match(text):
        is_page = re.search(r"<(!doctype\s+)?html", text[:2000], re.IGNORECASE)
        raise NotAFeed(f"it is {'an HTML page' if is_page else 'no XML of a known kind'}")
    author = tuple(_people(feed))
    links = {link.text("rel"): link.text("href") for link in reversed(feed.list("links"))}
    return FeedDocument(
        items=tuple(_item(_Parsed(entry), author) for entry in parsed.entries),
        language=feed.text("language") or None,
        link=feed.text("link") or None,
        ttl=wait(feed.text("ttl"), feed.text("sy_updateperiod"), feed.text("sy_updatefrequency")),
        skip_hours=hours(_listed(text, "hour")),
        skip_days=days(_listed(text, "day")),
        hub=links.get("hub") or None,
        topic=links.get("self") or None,
        left=left,
    )


def _feedparsed(text: str) -> Any:
    # Without the feed's address: feedparser would make ids absolute, and they would change when the feed moves.
    data = _REFERENCE.sub(_mended_reference, text).encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        return feedparser.parse(
            BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # it meets what nobody thought of, and raises whatever that leads to
        raise NotAFeed(f"it is too broken to be read ({type(error).__name__})") from error


def _mended_reference(reference: re.Match[str]) -> str:
    """A reference to a character, or nothing for one that no document may hold (XML 1.0, section 4.1)."""
    digits = reference[1].lower()
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    is_character = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0x110000
    return reference.group() if is_character else ""


def _without_entities(text: str) -> str:
    """The text without declarations of entities: they unfold to more than there is memory."""
    root = _ROOT.search(text)
    head = text[: root.start()] if root else text
    if "<!ENTITY" not in head.upper():
        return text
    return _ENTITIES.sub("", head) + text[len(head) :]


def _bounded(text: str) -> tuple[str, int]:
    """The text up to its last entry that is read, names of a reasonable length, and how many entries are left out."""
    starts = [match.start() for match in _ITEM.finditer(text)]
    end = min(starts[MAX_ITEMS] if len(starts) > MAX_ITEMS else len(text), LONGEST)
    left = sum(start >= end for start in starts)
    return _NAMES.sub(r"\1\2", _CAPTION.sub(r"\1media:caption", text[:end])), left


def _listed(text: str, name: str) -> list[str]:
    """The values of `skipHours` or `skipDays`: feedparser keeps only the last."""
    found = re.search(rf"<skip{name}s\s*>(.{{0,2000}}?)</skip{name}s", text, re.IGNORECASE | re.DOTALL)
    return re.findall(rf"<{name}\s*>\s*(\w+)\s*<", found[1], re.IGNORECASE) if found else []


def _item(entry: _Parsed, feed_authors: tuple[str, ...]) -> FeedItem:
    summary = _part(entry.inner("summary_detail"), entry.text("summary"))
    title = entry.inner("title_detail") if entry.text("title") else _Parsed({})
    contents = [_part(content, content.text("value")) for content in entry.list("content")]
    caption = Part(value=entry.text("media_caption"), type="text/html")
    body, rest = body_and_summary(contents, summary, caption)
    languages = (entry.text("language"), body.language, rest.language, title.text("language"))
    return FeedItem(
        id=entry.text("id"),
        link=entry.text("link") or next((link.text("href") for link in entry.list("links")), ""),
        title=entry.text("title"),
        authors=tuple(_people(entry)) or tuple(_people(entry.inner("source"))) or feed_authors,
        tags=tuple(tag.text("label") or tag.text("term") for tag in entry.list("tags")),
        language=next(filter(None, languages), None),
        published=entry.text("published") or entry.text("created"),
        updated=entry.text("updated"),
        summary=rest.html,
        html=body.html,
        base=body.base or rest.base or title.text("base"),
        images=tuple(filter(None, _images(entry))),
        enclosures=tuple(_enclosures(entry)),
    )


def _part(detail: _Parsed, value: str) -> Part:
    return Part(value=value, type=detail.text("type"), base=detail.text("base"), language=detail.text("language"))


def _people(thing: _Parsed) -> Iterator[str]:
    for author in thing.list("authors") or [thing.inner("author_detail")]:
        if name := author.text("name"):
            yield name_of(name)


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
            yield Enclosure(href, enclosure.text("type"), octets(enclosure.text("length")))
