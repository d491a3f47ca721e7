"""What goes into a feed comes out again by another's parser, for any text."""

import calendar
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.feeds.clean import clean, line
from publisher.pipeline.ports import Channel
from tests.unit.feeds.samples import FULL, channel, state, write


def _read_as_latin_1(text: str) -> bool:
    """Whether feedparser takes it for UTF-8 that was decoded as Latin-1, as it does in RSS, and decodes it again."""
    try:
        return not text.isascii() and bool(clean(text).encode("latin-1").decode("utf-8"))
    except ValueError:
        return False


anything = st.text(st.characters(exclude_categories=()), max_size=60)
spoken = anything.filter(
    lambda text: line(text) != "" and not _read_as_latin_1(line(text)) and not _read_as_latin_1(text)
)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))
contents = st.fixed_dictionaries(
    {
        "title": spoken,
        "authors": st.lists(spoken, max_size=3).map(tuple),
        "tags": st.lists(spoken, max_size=3).map(tuple),
        "published": instants,
        "updated": instants,
        "summary": spoken,
        "html": spoken.map("<p>{}</p>".format),
        "original_url": st.none() | st.just("https://origin.example/1"),
        "image": st.none() | st.just("https://news.example/a.png"),
        "enclosures": st.lists(
            st.builds(
                Enclosure,
                st.from_regex(r"https://files\.example/[a-z]{1,8}", fullmatch=True),
                st.sampled_from(["audio/mpeg", "application/pdf"]),
                st.integers(1, 2**40),
            ),
            max_size=2,
            unique_by=lambda enclosure: enclosure.url,
        ).map(tuple),
    }
)


def parse(shown: Channel, format: FeedFormat) -> Any:
    document = write(shown, format).encode()
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not parsed.bozo, (parsed.bozo_exception, document.decode())
    return parsed


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def lines(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(line, texts)))


def spaced(text: str) -> str:
    """feedparser strips all white space at the ends, and so do we in order to compare."""
    return text.strip()


@pytest.mark.parametrize("format", [FeedFormat.RSS, FeedFormat.ATOM])
@given(content=contents, title=spoken, description=spoken)
@settings(deadline=None)
def test_articles_come_back_from_xml(format: FeedFormat, content: dict[str, Any], title: str, description: str) -> None:
    parsed = parse(channel(state(1, **content), state(2), title=title, description=description), format)
    assert parsed.feed.title == line(title)
    assert parsed.feed.subtitle == line(description)

    entry, other = parsed.entries
    assert other.title == "Title 2"
    assert entry.id == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert entry.title == line(content["title"])
    assert entry.link == "https://news.example/1"
    assert [author["name"] for author in entry.get("authors", []) if author] == lines(content["authors"])
    assert [tag.term for tag in entry.get("tags", [])] == lines(content["tags"])
    assert calendar.timegm(entry.published_parsed) == seconds(content["published"])
    assert spaced(entry.content[0].value) == spaced(clean(content["html"]))
    summary = unescape(entry.summary) if format is FeedFormat.RSS else entry.summary
    assert spaced(summary) == spaced(clean(content["summary"]))


@given(content=contents)
@settings(deadline=None, max_examples=30)
def test_atom_keeps_links_and_dates(content: dict[str, Any]) -> None:
    (entry,) = parse(channel(state(**content)), FeedFormat.ATOM).entries
    assert calendar.timegm(entry.updated_parsed) == seconds(max(content["updated"], content["published"]))
    via = [link.href for link in entry.links if link.rel == "via"]
    assert via == ([content["original_url"]] if content["original_url"] else [])
    media = [(link.href, link.get("type"), int(link.get("length", 0))) for link in entry.enclosures]
    image = [(content["image"], "image/png", 0)] if content["image"] else []
    assert media == [(file.url, file.type, file.length) for file in content["enclosures"]] + image


@given(content=contents)
@settings(deadline=None, max_examples=30)
def test_rss_keeps_one_enclosure_and_all_media(content: dict[str, Any]) -> None:
    (entry,) = parse(channel(state(**content)), FeedFormat.RSS).entries
    image = [content["image"]] if content["image"] else []
    urls = [file.url for file in content["enclosures"]] + image
    assert [enclosure.href for enclosure in entry.enclosures] == urls[:1]
    assert [media["url"] for media in entry.get("media_content", [])] == urls


@given(content=contents, title=spoken)
@settings(deadline=None)
def test_articles_come_back_from_json(content: dict[str, Any], title: str) -> None:
    feed = json.loads(write(channel(state(**content), title=title), FeedFormat.JSON))
    (item,) = feed["items"]
    assert feed["title"] == line(title)
    assert item["title"] == line(content["title"])
    assert [author["name"] for author in item.get("authors", [])] == lines(content["authors"])
    assert item.get("tags", []) == lines(content["tags"])
    assert seconds(datetime.fromisoformat(item["date_published"])) == seconds(content["published"])
    assert item["content_html"] == clean(content["html"])
    assert item["summary"] == clean(content["summary"]).strip()


def test_chinese_article_comes_back_whole() -> None:
    for format in (FeedFormat.RSS, FeedFormat.ATOM):
        (entry,) = parse(channel(state(**FULL)), format).entries
        assert entry.title == FULL["title"]
        assert entry.content[0].value == FULL["html"]
        assert [tag.term for tag in entry.tags] == ["开放数据", "harbour"]
        assert entry.source.title == "Harbour News 港口新闻"
        assert re.fullmatch("zh-CN", entry.get("dc_language") or entry.get("language") or entry.content[0].language)
