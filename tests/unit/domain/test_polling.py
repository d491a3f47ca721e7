"""When to look at a source again, and with which validators."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.polling import (
    FORCE_AFTER,
    Failure,
    Polling,
    Success,
    after_failure,
    after_success,
    own_pace,
    validators_to_send,
)
from publisher.domain.source import PollHints, Source, SourceKind, SourceState, StoredSource, Validators, silent_since

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_HINTS = PollHints()
NEVER = SourceState()
TAGS = Validators('W/"a b"', "whenever it was")


def stored(
    state: SourceState = NEVER, interval: timedelta | None = HOUR, kind: SourceKind = SourceKind.FEED
) -> StoredSource:
    source = Source(name="blog", kind=kind, url="https://example.org/feed", interval=interval)
    return StoredSource(source, state)


def success(
    state: StoredSource, validators: Validators = TAGS, hints: PollHints = NO_HINTS, *, changed: bool = True
) -> SourceState:
    return after_success(state, NOW, Success(validators=validators, hints=hints, changed=changed, outcome="ok"))


@pytest.mark.parametrize(
    ("hints", "wait"),
    [
        (PollHints(), HOUR),
        (PollHints(max_age=timedelta(minutes=5)), HOUR),
        (PollHints(max_age=2 * HOUR, ttl=3 * HOUR), 3 * HOUR),
        (PollHints(retry_after=5 * HOUR, ttl=HOUR), 5 * HOUR),
        (PollHints(max_age=timedelta(days=365)), timedelta(hours=24)),
    ],
)
def test_the_longest_wish_counts_up_to_a_day(hints: PollHints, wait: timedelta) -> None:
    assert success(stored(), hints=hints).next_check == NOW + wait


def test_validators_of_every_answer_replace_the_old_ones() -> None:
    state = success(stored(SourceState(validators=Validators('"old"'))), Validators())
    assert state.validators == Validators()
    assert success(stored(), TAGS, changed=False).validators == TAGS


def test_the_first_listing_is_remembered_once() -> None:
    first = success(stored())
    assert first.listed_at == NOW
    earlier = NOW - timedelta(days=3)
    assert success(stored(SourceState(listed_at=earlier))).listed_at == earlier


def test_failures_back_off_from_an_hour_to_a_day_and_a_success_forgets_them() -> None:
    state, waits = stored(interval=timedelta(minutes=1)), []
    for _ in range(7):
        state = StoredSource(state.source, after_failure(state, NOW, Failure(reason="refused")))
        assert state.state.next_check is not None
        waits.append((state.state.next_check - NOW) / HOUR)
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert success(state).failures == 0
    assert not success(stored(SourceState(gone=True))).gone


def test_since_when_a_source_fails_is_remembered_until_it_is_read() -> None:
    failing = after_failure(stored(), NOW, Failure(reason="refused"))
    later = after_failure(StoredSource(stored().source, failing), NOW + HOUR, Failure(reason="refused"))
    assert later.failing_since == NOW
    assert success(stored(later)).failing_since is None
    assert after_failure(stored(), NOW, Failure(reason="our own budget", postponed=True)).failing_since is None


@pytest.mark.parametrize(
    ("days", "since"),
    [((), None), ((4,), 4), ((4, 5), 4), ((4, None), None), ((9, 2), None), ((3,), 3)],
)
def test_a_feed_is_silent_once_all_its_sources_failed_for_days(days: tuple[int | None, ...], since: int | None) -> None:
    states = [SourceState(failing_since=None if n is None else NOW - timedelta(days=n)) for n in days]
    disabled = StoredSource(replace(stored().source, disabled=True), SourceState())
    found = silent_since([*map(stored, states), disabled], NOW)
    assert found == (None if since is None else NOW - timedelta(days=since))


def test_a_failure_keeps_the_validators_and_says_why() -> None:
    state = after_failure(stored(SourceState(validators=TAGS)), NOW, Failure(reason="HTTP 500"))
    assert (state.validators, state.outcome, state.listed_at) == (TAGS, "HTTP 500", None)


def test_retry_after_is_obeyed_up_to_the_limit() -> None:
    asked = after_failure(stored(), NOW, Failure(reason="HTTP 429", retry_after=5 * HOUR))
    assert asked.next_check == NOW + 5 * HOUR
    absurd = Failure(reason="HTTP 429", retry_after=timedelta(days=365))
    assert after_failure(stored(), NOW, absurd).next_check == NOW + 24 * HOUR
    patient = Polling(hint_limit=timedelta(days=3))
    assert after_failure(stored(), NOW, absurd, patient).next_check == NOW + timedelta(days=3)


def test_a_short_retry_after_is_no_leave_to_come_back_soon() -> None:
    failure = Failure(reason="HTTP 503", retry_after=timedelta(seconds=5))
    assert after_failure(stored(), NOW, failure).next_check == NOW + HOUR


def test_a_source_that_is_not_found_backs_off_to_a_week() -> None:
    state, waits = stored(), []
    for _ in range(10):
        state = StoredSource(state.source, after_failure(state, NOW, Failure(reason="HTTP 404", status=404)))
        assert state.state.next_check is not None
        waits.append((state.state.next_check - NOW) / HOUR)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 168, 168]


def test_our_own_waiting_is_no_failure_of_the_source() -> None:
    failure = Failure(reason="the host rests", retry_after=timedelta(minutes=3), postponed=True)
    state = after_failure(stored(SourceState(failures=2)), NOW, failure)
    assert (state.failures, state.next_check) == (2, NOW + timedelta(minutes=3))


def test_a_source_that_is_gone_is_off() -> None:
    assert after_failure(stored(), NOW, Failure(reason="HTTP 410", status=410, gone=True)).gone


# --- the pace ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "validators", "state", "wait"),
    [
        (SourceKind.LISTING, Validators(), NEVER, HOUR),
        (SourceKind.LISTING, TAGS, NEVER, HOUR),
        (SourceKind.FEED, Validators(), NEVER, HOUR),
        (SourceKind.LISTING, Validators(), SourceState(news_at=NOW, rhythm=timedelta(minutes=10)), 15 * HOUR / 60),
        (SourceKind.LISTING, Validators(), SourceState(news_at=NOW, rhythm=6 * HOUR), 3 * HOUR),
        (SourceKind.LISTING, Validators(), SourceState(news_at=NOW - 40 * HOUR, rhythm=HOUR), 10 * HOUR),
        (SourceKind.LISTING, Validators(), SourceState(news_at=NOW - 400 * HOUR), 24 * HOUR),
        (SourceKind.FEED, Validators(), SourceState(news_at=NOW, rhythm=timedelta(minutes=10)), HOUR),
        (SourceKind.FEED, Validators(), SourceState(news_at=NOW, rhythm=6 * HOUR), 3 * HOUR),
        (SourceKind.FEED, TAGS, SourceState(news_at=NOW, rhythm=6 * HOUR), HOUR),
        (SourceKind.FOLDER, Validators(), SourceState(news_at=NOW, rhythm=6 * HOUR), HOUR),
    ],
)
def test_what_nobody_set_adapts_within_a_quarter_of_an_hour_and_a_day(
    kind: SourceKind, validators: Validators, state: SourceState, wait: timedelta
) -> None:
    adapting = stored(replace(state, validators=validators), interval=None, kind=kind)
    assert own_pace(adapting, NOW) == wait


def test_what_the_owner_set_stays() -> None:
    busy = SourceState(news_at=NOW, rhythm=timedelta(minutes=2))
    for interval in (timedelta(minutes=5), 30 * HOUR):
        assert own_pace(stored(busy, interval=interval, kind=SourceKind.LISTING), NOW) == interval


def paces(gap: timedelta | None, looks: int = 60) -> list[timedelta]:
    """The waits of a listing that has news every `gap`, over many looks."""
    now, last, state, waits = NOW, NOW, stored(interval=None, kind=SourceKind.LISTING), []
    for _ in range(looks):
        news = gap is not None and now - last >= gap
        last = now if news else last
        state = StoredSource(state.source, after_success(state, now, Success(news=news)))
        assert state.state.next_check is not None
        waits.append(state.state.next_check - now)
        now = state.state.next_check
    return waits


def test_a_lively_listing_is_looked_at_each_quarter_of_an_hour_and_a_dead_one_once_a_day() -> None:
    assert paces(timedelta(minutes=5))[-1] == timedelta(minutes=15)
    assert paces(None)[-1] == 24 * HOUR
    daily = paces(24 * HOUR)[-20:]
    assert all(2 * HOUR < wait <= 13 * HOUR for wait in daily), daily


@pytest.mark.parametrize(("chance", "more"), [(0.0, 0), (0.5, 3), (0.999, 5.994)])
def test_jitter_only_delays(chance: float, more: float) -> None:
    state = after_success(stored(), NOW, Success(), Polling(chance=chance))
    assert state.next_check == NOW + HOUR + timedelta(minutes=more)
    failed = after_failure(stored(), NOW, Failure(reason="x"), Polling(chance=chance))
    assert failed.next_check == NOW + HOUR + timedelta(minutes=more)


# --- what feeds and servers wish ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "days", "next_check"),
    [
        ({8, 9}, set(), "2026-11-24T10:00"),
        ({9}, set(), "2026-11-24T08:00"),
        (set(), {1}, "2026-11-25T00:00"),
        ({0, 1}, {1}, "2026-11-25T02:00"),
        (set(), {1, 2, 3}, "2026-11-25T07:00"),
        (set(range(24)), set(), "2026-11-24T08:00"),
        (set(), set(range(7)), "2026-11-24T08:00"),
    ],
)
def test_hours_and_days_to_skip_are_skipped_within_the_limit(hours: set[int], days: set[int], next_check: str) -> None:
    hints = PollHints(skip_hours=frozenset(hours), skip_days=frozenset(days))
    assert success(stored(), hints=hints).next_check == datetime.fromisoformat(f"{next_check}:00+00:00")


def test_what_a_feed_wishes_holds_when_a_304_follows() -> None:
    first = success(stored(), hints=PollHints(ttl=5 * HOUR, max_age=7 * HOUR))
    assert first.next_check == NOW + 7 * HOUR
    second = success(stored(first), hints=PollHints(max_age=HOUR), changed=False)
    assert second.next_check == NOW + 5 * HOUR
    assert success(stored(second), hints=PollHints(), changed=True).next_check == NOW + HOUR


def test_the_limit_for_hints_is_a_setting() -> None:
    hints = PollHints(max_age=timedelta(days=9))
    state = after_success(stored(), NOW, Success(hints=hints), Polling(hint_limit=timedelta(days=2)))
    assert state.next_check == NOW + timedelta(days=2)


def test_another_address_drops_the_validators() -> None:
    moved = after_success(stored(), NOW, Success(validators=TAGS, moved_to="https://example.net/feed"))
    assert moved.validators == Validators()


def test_after_eight_days_of_304_one_request_is_unconditional() -> None:
    state = SourceState(validators=TAGS, changed_at=NOW)
    assert validators_to_send(state, NOW + FORCE_AFTER - HOUR) == TAGS
    assert validators_to_send(state, NOW + FORCE_AFTER) == Validators()
    renewed = after_success(stored(state), NOW + FORCE_AFTER, Success(validators=TAGS))
    assert validators_to_send(renewed, NOW + FORCE_AFTER + HOUR) == TAGS


def test_a_source_shows_its_title_or_its_name() -> None:
    assert stored().source.shown == "blog"
