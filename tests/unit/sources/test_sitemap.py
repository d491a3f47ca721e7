"""Sitemaps in every form that the standard allows, and in those that are met."""

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources import sitemap
from publisher.sources.sitemap import NotASitemap, SitemapUrl, parse

NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def urlset(*entries: str) -> bytes:
    body = "".join(f"<url>{entry}</url>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACES}>{body}</urlset>'.encode()


def loc(url: str, lastmod: str = "") -> str:
    return f"<loc>{url}</loc>" + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_a_sitemap_names_pages_and_when_they_changed() -> None:
    document = parse(
        urlset(
            loc("https://quay.example/a?x=1&amp;y=2", "2026-11-20T08:30:00+08:00"), loc("https://quay.example/b"), ""
        )
    )
    assert document.urls == (
        SitemapUrl(
            url="https://quay.example/a?x=1&y=2", lastmod="2026-11-20T08:30:00+08:00", modified=at(2026, 11, 20, 0, 30)
        ),
        SitemapUrl(url="https://quay.example/b"),
    )
    assert document.outside == 1
    assert not document.cut


def test_an_index_names_sitemaps() -> None:
    document = parse(
        f"<sitemapindex {NAMESPACES}><sitemap>{loc('/one.xml', '2026-11-20')}</sitemap>"
        "<sitemap><loc>https://quay.example/two.xml.gz</loc></sitemap></sitemapindex>".encode(),
        "https://quay.example/sitemap.xml",
    )
    assert [(link.url, link.modified) for link in document.sitemaps] == [
        ("https://quay.example/one.xml", at(2026, 11, 20)),
        ("https://quay.example/two.xml.gz", None),
    ]
    assert document.urls == ()


def test_the_news_and_image_extensions_are_read() -> None:
    news = (
        "<news:news><news:publication><news:name>灯埠邮报</news:name><news:language>zh-cn</news:language>"
        "</news:publication><news:publication_date>2026-11-24T09:00</news:publication_date>"
        "<news:title> 大潮 &amp; 渡轮 </news:title><news:keywords>潮汐, 渡轮，潮汐</news:keywords></news:news>"
        "<image:image><image:loc>/tide.jpg</image:loc></image:image>"
    )
    [page] = parse(urlset(loc("/tide") + news), "https://quay.example/", ZoneInfo("Asia/Shanghai")).urls
    assert page == SitemapUrl(
        url="https://quay.example/tide",
        title="大潮 & 渡轮",
        published=at(2026, 11, 24, 1),
        language="zh-cn",
        keywords=("潮汐", "渡轮"),
        images=("https://quay.example/tide.jpg",),
    )
    assert page.newest == page.published


def test_wrong_namespaces_are_forgiven() -> None:
    [page] = parse(b'<urlset xmlns="http://wrong.example/"><url><loc>https://a.example/</loc></url></urlset>').urls
    assert page.url == "https://a.example/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", at(2026, 11, 23, 16)),
        ("2026-11-24T08:00Z", at(2026, 11, 24, 8)),
        ("2026-11-24T08:00:00.123+00:00", datetime(2026, 11, 24, 8, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-24 08:00:00 +0800", at(2026, 11, 24)),
        ("Tue, 24 Nov 2026 08:00:00 GMT", at(2026, 11, 24, 8)),
        ("2026-13-45", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
    ],
)
def test_lastmod_is_a_date_or_nothing(text: str, expected: datetime | None) -> None:
    [page] = parse(urlset(loc("https://a.example/", text)), zone=ZoneInfo("Asia/Shanghai")).urls
    assert (page.lastmod, page.modified) == (text, expected)


def test_gzip_and_text_sitemaps_are_read() -> None:
    text = "\ufeffhttps://a.example/1\r\n\r\nhttps://a.example/2\nhttps://a.example/1\n".encode()
    assert [page.url for page in parse(text).urls] == ["https://a.example/1", "https://a.example/2"]
    assert parse(gzip.compress(text)) == parse(text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"<html><body>404</body></html>", "it is an HTML page"),
        (b"<rss version='2.0'><channel/></rss>", 'it is a feed: write kind = "feed"'),
        (b"<sitemaps/>", "its root element is <sitemaps>"),
        (b"<urlset", "it is broken XML"),
        (b"\x00\x01\x02\x03" * 50, "it is neither XML nor text"),
        (b"Not found\nreally\n", "it is text, but not a list of addresses"),
        (gzip.compress(b"https://a.example/1", mtime=0)[:30], "the gzip body ends too early"),
    ],
)
def test_what_is_no_sitemap_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(NotASitemap) as error:
        parse(data)
    assert str(error.value).startswith(reason)


def test_a_sitemap_that_breaks_off_keeps_what_was_whole() -> None:
    whole = urlset(*(loc(f"https://a.example/{number}") for number in range(50)))
    document = parse(whole[: len(whole) // 2])
    assert document.cut
    assert 10 < len(document.urls) < 50


def test_addresses_beyond_the_limit_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_URLS", 3)
    document = parse(urlset(*(loc(f"https://a.example/{number}") for number in range(5))))
    assert (len(document.urls), document.cut) == (3, True)


def test_a_gzip_bomb_is_met_before_it_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_BYTES", 100_000)
    with pytest.raises(NotASitemap, match="larger than"):
        parse(gzip.compress(b"https://a.example/\n" * 100_000))


def test_entities_are_never_resolved() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    with pytest.raises(NotASitemap, match="amplification"):
        parse(f'<!DOCTYPE urlset [<!ENTITY l0 "ha">{laughs}]><urlset><url><loc>&l8;</loc></url></urlset>'.encode())
    outside = '<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    [page] = parse(f"{outside}<urlset><url><loc>https://a.example/&f;</loc></url></urlset>".encode()).urls
    assert page.url in ("https://a.example/", "https://a.example/&f;")


def told(data: bytes) -> str:
    try:
        parse(data, "https://a.example/")
    except NotASitemap as error:
        return str(error)
    return ""


@given(st.binary(max_size=400) | st.text(max_size=300).map(urlset))
def test_only_our_own_error_comes_out_and_in_one_line(data: bytes) -> None:
    assert "\n" not in told(data)


def test_a_prefix_that_is_not_declared_is_understood() -> None:
    document = parse(
        b"<urlset><url><loc>https://example.org/a</loc><news:news><news:title>t</news:title></news:news></url></urlset>"
    )
    assert [(found.url, found.title) for found in document.urls] == [("https://example.org/a", "t")]
