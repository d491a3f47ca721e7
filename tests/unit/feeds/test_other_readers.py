"""What goes into a feed comes out again by fastfeedparser and by the library `reader`, in each of the three formats.

They read the whole document, so what they make of it besides is seen, too: who wrote what, when, and where it leads.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import fastfeedparser
import feedparser_sgmllib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.feeds.clean import clean, line
from tests.unit.feeds.samples import FULL, channel, state, write
from tests.unit.feeds.test_round_trip import contents, lines, seconds, spoken

GUID = "urn:uuid:00000000-0000-4000-8000-000000000001"
HOME = "https://pub.example/"


def moment(read: Any) -> int:
    return seconds(read if isinstance(read, datetime) else datetime.fromisoformat(read))


@pytest.mark.parametrize("format", FeedFormat)
@given(content=contents, title=spoken, description=spoken)
@settings(deadline=None, max_examples=40)
def test_articles_come_back_from_fastfeedparser(
    format: FeedFormat, content: dict[str, Any], title: str, description: str
) -> None:
    document = write(channel(state(**content), title=title, description=description), format)
    read = fastfeedparser.parse(document.encode())
    assert (read.feed.title, read.feed.subtitle) == (line(title).strip(), line(description).strip())
    assert read.feed.link == HOME

    [entry] = read.entries
    assert (entry.id, entry.link) == (GUID, "https://news.example/1")
    assert entry.title == line(content["title"]).strip()
    assert entry.content[0]["value"].strip() == clean(content["html"]).strip()
    assert [tag["term"] for tag in entry.get("tags", [])] == [tag.strip() for tag in lines(content["tags"])]
    assert moment(entry.published) == seconds(content["published"])
    if format is not FeedFormat.RSS:
        assert moment(entry.updated) == seconds(max(content["updated"], content["published"]))
    if lines(content["authors"]):
        assert entry.author == lines(content["authors"])[0].strip()


def nodes(markup: str) -> list[tuple[Any, ...]]:
    """What markup says, however it is written: `reader` writes it anew."""
    fragment = html.fragment_fromstring(markup, create_parent="div")
    return [(node.tag, dict(node.attrib), node.text, node.tail) for node in fragment.iter()]


def read_by_reader(document: str, format: FeedFormat, at: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The feed and its only entry."""
    monkeypatch.setitem(sys.modules, "sgmllib", feedparser_sgmllib)
    reader = pytest.importorskip("reader").make_reader(":memory:", feed_root=str(at))
    (at / f"feed.{format}").write_text(document)
    reader.add_feed(f"feed.{format}")
    reader.update_feeds()
    [entry] = reader.get_entries()
    return reader.get_feed(f"feed.{format}"), entry


@pytest.mark.parametrize("format", FeedFormat)
def test_an_article_comes_back_from_reader(format: FeedFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = write(channel(state(**FULL)), format)
    feed, entry = read_by_reader(document, format, tmp_path, monkeypatch)
    assert (feed.title, feed.subtitle, feed.link) == ("All news 全部新闻", "What is new in the harbour", HOME)

    assert (entry.id, entry.link, entry.title) == (GUID, "https://news.example/1", FULL["title"])
    # Of XML it takes one author, the last that its parser saw.
    authors = ["林小满", "Ana Ruiz"] if format is FeedFormat.JSON else ["Ana Ruiz"]
    assert [author.name for author in entry.authors] == authors
    assert entry.published == FULL["published"].replace(microsecond=0)
    assert nodes(max((content.value for content in entry.content), key=len)) == nodes(FULL["html"])
    files = [(file.href, file.type, file.length) for file in entry.enclosures]
    assert files[0] == ("https://news.example/talk.mp3", "audio/mpeg", 1234)


@settings(deadline=None, max_examples=15)
@given(content=contents, enclosures=st.just((Enclosure("https://files.example/a", "audio/mpeg", 7),)))
def test_atom_comes_back_from_fastfeedparser_with_its_links(content: dict[str, Any], enclosures: Any) -> None:
    document = write(channel(state(**{**content, "enclosures": enclosures})), FeedFormat.ATOM)
    [entry] = fastfeedparser.parse(document.encode()).entries
    assert "https://files.example/a" in [link["href"] for link in entry.links if link["rel"] == "enclosure"]
    via = [link["href"] for link in entry.links if link["rel"] == "via"]
    assert via == ([content["original_url"]] if content["original_url"] else [])
