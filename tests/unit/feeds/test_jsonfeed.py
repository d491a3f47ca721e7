"""JSON Feed 1.1, member by member."""

import json
from typing import Any

from publisher.domain.feed import FeedFormat
from publisher.domain.source import Rights
from tests.unit.feeds.samples import FOLDER, FULL, SHAPES, channel, state, write


def items(*states: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(write(channel(*states), FeedFormat.JSON))["items"]
    return made


def test_feed_members() -> None:
    feed = json.loads(write(channel(), FeedFormat.JSON))
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "All news 全部新闻",
        "home_page_url": "https://pub.example/",
        "feed_url": "https://pub.example/feeds/all-news.json",
        "description": "What is new in the harbour",
        "icon": "https://pub.example/static/feed.png",
        "language": "en",
        "items": [],
    }


def test_feed_members_that_lead_elsewhere() -> None:
    feed = json.loads(write(SHAPES["current"], FeedFormat.JSON))
    assert feed["next_url"] == "https://pub.example/feeds/all-news/archive/7-0123456789ab.json"
    assert feed["hubs"] == [
        {"type": "WebSub", "url": "https://hub.example/"},
        {"type": "WebSub", "url": "https://xn--mtv572c.example/%E6%8E%A8"},
    ]
    assert feed["description"].endswith("in the harbour · None of its sources has answered since 2026-11-20.")


def test_item_members() -> None:
    assert items(state(**FULL)) == [
        {
            "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
            "url": "https://news.example/1",
            "external_url": "https://origin.example/tides/940",
            "title": FULL["title"],
            "content_html": FULL["html"],
            "summary": FULL["summary"],
            "image": "https://news.example/lead.webp",
            "date_published": "2026-11-18T06:05:04+00:00",
            "date_modified": "2026-11-18T06:05:04+00:00",
            "authors": [{"name": "林小满"}, {"name": "Ana Ruiz"}],
            "tags": ["开放数据", "harbour"],
            "language": "zh-CN",
            "attachments": [
                {"url": "https://news.example/talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234},
                {"url": "https://news.example/table.pdf", "mime_type": "application/pdf"},
            ],
            "_source": {"title": "Harbour News 港口新闻", "url": "https://news.example/"},
        }
    ]


def test_item_without_body_has_its_summary_or_title_as_content() -> None:
    quoted, bare = items(state(1, rights=Rights.QUOTE, **FULL), state(2, **FOLDER))
    assert quoted["content_text"] == quoted["summary"] == FULL["summary"]
    assert bare["content_text"] == "Title 2"
    assert "url" not in bare


def test_feed_names_no_authors_that_items_would_inherit() -> None:
    document = json.loads(write(channel(state()), FeedFormat.JSON))
    assert "authors" not in document
    assert "authors" not in document["items"][0]


def test_chinese_is_written_as_it_is_read() -> None:
    assert "潮汐表开放数据" in write(channel(state(**FULL)), FeedFormat.JSON)
