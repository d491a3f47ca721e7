"""Addresses of the pages that people read: of articles, feeds and editions; and where a long list is cut.

Each ends in a slash, so that a folder of files serves them as they are. Paths here are decoded; `quoted` makes them
fit for an address.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from publisher.domain.article import ArticleState
from publisher.domain.feed import quoted_slug

ARTICLES = "/articles/"
EDITIONS = "/editions/"
FEEDS = "/feeds/"
SEARCH = "/search"
FEEDS_OPML = "/feeds.opml"
ROBOTS = "/robots.txt"
SITEMAP = "/sitemap.xml"

LISTS_PART = 0
"""The part of a sitemap that has the lists; those of articles are numbered from 1."""

FEWEST, MOST = 24, 60
"""How many articles a page of a list shows at least (but the last) and at most."""

_CUT_AT_ONE_OF = 8
# Knuth's multiplicative hash: neighbours fall far apart.
_SPREAD = 2654435761
_RANGE = 1 << 32
_NUMBER = r"([1-9][0-9]{0,17})"
_ARTICLE = re.compile(f"{ARTICLES}{_NUMBER}/")
_EDITION = re.compile(f"{EDITIONS}{_NUMBER}/")
_FEED = re.compile(f"{FEEDS}(.+?)/(?:before-{_NUMBER}/)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ArticleAddress:
    """The page of one article."""

    article_id: int


@dataclass(frozen=True, slots=True)
class EditionAddress:
    """The page of one edition of a newsletter."""

    edition_id: int


@dataclass(frozen=True, slots=True)
class ListAddress:
    """The page of a feed: its newest articles, or those that stand before one of them in time."""

    slug: str
    before: int | None = None


@dataclass(frozen=True, slots=True)
class FeedsAddress:
    """The page that lists all feeds."""


PageAddress = ArticleAddress | EditionAddress | ListAddress | FeedsAddress


def path_of(address: PageAddress) -> str:
    """The decoded path of a page."""
    match address:
        case ArticleAddress(number):
            return f"{ARTICLES}{number}/"
        case EditionAddress(number):
            return f"{EDITIONS}{number}/"
        case ListAddress(slug, None):
            return f"{FEEDS}{slug}/"
        case ListAddress(slug, before):
            return f"{FEEDS}{slug}/before-{before}/"
        case FeedsAddress():
            return FEEDS


def quoted(address: PageAddress) -> str:
    """The path of a page as it stands in an address (RFC 3986): percent-encoded UTF-8."""
    match address:
        case ListAddress(slug, _):
            return f"{FEEDS}{quoted_slug(slug)}{quote(path_of(address).removeprefix(FEEDS + slug))}"
        case _:
            return quote(path_of(address))


def sitemap_path(part: int) -> str:
    """The path of a part of the sitemap."""
    return f"/sitemap-{part}.xml"


def read_path(path: str) -> PageAddress | None:
    """The page that a decoded path names; None when it can be none."""
    if path == FEEDS:
        return FeedsAddress()
    if found := _ARTICLE.fullmatch(path):
        return ArticleAddress(int(found[1]))
    if found := _EDITION.fullmatch(path):
        return EditionAddress(int(found[1]))
    if (found := _FEED.fullmatch(path)) and path.isprintable():
        return ListAddress(unicodedata.normalize("NFC", found[1]), int(found[2]) if found[2] else None)
    return None


def cut_page(states: Sequence[ArticleState]) -> Sequence[ArticleState]:
    """The articles of one page, out of at most `MOST` + 1 that follow in a list; what is left over is on the next.

    Where it ends depends on the articles themselves: one more at the top of a list moves its first page's end, and
    leaves the pages behind it as they are.
    """
    return states[: _page_length([state.article.id for state in states])]


def cut_list(numbers: Sequence[int]) -> list[int]:
    """Where the pages of a whole list end: the last article of each but the last, as in `ListAddress.before`."""
    ends, start = [], 0
    while (length := _page_length(numbers[start : start + MOST + 1])) < len(numbers) - start:
        start += length
        ends.append(numbers[start - 1])
    return ends


def _page_length(numbers: Sequence[int]) -> int:
    if len(numbers) <= FEWEST:
        return len(numbers)
    ends = (place for place in range(FEWEST, min(len(numbers), MOST) + 1) if _ends_page(numbers[place - 1]))
    return min(next(ends, MOST), len(numbers))


def _ends_page(article_id: int) -> bool:
    return article_id * _SPREAD % _RANGE < _RANGE // _CUT_AT_ONE_OF
