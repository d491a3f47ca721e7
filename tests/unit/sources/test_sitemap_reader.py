"""Sources that are sitemaps: newest first, nothing known twice, and only what an index says has changed."""

import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.source import Source, SourceKind
from publisher.errors import SourceError
from publisher.pipeline.ports import Reading
from publisher.sources import sitemap_reader
from publisher.sources.sitemap_reader import is_included
from tests.unit.sources.site import NOW, Answer, Desk, Site, source

TEXT = "<p>The ferry that leaves at seven left at eight, and nobody on the quay could say why it did so.</p>" * 4


def article(site: Site, path: str, title: str = "", **headers: str) -> None:
    title = title or path.strip("/")
    site.html(
        path, f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{TEXT}</article>", **headers
    )


def urlset(site: Site, path: str, pages: dict[str, str], **headers: str) -> None:
    entries = "".join(
        f"<url><loc>{site.url}{page}</loc>" + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "") + "</url>"
        for page, lastmod in pages.items()
    )
    site.pages[path] = Answer(f"<urlset>{entries}</urlset>".encode(), headers=headers)


def index(site: Site, path: str, parts: dict[str, str]) -> None:
    entries = "".join(
        f"<sitemap><loc>{site.url}{part}</loc>" + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "") + "</sitemap>"
        for part, lastmod in parts.items()
    )
    site.pages[path] = Answer(f"<sitemapindex>{entries}</sitemapindex>".encode())


@pytest.fixture
def map_source(site: Site) -> Source:
    return source(SourceKind.SITEMAP, f"{site.url}/sitemap.xml")


@pytest.fixture
def look(desk: Desk, map_source: Source) -> Callable[[], Reading]:
    """One look after the other."""
    return lambda: desk.read(map_source)


def test_the_newest_come_first_and_known_ones_cost_no_request(site: Site, look: Callable[[], Reading]) -> None:
    pages = {"/old": "2026-11-01", "/new": "2026-11-23", "/undated": "", "/newer": "2026-11-24"}
    urlset(site, "/sitemap.xml", pages)
    for path in pages:
        article(site, path)
    first = look()
    assert [entry.content.title for entry in first.entries] == ["newer", "new", "old", "undated"]
    assert first.listed == tuple(f"{site.url}/{name}" for name in ("newer", "new", "old", "undated"))
    site.asked.clear()
    again = look()
    assert (again.entries, site.paths()) == ((), ["/sitemap.xml"])


def test_a_lastmod_that_moved_is_a_hint_of_an_edit(site: Site, look: Callable[[], Reading]) -> None:
    urlset(site, "/sitemap.xml", {"/a": "2026-11-01", "/b": "2026-11-02"})
    article(site, "/a")
    article(site, "/b")
    look()
    urlset(site, "/sitemap.xml", {"/a": "2026-11-24", "/b": "2026-11-02"})
    article(site, "/a", "A, corrected")
    site.asked.clear()
    [entry] = look().entries
    assert entry.content.title == "A, corrected"
    assert site.paths() == ["/sitemap.xml", "/a"]


def test_without_lastmod_a_young_page_is_asked_for_again_politely(site: Site, desk: Desk, map_source: Source) -> None:
    urlset(site, "/sitemap.xml", {"/a": ""})
    article(site, "/a", ETag='"1"')
    desk.read(map_source)
    site.asked.clear()
    desk.now = NOW + timedelta(hours=7)
    assert desk.read(map_source).entries == ()
    assert site.paths() == ["/sitemap.xml", "/a"]
    assert site.asked[-1].headers["If-None-Match"] == '"1"'
    desk.read(map_source)
    assert site.paths() == ["/sitemap.xml", "/a", "/sitemap.xml"]


def test_a_first_look_takes_no_more_than_its_limit(site: Site, desk: Desk, look: Callable[[], Reading]) -> None:
    urlset(site, "/sitemap.xml", {f"/{day}": f"2026-11-{day:02}" for day in range(1, 21)})
    for day in range(1, 21):
        article(site, f"/{day}")
    desk.limit = 3
    reading = look()
    assert [entry.content.title for entry in reading.entries] == ["20", "19", "18"]
    assert len(reading.listed) == 20


def test_the_sitemap_fills_what_the_page_leaves_open(site: Site, look: Callable[[], Reading]) -> None:
    news = (
        "<news><publication><language>en</language></publication><title>From the sitemap</title>"
        "<publication_date>2026-11-24T08:00:00Z</publication_date><keywords>tides</keywords></news>"
    )
    site.pages["/sitemap.xml"] = Answer(f"<urlset><url><loc>{site.url}/a</loc>{news}</url></urlset>".encode())
    site.html("/a", f"<html><body><article>{TEXT}</article></body></html>")
    [entry] = look().entries
    assert entry.content.title == "From the sitemap"
    assert entry.content.published == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert entry.content.tags == ("tides",)


class TestAnIndex:
    def test_only_the_parts_that_changed_are_asked_for(self, site: Site, look: Callable[[], Reading]) -> None:
        index(site, "/sitemap.xml", {"/oct.xml": "2026-10-31", "/nov.xml.gz": "2026-11-23"})
        urlset(site, "/oct.xml", {"/o": "2026-10-10"})
        urlset(site, "/nov.xml", {"/n": "2026-11-20"})
        site.pages["/nov.xml.gz"] = Answer(gzip.compress(site.pages["/nov.xml"].body))  # type: ignore[union-attr]
        for path in ("/o", "/n", "/m"):
            article(site, path)
        assert [entry.content.title for entry in look().entries] == ["n", "o"]
        site.asked.clear()
        assert look().entries == ()
        assert site.paths() == ["/sitemap.xml"]
        index(site, "/sitemap.xml", {"/oct.xml": "2026-10-31", "/nov.xml": "2026-11-24"})
        urlset(site, "/nov.xml", {"/n": "2026-11-20", "/m": "2026-11-24"})
        assert [entry.content.title for entry in look().entries] == ["m"]
        assert "/oct.xml" not in site.paths()

    def test_parts_without_lastmod_are_asked_for_with_their_validators(
        self, site: Site, look: Callable[[], Reading]
    ) -> None:
        index(site, "/sitemap.xml", {"/all.xml": ""})
        urlset(site, "/all.xml", {"/a": "2026-11-20"}, ETag='"7"')
        article(site, "/a")
        look()
        site.asked.clear()
        assert look().problems == ()
        assert site.asked[-1].headers["If-None-Match"] == '"7"'

    def test_what_an_old_part_names_is_no_news_and_never_read(
        self, site: Site, desk: Desk, look: Callable[[], Reading], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sitemap_reader, "DOCUMENTS_A_LOOK", 1)
        index(site, "/sitemap.xml", {"/new.xml": "2026-11-24", "/old.xml": ""})
        urlset(site, "/new.xml", {"/n": "2026-11-24"})
        urlset(site, "/old.xml", {"/o": "2020-01-01", "/undated": "", "/late": "2026-11-25"})
        for path in ("/n", "/o", "/undated", "/late"):
            article(site, path)
        assert [entry.content.title for entry in look().entries] == ["n"]
        second = look()
        assert [entry.content.title for entry in second.entries] == ["late"]
        assert second.passed == (f"{site.url}/o", f"{site.url}/undated")
        site.asked.clear()
        assert look().entries == ()
        assert site.paths() == ["/sitemap.xml", "/old.xml"]

    def test_a_part_that_is_named_later_brings_news(self, site: Site, look: Callable[[], Reading]) -> None:
        index(site, "/sitemap.xml", {"/1.xml": "2026-11-24"})
        urlset(site, "/1.xml", {"/n": ""})
        urlset(site, "/2.xml", {"/m": ""})
        article(site, "/n")
        article(site, "/m")
        look()
        index(site, "/sitemap.xml", {"/1.xml": "2026-11-24", "/2.xml": ""})
        reading = look()
        assert [entry.content.title for entry in reading.entries] == ["m"]
        assert reading.passed == ()

    def test_a_part_that_fails_is_a_problem_and_the_others_go_on(self, site: Site, look: Callable[[], Reading]) -> None:
        index(site, "/sitemap.xml", {"/gone.xml": "", "/page.xml": "", "/all.xml": ""})
        site.html("/page.xml", "<html><body>oops</body></html>")
        urlset(site, "/all.xml", {"/a": ""})
        article(site, "/a")
        reading = look()
        assert [entry.content.title for entry in reading.entries] == ["a"]
        assert reading.problems == (
            f"{site.url}/gone.xml: the server says 404 Not Found",
            f"{site.url}/page.xml: it is an HTML page",
        )

    def test_indexes_that_name_themselves_end(self, site: Site, look: Callable[[], Reading]) -> None:
        index(site, "/sitemap.xml", {"/sitemap.xml": ""})
        with pytest.raises(SourceError, match="none of them names a page"):
            look()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<rss><channel/></rss>", "is no sitemap: it is a feed"),
        (b"<urlset/>", "is a sitemap without any address"),
        (b"<!DOCTYPE html>\n<html><head><link rel=x><title>Oops</title>", "is no sitemap: it is an HTML page"),
        (b"<html lang=en><p>Oops<br>", "is no sitemap: it is an HTML page"),
    ],
)
def test_what_gives_nothing_says_why(site: Site, look: Callable[[], Reading], body: bytes, reason: str) -> None:
    site.pages["/sitemap.xml"] = Answer(body)
    with pytest.raises(SourceError, match=reason):
        look()


def test_patterns_choose_pages(site: Site, desk: Desk, map_source: Source) -> None:
    urlset(site, "/sitemap.xml", {"/news/a": "", "/news/tag/b": "", "/about": ""})
    article(site, "/news/a")
    with pytest.raises(SourceError, match="include and exclude leave no page"):
        desk.read(replace(map_source, include=("/nothing/",)))
    chosen = replace(map_source, include=("/news/",), exclude=("*/tag/",))
    assert desk.read(chosen).listed == (f"{site.url}/news/a",)


@pytest.mark.parametrize(
    ("path", "include", "exclude", "expected"),
    [
        ("/news/1.html", (), (), True),
        ("/news/1.html", ("/news/",), (), True),
        ("/old/news/1.html", ("/news/",), (), False),
        ("/old/news/1.html", ("news/",), (), True),
        ("/2026/11/story", ("/*/11/",), (), True),
        ("/news/1.html", ("/news/*.html$",), (), True),
        ("/news/1.html?page=2", ("/news/*.html$",), (), False),
        ("/news/1.html", (), ("*.html",), False),
        ("", ("/",), (), True),
    ],
)
def test_patterns_are_those_of_robots_txt(
    path: str, include: tuple[str, ...], exclude: tuple[str, ...], expected: bool
) -> None:
    assert is_included(f"https://quay.example{path}", include, exclude) is expected


def test_pages_that_need_javascript_are_said_to(site: Site, look: Callable[[], Reading]) -> None:
    urlset(site, "/sitemap.xml", {"/app": "2026-11-24", "/asks": "2026-11-23"})
    site.html("/app", '<html><title>Q</title><body><div id="root"></div><script src="m.js"></script></body></html>')
    asks = "<p>Please enable JavaScript in your browser to read this page, then load it again.</p>"
    site.html("/asks", f"<html><title>Q</title><body><article>{asks}</article><script src=m.js></script></body></html>")
    reading = look()
    assert reading.entries == ()
    assert reading.problems == (
        f"{site.url}/app: it needs JavaScript: its content is put into an empty page by a script",
        f"{site.url}/asks: it asks for JavaScript in place of an article",
    )


def test_indexes_in_a_circle_are_read_once_a_look(site: Site, desk: Desk, map_source: Source) -> None:
    index(site, "/sitemap.xml", {"/sitemap.xml": "", "/second.xml": "", "/part.xml": "", "/moved.xml": ""})
    index(site, "/second.xml", {"/sitemap.xml#top": "", "/second.xml": "", "/part.xml": "2026-11-24"})
    site.pages["/moved.xml"] = Answer(status=302, headers={"Location": "/part.xml"})
    urlset(site, "/part.xml", {"/a": "2026-11-20"})
    article(site, "/a")
    for _ in range(2):
        site.asked.clear()
        reading = desk.read(map_source)
        maps = Counter(path for path in site.paths() if path.endswith(".xml"))
        # One redirects to another: that is known only once it was asked.
        assert maps == {"/sitemap.xml": 1, "/second.xml": 1, "/moved.xml": 1, "/part.xml": 2}
        assert (reading.listed, reading.problems) == ((f"{site.url}/a",), ())
