"""Days told from today: yesterday, 昨晚, "Friday 3pm", 上周五."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from publisher.sources.dates import words

_WEEKDAY_CJK = re.compile(
    r"(?P<which>上上?|下+|本|这|今|先)?(?:个)?(?:周|星期|礼拜)(?P<number>[1-7])(?!\d)"
    r"|(?P<ja>[月火水木金土日])曜日?|(?P<ko>[월화수목금토일])요일"
)
_JA, _KO = "月火水木金土日", "월화수목금토일"
_SHORT_WEEKDAY = re.compile(r"^(mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\.?,?\s(?=\d{1,2}(?::\d\d|\s?[ap]m))")
_FUTURE = re.compile(r"(?:\bnext|\bthis coming|\bcoming|\bnachsten?|\bprochain|\bproximo|\bprossimo)\s?$")
_PAST = re.compile(r"(?:\blast|\bletzten?|\bvergangenen?|\bpasado|\bscorso|\bpassad[oa]|\bprosl[ey])\s?$")
_PAST_AFTER = re.compile(r"^\s?(?:dernier|passe|scors[oa]|passad[oa]|pasado)\b")
_HALVES = {"早": "早", "晨": "早", "朝": "早", "晚": "晚", "晩": "晚", "夜": "晚"}
_HALVES_EN = {"night": "晚", "밤": "晚"}


@dataclass(frozen=True, slots=True)
class Told:
    """A day told from today, and the text before and after it; a half of the day that is part of its word (昨晚) leads
    `after`."""

    day: date
    before: str
    after: str
    confidence: float


def read(text: str, today: date, language: str | None) -> Told | None:
    """The day that a plain text tells from `today` in the source's zone."""
    try:
        return _named(text, today, language) or _weekday(text, today, language)
    except OverflowError:
        return None


def _named(text: str, today: date, language: str | None) -> Told | None:
    for word, back in words.SPOKEN_CJK.items():
        if (start := text.find(word)) >= 0:
            after = _HALVES.get(word[-1], "") + text[start + len(word) :]
            # 昨 alone is a word only before a time.
            if len(word) > 1 or re.match(r"\s?\d", after):
                return Told(today - timedelta(days=back), text[:start], after, 0.9)
    if (found := _own(text, words.SPOKEN, language)) is None:
        return None
    match, back = found
    half = next((half for end, half in _HALVES_EN.items() if match.group().endswith(end)), "")
    return Told(today - timedelta(days=back), text[: match.start()], half + text[match.end() :], 0.9)


def _own(text: str, tables: Mapping[str, Mapping[str, int]], language: str | None) -> tuple[re.Match[str], int] | None:
    """The first word of the source's language or English; when that is not known, one that the text begins with."""
    known = words.primary(language)
    languages = [name for name in ("en", known) if name in tables] if known else list(tables)
    for name in dict.fromkeys(languages):
        if match := _pattern(tables[name]).search(text):
            lone = known is None and name not in ("en", "ko")
            if not lone or match.start() == 0:
                return match, tables[name][match.group()]
    return None


def _pattern(table: Mapping[str, int]) -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
    return re.compile(rf"(?<![^\W\d_])(?:{listed})(?![^\W\d_])")


def _weekday(text: str, today: date, language: str | None) -> Told | None:
    """The last such day, today among them; one that is said to come is none of publication."""
    if match := _WEEKDAY_CJK.search(text):
        return _weekday_cjk(match, text, today)
    if match := _SHORT_WEEKDAY.match(text):
        return _last(("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(match[1][:3]), match, text, today)
    if (found := _own(text, words.WEEKDAYS, language)) is None:
        return None
    match, weekday = found
    if _FUTURE.search(text[: match.start()]):
        return None
    before_today = bool(_PAST.search(text[: match.start()]) or _PAST_AFTER.match(text[match.end() :]))
    return _last(weekday, match, text, today, before_today=before_today)


def _last(weekday: int, match: re.Match[str], text: str, today: date, *, before_today: bool = False) -> Told:
    back = (today.weekday() - weekday) % 7
    back = 7 if before_today and not back else back
    return Told(today - timedelta(days=back), text[: match.start()], text[match.end() :], 0.6)


def _weekday_cjk(match: re.Match[str], text: str, today: date) -> Told | None:
    if not match["number"]:
        return _last(_JA.index(match["ja"]) if match["ja"] else _KO.index(match["ko"]), match, text, today)
    weekday, which = int(match["number"]) - 1, match["which"] or ""
    if which.startswith("下"):
        return None
    if not which:
        return _last(weekday, match, text, today)
    # Weeks begin on Monday: 上周五 is Friday of last week.
    weeks = {"上": 1, "先": 1, "上上": 2}.get(which, 0)
    day = today - timedelta(days=today.weekday() - weekday + 7 * weeks)
    return Told(day, text[: match.start()], text[match.end() :], 0.6) if day <= today else None
