"""What articles can be had of an address: few requests, the best first, and nothing is stored."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.domain.source import Rights, SourceKind
from publisher.errors import AddressError
from publisher.sources.discover import discover, name_for
from tests.unit.sources.site import NOW, Answer

FEED = (
    "<rss version='2.0'><channel><title>{0}</title><language>en</language><item><title>{0} one</title>"
    "<link>/a/1</link><pubDate>Tue, 24 Nov 2026 07:00:00 GMT</pubDate></item></channel></rss>"
)
LIST = "<ul class=l>" + "".join(
    f"<li><a href='/news/story-{n}.html'>The council hears of plan {n}</a> <i>2026-11-1{n}</i></li>" for n in range(9)
)


ITEM_LIST = json.dumps(
    {
        "@type": "ItemList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": n,
                "item": {
                    "@type": "NewsArticle",
                    "url": f"/n/{n}",
                    "headline": f"The council hears of plan {n}",
                    "datePublished": f"2026-11-2{n}",
                },
            }
            for n in range(4)
        ],
    }
)


@pytest.fixture
def find(site, desk):
    def at(path="/"):
        return discover(f"{site.url}{path}", desk.fetcher, NOW, ZoneInfo("UTC"))

    return at


def feed(site, path, title="News"):
    site.pages[path] = Answer(FEED.format(title).encode(), headers={"Content-Type": "application/rss+xml"})


def test_a_feed_that_the_page_names_comes_first_and_ends_the_search(site, find):
    link = "<link rel='{}' type='application/rss+xml' href='{}' title='{}'>"
    site.html(
        "/",
        "<html lang=en_GB><head><title>News - The Post</title><meta property=og:site_name content='The Post'>"
        f"{link.format('alternate', '/c.rss', 'Comments')}"
        f"{link.format('alternate', '/f.rss', 'Articles')}</head>{LIST}",
    )
    feed(site, "/f.rss")
    feed(site, "/c.rss")
    found = find()
    first, second = found.found
    assert (first.source.kind, first.source.url, first.evidence) == (
        SourceKind.FEED,
        f"{site.url}/f.rss",
        "named by the page",
    )
    assert (first.source.title, first.source.language, first.source.rights) == ("The Post", "en-GB", Rights.QUOTE)
    assert (first.items[0].title, first.items[0].published) == ("News one", datetime(2026, 11, 24, 7, tzinfo=UTC))
    assert (second.source.kind, len(second.items)) == (SourceKind.LISTING, 9)
    assert second.source.selectors["item"] == "ul.l > li"
    assert site.paths() == ["/", "/f.rss"], "the comments' feed and common places are not asked for"
    assert found.requests == 2


def test_the_address_may_be_a_feed_or_a_sitemap_itself(site, find):
    feed(site, "/feed")
    (only,) = find("/feed").found
    assert (only.source.kind, only.evidence) == (SourceKind.FEED, "the address itself")
    assert only.source.language == "en"
    site.html("/map.xml", "<urlset><url><loc>/a</loc><lastmod>2026-11-01</lastmod></url></urlset>")
    (only,) = find("/map.xml").found
    assert only.source.kind is SourceKind.SITEMAP


def test_without_a_named_feed_links_and_common_places_are_tried(site, find):
    site.html("/blog/", f"<title>x</title><a href='/blog/rss'>RSS</a>{LIST}")
    feed(site, "/blog/rss")
    assert [one.evidence for one in find("/blog/").found] == ["linked from the page", "a list on the page"]
    site.html("/", f"<title>x</title>{LIST}")
    feed(site, "/atom.xml")
    assert find().found[0].evidence == "at a common address"


def test_without_any_feed_there_are_sitemaps_of_news_and_the_list(site, find):
    site.html("/", f"<html lang=zh-CN><title>新闻</title>{LIST}")
    site.html("/robots.txt", f"User-agent: *\nSitemap: {site.url}/plain.xml\nSitemap: {site.url}/news.xml")
    site.html("/plain.xml", "<urlset><url><loc>/a/b</loc></url></urlset>")
    site.html(
        "/news.xml",
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        "xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>/a/c</loc><n:news><n:title>Tram</n:title>"
        "<n:publication_date>2026-11-23</n:publication_date></n:news></url></urlset>",
    )
    found = find().found
    assert [one.source.kind.value for one in found] == ["sitemap", "listing", "sitemap"]
    assert found[0].source.url == f"{site.url}/news.xml"
    assert found[0].items[0].title == "Tram"
    assert len(site.paths()) <= 10


def test_an_index_of_sitemaps_is_proposed_itself_with_its_newest_articles(site, find):
    parts = "".join(f"<sitemap><loc>/sm{n}.xml</loc></sitemap>" for n in range(11))
    site.html("/map.xml", f"<sitemapindex>{parts}</sitemapindex>")
    for n in range(11):
        site.html(f"/sm{n}.xml", f"<urlset><url><loc>/a/{n}</loc></url></urlset>")
    (only,) = find("/map.xml").found
    assert (only.source.url, only.evidence) == (f"{site.url}/map.xml", "the address itself")
    assert [item.url for item in only.items] == [f"{site.url}/a/10"]
    dated = "<sitemap><loc>/sm3.xml</loc><lastmod>2026-11-20</lastmod></sitemap>"
    site.html("/map.xml", f"<sitemapindex>{dated}<sitemap><loc>/sm9.xml</loc></sitemap></sitemapindex>")
    assert [item.url for item in find("/map.xml").found[0].items] == [f"{site.url}/a/3"]


def test_a_page_that_robots_txt_forbids_is_no_listing_but_may_be_a_feed(site, find):
    site.html("/robots.txt", "User-agent: *\nDisallow: /private/")
    site.html("/private/list", f"<title>x</title>{LIST}")
    found = find("/private/list")
    assert found.found == ()
    assert found.notes == ("robots.txt of 127.0.0.1 forbids /private/list: the page itself can't be read as a listing",)
    feed(site, "/private/feed")
    assert find("/private/feed").found[0].source.kind is SourceKind.FEED


@pytest.mark.parametrize("path", ["/feed.xml", "/feed", "/feed.json"])
def test_the_common_place_that_has_a_feed_ends_the_search(site, find, path):
    site.html("/", f"<title>x</title>{LIST}")
    feed(site, path)
    found = find()
    assert found.found[0].source.url == f"{site.url}{path}"
    assert site.paths()[-1] == path


def test_a_list_that_stands_only_in_json_ld_is_offered_without_selectors(site, find):
    site.html("/", f"<title>x</title><script type='application/ld+json'>{ITEM_LIST}</script><div id=root></div>")
    found = find()
    (only,) = found.found
    assert (only.source.kind, dict(only.source.selectors)) == (SourceKind.LISTING, {})
    assert only.evidence == "the ItemList in the page's JSON-LD"
    assert next((item.title, item.published) for item in only.items) == (
        "The council hears of plan 0",
        datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert "a source of kind listing reads them without" in found.notes[0]


def test_an_index_of_sitemaps_leads_to_the_only_one_that_sounds_like_news(site, find):
    site.html(
        "/map.xml",
        "<sitemapindex><sitemap><loc>/tags.xml</loc></sitemap><sitemap><loc>/articles.xml</loc></sitemap></sitemapindex>",
    )
    site.html("/articles.xml", "<urlset><url><loc>/a/c</loc></url></urlset>")
    (only,) = find("/map.xml").found
    assert only.source.url == f"{site.url}/articles.xml"


def test_what_is_not_found_is_said(site, find):
    site.html("/", "<div id=root></div><script src=a.js></script>")
    found = find()
    assert found.found == ()
    assert "needs JavaScript" in found.notes[0]
    site.html("/", "<title>x</title><meta property=og:type content=article><p>Nothing.</p>")
    assert find().notes == (
        "the page says that it is an article: the address of a page that lists articles finds more",
        "no list of articles was found on the page itself",
    )
    with pytest.raises(AddressError, match=r"^http[^ ]*/none: the server says 404 Not Found"):
        find("/none")


def test_a_host_that_wants_rest_is_asked_nothing_more(site, find):
    site.html("/", f"<title>x</title>{LIST}")
    site.pages["/feed"] = Answer(b"", 429)
    assert [one.source.kind for one in find().found] == [SourceKind.LISTING]
    assert site.paths() == ["/", "/feed"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.org/", "example"),
        ("https://news.bbc.co.uk/world/index.html", "news-bbc-co-world"),
        ("http://127.0.0.1:8081/", "127-0-0-1"),
        ("https://blog.example.org/feed.xml", "example"),
        ("https://例子.example.cn/新闻", "example"),
        ("https://新.新/", "source"),
    ],
)
def test_a_source_is_named_after_its_host_and_path(url, name):
    assert name_for(url) == name
