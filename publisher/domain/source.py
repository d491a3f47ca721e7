"""Where articles come from, and when to look again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.domain.listing import ListingMemory

HINT_LIMIT = timedelta(hours=24)
"""What a server may ask for at most: longer hints are cut to this."""

FIRST_BACKOFF = timedelta(hours=1)
LONGEST_BACKOFF = timedelta(hours=24)
NOT_FOUND_BACKOFF = timedelta(days=7)
FORCE_AFTER = timedelta(days=8)
"""After this long of nothing but 304 one unconditional request is made: some servers never say 200 again."""


class SourceKind(StrEnum):
    """How a source is read."""

    FEED = "feed"
    LISTING = "listing"
    FOLDER = "folder"


class Rights(StrEnum):
    """What may be done with a source's articles; `quote` shows title, link, source and a short summary."""

    OWN = "own"
    LICENSED = "licensed"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as it is defined. `url` is an address, or an absolute path for a folder; `id` is 0 until stored."""

    name: str
    kind: SourceKind
    url: str
    id: int = 0
    title: str = ""
    language: str | None = None
    timezone: str = "UTC"
    tags: tuple[str, ...] = ()
    interval: timedelta = timedelta(hours=1)
    rights: Rights = Rights.QUOTE
    selectors: Mapping[str, str] = field(default_factory=dict)
    full_text: bool = True

    @property
    def shown(self) -> str:
        """The name people see."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified exactly as a server gave them (RFC 9110, section 8.8): opaque, quotes included."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class PollHints:
    """How long a server or a feed asks us to wait; each already a duration from the response."""

    max_age: timedelta | None = None
    ttl: timedelta | None = None
    retry_after: timedelta | None = None

    def longest(self) -> timedelta:
        """The longest of the hints, at most `HINT_LIMIT`."""
        waits = [wait for wait in (self.max_age, self.ttl, self.retry_after) if wait is not None]
        return min(max(waits, default=timedelta(0)), HINT_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between two looks. `listed_at` is the first successful listing.

    `listing` is the shape of a listing once it was seen.
    """

    validators: Validators = Validators()
    next_check: datetime | None = None
    checked_at: datetime | None = None
    changed_at: datetime | None = None
    listed_at: datetime | None = None
    failures: int = 0
    outcome: str = ""
    gone: bool = False
    listing: ListingMemory | None = None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source and what is remembered of it."""

    source: Source
    state: SourceState


def validators_to_send(state: SourceState, now: datetime) -> Validators:
    """The validators for the next request: none once a server has said only 304 for `FORCE_AFTER`."""
    if state.changed_at is not None and now - state.changed_at >= FORCE_AFTER:
        return Validators()
    return state.validators


def after_success(
    stored: StoredSource,
    now: datetime,
    validators: Validators,
    hints: PollHints,
    *,
    changed: bool,
    outcome: str,
) -> SourceState:
    """The state after a 200 (`changed`) or a 304; the validators are always those of this response."""
    wait = max(stored.source.interval, hints.longest())
    return replace(
        stored.state,
        validators=validators,
        next_check=now + wait,
        checked_at=now,
        changed_at=now if changed or stored.state.changed_at is None else stored.state.changed_at,
        listed_at=stored.state.listed_at or now,
        failures=0,
        outcome=outcome,
        gone=False,
    )


def after_failure(
    stored: StoredSource,
    now: datetime,
    reason: str,
    *,
    retry_after: timedelta | None = None,
    gone: bool = False,
) -> SourceState:
    """The state after a failure: what the server asks for, else an hour that doubles up to a day.

    Validators are kept. A source that is `gone` (410) is not looked at again until it is defined anew.
    """
    failures = stored.state.failures + 1
    backoff = min(FIRST_BACKOFF * 2 ** min(failures - 1, 10), LONGEST_BACKOFF)
    wait = max(stored.source.interval, min(retry_after, NOT_FOUND_BACKOFF) if retry_after else backoff)
    return replace(stored.state, next_check=now + wait, checked_at=now, failures=failures, outcome=reason, gone=gone)
