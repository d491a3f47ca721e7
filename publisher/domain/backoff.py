"""How long to wait after one failure more: twice as long each time, up to a limit."""

from datetime import timedelta

_DOUBLINGS = 10
"""More change nothing that a limit of days lets through, and would overflow."""


def doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    """The wait `first`, doubled so many times, at most `longest`."""
    return min(first * (1 << min(max(times, 0), _DOUBLINGS)), longest)
