"""The lines of a listing: what CSS selectors make of a page that lists articles."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from publisher.sources import dates
from publisher.sources.entries import fingerprint
from publisher.sources.extract import date_at, names_at, tags_at
from publisher.sources.lists import numbering
from publisher.sources.pages import page
from publisher.sources.text import selecting, urls

_CUT = re.compile(r"(?:\.{2,}|…+)\s*$")
_AROUND_DATES = " \t-\u2013\u2014:\uff1a,;|\u00b7\u2022*\u00bb>()\uff08\uff09[]\u3010\u3011"
_BREAKS = ("br", "hr", "p", "div", "h1", "h2", "h3", "h4", "ul", "ol", "table")
_BRACKETS = " \t[]()【】（）〔〕[]|·"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ONLY_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*年?\s*$")
_BULLET = re.compile(r"^[\s·•●○■□◆◇▪▫►▶»>*\u30fb]+")


MOST = 2_000
"""Lines of one page beyond these are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One article as the listing names it; fields it does not show are empty."""

    url: str
    title: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    date_text: str = ""

    @property
    def hint(self) -> str:
        """A fingerprint of what the line says."""
        return fingerprint(self.title, self.date_text, self.summary, self.authors, self.tags)


@dataclass(frozen=True, slots=True)
class Lines:
    """What a rule gives: its lines in the page's order, each address once, and how many elements `item` matched."""

    found: tuple[Line, ...]
    matched: int


def read(listing: page.Page, selectors: Mapping[str, str], context: dates.Context) -> Lines:
    """Apply a rule to a page. Raises BadSelector.

    `item` matches each line; inside it are `link`, `title`, `date`, `summary`, `author` and `tags`. `day` matches
    headings that date all lines up to the next one. Where one date of them all can only be read day first, all are.
    """
    items = selecting.select(listing.root, selectors, "item")[:MOST]
    days = _days(listing.root, items, selectors)
    shown = itertools.chain(days.values(), (_shown(item, selectors) for item in items))
    context = numbering.context_for(shown, context)
    found: dict[str, Line] = {}
    for number, item in enumerate(items):
        line = _line(item, listing.base, selectors, context, days.get(number, ""))
        if line is not None:
            found.setdefault(line.url, line)
    return Lines(tuple(found.values()), len(items))


def key_of(base: str | None, reference: str | None) -> str | None:
    """The address that names an article of a listing: absolute, without tracking; None for what leads to no page."""
    url = urls.absolute(base, reference)
    return urls.normalised(urls.untracked(url)) if url is not None else None


def link_of(item: HtmlElement, selectors: Mapping[str, str]) -> HtmlElement | None:
    """The item's link: what `link` matches (or the first link in it), else the item itself, else its first link."""
    if selectors.get("link", "").strip():
        chosen = selecting.first(item, selectors, "link")
        if chosen is None or chosen.get("href"):
            return chosen
        return chosen.find(".//a[@href]")
    return item if item.tag == "a" and item.get("href") else item.find(".//a[@href]")


def title_at(element: HtmlElement, without: HtmlElement | None = None) -> str:
    """The title that a link (or heading) shows, without a date inside it. Where the layout cut it off, or there is
    only an image, its `title` or the image's `alt`."""
    text = _BULLET.sub("", text_without(element, without) if without is not None else page.text_of(element))
    whole = " ".join((element.get("title") or "").split())
    begun = _CUT.sub("", text)
    if whole and (not text or (begun != text and whole.startswith(begun))):
        return whole
    if not text:
        return next((" ".join(alt.split()) for image in element.iter("img") if (alt := image.get("alt") or "")), "")
    return text


def text_without(element: HtmlElement, inner: HtmlElement) -> str:
    """The text of an element without that of one inside it."""
    kept = [
        node.text
        for node in page.text_nodes(element)
        if node.element is not inner and inner not in node.element.iterancestors()
    ]
    return " ".join(" ".join(kept).split())


def date_in(
    element: HtmlElement | None, link: HtmlElement, day: str, context: dates.Context
) -> tuple[dates.Moment | None, str]:
    """The date at an element and how it is written. Where the element holds the link, too, the date is in what stands
    around the link. A time of day alone belongs to the `day` that a heading names."""
    if element is None:
        return (dates.parse(day, context), day) if day else (None, "")
    if element.get("datetime") and (moment := dates.parse(element.get("datetime") or "", context)):
        return moment, page.text_of(element)
    if element is link or link in element.iterdescendants("a"):
        for text in _around(element, link):
            if moment := dates.parse(text, context):
                return moment, text
        return None, ""
    text = page.text_of(element).strip(_BRACKETS)
    if _ONLY_YEAR.match(day) and not _YEAR.search(text):
        year = day.strip().rstrip("年 ")
        tries = (dates.parse(one, context) for one in (f"{text}, {year}", f"{year}年{text}", f"{year}-{text}"))
        if moment := next(filter(None, tries), None):
            return moment, text
    moment = date_at(element, context) or dates.parse(text, context)
    if moment is None and day:
        moment = dates.parse(f"{day} {text}", context) or dates.parse(day, context)
    return moment, text


def _around(element: HtmlElement, link: HtmlElement) -> list[str]:
    """The texts of an element outside its link; of a link itself, its texts but the first, which is its title."""
    nodes = list(page.text_nodes(element))
    if element is link:
        return [node.text for node in nodes[1:]]
    return [node.text for node in nodes if node.element is not link and link not in node.element.iterancestors()]


def _days(root: HtmlElement, items: list[HtmlElement], selectors: Mapping[str, str]) -> dict[int, str]:
    """For each item, by its number, what the last `day` heading before it says."""
    headings = set(selecting.select(root, selectors, "day"))
    if not headings:
        return {}
    numbers = {item: number for number, item in enumerate(items)}
    said, current = {}, ""
    for element in root.iter():
        if element in headings:
            current = page.text_of(element)
        if (number := numbers.get(element)) is not None:
            said[number] = current
    return said


def beside_link(item: HtmlElement) -> str:
    """The bare text just before a line that is no more than a link, else just after it, where line breaks part the
    lines: no selector reaches it."""
    if item.tag != "a":
        return ""
    before, after, parent = item.getprevious(), item.getnext(), item.getparent()
    texts = []
    if before is None and parent is not None:
        texts.append(parent.text)
    elif before is not None and before.tag in _BREAKS:
        texts.append(before.tail)
    if after is None or after.tag in _BREAKS:
        texts.append(item.tail)
    found = (" ".join((text or "")[:200].split()).strip(_AROUND_DATES) for text in texts)
    return next(filter(None, found), "")


def _shown(item: HtmlElement, selectors: Mapping[str, str]) -> str:
    """Where a line's date may be written with the month in doubt."""
    date = selecting.first(item, selectors, "date")
    if date is None:
        return beside_link(item)
    return "" if date.get("datetime") else page.text_of(date)


def _line(
    item: HtmlElement, base: str | None, selectors: Mapping[str, str], context: dates.Context, day: str
) -> Line | None:
    link = link_of(item, selectors)
    url = key_of(base, link.get("href")) if link is not None else None
    if link is None or url is None:
        return None
    title = selecting.first(item, selectors, "title")
    date = selecting.first(item, selectors, "date")
    moment, written = date_in(date, link, day, context)
    if date is None and (found := dates.parse(bare := beside_link(item), context)):
        moment, written = found, bare
    summary = selecting.first(item, selectors, "summary")
    return Line(
        url=url,
        title=title_at(link if title is None else title, _inside(date, link if title is None else title)),
        summary=page.text_of(summary) if summary is not None else "",
        authors=names_at(selecting.select(item, selectors, "author")),
        tags=tags_at(selecting.select(item, selectors, "tags")),
        published=moment.at if moment else None,
        # A relative date ("3 hours ago") changes by itself: it is no sign of an edit.
        date_text=written if moment is not None and moment.confidence >= 1 else "",
    )


def _inside(date: HtmlElement | None, element: HtmlElement) -> HtmlElement | None:
    """The date's element when it is a part of the title's."""
    return date if date is not None and element in date.iterancestors() else None
