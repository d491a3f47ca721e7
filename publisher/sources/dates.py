"""Dates as people and machines write them, in Chinese and English, and how sure one can be of each.

Our own small parser reads what is common; dateparser has a try at the rest, and only where a year is named, because
it guesses (it reads "12-31 08:20" as January 2012). Nothing here knows the time: `now` is an argument.
"""

import calendar
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import dateparser

from publisher.sources.numerals import arabic

NEAR = timedelta(days=10)
"""A yearless date that was this short a time ago needs no further evidence of its year."""

AHEAD = timedelta(days=1)
"""How far in the future a publication date may lie: time zones are often wrong."""

_USUAL = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru"]
_OLDEST = 1970
_LONGEST = 120
"""Longer texts than this are no dates."""

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
        """Now in the source's zone."""
        return self.now.astimezone(self.zone) if self.now else None


@dataclass(frozen=True, slots=True)
class _Day:
    """A day found in a text, and what stands before and after it, where a time may be."""

    day: date
    before: str
    after: str
    confidence: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time of day; `zone` where one is named."""

    time: time
    zone: Zone | None = None


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        1,
    )
    for name in names
}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?P<year>(?:19|20)\d{2})"

_YMD = re.compile(
    rf"(?<!\d){_YEAR}\s*(?P<mark>[-/.年])\s*(?P<month>\d{{1,2}})\s*[-/.月]\s*(?P<day>\d{{1,2}})(?!\d)\s*[日号]?"
)
_COMPACT = re.compile(
    rf"(?<!\d){_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=T|\D|$|\d{{4}}(?:\d\d)?(?:\D|$))"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<name>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:\d)(?:,?\s*{_YEAR}\b)?", re.IGNORECASE
)
_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+(?:of\s+)?(?P<name>{_MONTH})\b\.?,?(?:[\s-]*{_YEAR}\b)?",
    re.IGNORECASE,
)
_NUMERIC = re.compile(rf"(?<!\d)(?P<first>\d{{1,2}})(?P<mark>[/.-])(?P<second>\d{{1,2}})(?P=mark){_YEAR}(?!\d)")
_MONTH_DAY_ZH = re.compile(r"(?<![\d年])(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]")
_MONTH_DAY_TIMED = re.compile(r"(?<![\d./-])(?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?=\s+\d{1,2}:\d{2})")
_MONTH_DAY_ALONE = re.compile(r"(?:^|[:\s])(?P<month>\d{2})[-/](?P<day>\d{2})$")
_NAMED_DAY = re.compile(r"(?P<zh>今天|今日|今早|今晚|昨天|昨日|昨晚|前天)|\b(?P<en>today|yesterday)\b", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"(?P<last>上)?(?:周|星期|礼拜)(?P<zh>[1-7])(?!\d)|\b(?:last\s+)?(?P<en>" + "|".join(_WEEKDAYS) + r")\b",
    re.IGNORECASE,
)
_AGO_ZH = re.compile(
    r"(?P<n>\d+(?:\.\d)?|半|数|几)\s*(?P<half>个半)?个?(?P<unit>秒|分钟|分|小时|钟头|天|日|周|星期|月|年)(?:之|以)?前"
)
_AGO_EN = re.compile(
    r"\b(?P<n>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten)\s*(?P<unit>s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|"
    r"d(?:ays?)?|w(?:eeks?)?|months?|years?)\s+ago\b",
    re.IGNORECASE,
)
_JUST_NOW = re.compile(r"刚刚|刚才|\bjust now\b|\bmoments? ago\b", re.IGNORECASE)
_ENGLISH_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_ENGLISH_NUMBERS |= {"six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}

_HALF = "凌晨|清晨|早上|早晨|早|上午|中午|午后|下午|傍晚|晚上|晚间|晚|深夜|夜"
_TIME = re.compile(
    rf"(?P<half>{_HALF})?\s*(?<!\d)(?P<hour>\d{{1,2}})(?::(?P<minute>\d{{2}})(?::(?P<second>\d{{2}})(?:[.,]\d{{1,9}})?)?|"
    r"\s*[点时](?:(?P<zh_minute>\d{1,2})分?|(?P<zh_half>半)|钟|整)?)(?!\d)\s*(?P<ampm>[ap]\.?m\b\.?)?"
    rf"|(?<!\d)(?P<en_hour>\d{{1,2}})\s*(?P<en_ampm>[ap]\.?m\b\.?)",
    re.IGNORECASE,
)
_COMPACT_TIME = re.compile(r"^T?(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?(?!\d)")
_OFFSET = re.compile(
    r"^\s*\(?(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)", re.IGNORECASE
)
_ZONE_NAME = re.compile(r"^\s*\(?(?P<name>Z|[A-Z]{2,5})\b")
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
          "EST": -300, "EDT": -240, "ET": -300, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
          "JST": 540, "KST": 540, "HKT": 480, "SGT": 480}  # fmt: skip
_AFTERNOON = {"午后", "下午", "傍晚", "晚上", "晚间", "晚", "深夜", "夜", "中午"}


def parse(text: str, context: Context) -> Moment | None:
    """The moment that a short text names, or None. A date more than a day ahead of `now` is none of publication."""
    text = _plain(text)
    if not text or len(text) > _LONGEST:
        return None
    moment = _machine(text, context) or _relative(text, context) or _found(text, context) or _guessed(text, context)
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


def _plain(text: str) -> str:
    return arabic(" ".join(unicodedata.normalize("NFKC", text).split()))


def _believable(moment: Moment, context: Context) -> bool:
    if moment.at.year < _OLDEST:
        return False
    return context.now is None or moment.at <= context.now + AHEAD


def _machine(text: str, context: Context) -> Moment | None:
    """ISO 8601, RFC 5322 and seconds (or milliseconds) since 1970, when that is all there is."""
    try:
        if re.fullmatch(r"1\d{9}(\d{3})?", text):
            return Moment(datetime.fromtimestamp(int(text[:10]), UTC))
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d", text):
            return _moment(datetime.fromisoformat(text.replace(" +", "+")), context)
        if re.match(r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2,4}\s+\d", text):
            parsed = parsedate_to_datetime(text)
            return _moment(parsed, context)
    except (ValueError, OverflowError, IndexError):
        pass
    return None


def _moment(at: datetime, context: Context) -> Moment | None:
    try:
        return Moment((at if at.tzinfo else at.replace(tzinfo=context.zone)).astimezone(UTC))
    except (OverflowError, ValueError):
        return None


def _relative(text: str, context: Context) -> Moment | None:
    now = context.now
    if now is None:
        return None
    if _JUST_NOW.search(text):
        return Moment(now, 0.9)
    if match := _AGO_ZH.search(text):
        number = {"半": 0.5, "数": 3.0, "几": 3.0}.get(match["n"]) or float(match["n"])
        return _ago(number + 0.5 * bool(match["half"]), match["unit"], now)
    if match := _AGO_EN.search(text):
        word = match["n"].lower()
        number = float(_ENGLISH_NUMBERS.get(word, word))
        unit = match["unit"].lower()
        return _ago(number, "月" if unit.startswith("mo") else unit[0], now)
    return None


def _ago(number: float, unit: str, now: datetime) -> Moment | None:
    seconds = {"秒": 1, "s": 1, "分": 60, "m": 60, "小": 3600, "钟": 3600, "h": 3600}.get(unit[0])
    days = {"天": 1, "日": 1, "d": 1, "周": 7, "星": 7, "w": 7, "月": 30, "年": 365, "y": 365}.get(unit[0], 0)
    try:
        at = now - timedelta(seconds=number * seconds) if seconds else now - timedelta(days=number * days)
    except OverflowError:
        return None
    return Moment(at, 0.9 if seconds else 0.7, precise=bool(seconds), note=f"{number:g}{unit} before it was read")


def _found(text: str, context: Context) -> Moment | None:
    """The first day in the text, with the time of day that stands beside it."""
    for read in (_full_day, _yearless_day, _spoken_day):
        if (day := read(text, context)) is not None:
            return _with_time(day, context)
    return None


def _with_time(day: _Day, context: Context) -> Moment | None:
    clock = _clock(day.after) or _clock(day.before[-20:])
    zone = (clock.zone if clock else None) or (ZoneInfo("Asia/Shanghai") if "北京时间" in day.before else context.zone)
    try:
        at = datetime.combine(day.day, clock.time if clock else time(), tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return Moment(at, day.confidence, precise=clock is not None, note=day.note)


def _full_day(text: str, context: Context) -> _Day | None:
    for pattern in (_YMD, _COMPACT, _DAY_FIRST, _MONTH_FIRST, _NUMERIC):
        for match in pattern.finditer(text):
            if match["year"] and (day := _day_of(match, context)):
                certain = pattern is not _NUMERIC or int(match["first"]) > 12 or int(match["second"]) > 12
                return _Day(day, text[: match.start()], text[match.end() :], 1.0 if certain else 0.5)
    return None


def _day_of(match: re.Match[str], context: Context) -> date | None:
    groups = match.groupdict()
    if "first" in groups:
        first, second = int(groups["first"]), int(groups["second"])
        american = (context.language or "en").lower() in ("en", "en-us") and groups["mark"] == "/"
        month, day = (first, second) if second > 12 or (american and first <= 12) else (second, first)
    else:
        month, day = _month_day(match)
    return _date(int(groups["year"]), month, day)


def _month_day(match: re.Match[str]) -> tuple[int, int]:
    groups = match.groupdict()
    month = int(groups["month"]) if groups.get("month") else _MONTHS[groups["name"].lower()]
    return month, int(groups["day"])


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _yearless_day(text: str, context: Context) -> _Day | None:
    """The latest past one when that is near; else the page's own years decide; never more than a day ahead."""
    for pattern in (_MONTH_DAY_ZH, _MONTH_DAY_TIMED, _MONTH_DAY_ALONE, _DAY_FIRST, _MONTH_FIRST):
        for match in pattern.finditer(text):
            if (found := _year_for(*_month_day(match), context)) is not None:
                day, confidence, note = found
                return _Day(day, text[: match.start()], text[match.end() :], confidence, note)
    return None


def _year_for(month: int, day: int, context: Context) -> tuple[date, float, str] | None:
    now = context.local_now()
    latest = (now + AHEAD).date() if now else None
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


def _spoken_day(text: str, context: Context) -> _Day | None:
    now = context.local_now()
    if now is None:
        return None
    if match := _NAMED_DAY.search(text):
        word = (match["zh"] or match["en"]).lower()
        back = 2 if word == "前天" else 1 if word.startswith(("昨", "yesterday")) else 0
        # The half of the day is part of the word: 昨晚8点.
        half = word[-1] if word[-1] in "早晚" else ""
        return _Day(now.date() - timedelta(days=back), text[: match.start()], half + text[match.end() :], 0.9)
    if match := _WEEKDAY.search(text):
        weekday = int(match["zh"]) - 1 if match["zh"] else _WEEKDAYS[match["en"].lower()]
        back = (now.weekday() - weekday) % 7
        if match["last"]:
            back = now.weekday() - weekday + 7
        return _Day(now.date() - timedelta(days=back), text[: match.start()], text[match.end() :], 0.6)
    return None


def _clock(text: str) -> _Clock | None:
    if match := _COMPACT_TIME.match(text):
        return _made_clock(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), text[match.end() :])
    match = _TIME.search(text[:40])
    if match is None:
        return None
    hour = int(match["hour"] or match["en_hour"])
    minute = int(match["minute"] or match["zh_minute"] or (30 if match["zh_half"] else 0))
    ampm = (match["ampm"] or match["en_ampm"] or "").lower()
    if (
        (ampm.startswith("p") or match["half"] in _AFTERNOON)
        and hour < 12
        and not (match["half"] == "中午" and hour > 9)
    ):
        hour += 12
    elif ampm.startswith("a") and hour == 12:
        hour = 0
    return _made_clock(hour, minute, int(match["second"] or 0), text[match.end() :])


def _made_clock(hour: int, minute: int, second: int, rest: str) -> _Clock | None:
    try:
        return _Clock(time(hour, minute, min(second, 59)), _zone(rest))
    except ValueError:
        return None


def _zone(text: str) -> Zone | None:
    if match := _OFFSET.match(text):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=minutes if match["sign"] == "+" else -minutes))
    if (match := _ZONE_NAME.match(text)) and match["name"] in _ZONES:
        return timezone(timedelta(minutes=_ZONES[match["name"]]))
    return None


def _guessed(text: str, context: Context) -> Moment | None:
    """What dateparser makes of a text that names a year, such as `28. Oktober 2025`."""
    if not re.search(r"(?<!\d)(19|20)\d{2}(?!\d)", text) or not re.search(r"\d{1,2}\D", text):
        return None
    # The library wants a naive base in the zone it is told.
    local = context.local_now()
    settings: dict[str, object] = {"REQUIRE_PARTS": ["day", "month", "year"], "PREFER_DATES_FROM": "past"}
    if local is not None:
        settings["RELATIVE_BASE"] = local.replace(tzinfo=None)
    # Without a list the library tries its two hundred locales, which takes seconds.
    languages = [context.language.split("-")[0].lower()] if context.language else _USUAL
    try:
        parsed = dateparser.parse(text, languages=languages, settings=settings)
    except (ValueError, OverflowError, TypeError):
        return None
    moment = _moment(parsed, context) if parsed else None
    return replace(moment, confidence=0.6, precise=":" in text, note="read by dateparser") if moment else None
