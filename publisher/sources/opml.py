"""Lists of feeds as other readers write them (OPML 2.0, opml.org/spec2): read into names, addresses and tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from publisher.sources.text import charset, urls

MAX_BYTES = 10 * 1024 * 1024
MAX_OUTLINES = 20_000

_LONGEST_TAG = 100


class NotOpml(ValueError):
    """A document that is no OPML; the message says what it is."""


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """A feed of the list; `tags` are the folders that it is in, and its categories."""

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpmlDocument:
    """The feeds of a list, each address once; `left_out` says of each other outline why it is no source."""

    feeds: tuple[OpmlFeed, ...]
    left_out: tuple[str, ...] = ()


def parse(data: bytes) -> OpmlDocument:
    """Read a list of feeds. Raises NotOpml."""
    body = _body(data)
    feeds: dict[str, OpmlFeed] = {}
    left_out: list[str] = []
    for number, (outline, folders) in enumerate(_outlines(body)):
        if number >= MAX_OUTLINES:
            raise NotOpml(f"it has more than {MAX_OUTLINES:,} outlines: split it")
        attributes = {str(name).lower(): charset.one_line(str(value)) for name, value in outline.attrib.items()}
        title = attributes.get("title") or attributes.get("text", "")
        written = attributes.get("xmlurl", "")
        if not written:
            if len(outline) == 0 and attributes.get("type", "") in ("link", "rss", "include"):
                left_out.append(f"{title or attributes.get('url', 'an outline')}: it names no feed (xmlUrl)")
            continue
        url = urls.absolute(None, written.replace("feed://", "http://", 1) if written.startswith("feed:") else written)
        if url is None or "@" in url.split("/")[2]:
            left_out.append(f"{title or written[:80]}: {written[:80]!r} is no address that can be read")
            continue
        tags = dict.fromkeys((*folders, *_categories(attributes.get("category", ""))))
        known = feeds.get(url)
        if known is None:
            feeds[url] = OpmlFeed(url, title[:200], tuple(tags))
        else:
            # A feed that stands in two folders has both as tags.
            feeds[url] = OpmlFeed(url, known.title, tuple(dict.fromkeys((*known.tags, *tags))))
    return OpmlDocument(tuple(feeds.values()), tuple(left_out))


def _body(data: bytes) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise NotOpml(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    if not data.strip():
        raise NotOpml("it is empty")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise NotOpml(f"it is broken XML ({' '.join(str(error).split())[:120]})") from None
    if _name(root) != "opml":
        raise NotOpml(f"its root element is <{_name(root)[:40]}>, not <opml>")
    body = next((child for child in root if _name(child) == "body"), None)
    if body is None:
        raise NotOpml("it has no <body>")
    return body


def _outlines(body: etree._Element) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """All outlines in their order, each with the names of the folders around it, the outermost first."""
    waiting = [(child, ()) for child in reversed(body)]
    stack: list[tuple[etree._Element, tuple[str, ...]]] = list(waiting)
    while stack:
        outline, folders = stack.pop()
        if _name(outline) != "outline":
            continue
        yield outline, folders
        inside = folders
        if not outline.get("xmlUrl") and (tag := _tag(outline.get("title") or outline.get("text") or "")):
            inside = (*folders, tag)[-10:]
        stack.extend((child, inside) for child in reversed(outline))


def _categories(text: str) -> Iterator[str]:
    """`/Boston/Weather,/Harvard` names paths and tags, with commas between."""
    for part in re.split(r"[,/]", text[:2000]):
        if tag := _tag(part):
            yield tag


def _tag(text: str) -> str:
    return charset.one_line(text)[:_LONGEST_TAG].strip()


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
