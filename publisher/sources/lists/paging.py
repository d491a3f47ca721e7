"""Where a listing goes on: the address of the page with older articles."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from publisher.sources.pages import page
from publisher.sources.text import urls

_NEXT = re.compile(
    r"^[\s\[\(<«‹]*(?:下一页|下页|后一页|下一頁|下頁|后页|加载更多|查看更多|次へ"
    r"|next(?: page)?|older(?: (?:posts|entries|articles))?"
    r"|more (?:posts|articles|stories)|load more)[\s\])>»›→…]*$|^[>»›→]{1,2}$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?P<query>[?&](?:page|p|pg|paged|pn|pageno|pagenum|page_no|start_page)=)(?P<q>\d{1,4})(?=&|$)"
    r"|(?P<path>/(?:page|p)[/_-]?)(?P<d>\d{1,4})(?=/?$|\.\w{1,5}$)"
    r"|(?P<file>/[\w-]*?_)(?P<f>\d{1,4})(?=\.s?html?$|\.\w{1,5}$)",
    re.IGNORECASE,
)


def next_page(listing: page.Page) -> str | None:
    """The address of the page after this one, on the same host; None when there is none or it needs a script.

    By `rel=next` (HTML, section 4.6.7.17), by what the link says, else by the number after this page's own.
    """
    if listing.url is None:
        return None
    here = urls.normalised(listing.url)
    for element in _saying_next(listing.root):
        if url := _beyond(listing, here, element):
            return url
    number, family = _number(here)
    for element in listing.root.iter("a"):
        if page.text_of(element) == str(number + 1) and (url := _beyond(listing, here, element)):
            its, of = _number(url)
            if its == number + 1 and (family is None or of == family) and _same_place(here, url):
                return url
    return None


def _saying_next(root: HtmlElement) -> Iterator[HtmlElement]:
    links = [element for element in root.iter("link", "a") if element.get("href")]
    yield from (element for element in links if "next" in (element.get("rel") or "").lower().split())
    yield from (element for element in links if element.tag == "a" and _NEXT.match(page.text_of(element)[:40]))


def _beyond(listing: page.Page, here: str, element: HtmlElement) -> str | None:
    """Where a link leads, when that is another page of the same host."""
    url = urls.absolute(listing.base, element.get("href"))
    if url is None or urls.normalised(url) == here:
        return None
    return urls.normalised(url) if urlsplit(url).hostname == urlsplit(here).hostname else None


def _number(url: str) -> tuple[int, str | None]:
    """Which page of how many an address is, and how it says so; the first one says nothing."""
    match = _NUMBERED.search(url)
    if match is None:
        return 1, None
    number = int(match["q"] or match["d"] or match["f"])
    return number, "query" if match["q"] else "path" if match["d"] else "file"


def _same_place(here: str, url: str) -> bool:
    """Whether two addresses are pages of one listing: the same path before what is numbered."""
    place = urlsplit(_NUMBERED.sub("", here)).path.rpartition("/")[0]
    return urlsplit(url).path.startswith(place)
