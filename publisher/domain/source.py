"""Where articles come from, and when to look again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.domain.listing import ListingMemory

HINT_LIMIT = timedelta(hours=24)
"""What a server may ask for at most, unless the operator set another limit: longer hints are cut to this."""


class SourceKind(StrEnum):
    """How a source is read."""

    FEED = "feed"
    LISTING = "listing"
    SITEMAP = "sitemap"
    FOLDER = "folder"
    PUSH = "push"


class Rights(StrEnum):
    """What may be done with a source's articles; `quote` shows title, link, source and a short summary."""

    OWN = "own"
    LICENSED = "licensed"
    QUOTE = "quote"


class Guids(StrEnum):
    """What is known of a source's guids: that they stay, or that they change though the articles don't."""

    STABLE = "stable"
    CHANGING = "changing"


class OnGone(StrEnum):
    """What becomes of an article whose page is away for good: it stays, marked, or nobody sees it any more."""

    KEEP = "keep"
    HIDE = "hide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as it is defined. `url` is an address, or an absolute path for a folder; `id` is 0 until stored.

    Without `interval` the time between two looks adapts to the source (see `domain.polling`). `first_limit` is how
    many articles of its first listing are taken at most. One that is `disabled` is kept and not looked at.
    `on_gone` is what becomes of an article whose page its site took away.
    `include` and `exclude` are patterns of paths that choose among the pages of a sitemap.
    """

    name: str
    kind: SourceKind
    url: str
    id: int = 0
    title: str = ""
    language: str | None = None
    timezone: str = "UTC"
    tags: tuple[str, ...] = ()
    interval: timedelta | None = None
    rights: Rights = Rights.QUOTE
    selectors: Mapping[str, str] = field(default_factory=dict)
    full_text: bool = True
    first_limit: int | None = None
    disabled: bool = False
    on_gone: OnGone = OnGone.KEEP
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name people see."""
        return self.title or self.name

    @property
    def public_url(self) -> str:
        """Where people find it: nowhere for a folder, whose place is nobody's business outside, and may change."""
        return "" if self.kind is SourceKind.FOLDER else self.url


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified exactly as a server gave them (RFC 9110, section 8.8): opaque, quotes included."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentMemory:
    """A further document of a source (a sitemap that an index names) as it was last seen; `lastmod` as the index wrote
    it. `read_at` is None for one that was named and not read yet."""

    lastmod: str = ""
    validators: Validators = Validators()
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PollHints:
    """How long a server or a feed asks us to wait; each already a duration from the response.

    `skip_hours` (0 to 23) and `skip_days` (0 is Monday), in GMT, are when a feed asks not to be read.
    """

    max_age: timedelta | None = None
    ttl: timedelta | None = None
    retry_after: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    def longest(self) -> timedelta:
        """The longest of the waits, as asked."""
        waits = (wait for wait in (self.max_age, self.ttl, self.retry_after) if wait is not None)
        return max(waits, default=timedelta(0))

    def of_the_feed(self) -> "PollHints":
        """What the document says rather than its headers: that holds until it says otherwise."""
        return replace(self, max_age=None, retry_after=None)

    def with_feed(self, said: "PollHints") -> "PollHints":
        """These headers' hints beside what a feed said."""
        return replace(said, max_age=self.max_age, retry_after=self.retry_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between two looks. `listed_at` is the first successful listing.

    `failing_since` is the first of the `failures` in a row. `changed_at` is the last 200, `news_at` the last look that
    found something new or edited, `rhythm` the usual time between two of these. `wishes` are the hints that the feed's
    document gave. `listing` is the shape of a listing once it was seen, `guids` what the source's guids have shown,
    `digest` a hash of the document that was read last.
    """

    validators: Validators = Validators()
    next_check: datetime | None = None
    checked_at: datetime | None = None
    changed_at: datetime | None = None
    listed_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    outcome: str = ""
    gone: bool = False
    listing: ListingMemory | None = None
    news_at: datetime | None = None
    rhythm: timedelta | None = None
    wishes: PollHints = PollHints()
    guids: Guids = Guids.STABLE
    documents: Mapping[str, DocumentMemory] | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source and what is remembered of it."""

    source: Source
    state: SourceState


FAILING_AFTER = timedelta(days=3)
"""How long a source must have failed before a feed that has nothing else says so."""


def silent_since(sources: Sequence[StoredSource], now: datetime) -> datetime | None:
    """Since when none of some sources could be read; None while one can, or could a few days ago."""
    latest: datetime | None = None
    for since in (stored.state.failing_since for stored in sources if not stored.source.disabled):
        if since is None or now - since < FAILING_AFTER:
            return None
        latest = max(latest or since, since)
    return latest
