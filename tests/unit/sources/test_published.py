"""Which of a page's dates is its own, where they don't agree, and how sure that is."""

from datetime import UTC, datetime

import pytest

from publisher.sources.extract import Extracted, extract

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = "".join(
    f"<p>{text}</p>"
    for text in (
        "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough for the ferry.",
        "Nobody had expected it before Sunday. The harbour master, who had bet against it, bought them their lunch.",
        "What remains is a bank of sand on the eastern side, which the herons have already found and will not leave.",
    )
)


def read(beside: str = "", head: str = "", after: str = "", *, lang: str = "zh", url: str | None = None) -> Extracted:
    markup = (
        f"<html lang={lang}><head><title>The harbour mouth reopens</title>{head}</head><body>"
        f"<h1>The harbour mouth reopens</h1><div>{beside}</div><article>{TEXT}</article>{after}</body></html>"
    )
    return extract(markup.encode(), url, now=NOW)


def at(*args: str, lang: str = "en", url: str | None = None, **kwargs: str) -> tuple[str, str]:
    article = read(*args, lang=lang, url=url, **kwargs)
    return str(article.as_dict()["published"])[:16], article.evidence.get("published", "")


def meta(value: str) -> str:
    return f'<meta property="article:published_time" content="{value}">'


def test_the_minute_that_is_shown_wins_over_a_declared_one_of_the_same_day() -> None:
    shown, evidence = at("2026-09-07 04:04", meta("2026-09-07T06:52:51+00:00"))
    assert shown == "2026-09-07T04:04"
    assert evidence == 'by-line "2026-09-07 04:04"; sure'


def test_seconds_come_from_what_is_declared() -> None:
    assert read("2026-09-07 04:04", meta("2026-09-07T04:04:51+00:00")).published == datetime(
        2026, 9, 7, 4, 4, 51, tzinfo=UTC
    )


def test_the_time_of_a_day_that_is_shown_alone_comes_from_what_is_declared() -> None:
    assert at("7 September 2026", meta("2026-09-07T04:04:00+00:00"))[0] == "2026-09-07T04:04"


def test_a_clock_without_a_zone_is_in_the_zone_that_is_declared() -> None:
    assert read("2026-09-07 12:04", meta("2026-09-07T09:00:00+08:00")).published == datetime(
        2026, 9, 7, 4, 4, tzinfo=UTC
    )


def test_of_dates_apart_by_a_zone_the_zoned_one_counts() -> None:
    assert at("2026-09-07 12:04", meta("2026-09-07T04:04:00Z"))[0] == "2026-09-07T04:04"


@pytest.mark.parametrize("beside", ["2026-09-07 04:04", "7 September 2026"])
def test_dates_that_are_days_apart_are_not_sure(beside: str) -> None:
    shown, evidence = at(beside, meta("2026-09-01T04:04:00+00:00"))
    assert shown in ("2026-09-07T04:04", "2026-09-01T04:04")
    assert "; likely: " in evidence


def test_a_day_just_beside_the_declared_one_is_a_zone_s() -> None:
    shown, evidence = at("7 September 2026", meta("2026-09-08T23:04:00+00:00"))
    assert shown == "2026-09-08T23:04"
    assert "; likely: the page shows 7 September 2026" in evidence


def test_a_generic_declared_day_gives_way_to_the_day_that_is_shown() -> None:
    shown, evidence = at("7 September 2026", '<meta name=date content="2026-01-01">')
    assert (shown[:10], "; likely" in evidence) == ("2026-09-07", True)


@pytest.mark.parametrize(
    ("head", "url"),
    [('<meta itemprop=dateUpdate content="2019-09-07 13:43:59">', None), ("", "https://a.example/2019/09/07/x.html")],
)
def test_a_date_without_year_takes_that_of_a_stamp_of_the_same_day(head: str, url: str | None) -> None:
    shown, evidence = at("09-07 13:43", head, url=url)
    assert shown == "2019-09-07T13:43"
    assert "; sure: the year of " in evidence


def test_a_stamp_of_another_hour_settles_nothing() -> None:
    evidence = at("09-07 13:43", '<meta itemprop=dateUpdate content="2019-09-07 20:00:00">')[1]
    assert "the year of" not in evidence


def test_the_clock_is_not_sure_where_the_page_knows_no_such_year() -> None:
    shown, evidence = at("3 hours ago", after="<footer>© 2019 Post</footer>")
    assert shown == "2026-11-24T09:00"
    assert "low confidence" in evidence
    assert "the page itself names 2019" in evidence


def test_the_clock_is_believed_where_the_page_is_of_this_year() -> None:
    assert "; sure" in at("3 hours ago", after="<footer>© 2026 Post</footer>")[1]


def test_dates_in_the_text_must_say_what_they_date() -> None:
    assert at(after="<p>— Ana (@ana) August 22, 2013</p>") == ("None", "")
    assert at(after="<p>Posted August 22, 2013</p>")[0][:10] == "2013-08-22"


def test_a_row_of_facts_is_no_date_of_publication() -> None:
    assert at("<table><tr><th>Founded</th><td>28 February 1998</td></tr></table>") == ("None", "")


def test_an_update_is_the_last_resort() -> None:
    shown, evidence = at(head='<meta property="article:modified_time" content="2026-09-07T04:04:00Z">')
    assert shown == "2026-09-07T04:04"
    assert "low confidence" in evidence


@pytest.mark.parametrize(("lang", "zone"), [("zh", "+08:00"), ("ja", "+09:00"), ("ko", "+09:00"), ("en", "+00:00")])
def test_without_a_word_of_the_zone_it_is_that_of_the_language(lang: str, zone: str) -> None:
    words = {
        "zh": "灯埠港清淤完工渡轮恢复通航没有人料到港务长请午饭",
        "ja": "しおのみちひきとふねのでいりのはなしをしよう",
        "ko": "등대와항구의이야기를해봅시다오늘도내일도모레도",
    }
    text = words.get(lang, "")
    title = text or "Tides"
    markup = f"<html lang={lang}><title>{title}</title><body><h1>{title}</h1><p>2026-09-07 13:43</p>{text * 20}"
    assert extract(markup.encode(), now=NOW).as_dict()["published"] == f"2026-09-07T13:43:00{zone}"


@pytest.mark.parametrize(
    "line",
    [
        "Published: Thursday 12th November 2026, 18:05 GMT. Updated: 13 November 2026 09:00 GMT",
        "Updated 13 November 2026 09:00 | Published 12 November 2026 18:05",
        "12 November 2026 18:05 (last modified on 13 November 2026 09:00)",
    ],
)
def test_a_line_may_name_both_dates(line: str) -> None:
    article = read(f"<p>{line}</p>", lang="en")
    assert str(article.published)[:16] == "2026-11-12 18:05"
    assert str(article.updated)[:16] == "2026-11-13 09:00"
    assert article.text.startswith("The dredger")


def test_an_age_is_told_in_whole_seconds() -> None:
    article = extract(
        f"<html lang=en><h1>The harbour mouth reopens</h1><p>3 hours ago</p><article>{TEXT}</article>".encode(),
        now=NOW.replace(microsecond=123456),
    )
    assert article.published is not None
    assert article.published.microsecond == 0
