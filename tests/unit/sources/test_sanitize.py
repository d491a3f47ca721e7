"""HTML from outside: harmless, absolute, and as plain text."""

import re

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources.pages.sanitize import clean, clean_to_text, to_text
from publisher.sources.text import charset

BASE = "https://example.org/news/today"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<p onclick="x">a<script>alert(1)</script></p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<a href="/x?a=1&amp;b">a</a>', '<a href="https://example.org/x?a=1&amp;b" rel="noopener noreferrer">a</a>'),
        ('<a href="mailto:a@b.example">m</a>', '<a href="mailto:a@b.example" rel="noopener noreferrer">m</a>'),
        (
            '<a href="#fn1">1</a><p id="fn1">n</p>',
            '<a href="#a-fn1" rel="noopener noreferrer">1</a><p id="a-fn1">n</p>',
        ),
        (
            '<img src="a.jpg" alt="A" width="3" height="4" onerror="x">',
            '<img src="https://example.org/news/a.jpg" alt="A" width="3" height="4">',
        ),
        ('<img src="data:image/png;base64,xx"><img>', ""),
        ('<img srcset="/a.jpg 2x">', '<img srcset="https://example.org/a.jpg 2x">'),
        (
            '<video src="/v.mp4" poster="p.jpg" autoplay></video>',
            '<video src="https://example.org/v.mp4" poster="https://example.org/news/p.jpg"></video>',
        ),
        ('x<img src="/t.gif" width="1" height="1"><img src="/u.gif" style="width: 1px">', "x"),
        ('<img src="spacer.gif" data-src="/real.jpg">', '<img src="https://example.org/real.jpg">'),
        (
            '<img data-original="/real.jpg" data-srcset="/big.jpg 2x">',
            '<img srcset="https://example.org/big.jpg 2x" src="https://example.org/real.jpg">',
        ),
        ('<img src="/real.jpg" data-src="tracker">', '<img src="https://example.org/real.jpg">'),
        ("<iframe src='https://x.example'></iframe><form>f</form><style>p{}</style>t", "t"),
        ("<svg><script>1</script></svg><p>a", "<p>a</p>"),
        ("<ruby>漢<rt>han</rt></ruby>", "<ruby>漢<rt>han</rt></ruby>"),
        (
            '<math display="block"><mfrac><mi>a</mi><mn>2</mn></mfrac></math>',
            '<math display="block"><mfrac><mi>a</mi><mn>2</mn></mfrac></math>',
        ),
        ("<details open><summary>s</summary>b</details>", '<details open=""><summary>s</summary>b</details>'),
        ("<pre><code>if a &lt; b:\n    c</code></pre>", "<pre><code>if a &lt; b:\n    c</code></pre>"),
        ("</div></div><p>after", "<p>after</p>"),
        ("a &lt; b", "a &lt; b"),
        ("   ", ""),
        # Places in the text, and links to them, by the page's own address too.
        (
            '<a href="https://example.org/news/today#n1">1</a><a name="n1">n</a>',
            '<a href="#a-n1" rel="noopener noreferrer">1</a><a id="a-n1" rel="noopener noreferrer">n</a>',
        ),
        (
            '<table><tr><th id="h">H</th><td headers="h g">d</td></tr></table>',
            '<table><tbody><tr><th id="a-h">H</th><td headers="a-h a-g">d</td></tr></tbody></table>',
        ),
        # What tells who sent a reader there.
        (
            '<a href="/x?utm_source=rss&amp;id=3&amp;fbclid=9">a</a>',
            '<a href="https://example.org/x?id=3" rel="noopener noreferrer">a</a>',
        ),
        ('x<img src="/a.png" style="display: none"><img src="/b.png" hidden><img src="/c.png" width=0 height=01>', "x"),
        ('x<img src="https://count.example/b.gif?id=3"><img src="/pixel?user=1"><img src="/track.gif?x">', "x"),
        (
            '<img style="visibility: hidden" data-src="/real.jpg">',
            '<img src="https://example.org/real.jpg">',
        ),
        ('<img src="/b.gif" alt="B">', '<img src="https://example.org/b.gif" alt="B">'),
        (
            '<picture><source data-srcset="/w.webp 2x"><img src="/i.png" width="1"></picture>',
            '<picture><source srcset="https://example.org/w.webp 2x"><img src="https://example.org/i.png" width="1">'
            "</picture>",
        ),
        # Addresses whatever they are written like.
        ('<a href="//other.example/x">a</a>', '<a href="https://other.example/x" rel="noopener noreferrer">a</a>'),
        ('<a href=" JaVa&#10;ScRiPt:alert(1)">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<a href="data:text/html,x">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<blockquote cite="javascript:x">q</blockquote>', "<blockquote>q</blockquote>"),
        ('<video poster="javascript:x" src="vbscript:x"></video>', "<video></video>"),
        (
            '<img srcset="javascript:x 1x, data:image/png;base64,AA 2x, b.png 3x">',
            '<img srcset="https://example.org/news/b.png 3x">',
        ),
    ],
)
def test_clean(markup, expected):
    assert clean(markup, BASE) == expected


@pytest.mark.parametrize(
    "kept",
    [
        "<h1>a</h1><h2>b</h2><h6>c</h6>",
        "<ul><li>a<ol><li>b</li></ol></li></ul><dl><dt>t</dt><dd>d</dd></dl>",
        "<pre><code>a &lt; b\n</code></pre><p><kbd>k</kbd><samp>s</samp><var>v</var></p>",
        '<figure><img src="https://example.org/a.png" alt="A"><figcaption>c</figcaption></figure>',
        "<blockquote>q</blockquote><p><q>q</q><em>e</em><strong>s</strong><mark>m</mark><sub>1</sub><sup>2</sup></p>",
        "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>",
        "<details><summary>s</summary><p>d</p></details>",
        "<math><mrow><msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><msqrt><mn>4</mn></msqrt></mrow></math>",
        '<math display="block"><mtable><mtr><mtd><munderover><mo>∑</mo><mi>a</mi><mi>b</mi></munderover></mtd></mtr>'
        "</mtable></math>",
        "<table><caption>c</caption><colgroup><col></colgroup><tbody><tr><td>1</td></tr></tbody></table>",
        '<p lang="ja" dir="ltr"><time datetime="2026-11-24">x</time><abbr title="t">a</abbr><wbr>b<br>c</p><hr>',
    ],
)
def test_what_an_article_is_made_of_survives(kept):
    assert clean(kept, BASE) == kept
    assert clean(clean(kept, BASE), BASE) == kept


def test_tables_keep_their_shape():
    table = (
        '<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead>'
        '<tbody><tr><td colspan="2">b</td></tr></tbody></table>'
    )
    assert clean(f"<div class=x>{table}</div>", BASE) == f"<div>{table}</div>"


@pytest.mark.parametrize(
    "attack",
    [
        "<svg><p><style><img src='</style><img src=x onerror=alert(1)>'></style></p></svg>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<img src=x:alert(1) onerror=eval(src)>",
        "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<p style='background:url(https://evil.example/t.gif)'>x</p>",
        "<input autofocus onfocus=alert(1)>",
    ],
)
def test_known_attacks_do_nothing(attack):
    cleaned = clean(attack, BASE)
    assert not re.search(r"<[^>]*(\son\w+=|script:|evil\.example|style=|<style|<meta|<base)", cleaned), cleaned


@given(st.text(alphabet="<>/ab=\"'& \nimgsrcp!-", max_size=80))
def test_cleaning_leaves_nothing_to_clean(markup):
    cleaned = clean(markup, BASE)
    assert nh3.clean(cleaned) == nh3.clean(nh3.clean(cleaned))
    assert "<script" not in cleaned


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n\n二"),
        ("<p>one\n  two<br>three</p>", "one two\nthree"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1\t2\n3"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p>x<script>no</script><style>no</style> y</p>", "x y"),
        ("<ruby>漢<rp>(</rp><rt>han</rt><rp>)</rp></ruby>字", "漢字"),
        ("<h2>T</h2>text<blockquote>q</blockquote>", "T\n\ntext\n\nq"),
        ("<p>中文<b>粗体</b>中文</p>", "中文粗体中文"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("<p> \u3000\u3000首行缩进</p>", "首行缩进"),
        ("", ""),
    ],
)
def test_plain_text(markup, text):
    assert to_text(markup) == text


def test_deep_nesting_does_no_harm():
    for markup in ("<div>" * 50_000 + "x", "<b><i>" * 50_000 + "x", "<table><tr><td>" * 20_000):
        assert len(clean(markup, BASE)) < 20_000
        assert len(to_text(markup)) < 100


@pytest.mark.parametrize(
    "reference", ["&#1;", "&#x1F;", "&#0;", "&#&#1;1;", "&#11", "&#65535;", "&#xfffe;", "&#xD800;"]
)
def test_reference_to_a_character_that_no_document_holds_is_left_out(reference: str) -> None:
    markup = f'<p>{reference}one</p><img src="data:," data-src="/{reference}a.png" alt="{reference}" id="{reference}">'

    cleaned = clean(markup + reference, "https://a.example/")

    assert "one" in to_text(cleaned)
    assert 'src="https://a.example/' in cleaned
    assert charset.printable(cleaned) == cleaned


def test_references_to_what_is_a_character_stay() -> None:
    assert clean("&#12345; &#x1f600;&#160;&#9;x", None) == "〹 😀&nbsp;\tx"


@pytest.mark.parametrize(
    "markup",
    [
        "before <pre>\n two  blanks</pre> after",
        "<p>one<p>two <ruby>字<rp>(</rp><rt>zì</rt></ruby> three",
        'a &amp;lt; b <img alt="1 > 0" src="/x.png"> &copy; c',
        '<p title="a > b">cells</p><table><tr><td>1<td>2<tr><th>3</table>',
        "one<br>two<hr>three<ul><li>four<ul><li>five</ul></ul>",
        "<math><mi>x</mi><mo>&lt;</mo></math><details><summary>s</summary>d</details>",
        "  <div> <div>  deep </div>\t</div>  ",
        "",
    ],
)
def test_text_of_clean_markup_is_the_text_that_a_parser_finds(markup: str) -> None:
    cleaned = clean(markup, "https://a.example/")

    assert clean_to_text(cleaned) == to_text(cleaned)
