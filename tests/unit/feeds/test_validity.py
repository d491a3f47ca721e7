"""Whatever the articles hold, the documents are valid, and no feed is lost."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.pipeline.ports import Channel
from tests.unit.feeds.samples import FULL, SHAPES, channel, state, write
from tests.unit.feeds.validity import atom_faults, json_faults, rss_faults

FAULTS: dict[FeedFormat, Callable[[str], list[str]]] = {
    FeedFormat.RSS: rss_faults,
    FeedFormat.ATOM: atom_faults,
    FeedFormat.JSON: json_faults,
}

anything = st.text(st.characters(exclude_categories=()), max_size=40)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
addresses = st.one_of(anything, anything.map("https://news.example/".__add__), st.builds("http://{}".format, anything))
contents = st.fixed_dictionaries(
    {
        "title": anything,
        "authors": st.lists(anything, max_size=3).map(tuple),
        "tags": st.lists(anything, max_size=3).map(tuple),
        "language": st.none() | anything,
        "published": st.none() | instants,
        "updated": st.none() | instants,
        "summary": anything,
        "html": anything,
        "text": anything,
        "image": st.none() | addresses,
        "enclosures": st.lists(st.builds(Enclosure, addresses, anything, st.integers()), max_size=3).map(tuple),
        "original_url": st.none() | addresses,
    }
)


@pytest.mark.parametrize("format", FeedFormat)
@pytest.mark.parametrize("shape", SHAPES)
def test_document_of_every_shape_is_valid(shape: str, format: FeedFormat) -> None:
    document = write(SHAPES[shape], format)
    assert FAULTS[format](document) == [], document


@given(contents, addresses, anything, anything)
@settings(deadline=None)
def test_hostile_articles_make_valid_documents(
    content: dict[str, object], url: str, title: str, description: str
) -> None:
    hostile = channel(state(1, url=url, **content), state(2, source_url=url), title=title, description=description)
    for format in FeedFormat:
        document = write(hostile, format)
        assert FAULTS[format](document) == [], document


@pytest.mark.parametrize(
    ("format", "said", "broken"),
    [
        (FeedFormat.ATOM, "<updated>", "<updated>yesterday "),
        (FeedFormat.ATOM, 'type="html"', 'type="CDATA"'),
        (FeedFormat.ATOM, "<name>林小满</name>", ""),
        (FeedFormat.ATOM, "summary>", "summry>"),
        (FeedFormat.ATOM, 'rel="via"', ""),
        (FeedFormat.ATOM, "<id>https://news.example/</id>", ""),
        (FeedFormat.RSS, ' length="1234"', ""),
        (FeedFormat.RSS, "<ttl>30</ttl>", ""),
        (FeedFormat.RSS, "dc:creator>", "author>"),
        (FeedFormat.RSS, ' isPermaLink="false"', ""),
        (FeedFormat.RSS, ">https://news.example/1<", ">/1<"),
        (FeedFormat.JSON, '"content_html"', '"content"'),
        (FeedFormat.RSS, "<url>https://pub.example", "<url>pub.example"),
        (FeedFormat.JSON, '"mime_type"', '"_type"'),
        (FeedFormat.JSON, "https://origin.example", "origin"),
    ],
)
def test_checks_see_what_is_broken(format: FeedFormat, said: str, broken: str) -> None:
    document = write(channel(state(**FULL)), format)
    assert said in document
    assert FAULTS[format](document.replace(said, broken)) != []


def test_no_address_of_this_machine_gets_out() -> None:
    shown: Channel = SHAPES["from a folder"]
    for format in FeedFormat:
        document = write(shown, format)
        assert "/srv/notes" not in document
        assert "urn:folder" not in document


@pytest.mark.parametrize("format", [FeedFormat.RSS, FeedFormat.ATOM])
def test_documents_name_a_style_sheet_for_browsers(format: FeedFormat) -> None:
    document = write(channel(state(), style='/a&"b/feed.css'), format)
    assert document.splitlines()[1] == '<?xml-stylesheet type="text/css" href="/a&amp;&quot;b/feed.css"?>'
    assert FAULTS[format](document) == []
    assert "xml-stylesheet" not in write(channel(state()), format)
