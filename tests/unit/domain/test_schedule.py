"""Slots and hours, through both changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.schedule import (
    due_at,
    is_slot,
    is_stale,
    last_slot,
    next_slot,
    parse_cadence,
    wall_instant,
)

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name", "days"),
    [
        ("immediate", "immediate", set()),
        ("daily", "daily", {0, 1, 2, 3, 4, 5, 6}),
        ("Weekly ", "weekly", {0}),
        ("fri, mon,wed,mon", "mon,wed,fri", {0, 2, 4}),
    ],
)
def test_cadence_is_read_from_its_name(text: str, name: str, days: set[int]) -> None:
    cadence = parse_cadence(text)
    assert (cadence.name, set(cadence.days), str(cadence)) == (name, days, name)


@pytest.mark.parametrize("text", ["", "hourly", "mon,,tue", "monday"])
def test_unknown_cadence_is_refused_with_the_names_that_exist(text: str) -> None:
    with pytest.raises(ValueError, match="immediate, daily, weekly"):
        parse_cadence(text)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "instant"),
    [
        # An ordinary day.
        ("Europe/Berlin", "2026-01-15", "07:00", "2026-01-15T06:00"),
        # 29 March 2026: 02:00 becomes 03:00; what is left out is the first minute that exists.
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59"),
        # 25 October 2026: 03:00 becomes 02:00; of two the first.
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00"),
        ("America/New_York", "2026-03-08", "02:15", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        # Half an hour on Lord Howe.
        ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-03T15:30"),
        # Samoa had no 30 December 2011: the first minute after it.
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00"),
    ],
)
def test_wall_time_becomes_one_instant(zone: str, day: str, hour: str, instant: str) -> None:
    found = wall_instant(date.fromisoformat(day), time.fromisoformat(hour), ZoneInfo(zone))
    assert found == utc(instant)


def test_daily_slots_across_both_changes_are_one_a_day() -> None:
    zone, cadence, hour = ZoneInfo("Europe/Berlin"), parse_cadence("daily"), time(2, 30)
    slot, slots = utc("2026-01-01T00:00"), []
    while slot < utc("2027-01-01T00:00"):
        slot = next_slot(cadence, hour, zone, slot)
        slots.append(slot)
    assert len({slot.astimezone(zone).date() for slot in slots}) == len(slots) == 366
    assert utc("2026-03-29T01:00") in slots
    assert utc("2026-10-25T00:30") in slots


def test_weekday_slots_follow_the_newsletters_zone() -> None:
    # Monday 07:00 in Shanghai is still Sunday evening in UTC.
    slot = next_slot(parse_cadence("mon"), time(7), ZoneInfo("Asia/Shanghai"), utc("2026-11-20T00:00"))
    assert slot == utc("2026-11-22T23:00")


instants = st.datetimes(min_value=datetime(2010, 1, 1), max_value=datetime(2030, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
hours = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))


@given(instants, hours, st.sampled_from(ZONES), st.sampled_from(["daily", "weekly", "tue,sat"]))
def test_slots_before_and_after_an_instant_enclose_it(at: datetime, hour: time, zone: str, name: str) -> None:
    cadence = parse_cadence(name)
    last, coming = last_slot(cadence, hour, ZoneInfo(zone), at), next_slot(cadence, hour, ZoneInfo(zone), at)
    assert last <= at < coming
    assert is_slot(cadence, hour, ZoneInfo(zone), coming)
    assert next_slot(cadence, hour, ZoneInfo(zone), last) == coming


@given(instants, hours, st.sampled_from(ZONES))
def test_due_is_the_subscribers_hour_within_a_day_of_the_cut(cut: datetime, hour: time, zone: str) -> None:
    due = due_at(cut, hour, ZoneInfo(zone))
    assert cut <= due <= cut + timedelta(hours=50)
    assert due == cut or due == next_slot(parse_cadence("daily"), hour, ZoneInfo(zone), cut)


def test_without_an_hour_due_is_the_cut() -> None:
    assert due_at(utc("2026-11-24T06:00"), None, ZoneInfo("Asia/Shanghai")) == utc("2026-11-24T06:00")


def test_a_changed_hour_is_no_slot_any_more() -> None:
    zone, daily = ZoneInfo("Europe/Berlin"), parse_cadence("daily")
    slot = next_slot(daily, time(7), zone, utc("2026-11-24T00:00"))
    assert is_slot(daily, time(7), zone, slot)
    assert not is_slot(daily, time(8), zone, slot)
    assert not is_slot(daily, time(7), ZoneInfo("Asia/Shanghai"), slot)


def test_a_day_late_is_stale() -> None:
    assert not is_stale(utc("2026-11-24T06:00"), utc("2026-11-25T06:00"))
    assert is_stale(utc("2026-11-24T06:00"), utc("2026-11-25T06:01"))
