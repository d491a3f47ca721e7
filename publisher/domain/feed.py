"""Feeds: named selections that we publish."""

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from publisher.domain.newsletter import Newsletter
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Source
from publisher.domain.words import words

RESERVED_SLUGS = frozenset({"source", "tag", "author", "language", "search", "newsletter", "all"})
SOURCE_FEEDS = "source/"
"""What the slug of a source's own feed begins with."""

NEWSLETTER_FEEDS = "newsletter/"
"""What the slug of the feed of a newsletter's editions begins with."""

SEARCH_FEEDS = "search/"
"""What the slug of a search begins with."""

LONGEST_NAME = 200
"""Characters that a tag, an author or a search in a slug may have."""

_ARCHIVE_PAGE = re.compile(r"(.+)/archive/([1-9][0-9]{0,8})(?:-([0-9a-f]{12}))?")
_PHRASE = re.compile(r'["“”「『]([^"“”」』]+)["“”」』]|([^\s"“”「」『』]+)')

TTL = timedelta(minutes=30)
"""For how long a copy of a feed is good: documents (`ttl`, `sy:updateFrequency`) and caches (`max-age`, `Expires`) are
told the same."""

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
    """A named selection published at `/feeds/<slug>.rss`, `.atom` and `.json`.

    `limit` is how many items its current documents show; those that are not `full` show summaries alone, those
    without `images` no image at all. With `tombstones` they name what was taken down (RFC 6721). `previous_slugs` are
    the names it had before, the oldest first.
    """

    slug: str
    title: str
    selection: Selection = Selection()
    description: str = ""
    language: str | None = None
    limit: int = 30
    full: bool = True
    images: bool = True
    tombstones: bool = False
    previous_slugs: tuple[str, ...] = ()

    def path(self, format: FeedFormat) -> str:
        """The path below the site's address."""
        return f"/feeds/{quoted_slug(self.slug)}.{format}"

    def archive_path(self, format: FeedFormat, number: int, version: str = "") -> str:
        """The path of a page of its archive: as it is in a version, or (without) wherever it is now."""
        return f"/feeds/{quoted_slug(self.slug)}/archive/{number}{version and f'-{version}'}.{format}"

    def id(self, instance: uuid.UUID) -> str:
        """The feed's own id (RFC 4287, section 4.2.6), from the instance and its first name: it never changes."""
        first = next(iter(self.previous_slugs), self.slug)
        return uuid.uuid5(instance, f"feed:{first}").urn


def quoted_slug(slug: str) -> str:
    """A slug as it stands in a path; one with parts such as `..`, which clients take out of paths, as a single part."""
    return quote(slug, safe="" if {"", ".", ".."} & set(slug.split("/")) else "/")


def names_feed(name: str) -> bool:
    """Whether a tag, an author, a language or a search makes a feed: with a word in it, and not too long."""
    return bool(words(name)) and len(name) <= LONGEST_NAME


def implied_feed(slug: str, site_title: str) -> Feed | None:
    """The feed that a slug names without being defined: of everything, a tag, an author, a language or a search.

    A search wants all its words; what stands in quotes wants to be found as it is. None for any other slug, and for
    a name without a word in it.
    """
    kind, _, name = slug.partition("/")
    if slug == "all":
        return Feed(slug=slug, title=site_title)
    wanted = Terms((name,))
    match kind:
        case _ if not names_feed(name):
            return None
        case "tag":
            return Feed(slug=slug, title=f"#{name} · {site_title}", selection=Selection(tags=wanted))
        case "author":
            return Feed(slug=slug, title=f"{name} · {site_title}", selection=Selection(authors=wanted))
        case "language":
            selection = Selection(languages=wanted)
            return Feed(slug=slug, title=f"{name} · {site_title}", selection=selection, language=name)
        case "search":
            return Feed(slug=slug, title=f"“{name}” · {site_title}", selection=Selection(every=phrases(name)))
        case _:
            return None


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """What the address of a page of an archive names; without a `version` wherever the page is now."""

    slug: str
    number: int
    version: str = ""


def archive_page(name: str) -> ArchivePage | None:
    """What a path below `/feeds/`, without its extension, names in an archive; None when it is no such address."""
    found = _ARCHIVE_PAGE.fullmatch(name)
    return ArchivePage(found[1], int(found[2]), found[3] or "") if found else None


def is_implied(slug: str) -> bool:
    """Whether a slug belongs to a feed that need not be defined."""
    return slug.partition("/")[0] in RESERVED_SLUGS


def phrases(query: str) -> tuple[str, ...]:
    """What a search asks for: its words, and whole what stands in quotes."""
    found = (quoted or bare for quoted, bare in _PHRASE.findall(query))
    return tuple(phrase for phrase in found if words(phrase))


def newsletter_feed(newsletter: Newsletter) -> Feed:
    """The feed of a newsletter's editions, in the first of its languages."""
    return Feed(
        slug=f"{NEWSLETTER_FEEDS}{newsletter.slug}",
        title=newsletter.title,
        description=newsletter.description,
        language=newsletter.languages[0],
    )


def source_feed(source: Source) -> Feed:
    """The feed that every source has without being configured."""
    return Feed(
        slug=f"{SOURCE_FEEDS}{source.name}",
        title=source.shown,
        selection=Selection(sources=Terms((source.name,))),
        language=source.language,
    )
