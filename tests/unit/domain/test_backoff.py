"""Waits double, and end."""

from datetime import timedelta

import pytest

from publisher.domain.backoff import doubled

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("times", "wait"),
    [(-1, MINUTE), (0, MINUTE), (1, 2 * MINUTE), (5, 32 * MINUTE), (10, 1024 * MINUTE), (11, 1024 * MINUTE)],
)
def test_a_wait_doubles_so_many_times(times: int, wait: timedelta) -> None:
    assert doubled(MINUTE, times, DAY) == wait


def test_it_has_a_limit() -> None:
    assert doubled(MINUTE, 10**6, timedelta(hours=1)) == timedelta(hours=1)
