"""How long RSS and Atom of 50 and of 1,000 full articles take to build: `python -m tests.bench.bench_documents`.

The yardstick: two trees of the same elements made by lxml alone, of texts that are clean already, as one would write
them for one site. Both by turns, the quickest of each counts: whatever else a machine does only makes runs slower.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from lxml import etree

from publisher.domain.article import Article, ArticleState, Content, Enclosure, Revision, SourceCredit
from publisher.domain.feed import FeedFormat
from publisher.domain.source import Rights
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ports import Channel

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
HOME = "https://pub.example"
SOURCE = SourceCredit(1, "harbour", "Harbour News 港口新闻", "https://news.example/", Rights.OWN)
FEED_TITLE, ABOUT, TAGS = "All news 全部新闻", "What is new in the harbour", f"{HOME}/feeds/tag/"
TEXT = "水位每六分钟读一次，<b>数据</b>公开 &amp; free for all to use, in any of the usual forms."
MOST = {50: 3.0, 1000: 2.2}
"""How many times as long as the yardstick each may take."""

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PREFIXES = {"atom": ATOM, "content": CONTENT, "dc": DC, "media": MEDIA, "sy": SY}


def article(number: int) -> ArticleState:
    """An article of about 3,800 characters with everything that documents tell."""
    at = NOW - timedelta(minutes=7 * number)
    url = f"https://news.example/2026/11/{number}"
    content = Content(
        title=f"潮汐表开放数据：第 {number} 个读数",
        authors=("林小满", "Ana Ruiz"),
        tags=("开放数据", "harbour"),
        language="zh-CN",
        published=at,
        summary="港务局与气象站共同公布了读数 & what they mean.",
        html=f'<h2>第 {number} 天</h2><img src="{url}/a.png" alt="">' + f"<p>{TEXT}</p>" * 45,
        text=TEXT * 45,
        image=f"{url}/lead.webp",
        enclosures=(Enclosure(f"{url}/talk.mp3", "audio/mpeg", 1234),),
    )
    made = Article(
        id=number,
        guid=uuid.UUID(int=number, version=4).urn,
        source_id=1,
        key=str(number),
        url=url,
        canonical_url=None,
        first_seen=at,
        first_seq=number,
    )
    return ArticleState(made, Revision(seq=number, content=content, at=at, changed_at=at), SOURCE)


def ours(articles: Sequence[ArticleState]) -> tuple[bytes, bytes]:
    """Both documents by our writer."""
    channel = Channel(
        id="urn:uuid:00000000-0000-4000-8000-000000000063",
        slug="all-news",
        title=FEED_TITLE,
        description=ABOUT,
        language="zh-CN",
        home_url=f"{HOME}/",
        self_urls={format: f"{HOME}/feeds/all-news.{format}" for format in FeedFormat},
        items=tuple(articles),
        updated=NOW,
        tags_url=TAGS,
    )
    writer = FeedDocumentWriter()
    return writer.write(channel, FeedFormat.RSS), writer.write(channel, FeedFormat.ATOM)


def by_lxml(articles: Sequence[ArticleState]) -> tuple[bytes, bytes]:
    """Both documents by lxml alone."""
    return _rss(articles), _atom(articles)


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, tag, attributes)
    node.text = text
    return node


def _rss(articles: Sequence[ArticleState]) -> bytes:
    rss = etree.Element("rss", version="2.0", nsmap={prefix: name[1:-1] for prefix, name in PREFIXES.items()})
    channel = _add(rss, "channel")
    _add(channel, "title", FEED_TITLE)
    _add(channel, "link", f"{HOME}/")
    _add(channel, "description", ABOUT)
    _add(channel, f"{ATOM}link", href=f"{HOME}/feeds/all-news.rss", rel="self", type="application/rss+xml")
    _add(channel, "docs", "http://www.rssboard.org/rss-specification")
    _add(channel, "generator", "publisher")
    _add(channel, "language", "zh-CN")
    _add(channel, "lastBuildDate", format_datetime(NOW))
    _add(channel, "ttl", "30")
    _add(channel, f"{SY}updatePeriod", "hourly")
    _add(channel, f"{SY}updateFrequency", "2")
    for state in articles:
        content = state.revision.content
        item = _add(channel, "item")
        _add(item, "title", content.title)
        _add(item, "link", state.article.url)
        _add(item, "description", content.summary)
        _add(item, f"{CONTENT}encoded", content.html)
        _add(item, "guid", state.article.guid, isPermaLink="false")
        for tag in content.tags:
            _add(item, "category", tag, domain=TAGS)
        file = content.enclosures[0]
        _add(item, "enclosure", url=file.url, length=str(file.length), type=file.type)
        _add(item, "pubDate", format_datetime(content.published or NOW))
        _add(item, "source", state.source.title, url=state.source.url)
        for author in content.authors:
            _add(item, f"{DC}creator", author)
        _add(item, f"{MEDIA}content", url=file.url, fileSize=str(file.length), type=file.type, medium="audio")
        _add(item, f"{MEDIA}content", url=content.image or "", type="image/webp", medium="image")
    return etree.tostring(rss, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def _atom(articles: Sequence[ArticleState]) -> bytes:
    feed = etree.Element(f"{ATOM}feed", {LANG: "zh-CN"}, nsmap={None: ATOM[1:-1], "sy": SY[1:-1]})
    _add(feed, f"{ATOM}id", "urn:uuid:00000000-0000-4000-8000-000000000063")
    _add(feed, f"{ATOM}title", FEED_TITLE)
    _add(feed, f"{ATOM}updated", NOW.isoformat())
    author = _add(feed, f"{ATOM}author")
    _add(author, f"{ATOM}name", FEED_TITLE)
    _add(author, f"{ATOM}uri", f"{HOME}/")
    _add(feed, f"{ATOM}link", href=f"{HOME}/feeds/all-news.atom", rel="self", type="application/atom+xml")
    _add(feed, f"{ATOM}link", href=f"{HOME}/", rel="alternate", type="text/html")
    _add(feed, f"{ATOM}generator", "publisher")
    _add(feed, f"{ATOM}subtitle", ABOUT)
    _add(feed, f"{SY}updatePeriod", "hourly")
    _add(feed, f"{SY}updateFrequency", "2")
    for state in articles:
        content, at = state.revision.content, state.dated.isoformat()
        entry = _add(feed, f"{ATOM}entry")
        _add(entry, f"{ATOM}id", state.article.guid)
        _add(entry, f"{ATOM}title", content.title)
        _add(entry, f"{ATOM}updated", at)
        for name in content.authors:
            _add(_add(entry, f"{ATOM}author"), f"{ATOM}name", name)
        _add(entry, f"{ATOM}content", content.html, type="html")
        _add(entry, f"{ATOM}link", href=state.article.url, rel="alternate")
        file = content.enclosures[0]
        _add(entry, f"{ATOM}link", href=file.url, rel="enclosure", type=file.type, length=str(file.length))
        _add(entry, f"{ATOM}link", href=content.image or "", rel="enclosure", type="image/webp")
        _add(entry, f"{ATOM}summary", content.summary)
        for tag in content.tags:
            _add(entry, f"{ATOM}category", term=tag, scheme=TAGS, label=tag)
        _add(entry, f"{ATOM}published", at)
        source = _add(entry, f"{ATOM}source")
        _add(source, f"{ATOM}title", state.source.title)
        _add(source, f"{ATOM}link", href=state.source.url)
        _add(source, f"{ATOM}id", state.source.url)
        _add(source, f"{ATOM}updated", at)
    return etree.tostring(feed, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def took(build: Callable[[], object]) -> float:
    began = time.perf_counter()
    build()
    return time.perf_counter() - began


def main() -> None:
    """Print the times and their ratios."""
    for count, most in MOST.items():
        articles = [article(number) for number in range(count)]
        rounds = 4000 // count + 5
        times = [(took(lambda: ours(articles)), took(lambda: by_lxml(articles))) for _ in range(rounds)]  # noqa: B023
        mine, plain = (min(column) for column in zip(*times, strict=True))
        size = sum(map(len, ours(articles)))
        print(
            f"documents: RSS and Atom of {count:,} full articles, {size / 1000:,.0f} KB, in {mine * 1000:.1f} ms; "
            f"lxml alone {plain * 1000:.1f} ms: ratio {mine / plain:.2f} (at most {most})"
        )


if __name__ == "__main__":
    main()
