"""The titles of a list's lines: what the links say, or the headings beside links that say nothing."""

from dataclasses import replace

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.lists.links import Group, lasting_classes
from publisher.sources.pages import page

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def good_width(title: str) -> float:
    """How well a title's width suits an article's: 14 to 160 columns do."""
    width = columns(title)
    return 1.0 if 14 <= width <= 160 else 0.5 if 8 <= width <= 240 else 0.0


def titled(group: Group) -> Group:
    """The group with the headings of its items for titles, where the links say only "Read more"."""
    titles = [link.title for link in group.links]
    if len(set(titles)) > len(titles) // 2 and sum(map(good_width, titles)) >= len(titles) / 2:
        return group
    links = [
        replace(link, title=page.text_of(heading))
        if (heading := _heading_for(item, link.element)) is not None
        else link
        for link, item in zip(group.links, group.items, strict=True)
    ]
    return Group(links, group.items, group.standing)


def _heading_for(item: HtmlElement, link: HtmlElement) -> HtmlElement | None:
    """The title of an item for a link that says nothing; none where the title has a link of its own elsewhere."""
    heading = title_element(item)
    own = heading.find(".//a[@href]") if heading is not None else None
    return heading if own is None or own.get("href") == link.get("href") else None


def title_element(item: HtmlElement) -> HtmlElement | None:
    """The element in an item that is its title by its tag or class."""
    for tag in HEADINGS:
        if (heading := item.find(f".//{tag}")) is not None and page.text_of(heading):
            return heading
    for element in item.iter("div", "span", "p", "strong", "b", "td", "dt"):
        names = " ".join(lasting_classes(element)).lower()
        if any(word in names for word in ("title", "headline", "tit", "subject")) and page.text_of(element):
            return element
    return None
