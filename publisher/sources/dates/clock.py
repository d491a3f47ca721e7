"""Times of day and the zones they are in, as they stand beside a date."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_MORNING = "凌晨|清晨|拂晓|早上|早晨|早|上午|午前|朝|오전|새벽|아침"
_NOON = "中午|正午|昼|낮"
_AFTERNOON = "午后|下午|傍晚|夕方|오후|저녁"
_NIGHT = "晚上|晚间|夜间|夜里|深夜|半夜|午夜|晚|晩|夜|밤"
_TIME = re.compile(
    rf"(?:(?P<morning>{_MORNING})|(?P<noon>{_NOON})|(?P<afternoon>{_AFTERNOON})|(?P<night>{_NIGHT}))?\s*"
    r"(?<![\d.])(?:"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?(?![\d:])"
    r"|(?P<cjk_hour>\d{1,2})\s*(?:点|时(?!间))\s*"
    r"(?:(?P<cjk_minute>\d{1,2})(?![\d刻])\s*分?(?:钟|\s*(?P<cjk_second>\d{1,2})\s*秒)?"
    r"|(?P<quarter>[123])刻|(?P<half>半|반))?"
    r"|(?P<h_hour>[01]?\d|2[0-3])\s?(?:h|uhr|heures?)(?![a-z])\s?(?P<h_minute>\d{2})?(?!\d)"
    r"|(?P<dot_hour>\d{1,2})[.:](?P<dot_minute>\d{2})\s?(?=uhr\b|[ap]\.?\s?m\b)"
    r"|(?:(?<=kl )|(?<=kl\. )|(?<=klo )|(?<=ore ))(?P<kl_hour>\d{1,2})\.(?P<kl_minute>\d{2})(?!\d)"
    r"|(?P<bare_hour>\d{1,2})(?=\s?[ap]\.?\s?m\b)"
    r")(?:\s?(?P<ampm>[ap])\.?\s?m\b\.?)?"
    r"|\b(?P<word>noon|midday|midnight)\b"
)
_COMPACT = re.compile(r"^t?(?P<hour>[01]\d|2[0-4])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?(?!\d)")
_OFFSET = re.compile(
    r"^\s*[(\[]?(?:(?:utc|gmt)\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)"
    r"|(?P<sign2>[+-])(?P<hours2>\d{1,2}):?(?P<minutes2>\d{2})(?!\d)"
    r"|(?P<sign3>(?<!\s)[+-])(?P<hours3>\d{2})(?![\d:]))"
)
_NAME = re.compile(r"^[\s,]*[(\[]?(?P<name>[a-z]{1,5})(?![a-z/])")
_IANA = re.compile(r"[a-z]+(?:/[a-z_+-]+){1,2}")

_EAST_8 = 480
_OFFSETS: Mapping[str, int] = {
    **{"z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0, "west": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120},
    **{"eet": 120, "eest": 180, "msk": 180, "мск": 180, "trt": 180, "sast": 120, "cat": 120, "eat": 180, "wat": 60},
    **{"gst": 240, "pkt": 300, "ict": 420, "wib": 420, "sgt": _EAST_8, "hkt": _EAST_8, "awst": _EAST_8},
    **{"myt": _EAST_8, "pht": _EAST_8, "jst": 540, "kst": 540, "acst": 570, "aest": 600, "acdt": 630, "aedt": 660},
    **{"nzst": 720, "nzdt": 780, "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480},
    **{"pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "nst": -210, "ndt": -150, "adt": -180, "brt": -180},
    **{"art": -180, "clt": -240},
}
_AMBIGUOUS: Mapping[str, tuple[int, ...]] = {
    "cst": (-360, _EAST_8),
    "ist": (330, 120, 60),
    "bst": (60, 360),
    "ast": (-240, 180),
}
"""Names of several zones: the one that the source itself is in, else the first (RFC 5322, section 4.3)."""

_PLACES: Mapping[str, str] = {
    **{"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"},
}
_PHRASES: Mapping[str, str] = {
    **dict.fromkeys(("北京时间", "beijing time", "china standard time"), "Asia/Shanghai"),
    **dict.fromkeys(("香港时间", "hong kong time"), "Asia/Hong_Kong"),
    **dict.fromkeys(("台北时间", "台湾时间"), "Asia/Taipei"),
    **dict.fromkeys(("东京时间", "日本时间", "japan standard time"), "Asia/Tokyo"),
    **dict.fromkeys(("韩国时间", "首尔时间", "한국시간"), "Asia/Seoul"),
    **dict.fromkeys(
        ("美东时间", "美国东部时间", "纽约时间", "eastern time", "eastern standard time"), "America/New_York"
    ),
    **dict.fromkeys(("美西时间", "太平洋时间", "pacific time", "pacific standard time"), "America/Los_Angeles"),
    **dict.fromkeys(("central time",), "America/Chicago"),
    **dict.fromkeys(("伦敦时间",), "Europe/London"),
    **dict.fromkeys(("莫斯科时间", "moscow time", "по москве"), "Europe/Moscow"),
    **dict.fromkeys(("格林尼治时间", "格林威治时间", "世界标准时间"), "UTC"),
}
_PHRASE = re.compile("|".join(sorted(_PHRASES, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, perhaps on the day after the one it is written with (24:00, 晚上12点); `zone` where one is
    named."""

    time: time
    days_later: int = 0
    zone: tzinfo | None = None


def read(text: str, usual: tzinfo) -> Clock | None:
    """The first time of day in the beginning of a plain text; `usual` decides between zones of the same name."""
    if match := _COMPACT.match(text):
        return _made(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), text[match.end() :], usual)
    match = _TIME.search(text[:48])
    if match is None:
        return None
    if match["word"]:
        return Clock(time(12) if match["word"] != "midnight" else time(0), 0, zone(text[match.end() :], usual))
    hour, minute, second = _figures(match)
    if hour > 24 or (hour == 24 and minute):
        return None
    return _made(_hour(hour, match), minute, second, text[match.end() :], usual)


def _figures(match: re.Match[str]) -> tuple[int, int, int]:
    def first(*names: str) -> int:
        return int(next((match[name] for name in names if match[name]), 0))

    hour = first("hour", "cjk_hour", "h_hour", "dot_hour", "kl_hour", "bare_hour")
    minute = first("minute", "cjk_minute", "h_minute", "dot_minute", "kl_minute")
    if match["half"]:
        minute = 30
    elif match["quarter"]:
        minute = 15 * int(match["quarter"])
    return hour, minute, first("second", "cjk_second")


def _hour(hour: int, match: re.Match[str]) -> int:
    """The hour of 24 that is meant; 24 and more are on the next day."""
    if hour > 12:
        return hour
    if match["night"]:
        # Until five in the night it is the next day already: 昨晚1点 was this morning.
        return 24 + hour % 12 if hour % 12 < 5 else hour + 12
    if match["noon"]:
        return hour + 12 if hour < 10 else hour
    if match["afternoon"] or match["ampm"] == "p":
        return hour % 12 + 12
    if match["morning"] or match["ampm"] == "a":
        return hour % 12
    return hour


def _made(hour: int, minute: int, second: int, rest: str, usual: tzinfo) -> Clock | None:
    """The clock; None when there is no such time. A leap second is the one before it (RFC 3339, section 5.6)."""
    later, hour = divmod(hour, 24)
    if later > 1 or minute > 59 or second > 60:
        return None
    return Clock(time(hour, minute, min(second, 59)), later, zone(rest, usual))


def zone(text: str, usual: tzinfo) -> tzinfo | None:
    """The zone that a plain text begins with."""
    if match := _OFFSET.match(text):
        sign = match["sign"] or match["sign2"] or match["sign3"]
        minutes = int(match["hours"] or match["hours2"] or match["hours3"]) * 60
        minutes += int(match["minutes"] or match["minutes2"] or 0)
        if minutes <= 14 * 60:
            return timezone(timedelta(minutes=minutes if sign == "+" else -minutes))
    if match := _IANA.match(text.lstrip(" ([")):
        return _iana(match.group())
    if match := _NAME.match(text):
        return _named(match["name"], usual)
    return None


def phrase_zone(text: str) -> tzinfo | None:
    """The zone that a plain text names anywhere in words: 北京时间, eastern time."""
    match = _PHRASE.search(text)
    return _place(_PHRASES[match.group()]) if match else None


def _named(name: str, usual: tzinfo) -> tzinfo | None:
    if name in _PLACES:
        return _place(_PLACES[name])
    if name in _AMBIGUOUS:
        # In winter and in summer: either may be meant.
        own = {datetime(2025, month, 1, tzinfo=usual).utcoffset() for month in (1, 7)}
        offsets = [timedelta(minutes=minutes) for minutes in _AMBIGUOUS[name]]
        return timezone(next((offset for offset in offsets if offset in own), offsets[0]))
    return timezone(timedelta(minutes=_OFFSETS[name])) if name in _OFFSETS else None


def _iana(name: str) -> tzinfo | None:
    known = _names().get(name)
    return _place(known) if known else None


@cache
def _names() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _place(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
