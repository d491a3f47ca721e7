# ruff: noqa: E501
"""Real-looking documents to start from, and ways to spoil them: bytes turned, parts cut, doubled, nested, exchanged."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><base href="/news/">
<title>深圳市发布交通规划 - 海风日报</title><meta name="author" content="林小满">
<meta property="og:title" content="深圳市发布交通规划"><link rel="canonical" href="https://example.org/a/1">
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"NewsArticle",
"headline":"深圳","datePublished":"2026-11-23T08:00:00+08:00","author":[{"name":"林小满"}],"image":{"url":"/i.jpg"}}]}</script>
<script>window.__INITIAL_STATE__={"publishTime":1581517074,"list":[{"title":"a","url":"/b"}]}</script></head>
<body><nav><a href="/">首页</a></nav><article itemscope itemtype="https://schema.org/NewsArticle">
<h1>深圳市发布交通规划</h1><p class="meta">2026年11月23日 18:20 来源:海风日报 作者:林小满</p>
<p>深圳市今天发布了新的公共交通规划,市民可以在网上提出意见。记者从发布会上了解到。</p>
<figure><img data-src="/a.jpg" srcset="/a.jpg 1x, /b.jpg 2x" width="600"><figcaption>图</figcaption></figure>
<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math><ruby>漢<rt>han</rt></ruby><pre><code>if a &lt; b</code></pre>
<table><tr><th id="h">年</th><td headers="h">1</td></tr></table><details><summary>s</summary>d</details>
<p>未来五年将新增地铁线路六条,覆盖更多社区。<a href="#h">见表</a></p></article>
<div class="pages"><a href="1_2.html">下一页</a></div><footer>© 2019-2026 京ICP备1号</footer></body></html>"""

LISTING = (
    """<!doctype html><html><head><title>News</title></head><body><ul class="list">"""
    + "".join(
        f'<li class="item"><a href="/a/{n}.html">A headline that is long enough to be read {n}</a>'
        f'<span class="date">2026-11-{n + 10}</span></li>'
        for n in range(8)
    )
    + """</ul><a class="next" href="?page=2">下一页</a></body></html>"""
)

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>T</title>
<link>https://example.org/</link><ttl>60</ttl><item><title>Hello &amp;amp; goodbye</title><link>/a/1</link>
<guid isPermaLink="false">tag:1</guid><pubDate>Mon, 23 Nov 2026 08:00:00 +0800</pubDate><dc:creator>Ana</dc:creator>
<category>x</category><description><![CDATA[<p>Hi <b>there</b></p>]]></description>
<content:encoded>&lt;p&gt;Whole&lt;/p&gt;</content:encoded><enclosure url="/a.mp3" length="12" type="audio/mpeg"/>
<media:content url="/i.jpg" medium="image"/></item></channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/" xml:lang="en">
<title type="html">T</title><id>urn:x</id><updated>2026-11-23T08:00:00Z</updated><link rel="hub" href="https://h.example/"/>
<entry><title>e</title><id>urn:e</id><link href="/e"/><updated>2026-11-23T08:00:00Z</updated>
<author><name>Ana</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel
rdf:about="https://example.org/"><title>t</title></channel><item rdf:about="https://example.org/1"><title>i</title>
<link>https://example.org/1</link></item></rdf:RDF>"""

JSON_FEED = """{"version":"https://jsonfeed.org/version/1.1","title":"T","home_page_url":"https://example.org/","items":[
{"id":1,"url":"/a","title":"x","content_html":"<p>x</p>","tags":["a"],"authors":[{"name":"Ana"}],"date_published":
"2026-11-23T08:00:00Z","attachments":[{"url":"/a.mp3","mime_type":"audio/mpeg","size_in_bytes":1e3}]}]}"""

SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://example.org/a</loc><lastmod>2026-11-23
</lastmod><news:news><news:publication_date>2026-11-23T08:00:00Z</news:publication_date><news:title>t</news:title>
</news:news></url></urlset>"""

ROBOTS = """User-agent: *\nDisallow: /private*$\nAllow: /\nCrawl-delay: 2\nSitemap: https://example.org/s.xml
License: https://example.org/l\nContent-Signal: search=yes, ai-train=no\n"""

MARKDOWN = """---\ntitle: Hello\ndate: 2026-11-23 08:00\ntags: [a, b]\nauthors:\n  - name: Ana\nlink: https://example.org/x
draft: false\n---\n# Hello\n\nText[^1] with `code`, **bold** and <b>HTML</b>.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: n\n"""

PUSHED = """{"articles":[{"id":"1","url":"https://example.org/1","title":"t","html":"<p>x</p>","tags":["a"],
"published":"2026-11-23T08:00:00Z","authors":["Ana"],"language":"en"}]}"""

CSV = """address,newsletter,cadence,timezone,language,topics,state\nada@example.org,daily,daily,Asia/Shanghai,en,a;b,active
"bob@example.org",daily,,,,,\n"""

TOML = """[site]\ntitle = "T"\nbase_url = "https://example.org"\ntimezone = "UTC"\n[database]\nurl = "sqlite:///x.db"
[fetch]\nallow_private = ["127.0.0.1:80"]\nspacing = "1s"\n[[source]]\nname = "a"\nkind = "feed"
url = "https://example.org/f"\ninterval = "1h"\nselectors = { article_date = ".date" }\n[[newsletter]]\nslug = "daily"\ntitle = "D"
from = "D <d@example.org>"\ncadences = ["daily", "mon,wed"]\nhour = 7\n"""

OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>t</title></head><body><outline text="f"><outline
type="rss" text="a" xmlUrl="https://example.org/f" htmlUrl="https://example.org/"/></outline></body></opml>"""

HEADERS = """Content-Type: text/html; charset="gb2312"\nCache-Control: max-age=60, no-cache\nRetry-After: 120
Expires: Mon, 23 Nov 2026 08:00:00 GMT\nDate: Mon, 23 Nov 2026 08:00:00 GMT\nETag: W/"x"\nLink: <https://h.example/>; rel="hub"
X-Robots-Tag: noarchive, max-snippet: 20\ntdm-reservation: 1\n"""

WELL_KNOWN = """[{"location":"/private/*.pdf$","tdm-reservation":0},{"location":"/a","tdm-reservation":1,
"tdm-policy":"https://example.org/policy.json"}]"""

RESERVED = """<html><head><meta name="robots" content="noarchive, max-snippet:20"><meta name="publisher"
content="nosnippet"><meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://example.org/p">
<link rel="license" href="/l"></head><body><a rel="license" href="https://example.org/cc">CC</a></body></html>"""

HUB = """hub.mode=subscribe&hub.topic=https%3A%2F%2Fexample.org%2Ff&hub.challenge=abc&hub.lease_seconds=864000&hub.reason=no
application/atom+xml; charset=utf-8
sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
<https://h.example/>; rel="hub", </f>; rel=self"""

URLS = "https://user@EXAMPLE.org:443/a/../b;x=1?utm_source=x&id=2#f\n/a.jpg 1x, //b.example/c 2x\nhttp://[::ffff:10.0.0.1]:80/"

DATES = "2026年11月23日 下午3点 | 3小时前 | Mon, 23 Nov 2026 08:00:00 +0800 | 昨晚8点 | 民国115年1月1日 | 28. Okt. 25, 18 Uhr"

TOKENS: Sequence[bytes] = (
    *(
        b"<",
        b">",
        b"&",
        b'"',
        b"'",
        b"\0",
        b"\r\n",
        b"]]>",
        b"<![CDATA[",
        b"-->",
        b"<!--",
        b"&#0;",
        b"&#xD800;",
        b"&#x110000;",
    ),
    *(
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\x1b$B",
        b"\xe2\x80\xae",
        b"<?xml",
        b"<!DOCTYPE x [<!ENTITY",
    ),
    *(
        b" e '",
        b"'>]>",
        b"&e;",
        b"<svg>",
        b"<math>",
        b"<table>",
        b"<select>",
        b"<template>",
        b"<plaintext>",
        b"<base href=",
    ),
    *(
        b"http://[",
        b"http://[::1%25]/",
        b"//",
        b"http://a:99999/",
        b"http://\xc2\xad/",
        b"data:",
        b"%",
        b"%00",
        b"%ff",
        b"\\",
    ),
    *(
        b"99999999999999999999",
        b"-1",
        b"1e999",
        b"NaN",
        b"Infinity",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b"[[",
        b"{{",
        b"\xc2\xb2",
    ),
    *(
        b"9999-12-31",
        b"0001-01-01",
        b"24:00",
        b"-99:99",
        b"\xe5\xb9\xb4",
        b"\xe6\x9c\x88",
        b"\xe5\x8d\x81" * 40,
        b"1" * 5000,
    ),
    *(
        b"charset=utf-7",
        b"charset=utf-16",
        b"encoding='hex'",
        b"!!python/object",
        b"*a",
        b"&a",
        b"<<: *a",
        b"? ",
        b"---\n",
        b"\t",
    ),
    *(
        b"a" * 3000,
        b"<a>" * 800,
        b"<div>" * 800,
        b"</p>" * 800,
        b"[" * 3000,
        b"(" * 500,
        b"{" * 500,
        b"- " * 800,
        b"> " * 800,
    ),
)
_CODECS = ("utf-16", "utf-16-be", "gb18030", "shift_jis", "latin-1", "utf-7", "utf-32")


@st.composite
def spoiled(draw: Any, seeds: Sequence[str]) -> bytes:
    """One of the documents after up to six turns for the worse."""
    data = draw(st.sampled_from(seeds)).encode()
    for turn in draw(st.lists(st.integers(0, 7), max_size=6)):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), start + draw(st.integers(0, 60)))
        data = _turn(draw, turn, data, (start, end), seeds)[:100_000]
    return bytes(data)


def _turn(draw: Any, turn: int, data: bytes, place: tuple[int, int], seeds: Sequence[str]) -> bytes:
    start, end = place
    match turn:
        case 0:
            return data[:start] + bytes([draw(st.integers(0, 255))]) + data[start + 1 :]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:end] + data[start:end] * draw(st.sampled_from([1, 2, 50, 400])) + data[end:]
        case 3:
            return data[:start] + draw(st.sampled_from(TOKENS)) + data[start:]
        case 4:
            return data[:start]
        case 5:
            return data[:start] + draw(st.sampled_from(seeds)).encode()[start:]
        case 6:
            return data.decode("utf-8", "replace").encode(draw(st.sampled_from(_CODECS)), "replace")
        case _:
            return data[:start] + draw(st.binary(max_size=40)) + data[end:]
