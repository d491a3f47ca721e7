"""When to look at a source again: decisions over what is remembered of it and what the last look gave."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from publisher.domain.backoff import doubled
from publisher.domain.source import HINT_LIMIT, PollHints, SourceKind, SourceState, StoredSource, Validators

HOUR = timedelta(hours=1)
SHORTEST_PACE = timedelta(minutes=15)
LONGEST_PACE = timedelta(hours=24)
FIRST_RHYTHM = 2 * HOUR
"""What is taken for the time between two news of a source before it is known: so it begins with looks an hour apart."""

FIRST_BACKOFF = HOUR
LONGEST_BACKOFF = timedelta(hours=24)
NOT_FOUND_BACKOFF = timedelta(days=7)
"""A source that is not there (404) is asked for ever more rarely, at last once a week."""

FORCE_AFTER = timedelta(days=8)
"""After this long of nothing but 304 one unconditional request is made: some servers never say 200 again."""

MOVES_TO_BELIEVE = 3
"""So many looks in a row must find a source moved for good to one address before it is read there."""

_NOT_FOUND = 404
_JITTER = 0.1
_LONGEST_JITTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Polling:
    """What a decision takes from outside. `chance` is in [0, 1) and spreads looks, only forwards; `hint_limit` is what
    a server may ask for at most."""

    hint_limit: timedelta = HINT_LIMIT
    chance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A look that ended well. `changed` is a 200 rather than a 304; `news` is whether it found new articles or edits.

    `moved_to` is the address to read from now on.
    """

    validators: Validators = Validators()
    hints: PollHints = PollHints()
    changed: bool = True
    news: bool = False
    outcome: str = ""
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A look that failed, and the HTTP status if there was one.

    `gone` is a 410. `postponed` is our own doing (a host that rests, a budget that is spent): no fault of the source.
    """

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None
    gone: bool = False
    postponed: bool = False


def validators_to_send(state: SourceState, now: datetime) -> Validators:
    """The validators for the next request: none once a server has said only 304 for `FORCE_AFTER`."""
    if state.changed_at is not None and now - state.changed_at >= FORCE_AFTER:
        return Validators()
    return state.validators


def digest_to_skip(state: SourceState, now: datetime) -> str | None:
    """The hash of the document that need not be read once more; none where one was not read for `FORCE_AFTER`."""
    return state.digest if state.changed_at is not None and now - state.changed_at < FORCE_AFTER else None


def after_success(stored: StoredSource, now: datetime, look: Success, polling: Polling = Polling()) -> SourceState:
    """The state after a 200 or a 304; the validators are always those of this response.

    The next look comes after the longest of the source's own pace and what server and feed wish. What a feed says of
    itself still holds when a 304 follows. Another address drops the validators (RFC 9110, section 8.8: they belong to
    one resource).
    """
    before = stored.state
    news = look.news or before.news_at is None
    rhythm = _rhythm(before, now) if look.news else before.rhythm
    state = replace(
        before,
        validators=Validators() if look.moved_to else look.validators,
        checked_at=now,
        changed_at=now if look.changed or before.changed_at is None else before.changed_at,
        listed_at=before.listed_at or now,
        news_at=now if news else before.news_at,
        rhythm=rhythm,
        wishes=look.hints.of_the_feed() if look.changed else before.wishes,
        failures=0,
        failing_since=None,
        outcome=look.outcome,
        gone=False,
    )
    own = own_pace(StoredSource(stored.source, state), now)
    hints = look.hints.with_feed(state.wishes)
    wait = max(own, min(hints.longest(), polling.hint_limit))
    latest = now + max(own, polling.hint_limit)
    next_check = _unskipped(now + wait, hints, latest) + jitter(wait, polling.chance)
    return replace(state, next_check=next_check)


def after_failure(stored: StoredSource, now: datetime, failure: Failure, polling: Polling = Polling()) -> SourceState:
    """The state after a failure: what the server asks for, else an hour that doubles up to a day (404: a week).

    Validators are kept. A source that is gone is not looked at again until it is defined anew.
    """
    before = stored.state
    failures = before.failures + (0 if failure.postponed else 1)
    if failure.retry_after is not None:
        wait = min(failure.retry_after, polling.hint_limit)
    else:
        longest = NOT_FOUND_BACKOFF if failure.status == _NOT_FOUND else LONGEST_BACKOFF
        wait = doubled(FIRST_BACKOFF, failures - 1, longest)
    if not failure.postponed:
        wait = max(own_pace(stored, now), wait)
    return replace(
        before,
        next_check=now + wait + jitter(wait, polling.chance),
        checked_at=now,
        failures=failures,
        failing_since=before.failing_since or (now if failures else None),
        outcome=failure.reason,
        gone=failure.gone,
    )


def own_pace(stored: StoredSource, now: datetime) -> timedelta:
    """How long we would wait by ourselves: what the owner set, else what the source's news taught.

    Feeds are looked at once an hour at most. One that gives validators stays at that, for a 304 costs little; all
    others adapt: half the usual time between two news, a quarter of a silence that lasts, within 15 minutes and a day.
    """
    source, state = stored.source, stored.state
    if source.interval is not None:
        return source.interval
    if source.kind is SourceKind.FOLDER or (source.kind is SourceKind.FEED and state.validators != Validators()):
        return HOUR
    shortest = HOUR if source.kind is SourceKind.FEED else SHORTEST_PACE
    silence = now - state.news_at if state.news_at else timedelta(0)
    return min(max((state.rhythm or FIRST_RHYTHM) / 2, silence / 4, shortest), LONGEST_PACE)


def jitter(wait: timedelta, chance: float) -> timedelta:
    """A little more to wait, never less: up to a tenth, at most ten minutes. Spreads sources that began together."""
    return min(wait * _JITTER, _LONGEST_JITTER) * chance


def _rhythm(before: SourceState, now: datetime) -> timedelta:
    """The usual time between two news after one more: a geometric mean, so that a quiet weekend is soon forgotten."""
    usual = (before.rhythm or FIRST_RHYTHM).total_seconds()
    if before.news_at is None:
        return timedelta(seconds=usual)
    gap = max((now - before.news_at).total_seconds(), 1.0)
    return timedelta(seconds=round(usual ** (2 / 3) * gap ** (1 / 3)))


def _unskipped(at: datetime, hints: PollHints, latest: datetime) -> datetime:
    """The first instant from `at` on that the feed doesn't ask to skip (RSS skipHours and skipDays, in GMT).

    A feed that asks to skip everything is not believed, nor one that asks for more than `latest`.
    """
    moment = at.astimezone(UTC)
    if len(hints.skip_hours) >= 24 or len(hints.skip_days) >= 7:
        return at
    while moment.hour in hints.skip_hours or moment.weekday() in hints.skip_days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + HOUR
        if moment >= latest:
            return max(at, latest)
    return moment
