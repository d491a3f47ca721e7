"""Feeds: named selections that we publish."""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Source

RESERVED_SLUGS = frozenset({"source", "tag", "author", "language", "search", "newsletter", "all"})
SOURCE_FEEDS = "source/"
"""What the slug of a source's own feed begins with."""

UNANNOUNCED_LIMIT = 10
"""How many articles of a backlog a current feed shows at most."""


class FeedFormat(StrEnum):
    """The three documents of a feed; the value is the file name's extension."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """The media type, with charset where the type has one (RFC 4287, section 7; JSON Feed 1.1)."""
        return {
            FeedFormat.RSS: "application/rss+xml; charset=utf-8",
            FeedFormat.ATOM: "application/atom+xml; charset=utf-8",
            FeedFormat.JSON: "application/feed+json; charset=utf-8",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A named selection published at `/feeds/<slug>.rss`, `.atom` and `.json`."""

    slug: str
    title: str
    selection: Selection = Selection()
    description: str = ""
    language: str | None = None
    limit: int = 30

    def path(self, format: FeedFormat) -> str:
        """The path below the site's address."""
        return f"/feeds/{quote(self.slug)}.{format}"

    def id(self, instance: uuid.UUID) -> str:
        """The feed's own id (RFC 4287, section 4.2.6), from the instance, never from an address that may change."""
        return uuid.uuid5(instance, f"feed:{self.slug}").urn


def source_feed(source: Source) -> Feed:
    """The feed that every source has without being configured."""
    return Feed(
        slug=f"{SOURCE_FEEDS}{source.name}",
        title=source.shown,
        selection=Selection(sources=Terms((source.name,))),
        language=source.language,
    )
