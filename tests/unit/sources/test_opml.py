"""Lists of feeds of other readers: folders become tags, and the hostile end as one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources import opml
from publisher.sources.opml import NotOpml, OpmlFeed, parse


def document(body: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def test_folders_and_categories_are_tags() -> None:
    found = parse(
        document(
            '<outline text="科技"><outline title="Ada &amp; Co" text="x" xmlUrl="https://ada.example/rss"/>'
            '<outline text="Deep">'
            '<outline text="B" xmlurl="feed://b.example/" category="/Boston/Weather,tech"/></outline>'
            '</outline><outline text="News"><outline text="Again" xmlUrl="https://ada.example/rss"/></outline>'
        )
    )
    assert found.feeds == (
        OpmlFeed("https://ada.example/rss", "Ada & Co", ("科技", "News")),
        OpmlFeed("http://b.example/", "B", ("科技", "Deep", "Boston", "Weather", "tech")),
    )


def test_what_is_no_feed_is_told() -> None:
    found = parse(
        document(
            '<outline text="bad" xmlUrl="javascript:1"/><outline text="page" type="link" url="https://x.example/"/>'
            '<outline text="secret" xmlUrl="https://user:pw@x.example/"/><outline text="empty folder"/><!-- c --><?p?>'
        )
    )
    assert found.feeds == ()
    assert [line.split(":")[0] for line in found.left_out] == ["bad", "page", "secret"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "it is empty"),
        (b"<opml><body>", "it is broken XML"),
        (b"<rss/>", "its root element is <rss>, not <opml>"),
        (b"<opml/>", "it has no <body>"),
        (document("<outline>" * 100_000), "it is broken XML"),
        (document('<outline text="a"/>' * (opml.MAX_OUTLINES + 1)), "it has more than 20,000 outlines"),
        (b"<opml>" + b" " * opml.MAX_BYTES, "it is larger than 10 MiB"),
    ],
    ids=["empty", "cut", "rss", "no body", "deep", "many", "large"],
)
def test_what_is_no_list_is_said_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(NotOpml) as error:
        parse(data)
    assert str(error.value).startswith(reason)
    assert "\n" not in str(error.value)


def test_entities_are_never_resolved() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE opml [<!ENTITY l0 "ha">{laughs}]><opml><body><outline text="&l8;" xmlUrl="https://a.example/"/>'
    with pytest.raises(NotOpml, match="it is broken XML"):
        parse(f"{bomb}</body></opml>".encode())
    outside = '<!DOCTYPE opml [<!ENTITY f SYSTEM "file:///etc/hostname">]><opml><body>&f;<outline text="a" xmlUrl="https://a.example/"/>'
    assert [feed.url for feed in parse(f"{outside}</body></opml>".encode()).feeds] == ["https://a.example/"]


def told(data: bytes) -> str:
    try:
        parse(data)
    except NotOpml as error:
        return str(error)
    return ""


@given(st.binary(max_size=300) | st.text(max_size=200).map(document))
def test_only_our_own_error_comes_out(data: bytes) -> None:
    assert "\n" not in told(data)
