"""What a feed says, whatever its format: raw texts as they stand in it, to be cleaned by the reader."""

from dataclasses import dataclass
from datetime import timedelta

from publisher.domain.article import Enclosure


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry. `title`, `summary` and `html` are HTML from outside, dates are texts, addresses may be relative to
    `base`."""

    id: str = ""
    link: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: str = ""
    updated: str = ""
    summary: str = ""
    html: str = ""
    base: str = ""
    images: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A whole feed. `ttl` is how long it asks to be left alone (RSS ttl, sy:updatePeriod)."""

    items: tuple[FeedItem, ...] = ()
    language: str | None = None
    link: str | None = None
    ttl: timedelta | None = None
