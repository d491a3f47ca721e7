"""Feeds in XML: RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, CDF, with the modules that are common in them.

What is well-formed and of a known kind is read here, at some milliseconds; the rest by `tolerant_feed`, which must give
the same.
"""

import re
from collections.abc import Iterator

from lxml import etree

from publisher.sources.feeds import tolerant_feed
from publisher.sources.feeds.feed_values import MAX_ITEMS, FeedDocument, FeedItem, days, hours, wait
from publisher.sources.feeds.xml_elements import RDF, TAKES, Draft, Element, Names, Scope, take_cdf

_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_HEAD = 4096
"""Where a feed's declaration may stand: servers print warnings before it."""

_ATOM = "{http://www.w3.org/2005/Atom}"
_ROOTS = {"rss", "rdf:rdf", "feed", "channel"}


def parse(text: str) -> FeedDocument:
    """Read a decoded feed; raises NotAFeed for what is none."""
    text = undeclared(text)
    return strict(text) or tolerant_feed.parse(text)


def strict(text: str) -> FeedDocument | None:
    """Read a feed without a declaration; None when it is not well-formed, or of no known kind."""
    root = _tree(text)
    return None if root is None else _Reader(root).document()


def undeclared(text: str) -> str:
    """The text without what stands before its declaration, and without that: the text is decoded already."""
    declared = _DECLARATION.search(text, 0, _HEAD)
    return text[declared.end() :].lstrip() if declared else text.lstrip()


def _tree(text: str) -> etree._Element | None:
    """The tree of a well-formed text without entities of its own; None for any other."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    has_type = bool(root.getroottree().docinfo.doctype)
    return None if has_type and any(True for _ in root.iter(etree.Entity)) else root


class _Reader:
    """One pass over a tree."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._names = Names(strips_div=str(root.tag).startswith(_ATOM))

    @property
    def _is_rdf(self) -> bool:
        return self._names.of(self._root) == "rdf:rdf"

    def document(self) -> FeedDocument | None:
        """The feed; None when it is of no known kind."""
        if self._names.of(self._root) not in _ROOTS:
            return None
        feed, found = Draft(), list(self._walk(self._root, Scope()))
        for element, scope, name in found:
            if name not in ("item", "entry"):
                self._take(element, scope, name, feed)
        listed = [(element, scope) for element, scope, name in found if name in ("item", "entry")]
        # RDF is more than feeds.
        if not listed and self._is_rdf and all(self._names.of(child) != "channel" for child in self._root):
            return None
        authors = tuple(feed.authors)
        links = {link["rel"]: link.get("href") for link in reversed(feed.links)}
        return FeedDocument(
            items=tuple(self._item(element, scope, authors) for element, scope in listed[:MAX_ITEMS]),
            language=feed.language or None,
            link=feed.link or None,
            ttl=wait(*(feed.hints.get(name, "") for name in ("ttl", "sy:updateperiod", "sy:updatefrequency"))),
            skip_hours=hours(feed.hints.get("skiphours", "").split()),
            skip_days=days(feed.hints.get("skipdays", "").split()),
            hub=links.get("hub") or None,
            topic=links.get("self") or None,
            left=max(0, len(listed) - MAX_ITEMS),
        )

    def _walk(self, parent: etree._Element, outer: Scope) -> Iterator[tuple[etree._Element, Scope, str]]:
        """The parts of a feed in their order: its root and channels (CDF nests them) as `root`, and what is in them."""
        scope = outer.inside(parent)
        yield parent, scope, "root"
        for element in parent:
            name = self._names.of(element)
            if name == "channel":
                yield from self._walk(element, scope)
            else:
                yield element, scope, name

    def _item(self, element: etree._Element, outer: Scope, authors: tuple[str, ...]) -> FeedItem:
        draft, scope = Draft(), outer.inside(element)
        draft.id = element.get(f"{{{RDF}}}about", "").strip()
        take_cdf(element, scope, draft)
        for child in self._children(element):
            self._take(child, scope, self._names.of(child), draft)
        return draft.item(authors)

    def _children(self, element: etree._Element) -> Iterator[etree._Element]:
        """The elements of an entry; groups of media are opened."""
        for child in element:
            yield child
            if len(child) and self._names.of(child) in ("media:group", "media:content"):
                yield from self._children(child)

    def _take(self, element: etree._Element, outer: Scope, name: str, draft: Draft) -> None:
        take = TAKES.get(name)
        if take is not None:
            take(Element(element, name, outer.inside(element), self._names), draft)
