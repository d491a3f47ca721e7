"""What a request's headers ask for."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.web.negotiation import best_coding, best_language, not_modified

AT = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
ON_TIME = "Tue, 24 Nov 2026 08:00:00 GMT"
EARLIER = "Tue, 24 Nov 2026 07:59:59 GMT"
LATER = "Tue, 24 Nov 2026 08:00:01 GMT"


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "expected"),
    [
        (None, None, False),
        ('"abc"', None, True),
        ('W/"abc"', None, True),
        ('"xyz"', None, False),
        ('"xyz", W/"abc" , "123"', None, True),
        ('"xyz","abc"', None, True),
        ('"a,b", "abc"', None, True),
        ('"abc,', None, False),
        ("abc", None, False),
        ("*", None, True),
        (" * ", None, True),
        ('"*"', None, False),
        ("", None, False),
        (None, ON_TIME, True),
        (None, LATER, True),
        (None, EARLIER, False),
        (None, "Tuesday, 24-Nov-26 08:00:00 GMT", True),
        (None, "Tue Nov 24 08:00:00 2026", True),
        (None, "Tue, 24 Nov 2026 09:00:00 +0100", True),
        (None, "yesterday", False),
        (None, "", False),
        (None, "Tue, 99 Nov 2026 08:00:00 GMT", False),
        # The tag decides alone, whatever the date says.
        ('"xyz"', LATER, False),
        ('"abc"', EARLIER, True),
        ("", LATER, False),
    ],
)
def test_not_modified(if_none_match: str | None, if_modified_since: str | None, expected: bool) -> None:
    assert not_modified(if_none_match, if_modified_since, '"abc"', AT) is expected


def test_fractions_of_a_second_are_not_in_a_date_and_so_do_not_count() -> None:
    assert not_modified(None, ON_TIME, '"abc"', AT.replace(microsecond=999_999))


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("br, gzip;q=0.8", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip;q=1.000", True),
        ("gzip;q=1.5", False),
        ("gzip;q=much", False),
        ("gzip;level=9", False),
        ("deflate", False),
        ("br", False),
        ("*", True),
        ("*;q=0.5", True),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("identity;q=0", True),
        ("identity;q=0, gzip", True),
        ("identity;q=0, gzip;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0.5, *", True),
        (" gzip ; q=0.5 ,, identity;q=0.4", True),
    ],
)
def test_best_coding_where_there_is_only_gzip(accept_encoding: str | None, expected: bool) -> None:
    assert (best_coding(accept_encoding, ("gzip",)) == "gzip") is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.9, gzip", "gzip"),
        ("BR;Q=0.5", "br"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0, br;q=0", "identity"),
        ("*;q=0", "identity"),
        ("identity", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0", "gzip"),
        ("identity;q=0, gzip;q=0, br", "br"),
        ("zstd", "identity"),
        ("gzip;q=nonsense", "identity"),
    ],
)
def test_best_coding(accept_encoding: str | None, expected: str) -> None:
    assert best_coding(accept_encoding, ("br", "gzip")) == expected


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-cn", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.6", "zh-CN"),
        ("de, fr;q=0.9", "en"),
        ("de, zh;q=0.1", "zh-CN"),
        ("zh;q=0", "en"),
        ("*", "en"),
        ("english", "en"),
    ],
)
def test_best_language(accept_language: str | None, expected: str) -> None:
    assert best_language(accept_language, ("en", "zh-CN")) == expected


def test_the_first_language_is_that_of_who_asks_for_none() -> None:
    assert best_language("fr", ("zh-CN", "en")) == "zh-CN"


HEADER = st.text(st.characters(min_codepoint=9, max_codepoint=255))


@given(HEADER, HEADER)
@example("", "Tue, 24 Nov 0000 08:00:00 GMT")
@example("", "Tue, 24 Nov 99999 08:00:00 +9999999")
@example("", "Tue, 24 Nov 2026 08:00:00 +99999999999999999999")
def test_no_header_breaks_anything(one: str, other: str) -> None:
    not_modified(None, other, '"abc"', AT)
    not_modified(one, other, '"abc"', AT)
    best_coding(one, ("br", "gzip"))
    assert best_language(one, ("en", "zh-CN")) in ("en", "zh-CN")
