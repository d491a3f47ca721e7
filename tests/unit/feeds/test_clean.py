"""Strings and addresses are made fit for documents, and otherwise left alone."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from publisher.feeds import clean as addresses_in_clean
from publisher.feeds.clean import clean, language_tag, line, media_type, rooted, web_address
from tests.unit.feeds.validity import URI

anything = st.text(st.characters(exclude_categories=()))


def test_every_character_is_fit_for_xml_or_removed() -> None:
    characters = "".join(map(chr, range(sys.maxunicode + 1)))
    root = etree.Element("all")
    root.text = clean(characters)
    assert etree.fromstring(etree.tostring(root, encoding="utf-8")).text == root.text
    removed = set(characters) - set(root.text)
    assert removed == {chr(c) for c in range(32)} - {"\t", "\n"} | {chr(c) for c in range(0x7F, 0xA0)} | {
        chr(c) for c in (*range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF)
    }


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert line(line(text)) == line(text)


def test_line_ends_become_newlines() -> None:
    assert clean("a\r\nb\rc\nd\te") == "a\nb\nc\nd\te"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a \r\n\t b\u2028c ", "a b c"),
        ("漢字　漢字\u00a0x", "漢字　漢字\u00a0x"),
        ("\u3000 \n", ""),
        ("a\x00\ud800b", "ab"),
    ],
)
def test_line_is_one_line(text: str, shown: str) -> None:
    assert line(text) == shown


@given(st.from_regex(addresses_in_clean._PLAIN_ADDRESS, fullmatch=True))
def test_a_plain_address_is_what_the_long_way_gives(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addresses_in_clean, "_PLAIN_ADDRESS", re.compile("(?!)"))
        assert web_address(url) == url
    assert web_address(url) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://news.example", "https://news.example/"),
        ("https://news.example?q=1", "https://news.example/?q=1"),
        ("https://news.example/a", "https://news.example/a"),
    ],
)
def test_an_address_without_a_path_has_the_root(url: str, shown: str) -> None:
    assert rooted(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://news.example", "https://news.example"),
        ("https://news.example/a%20b?q=%E4%B8%AD&r=1;2#top", "https://news.example/a%20b?q=%E4%B8%AD&r=1;2#top"),
        ("http://user:secret@news.example:8080/", "http://user:secret@news.example:8080/"),
        ("https://NEWS.example/A", "https://news.example/A"),
        ("HTTPS://news.example/", "https://news.example/"),
        (" https://news.example/\x00a\n", "https://news.example/a"),
        ("https://[2001:DB8::1]:81/", "https://[2001:db8::1]:81/"),
        ("https://news.example/文章 1|2", "https://news.example/%E6%96%87%E7%AB%A0%201%7C2"),
        ("https://news.example/100%?x=[1]#a#b", "https://news.example/100%25?x=%5B1%5D#a%23b"),
        ("https://例子.example/", "https://xn--fsqu00a.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://a_b.example/", "https://a_b.example/"),
    ],
)
def test_web_address_is_a_uri(url: str, shown: str) -> None:
    assert web_address(url) == shown
    assert web_address(shown) == shown


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "/path",
        "//news.example/",
        "news.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://news.example/",
        "urn:folder:a.md",
        "https://",
        "https:///path",
        "https://news.example:99999/",
        "https://news.example:port/",
        "https://[::g]/",
        "https://[::1",
        "https://a b.example/",
        "https://a<b>.example/",
        "https://%/",
        "https://-\u0301.例子/",
    ],
)
def test_what_is_no_web_address_is_none(url: str | None) -> None:
    assert web_address(url) is None


@given(st.one_of(anything, anything.map("https://news.example/".__add__), anything.map("https://".__add__)))
def test_web_addresses_are_uris_or_none(url: str) -> None:
    shown = web_address(url)
    assert shown is None or (URI.fullmatch(shown) and web_address(shown) == shown)


@given(
    st.from_regex(
        re.compile(r"https://[a-z]{1,9}\.example(/[\w.~!$&'()*+,;=:@-]*)*(\?[\w/?=&-]*)?", re.A), fullmatch=True
    )
)
def test_uris_are_left_alone(url: str) -> None:
    assert web_address(url) in (url, url.removesuffix("?"))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("zh-CN", "zh-CN"),
        ("zh_Hans_CN", "zh-Hans-CN"),
        (" en ", "en"),
        ("", None),
        (None, None),
        ("English", None),
        ("cP", None),
        ("yue", "yue"),
    ],
)
def test_language_tags_have_their_shape(said: str | None, shown: str | None) -> None:
    assert language_tag(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("image/png", "image/png"),
        ("Audio/MPEG; codecs=x", "audio/mpeg"),
        ("image/svg+xml", "image/svg+xml"),
        ("mp3", ""),
        ("a/b/c", ""),
        ("图/片", ""),
        ("", ""),
    ],
)
def test_media_types_lose_their_parameters(said: str, shown: str) -> None:
    assert media_type(said) == shown
