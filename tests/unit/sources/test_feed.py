"""Feeds of all kinds, served by a real server."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.article import Enclosure
from publisher.domain.source import SourceKind, Validators
from publisher.errors import SourceError
from publisher.sources.feeds.drafts import plain
from publisher.sources.feeds.xml_feed import parse as parse_xml
from tests.unit.sources.site import NOW, Answer, Desk, source

LONG = "The dredger left the harbour at six in the morning, and by noon the entrance was deep. " * 8


def rss(*items, channel=""):
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>Post</title>'
        f"<link>/home/</link>{channel}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"
    )


def serve(site, text, path="/feed", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    site.pages[path] = Answer(text.encode(), headers={"Content-Type": "application/xml", **named})


def feed(site, **fields):
    return source(SourceKind.FEED, f"{site.url}/feed", **{"full_text": False, **fields})


def only(reading):
    (entry,) = reading.entries
    return entry


def test_rss_in_all_its_fields(site, desk):
    item = f"""<guid isPermaLink="false">tag:1</guid><link>/boats</link>
        <title>Boats &amp;amp; &lt;b&gt;sand&lt;/b&gt;</title><dc:creator>Nora Whitlam</dc:creator>
        <category>Boats</category><category>Sand</category><category>Boats</category>
        <pubDate>Fri, 20 Nov 2026 16:00:00 +0800</pubDate><description>A &lt;i&gt;short&lt;/i&gt; word.</description>
        <content:encoded><![CDATA[<p>{LONG} <img src="pic.jpg"><script>x</script></p>]]></content:encoded>
        <enclosure url="/a.mp3" type="audio/mpeg" length="1234"/><media:content url="/m.jpg" medium="image"/>"""
    serve(site, rss(item, channel="<language>en-gb</language><ttl>90</ttl>"), ETag='"1"', Cache_Control="max-age=60")
    reading = desk.read(feed(site, tags=("Local", "boats")))
    entry = only(reading)
    assert (entry.key, entry.url) == ("tag:1", f"{site.url}/boats")
    content = entry.content
    assert content.title == "Boats & sand"
    assert content.authors == ("Nora Whitlam",)
    assert content.tags == ("Boats", "Sand", "Local")
    assert content.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert content.language == "en-gb"
    assert content.summary == "A short word."
    assert content.html == f'<p>{LONG} <img src="{site.url}/home/pic.jpg"></p>'
    assert content.text == LONG.strip()
    assert content.image == f"{site.url}/m.jpg"
    assert content.enclosures == (Enclosure(f"{site.url}/a.mp3", "audio/mpeg", 1234),)
    assert reading.listed == ("tag:1",)
    assert reading.validators == Validators('"1"')
    assert reading.hints.ttl == timedelta(minutes=90)
    assert reading.hints.max_age == timedelta(minutes=1)


def test_atom_with_its_bases_and_types(site, desk):
    serve(
        site,
        f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://post.example/" xml:lang="de">
        <title>Post</title><link rel="self" href="{site.url}/feed"/><author><name>The Post</name></author>
        <entry xml:base="news/"><id>urn:1</id><title type="html">A &amp;lt; B &amp;amp; C</title>
        <link rel="enclosure" href="v.mp4" type="video/mp4" length="x"/><link href="boats"/>
        <updated>2026-11-21T10:00:00Z</updated><published>2026-11-20T10:00:00Z</published>
        <category term="b" label="Boats"/><summary>s</summary>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>See <a href="map">it</a>.</p></div></content>
        </entry></feed>""",
    )
    entry = only(desk.read(feed(site)))
    content = entry.content
    assert entry.url == "https://post.example/news/boats"
    assert content.title == "A < B & C"
    assert content.authors == ("The Post",)
    assert content.tags == ("Boats",)
    assert content.published == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert content.updated == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert 'href="https://post.example/news/map"' in content.html
    assert content.enclosures == (Enclosure("https://post.example/news/v.mp4", "video/mp4", 0),)


def test_json_feed(site, desk):
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Post",
        "home_page_url": "/home/",
        "language": "en",
        "authors": [{"name": "Nora"}, {"url": "x"}, 5],
        "items": [
            {
                "id": 7,
                "url": "boats",
                "title": "Boats\u0000",
                "content_html": f"<p>{LONG}<a href='map'>map</a></p>",
                "summary": "1 < 2",
                "image": "pic.jpg",
                "date_published": "2026-11-20T16:00:00+08:00",
                "date_modified": "2026-11-21T16:00:00+08:00",
                "tags": ["Boats", 3, " "],
                "attachments": [{"url": "a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9}, {"mime_type": "x"}, 1],
            },
            {
                "id": "8",
                "external_url": "https://x.example/",
                "content_text": "one\n\ntwo < three",
                "author": {"name": "Bo"},
            },
            {"id": "9"},
            "no item",
        ],
    }
    serve(site, json.dumps(document))
    first, second = desk.read(feed(site)).entries
    assert (first.key, first.url) == ("7", f"{site.url}/home/boats")
    assert first.content.title == "Boats"
    assert first.content.authors == ("Nora",)
    assert first.content.tags == ("Boats",)
    assert first.content.summary == "1 < 2"
    assert first.content.image == f"{site.url}/home/pic.jpg"
    assert first.content.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert first.content.updated == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert first.content.enclosures == (Enclosure(f"{site.url}/home/a.mp3", "audio/mpeg", 9),)
    assert second.content.html == "<p>one</p><p>two &lt; three</p>"
    assert second.content.title == "one two < three"
    assert second.content.authors == ("Bo",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!DOCTYPE html><html><body>Please log in</body></html>", "it is an HTML page"),
        ("{broken", "it is broken JSON"),
        ('{"version": "x"}', "it is JSON, but no JSON Feed"),
        ("[]", "it is JSON, but no JSON Feed"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("just words", "it is no XML of a known kind"),
    ],
)
def test_what_is_no_feed_is_an_error_that_says_what_it_is(site, desk, body, reason):
    serve(site, body)
    with pytest.raises(SourceError, match=reason) as caught:
        desk.read(feed(site))
    assert caught.value.source == "news"
    assert f"{site.url}/feed" in str(caught.value)


def test_errors_of_the_server_become_errors_of_the_source(site, desk):
    site.pages["/feed"] = Answer(status=503, headers={"Retry-After": "120"})
    with pytest.raises(SourceError, match="503") as caught:
        desk.read(feed(site))
    assert caught.value.retry_after == timedelta(minutes=2)
    site.pages["/feed"] = Answer(status=410)
    with pytest.raises(SourceError, match="gone") as caught:
        desk.read(feed(site))
    assert caught.value.gone


def test_a_zone_that_does_not_exist_is_an_error_of_the_source(site, desk):
    serve(site, rss("<title>a</title>"))
    with pytest.raises(SourceError, match="timezone 'Mars/Olympus' is not known"):
        desk.read(feed(site, timezone="Mars/Olympus"))


def test_a_304_is_a_reading_without_entries(site, desk):
    serve(site, rss("<title>a</title>"), ETag='"1"', Cache_Control="max-age=3600")
    first = desk.read(feed(site))
    second = desk.read(feed(site), first.validators)
    assert not second.changed
    assert (second.entries, second.listed) == ((), ())
    assert second.validators == Validators('"1"')
    assert second.hints.max_age == timedelta(hours=1)


def test_a_feed_that_moved_for_good_says_where(site, desk):
    serve(site, rss("<title>a</title>"), path="/new")
    site.pages["/feed"] = Answer(status=301, headers={"Location": "/new"})
    assert desk.read(feed(site)).moved_to == f"{site.url}/new"


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("<guid>relative-id</guid><link>/a</link><title>t</title>", "relative-id"),
        ("<link>/a#top</link><title>t</title>", "{site}/a"),
    ],
)
def test_the_key_is_the_guid_as_given_or_the_address(site, desk, item, key):
    serve(site, rss(item))
    assert only(desk.read(feed(site))).key == key.format(site=site.url)


def test_without_guid_and_link_the_content_is_the_key(site, desk):
    serve(
        site, rss("<title>one</title>", "<title>two</title>", "<title>two</title>", "<dc:creator>nothing</dc:creator>")
    )
    first, second = desk.read(feed(site)).entries
    assert first.key != second.key
    assert first.url == f"{site.url}/home/"


def test_dates_without_a_zone_are_the_sources_and_dc_date_is_enough(site, desk):
    item = "<title>t</title><dc:date>2026-11-20 08:00</dc:date>"
    serve(site, rss(item, "<title>u</title><pubDate>someday</pubDate>"))
    dated, undated = desk.read(feed(site, timezone="Asia/Shanghai")).entries
    assert dated.content.published == datetime(2026, 11, 20, tzinfo=UTC)
    assert dated.content.updated is None
    assert undated.content.published is None


@pytest.mark.parametrize(
    ("encoding", "declared", "served"),
    [
        ("gb2312", "gb2312", "application/xml"),
        ("gbk", "utf-8", "text/xml; charset=gbk"),
        ("utf-16", "utf-16", "text/xml"),
    ],
)
def test_encodings(site, desk, encoding, declared, served):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>'
    text = f'{declaration}<rss version="2.0"><channel><item><title>港口重新开放</title></item></channel></rss>'
    site.pages["/feed"] = Answer(text.encode(encoding), headers={"Content-Type": served})
    assert only(desk.read(feed(site))).content.title == "港口重新开放"


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<sy:updatePeriod> hourly </sy:updatePeriod>", timedelta(hours=1)),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", timedelta(days=7)),
        ("<ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(minutes=90)),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(minutes=60)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(hours=1)),
        ("<ttl>60000</ttl>", timedelta(minutes=60000)),
        ("<ttl>600000</ttl>", timedelta(days=365)),
        ("<ttl>soon</ttl>", None),
    ],
)
def test_a_feed_says_how_long_to_wait(channel, ttl):
    assert parse_xml(rss("<title>a</title>", channel=channel)).ttl == ttl


def test_entities_of_a_document_type_are_not_expanded(site, desk):
    bomb = (
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<rss version="2.0"><channel><item><title>t &b; &x;</title><link>/a</link></item></channel></rss>'
    )
    serve(site, bomb)
    title = only(desk.read(feed(site))).content.title
    assert "root:" not in title
    assert "aaaaaaaaaa" not in title


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("AT&amp;T", "AT&T"),
        ("a < b", "a < b"),
        ("&amp;quot;Hi&amp;quot;", '"Hi"'),
        ("<b>Bold</b>  title\n", "Bold title"),
        ("R&D;", "R&D;"),
        ("\u0007bell", "bell"),
    ],
)
def test_titles_are_plain_text(raw, shown):
    assert plain(raw) == shown


def test_an_entry_without_a_title_is_called_by_its_beginning_or_its_address(site, desk):
    serve(site, rss("<guid>1</guid><description>Just words.</description>", "<guid>2</guid><link>/boats</link>"))
    first, second = desk.read(feed(site)).entries
    assert first.content.title == "Just words."
    assert second.content.title == f"{site.url}/boats"


# --- full text ---------------------------------------------------------------------------------------------------

PAGE = f"""<html lang="en"><head><title>Boats</title><meta property="og:image" content="/og.jpg">
<meta name="author" content="Bo Chen"><link rel="canonical" href="/boats/"></head>
<body><article><h1>Boats</h1><p>{LONG}</p><p>{LONG}</p></article></body></html>"""
SHORT_ITEM = "<guid>1</guid><link>/boats</link><title>Boats</title><description>In short.</description>"


def test_a_new_entry_with_a_summary_only_gets_its_page(site, desk):
    serve(site, rss(SHORT_ITEM))
    site.html("/boats", PAGE, ETag='"p"')
    entry = only(desk.read(feed(site, full_text=True)))
    assert entry.content.text.count("dredger") == 16
    assert entry.content.summary == "In short."
    assert entry.content.authors == ("Bo Chen",)
    assert entry.content.image == f"{site.url}/og.jpg"
    assert entry.canonical_url == f"{site.url}/boats/"
    assert entry.validators_etag == '"p"'
    assert [asked.path for asked in site.asked] == ["/feed", "/robots.txt", "/boats", "/.well-known/tdmrep.json"]


def test_a_page_gives_its_title_to_an_entry_without(site, desk):
    serve(site, rss(SHORT_ITEM.replace("<title>Boats</title>", "")))
    site.html("/boats", PAGE)
    assert only(desk.read(feed(site, full_text=True))).content.title == "Boats"


def test_a_known_entry_keeps_its_full_text_until_its_feed_says_something_else(site, desk):
    serve(site, rss(SHORT_ITEM))
    site.html("/boats", PAGE)
    whole = feed(site, full_text=True)
    desk.read(whole)
    second = desk.read(whole)
    assert second.entries == ()
    assert second.listed == ("1",)
    assert site.paths() == ["/feed", "/boats", "/feed"]
    serve(site, rss(SHORT_ITEM.replace("In short.", "In other words.")))
    changed = only(desk.read(whole))
    assert changed.content.summary == "In other words."
    assert changed.content.text.count("dredger") == 16


def test_a_long_entry_or_one_without_a_page_is_taken_as_it_is(site, desk):
    serve(site, rss(f"<link>/a</link><title>t</title><description>{LONG}</description>", "<title>u</title>"))
    assert len(desk.read(feed(site, full_text=True)).entries) == 2
    assert site.paths() == ["/feed", "/home/"]


def test_a_page_with_less_text_than_the_feed_is_not_used(site, desk):
    serve(
        site,
        rss("<guid>1</guid><link>/a</link><title>t</title><description>Some words of our own, at least.</description>"),
    )
    site.html("/a", "<html><body><article><p>Log in, please.</p></article></body></html>")
    assert only(desk.read(feed(site, full_text=True))).content.text == "Some words of our own, at least."


def test_a_failing_page_leaves_the_summary_and_is_tried_again_for_a_while(site, desk):
    serve(site, rss(SHORT_ITEM), ETag='"f"')
    site.pages["/boats"] = Answer(status=500)
    whole = feed(site, full_text=True)
    first = desk.read(whole)
    assert only(first).content.text == "In short."
    assert first.problems == (
        f"{site.url}/boats: the server says 500 Internal Server Error, so its text is the feed's own",
    )
    # Without validators the next look gets the feed again, though it has not changed.
    assert first.validators == Validators()
    site.html("/boats", PAGE)
    assert only(desk.read(whole)).content.text.count("dredger") == 16
    assert desk.read(whole).validators == Validators('"f"')


def test_a_page_that_fails_for_good_is_not_tried_again(site, desk):
    serve(site, rss(SHORT_ITEM), ETag='"f"')
    whole = feed(site, full_text=True)
    first = desk.read(whole)
    assert first.problems == (f"{site.url}/boats: the server says 404 Not Found, so its text is the feed's own",)
    assert first.validators == Validators('"f"')
    assert desk.read(whole).entries == ()
    assert site.paths().count("/boats") == 1


def test_trying_again_ends_with_youth(site, desk):
    serve(site, rss(SHORT_ITEM))
    site.pages["/boats"] = Answer(status=500)
    whole = feed(site, full_text=True)
    desk.read(whole)
    desk.now = NOW + timedelta(hours=49)
    assert only(desk.read(whole)).hint
    assert desk.read(whole).entries == ()


def test_an_article_whose_page_fails_later_keeps_its_full_text(site, desk):
    serve(site, rss(SHORT_ITEM))
    site.html("/boats", PAGE)
    whole = feed(site, full_text=True)
    desk.read(whole)
    site.pages["/boats"] = Answer(status=500)
    serve(site, rss(SHORT_ITEM.replace("In short.", "In other words.")))
    later = desk.read(whole)
    assert later.entries == ()
    (problem,) = later.problems
    assert problem.endswith("500 Internal Server Error, so it keeps the text it has")


def test_at_most_fifty_pages_a_look_and_the_rest_at_the_next(site, desk):
    items = [f"<guid>{n}</guid><link>/p/{n}</link><title>t{n}</title><description>s</description>" for n in range(60)]
    serve(site, rss(*items), ETag='"f"')
    for n in range(60):
        site.html(f"/p/{n}", PAGE)
    whole = feed(site, full_text=True)
    first = desk.read(whole)
    assert (len(first.entries), len(first.listed)) == (50, 60)
    assert first.validators == Validators()
    second = desk.read(whole)
    assert len(second.entries) == 10
    assert second.validators == Validators('"f"')


def test_pages_obey_robots(site, desk):
    serve(site, rss(SHORT_ITEM))
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /boats")
    site.html("/boats", PAGE)
    reading = desk.read(feed(site, full_text=True))
    assert only(reading).content.text == "In short."
    assert "robots.txt" in reading.problems[0]
    assert reading.problems[0].endswith(", so its text is the feed's own")


def test_one_article_at_two_tracked_addresses_is_one_whatever_their_ids(site, desk):
    tracked = [
        f"<link>/boats?id=1&amp;{tail}</link><title>Boats</title>" for tail in ("utm_source=rss", "from=timeline")
    ]
    serve(site, rss(*tracked))
    assert only(desk.read(feed(site))).url == f"{site.url}/boats?id=1"
    serve(site, rss(*(f"<guid>{number}</guid>{item}" for number, item in enumerate(tracked))))
    assert [entry.url for entry in Desk(desk.fetcher).read(feed(site)).entries] == [f"{site.url}/boats?id=1"]


@pytest.mark.parametrize(("status", "missed"), [(404, False), (410, True)])
def test_of_an_article_that_is_still_listed_only_410_is_believed(site, desk, status, missed):
    serve(site, rss(SHORT_ITEM))
    site.html("/boats", PAGE)
    key = only(desk.read(feed(site, full_text=True))).key
    site.pages["/boats"] = Answer(status=status)
    serve(site, rss(SHORT_ITEM.replace("In short", "Shorter")))
    assert desk.read(feed(site, full_text=True)).missing == ({key: 410} if missed else {})


@pytest.mark.parametrize("text", [LONG, "Short."], ids=["whole", "shorter than the feed's"])
def test_what_the_page_of_an_entry_reserves_holds_for_the_entry(site, desk, text):
    serve(site, rss(SHORT_ITEM))
    page = f'<meta name="robots" content="max-snippet:20"><article><h1>Boats</h1><p>{text}</p></article>'
    site.html("/boats", page, **{"X-Robots-Tag": "noarchive", "TDM-Reservation": "1"})
    reserved = only(desk.read(feed(site, full_text=True))).content.reservations
    assert reserved.words() == ("noarchive", "max-snippet:20", "tdm-reservation: 1")
    assert len(reserved.evidence) == 3
