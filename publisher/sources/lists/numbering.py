"""Whether the dates of one list write the day before the month: one that tells it tells it for all."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from publisher.sources.dates import AHEAD, Context

_NUMBERS = re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2((?:19|20)\d\d|\d\d)(?![\w/-])")
_DAY_FIRST = "en-GB"
"""A language that writes days first and names months as the language before it did."""


def context_for(texts: Iterable[str], context: Context) -> Context:
    """The context for dates of English (or unknown) language: day first where one of these is impossible or in the
    future month first, and none is day first."""
    if (context.language or "en").replace("_", "-").lower().partition("-")[0] != "en":
        return context
    found = [match.groups() for text in texts for match in _NUMBERS.finditer(text[:200])]
    pairs = [(int(first), int(second), _year(year)) for first, _, second, year in found]
    if not any(first != second for first, second, _ in pairs):
        return context
    as_month_first = all(_is_possible(year, first, second, context) for first, second, year in pairs)
    as_day_first = all(_is_possible(year, second, first, context) for first, second, year in pairs)
    return replace(context, language=_DAY_FIRST) if as_day_first and not as_month_first else context


def _year(written: str) -> int:
    return int(written) if len(written) == 4 else 2000 + int(written)


def _is_possible(year: int, month: int, day: int, context: Context) -> bool:
    """Whether there is such a day, and it is not to come."""
    now = context.local_now()
    try:
        return now is None or date(year, month, day) - now.date() <= AHEAD
    except ValueError:
        return False
