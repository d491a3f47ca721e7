"""Listings: pages with links to articles, read by CSS selectors."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.source import SourceKind, Validators
from publisher.errors import SourceError
from tests.unit.sources.site import NOW, Answer, source

TEXT = "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough. " * 3


def article(title, head="", before=""):
    return (
        f"<html lang=en><head><title>{title} - The Post</title>{head}</head><body><nav><a href=/>Home</a></nav>"
        f"<article><h1>{title}</h1>{before}<p>{TEXT}</p><p>{TEXT}</p></article><footer>© 2026</footer></body></html>"
    )


def listing(*lines):
    return f"<html><body><nav><a href='/about'>About</a></nav><ul>{''.join(lines)}</ul></body></html>"


def line(n, title=None, date="2026-11-20", extra=""):
    return f'<li class=i><a href="/a/{n}">{title or f"Story number {n}"}</a> <i>{date}</i>{extra}</li>'


def news(site, **selectors):
    return source(SourceKind.LISTING, f"{site.url}/", selectors={"item": "li.i", **selectors}, tags=("Local",))


def test_new_articles_are_read_from_their_pages(site, desk):
    site.html("/", listing(line(1), line(2)), ETag='"l"')
    site.html(
        "/a/1", article("Story number 1", '<meta name="author" content="Bo Chen">'), ETag='"1"', Last_Modified="then"
    )
    site.html("/a/2", article("Story number 2"))
    reading = desk.read(news(site, date="i"))
    first, second = reading.entries
    assert first.key == first.url == f"{site.url}/a/1"
    assert first.content.title == "Story number 1"
    assert first.content.authors == ("Bo Chen",)
    assert first.content.text.count("dredger") == 6
    assert first.content.tags == ("Local",)
    assert first.content.published == datetime(2026, 11, 20, tzinfo=UTC)
    assert (first.validators_etag, first.validators_last_modified) == ('"1"', "then")
    assert second.content.title == "Story number 2"
    assert reading.listed == (first.key, second.key)
    assert reading.validators == Validators('"l"')
    assert reading.problems == ()


def test_the_line_fills_what_the_page_leaves_open(site, desk):
    extra = "<b>Nora Whitlam</b><p>What it is about.</p><u>boats</u> <u>#sand</u>"
    site.html("/", listing(line(1, extra=extra)))
    site.html("/a/1", article("Story number 1"))
    (entry,) = desk.read(news(site, title="a", date="i", summary="p", author="b", tags="u")).entries
    assert entry.content.authors == ("Nora Whitlam",)
    assert entry.content.tags == ("boats", "sand", "Local")
    assert entry.content.published == datetime(2026, 11, 20, tzinfo=UTC)


def test_an_address_is_taken_once_without_fragment(site, desk):
    host = site.url.upper().replace("HTTP", "http")
    site.html(
        "/", listing(line("1#top"), line("1#end"), f"<li class=i><a href='{host}/a/1'>x</a>", "<li class=i>no link")
    )
    site.html("/a/1", article("Story number 1"))
    assert desk.read(news(site)).listed == (f"{site.url}/a/1",)


@pytest.mark.parametrize(
    "selectors", [{"item": "h2 a"}, {"item": "h2", "link": "a"}, {"item": "div", "link": "h2"}, {"item": "h2"}]
)
def test_the_link_is_the_item_or_in_it(site, desk, selectors):
    site.html("/", "<div><h2><a href='/a/1'>Story</a></h2><a href='/share'>share</a></div>")
    site.html("/a/1", article("Story number 1"))
    assert desk.read(news(site, **selectors)).listed == (f"{site.url}/a/1",)


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        ({"item": ""}, "no list of articles was found"),
        ({"item": "article.none"}, r"selector item = 'article.none' matches nothing on it"),
        ({"item": "li["}, r"selector item = 'li\[' is not valid CSS"),
        ({"link": "b"}, "selector link = 'b' finds no link on"),
        ({"item": "nav"}, None),
        ({"article_body": "p::"}, "selector article_body = 'p::' is not valid CSS"),
    ],
)
def test_selectors_that_do_nothing_are_named(site, desk, selectors, message):
    site.html("/", listing(line(1)))
    site.html("/a/1", article("Story number 1"))
    site.html("/about", article("About us all"))
    if message is None:
        assert desk.read(news(site, **selectors)).listed == (f"{site.url}/about",)
        return
    with pytest.raises(SourceError, match=message):
        desk.read(news(site, **selectors))


def test_a_known_article_is_left_alone_while_its_line_stays(site, desk):
    site.html("/", listing(line(1)))
    site.html("/a/1", article("Story number 1"))
    desk.read(news(site, date="i"))
    again = desk.read(news(site, date="i"))
    assert (again.entries, again.listed) == ((), (f"{site.url}/a/1",))
    assert site.paths() == ["/", "/a/1", "/"]


def test_a_changed_line_makes_its_page_be_read_again(site, desk):
    site.html("/", listing(line(1)))
    site.html("/a/1", article("Story number 1"), ETag='"same"')
    desk.read(news(site))
    site.html("/", listing(line(1, title="Story number 1, corrected")))
    site.html("/a/1", article("Story number 1, corrected"), ETag='"same"')
    (entry,) = desk.read(news(site)).entries
    assert entry.content.title == "Story number 1, corrected"
    assert desk.read(news(site)).entries == ()


def test_a_relative_date_that_moves_on_is_no_change(site, desk):
    site.html("/", listing(line(1, date="3 hours ago")))
    site.html("/a/1", article("Story number 1"))
    (entry,) = desk.read(news(site, date="i")).entries
    assert entry.content.published == NOW - timedelta(hours=3)
    site.html("/", listing(line(1, date="4 hours ago")))
    assert desk.read(news(site, date="i")).entries == ()


def test_a_young_article_is_asked_for_again_with_its_validators(site, desk):
    site.html("/", listing(line(1)))
    site.html("/a/1", article("Story number 1"), ETag='"1"')
    desk.read(news(site))
    desk.now = NOW + timedelta(hours=5)
    desk.read(news(site))
    assert site.paths().count("/a/1") == 1
    desk.now = NOW + timedelta(hours=7)
    assert desk.read(news(site)).entries == ()
    assert site.asked[-1].headers["If-None-Match"] == '"1"'
    # It said 304: not again for another six hours, though nothing was stored of that.
    desk.now = NOW + timedelta(hours=8)
    desk.read(news(site))
    assert site.paths().count("/a/1") == 2
    desk.now = NOW + timedelta(hours=14)
    site.html("/a/1", article("Story number 1, corrected"), ETag='"2"')
    (entry,) = desk.read(news(site)).entries
    assert entry.content.title == "Story number 1, corrected"
    desk.now = NOW + timedelta(hours=50)
    desk.read(news(site))
    assert site.paths().count("/a/1") == 3


def test_pages_that_fail_are_problems_and_stay_listed(site, desk):
    site.html("/", listing(*(line(n) for n in range(5))), ETag='"l"')
    site.html("/a/0", article("Story number 0"))
    site.pages["/a/1"] = Answer(status=404)
    site.pages["/a/2"] = Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    site.html("/a/3", "<html><body><p></p></body></html>")
    site.pages["/a/4"] = Answer(status=410)
    reading = desk.read(news(site))
    assert [entry.key for entry in reading.entries] == [f"{site.url}/a/0"]
    assert len(reading.listed) == 5
    assert reading.problems == (
        f"{site.url}/a/1: the server says 404 Not Found",
        f"{site.url}/a/2: it is application/pdf, not a page",
        f"{site.url}/a/3: no article was found on the page",
        f"{site.url}/a/4: the server says 410 Gone",
    )
    assert reading.validators == Validators('"l"')


def test_a_page_that_may_come_back_keeps_the_listing_unconditional(site, desk):
    site.html("/", listing(line(1)), ETag='"l"')
    site.pages["/a/1"] = Answer(status=502)
    assert desk.read(news(site)).validators == Validators()


def test_fifty_pages_a_look(site, desk):
    site.html("/", listing(*(line(n) for n in range(53))), ETag='"l"')
    for n in range(53):
        site.html(f"/a/{n}", article(f"Story number {n}"))
    first = desk.read(news(site))
    assert (len(first.entries), len(first.listed), first.validators) == (50, 53, Validators())
    second = desk.read(news(site))
    assert (len(second.entries), second.validators) == (3, Validators('"l"'))


def test_a_listing_that_did_not_change_says_so(site, desk):
    site.html("/", listing(line(1)), ETag='"l"')
    site.html("/a/1", article("Story number 1"))
    first = desk.read(news(site))
    second = desk.read(news(site), first.validators)
    assert (second.changed, second.entries, second.listed) == (False, (), ())


def test_the_seed_through_a_real_listing(site, desk, corpus):
    site.html("/articles", '<div class="list"><a class="card" href="/article/940"><h3>2500亿订单</h3></a></div>')
    page = (corpus / "seed" / "article-940.html").read_bytes()
    site.pages["/article/940"] = Answer(page, headers={"Content-Type": "text/html"})
    seed = source(
        SourceKind.LISTING,
        f"{site.url}/articles",
        selectors={"item": "a.card"},
        timezone="Asia/Shanghai",
        language="zh-CN",
    )
    (entry,) = desk.read(seed).entries
    content = entry.content
    assert content.title == "2500亿订单,27%持股,OpenAI微软达成重磅协议"
    assert content.authors == ("预见大模型",)
    assert content.tags == ("顶级公司", "AI服务器", "算力")
    assert content.original_url == "https://www.yjnt111.top/article/940"
    assert content.published == datetime(2025, 10, 27, 16, tzinfo=UTC)
    assert content.text.startswith("10月28日,OpenAI和微软正式签署")
    assert content.text.endswith("转向生态系统主导权之争。")
    assert content.html.count("<h2>") == 3
    assert content.image is None


def test_links_that_differ_only_by_what_tracks_readers_are_one_article(site, desk):
    links = [f'<li class=i><a href="/a/1?{tail}">Story number 1</a></li>' for tail in ("spm=a.1", "utm_source=top")]
    site.html("/", listing(*links))
    site.html("/a/1", article("Story number 1"))
    reading = desk.read(news(site))
    assert [entry.url for entry in reading.entries] == [f"{site.url}/a/1"]
    assert reading.listed == (f"{site.url}/a/1",)
