"""Pages of articles, lists, searches, editions and feeds, asked for over real HTTP."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import brotli
import pytest
from fastapi import HTTPException
from lxml import etree, html
from protego import Protego
from starlette.requests import Request
from starlette.types import ASGIApp

from publisher.domain.article import Edited, Enclosure, New
from publisher.domain.edition import EditionState, Variant
from publisher.domain.feed import Feed
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.pages import MOST
from publisher.domain.rights import Reservations
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.domain.subscription import MailFormat
from publisher.feeds.documents import FeedDocumentWriter
from publisher.feeds.pages import HtmlPages
from publisher.pipeline import sitemap
from publisher.pipeline.newsletter_feeds import EditionEntries
from publisher.pipeline.ports import Page
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.public import MADE_A_SECOND, KeptPages
from tests.fakes import FakeClock, entry

SITE = Site("Harbour Light", "https://light.example/news", language="en")
BASE = SITE.base_url
HOSTILE = '</script><script>alert(1)</script><!-- "&\u2028'


@dataclass
class Desk:
    """A site with an own source and a quoted one."""

    storage: SqlStorage
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime(2026, 11, 24, 7, tzinfo=UTC)))
    sources: dict[str, Source] = field(default_factory=dict)
    newsletter: Newsletter = field(init=False)

    def __post_init__(self) -> None:
        with self.storage.begin() as work:
            kinds = {"own": Rights.OWN, "other": Rights.QUOTE}
            made = [
                Source(
                    name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed", title=f"The {name}", rights=r
                )
                for name, r in kinds.items()
            ]
            work.sources.apply(made, self.clock())
            self.sources = {stored.source.name: stored.source for stored in work.sources.all()}
            work.feeds.apply(
                [
                    Feed(slug="news", title="All <news>", description="Everything & more"),
                    Feed(
                        slug="晚间-新闻", title="晚间", language="zh-CN", selection=Selection(languages=Terms(("zh",)))
                    ),
                ]
            )
            work.newsletters.apply([Newsletter(slug="daily", title="The daily", sender=Mailbox("n@light.example"))])
            self.newsletter = work.newsletters.all()[0]

    def article(self, key: str, source: str = "own", **content: object) -> int:
        said = entry(key, **content)
        with self.storage.begin() as work:
            known = work.articles.known(self.sources[source].id, [key]).get(key)
            change = Edited(known, said) if known else New(said, announced=True)
            work.articles.store(self.sources[source].id, [change], self.clock())
        with self.storage.read() as work:
            return work.articles.known(self.sources[source].id, [key])[key].id

    def hide(self, number: int) -> None:
        with self.storage.begin() as work:
            work.articles.flag([number], self.clock(), visible=False)

    def edition(self, *numbers: int, state: EditionState = EditionState.SENT) -> int:
        self.clock.pass_by(hours=1)
        with self.storage.begin() as work:
            seq = work.articles.latest_seq()
            made = work.editions.cut(self.newsletter.id, "daily", self.clock(), seq, hold=False)
            for part in (numbers[:2], numbers):  # two variants: not everybody has every topic
                articles = tuple((number, seq) for number in part)
                work.editions.add_digests(made.id, [Variant(articles, "en", MailFormat.HTML)])
            work.editions.change_state(made, EditionState.APPROVED)
        with self.storage.begin() as work:
            approved = work.editions.get(made.id)
            assert approved is not None
            if state is EditionState.SENT:
                work.editions.change_state(approved, state)
        return made.id


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    return Desk(storage)


@pytest.fixture
def client(desk: Desk, serve: Callable[[ASGIApp], Any]) -> Any:
    templates = Templates([shipped_templates()])
    editions = EditionEntries(HtmlPages(templates, SITE), SITE)
    feeds = FeedPublisher(desk.storage, FeedDocumentWriter(), SITE, desk.clock, editions)
    return serve(
        build_web(desk.storage, templates, SITE, Services(Subscribing(desk.storage, desk.clock), feeds.implied))
    )


def tree(client: Any, path: str, status: int = 200) -> html.HtmlElement:
    answer = client.ask(path)
    assert answer.status == status, answer.text
    return html.document_fromstring(answer.text)


def said(page: html.HtmlElement, name: str) -> str:
    found = page.xpath("//meta[@name=$name or @property=$name]/@content", name=name)
    return str(found[0]) if found else ""


def links(page: html.HtmlElement, rel: str) -> list[str]:
    return [str(link) for link in page.xpath("//link[@rel=$rel]/@href", rel=rel)]


# --- articles ----------------------------------------------------------------------------------------------------


def test_an_article_of_our_own_stands_whole_on_its_page(client: Any, desk: Desk) -> None:
    number = desk.article(
        "tram",
        title="Trams & <b>",
        html='<p id="a-x">The text.</p>',
        summary="A summary.",
        authors=("Ana Ruiz",),
        tags=("港口", "…"),
        language="en",
        enclosures=(Enclosure("https://own.example/a.mp3", "audio/mpeg", 5),),
        original_url="https://first.example/1",
    )
    page = tree(client, f"/articles/{number}/")
    assert page.get("lang") == "en"
    assert page.findtext(".//h1") == "Trams & <b>"
    assert page.xpath("//div[@class='text']/p/text()") == ["The text."]
    assert links(page, "canonical") == ["https://example.org/tram"]
    assert said(page, "og:title") == "Trams & <b>"
    assert said(page, "og:url") == f"{BASE}/articles/{number}/"
    assert said(page, "og:description") == "A summary."
    assert said(page, "robots") == ""
    found = [str(link) for link in page.xpath("//main//a/@href")]
    assert "/news/feeds/author/Ana%20Ruiz/" in found
    assert "/news/feeds/tag/%E6%B8%AF%E5%8F%A3/" in found
    assert {"https://example.org/tram", "https://first.example/1", "https://own.example/a.mp3"} <= set(found)
    assert "#…" in page.xpath("string(//p[@class='tags'])")
    assert f"{BASE}/feeds/source/own.atom" in links(page, "alternate")


def test_a_quoted_article_is_a_summary_and_a_way_to_the_original(client: Any, desk: Desk) -> None:
    number = desk.article(
        "q", "other", html="<p>all of it</p>", text="all of it", summary="A line.", image="https://x.example/i.png"
    )
    text = client.ask(f"/articles/{number}/").text
    page = html.document_fromstring(text)
    assert "all of it" not in text
    assert "<img" not in text
    assert page.xpath("string(//p[@class='summary'])") == "A line."
    assert page.xpath("//a[@role='button']/@href") == ["https://example.org/q"]
    assert "Read the whole article at The other" in text


def test_what_a_site_reserves_is_asked_of_robots_too(client: Any, desk: Desk) -> None:
    reserved = Reservations(
        noarchive=True, nosnippet=True, tdm=True, tdm_policy="https://x.example/p", signals=(("search", False),)
    )
    number = desk.article("q", "other", summary="secret", reservations=reserved)
    page = tree(client, f"/articles/{number}/")
    assert said(page, "robots") == "noindex, noarchive, nosnippet"
    assert (said(page, "tdm-reservation"), said(page, "tdm-policy")) == ("1", "https://x.example/p")
    assert "secret" not in page.text_content()
    short = desk.article("r", "other", summary="a summary", reservations=Reservations(max_snippet=5))
    assert said(tree(client, f"/articles/{short}/"), "robots") == "max-snippet:5"
    # Own articles are shown by our own word.
    own = desk.article("own", reservations=reserved)
    assert said(tree(client, f"/articles/{own}/"), "robots") == ""


def test_no_article_ends_the_script_that_describes_it(client: Any, desk: Desk) -> None:
    number = desk.article("h", title=HOSTILE, summary=HOSTILE, authors=(HOSTILE,), tags=(HOSTILE,), section=HOSTILE)
    text = client.ask(f"/articles/{number}/").text
    assert text.count("<script") == text.count("</script") == 1
    data = json.loads(re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)[0])
    assert data["@type"] == "NewsArticle"
    assert data["headline"] == " ".join(HOSTILE.split())
    assert data["articleSection"] == HOSTILE
    assert data["author"][0]["name"] == data["headline"]
    assert data["mainEntityOfPage"] == "https://example.org/h"


def test_our_words_are_in_the_article_s_language_or_the_site_s(client: Any, desk: Desk) -> None:
    for language, ours, words in (
        ("zh-Hans", "zh-CN", "阅读原文"),
        ("en-GB", "en-GB", "Read the"),
        ("fr", "en", "Read"),
    ):
        number = desk.article(f"in-{language}", language=language, html="<p>x</p>")
        page = tree(client, f"/articles/{number}/")
        assert (page.get("lang"), page.find(".//h1").get("lang")) == (ours, language)
        assert words in page.text_content()


def test_a_hidden_article_is_gone_and_an_unknown_one_was_never_there(client: Any, desk: Desk) -> None:
    number = desk.article("a")
    desk.hide(number)
    gone = client.ask(f"/articles/{number}/")
    assert (gone.status, "no longer published" in gone.text) == (410, True)
    for path in ("/articles/999/", "/articles/x/", "/articles/", "/editions/7/", "/feeds/none/", "/feeds/tag/none/"):
        assert client.ask(path).status == 404


def test_the_page_of_a_feed_that_is_no_longer_defined_is_gone(client: Any, desk: Desk) -> None:
    assert client.ask("/feeds/news/").status == 200
    with desk.storage.begin() as work:
        work.feeds.apply([])
        work.sources.apply([], desk.clock())
    assert [client.ask(f"/feeds/{slug}/").status for slug in (quote("晚间-新闻"), "source/own")] == [410, 410]


def test_the_page_of_a_feed_follows_its_name(client: Any, desk: Desk) -> None:
    with desk.storage.begin() as work:
        work.feeds.apply([Feed(slug="新闻", title="News", previous_slugs=("news", "晚间-新闻"))])
    for before in ("news", quote("晚间-新闻")):
        answer = client.ask(f"/feeds/{before}/")
        assert (answer.status, answer.headers["location"]) == (301, f"/news/feeds/{quote('新闻')}/")


def test_without_its_slash_a_page_is_moved(client: Any, desk: Desk) -> None:
    for path in ("/feeds", "/feeds/news", "/articles/1", "/editions/3", f"/feeds/{quote('晚间-新闻')}"):
        answer = client.ask(path)
        assert (answer.status, answer.headers["location"]) == (301, f"/news{path}/")


def test_pages_come_with_tags_and_dates_and_compressed(client: Any, desk: Desk) -> None:
    number = desk.article("a", html="<p>text</p>")
    path = f"/articles/{number}/"
    plain, zipped = client.ask(path), client.ask(path, {"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.body) == plain.body
    browser = client.ask(path, {"Accept-Encoding": "gzip, deflate, br"})
    assert (brotli.decompress(browser.body), browser.headers["content-encoding"]) == (plain.body, "br")
    assert len({answer.headers["etag"] for answer in (plain, zipped, browser)}) == 3
    assert plain.headers["last-modified"] == "Tue, 24 Nov 2026 07:00:00 GMT"
    assert (plain.headers["vary"], plain.headers["cache-control"]) == ("Accept-Encoding", "no-cache")
    assert plain.headers["content-security-policy"].startswith("default-src 'none'")
    for condition in ({"If-None-Match": plain.headers["etag"]}, {"If-Modified-Since": plain.headers["last-modified"]}):
        unchanged = client.ask(path, condition)
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert unchanged.headers["etag"] == plain.headers["etag"]
    head = client.ask(path, method="HEAD")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", plain.headers["etag"])


def test_a_list_has_a_tag_and_no_date_since_what_leaves_it_leaves_none(client: Any, desk: Desk) -> None:
    desk.article("a")
    answer = client.ask("/feeds/news/")
    assert "last-modified" not in answer.headers
    assert client.ask("/feeds/news/", {"If-None-Match": answer.headers["etag"]}).status == 304
    assert client.ask("/feeds/news/", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status == 200


# --- lists -------------------------------------------------------------------------------------------------------


def test_a_list_shows_the_newest_and_how_to_subscribe(client: Any, desk: Desk) -> None:
    own = desk.article("a", summary="First.", published=desk.clock() - timedelta(days=1))
    quoted = desk.article("b", "other", summary="Second.", published=desk.clock())
    page = tree(client, "/feeds/news/")
    assert page.findtext(".//h1") == "All <news>"
    found = [(str(a.get("href")), a.text) for a in page.xpath("//ol//h2/a")]
    # What is quoted is read where it stands; the date leads to our page.
    assert found == [("https://example.org/b", "b"), (f"/news/articles/{own}/", "a")]
    assert f"/news/articles/{quoted}/" in page.xpath("//ol//p/a/@href")
    formats = [f"{BASE}/feeds/news.{name}" for name in ("rss", "atom", "json")]
    assert page.xpath("//section//a/@href") == links(page, "alternate") == formats
    assert links(page, "canonical") == [f"{BASE}/feeds/news/"]


def test_a_list_whose_sources_cannot_be_read_says_so(client: Any, desk: Desk) -> None:
    desk.article("a")
    with desk.storage.begin() as work:
        for stored in work.sources.all():
            since = desk.clock() - timedelta(days=5)
            work.sources.finish(stored.source.id, replace(stored.state, failures=1, failing_since=since))
    assert "its sources can't be read" in tree(client, "/feeds/news/").text_content()


def test_a_long_list_goes_on_over_pages_to_its_end(client: Any, desk: Desk) -> None:
    numbers = [
        desk.article(str(number), title=f"t{number}", published=desk.clock() - timedelta(minutes=number))
        for number in range(2 * MOST)
    ]
    seen: list[str] = []
    path = "/feeds/all/"
    while path:
        page = tree(client, path)
        seen += [str(link) for link in page.xpath("//ol//h2/a/@href")]
        path = "".join(page.xpath("//nav/a[@rel='next']/@href")).removeprefix("/news")
    assert seen == [f"/news/articles/{number}/" for number in numbers]
    assert client.ask("/feeds/all/before-99999/").status == 404


def test_feeds_need_not_be_defined_to_have_a_page(client: Any, desk: Desk) -> None:
    desk.article("a", tags=("港口",), authors=("林小满",), language="zh-CN", title="潮水")
    for slug in ("all", "tag/港口", "author/林小满", "language/zh", "source/own", "晚间-新闻"):
        page = tree(client, f"/feeds/{quote(slug)}/")
        assert page.xpath("//ol//h2/a/text()") == ["潮水"]
        assert f"{BASE}/feeds/{quote(slug)}.rss" in links(page, "alternate")
    assert "潮水" not in tree(client, "/feeds/source/other/").text_content()


def test_slugs_in_chinese_are_escaped_everywhere_and_found_however_they_come(client: Any, desk: Desk) -> None:
    desk.article("a", tags=("晚间 新闻/海", "é"), language="zh-CN")
    for slug in ("tag/晚间 新闻/海", "language/zh"):
        address = f"{BASE}/feeds/{quote(slug)}"
        atom = etree.fromstring(client.ask(f"/feeds/{quote(slug)}.atom").body)
        found = {link.get("rel"): link.get("href") for link in atom.findall("{http://www.w3.org/2005/Atom}link")}
        assert (found["self"], found["alternate"]) == (f"{address}.atom", f"{address}/")
        feed = json.loads(client.ask(f"/feeds/{quote(slug, safe='')}.json").body)
        assert (feed["feed_url"], feed["home_page_url"]) == (f"{address}.json", f"{address}/")
    # Letters and marks apart, as some systems write them.
    assert client.ask("/feeds/tag/e%CC%81.rss").status == client.ask("/feeds/tag/e%CC%81/").status == 200
    assert quote("晚间-新闻") in client.ask("/feeds.opml").text


# --- searching ---------------------------------------------------------------------------------------------------


def test_a_search_finds_words_of_two_characters_and_phrases(client: Any, desk: Desk) -> None:
    desk.article("a", title="潮汐表", text="港务局公布了潮汐读数。", language="zh-CN")
    desk.article("b", title="Trams", text="The slow tram runs.", language="en")
    for query, found in (("港务", ["潮汐表"]), ("slow tram", ["Trams"]), ("“tram slow”", []), ("<b>", []), ("", [])):
        page = tree(client, f"/search?q={quote(query)}")
        assert page.xpath("//ol//h2/a/text()") == found
        assert page.xpath("//input/@value") == [query]
        assert said(page, "robots") == "noindex"
    assert tree(client, "/search").xpath("//*[@role='status']") == []
    assert tree(client, "/search").xpath("//link[@rel='canonical']/@href") == [f"{SITE.base_url}/search"]
    nothing = tree(client, "/search?q=x")
    assert "Nothing was found." in nothing.text_content()
    # Who waits for a word subscribes before it comes.
    assert f"{SITE.base_url}/feeds/search/x.rss" in nothing.xpath("//link[@rel='alternate']/@href")
    page = tree(client, "/search?q=tram")
    assert f"{BASE}/feeds/search/tram.rss" in links(page, "alternate")
    assert tree(client, "/feeds/search/tram/").xpath("//ol//h2/a/text()") == ["Trams"]


@pytest.mark.parametrize("query", ["%00", "%ff", "a" * 5000, "%22%22", "OR+AND+NOT*"])
def test_any_search_is_answered(client: Any, desk: Desk, query: str) -> None:
    desk.article("a")
    assert client.ask(f"/search?q={query}").status == 200


# --- editions ----------------------------------------------------------------------------------------------------


def test_editions_have_pages_and_a_feed(client: Any, desk: Desk) -> None:
    numbers = [desk.article(name, summary=f"About {name}.", html=f"<p>{name}</p>") for name in ("a", "b", "c")]
    assert "No edition has been sent yet." in tree(client, "/feeds/newsletter/daily/").text_content()
    assert client.ask("/feeds/newsletter/daily.atom").status == 200
    first, waiting = desk.edition(*numbers), desk.edition(*numbers, state=EditionState.APPROVED)
    assert client.ask(f"/editions/{waiting}/").status == 404
    page = tree(client, f"/editions/{first}/")
    assert page.xpath("//ol//h2/a/text()") == ["c", "b", "a"]
    assert f"{BASE}/feeds/newsletter/daily.rss" in links(page, "alternate")


def test_a_newsletter_s_feed_has_an_entry_for_each_edition_sent(client: Any, desk: Desk) -> None:
    own, quoted = desk.article("a", html="<p>a</p>"), desk.article("q", "other", text="long " * 200, summary="")
    first, second = desk.edition(own, quoted), desk.edition(own)
    feed = json.loads(client.ask("/feeds/newsletter/daily.json").body)
    items = feed["items"]
    assert [one["url"] for one in items] == [f"{BASE}/editions/{second}/", f"{BASE}/editions/{first}/"]
    assert items[1]["title"] == "The daily · November 24, 2026"
    assert 'href="https://example.org/q"' in items[1]["content_html"]
    assert items[1]["content_html"].count("long") < 50
    assert items[1]["date_published"].startswith("2026-11-24T08:00")
    assert feed["home_page_url"] == f"{BASE}/feeds/newsletter/daily/"
    assert links(tree(client, "/feeds/newsletter/daily/"), "canonical") == [feed["home_page_url"]]
    assert client.ask("/feeds/newsletter/none.json").status == 404
    assert client.ask("/feeds/newsletter/none/").status == 404


def test_what_was_taken_down_leaves_editions_too(client: Any, desk: Desk) -> None:
    kept, hidden = desk.article("kept"), desk.article("hidden")
    edition, empty = desk.edition(kept, hidden), desk.edition(hidden)
    desk.hide(hidden)
    assert tree(client, f"/editions/{edition}/").xpath("//ol//h2/a/text()") == ["kept"]
    assert client.ask(f"/editions/{empty}/").status == 410
    feed = json.loads(client.ask("/feeds/newsletter/daily.json").body)
    assert len(feed["items"]) == 1
    assert "hidden" not in feed["items"][0]["content_html"]


# --- all feeds ---------------------------------------------------------------------------------------------------


def test_all_feeds_are_listed_for_people_and_for_readers(client: Any) -> None:
    page = tree(client, "/feeds/")
    slugs = ("all", "news", "晚间-新闻", "newsletter/daily", "source/other", "source/own")
    assert [link for link in links(page, "alternate") if link.endswith(".atom")] == [
        f"{BASE}/feeds/{quote(slug)}.atom" for slug in slugs
    ]
    assert page.xpath("//p[@class='lead']/a/@href") == ["/news/feeds.opml"]
    answer = client.ask("/feeds.opml")
    assert answer.headers["content-type"] == "text/x-opml; charset=utf-8"
    outlines = etree.fromstring(answer.body).findall(".//outline[@xmlUrl]")
    assert {one.get("xmlUrl") for one in outlines} == {f"{BASE}/feeds/{quote(slug)}.atom" for slug in slugs}
    assert all(one.get("htmlUrl", "").endswith("/") and one.get("type") == "rss" for one in outlines)
    assert client.ask("/feeds.opml").body == answer.body


# --- keeping -----------------------------------------------------------------------------------------------------


@dataclass
class Maker:
    """Counts what it makes."""

    made: int = 0

    def __call__(self) -> Page:
        self.made += 1
        return Page(body=b"x" * 1000)


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def request(client: str = "127.0.0.1") -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [], "client": (client, 50000)})


@pytest.fixture
def seconds() -> Iterator[Seconds]:
    return Seconds()


def test_a_page_is_made_once_until_something_changes(desk: Desk, seconds: Seconds) -> None:
    kept, make = KeptPages(desk.storage, seconds), Maker()
    for _ in range(3):
        kept.answer(request(), "/a", make)
    assert make.made == 1
    desk.article("new")
    kept.answer(request(), "/a", make)
    seconds.now += 2
    kept.answer(request(), "/a", make)
    assert make.made == 2
    seconds.now += 1000
    kept.answer(request(), "/a", make)
    assert make.made == 3


def test_what_is_kept_has_a_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.web.public.KEPT_BYTES", 3000)
    kept, first = KeptPages(desk.storage), Maker()
    kept.answer(request(), "first", first)
    for number in range(5):
        kept.answer(request(), str(number), Maker())
    kept.answer(request(), "first", first)
    assert first.made == 2


def test_only_so_many_searches_a_second_are_made(desk: Desk, seconds: Seconds) -> None:
    kept = KeptPages(desk.storage, seconds)
    for number in range(MADE_A_SECOND):
        kept.answer(request(), str(number), Maker(), limited=True)
    with pytest.raises(HTTPException) as refused:
        kept.answer(request(), "more", Maker(), limited=True)
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "2"})


def test_one_address_leaves_searches_to_the_others(desk: Desk, seconds: Seconds) -> None:
    kept = KeptPages(desk.storage, seconds)
    for number in range(MADE_A_SECOND // 4):
        kept.answer(request(client="8.8.8.8"), str(number), Maker(), limited=True)
    with pytest.raises(HTTPException):
        kept.answer(request(client="8.8.8.8"), "more", Maker(), limited=True)
    kept.answer(request(client="9.9.9.9"), "other", Maker(), limited=True)
    assert kept.answer(request(), "0", Maker(), limited=True).status_code == 200
    assert kept.answer(request(), "other", Maker()).status_code == 200
    seconds.now += 1
    assert kept.answer(request(), "more", Maker(), limited=True).status_code == 200


# --- robots and sitemaps -----------------------------------------------------------------------------------------

SITEMAPS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def listed(client: Any, path: str) -> dict[str, str | None]:
    """The addresses that a sitemap lists, with their dates."""
    answer = client.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml; charset=utf-8")
    found = etree.fromstring(answer.body).findall("s:*", SITEMAPS)
    return {str(each.findtext("s:loc", None, SITEMAPS)): each.findtext("s:lastmod", None, SITEMAPS) for each in found}


def test_robots_may_read_what_is_published_and_nothing_else(client: Any) -> None:
    answer = client.ask("/robots.txt")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    rules = Protego.parse(answer.text)
    assert list(rules.sitemaps) == [f"{BASE}/sitemap.xml"]
    for path in ("/", "/feeds/", "/feeds/news.rss", "/articles/1/", "/editions/2/", "/images/x/y.png", "/feeds.opml"):
        assert rules.can_fetch(f"{BASE}{path}", "crawler"), path
    for path in ("/outbox", "/outbox/1", "/api/sources/a/articles", "/unsubscribe/x", "/websub/y", "/search?q=z"):
        assert not rules.can_fetch(f"{BASE}{path}", "crawler"), path
    assert client.ask("/robots.txt", {"If-None-Match": answer.headers["etag"]}).status == 304


def test_the_sitemap_lists_lists_and_whole_articles_with_the_date_of_their_last_edit(client: Any, desk: Desk) -> None:
    first = desk.article("a", tags=("x",))
    hidden, quoted_only = desk.article("b"), desk.article("c", "other")
    desk.clock.pass_by(hours=3)
    desk.article("a", tags=("x",), summary="Edited.")
    desk.hide(hidden)
    found = listed(client, "/sitemap.xml")
    assert found[f"{BASE}/articles/{first}/"] == "2026-11-24T10:00:00Z"
    assert not found.keys() & {f"{BASE}/articles/{number}/" for number in (hidden, quoted_only)}
    lists = ("all", "news", quote("晚间-新闻"), "newsletter/daily", "source/own", "source/other")
    paths = ["/", "/feeds/", *(f"/feeds/{slug}/" for slug in lists), "/collector"]
    assert {address for address, date in found.items() if date is None} == {f"{BASE}{path}" for path in paths}
    assert all(client.ask(address.removeprefix(BASE)).status == 200 for address in found)
    tag = client.ask("/sitemap.xml").headers["etag"]
    assert client.ask("/sitemap.xml", {"If-None-Match": tag}).status == 304


def test_a_long_sitemap_falls_into_parts(client: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "PART", 10)
    numbers = [desk.article(str(number)) for number in range(25)]
    for number in numbers[10:20]:
        desk.hide(number)
    parts = listed(client, "/sitemap.xml")
    assert parts == {
        f"{BASE}/sitemap-0.xml": None,
        f"{BASE}/sitemap-1.xml": "2026-11-24T07:00:00Z",
        f"{BASE}/sitemap-3.xml": "2026-11-24T07:00:00Z",
    }
    found = [address for part in parts for address in listed(client, part.removeprefix(BASE))]
    articles = [f"{BASE}/articles/{number}/" for number in numbers[:10] + numbers[20:]]
    assert [address for address in found if "/articles/" in address] == articles
    assert f"{BASE}/feeds/news/" in found
    for path in ("/sitemap-2.xml", "/sitemap-99.xml", "/sitemap-01.xml", "/sitemap-x.xml"):
        assert client.ask(path).status == 404
