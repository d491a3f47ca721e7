"""Where the dates of a list stand: inside its lines, beside them, or in headings that date all lines below."""

import itertools
import re
from collections.abc import Iterator, Mapping

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.lists import listed, rules
from publisher.sources.pages import page
from publisher.sources.text import selecting

_DATED = re.compile(
    r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}|\d{1,2}\s*月\s*\d{1,2}|[一二三四五六七八九十]月[一二三四五六七八九十]+[日号]"
    r"|(?<![\d:./-])\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?(?![\d/-])|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d"
    r"|[昨今前][天日晚]|刚刚|刚才|(?:小时|分钟|天|周|月)\s*前|星期[一二三四五六日天]|周[一二三四五六日]"
    r"|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s+\d|\d(?:st|nd|rd|th)?\.?\s+"
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b|\bago\b|\byesterday\b|\btoday\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*年?\s*")
_TIME = re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?\s*", re.IGNORECASE)
_LONGEST = 60
"""Columns of a text that may be a date with what is written around it."""

_MOST_NODES = 40
_SAMPLE = 100


def looks_dated(text: str) -> bool:
    """Whether a short text names a day, or how long ago it was."""
    return bool(text) and columns(text) <= _LONGEST and bool(_DATED.search(text))


def has_date(item: HtmlElement, link: HtmlElement) -> bool:
    """Whether a line shows a date outside its title."""
    return next(_dated_in(item, link), None) is not None or looks_dated(listed.beside_link(item))


def rules_for(root: HtmlElement, links: Mapping[HtmlElement, HtmlElement]) -> Iterator[dict[str, str]]:
    """Rules for the dates of some items (with their links), the likeliest first."""
    inside = {item: list(_dated_in(item, link)) for item, link in itertools.islice(links.items(), _SAMPLE)}
    for number in range(2):
        pairs = [(item, dated[number]) for item, dated in inside.items() if len(dated) > number]
        if len(pairs) * 3 >= len(inside) and (css := rules.inside(pairs, _is_dated)):
            yield {"date": css}
    if css := _beside(links):
        yield {"date": css}
    headings = _headings(list(links))
    fit = rules.for_items(root, headings, lambda element: _is_day(page.text_of(element))) if headings else None
    if fit is not None:
        yield {"day": fit.css}
        if css := _times(links):
            yield {"day": fit.css, "date": css}


def _is_day(text: str) -> bool:
    """Whether a heading dates what follows: a day, or the year of days that name none."""
    return looks_dated(text) or bool(_YEAR.fullmatch(text))


def _times(links: Mapping[HtmlElement, HtmlElement]) -> str:
    """A rule for what lines below a heading add to it: a time of day, or a day without its year."""
    pairs = []
    for item, link in itertools.islice(links.items(), _SAMPLE):
        for node in page.text_nodes(item):
            if node.element is not link and (_TIME.fullmatch(node.text) or looks_dated(node.text)):
                pairs.append((item, node.element))
                break
    if len(pairs) * 2 < min(len(links), _SAMPLE):
        return ""
    return rules.inside(pairs, lambda item, css: selecting.first(item, {"": css}, "") in dict(pairs).values())


def _is_dated(item: HtmlElement, css: str) -> bool:
    element = selecting.first(item, {"": css}, "")
    if element is None:
        return False
    if element.get("datetime"):
        return True
    if element.find(".//a[@href]") is not None or element.tag == "a":
        return any(looks_dated(node.text) for node in page.text_nodes(element))
    return looks_dated(page.text_of(element))


def _dated_in(item: HtmlElement, link: HtmlElement) -> Iterator[HtmlElement]:
    """The elements of an item that hold a date, those for readers of code first; the title's own text is none."""
    for element in item.iter("time"):
        if element.get("datetime") or looks_dated(page.text_of(element)):
            yield element
    title_seen = False
    for number, node in enumerate(page.text_nodes(item)):
        if number >= _MOST_NODES:
            return
        in_link = node.element is link or link in node.element.iterancestors()
        # The first text of a link is its title; a date may stand in one behind it.
        if in_link and not title_seen:
            title_seen = not looks_dated(node.text) or columns(node.text) > 24
            if title_seen:
                continue
        if node.element.tag != "time" and node.element.tag not in ("h1", "h2", "h3") and looks_dated(node.text):
            yield node.element


def _beside(links: Mapping[HtmlElement, HtmlElement]) -> str:
    """A rule for dates in the element after each item, as in `<dt>` and `<dd>`, or in two rows of a table."""
    pairs = []
    for item in links:
        after = item.getnext()
        if after is None or after in links:
            return ""
        dated = next(
            (node.element for node in page.text_nodes(after) if looks_dated(node.text)),
            None,
        )
        if dated is not None:
            pairs.append((item, after, dated))
    if len(pairs) * 2 < len(links):
        return ""
    item, after, _ = pairs[0]
    before = rules.names([one for one, _, _ in pairs])[0]
    follows = f"{before} + {rules.names([one for _, one, _ in pairs])[0]}"
    if all(dated is beside for _, beside, dated in pairs):
        return follows
    inner = rules.inside([(beside, dated) for _, beside, dated in pairs], _is_dated)
    return f"{follows} {inner}" if inner else follows


def _headings(items: list[HtmlElement]) -> list[HtmlElement]:
    """The dated headings that items stand below, where at least half of them do."""
    known = set(items)
    found: dict[HtmlElement, HtmlElement | None] = {}
    for item in items:
        before = item.getprevious()
        found[item] = found[before] if before in found else _heading_before(item, known)
    headings = [heading for heading in found.values() if heading is not None]
    return list(dict.fromkeys(headings)) if len(headings) * 2 >= len(items) else []


def _heading_before(item: HtmlElement, items: set[HtmlElement]) -> HtmlElement | None:
    node: HtmlElement | None = item
    for _ in range(4):
        if node is None or node.tag in ("body", "html"):
            return None
        before = node.getprevious()
        for _ in range(12):
            if before is None:
                break
            if before not in items and _is_small(before) and _is_day(page.text_of(before)):
                return before
            before = before.getprevious()
        node = node.getparent()
    return None


def _is_small(element: HtmlElement) -> bool:
    return len(element) <= 6 and sum(len(child) for child in element) <= 12
