"""XHTML inside XML, written as HTML."""

import re
from functools import lru_cache
from html import escape

from lxml import etree

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SPECIAL = re.compile("[&<>]")
_DEEPEST = 200
"""Elements within more others than this give their text alone."""


def inner_markup(element: etree._Element, *, strips_div: bool) -> str:
    """The inside of an element as HTML; `strips_div` leaves out the div that holds it all (RFC 4287, 3.1.1.3)."""
    if strips_div and len(element) == 1 and not (element.text or "").strip() and not (element[0].tail or "").strip():
        only = element[0]
        if _local(only) == "div":
            element = only
    pieces: list[str] = []
    _write_inside(element, 0, pieces)
    return "".join(pieces)


def _write_inside(element: etree._Element, depth: int, pieces: list[str]) -> None:
    pieces.append(_escaped(element.text))
    for child in element:
        if depth >= _DEEPEST:
            pieces.append(escape("".join(child.itertext()), quote=False))
        else:
            _write(child, depth + 1, pieces)
        pieces.append(_escaped(child.tail))


def _write(element: etree._Element, depth: int, pieces: list[str]) -> None:
    name = _local(element)
    # Attributes of other namespaces mean nothing in HTML.
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in element.attrib.items() if key[0] != "{")
    pieces.append(f"<{name}{attributes}>")
    if name in _VOID and not len(element) and not element.text:
        return
    _write_inside(element, depth, pieces)
    pieces.append(f"</{name}>")


def _escaped(text: str | None) -> str:
    return escape(text, quote=False) if text and _SPECIAL.search(text) else text or ""


def _local(element: etree._Element) -> str:
    return _name(str(element.tag))


@lru_cache(maxsize=512)
def _name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()
