"""Dates as sites write them. Now is Tuesday, 24 November 2026, 20:00 in Shanghai."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources import dates
from publisher.sources.dates import Context, Moment
from publisher.sources.numerals import arabic

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTEXT = Context(NOW, SHANGHAI, "zh", years=(2025,))


def local(text, context=CONTEXT):
    """What was understood, as local time; only the day when no time is known."""
    moment = dates.parse(text, context)
    if moment is None:
        return None
    return moment.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M" if moment.precise else "%Y-%m-%d")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-28T18:20:00+08:00", "2025-10-28 18:20"),
        ("2025-10-28T10:20:00Z", "2025-10-28 18:20"),
        ("2025-10-28T10:20:00.1234567Z", "2025-10-28 18:20"),
        ("2025-10-28 18:20:05", "2025-10-28 18:20"),
        ("2025-10-28T18:20:00 +0800", "2025-10-28 18:20"),
        ("20251028T102000Z", "2025-10-28 18:20"),
        ("20251028182000", "2025-10-28 18:20"),
        ("20251028", "2025-10-28"),
        ("2025/10/28 8:05", "2025-10-28 08:05"),
        ("2025.10.28", "2025-10-28"),
        ("1581517074", "2020-02-12 22:17"),
        ("1581517074000", "2020-02-12 22:17"),
        ("Tue, 28 Oct 2025 18:20:00 +0800", "2025-10-28 18:20"),
        ("Tue, 28 Oct 2025 18:20:00 EST", "2025-10-29 07:20"),
        ("28 Oct 25 10:20:00 GMT", "2025-10-28 18:20"),
    ],
)
def test_machines(text, expected):
    assert local(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025年10月28日 18:20", "2025-10-28 18:20"),
        ("2025年10月28日下午3点20分", "2025-10-28 15:20"),
        ("2025年10月28日 中午12点", "2025-10-28 12:00"),
        ("2025年10月28日 晚上8点半", "2025-10-28 20:30"),
        ("2025\u5e7410\u670828\u65e5\uff0c18\uff1a20", "2025-10-28 18:20"),
        ("二〇二五年十月廿八日", "2025-10-28"),
        ("2026年十一月二十四日", "2026-11-24"),
        ("发布时间:2025-10-28 18:20 来源:新华网", "2025-10-28 18:20"),
        ("北京时间2025年10月28日 18:20", "2025-10-28 18:20"),
        ("昨天 18:20", "2026-11-23 18:20"),
        ("昨晚8点", "2026-11-23 20:00"),
        ("前天", "2026-11-22"),
        ("今天 08:00", "2026-11-24 08:00"),
        ("3小时前", "2026-11-24 17:00"),
        ("半小时前", "2026-11-24 19:30"),
        ("一个半小时前", "2026-11-24 18:30"),
        ("15分钟前", "2026-11-24 19:45"),
        ("刚刚", "2026-11-24 20:00"),
        ("两天前", "2026-11-22"),
        ("2周前", "2026-11-10"),
        ("周五下午3点", "2026-11-20 15:00"),
        ("上周五", "2026-11-20"),
        ("上周日", "2026-11-22"),
        ("星期二", "2026-11-24"),
        ("周二十点", "2026-11-24 10:00"),
    ],
)
def test_chinese(text, expected):
    assert local(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("October 28, 2025", "2025-10-28"),
        ("Oct. 28, 2025 06:20 AM EST", "2025-10-28 19:20"),
        ("28th of October 2025 at 6:20 pm", "2025-10-28 18:20"),
        ("18:20, 28 October 2025", "2025-10-28 18:20"),
        ("Tuesday 28 October 2025, 12 a.m.", "2025-10-28 00:00"),
        ("28-Oct-2025", "2025-10-28"),
        ("10/28/2025", "2025-10-28"),
        ("28/10/2025 14:00", "2025-10-28 14:00"),
        ("28.10.2025", "2025-10-28"),
        ("October 28, 2025 18:20 UTC+02:00", "2025-10-29 00:20"),
        ("yesterday at 5pm", "2026-11-23 17:00"),
        ("3 hours ago", "2026-11-24 17:00"),
        ("an hour ago", "2026-11-24 19:00"),
        ("five days ago", "2026-11-19"),
        ("2 months ago", "2026-09-25"),
        ("just now", "2026-11-24 20:00"),
        ("Friday 3pm", "2026-11-20 15:00"),
        ("last Monday", "2026-11-23"),
    ],
)
def test_english(text, expected):
    assert local(text, Context(NOW, SHANGHAI, "en")) == expected


def test_other_languages_are_left_to_a_library():
    moment = dates.parse("28. Dezember 2025 18:20", Context(NOW, SHANGHAI, "de"))
    assert moment is not None
    assert (moment.at, moment.confidence) == (datetime(2025, 12, 28, 10, 20, tzinfo=UTC), 0.6)
    assert dates.parse("28. Dezember 2025", Context(NOW, SHANGHAI, "xx")) is None


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("11月20日 18:20", "2026-11-20 18:20", "no year; the latest one"),
        ("11-23 08:20", "2026-11-23 08:20", "no year; the latest one"),
        ("23 November, 07:30", "2026-11-23 07:30", "no year; the latest one"),
        # Not near: the page's own years decide.
        ("10月28日", "2025-10-28", "no year; the page names 2025"),
        ("12-31 08:20", "2025-12-31 08:20", "no year; the page names 2025"),
        ("Oct 28th", "2025-10-28", "no year; the page names 2025"),
        # A day ahead may be a time zone; more is another year.
        ("11月25日", "2026-11-25", "no year; the latest one"),
        ("11月26日", "2025-11-26", "no year; the page names 2025"),
        ("2月29日", "2024-02-29", "no year; the latest one"),
    ],
)
def test_a_yearless_date_is_the_latest_when_that_is_near_else_what_the_page_says(text, expected, why):
    assert local(text) == expected
    assert dates.parse(text, CONTEXT).note == why


def test_a_year_of_the_page_that_lies_ahead_is_passed_over():
    assert local("12月31日", Context(NOW, SHANGHAI, years=(2026, 2024))) == "2024-12-31"
    assert local("12月31日", Context(NOW, SHANGHAI)) == "2025-12-31"


def test_without_now_only_what_needs_no_now_is_answered():
    context = Context(None, SHANGHAI, years=(2025,))
    assert local("10月28日", context) == "2025-10-28"
    assert local("2027-01-01", context) == "2027-01-01"
    for text in ("3小时前", "昨天", "周五", "just now"):
        assert dates.parse(text, context) is None
    assert dates.parse("10月28日", Context(None)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "2025-13-45",
        "GPT-5 in 2030",
        "2027-01-01",
        "1/2",
        "40月50日",
        "x" * 200,
        "999999999年前",
        "0时",
        "12:30",
        "Version 3.11.7",
    ],
)
def test_what_is_no_date_stays_unknown(text):
    assert dates.parse(text, CONTEXT) is None


def test_an_ambiguous_date_is_read_by_language_and_less_believed():
    american, european = (dates.parse("03/04/2025", Context(NOW, UTC, language)) for language in ("en-US", "en-GB"))
    assert (american.at.month, american.confidence) == (3, 0.5)
    assert (european.at.month, european.confidence) == (4, 0.5)


def test_the_best_is_the_surest_and_takes_its_time_of_day_from_another():
    day = Moment(datetime(2025, 10, 28, tzinfo=UTC), 1.0, precise=False)
    timed = Moment(datetime(2025, 10, 28, 18, 20, tzinfo=UTC), 0.5)
    other = Moment(datetime(2025, 11, 2, 9, tzinfo=UTC), 0.9)
    assert dates.best([other, day, timed]) == Moment(timed.at, 1.0)
    assert dates.best([day, other]) == day
    assert dates.best([]) is None


def test_years_of_ranges_are_their_ends():
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
def test_numerals(written, digits):
    assert arabic(written) == digits


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 23)),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y年%m月%d日 %H:%M", "%d %B %Y %H:%M", "%B %d, %Y %I:%M %p"]),
)
def test_what_is_written_is_read_back(at, form):
    moment = dates.parse(at.strftime(form), CONTEXT)
    assert moment is not None
    assert abs(moment.at - at.replace(tzinfo=SHANGHAI)) < timedelta(minutes=1)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text):
    dates.parse(text, CONTEXT)
