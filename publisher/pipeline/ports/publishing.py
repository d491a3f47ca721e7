"""What publishing stores and writes: feeds and their documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from publisher.domain.article import ArticleState, Tombstone
from publisher.domain.feed import TTL, Feed, FeedFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """One document of a feed, ready to be served. `body_gzip` is the same bytes compressed once.

    `etag` is a strong tag (RFC 9110, section 8.8.3) of the plain bytes.
    """

    slug: str
    format: FeedFormat
    body: bytes
    body_gzip: bytes
    etag: str
    last_modified: datetime
    built_seq: int
    shape: str = ""
    items: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What the stored documents of a feed say without their bodies: how many items, of what shape, right as of what.

    `built_seq` is the lowest of the three.
    """

    items: int
    shape: str
    built_seq: int


class FeedDocuments(Protocol):
    """Feeds' definitions and documents."""

    def apply(self, feeds: Sequence[Feed]) -> None:
        """Make the stored feeds these; documents of a feed left out are removed."""
        ...

    def all(self) -> list[Feed]:
        """All feeds, by slug."""
        ...

    def get(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        """One document."""
        ...

    def was(self, slug: str) -> bool:
        """Whether there was a feed of this slug, named or of a source, that is no longer defined (410 Gone)."""
        ...

    def removed(self) -> list[str]:
        """The slugs of all feeds that there were, by slug, named or of a source."""
        ...

    def renamed(self, slug: str) -> str | None:
        """The slug that the feed has now which had this one before; None when there is none."""
        ...

    def standing(self) -> Mapping[str, Standing]:
        """How the feeds that have all three documents stand, by slug."""
        ...

    def keep(self, slugs: Sequence[str]) -> None:
        """Remove the documents of all other feeds."""
        ...

    def store(self, documents: Sequence[FeedDocument]) -> None:
        """Replace documents; the version that `version()` tells changes."""
        ...

    def rewrite(self, slugs: Sequence[str]) -> None:
        """Have the documents of these feeds written at the next publishing; copies of any are fetched anew, too."""
        ...

    def version(self) -> int:
        """A number that changes whenever a document did; the web compares it before it trusts its copies."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed with everything that its documents say. `updated` is its newest item's; items are within rights.

    `prev_archive`, `next_archive` and `current` are addresses of other documents of the same feed (RFC 5005, section
    4), empty where there is none; `archive` marks a page of its archive.

    `deleted` are articles that were taken away (RFC 6721), `notice` is a sentence for readers on how the feed stands,
    `hubs` are told of its changes (W3C WebSub).

    `home_url` is the page that shows the same to people, `style` the path of the style sheet for browsers that are
    given the document itself. `tags_url` is what the addresses of tags' pages begin with, which names the set that
    the tags are from; `image` is the address of a PNG, JPEG or GIF that stands for the feed, at most 144 pixels wide.
    """

    id: str
    slug: str
    title: str
    description: str
    language: str | None
    home_url: str
    self_urls: Mapping[FeedFormat, str]
    items: tuple[ArticleState, ...]
    updated: datetime
    ttl: timedelta = TTL
    style: str = ""
    prev_archive: Mapping[FeedFormat, str] = field(default_factory=dict)
    next_archive: Mapping[FeedFormat, str] = field(default_factory=dict)
    current: Mapping[FeedFormat, str] = field(default_factory=dict)
    archive: bool = False
    deleted: tuple[Tombstone, ...] = ()
    notice: str = ""
    hubs: tuple[str, ...] = ()
    tags_url: str = ""
    image: str = ""


class FeedWriter(Protocol):
    """Writes a feed's documents. Same channel, same bytes."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        """One document in UTF-8."""
        ...
