"""Addresses: absolute, safe, comparable."""

from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources.text import urls

BASE = "https://example.org/news/today?x=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/a b", "https://example.org/a%20b"),
        ("more.html", "https://example.org/news/more.html"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("https://例子.example/文", "https://例子.example/文"),
        (" java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@b.example", None),
        ("http://[half", None),
        ("http://a:99999/", None),
        ("", None),
        (None, None),
        ('/a"onload="x', "https://example.org/a%22onload=%22x"),
    ],
)
def test_absolute(reference, expected):
    assert urls.absolute(BASE, reference) == expected


@pytest.mark.parametrize("around", ["\0", "\x01 ", "\x1f", "\t\n", "\u3000", "\ufeff", "\u200b"])
def test_what_stands_around_an_address_by_mistake_is_no_part_of_it(around):
    for base in (None, "https://example.org/news/"):
        assert urls.absolute(base, f"{around}https://other.example/x{around}") == "https://other.example/x"
        assert urls.absolute(base, f"{around}javascript:alert(1)") is None


def test_without_a_base_only_whole_addresses_count():
    assert urls.absolute(None, "/a") is None
    assert urls.absolute(None, "http://example.org/a") == "http://example.org/a"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.ORG:80#top", "http://example.org/"),
        ("https://example.org:443/a?b#c", "https://example.org/a?b"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("https://example.org./", "https://example.org/"),
        ("https://me@[::1]:443/", "https://me@[::1]/"),
    ],
)
def test_normalised(url, expected):
    assert urls.normalised(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?utm_source=x&id=7&UTM_medium=y&fbclid=z#top", "https://example.org/a?id=7#top"),
        ("https://example.org/a?spm=a2c.1.0&gclid=1", "https://example.org/a"),
        ("https://example.org/s?id=%E6%B5%B7&from=timeline", "https://example.org/s?id=%E6%B5%B7"),
        (
            "https://example.org/a?from=2026-01-01&spmx=1&putm_x=2&b",
            "https://example.org/a?from=2026-01-01&spmx=1&putm_x=2&b",
        ),
        ("https://example.org/a?", "https://example.org/a?"),
    ],
)
def test_parameters_that_track_readers_are_not_given_on(url, expected):
    assert urls.untracked(url) == expected


def test_srcset_is_made_absolute_and_its_largest_found():
    value = "/a.jpg 1x, b,c.jpg 2x,d.jpg 300w, data:image/gif;base64,R0lG 4x"
    assert urls.srcset(BASE, value) == (
        "https://example.org/a.jpg 1x, https://example.org/news/b%2Cc.jpg 2x, https://example.org/news/d.jpg 300w"
    )
    assert urls.largest(BASE, value) == "https://example.org/news/d.jpg"
    assert urls.largest(BASE, "") is None


@given(st.text(max_size=80))
def test_what_comes_out_is_http_without_spaces_or_quotes(text):
    url = urls.absolute(BASE, text)
    assert url is None or (url.startswith(("http://", "https://")) and not set(url) & set(" \"'<>\n") - {"'"})
    urls.srcset(BASE, text)


PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "//",
        "/",
        ".",
        "..",
        "a",
        "B",
        "?",
        "#",
        "&=",
        "%41",
        " ",
        "é",
        ":",
        "@",
        "80",
        "h.example",
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(["https://a.example/b/c?d", "http://a.example", "x"]))
def test_addresses_in_order_are_joined_as_all_others_are(reference: str, base: str) -> None:
    try:
        joined = urljoin(base, "".join(reference.split("\t")).strip())
        parts = urlsplit(joined)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    expected = urls._UNSAFE.sub(lambda match: quote(match.group()), joined) if known and reference.strip() else None
    assert urls.absolute(base, reference) == expected
