"""Whatever a source is, its articles say whole addresses in all three documents, and their markup survives."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import feedparser
import pytest
from lxml import etree

from publisher.domain.article import Content
from publisher.domain.feed import FeedFormat
from publisher.domain.source import Source, SourceKind, Validators
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, Reading, ReadRequest, Refused
from publisher.sources.kinds import build_readers
from publisher.sources.pages import sanitize
from publisher.sources.pushed import read as read_pushed
from tests.unit.feeds.samples import channel, state

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PAGE = "https://quay.example/news/tides/1.html"
ADDRESSES = {"href", "src", "srcset", "poster", "cite", "data", "longdesc", "background", "action", "formaction",
             "icon", "manifest", "codebase", "classid", "archive", "usemap", "profile", "ping", "dynsrc", "lowsrc",
             "xlink:href", "altimg"}  # fmt: skip
"""Attributes that hold an address (HTML, HTML 4.01, SVG, MathML)."""

BODY = """
<p>The harbour office measures the water every six minutes, all day and all night, and gives the readings to everybody
who asks for them.<a href="#fn1" id="ref1" class="footnote-ref"><sup>1</sup></a> They were a secret for ninety years,
kept in a drawer; what changed is told by <a href="people/ruiz.html">Ana Ruiz</a>, who keeps the drawer.</p>
<p><img src="../img/tide.jpg" srcset="../img/tide-2.jpg 2x, /img/tide,3.jpg 3x" longdesc="tide.txt" usemap="#map"
alt="Tides"></p>
<picture><source srcset="/img/tide.webp 800w" type="image/webp"><img data-src="//cdn.example/lazy.png" src="data:,"
alt="Lazy"></picture>
<video src="film.mp4" poster="?poster=1" controls><track src="film.vtt"></video><audio src="/sound.ogg"></audio>
<blockquote cite="../archive/1936.html"><p>No reading leaves this house, and nobody is told what the water does.</p>
</blockquote><p>It was <del cite="why.html">never</del> <ins cite="/why.html">seldom</ins>
<q cite="q.html">asked</q> for.
<object data="chart.swf" classid="x"><embed src="chart.swf"></object><iframe src="/frame.html"></iframe></p>
<p>Level:
<math display="inline"><mfrac><mi>h</mi><msub><mi>t</mi><mn>0</mn></msub></mfrac><mo>&lt;</mo><mn>3</mn></math>,
said <ruby>潮<rp>(</rp><rt>cháo</rt><rp>)</rp></ruby> in Chinese.
<a href="mailto:ana@quay.example">Write to her</a>.</p>
<pre><code class="language-python">if level &lt; 3:
    print("ebb  tide")</code></pre>
<details open><summary>How it is measured</summary>
<p>With a float in a pipe, a string and a wheel, as ever.</p></details>
<table><tr><th id="h" scope="col">Hour</th></tr><tr><td headers="h">6 &amp; 7</td></tr></table>
<svg><image href="x.png" xlink:href="y.png"/></svg>
<hr><ol><li id="fn1"><p>Since the first of November. <a href="#ref1">Back</a>, or <a href="1.html#ref1">here</a>; see
<a href="2.html#fn1">the other</a>.</p></li></ol>
"""

ARTICLE = f"""<!doctype html><html lang="en"><head><title>Tides for all</title><link rel="canonical" href="{PAGE}">
<meta property="og:image" content="/img/lead.jpg"></head><body><article><h1>Tides for all</h1>
{BODY}</article></body></html>"""


class Web(Fetcher):
    """A web of a few documents."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = pages

    def fetch(self, request: FetchRequest) -> FetchResult:
        page = self.pages.get(request.url)
        if page is None:
            return Refused("not here", 404)
        kind = "text/html" if page.startswith("<!doctype") else "application/xml"
        return Fetched(url=request.url, body=page.encode(), media_type=kind, charset="utf-8")


def look(kind: SourceKind, url: str, pages: Mapping[str, str], **fields: Any) -> Reading:
    source = Source(name="news", kind=kind, url=url, **fields)
    request = ReadRequest(source=source, validators=Validators(), known=lambda keys: {}, now=NOW)
    return build_readers()[kind].read(request, Web(pages))


RSS = """<?xml version="1.0"?><rss version="2.0" xml:base="https://quay.example/news/"
xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<title>Quay</title><link>https://quay.example/</link><item><title>Tides for all</title><link>tides/1.html</link>
<content:encoded xml:base="tides/">{body}</content:encoded><enclosure url="/talk.mp3" type="audio/mpeg" length="9"/>
<media:content url="../img/lead.jpg" type="image/jpeg"/></item></channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://quay.example/"><title>Q</title>
<id>urn:q</id><updated>2026-11-24T00:00:00Z</updated><entry xml:base="news/tides/"><id>urn:1</id><title>Tides for all
</title><link href="1.html"/><updated>2026-11-24T00:00:00Z</updated><link rel="enclosure" href="/talk.mp3"
type="audio/mpeg"/><content type="html">{body}</content></entry></feed>"""


def of_rss(folder: Path) -> Content:
    url = "https://quay.example/feed"
    return look(SourceKind.FEED, url, {url: RSS.format(body=escape(BODY))}, full_text=False).entries[0].content


def of_atom(folder: Path) -> Content:
    url = "https://quay.example/feed"
    return look(SourceKind.FEED, url, {url: ATOM.format(body=escape(BODY))}, full_text=False).entries[0].content


def of_broken_rss(folder: Path) -> Content:
    url, broken = "https://quay.example/feed", RSS.format(body=escape(BODY)).replace("</rss>", "<oops>&nbsp;")
    return look(SourceKind.FEED, url, {url: broken}, full_text=False).entries[0].content


def of_json_feed(folder: Path) -> Content:
    url = "https://quay.example/feed"
    item = {"id": "1", "url": PAGE, "title": "Tides for all", "content_html": BODY, "image": "../img/lead.jpg",
            "attachments": [{"url": "/talk.mp3", "mime_type": "audio/mpeg"}]}  # fmt: skip
    document = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Quay", "items": [item]})
    return look(SourceKind.FEED, url, {url: document}, full_text=False).entries[0].content


def of_listing(folder: Path) -> Content:
    url = "https://quay.example/news/"
    pages = {url: '<!doctype html><ul><li class="s"><a href="tides/1.html">Tides for all</a></li></ul>', PAGE: ARTICLE}
    return look(SourceKind.LISTING, url, pages, selectors={"item": "li.s"}).entries[0].content


def of_sitemap(folder: Path) -> Content:
    url = "https://quay.example/sitemap.xml"
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{PAGE}</loc></url></urlset>'
    return look(SourceKind.SITEMAP, url, {url: sitemap, PAGE: ARTICLE}).entries[0].content


def of_markdown_file(folder: Path) -> Content:
    (folder / "tides.md").write_text(f"---\ntitle: Tides for all\nlink: {PAGE}\nimage: ../img/lead.jpg\n---\n{BODY}")
    return look(SourceKind.FOLDER, str(folder), {}).entries[0].content


def of_html_file(folder: Path) -> Content:
    (folder / "tides.html").write_text(ARTICLE)
    return look(SourceKind.FOLDER, str(folder), {}).entries[0].content


def of_file_without_address(folder: Path) -> Content:
    (folder / "tides.md").write_text(f"# Tides for all\n\n{BODY}")
    return look(SourceKind.FOLDER, str(folder), {}).entries[0].content


def of_push(folder: Path) -> Content:
    article = {"url": PAGE, "title": "Tides for all", "html": BODY}
    source = Source(name="news", kind=SourceKind.PUSH, url="https://quay.example/")
    return read_pushed(json.dumps(article).encode(), source, NOW)[0].entry.content


class Markup(HTMLParser):
    """What a reader's browser would make of the markup: tags, addresses and ids."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.add(value or "")
            elif name == "srcset":
                self.addresses += [one.split()[0] for one in (value or "").split(", ")]
            elif name in ADDRESSES:
                self.addresses.append(value or "")


def markups(content: Content) -> list[str]:
    """The content as each document gives it."""
    made = channel(state(**{name: getattr(content, name) for name in ("title", "html", "text", "image", "enclosures")}))
    documents = {format: FeedDocumentWriter().write(made, format) for format in FeedFormat}
    found = [etree.fromstring(documents[FeedFormat.RSS]).findtext(".//{*}encoded")]
    found.append(etree.fromstring(documents[FeedFormat.ATOM]).findtext(".//{*}entry/{*}content"))
    found.append(json.loads(documents[FeedFormat.JSON])["items"][0]["content_html"])
    assert all(found)
    return [one for one in found if one]


ALL = [of_rss, of_atom, of_broken_rss, of_json_feed, of_listing, of_sitemap, of_markdown_file, of_html_file,
       of_file_without_address, of_push]  # fmt: skip


EVERY = pytest.mark.parametrize("of", ALL, ids=lambda of: of.__name__)
KEPT = [
    '<math display="inline"><mfrac><mi>h</mi><msub><mi>t</mi><mn>0</mn></msub></mfrac><mo>&lt;</mo><mn>3</mn></math>',
    "<ruby>潮<rp>(</rp><rt>cháo</rt><rp>)</rp></ruby>",
    '<pre><code>if level &lt; 3:\n    print("ebb  tide")</code></pre>',
    '<details open=""><summary>How it is measured</summary>',
    '<a href="#a-fn1" id="a-ref1" rel="noopener noreferrer"><sup>1</sup></a>',
    '<li id="a-fn1">',
    '<td headers="a-h">6 &amp; 7</td>',
]


@EVERY
def test_every_address_is_whole_or_a_place_in_the_same_article(of: Callable[[Path], Content], tmp_path: Path) -> None:
    content = of(tmp_path)
    for markup in markups(content):
        found = Markup(markup)
        for address in found.addresses:
            if address.startswith("#"):
                assert address[1:] in found.ids
            else:
                assert re.match(r"(https?://[a-z.]+/|mailto:)", address)
        assert {"#a-fn1", "#a-ref1"} <= set(found.addresses)
    assert all(
        url.startswith("https://") for url in [content.image or "https://", *(f.url for f in content.enclosures)]
    )


@EVERY
def test_formulas_readings_code_and_footnotes_stay_as_they_are(of: Callable[[Path], Content], tmp_path: Path) -> None:
    for markup in markups(of(tmp_path)):
        assert [kept for kept in KEPT if kept not in markup] == []


def test_an_article_of_known_address_has_all_its_images(tmp_path: Path) -> None:
    images = {"img/tide.jpg", "img/tide-2.jpg", "img/tide%2C3.jpg", "img/tide.webp", "lazy.png"}
    for of in ALL:
        if of is not of_file_without_address:
            addresses = Markup(of(tmp_path).html).addresses
            assert {one for one in images if not any(url.endswith(one) for url in addresses)} == set(), of.__name__


@pytest.mark.parametrize(
    ("reference", "leads_to"),
    [
        ("#note", "#a-note"),
        ("#n%C3%B6te", "#a-n%C3%B6te"),
        (f"{PAGE}#note", "#a-note"),
        (f"{PAGE}?utm_source=feed#note", "#a-note"),
        ("#comments", f"{PAGE}#comments"),
        (f"{PAGE}#comments", f"{PAGE}#comments"),
        ("other.html#note", "https://quay.example/other.html#note"),
    ],
)
def test_a_link_to_a_place_stays_in_the_text_when_the_place_is_there(reference: str, leads_to: str) -> None:
    markup = f'<p><a href="{reference}">there</a></p><p id="note">Note</p><p id="nöte">Nöte</p>'
    cleaned = sanitize.clean(markup, "https://quay.example/", PAGE)
    assert Markup(cleaned).addresses == [leads_to]


def test_a_link_to_a_place_that_nobody_knows_is_none() -> None:
    assert Markup(sanitize.clean('<a href="#x">there</a>', None)).addresses == []


def test_a_reader_that_takes_links_to_places_out_of_the_text_finds_the_article_there(tmp_path: Path) -> None:
    noted, plain = of_push(tmp_path).html, '<p><a href="https://quay.example/">no place</a></p>'
    made = channel(state(1, url=PAGE, html=noted, summary="Tides"), state(2, url=PAGE, html=plain, summary="None"))
    for format in (FeedFormat.RSS, FeedFormat.ATOM):
        document = FeedDocumentWriter().write(made, format)
        shown = feedparser.parse(document, sanitize_html=False).entries[0].content[0].value
        assert f'href="{PAGE}#a-fn1"' in shown
        assert document.count(b"xml:base") == 1
