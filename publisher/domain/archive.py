"""The archive of a feed (RFC 5005, section 4): which articles its current documents show, and into which pages the rest
of its history falls. Pure.

A page is closed once, by who joined the feed and when, and keeps its entries: what it says changes only when one of
them is edited or taken down. Its version is a fingerprint of what it says and of all pages before it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

PAGE_ENTRIES = 50
"""How many entries a page of an archive has at most."""

OPEN_PAGE = 0
"""Where entries stand that are in no page yet; closed pages are numbered from 1, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an article is to a feed: `live` when it is in the selection and visible."""

    article_id: int
    live: bool
    announced: bool
    dated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article in the history of a feed. `joined` is the `seq` up to which the feed was judged when it came in."""

    article_id: int
    live: bool
    announced: bool
    dated: datetime
    joined: int


@dataclass(frozen=True, slots=True)
class Page:
    """A closed page. `said` is a fingerprint of its entries; `touched` counts changes that these don't tell."""

    number: int
    said: str
    touched: int
    version: str


def window(announced: Sequence[Member], backlog: Sequence[Member], limit: int) -> list[Member]:
    """What current documents show, newest first by date: of `limit` articles those of the backlog that their dates
    allow, and else those announced articles that joined last. So one that came late with an old date is shown, too."""
    by_date = sorted([*announced, *backlog], key=_by_date, reverse=True)[:limit]
    old = [member for member in by_date if not member.announced]
    new = sorted(announced, key=_by_arrival, reverse=True)[: limit - len(old)]
    return sorted([*new, *old], key=_by_date, reverse=True)


def to_close(members: Sequence[Member], shown: Iterable[int]) -> list[list[int]]:
    """The pages to make of what is in none yet, the oldest first: of all of it, once current documents don't show all
    of it. An article may so be in a page and in current documents, and is never in neither."""
    if {member.article_id for member in members if member.live} <= set(shown):
        return []
    ids = [member.article_id for member in sorted(members, key=_by_arrival)]
    pages = -(-len(ids) // PAGE_ENTRIES)
    return [ids[len(ids) * page // pages : len(ids) * (page + 1) // pages] for page in range(pages)]


def versions(head: str, pages: Sequence[Page], before: str) -> Mapping[int, str]:
    """The version of each page, the oldest first; `head` is what all pages say of the feed, `before` the version of
    the page before these."""
    found = {}
    for page in pages:
        before = fingerprint(head, page.said, page.touched, before)[:12]
        found[page.number] = before
    return found


def fingerprint(*values: object) -> str:
    """A name for some values that is the same on every machine."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=True, default=str).encode()).hexdigest()[:32]


def _by_date(member: Member) -> tuple[datetime, int]:
    return member.dated, member.article_id


def _by_arrival(member: Member) -> tuple[int, datetime, int]:
    return member.joined, member.dated, member.article_id
