"""The further pages of an article: which addresses a page gives for them, and which of those to believe.

A link that says "next" is believed only when its address is the present one with the next number: blogs call the next
*article* that, too.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

from lxml.html import HtmlElement

from publisher.sources.pages.page import Page, halfwidth
from publisher.sources.text import urls

_SAYS_NEXT = re.compile(r"^\W*(下一?[页頁]|后一?页|下页|next( page)?|continue|suivant|weiter)\W*$", re.IGNORECASE)
_NUMBER = re.compile(r"^\W*(\d{1,3})\W*$")
_PART_KEYS = ("page", "p", "pn", "pg", "paged", "pageno", "page_no", "pageindex", "part")
_WHOLE = re.compile(r"^(?P<stem>.*?)(?P<end>\.\w{3,5}|/?)$")
_NUMBERED = re.compile(
    r"^(?P<stem>.*?)(?:(?:_|/page[/_-]|/p)(?P<number>\d{1,3})(?P<end>\.\w{3,5}|/?)"
    r"|-(?P<dashed>\d{1,3})(?P<dashed_end>\.\w{3,5})|/(?P<under>\d{1,2})(?P<under_end>/?))$",
    re.IGNORECASE,
)
_MOST = 30
"""So many addresses of further pages are looked at."""


def pager(found: Page) -> tuple[str, ...]:
    """The addresses on the same host that call themselves a further page, the surest first: `rel=next`, a word for
    it, a number."""
    declared = [link.get("href") for link in found.root.iter("link") if _is_next(link)]
    said, numbered = [], []
    for anchor in found.root.iter("a"):
        text = halfwidth("".join(anchor.itertext())) if anchor.get("href") and len(anchor) < 4 else ""
        if _is_next(anchor) or _SAYS_NEXT.match(text):
            said.append(anchor.get("href"))
        elif _NUMBER.match(text):
            numbered.append(anchor.get("href"))
    absolute = (urls.absolute(found.base, reference) for reference in [*declared, *said, *numbered][:_MOST])
    host = urlsplit(found.url or "").netloc.lower()
    return tuple(dict.fromkeys(url for url in absolute if url is not None and urlsplit(url).netloc.lower() == host))


def _is_next(element: HtmlElement) -> bool:
    return "next" in (element.get("rel") or "").lower().split()


def follows(first: str, url: str, number: int) -> bool:
    """Whether `url` is page `number` of what begins at `first`: the same host and path, but for that number."""
    one, other = urlsplit(first), urlsplit(url)
    if one.netloc.lower() != other.netloc.lower():
        return False
    if one.path.rstrip("/") == other.path.rstrip("/"):
        return _query_follows(one, other, number)
    return one.query == other.query and _path_follows(one.path, other.path, number)


def _path_follows(first: str, path: str, number: int) -> bool:
    match = _NUMBERED.match(path)
    if match is None:
        return False
    found = int(match["number"] or match["dashed"] or match["under"])
    place = match["stem"], (match["end"] or match["dashed_end"] or match["under_end"] or "").strip("/")
    whole = _WHOLE.match(first)
    if whole is not None and place == (whole["stem"], whole["end"].strip("/")):
        # Of index.html the second page may be index_2.html or index_1.html.
        return found == number or (found == number - 1 and match["number"] is not None)
    begun = _NUMBERED.match(first)
    if begun is None or begun["under"] is not None or int(begun["number"] or begun["dashed"]) > 1:
        return False
    begins = int(begun["number"] or begun["dashed"])
    ending = (begun["end"] or begun["dashed_end"] or "").strip("/")
    return place == (begun["stem"], ending) and found == begins + number - 1


def _query_follows(one: SplitResult, other: SplitResult, number: int) -> bool:
    before, after = parse_qsl(one.query, keep_blank_values=True), parse_qsl(other.query, keep_blank_values=True)
    numbers = [value for key, value in after if key.lower() in _PART_KEYS and (key, value) not in before]
    kept = [pair for pair in after if pair[0].lower() not in _PART_KEYS]
    return numbers == [str(number)] and kept == [pair for pair in before if pair[0].lower() not in _PART_KEYS]
