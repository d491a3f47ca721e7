"""Whether a page is an article rather than a list of them: how much running text stands on it, and where."""

import re
from collections import defaultdict
from collections.abc import Sequence

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages import jsonld, page

PARAGRAPH = 60
"""Columns of a block that is a paragraph of running text rather than a label."""

MUCH = 700
"""Columns of running text in one place that make a page an article's, if the page itself does not say so."""

SOME = 240
"""What is enough where the page says that it is an article."""

LITTLE = 120
"""What is enough where the page is called by a heading on it."""

TITLE = 28
"""Columns of a heading that is an article's title rather than a section's name."""

_WORDS = 16
_SENTENCE = re.compile(r"[。！？；，]|[.!?,;:](?:\s|$)")


def is_article(root: HtmlElement, items: Sequence[HtmlElement]) -> bool:
    """Whether a page is an article's own. Text within the `items` of its best list does not count."""
    within = set(items)
    most = _most_running_text(root, within)
    called = " ".join("".join(root.xpath(".//head/title[1]//text()"))[:400].split())
    if _is_headed(root, within, page.letters_of(called)):
        return most >= LITTLE
    kinds = {value.lower() for value in page.attribute(root, ".//meta[@property='og:type']/@content")}
    says_so = kinds & {"article", "news"} or jsonld.is_article(root) or columns(called) >= 2 * TITLE
    return most >= (SOME if says_so else MUCH)


def _is_headed(root: HtmlElement, items: set[HtmlElement], called: str) -> bool:
    """Whether a heading on the page is as long as an article's title, and the page is `called` by it."""
    for heading in root.iter("h1", "h2", "h3"):
        text = page.text_of(heading)
        if columns(text) >= TITLE and not _is_within(heading, items):
            folded = page.letters_of(text)
            if called.startswith(folded) or (columns(called) >= TITLE and called in folded):
                return True
    return False


def is_inline(link: HtmlElement) -> bool:
    """Whether a link stands within a sentence: there are words just before and just after it."""
    before, after = "", ""
    node: HtmlElement | None = link
    while node is not None and node.tag not in page.BLOCKS:
        previous, parent = node.getprevious(), node.getparent()
        before = before or ((parent.text if parent is not None else "") if previous is None else previous.tail) or ""
        after = after or node.tail or ""
        node = parent if previous is None or node.getnext() is None else None
    return min(columns(" ".join(text[:200].split())) for text in (before, after)) >= _WORDS


def _most_running_text(root: HtmlElement, items: set[HtmlElement]) -> int:
    """The columns of running text in the element that holds most of it directly below."""
    blocks: dict[HtmlElement, int] = defaultdict(int)
    sentences: set[HtmlElement] = set()
    places: dict[HtmlElement, tuple[HtmlElement, bool]] = {}
    for node in page.text_nodes(root):
        if node.element not in places:
            places[node.element] = page.block_of(node.element), _is_within(node.element, items)
        block, skipped = places[node.element]
        if not skipped:
            blocks[block] += columns(node.text)
            if _SENTENCE.search(node.text):
                sentences.add(block)
    held: dict[HtmlElement, int] = defaultdict(int)
    for block, width in blocks.items():
        if width >= PARAGRAPH and block in sentences and (parent := block.getparent()) is not None:
            held[parent if block.tag != "body" else block] += width
    return max(held.values(), default=0)


def _is_within(element: HtmlElement, items: set[HtmlElement]) -> bool:
    """Whether a text is a link's, or within an item."""
    return any(node.tag == "a" or node in items for node in (element, *element.iterancestors()))
