"""The sources as a list for other readers."""

from datetime import UTC, datetime

from lxml import etree

from publisher.domain.source import Source, SourceKind
from publisher.feeds.opml import write
from publisher.sources import opml

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_feeds_are_listed_with_their_tags_and_pages_as_links() -> None:
    data = write(
        [
            Source(
                name="ada",
                title="Ada \x01& <Co>",
                kind=SourceKind.FEED,
                url="https://ada.example/?a=1&b=2",
                tags=("a, b", "c/d"),
            ),
            Source(name="city", kind=SourceKind.LISTING, url="https://city.example/", language="zh-CN"),
            Source(name="map", kind=SourceKind.SITEMAP, url="https://city.example/sitemap.xml"),
            Source(name="notes", kind=SourceKind.FOLDER, url="/srv/notes"),
            Source(name="desk", kind=SourceKind.PUSH, url=""),
        ],
        "Harbour",
        NOW,
    )
    root = etree.fromstring(data)
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "Harbour"
    assert [dict(outline.attrib) for outline in root.iter("outline")] == [
        {
            "text": "Ada & <Co>",
            "title": "Ada & <Co>",
            "type": "rss",
            "xmlUrl": "https://ada.example/?a=1&b=2",
            "category": "a b,c d",
        },
        {"text": "city", "title": "city", "type": "link", "url": "https://city.example/", "language": "zh-CN"},
        {"text": "map", "title": "map", "type": "link", "url": "https://city.example/sitemap.xml"},
    ]
    assert b"/srv/notes" not in data
    [feed] = opml.parse(data).feeds
    assert (feed.url, feed.tags) == ("https://ada.example/?a=1&b=2", ("a b", "c d"))
