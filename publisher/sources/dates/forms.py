"""The days that a plain text names: whole ones, ones without a year, and how sure it is which number is the month.

Nothing here knows the time or asks whether a day exists; `dates` decides what a written day means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from publisher.sources.dates import words

_CJK = ("zh", "ja", "ko")
_DAY_FIRST_ENGLISH = ("gb", "uk", "au", "nz", "ie", "in", "za", "sg", "hk", "my", "ng", "ke", "mt")
_MONTH_FIRST_LANGUAGES = (*_CJK, "hu", "lt", "en")


@dataclass(frozen=True, slots=True)
class Written:
    """A day as it was written, and where. Without `year` none was; `sure` is false when day and month may be
    exchanged, or the century is not told; `inside` is a time that stood between them."""

    year: int | None
    month: int
    day: int
    start: int
    end: int
    sure: bool = True
    inside: str = ""


_YEAR = r"(?P<year>(?:19|20)\d{2})"
_NAME = r"(?<![^\W\d_])(?P<name>" + "|".join(sorted(words.MONTHS, key=len, reverse=True)) + r")(?![^\W_])"
_DAY = r"(?<![\d:])(?P<day>\d{1,2})(?:st|nd|rd|th|er|e|o|a|\.|-?го)?(?![\w:])"

_YMD = re.compile(
    rf"(?<!\d){_YEAR}\s?(?:(?P<mark>[-/.]|\. )\s?(?P<month>\d{{1,2}})\s?(?:(?P=mark)|[-/.])\s?(?P<day>\d{{1,2}})"
    r"|年\s?(?P<cjk_month>\d{1,2})\s?[月/.-]\s?(?P<cjk_day>\d{1,2}))(?!\d)\s?[日号]?"
)
_COMPACT = re.compile(
    rf"(?<!\d){_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=t|\D|$|\d{{4}}(?:\d\d)?(?:\D|$))"
)
# 10月 28, 2025 and 28 10月, 2025: English forms with Chinese months.
_CJK_NAMED = (
    re.compile(rf"(?<![\d年])(?P<month>\d{{1,2}})\s?月\s?(?P<day>\d{{1,2}})\s?[日号]?\s?,?\s?{_YEAR}(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})\s(?P<month>\d{{1,2}})\s?月\s?,?\s?{_YEAR}(?!\d)"),
)
_NUMERIC = re.compile(rf"(?<![\d.])(?P<first>\d{{1,2}})(?P<mark>[/.-]|\. )(?P<second>\d{{1,2}})(?P=mark){_YEAR}(?!\d)")
_NUMERIC_SHORT = re.compile(
    r"(?<![\w./-])(?P<first>\d{2})(?P<mark>[/.-])(?P<second>\d{2})(?P=mark)(?P<third>\d{2})"
    r"(?=$|\.?,?\s?\(?[^\W\d]{0,3}\)?,?\s\d{1,2}:\d{2})"
)

_YEARS_AGO = {"今年": 0, "本年": 0, "去年": 1, "昨年": 1, "前年": 2, "一昨年": 2, "大前年": 3}
_TOLD_YEAR = re.compile(
    rf"(?P<told>{'|'.join(sorted(_YEARS_AGO, key=len, reverse=True))})的?\s?"
    r"(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号]"
)
_MONTH_DAY = re.compile(r"(?<![\d年.])(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号]")
_LUNAR = re.compile(r"(?:农历|农曆|阴历|陰曆|旧历|旧暦|夏历)[^,，;。]{0,8}$")
_BARE_TIMED = re.compile(
    r"(?<![\d./-])(?<!\d:)(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})\.?(?=\s?\(?[^\W\d]{0,3}\)?,?\s\d{1,2}:\d{2})"
)
_BARE_ALONE = re.compile(
    r"(?:^|[:\s])(?:(?P<first>\d{2})(?P<mark>[-/])(?P<second>\d{2})|(?P<first2>\d{1,2})\.\s?(?P<second2>\d{1,2})\.)$"
)


@cache
def _named() -> tuple[re.Pattern[str], ...]:
    """Days with the name of their month. Two hundred names take long to compile: not before a text has letters."""
    return (
        # 28 October 2025, 28th of Oct., 2025, 28 de octubre de 2025, 28-Oct-2025
        re.compile(rf"{_DAY}[\s./-]*(?:of |de |d')?{_NAME}\.?,?[\s./-]*(?:de |del |of )?{_YEAR}(?!\d)"),
        # October 28th, 2025
        re.compile(rf"{_NAME}\.?[\s./-]+{_DAY},?[\s./-]*(?:of |de |del )?{_YEAR}(?!\d)"),
        # 2025 October 28, 2025. oktober 28.
        re.compile(rf"(?<!\d){_YEAR}[\s.,/-]*{_NAME}\.?[\s./-]*{_DAY}"),
        # Tue Oct 28 18:20:00 CST 2025
        re.compile(
            rf"{_NAME}\s+(?P<day>\d{{1,2}})\s"
            rf"(?P<inside>\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s[a-z]{{1,5}}|\s[+-]\d{{4}})?)\s{_YEAR}"
        ),
    )


@cache
def _short_year() -> re.Pattern[str]:
    """Tue, 28 Oct 25 18:20 (RFC 822), 28-Oct-25."""
    return re.compile(rf"(?<![\d:])(?P<day>\d{{1,2}})[\s-]{_NAME}\.?[\s-]'?(?P<short>\d{{2}})(?=\s\d{{1,2}}:\d{{2}}|$)")


@cache
def _named_alone() -> tuple[re.Pattern[str], ...]:
    """28 October, October 28th."""
    return (
        re.compile(rf"{_DAY}[\s./-]*(?:of |de |d')?{_NAME}"),
        re.compile(rf"{_NAME}\.?[\s./-]+{_DAY}"),
    )


def whole(text: str, language: str | None) -> list[Written]:
    """The days with their years, in the order of the text."""
    found = [_plain_day(match) for pattern in (_YMD, _COMPACT, *_CJK_NAMED) for match in pattern.finditer(text)]
    if any(char.isalpha() for char in text):
        found += [_named_day(match) for pattern in _named() for match in pattern.finditer(text)]
        found += [_short_year_day(match) for match in _short_year().finditer(text)]
    found += [_numeric(match, language) for match in _NUMERIC.finditer(text)]
    found += [_numeric_short(match, language) for match in _NUMERIC_SHORT.finditer(text)]
    # Where two patterns begin at the same place, the longer is the whole date.
    return sorted(found, key=lambda day: (day.start, -day.end))


def of_told_year(text: str) -> Iterator[Written]:
    """The days whose year is told from this one; `year` is how many years before it."""
    for match in _TOLD_YEAR.finditer(text):
        yield Written(_YEARS_AGO[match["told"]], int(match["month"]), int(match["day"]), *match.span())


def yearless(text: str, language: str | None) -> Iterator[Written]:
    """The days without a year, the clearest forms first. Days of the lunar calendar are none of ours."""
    for match in _MONTH_DAY.finditer(text):
        if not _LUNAR.search(text[: match.start()]):
            yield Written(None, int(match["month"]), int(match["day"]), *match.span())
    for pattern in _named_alone():
        for match in pattern.finditer(text):
            if month := words.month(match["name"], language, alone=True):
                yield Written(None, month, int(match["day"]), *match.span())
    for pattern in (_BARE_TIMED, _BARE_ALONE):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            first, second = (groups[name] or groups.get(f"{name}2") for name in ("first", "second"))
            month, day, _ = _ordered(int(first or 0), int(second or 0), groups["mark"] or ".", language)
            yield Written(None, month, day, *match.span())


def _plain_day(match: re.Match[str]) -> Written:
    groups = match.groupdict()
    month, day = (groups[name] or groups.get(f"cjk_{name}") for name in ("month", "day"))
    return Written(int(groups["year"]), int(month or 0), int(day or 0), *match.span())


def _named_day(match: re.Match[str]) -> Written:
    inside = match.groupdict().get("inside") or ""
    return Written(int(match["year"]), words.MONTHS[match["name"]], int(match["day"]), *match.span(), inside=inside)


def _short_year_day(match: re.Match[str]) -> Written:
    return Written(century(int(match["short"])), words.MONTHS[match["name"]], int(match["day"]), *match.span())


def century(year: int) -> int:
    """A year of two digits in full (RFC 5322, section 4.3)."""
    return year + (2000 if year < 50 else 1900)


def _numeric(match: re.Match[str], language: str | None) -> Written:
    month, day, sure = _ordered(int(match["first"]), int(match["second"]), match["mark"].strip(), language)
    return Written(int(match["year"]), month, day, *match.span(), sure=sure)


def _numeric_short(match: re.Match[str], language: str | None) -> Written:
    """25/10/28 where years come first, 28.10.25 or 10/28/25 elsewhere; never sure."""
    first, second, third = int(match["first"]), int(match["second"]), int(match["third"])
    if words.primary(language) in (*_CJK, "hu", "lt", "sv"):
        return Written(century(first), second, third, *match.span(), sure=False)
    month, day, _ = _ordered(first, second, match["mark"], language)
    return Written(century(third), month, day, *match.span(), sure=False)


def _ordered(first: int, second: int, mark: str, language: str | None) -> tuple[int, int, bool]:
    """Month and day of two numbers, and whether they can only be read in this order."""
    if first > 12 or second > 12:
        return (second, first, True) if first > 12 else (first, second, True)
    month_first = _writes_month_first(mark, language)
    return (first, second, first == second) if month_first else (second, first, first == second)


def _writes_month_first(mark: str, language: str | None) -> bool:
    """Whether a language writes the month before the day. English does in America, and never with points."""
    known = words.primary(language) or "en"
    region = (language or "").replace("_", "-").lower().split("-")[-1]
    if known == "en":
        return mark != "." and region not in _DAY_FIRST_ENGLISH
    return known in _MONTH_FIRST_LANGUAGES
