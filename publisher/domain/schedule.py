"""When: slots of a newsletter and the hours of its subscribers, through both changes of the clock.

A wall time that a change of the clock leaves out is the first minute that exists; one that comes twice is the
first of the two.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
IMMEDIATE = "immediate"
IMMEDIATE_GAP = timedelta(minutes=15)
STALENESS = timedelta(hours=24)
"""A slot or a held delivery older than this waits for a word instead of going out."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often: `immediate`, or the days of the week (Monday is 0) at the newsletter's hour."""

    name: str
    days: frozenset[int] = frozenset()

    @property
    def is_immediate(self) -> bool:
        """Whether an edition is cut as soon as there is something fresh."""
        return self.name == IMMEDIATE

    def __str__(self) -> str:
        return self.name


def parse_cadence(text: str) -> Cadence:
    """A cadence from its name: immediate, daily, weekly (Monday), or days such as `mon,wed,fri`.

    Raises ValueError with the names that exist.
    """
    name = text.strip().lower().replace(" ", "")
    if name == IMMEDIATE:
        return Cadence(name)
    if name == "daily":
        return Cadence(name, frozenset(range(7)))
    if name == "weekly":
        return Cadence(name, frozenset({0}))
    days = [DAY_NAMES.index(day) if day in DAY_NAMES else -1 for day in name.split(",")]
    if not name or -1 in days:
        raise ValueError(f"{text!r} is no cadence: write immediate, daily, weekly or days such as mon,wed,fri")
    return Cadence(",".join(DAY_NAMES[day] for day in sorted(set(days))), frozenset(days))


def wall_instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the wall clock of a zone shows this hour on this day, or the rule above."""
    wall = datetime.combine(day, hour)
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    # In a gap, fold=1 gives the instant before the change and fold=0 the one after it: look between them.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((early - before).total_seconds() // 60)
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(minutes=middle)).astimezone(zone).utcoffset() == old_offset:
            low = middle + 1
        else:
            high = middle
    return before + timedelta(minutes=low)


def next_slot(cadence: Cadence, hour: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first slot after an instant, both in UTC. Only for cadences with days."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if day.weekday() in cadence.days:
            slot = wall_instant(day, hour, zone)
            if slot > after:
                return slot
        day += timedelta(days=1)


def last_slot(cadence: Cadence, hour: time, zone: ZoneInfo, upto: datetime) -> datetime:
    """The last slot at or before an instant: the one that stands for all that were missed in a downtime."""
    day = upto.astimezone(zone).date() + timedelta(days=1)
    while True:
        if day.weekday() in cadence.days:
            slot = wall_instant(day, hour, zone)
            if slot <= upto:
                return slot
        day -= timedelta(days=1)


def due_at(cut: datetime, hour: time | None, zone: ZoneInfo) -> datetime:
    """The first instant of the subscriber's hour at or after the cut; without an hour, the cut itself."""
    if hour is None:
        return cut
    day = cut.astimezone(zone).date() - timedelta(days=1)
    while True:
        due = wall_instant(day, hour, zone)
        if due >= cut:
            return due
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a newsletter's cadence is due next, and the last time an edition was cut for it."""

    newsletter_id: int
    cadence: str
    next_due: datetime
    last_cut: datetime | None = None


def is_slot(cadence: Cadence, hour: time, zone: ZoneInfo, instant: datetime) -> bool:
    """Whether a slot falls on this instant: no longer so when the days, the hour, the zone or its rules changed."""
    return next_slot(cadence, hour, zone, instant - timedelta(microseconds=1)) == instant


def is_stale(due: datetime, now: datetime) -> bool:
    """Whether something due then is too old to go out now without a word."""
    return now - due > STALENESS
