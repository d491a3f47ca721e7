"""Dates as sites write them; `dates.txt` is the table. Now is Tuesday, 24 November 2026, 12:00 UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.sources import dates
from publisher.sources.dates import Context, Moment
from publisher.sources.dates.numerals import arabic, number

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTEXT = Context(NOW, SHANGHAI, "zh", years=(2025,))


@dataclass(frozen=True)
class Form:
    """One line of the table."""

    text: str
    expected: str
    note: str
    context: Context


def table() -> Iterator[Form]:
    context = CONTEXT
    for line in Path(__file__).with_name("dates.txt").read_text("utf-8").splitlines():
        if section := re.fullmatch(r"\[(\S+) (\w+(?:/\w+)?)((?: \d{4})*)\]", line):
            language = None if section[1] == "-" else section[1]
            years = tuple(int(year) for year in section[3].split())
            context = Context(NOW, ZoneInfo(section[2]), language, years)
        elif line and not line.startswith("#"):
            text, rest = line.split(" => ")
            expected, _, note = rest.partition(" ; ")
            yield Form(text, expected, note, context)


FORMS = list(table())


def written(moment: Moment | None, context: Context = CONTEXT) -> str:
    """What was understood, as local time; only the day when no time is known."""
    if moment is None:
        return "-"
    return moment.at.astimezone(context.zone).strftime("%Y-%m-%d %H:%M" if moment.precise else "%Y-%m-%d")


@pytest.mark.parametrize("form", FORMS, ids=[f"{form.context.language} {form.text}" for form in FORMS])
def test_a_written_form(form: Form) -> None:
    moment = dates.parse(form.text, form.context)
    assert written(moment, form.context) == form.expected
    if form.note:
        assert moment is not None
        assert moment.note == form.note
        # What had to be assumed is never quite believed.
        assert moment.confidence < 1


def test_the_table_is_large() -> None:
    assert len({(form.context.language, form.text) for form in FORMS}) >= 200


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("2025-10-28", 1.0),
        ("3小时前", 0.9),
        ("昨晚8点", 0.9),
        ("11月20日", 0.8),
        ("两天前", 0.7),
        ("周五", 0.6),
        ("03.04.2025", 0.5),
        ("10月28日", 0.4),
    ],
)
def test_the_less_is_written_the_less_it_is_believed(text: str, confidence: float) -> None:
    moment = dates.parse(text, CONTEXT)
    assert moment is not None
    assert moment.confidence == confidence


def test_without_a_year_of_the_page_the_latest_is_hardly_believed() -> None:
    moment = dates.parse("12月31日", Context(NOW, SHANGHAI))
    assert moment is not None
    assert (written(moment), moment.confidence, moment.note) == ("2025-12-31", 0.3, "no year; the latest one")


def test_a_year_of_the_page_that_lies_ahead_is_passed_over() -> None:
    assert written(dates.parse("12月31日", Context(NOW, SHANGHAI, years=(2026, 2024)))) == "2024-12-31"
    assert written(dates.parse("2月29日", Context(NOW, SHANGHAI, years=(2023, 2020)))) == "2020-02-29"


def test_the_day_of_a_yearless_date_is_that_of_the_source() -> None:
    """When it is 25 November in Auckland already, it still is the 24th in London."""
    late = Context(datetime(2026, 11, 24, 22, tzinfo=UTC), ZoneInfo("Pacific/Auckland"), "en-NZ")
    assert written(dates.parse("today", late), late) == "2026-11-25"
    early = Context(late.now, ZoneInfo("Europe/London"), "en-GB")
    assert written(dates.parse("today", early), early) == "2026-11-24"
    turn = Context(datetime(2027, 1, 1, 2, tzinfo=UTC), SHANGHAI, "zh")
    assert written(dates.parse("12月31日", turn)) == "2026-12-31"


def test_a_date_may_lie_a_day_ahead_and_not_more() -> None:
    for text, believed in (("2026-11-25T12:00:00Z", True), ("2026-11-25T12:00:01Z", False), ("2026-11-26", False)):
        assert (dates.parse(text, CONTEXT) is not None) == believed


def test_without_now_only_what_needs_no_now_is_answered() -> None:
    context = Context(None, SHANGHAI, years=(2025,))
    assert written(dates.parse("10月28日", context)) == "2025-10-28"
    assert written(dates.parse("2027-01-01", context)) == "2027-01-01"
    for text in ("3小时前", "昨天", "周五", "just now"):
        assert dates.parse(text, context) is None
    assert dates.parse("10月28日", Context(None)) is None


def test_words_of_a_language_that_is_not_known_count_only_where_the_text_begins() -> None:
    unknown = Context(NOW, UTC)
    assert dates.parse("Lesen Sie hier mehr", unknown) is None
    assert written(dates.parse("gestern, 18:20 Uhr", unknown), unknown) == "2026-11-23 18:20"
    # In a language that is known, words of another are words.
    assert dates.parse("hier", Context(NOW, UTC, "de")) is None


def test_a_first_use_of_a_name_of_several_zones_is_the_sources_own() -> None:
    text = "Tue, 28 Oct 2025 18:20:00 {}"
    for name, zone, offset in (
        ("CST", "Asia/Taipei", 8),
        ("CST", "America/Chicago", -6),
        ("IST", "Asia/Kolkata", 5.5),
        ("IST", "Asia/Jerusalem", 2),
        ("IST", "Europe/Dublin", 1),
        ("BST", "Asia/Dhaka", 6),
    ):
        moment = dates.parse(text.format(name), Context(NOW, ZoneInfo(zone)))
        assert moment is not None
        assert moment.at == datetime(2025, 10, 28, 18, 20, tzinfo=UTC) - timedelta(hours=offset)


def test_the_best_is_the_surest_and_takes_its_time_of_day_from_another() -> None:
    day = Moment(datetime(2025, 10, 28, tzinfo=UTC), 1.0, precise=False)
    timed = Moment(datetime(2025, 10, 28, 18, 20, tzinfo=UTC), 0.5)
    other = Moment(datetime(2025, 11, 2, 9, tzinfo=UTC), 0.9)
    assert dates.best([other, day, timed]) == Moment(timed.at, 1.0)
    assert dates.best([day, other]) == day
    assert dates.best([]) is None


def test_years_of_ranges_are_their_ends() -> None:
    assert list(dates.years_in("© 2019-2025, since 1998; 京ICP备2025144713号")) == [2025, 1998]


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("二〇二五年十月廿八日", "2025年10月28日"),
        ("十二点", "12点"),
        ("三十分", "30分"),
        ("卅一日", "31日"),
        ("周日", "周7 "),
        ("星期天", "星期7 "),
    ],
)
def test_numerals(written: str, digits: str) -> None:
    assert arabic(written) == digits


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("二十八", 28),
        ("廿八", 28),
        ("卅", 30),
        ("两", 2),
        ("〇", 0),
        ("二〇二六", 2026),
        ("一百一十四", 114),
        ("百二", 102),
        ("二千零二十六", 2026),
    ],
)
def test_a_numeral(numeral: str, value: int) -> None:
    assert number(numeral) == value


_NAMES = "一二三四五六七八九"


def _numeral(value: int) -> str:
    tens, units = divmod(value, 10)
    return ("" if tens < 2 else _NAMES[tens - 1]) + ("十" if tens else "") + (_NAMES[units - 1] if units else "")


@given(st.dates(date(1990, 1, 1), date(2026, 11, 24)))
def test_every_day_in_chinese_numerals_is_read_back(day: date) -> None:
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    text = f"{year}年{_numeral(day.month)}月{_numeral(day.day)}日"
    assert written(dates.parse(text, CONTEXT)) == day.isoformat()


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 23)),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y年%m月%d日 %H:%M", "%d %B %Y %H:%M", "%B %d, %Y %I:%M %p"]),
)
def test_what_is_written_is_read_back(at: datetime, form: str) -> None:
    moment = dates.parse(at.strftime(form), CONTEXT)
    assert moment is not None
    # Shanghai had summer time until 1991: a time that was left out is read an hour later.
    assert abs(moment.at - at.replace(tzinfo=SHANGHAI)) <= timedelta(hours=1, minutes=1)
    assert moment.at.astimezone(SHANGHAI).minute == at.minute


@given(st.text(max_size=60))
@example("²月³日 ۱۲:۳۰")
@example("İ" * 50)
@example("9" * 119)
def test_no_text_breaks_the_parser(text: str) -> None:
    dates.parse(text, CONTEXT)


@pytest.mark.parametrize("now", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_no_time_breaks_the_parser(now: datetime) -> None:
    for form in FORMS:
        for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")):
            dates.parse(form.text, Context(now, zone, form.context.language))
