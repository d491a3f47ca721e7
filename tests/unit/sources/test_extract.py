"""Article pages of our own making, each with one difficulty, and the corpus' seed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.sources import extract as extracting
from publisher.sources.extract import Extracted, extract
from publisher.sources.text.selecting import BadSelector

URL = "https://post.example/2026/11/20/boats.html"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")

PARAGRAPHS = [
    "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough for the ferry.",
    "Nobody had expected it before Sunday. The harbour master, who had bet against it, bought the crew their lunch.",
    "What remains is a bank of sand on the eastern side, which the herons have already found and do not mean to leave.",
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
SIDE = (
    "<aside><h3>Most read</h3>"
    '<ul><li><a href="/x">A storm in a teacup</a></li><li><a href="/y">Bread</a></li></ul></aside>'
)
NAV = '<header><nav><a href="/">Home</a> <a href="/news">News</a> <a href="/about">About us</a></nav></header>'
FOOTER = "<footer><p>© 2026 The Post. All rights reserved.</p></footer>"


def page(body=BODY, head="", before="", after="", title="The harbour mouth reopens", lang="en"):
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title} - The Post</title>{head}</head>'
        f"<body>{NAV}<main><article><h1>{title}</h1>{before}{body}{after}</article>{SIDE}</main>{FOOTER}</body></html>"
    ).encode()


def read(*args, **kwargs):
    return extract(page(*args, **kwargs), URL, now=NOW)


def test_the_body_is_the_article_and_nothing_around_it():
    article = read(
        before="<p class=byline>By Nora Whitlam · Friday 20 November 2026, 16:00</p>", after="<p>来源:邮报</p>"
    )
    assert article.title == "The harbour mouth reopens"
    assert article.text == "\n\n".join(PARAGRAPHS)
    assert article.html.replace("\n", "") == BODY
    assert article.authors == ("Nora Whitlam",)
    assert article.published == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert article.source == "邮报"
    assert article.language == "en"
    assert article.summary.startswith("The dredger left the harbour")


def test_what_is_structured_stays_structured():
    inner = (
        "<h2>How it went</h2><ul><li>First the buoys, which are heavy.</li><li>Then the sand.</li></ul>"
        "<blockquote><p>“We were lucky with the tide,” she said.</p></blockquote>"
        "<pre><code>depth = 5.2  # metres</code></pre>"
        "<table><tbody><tr><th>Day</th><td>Depth in metres</td></tr>"
        "<tr><th>Friday</th><td>5.2</td></tr></tbody></table>"
        '<figure><img src="/img/boat.jpg" alt="A boat"><figcaption>The dredger at noon.</figcaption></figure>'
        "<math><mi>d</mi><mo>=</mo><mn>5</mn></math>"
    )
    article = read(body=BODY + inner + BODY.replace("The", "Later the"))
    for kept in (
        "<h2>How it went</h2>",
        "<li>Then the sand.</li>",
        "<blockquote>",
        "depth = 5.2  # metres",
        "<th>Day</th>",
    ):
        assert kept in article.html
    assert '<img src="https://post.example/img/boat.jpg" alt="A boat">' in article.html
    assert "<figcaption>The dredger at noon.</figcaption>" in article.html
    assert "<math>" in article.html
    assert article.images == ("https://post.example/img/boat.jpg",)
    assert article.image == "https://post.example/img/boat.jpg"


def test_lazy_and_noscript_images_are_found():
    lazy = (
        '<p><img src="/blank.gif" data-src="/img/one.jpg"></p><p><img class="lazy" src="data:image/gif;base64,R0lG">'
        '<noscript><img src="/img/two.jpg"></noscript></p>'
    )
    article = read(body=BODY + lazy + BODY)
    assert article.images == ("https://post.example/img/one.jpg", "https://post.example/img/two.jpg")


def test_related_links_and_hidden_text_are_cut():
    after = (
        '<p style="display: none">Hidden words for machines, which nobody should read.</p><h3>Related</h3>'
        "<p>Another story about boats that is not this story, with a comma.</p>"
    )
    article = read(after=after)
    assert article.text == "\n\n".join(PARAGRAPHS)


JSON_LD = """<script type="application/ld+json">
{"@context": "https://schema.org", "@graph": [
  {"@type": "WebSite", "name": "The Post"},
  {"@type": ["NewsArticle"], "headline": "The harbour mouth reopens", "inLanguage": "en-gb",
   "author": [{"@type": "Person", "name": "Nora Whitlam"}, {"name": "Bo Chen"}],
   "publisher": {"name": "The Post"}, "keywords": ["harbour", "tides, sand"],
   "datePublished": "2026-11-20T16:00:00+08:00", "dateModified": "2026-11-21T09:00:00+08:00",
   "image": [{"@type": "ImageObject", "url": "/img/lead.jpg"}],
   "description": "Two days early, and
nobody knows why."}]}
</script>"""


def test_json_ld_is_read():
    article = read(head=JSON_LD)
    assert article.authors == ("Nora Whitlam", "Bo Chen")
    assert article.source is None, "the publisher of the page is no source that it names"
    assert article.tags == ("harbour", "tides", "sand")
    assert article.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert article.updated == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert article.image == "https://post.example/img/lead.jpg"
    assert article.summary == "Two days early, and nobody knows why."
    assert article.language == "en"
    assert article.evidence["authors"] == 'json-ld author "Nora Whitlam, Bo Chen"; sure'


@pytest.mark.parametrize(
    "broken", ["{", "[[[[" * 5000, "null", '"x"', '{"@type": "Article", "author": 5}', "<!-- {} -->"]
)
def test_broken_json_ld_is_passed_over(broken):
    article = read(head=f'<script type="application/ld+json">{broken}</script>')
    assert article.title == "The harbour mouth reopens"
    assert article.authors == ()


def test_open_graph_and_meta_are_read():
    head = (
        '<meta property="og:title" content="The harbour mouth reopens">'
        '<meta property="og:site_name" content="The Post">'
        '<meta property="og:image" content="/img/og.jpg"><meta name="author" content="林小满">'
        '<meta property="article:published_time" content="2026-11-20T16:00:00">'
        '<meta property="article:tag" content="Boats">'
        '<meta property="article:tag" content="boats"><meta property="article:tag" content="Sand">'
        '<meta name="description" content="A ferry, a dredger and a bet that was lost.">'
        '<link rel="canonical" href="/boats"><meta name="keywords" content="never, used">'
    )
    article = extract(page(head=head), URL, now=NOW, zone=SHANGHAI)
    assert article.authors == ("林小满",)
    assert article.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert article.tags == ("Boats", "Sand")
    assert article.canonical_url == "https://post.example/boats"
    assert article.image == "https://post.example/img/og.jpg"
    assert article.summary == "A ferry, a dredger and a bet that was lost."
    assert article.source is None, "a page's own site is no source that it names"


def test_a_canonical_address_that_is_the_front_page_is_a_mistake():
    assert read(head='<link rel="canonical" href="https://post.example/">').canonical_url is None


def test_tags_that_readers_see_count_more_than_keywords():
    article = read(
        before='<p><a href="/t/1">#顶级公司</a> <a href="/t/2">#AI服务器</a> <a href="/t/1">#顶级公司</a></p>'
    )
    assert article.tags == ("顶级公司", "AI服务器")
    linked = read(after='<ul><li><a rel="tag" href="/t">Boats</a></li><li><a rel="tag" href="/u">Sand</a></li></ul>')
    assert linked.tags == ("Boats", "Sand")


def test_keywords_that_stand_on_every_page_are_no_tags():
    body = "<p>深圳市今天发布了新的公共交通规划,市民可以在网上提出意见,截止日期是本月底。</p>" * 4
    head = '<meta name="keywords" content="公共交通,基金行情,深圳,邮报">'
    assert read(body=body, head=head, lang="zh").tags == ("公共交通", "深圳")


@pytest.mark.parametrize(
    ("before", "after", "published"),
    [
        ('<time datetime="2026-11-20T16:00:00+08:00">20 November</time>', "", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ('<span itemprop="datePublished" content="2026-11-19"></span>', "", datetime(2026, 11, 19, tzinfo=UTC)),
        ("<span class=date>2026年11月18日 16:00</span>", "", datetime(2026, 11, 18, 16, tzinfo=UTC)),
        ("<span>3 hours ago</span>", "", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("<span>更新于 2026年11月22日</span>", "", datetime(2026, 11, 20, tzinfo=UTC)),
        ("", '<script>var ct = "1581517074";</script>', datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_dates_are_found_where_they_stand(before, after, published):
    """The last two have only the address to go by, or rather trust it more."""
    assert read(before=before, after=after).published == published


def test_a_date_in_a_script_is_the_last_resort():
    data = page(after='<script>window.data = {"publishTime":"2026-11-10 08:30:00"};</script>')
    assert extract(data, "https://post.example/a", now=NOW).published == datetime(2026, 11, 10, 8, 30, tzinfo=UTC)


def test_a_copyright_year_is_no_date():
    assert extract(page(), "https://post.example/a", now=NOW).published is None


def test_the_update_is_later_and_elsewhere():
    updated = '<time class="updated" datetime="2026-11-22T08:00Z">now</time>'
    article = read(before=f'<time datetime="2026-11-20">20 November</time> {updated}')
    assert article.published == datetime(2026, 11, 20, tzinfo=UTC)
    assert article.updated == datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lang", "text", "language"),
    [
        ("zh_CN", "深圳市今天发布了新的公共交通规划,市民可以在网上提出意见。", "zh-CN"),
        ("zh-hans-cn", "深圳市今天发布了新的公共交通规划,市民可以在网上提出意见。", "zh-Hans-CN"),
        ("en", "深圳市今天发布了新的公共交通规划,市民可以在网上提出意见。", "zh"),
        ("", "これはとても長い文章です。港は今朝また開かれました。", "ja"),
        ("", "오늘 아침 항구가 다시 열렸습니다. 모두가 기뻐했습니다.", "ko"),
        ("zh-CN", "The dredger left the harbour at six in the morning.", None),
        ("DE", "Der Hafen ist seit heute Morgen wieder offen.", "de"),
        ("not a language", "The dredger left the harbour at six.", None),
    ],
)
def test_the_language_is_what_is_declared_unless_the_script_says_otherwise(lang, text, language):
    assert read(body=f"<p>{text}</p>" * 5, lang=lang).language == language


def test_selectors_of_an_operator_come_first():
    data = page(
        before='<div class="who">Staff: Bo Chen</div><i class="when">5 May 2026</i><b class="t">sand, boats</b>',
        after='<div class="text"><p>Only this is the text.</p><p class="ad">Buy, now.</p></div><h4>Real title</h4>',
    )
    selectors = {
        "article_title": "h4",
        "article_body": "div.text",
        "article_author": ".who",
        "article_date": "i.when",
        "article_tags": ".t",
        "article_remove": ".ad",
    }
    article = extract(data, URL, now=NOW, selectors=selectors)
    assert article.title == "Real title"
    assert article.text == "Only this is the text."
    assert article.authors == ("Staff: Bo Chen",)
    assert article.published == datetime(2026, 5, 5, tzinfo=UTC)
    assert article.tags == ("sand", "boats")
    assert article.evidence["body"] == "selector"


def test_a_selector_that_matches_nothing_changes_nothing():
    article = extract(page(), URL, selectors=dict.fromkeys(("article_title", "article_body", "article_date"), ".no"))
    assert article.title == "The harbour mouth reopens"
    assert article.text == "\n\n".join(PARAGRAPHS)


def test_a_broken_selector_is_named():
    with pytest.raises(BadSelector, match=r"article_body = 'div\[' is not valid CSS"):
        extract(page(), URL, selectors={"article_body": "div["})


def test_a_failing_extractor_only_loses_its_vote(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("inside the library")

    monkeypatch.setattr(extracting.trafilatura, "extract", broken)
    assert read().text == "\n\n".join(PARAGRAPHS)
    monkeypatch.setattr(extracting, "Document", broken)
    # Without any vote the page's own mark is left.
    assert PARAGRAPHS[0] in read().text


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"\0\0\0", b"not html", b"<html></html>", b"\xff\xfe", bytes(range(256)) * 20]
)
def test_what_is_no_article_is_empty_and_no_error(data):
    article = extract(data, None)
    assert isinstance(article, Extracted)
    assert "<script" not in article.html


def test_without_an_address_relative_links_are_dropped():
    article = extract(
        page(body=BODY + '<p>See the <a href="/map">map</a>, and <a href="https://x.example/">this</a>.</p>')
    )
    assert 'href="https://x.example/"' in article.html
    assert "/map" not in article.html


def test_a_base_element_is_obeyed():
    article = read(
        head='<base href="https://cdn.example/deep/">', body=BODY + '<p><img src="boat.jpg"> A boat, at sea.</p>'
    )
    assert article.images == ("https://cdn.example/deep/boat.jpg",)


def test_as_dict_has_the_names_of_the_contract():
    shown = read(before="<p>By Nora Whitlam</p>").as_dict()
    assert set(shown) >= {
        *("title", "authors", "source", "published", "updated", "tags", "language", "url"),
        *("canonical_url", "image", "images", "summary", "text", "html"),
    }
    assert shown["authors"] == ["Nora Whitlam"]
    assert shown["published"] == "2026-11-20T00:00:00+00:00"


# --- the seed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [datetime(2026, 11, 24, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC), None])
def test_the_seed(corpus, now):
    data = (corpus / "seed" / "article-940.html").read_bytes()
    article = extract(data, "https://ai.example/article/940", zone=SHANGHAI, now=now)
    assert article.title == "2500亿订单,27%持股,OpenAI微软达成重磅协议"
    assert article.authors == ("预见大模型",)
    assert article.tags == ("顶级公司", "AI服务器", "算力")
    assert article.original_url == "https://www.yjnt111.top/article/940"
    assert article.published is not None
    assert article.published.astimezone(SHANGHAI).date().isoformat() == "2025-10-28"
    assert article.language == "zh-CN"
    assert article.text.startswith("10月28日,OpenAI和微软正式签署")
    assert article.text.endswith("转向生态系统主导权之争。")
    assert article.html.count("<h2>") == 3
    blocks = article.text.split("\n\n")
    expected = (corpus / "seed" / "article-940.txt").read_text().split("\n\n")
    first, last = expected.index(blocks[0].strip()), expected.index(blocks[-1].strip())
    assert [" ".join(block.split()) for block in blocks] == [" ".join(b.split()) for b in expected[first : last + 1]]
