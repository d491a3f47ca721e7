"""What a page says of itself in microdata (HTML, section 5: `itemscope`, `itemprop`), in the shape of JSON-LD."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from publisher.sources.pages.jsonld import Json
from publisher.sources.pages.page import stands_apart, text_of

_ARTICLE = re.compile(r"(Article|Posting|Report|Review)$")
_LIMIT = 400
_DEEPEST = 8
_VALUES = {"meta": "content", "time": "datetime", "link": "href", "a": "href", "img": "src", "data": "value"}
_ADDRESSED = frozenset(("url", "image", "mainEntityOfPage", "thumbnailUrl", "contentUrl"))
_TEXTS = frozenset(("articleBody", "text", "description"))
"""Read elsewhere, and long."""


def article(root: HtmlElement) -> Json:
    """The first item that is an article; where none is marked, the properties that stand in no item at all."""
    if not root.xpath("boolean(//*[@itemprop])"):
        return {}
    for item in root.iterfind(".//*[@itemscope]"):
        if _ARTICLE.search((item.get("itemtype") or "").strip()):
            return _read(item, 0)
    return _read(root, 0) if root.find(".//*[@itemscope]") is None else {}


def _read(item: HtmlElement, depth: int) -> Json:
    found: dict[str, list[object]] = {}
    for count, element in enumerate(_properties(item)):
        if count >= _LIMIT:
            break
        value: object
        if element.get("itemscope") is not None:
            value = _read(element, depth + 1) if depth < _DEEPEST else {}
        else:
            value = None
        for name in (element.get("itemprop") or "").split():
            if name not in _TEXTS:
                found.setdefault(name, []).append(_text(element, name) if value is None else value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _properties(item: HtmlElement) -> Iterator[HtmlElement]:
    """The properties of an item itself: not those of the items inside it, nor what stands around an article."""
    stack = list(reversed(item))
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or stands_apart(element):
            continue
        if element.get("itemprop"):
            yield element
        if element.get("itemscope") is None:
            stack.extend(reversed(element))


def _text(element: HtmlElement, name: str) -> str:
    attribute = _VALUES.get(str(element.tag))
    shown = name not in _ADDRESSED and element.tag == "a"
    said = element.get("content") or (element.get(attribute) if attribute and not shown else None)
    return said or text_of(element)
