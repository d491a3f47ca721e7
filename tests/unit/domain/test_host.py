"""What a host is owed after what it said."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.host import HostState, after_answer, tomorrow

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def rests(*answers: tuple[int, timedelta | None]) -> list[float | None]:
    """The hours of rest left after each of some answers that come at the same moment."""
    state, found = HostState(name="example.org"), []
    for status, retry_after in answers:
        state = after_answer(state, status, retry_after, NOW, DAY)
        found.append((state.rest_until - NOW) / HOUR if state.rest_until else None)
    return found


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(200, None), (404, None), (500, None), (301, HOUR)], [None] * 4),
        ([(429, None)] * 7, [1, 2, 4, 8, 16, 24, 24]),
        ([(429, 2 * HOUR)], [2]),
        ([(429, timedelta(0))], [1 / 60]),
        ([(429, 99 * DAY)], [24]),
        ([(503, 2 * HOUR), (503, 2 * HOUR), (503, 2 * HOUR)], [None, None, 2]),
        ([(503, None)] * 5, [None, None, 1, 2, 4]),
        ([(503, None), (503, None), (200, None), (503, None), (503, None)], [None] * 5),
        ([(429, 5 * HOUR), (429, HOUR)], [5, 5]),
    ],
)
def test_429_at_once_and_503_again_and_again_earn_rest(
    answers: list[tuple[int, timedelta | None]], expected: list[float | None]
) -> None:
    assert rests(*answers) == pytest.approx(expected)


def test_an_answer_that_changes_nothing_is_the_same_state() -> None:
    state = HostState(name="example.org")
    assert after_answer(state, 200, None, NOW, DAY) is state


def test_the_day_ends_at_midnight_of_utc() -> None:
    assert tomorrow(datetime.fromisoformat("2026-11-24T23:30:00-05:00")) == datetime(2026, 11, 26, tzinfo=UTC)
    assert tomorrow(NOW) == datetime(2026, 11, 25, tzinfo=UTC)
