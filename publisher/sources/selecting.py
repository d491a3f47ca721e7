"""CSS selectors that an operator wrote: compiled once, and with an error that names the key."""

from collections.abc import Mapping
from functools import lru_cache

from lxml.cssselect import CSSSelector, SelectorError
from lxml.etree import XPathError
from lxml.html import HtmlElement


class BadSelector(ValueError):
    """A selector that can't be understood; the message names key and selector."""


@lru_cache(maxsize=1024)
def _compiled(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def select(root: HtmlElement, selectors: Mapping[str, str], key: str) -> list[HtmlElement]:
    """What the selector under `key` matches, in document order; nothing when there is no such key."""
    css = selectors.get(key, "").strip()
    if not css:
        return []
    try:
        return [element for element in _compiled(css)(root) if isinstance(element, HtmlElement)]
    except (SelectorError, XPathError, ValueError) as error:
        raise BadSelector(f"selector {key} = {css!r} is not valid CSS ({error})") from error


def first(root: HtmlElement, selectors: Mapping[str, str], key: str) -> HtmlElement | None:
    """The first match."""
    return next(iter(select(root, selectors, key)), None)
