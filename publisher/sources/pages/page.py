"""An HTML page as a tree, with the few questions that all who read it ask."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree, html
from lxml.html import HtmlElement

from publisher.sources.text import charset, urls

BLOCKS = frozenset(
    (
        *("p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "blockquote", "pre", "figure"),
        *("figcaption", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th", "caption", "body", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "details", "summary", "address", "fieldset", "center", "hr"),
    )
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
SILENT = frozenset(
    (
        *("script", "style", "noscript", "template", "head", "title", "svg", "iframe", "select", "textarea"),
        # What these hold is for browsers that can't play them.
        *("video", "audio", "object", "canvas"),
    )
)
"""Elements whose text nobody reads."""

_SMALL = 40
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}

_APART = re.compile(
    r"(^|[\s_-])(nav|navbar|menu|breadcrumbs?|sidebar|side|aside|footer|related|recommend\w*|hot|rank\w*|copyright"
    r"|comments?|share|sharing|social|newsletter|promo|advert\w*|ads?|banner|pagination|pager|popup|modal|cookie\w*)"
    r"($|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page. `url` is its own address where known, `base` what its relative addresses are relative to."""

    root: HtmlElement
    url: str | None
    base: str | None
    encoding: str


@dataclass(frozen=True, slots=True)
class TextNode:
    """A run of text as it stands in the page, its white space folded, and the element it is in.

    It is the `text` of `origin`, or (`is_tail`) its `tail`.
    """

    text: str
    element: HtmlElement
    origin: HtmlElement
    is_tail: bool = False


def halfwidth(text: str) -> str:
    """The text with full-width signs, letters and digits as their ASCII forms, character by character.

    Chinese sites write both kinds of colons, commas and brackets; patterns then need to know one.
    """
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def letters_of(text: str) -> str:
    """The letters and digits of a text alone, in one case: how titles are compared."""
    return re.sub(r"[\W_]+", "", text.casefold())


def parse(data: bytes, url: str | None = None, http_charset: str | None = None) -> Page:
    """Parse a page. Never raises: what is no HTML is a page without content."""
    decoded = charset.decode(data, http_charset)
    root = parse_text(decoded.text)
    base = url
    declared = root.find(".//base[@href]")
    if declared is not None:
        base = urls.absolute(url, declared.get("href")) or url
    return Page(root, url, base, decoded.encoding)


def parse_text(text: str) -> HtmlElement:
    """The tree of a whole document."""
    # Bytes in an encoding that the parser is told: it then believes no declaration, and none is refused.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = charset.parsable(text).encode("utf-8")
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        root = html.document_fromstring(b"<html><head></head><body></body></html>", parser=parser)
    return root


def block_of(element: HtmlElement) -> HtmlElement:
    """The block element that an element stands in: itself, or its nearest ancestor that is one."""
    while element.tag not in BLOCKS and (parent := element.getparent()) is not None:
        element = parent
    return element


def is_small(element: HtmlElement) -> bool:
    """Whether an element holds no more than a line would: asked before the text of many nested ones is read."""
    return sum(1 for _ in islice(element.iter(), _SMALL)) < _SMALL


def text_of(element: HtmlElement) -> str:
    """All text of an element on one line, without scripts and styles."""
    return " ".join("".join(node for node in _texts(element)).split())


def _texts(element: HtmlElement) -> Iterator[str]:
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start" and node.text and node.tag not in SILENT:
            yield node.text
        elif event == "end" and node is not element:
            if node.tag in BLOCKS or node.tag == "br":
                yield " "
            parent = node.getparent()
            if node.tail and parent is not None and parent.tag not in SILENT:
                yield node.tail


def text_nodes(root: HtmlElement) -> Iterator[TextNode]:
    """All visible runs of text in reading order, empty ones left out."""
    return (node for line in lines(root) for node in line)


def lines(root: HtmlElement) -> Iterator[list[TextNode]]:
    """The visible text line by line: what no block element and no `<br>` parts. Empty lines are left out."""
    line: list[TextNode] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        is_tail = event == "end"
        parent = node.getparent()
        if is_tail and (node is root or parent is None):
            break
        if line and (node.tag in BLOCKS or node.tag == "br"):
            yield line
            line = []
        holder = parent if is_tail and parent is not None else node
        raw = node.tail if is_tail else node.text
        if raw and holder.tag not in SILENT and (text := " ".join(raw.split())):
            line.append(TextNode(text, holder, node, is_tail))
    if line:
        yield line


def is_hidden(element: HtmlElement) -> bool:
    """Whether this element says that it is not shown."""
    return element.get("hidden") is not None or bool(_NOT_SHOWN.search(element.get("style") or ""))


def is_apart(element: HtmlElement, within: HtmlElement | None = None) -> bool:
    """Whether an element belongs to what stands around an article: navigation, side columns, footers, comments.

    Only ancestors below `within` are looked at.
    """
    for node in (element, *element.iterancestors()):
        if node is within:
            return False
        if stands_apart(node):
            return True
    return False


def stands_apart(element: HtmlElement) -> bool:
    """Whether this element by its name, class or id is one of those; `<body>` and `<article>` never are."""
    if element.tag in ("nav", "aside", "footer"):
        return True
    if element.tag in ("html", "body", "article", "main"):
        return False
    name, key = element.get("class"), element.get("id")
    # Names are short; what is longer is made to keep us busy.
    return bool(name or key) and _names_apart(f"{(name or '')[:200]} {(key or '')[:100]}")


@lru_cache(maxsize=4096)
def _names_apart(names: str) -> bool:
    return bool(_APART.search(names))


def attribute(root: HtmlElement, path: str) -> list[str]:
    """The values of an attribute path such as `.//meta[@name='x']/@content`, trimmed, empty ones left out."""
    return [value.strip() for value in map(str, root.xpath(path)) if value.strip()]
