"""Each trap of feedgen: that it is there (so that a mended feedgen is noticed), and that our documents avoid it."""

import hashlib
import json
import locale
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedgen.util
import pytest
import time_machine
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.domain.article import Enclosure, Tombstone
from publisher.domain.feed import FeedFormat
from publisher.feeds.documents import FeedDocumentWriter
from tests.unit.feeds.samples import BODY, EARLIER, FULL, SEEN, SHAPES, channel, state, write
from tests.unit.feeds.validity import ATOM, CONTENT, DC, MEDIA, atom_faults

ROOT = Path(__file__).parents[3]
SY = "{http://purl.org/rss/1.0/modules/syndication/}"


def plain() -> tuple[FeedGenerator, Any]:
    """feedgen as it comes, with a feed and one entry that are whole."""
    feed = FeedGenerator()
    feed.id("urn:feed")
    feed.title("Feed")
    feed.description("Feed")
    feed.updated(SEEN)
    feed.link(href="https://pub.example/", rel="alternate")
    entry = feed.add_entry(order="append")
    entry.id("urn:1")
    entry.title("Entry")
    entry.updated(SEEN)
    entry.link(href="https://news.example/1", rel="alternate")
    return feed, entry


def rss(document: str | bytes) -> etree._Element:
    channel = etree.fromstring(document.encode() if isinstance(document, str) else document).find("channel")
    assert channel is not None
    return channel


def atom(document: str | bytes) -> etree._Element:
    return etree.fromstring(document.encode() if isinstance(document, str) else document)


def ours(format: FeedFormat, *items: Any) -> etree._Element:
    document = write(channel(*(items or (state(**FULL),))), format)
    return rss(document) if format is FeedFormat.RSS else atom(document)


def test_atom_links_keep_rel_type_and_length() -> None:
    feed, entry = plain()
    entry.link(href="https://news.example/a.mp3", rel="enclosure", type="audio/mpeg", length="1234")
    lost = atom(feed.atom_str()).findall(f"{ATOM}entry/{ATOM}link")
    assert [dict(link.attrib) for link in lost] == [
        {"href": "https://news.example/1"},
        {"href": "https://news.example/a.mp3"},
    ]

    links = [dict(link.attrib) for link in ours(FeedFormat.ATOM).findall(f"{ATOM}entry/{ATOM}link")]
    assert links == [
        {"href": "https://news.example/1", "rel": "alternate"},
        {"href": "https://origin.example/tides/940", "rel": "via"},
        {"href": "https://news.example/talk.mp3", "rel": "enclosure", "type": "audio/mpeg", "length": "1234"},
        {"href": "https://news.example/table.pdf", "rel": "enclosure", "type": "application/pdf"},
        {"href": "https://news.example/lead.webp", "rel": "enclosure", "type": "image/webp"},
    ]


def test_dates_come_from_the_channel_never_from_the_clock() -> None:
    def unset() -> FeedGenerator:
        feed = FeedGenerator()
        feed.id("urn:feed")
        feed.title("Feed")
        feed.description("Feed")
        feed.link(href="https://pub.example/")
        return feed

    now = datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        assert atom(unset().atom_str()).findtext(f"{ATOM}updated") == "2030-05-06T07:08:09+00:00"
        assert rss(unset().rss_str()).findtext("lastBuildDate") == "Mon, 06 May 2030 07:08:09 +0000"
        assert ours(FeedFormat.ATOM).findtext(f"{ATOM}updated") == "2026-11-18T06:05:04+00:00"
        assert ours(FeedFormat.RSS).findtext("lastBuildDate") == "Wed, 18 Nov 2026 06:05:04 +0000"
        assert "2030" not in "".join(write(channel(state(**BODY)), format) for format in FeedFormat)


def test_rss_link_is_the_home_page_and_the_self_link_is_there() -> None:
    feed, _ = plain()
    feed.link(href="https://pub.example/feed.rss", rel="self")
    assert rss(feed.rss_str()).findtext("link") == "https://pub.example/feed.rss"

    ours_rss = ours(FeedFormat.RSS)
    assert ours_rss.findtext("link") == "https://pub.example/"
    assert [dict(link.attrib) for link in ours_rss.findall(f"{ATOM}link")] == [
        {"href": "https://pub.example/feeds/all-news.rss", "rel": "self", "type": "application/rss+xml"}
    ]
    assert [dict(link.attrib) for link in ours(FeedFormat.ATOM).findall(f"{ATOM}link")] == [
        {"href": "https://pub.example/feeds/all-news.atom", "rel": "self", "type": "application/atom+xml"},
        {"href": "https://pub.example/", "rel": "alternate", "type": "text/html"},
    ]


def test_items_stand_in_the_channels_order() -> None:
    feed, _ = plain()
    feed.add_entry().title("Second")
    assert [title.text for title in rss(feed.rss_str()).findall("item/title")] == ["Second", "Entry"]

    items = [state(number) for number in (3, 1, 2)]
    assert [title.text for title in ours(FeedFormat.RSS, *items).findall("item/title")] == [
        "Title 3",
        "Title 1",
        "Title 2",
    ]
    assert [title.text for title in ours(FeedFormat.ATOM, *items).findall(f"{ATOM}entry/{ATOM}title")] == [
        "Title 3",
        "Title 1",
        "Title 2",
    ]


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\ufffe", "\uffff", "\ud800"])
@pytest.mark.parametrize("format", [FeedFormat.RSS, FeedFormat.ATOM])
def test_one_bad_character_does_not_lose_the_feed(format: FeedFormat, character: str) -> None:
    feed, entry = plain()
    entry.title(f"a{character}b")
    with pytest.raises(ValueError, match=r"XML compatible|surrogates"):
        feed.rss_str() if format is FeedFormat.RSS else feed.atom_str()

    texts = {name: f"a{character}b" for name in ("title", "summary", "html", "text")}
    lists = {name: (f"a{character}b",) for name in ("authors", "tags")}
    document = write(channel(state(**texts, **lists)), format)
    assert character not in document
    assert document.count(">ab<") + document.count('term="ab"') >= 5


def test_content_is_declared_html() -> None:
    feed, entry = plain()
    entry.content("<b>x</b>", type="CDATA")
    assert atom_faults(feed.atom_str().decode()) != []
    entry.content("<b>x</b>")
    content = atom(feed.atom_str()).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert content.attrib == {"type": "CDATA"} or not content.attrib

    content = ours(FeedFormat.ATOM).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert content.attrib == {"type": "html"}
    assert content.text == FULL["html"]


def test_summary_leaves_the_content_alone() -> None:
    feed, entry = plain()
    entry.content("<b>whole</b>", type="html")
    entry.description("summary")
    assert atom(feed.atom_str()).findtext(f"{ATOM}entry/{ATOM}content") == "summary"

    entry_of_ours = ours(FeedFormat.ATOM).find(f"{ATOM}entry")
    assert entry_of_ours is not None
    assert entry_of_ours.findtext(f"{ATOM}content") == FULL["html"]
    assert entry_of_ours.findtext(f"{ATOM}summary") == FULL["summary"]


def test_full_text_stands_in_content_encoded_also_without_summary() -> None:
    feed, entry = plain()
    entry.content("<b>whole</b>", type="html")
    assert rss(feed.rss_str()).findtext("item/description") == "<b>whole</b>"
    assert rss(feed.rss_str()).find(f"item/{CONTENT}encoded") is None

    item = ours(FeedFormat.RSS, state(**BODY)).find("item")
    assert item is not None
    assert item.findtext("description") == "Body"
    assert item.findtext(f"{CONTENT}encoded") == "<p>Body</p>"


def test_an_empty_title_does_not_lose_the_feed() -> None:
    feed, entry = plain()
    entry.title("")
    with pytest.raises(ValueError, match="Required fields not set"):
        feed.atom_str()

    titles = ours(FeedFormat.ATOM, state(title=" ", text="好消息。" * 20)).findall(f"{ATOM}entry/{ATOM}title")
    assert [title.text for title in titles] == ["好消息。" * 7 + "好…"]


def test_authors_reach_rss_without_address() -> None:
    feed, entry = plain()
    entry.author(name="林小满")
    assert "林小满" not in feed.rss_str().decode()

    assert [node.text for node in ours(FeedFormat.RSS).findall(f"item/{DC}creator")] == ["林小满", "Ana Ruiz"]


def test_updates_are_hinted_in_elements_that_exist() -> None:
    feed, _ = plain()
    feed.load_extension("syndication")
    feed.syndication.update_period("hourly")
    assert rss(feed.rss_str()).find(f"{SY}UpdatePeriod") is not None
    assert rss(feed.rss_str()).find(f"{SY}updatePeriod") is None

    ours_rss = ours(FeedFormat.RSS)
    assert ours_rss.findtext("ttl") == "30"
    hints = [(node.tag, node.text) for node in ours_rss.iter() if str(node.tag).startswith(SY)]
    assert hints == [(f"{SY}updatePeriod", "hourly"), (f"{SY}updateFrequency", "2")]


def test_every_link_of_a_feed_reaches_rss() -> None:
    feed, _ = plain()
    feed.link(href="https://hub.example/", rel="hub")
    feed.link(href="https://news.example/", rel="alternate")
    assert b"hub.example" not in feed.rss_str()

    urls = {form: f"https://news.example/{form}" for form in FeedFormat}
    whole = replace(
        channel(), hubs=("https://hub.example/",), prev_archive=urls, next_archive=urls, current=urls, archive=True
    )
    at = "{http://www.w3.org/2005/Atom}"
    fh = "{http://purl.org/syndication/history/1.0}"
    for form, tag in ((FeedFormat.RSS, f"{at}link"), (FeedFormat.ATOM, f"{at}link")):
        root = etree.fromstring(FeedDocumentWriter().write(whole, form))
        links = {node.get("rel"): node.get("href") for node in root.iter(tag) if node.getparent().tag != f"{at}entry"}
        assert links["hub"] == "https://hub.example/"
        assert [links[rel] for rel in ("next", "prev-archive", "next-archive", "current")] == [urls[form]] * 4
        assert root.find(f".//{fh}archive") is not None
    document = json.loads(FeedDocumentWriter().write(whole, FeedFormat.JSON))
    assert document["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert document["next_url"] == urls[FeedFormat.JSON]


def test_categories_say_what_set_they_are_from() -> None:
    feed, entry = plain()
    entry.category(term="harbour")
    assert atom(feed.atom_str()).find(f"{ATOM}entry/{ATOM}category").attrib == {"term": "harbour"}  # type: ignore[union-attr]

    scheme = "https://pub.example/feeds/tag/"
    assert [dict(node.attrib) for node in ours(FeedFormat.ATOM).iter(f"{ATOM}category")] == [
        {"term": tag, "scheme": scheme, "label": tag} for tag in FULL["tags"]
    ]
    categories = ours(FeedFormat.RSS).findall("item/category")
    assert [(node.text, dict(node.attrib)) for node in categories] == [
        (tag, {"domain": scheme}) for tag in FULL["tags"]
    ]


def test_a_deleted_entry_is_told_in_atom() -> None:
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    told = replace(channel(), deleted=(Tombstone("urn:uuid:1", at),), notice="Its sources do not answer.")
    root = etree.fromstring(FeedDocumentWriter().write(told, FeedFormat.ATOM))
    [gone] = root.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert dict(gone.attrib) == {"ref": "urn:uuid:1", "when": "2026-11-24T08:00:00+00:00"}
    for form in FeedFormat:
        assert "Its sources do not answer." in FeedDocumentWriter().write(told, form).decode()


def test_media_stand_in_the_item_not_in_a_group() -> None:
    feed, entry = plain()
    feed.load_extension("media")
    entry.media.content({"url": "https://news.example/a.png"})
    assert rss(feed.rss_str()).find(f"item/{MEDIA}group/{MEDIA}content") is not None

    ours_rss = ours(FeedFormat.RSS)
    assert ours_rss.find(f".//{MEDIA}group") is None
    assert [dict(node.attrib) for node in ours_rss.findall(f"item/{MEDIA}content")] == [
        {"url": "https://news.example/talk.mp3", "fileSize": "1234", "type": "audio/mpeg", "medium": "audio"},
        {"url": "https://news.example/table.pdf", "type": "application/pdf"},
        {"url": "https://news.example/lead.webp", "type": "image/webp", "medium": "image"},
    ]


def test_a_file_on_a_host_without_a_domain_is_no_enclosure_in_rss() -> None:
    for url, told in (("http://media/a.mp3", False), ("http://192.0.2.1:81/a.mp3", True), ("https://a.b/c", True)):
        item = ours(FeedFormat.RSS, state(enclosures=(Enclosure(url, "audio/mpeg", 7),))).find("item")
        assert item is not None
        assert (item.find("enclosure") is not None) is told, url
        assert item.find(f"{MEDIA}content").get("url") == url  # type: ignore[union-attr]


def test_the_first_enclosure_reaches_rss() -> None:
    feed, entry = plain()
    for name in ("talk.mp3", "table.pdf"):
        entry.enclosure(f"https://news.example/{name}", 0, "x/y")
    assert [node.get("url") for node in rss(feed.rss_str()).findall("item/enclosure")] == [
        "https://news.example/table.pdf"
    ]

    assert [dict(node.attrib) for node in ours(FeedFormat.RSS).findall("item/enclosure")] == [
        {"url": "https://news.example/talk.mp3", "length": "1234", "type": "audio/mpeg"}
    ]
    picture_only = ours(FeedFormat.RSS, state(image="https://news.example/lead.png"))
    assert [dict(node.attrib) for node in picture_only.findall("item/enclosure")] == [
        {"url": "https://news.example/lead.png", "length": "0", "type": "image/png"}
    ]


def test_atom_source_is_complete() -> None:
    feed, entry = plain()
    entry.source("https://news.example/", "Harbour News")
    source = atom(feed.atom_str()).find(f"{ATOM}entry/{ATOM}source")
    assert source is not None
    assert [node.tag for node in source] == [f"{ATOM}title", f"{ATOM}link"]

    source = ours(FeedFormat.ATOM).find(f"{ATOM}entry/{ATOM}source")
    assert source is not None
    assert [(node.tag.removeprefix(ATOM), node.text) for node in source] == [
        ("title", "Harbour News 港口新闻"),
        ("link", None),
        ("id", "https://news.example/"),
        ("updated", "2026-11-18T06:05:04+00:00"),
    ]


def test_dates_are_whole_seconds() -> None:
    feed, entry = plain()
    entry.published(SEEN)
    assert ".123456" in feed.atom_str().decode()

    assert ".123456" not in write(channel(state(**BODY)), FeedFormat.ATOM)
    assert ".999999" not in write(channel(state(published=EARLIER)), FeedFormat.JSON)


def test_writing_never_touches_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr(locale, "setlocale", lambda *args: called.append(args))
    feedgen.util.formatRFC2822(SEEN)
    assert called, "feedgen's own formatter has changed: the replacement may go"

    called.clear()
    write(channel(state(**FULL)), FeedFormat.RSS)
    assert called == []


def test_dates_have_a_zone_and_it_is_utc() -> None:
    _, entry = plain()
    with pytest.raises(ValueError, match="no timezone"):
        entry.published(SEEN.replace(tzinfo=None))

    zoned = SEEN.astimezone(datetime.strptime("+0800", "%z").tzinfo)
    assert ours(FeedFormat.RSS, state(published=zoned)).findtext("item/pubDate") == "Fri, 20 Nov 2026 08:30:15 +0000"


# A process says what its documents are, in a locale that its environment chooses.
TOLD = """
import hashlib, locale
locale.setlocale(locale.LC_ALL, "")
from tests.unit.feeds.samples import SHAPES, FeedFormat, write
for name in SHAPES:
    for format in FeedFormat:
        print(hashlib.sha256(write(SHAPES[name], format).encode()).hexdigest())
"""


def test_same_channel_same_bytes_in_every_process(tmp_path: Path) -> None:
    here = [hashlib.sha256(write(shape, form).encode()).hexdigest() for shape in SHAPES.values() for form in FeedFormat]
    # Another seed of sets, zone, locale, encoding of files and folder: what another machine may have.
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONUTF8": "0"}
    environment = {**os.environ, **elsewhere, "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TOLD]
    other = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert other.stdout.split() == here


def test_same_channel_same_bytes_in_every_thread() -> None:
    shown = channel(*(state(number, edited=SEEN + timedelta(days=1), **FULL) for number in range(20)))
    expected = [write(shown, format) for format in FeedFormat]
    got: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: got.append([write(shown, format) for format in FeedFormat])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 8
