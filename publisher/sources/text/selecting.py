"""CSS selectors that an operator wrote: compiled once, and with an error that names the key."""

from collections.abc import Mapping
from functools import lru_cache

from cssselect.xpath import XPathExpr
from lxml.cssselect import CSSSelector, LxmlHTMLTranslator, SelectorError
from lxml.etree import XPathError
from lxml.html import HtmlElement


class BadSelector(ValueError):
    """A selector that can't be understood; the message names key and selector."""


class _FromTheRight(LxmlHTMLTranslator):
    """Writes combinators as conditions on the element that is wanted.

    As steps, which is usual, libxml2 takes time by the square of what they match: 30,000 lines in 100 boxes took half
    a minute. From the root of a document both mean the same.
    """

    def xpath_descendant_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        """`A B`."""
        return right.add_condition(f"ancestor::{left}")

    def xpath_child_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        """`A > B`."""
        return right.add_condition(f"parent::{left}")

    def xpath_direct_adjacent_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        """`A + B`."""
        return right.add_condition(f"preceding-sibling::*[1][self::{left}]")

    def xpath_indirect_adjacent_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        """`A ~ B`."""
        return right.add_condition(f"preceding-sibling::{left}")


@lru_cache(maxsize=1024)
def _compiled(css: str, *, whole: bool) -> CSSSelector:
    return CSSSelector(css, translator=_FromTheRight() if whole else "html")


def select(root: HtmlElement, selectors: Mapping[str, str], key: str) -> list[HtmlElement]:
    """What the selector under `key` matches in or at `root`, in document order; nothing when there is no such key.

    All of a selector must be found there, but what follows its last `+` or `~`, which may stand beside.
    """
    css = selectors.get(key, "").strip()
    if not css:
        return []
    try:
        compiled = _compiled(css, whole=root.getparent() is None)
        return [element for element in compiled(root) if isinstance(element, HtmlElement)]
    except (SelectorError, XPathError, ValueError) as error:
        raise BadSelector(f"selector {key} = {css!r} is not valid CSS ({error})") from error


def first(root: HtmlElement, selectors: Mapping[str, str], key: str) -> HtmlElement | None:
    """The first match."""
    return next(iter(select(root, selectors, key)), None)
