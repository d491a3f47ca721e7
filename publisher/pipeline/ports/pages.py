"""What pages for people are made of, and who writes them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from publisher.domain.article import ArticleState
from publisher.domain.edition import Edition
from publisher.domain.feed import Feed
from publisher.domain.image import LocalImage
from publisher.domain.newsletter import Newsletter
from publisher.domain.pages import ListAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it is served, or lies in a file.

    `last_modified` is None where no instant tells of every change: what leaves a list leaves no date.
    """

    body: bytes
    last_modified: datetime | None = None
    media_type: str = "text/html; charset=utf-8"


class Absence(StrEnum):
    """Why there is no page at an address: there never was, or there is no more (404, 410)."""

    UNKNOWN = "unknown"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """An article within rights, with images that are our copies; `lead` is one for cards that others show of it.

    `feed` is that of its source.
    """

    state: ArticleState
    feed: Feed
    lead: LocalImage | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some articles of a feed, the newest first; `older` is where the next are. Of a search the words are `query`;
    `notice` is what a reader should know of the feed itself."""

    feed: Feed
    address: ListAddress
    states: tuple[ArticleState, ...]
    older: ListAddress | None = None
    query: str | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class EditionPage:
    """An edition that was sent, with its articles as they are now, in its order and within rights."""

    newsletter: Newsletter
    edition: Edition
    states: tuple[ArticleState, ...]


@dataclass(frozen=True, slots=True)
class EditionsPage:
    """The last editions of a newsletter, the newest first."""

    newsletter: Newsletter
    feed: Feed
    editions: tuple[EditionPage, ...]


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """All public feeds: those that are defined, of newsletters, and of sources."""

    feeds: tuple[Feed, ...]
    newsletters: tuple[Feed, ...]
    sources: tuple[Feed, ...]


@dataclass(frozen=True, slots=True)
class EditionText:
    """An edition as an entry of a feed: plain title and summary, and markup."""

    title: str
    summary: str
    html: str


class PageWriter(Protocol):
    """Writes pages. Same values, same bytes. Raises TemplateError."""

    def article(self, page: ArticlePage) -> bytes:
        """The page of one article."""
        ...

    def articles(self, page: ListPage) -> bytes:
        """A page of a list, or of what a search found."""
        ...

    def edition(self, page: EditionPage) -> bytes:
        """The page of one edition."""
        ...

    def editions(self, page: EditionsPage) -> bytes:
        """The page that lists a newsletter's editions."""
        ...

    def feeds(self, page: FeedsPage) -> bytes:
        """The page that lists all feeds."""
        ...

    def outline(self, page: FeedsPage) -> bytes:
        """The same for feed readers (OPML 2.0)."""
        ...

    def text(self, page: EditionPage) -> EditionText:
        """An edition as an entry of a feed."""
        ...
