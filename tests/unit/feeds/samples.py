"""Articles and channels of every shape that a feed has to stand; written by us."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.domain.article import (
    Article,
    ArticleState,
    Content,
    Enclosure,
    Revision,
    SourceCredit,
    Tombstone,
    within_rights,
)
from publisher.domain.feed import FeedFormat
from publisher.domain.rights import Use
from publisher.domain.source import Rights
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ports import Channel

SEEN = datetime(2026, 11, 20, 8, 30, 15, 123456, tzinfo=UTC)
EARLIER = datetime(2026, 11, 18, 6, 5, 4, 999999, tzinfo=UTC)

FULL: dict[str, Any] = {
    "title": "潮汐表开放数据：每六分钟一个读数",
    "authors": ("林小满", "Ana Ruiz"),
    "tags": ("开放数据", "harbour"),
    "language": "zh-CN",
    "published": EARLIER,
    "summary": "港务局 & 气象站 <共同> 公布了读数。",
    "html": '<h2 id="user-a">读数</h2><p>水位 &lt; 3 &amp; 上涨。<img src="https://news.example/a.png" alt=""></p>',
    "text": "读数\n\n水位 < 3 & 上涨。",
    "image": "https://news.example/lead.webp",
    "enclosures": (
        Enclosure("https://news.example/talk.mp3", "audio/mpeg", 1234),
        Enclosure("https://news.example/table.pdf"),
    ),
    "original_url": "https://origin.example/tides/940",
}


def state(
    number: int = 1,
    *,
    url: str | None = None,
    source_url: str = "https://news.example/",
    rights: Rights = Rights.OWN,
    edited: datetime | None = None,
    **content: Any,
) -> ArticleState:
    """An article first seen `number` minutes after `SEEN`; what isn't said of it is missing."""
    seen = SEEN + timedelta(minutes=number)
    made = ArticleState(
        Article(
            id=number,
            guid=uuid.UUID(int=number, version=4).urn,
            source_id=1,
            key=str(number),
            url=f"https://news.example/{number}" if url is None else url,
            canonical_url=None,
            first_seen=seen,
            first_seq=number,
        ),
        Revision(
            seq=number,
            content=Content(**{"title": f"Title {number}", **content}),
            at=edited or seen,
            changed_at=edited or seen,
        ),
        SourceCredit(1, "harbour", "Harbour News 港口新闻", source_url, rights),
    )
    shown = within_rights(made, Use.FEED)
    assert shown is not None
    return shown


def addresses(name: str) -> dict[FeedFormat, str]:
    """Of the three documents of a feed, or of a page of its archive."""
    return {format: f"https://pub.example/feeds/{name}.{format}" for format in FeedFormat}


def channel(*items: ArticleState, **changes: Any) -> Channel:
    """A channel of these articles, as the pipeline makes it."""
    said: dict[str, Any] = {
        "id": uuid.UUID(int=99, version=4).urn,
        "slug": "all-news",
        "title": "All news 全部新闻",
        "description": "What is new in the harbour",
        "language": "en",
        "home_url": "https://pub.example/",
        "self_urls": addresses("all-news"),
        "items": items,
        "tags_url": "https://pub.example/feeds/tag/",
        "image": "https://pub.example/static/feed.png",
        "updated": max((item.updated for item in items), default=datetime(2000, 1, 1, tzinfo=UTC)),
    }
    return Channel(**{**said, **changes})


def write(channel: Channel, format: FeedFormat) -> str:
    """A document as text."""
    return FeedDocumentWriter().write(channel, format).decode()


FOLDER: dict[str, Any] = {"url": "urn:folder:notes/tides.md", "source_url": "/srv/notes"}
BODY: dict[str, Any] = {"html": "<p>Body</p>", "text": "Body"}
HOSTILE_URLS: dict[str, Any] = {
    "url": "https://例子.example/路径/文 章?q=中|x%zz#片 段",
    "image": "https://cdn.example/图 [1].JPG",
    "original_url": "javascript:alert(1)",
    "enclosures": (
        Enclosure("ftp://news.example/a"),
        Enclosure("https://news.example:99999/a"),
        Enclosure("https://[::g]/"),
        Enclosure("https://news.example/v?id=1", "Video/MP4; codecs=avc1", -5),
        Enclosure("https://news.example/v?id=1", "not a type"),
    ),
}
MARKUP = (
    "<figure><img src='https://news.example/a.png' alt='a'><figcaption>c</figcaption></figure>"
    "<table><tr><td>1</td></tr></table><pre><code>if (a &lt; b) ]]&gt; ]]></code></pre>"
    "<ruby>漢<rt>hàn</rt></ruby><details><summary>s</summary>d</details>"
)

SHAPES: dict[str, Channel] = {
    "empty": channel(),
    "empty and bare": channel(title=" ", description="", language=None, self_urls={}, tags_url="", image=""),
    "current": channel(
        state(1, **FULL),
        hubs=("https://hub.example/", "https://枢纽.example/推", "ftp://hub.example/"),
        prev_archive=addresses("all-news/archive/7-0123456789ab"),
        deleted=(Tombstone(uuid.UUID(int=5, version=4).urn, SEEN),),
        notice="None of its sources has answered since 2026-11-20.",
        style="/static/feed.css",
    ),
    "page of an archive": channel(
        state(1, **FULL),
        self_urls=addresses("all-news/archive/7-0123456789ab"),
        prev_archive=addresses("all-news/archive/6-ba9876543210"),
        next_archive=addresses("all-news/archive/8"),
        current=addresses("all-news"),
        archive=True,
    ),
    "whole": channel(state(1, **FULL), state(2, **{**FULL, "language": "en"})),
    "undated": channel(state(**BODY)),
    "edited": channel(state(1, published=EARLIER, edited=SEEN + timedelta(days=1), **BODY)),
    "only a title": channel(state(title="Only a title")),
    "nothing at all": channel(state(title=" ", **FOLDER)),
    "control characters": channel(
        state(
            title="a\x00b\x0b\ufffe\ud800c\x85",
            html="<p>\x01x\x1f\ud83d\uffff</p>",
            text="x\x02",
            authors=("\x03A\x04", "\x05"),
            tags=("\x06t", "\x07"),
        ),
        title="T\x08",
        description="\x0eD",
    ),
    "five megabytes": channel(state(html="<p>" + "长文 and long &amp; " * 220_000 + "</p>", text="长文 " * 20_000)),
    "scripts of the world": channel(
        state(title="漢字 👩‍👩‍👧 שלום \u202eabc", html="<p>😀 مرحبا \u202bx\u202c</p>", text="😀", tags=("😀", "שלום"))
    ),
    "markup in text": channel(
        state(
            title='He said "it\'s <b>bold</b>" &amp; ]]>', summary="a <i>&amp; ]]>", text="\"'<>&", html="<p>\"'</p>"
        ),
        title='"Q" & <A>',
        description="</b>&amp;",
    ),
    "markup": channel(state(html=MARKUP, text="c")),
    "text only": channel(state(text="one <tag>\ntwo\n\nthree")),
    "images only": channel(state(html='<img src="https://news.example/a.png" alt="">')),
    "quoted": channel(state(rights=Rights.QUOTE, **FULL)),
    "from a folder": channel(state(**FOLDER, **FULL), state(2, **FOLDER, **BODY)),
    "quoted from a folder": channel(state(rights=Rights.QUOTE, **FOLDER, **FULL)),
    "hostile addresses": channel(state(**HOSTILE_URLS, **BODY)),
    "many": channel(*(state(number, **FULL) for number in range(1, 51))),
}
