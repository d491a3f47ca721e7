"""What a host is owed after what it said: rest, and no more requests in a day than were granted."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from publisher.domain.backoff import doubled

FIRST_REST = timedelta(hours=1)
LONGEST_REST = timedelta(hours=24)
SHORTEST_REST = timedelta(minutes=1)
"""A host that says 429 and asks for less gets this much."""

BUSY_BEFORE_REST = 3
"""A 503 is its source's matter; after so many in a row it is the whole host's."""

_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What is remembered of a host, or of a group of hosts that sources named.

    `refusals` counts its 429 in a row, `busy` its 503; `requests` those it got on `day` (UTC), whatever they were for.
    """

    name: str
    rest_until: datetime | None = None
    refusals: int = 0
    busy: int = 0
    day: date | None = None
    requests: int = 0

    def rests(self, now: datetime) -> bool:
        """Whether it is left alone now."""
        return self.rest_until is not None and self.rest_until > now


def after_answer(
    state: HostState, status: int, retry_after: timedelta | None, now: datetime, limit: timedelta
) -> HostState:
    """The state after one answer: 429, and 503 when it comes again and again, earn rest; anything else ends the count.

    Without Retry-After the rest is an hour and doubles up to a day; with it at most `limit` (RFC 6585, section 4; RFC
    9110, section 15.6.4).
    """
    if status == _TOO_MANY_REQUESTS:
        state = replace(state, refusals=state.refusals + 1)
        times = state.refusals
    elif status == _UNAVAILABLE:
        state = replace(state, busy=state.busy + 1)
        times = state.busy - BUSY_BEFORE_REST + 1
    else:
        return replace(state, refusals=0, busy=0) if state.refusals or state.busy else state
    if times < 1:
        return state
    if retry_after is None:
        wait = doubled(FIRST_REST, times - 1, LONGEST_REST)
    else:
        wait = max(min(retry_after, limit), SHORTEST_REST)
    return replace(state, rest_until=max(now + wait, state.rest_until or now))


def tomorrow(now: datetime) -> datetime:
    """When the next day begins, in UTC: budgets are granted anew then."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
