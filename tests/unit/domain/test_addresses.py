"""When two addresses lead to the same page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.addresses import same_page, tracks

PAGE = "https://example.org/news/tram?id=7&page=2"

SAME = [
    "http://example.org/news/tram?id=7&page=2",
    "https://www.example.org/news/tram?id=7&page=2",
    "https://WWW.Example.ORG/news/tram?id=7&page=2",
    "https://www2.example.org/news/tram?id=7&page=2",
    "https://m.example.org/news/tram?id=7&page=2",
    "https://wap.example.org/news/tram?id=7&page=2",
    "https://mobile.example.org/news/tram?id=7&page=2",
    "https://amp.example.org/news/tram?id=7&page=2",
    "https://example.org./news/tram?id=7&page=2",
    "https://example.org:443/news/tram?id=7&page=2",
    "http://example.org:80/news/tram?id=7&page=2",
    "https://user:secret@example.org/news/tram?id=7&page=2",
    "https://example.org/news/tram/?id=7&page=2",
    "https://example.org//news///tram?id=7&page=2",
    "https://example.org/news/./tram?id=7&page=2",
    "https://example.org/news/old/../tram?id=7&page=2",
    "https://example.org/news/tram/index.html?id=7&page=2",
    "https://example.org/news/tram/index.php?id=7&page=2",
    "https://example.org/news/tram/default.aspx?id=7&page=2",
    "https://example.org/news/tram?page=2&id=7",
    "https://example.org/news/tram?id=7&&page=2&",
    "https://example.org/news/tram?id=7&page=2#comments",
    "https://example.org/news/tram?id=7&page=2#:~:text=tram",
    "https://example.org/news/tram?id=7&page=2&utm_source=rss&utm_medium=feed",
    "https://example.org/news/tram?fbclid=IwAR0&id=7&page=2",
    "https://example.org/news/tram?id=7&page=2&gclid=1&msclkid=2&yclid=3&igshid=4&mc_cid=5&mc_eid=6",
    "https://example.org/news/tram?id=7&page=2&spm=a2c4e.1&scm=20140722",
    "https://example.org/news/tram?id=7&page=2&from=timeline&isappinstalled=0",
    "https://example.org/news/tram?id=7&page=2&share_token=abc",
    "https://example.org/news/tram?id=7&page=2&from=rss",
    "https://example.org/news/tram?id=7&page=2&amp=1",
    "https://example.org/news/tram?id=7&page=2&outputType=amp",
    "https://example.org/news/tram?id=7&page=2&PHPSESSID=0a1b2c",
    "https://example.org/news/tram;jsessionid=0A1B2C?id=7&page=2",
    "https://example.org/news/tram/amp?id=7&page=2",
    "https://example.org/news/tram/amp/?id=7&page=2",
    "https://example.org/amp/news/tram?id=7&page=2",
    "https://example-org.cdn.ampproject.org/c/s/example.org/news/tram?id=7&page=2",
    "https://example-org.cdn.ampproject.org/v/s/www.example.org/news/tram/amp/?id=7&page=2",
    "https://www.google.com/amp/s/example.org/news/tram?id=7&page=2",
    "https://example.org/n%65ws/tr%61m?id=%37&page=2",
    " https://example.org/news/tram?id=7&page=2 ",
]

PAIRS = [
    ("https://example.org", "https://example.org/"),
    ("https://example.org/index.htm", "http://www.example.org"),
    ("https://example.org/a.amp.html", "https://example.org/a.html"),
    ("https://example.org/a.amp", "https://example.org/a"),
    ("https://example.org/中文/新闻", "https://example.org/%E4%B8%AD%E6%96%87/%e6%96%b0%e9%97%bb"),
    ("https://例子.example/a", "https://xn--fsqu00a.example/a"),
    ("https://en.m.wikipedia.org/wiki/Tram", "https://en.wikipedia.org/wiki/Tram"),
    ("https://example.org/a?q=a+b", "https://example.org/a?q=a%20b"),
    ("https://example.org/a?x", "https://example.org/a?x&utm_id=1"),
    ("https://example.org/#!/a", "http://example.org/#!/a"),
]

DIFFERENT = [
    "https://example.org/news/tram?id=8&page=2",
    "https://example.org/news/tram?id=7",
    "https://example.org/news/Tram?id=7&page=2",
    "https://example.org/news/trams?id=7&page=2",
    "https://news.example.org/news/tram?id=7&page=2",
    "https://example.com/news/tram?id=7&page=2",
    "https://example.org:8443/news/tram?id=7&page=2",
    "https://example.org/news%2Ftram?id=7&page=2",
    "https://example.org/news/tram?id=7&page=2#!/other",
    "https://example.org/news/tram?id=7&page=2&ref=main",
    "https://example.org/news/tram?id=7&page=2&from=2024",
]

APART = [
    ("https://example.org/#!/a", "https://example.org/#!/b"),
    ("https://example.org/#/a", "https://example.org/"),
    # A name that only begins like a mobile host's, and hosts that would be left without a name.
    ("https://mail.example.org/a", "https://example.org/a"),
    ("https://m.org/a", "https://org/a"),
    # Escapes of sites that don't write UTF-8 stay what they are.
    ("https://example.org/%D6%D0", "https://example.org/%B9%FA"),
    ("https://example.org/a?k=%D6%D0", "https://example.org/a?k=%B9%FA"),
    ("https://example.org/camp", "https://example.org/c"),
    ("https://example.org/a?source=rssfeeds", "https://example.org/a"),
    ("https://example.org/a%2526b", "https://example.org/a%26b"),
]


@pytest.mark.parametrize("url", SAME)
def test_addresses_of_one_page_are_the_same(url: str) -> None:
    assert same_page(url) == same_page(PAGE) == "example.org/news/tram?id=7&page=2"


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_pairs_of_addresses_are_the_same(one: str, two: str) -> None:
    assert same_page(one) == same_page(two) != ""


@pytest.mark.parametrize("url", DIFFERENT)
def test_addresses_of_other_pages_are_not(url: str) -> None:
    assert same_page(url) != same_page(PAGE)


@pytest.mark.parametrize(("one", "two"), APART)
def test_pairs_of_other_addresses_are_not_the_same(one: str, two: str) -> None:
    assert same_page(one) != same_page(two)


@pytest.mark.parametrize(
    "url", ["", "urn:uuid:1", "/posts/a.md", "mailto:a@example.org", "https://", "http://[::1", "http://a:port/", "1"]
)
def test_what_is_no_address_of_a_page_has_none(url: str) -> None:
    assert same_page(url) == ""


@given(st.text(max_size=60))
def test_any_text_has_an_answer_and_tracking_does_not_change_it(text: str) -> None:
    same_page(text)
    same_page(f"https://{text}/a")
    path = f"https://example.org/{text.replace('#', '').replace('?', '')}x"
    assert same_page(f"{path}?utm_source=rss") == same_page(path)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [("utm_source=x", True), ("gclid", True), ("from=timeline", True), ("from=2024", False), ("id=7", False)],
)
def test_what_tracks_is_told_from_what_names_a_page(parameter: str, expected: bool) -> None:
    assert tracks(parameter) is expected
