"""Which of a page's titles is the article's: headings, OpenGraph and `<title>` without the site's name must agree."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from publisher.domain.article import columns

_SEPARATOR = re.compile(
    r"\s+[-|–—·•»«:/\uff5c\uff1a]+\s+|\s*[|\uff5c_]+\s*|\s*[-–—]{2,}\s*"
    r"|(?<=[\u3000-\u9fff\uff00-\uffef])\s*[-–—]\s*|\s+[-–—]"
)


@dataclass(frozen=True, slots=True)
class Title:
    """A title and where it was found."""

    text: str
    evidence: str


def choose_title(
    title_tag: str, named: Sequence[str], headings: Sequence[tuple[str, bool]], sites: Iterable[str]
) -> Title:
    """The title. `named` are og:title and the like, `headings` texts with whether each is an `<h1>`."""
    sites = [site for site in sites if site]
    bare = [without_site(title, sites) for title in (*named, title_tag) if title]
    whole = [_folded(title) for title in (*named, title_tag) if title]
    for text, _ in sorted(headings, key=lambda heading: not heading[1]):
        folded = _folded(text)
        agree = any(folded and folded in title for title in whole)
        # A heading that is the site's name is in <title> too, but it is a small part of it.
        if agree and not _names_site(text, sites) and len(folded) >= 0.4 * min(map(len, map(_folded, bare)), default=0):
            return Title(text, "heading, agreeing with the page's title")
    if named:
        return Title(bare[0], "og:title")
    first = [text for text, is_h1 in headings if is_h1 and columns(text) >= 10]
    # A page that is titled like its site, and has one heading: the heading.
    if bare and not (len(first) == 1 and columns(first[0]) >= 2 * columns(bare[0])):
        return Title(bare[0], "title")
    return Title(first[0], "heading") if first else Title("", "none")


def without_site(title: str, sites: Iterable[str] = ()) -> str:
    """A title without the name of its site: a known name first, else the shorter end after a separator."""
    title = " ".join(title.split())
    for site in sites:
        mark, name = r"\s*[-|–—·•_»:\uff5c\uff1a]+\s*", re.escape(site)
        cut = re.sub(rf"{mark}{name}.{{0,12}}$|^{name}{mark}", "", title)
        if cut and cut != title:
            return cut.strip()
    parts = [part.strip() for part in _SEPARATOR.split(title) if part.strip()]
    if len(parts) < 2:
        return title
    # What is left must be clearly more than what goes: "微软 - 公司" might be either way round.
    first = parts[0]
    if columns(first) >= 12 or columns(first) >= columns(" ".join(parts[1:])):
        return _until_site(title, parts)
    last = parts[-1]
    return last if columns(last) >= 2 * columns(first) and columns(last) >= 16 else title


def _until_site(title: str, parts: list[str]) -> str:
    """Drop trailing parts while they are short beside what stands before them."""
    kept = list(parts)
    while len(kept) > 1 and columns(kept[-1]) <= max(24, columns(kept[0]) // 2):
        kept.pop()
    end = title.find(kept[-1]) + len(kept[-1]) if len(kept) > 1 else len(kept[0])
    return title[:end].strip() if len(kept) > 1 else kept[0]


def _names_site(text: str, sites: Iterable[str]) -> bool:
    return _folded(text) in {_folded(site) for site in sites}


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
