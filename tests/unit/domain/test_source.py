"""When to look at a source again, and with which validators."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.source import (
    FORCE_AFTER,
    PollHints,
    Source,
    SourceKind,
    SourceState,
    StoredSource,
    Validators,
    after_failure,
    after_success,
    validators_to_send,
)

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_HINTS = PollHints()
NEVER = SourceState()
TAGS = Validators('W/"a b"', "whenever it was")


def stored(state: SourceState = NEVER, interval: timedelta = HOUR) -> StoredSource:
    source = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed", interval=interval)
    return StoredSource(source, state)


def success(
    state: StoredSource, validators: Validators = TAGS, hints: PollHints = NO_HINTS, *, changed: bool = True
) -> SourceState:
    return after_success(state, NOW, validators, hints, changed=changed, outcome="ok")


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
        state = StoredSource(state.source, after_failure(state, NOW, "refused"))
        assert state.state.next_check is not None
        waits.append((state.state.next_check - NOW) / HOUR)
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert success(state).failures == 0
    assert not success(stored(SourceState(gone=True))).gone


def test_a_failure_keeps_the_validators_and_says_why() -> None:
    state = after_failure(stored(SourceState(validators=TAGS)), NOW, "HTTP 500")
    assert (state.validators, state.outcome, state.listed_at) == (TAGS, "HTTP 500", None)


def test_retry_after_is_obeyed_up_to_a_week() -> None:
    asked = after_failure(stored(), NOW, "HTTP 429", retry_after=5 * HOUR)
    assert asked.next_check == NOW + 5 * HOUR
    absurd = after_failure(stored(), NOW, "HTTP 429", retry_after=timedelta(days=365))
    assert absurd.next_check == NOW + timedelta(days=7)


def test_a_source_that_is_gone_is_off() -> None:
    assert after_failure(stored(), NOW, "HTTP 410", gone=True).gone


def test_after_eight_days_of_304_one_request_is_unconditional() -> None:
    state = SourceState(validators=TAGS, changed_at=NOW)
    assert validators_to_send(state, NOW + FORCE_AFTER - HOUR) == TAGS
    assert validators_to_send(state, NOW + FORCE_AFTER) == Validators()
    renewed = after_success(stored(state), NOW + FORCE_AFTER, TAGS, PollHints(), changed=True, outcome="")
    assert validators_to_send(renewed, NOW + FORCE_AFTER + HOUR) == TAGS


def test_a_source_shows_its_title_or_its_name() -> None:
    assert stored().source.shown == "blog"
