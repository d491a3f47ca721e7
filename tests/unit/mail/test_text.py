"""Plain text in mails: harmless, and wrapped where a reader of English or Chinese expects it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import columns
from publisher.mail.text import one_line, web_link, wrap

ZH = "双方正式签署协议，“算力”成为新的货币；业内人士认为，这标志着竞争从模型本身（大模型）转向生态系统主导权之争。"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a b c d e f"),
        ("a\x00b\x1bc\x7fd\x9b", "abcd"),
        ("\u202etxt.exe\u202c", "txt.exe"),
        ("\ufeffa\ud83d", "a"),
        ("  a \t b  ", "a b"),
        ("👩‍🚀 中文 𠮷", "👩‍🚀 中文 𠮷"),
    ],
)
def test_one_line_keeps_what_is_read_and_nothing_else(text: str, cleaned: str) -> None:
    assert one_line(text) == cleaned


def test_english_is_wrapped_between_words() -> None:
    lines = wrap("The quick brown fox jumps over the lazy dog. " * 5, "   ", "1. ").split("\n")
    assert max(map(len, lines)) <= 72
    assert lines[0].startswith("1. The quick")
    assert all(line.startswith("   The") or line.startswith("   ") for line in lines[1:])


def test_chinese_is_wrapped_by_columns_and_not_before_closing_punctuation() -> None:
    for width in range(10, 72):
        lines = wrap(ZH, width=width).split("\n")
        assert "".join(lines) == ZH
        assert max(map(columns, lines)) <= width
        assert not any(line[0] in "，；。）”" for line in lines)
        assert not any(line[-1] in "（“" for line in lines)


def test_a_comma_of_either_kind_stays_behind_its_character() -> None:
    assert wrap("订单,27%持股", width=4).split("\n") == ["订", "单,27%", "持股"]


def test_a_link_stays_whole() -> None:
    link = "https://example.org/" + "a" * 100
    assert wrap(f"See {link} there", width=40).split("\n") == ["See", link, "there"]


def test_nothing_is_an_empty_line() -> None:
    assert wrap("") == ""
    assert wrap(" \n ", "  ", "- ") == "- "


@given(st.text(), st.integers(4, 80))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    assert wrap(text, width=width).split() == wrap(text, width=10_000).split() or "".join(
        wrap(text, width=width).split()
    ) == "".join(one_line(text).split())


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/a?b=1&c=%20#d", "https://example.org/a?b=1&c=%20#d"),
        ("http://localhost:8080/", "http://localhost:8080/"),
        ("https://例子.测试/文章?题=一", "https://xn--fsqu00a.xn--0zwm56d/%E6%96%87%E7%AB%A0?%E9%A2%98=%E4%B8%80"),
        ("https://example.org/a b\"'<>", "https://example.org/a%20b%22'%3C%3E"),
        ("urn:uuid:0000", ""),
        ("javascript:alert(1)", ""),
        ("mailto:a@example.org", ""),
        ("//example.org/", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://a\u2003b例/", ""),
        ("https://example.org/" + "a" * 2000, ""),
        ("https://example.org/" + "文" * 500, ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, link: str) -> None:
    assert web_link(url) == link
