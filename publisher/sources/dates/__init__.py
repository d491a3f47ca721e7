"""Dates as people and machines write them, and how sure one can be of each.

The rule, in this order: what machines write (ISO 8601, RFC 5322, seconds since 1970); how long ago; a whole day; a day
without a year (the latest past one when that is near, else by the years that the page names, with low confidence);
today, yesterday, days of the week. Never more than a day ahead. A zone that is named wins over the source's. What is
none of these stays unknown. Nothing here knows the time: `now` is an argument, and nothing raises.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from publisher.sources.dates import ago, clock, forms, spoken
from publisher.sources.dates.plain import plain
from publisher.sources.dates.words import MONTHS

NEAR = timedelta(days=10)
"""A yearless date that was this short a time ago needs no further evidence of its year."""

AHEAD = timedelta(days=1)
"""How far in the future a publication date may lie: time zones are often wrong."""

_OLDEST = 1970
_LONGEST = 120
"""Longer texts than this are no dates."""

_EPOCH = re.compile(r"(?:/date\()?(1\d{9})(?:\.\d{1,9}|\d{3})?(?:\)/)?", re.IGNORECASE)
_CJK = re.compile("[\u4e00-\u9fff\uff01-\uff5e]")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_RFC = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:([+-])(\d\d)(\d\d)|GMT|UTC|UT|Z)"
)

Zone = ZoneInfo | timezone


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that was understood. `at` is UTC; without `precise` only the day is known, and `at` is its midnight in
    the source's zone. `confidence` is between 0 and 1; `note` says what had to be assumed."""

    at: datetime
    confidence: float = 1.0
    precise: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a date is read by: `now` (None when unknown: then "3 hours ago" has no answer), the source's zone, its
    language, and the years that the page itself names, the most telling first."""

    now: datetime | None
    zone: Zone = UTC
    language: str | None = None
    years: tuple[int, ...] = ()

    def local_now(self) -> datetime | None:
        """Now in the source's zone; None also where that zone's calendar ends."""
        try:
            return self.now.astimezone(self.zone) if self.now else None
        except (OverflowError, ValueError):
            return None

    @property
    def in_taiwan(self) -> bool:
        """Whether years may be counted from 1912."""
        tag = (self.language or "").replace("_", "-").lower()
        return tag in ("zh-tw", "zh-hant-tw") or getattr(self.zone, "key", "") == "Asia/Taipei"


@dataclass(frozen=True, slots=True)
class _Day:
    """A day found in a text, and what stands before and after it, where a time may be."""

    day: date
    before: str
    after: str
    confidence: float = 1.0
    note: str = ""


def parse(text: str, context: Context) -> Moment | None:
    """The moment that a short text names, or None. A date more than a day ahead of `now` is none of publication."""
    # Blanks may be many; a text that is long without them is no date.
    text = " ".join(text[: 10 * _LONGEST].split())
    if not text or len(text) > _LONGEST:
        return None
    moment = _machine(text, context)
    if moment is None:
        if context.language is None and _CJK.search(text):
            context = replace(context, language="zh")
        written = plain(text, minguo=context.in_taiwan)
        moment = _relative(written, context) or _found(written, context)
    return moment if moment is not None and _believable(moment, context) else None


def years_in(text: str) -> Iterator[int]:
    """The years that a text names, ranges ("2019-2025") by their end."""
    for match in re.finditer(r"(?<!\d)(?:(?:19|20)\d{2}\s*[-–—~至]\s*)?((?:19|20)\d{2})(?!\d)", text):
        yield int(match.group(1))


def best(moments: Iterable[Moment]) -> Moment | None:
    """The first of the surest; one that knows the time of day of the same day is better."""
    found = list(moments)
    top = max(found, key=lambda moment: moment.confidence, default=None)
    if top is None or top.precise:
        return top
    same_day = [other for other in found if other.precise and abs(other.at - top.at) < timedelta(days=1)]
    return replace(same_day[0], confidence=top.confidence) if same_day else top


def _believable(moment: Moment, context: Context) -> bool:
    if moment.at.year < _OLDEST:
        return False
    # Subtracted, for a clock at the end of time has no day after it.
    return context.now is None or moment.at - context.now <= AHEAD


def _machine(text: str, context: Context) -> Moment | None:
    """The common forms of machines, read fast; what is unusual about them is left to the patterns."""
    try:
        if match := _EPOCH.fullmatch(text):
            return Moment(datetime.fromtimestamp(int(match[1]), UTC))
        if _ISO.match(text):
            return _moment(datetime.fromisoformat(text.replace(" +", "+")), context.zone)
        if match := _RFC.fullmatch(text):
            return _moment(_rfc(match), UTC)
    except (ValueError, OverflowError, KeyError):
        pass
    return None


def _rfc(match: re.Match[str]) -> datetime:
    """RFC 5322, section 3.3. A zone of -0000 is UTC, of a sender somewhere."""
    day, name, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset)
    return datetime(int(year), MONTHS[name.lower()], int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _moment(at: datetime, zone: tzinfo) -> Moment | None:
    try:
        return Moment((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC))
    except (OverflowError, ValueError):
        return None


def _relative(text: str, context: Context) -> Moment | None:
    if context.now is None or (told := ago.read(text)) is None:
        return None
    try:
        # Nobody tells an age to the microsecond.
        at = (context.now - told.length).replace(microsecond=0)
    except OverflowError:
        return None
    return Moment(at, 0.9 if told.precise else 0.7, precise=told.precise, note="told from when it was read")


def _found(text: str, context: Context) -> Moment | None:
    """The first day in the text, with the time of day that stands beside it."""
    for read in (_whole_day, _told_year_day, _yearless_day, _spoken_day):
        if (day := read(text, context)) is not None:
            return _with_time(day, text, context)
    return None


def _with_time(day: _Day, text: str, context: Context) -> Moment | None:
    """The day at its time. A time that the clocks leave out in spring is read by the offset before the change, one
    that comes twice in autumn is the first."""
    read = clock.read(day.after, context.zone) or clock.read(day.before[-20:], context.zone)
    zone = (read.zone if read else None) or clock.phrase_zone(text) or context.zone
    try:
        later = day.day + timedelta(days=read.days_later if read else 0)
        at = datetime.combine(later, read.time if read else time(), tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return Moment(at, day.confidence, precise=read is not None, note=day.note)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _whole_day(text: str, context: Context) -> _Day | None:
    for written in forms.whole(text, context.language):
        if written.year and (day := _date(written.year, written.month, written.day)):
            note = "" if written.sure else "day and month may be exchanged"
            after = written.inside or text[written.end :]
            return _Day(day, text[: written.start], after, 1.0 if written.sure else 0.5, note)
    return None


def _told_year_day(text: str, context: Context) -> _Day | None:
    """A day whose year is told from this one: 去年10月3日."""
    now = context.local_now()
    for written in forms.of_told_year(text) if now else ():
        if now and (day := _date(now.year - (written.year or 0), written.month, written.day)):
            note = "the year is told from when it was read"
            return _Day(day, text[: written.start], text[written.end :], 0.8, note)
    return None


def _yearless_day(text: str, context: Context) -> _Day | None:
    for written in forms.yearless(text, context.language):
        if (found := _year_for(written.month, written.day, context)) is not None:
            day, confidence, note = found
            return _Day(day, text[: written.start], text[written.end :], confidence, note)
    return None


def _year_for(month: int, day: int, context: Context) -> tuple[date, float, str] | None:
    """The latest past one when that is near; else the page's own years decide; never more than a day ahead."""
    now = context.local_now()
    latest = _tomorrow(now) if now else None
    if now and latest:
        # 29 February may be years ago.
        past = [found for year in range(latest.year, latest.year - 8, -1) if (found := _date(year, month, day))]
        recent = next((found for found in past if found <= latest), None)
        if recent and now.date() - recent <= NEAR:
            return recent, 0.8, "no year; the latest one"
        for year in context.years:
            if (found := _date(year, month, day)) and found <= latest:
                return found, 0.4, f"no year; the page names {year}"
        return (recent, 0.3, "no year; the latest one") if recent else None
    for year in context.years:
        if found := _date(year, month, day):
            return found, 0.4, f"no year; the page names {year}"
    return None


def _tomorrow(now: datetime) -> date:
    try:
        return (now + AHEAD).date()
    except OverflowError:
        return now.date()


def _spoken_day(text: str, context: Context) -> _Day | None:
    now = context.local_now()
    told = spoken.read(text, now.date(), context.language) if now else None
    if told is None:
        return None
    return _Day(told.day, told.before, told.after, told.confidence)
