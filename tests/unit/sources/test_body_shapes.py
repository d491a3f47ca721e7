"""Bodies on pages of the shapes that sites give them, each with what usually slips in or gets lost."""

import time

import pytest

from publisher.sources.extract import extract
from publisher.sources.pages import body as bodies
from publisher.sources.pages.page import parse_text

URL = "https://post.example/2026/11/20/boats.html"
TITLE = "The harbour mouth reopens"
PARAGRAPHS = [
    "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough for the ferry.",
    "Nobody had expected it before Sunday. The harbour master, who had bet against it, bought the crew their lunch.",
    "The herons came back in the afternoon, which the fishermen took for a good sign, and so did the harbour office.",
    "What remains is a bank of sand on the eastern side, which the birds have already found and do not mean to leave.",
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
TEXT = "\n\n".join(PARAGRAPHS)
FIRST, SECOND, THIRD, LAST = (f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def page(body, around="", tag="article", lang="en", title=TITLE):
    return (
        f"<!DOCTYPE html><html lang={lang}><head><meta charset=utf-8><title>{title} | The Post</title></head><body>"
        f'<header><a href="/">The Post</a><nav><a href="/news">News</a> <a href="/sport">Sport</a></nav></header>'
        f"<{tag}><h1>{title}</h1>{body}</{tag}>{around}<footer><p>© 2026 The Post. All rights reserved.</p></footer>"
        "</body></html>"
    ).encode()


def read(*args, **kwargs):
    return extract(page(*args, **kwargs), URL)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<p>By Nora Whitlam</p><p>November 20, 2026</p>{BODY}", id="by-line and date"),
        pytest.param(f'<div class="share"><a href="/f">Facebook</a> <a href="/x">X</a></div>{BODY}', id="share bar"),
        pytest.param(f"{BODY}<p>Tags: <a href=/t/boats>boats</a>, <a href=/t/sand>sand</a></p>", id="tags"),
        pytest.param(
            f'{FIRST}{SECOND}<p>Related: <a href="/1">The ferry that never was, and its captain</a></p>{THIRD}{LAST}',
            id="related link in mid-text",
        ),
        pytest.param(
            f'{FIRST}{SECOND}<h4>Read more</h4><ul><li><a href="/1">The ferry that never was</a></li>'
            f'<li><a href="/2">Sand, and where it goes</a></li></ul>{THIRD}{LAST}',
            id="box of links in mid-text",
        ),
        pytest.param(
            f'{BODY}<h3>You may also like</h3><div><a href="/1">The ferry that never was</a><p>It was never there,'
            " although many had seen it, and some had been aboard.</p></div>",
            id="recommended after the end",
        ),
        pytest.param(
            f"{BODY}<h3>3 comments</h3><div><b>Otto</b><p>I had bet on Friday, and nobody bought me lunch.</p></div>",
            id="comments",
        ),
        pytest.param(f'{BODY}<form><p>Get our newsletter</p><input name="m"><button>Go</button></form>', id="form"),
        pytest.param(f"<h2>{TITLE}</h2>{BODY}", id="headline again"),
        pytest.param(f'<div class="video-player"><span>Play</span><p>Watch: the dredger</p></div>{BODY}', id="player"),
        pytest.param(f"{BODY}<p><a href=/0>Previous article</a></p><p><a href=/2>Next article</a></p>", id="pager"),
        pytest.param(f"<video><source src=/a.mp4>Your browser can't play this film.</video>{BODY}", id="fallback"),
    ],
)
def test_what_stands_around_the_text_is_left_out(body):
    assert read(body).text == TEXT


@pytest.mark.parametrize(
    "around",
    [
        '<div class="cookie-banner"><p>We and our 812 partners use cookies, to improve what you see. Do you agree?</p>'
        "<button>Yes</button></div>",
        '<aside><h3>Most read</h3><ol><li><a href="/1">A storm in a teacup</a></li></ol></aside>',
        '<section class="related"><h2>Related</h2><p>The ferry that never was, and why some went aboard.</p></section>',
        '<div class="newsletter"><p>Sign up for our letter, which comes on Fridays, and read it in peace.</p></div>',
    ],
)
def test_what_stands_beside_the_article_is_left_out(around):
    assert read(BODY, around).text == TEXT


def test_a_plain_page_of_divs_is_read():
    body = "".join(f"<div>{paragraph}</div>" for paragraph in PARAGRAPHS)
    assert read(f"<div class=x>{body}</div>", tag="div").text == TEXT


def test_a_text_with_breaks_instead_of_paragraphs_loses_its_credits_only():
    lines = "<br>".join(["By Nora Whitlam", *PARAGRAPHS])
    assert read(f"<div>{lines}</div>", tag="div").text.splitlines() == PARAGRAPHS


def test_a_short_article_is_read_whole():
    assert read(FIRST).text == PARAGRAPHS[0]


def test_a_list_may_be_the_article():
    items = "".join(f"<li>{paragraph}</li>" for paragraph in PARAGRAPHS)
    assert read(f"<p>What happened at the harbour, in order:</p><ul>{items}</ul>").text == (
        "What happened at the harbour, in order:\n\n" + "\n".join(f"- {paragraph}" for paragraph in PARAGRAPHS)
    )


def test_code_tables_and_headings_between_paragraphs_stay():
    code = "<pre><code>depth = 5.2\nwidth = 40</code></pre>"
    table = "<table><tr><th>Day</th><th>Depth</th></tr><tr><td>Friday</td><td>5.2</td></tr></table>"
    article = read(f"{FIRST}<h2>Measured</h2>{SECOND}{code}{THIRD}{table}<h3>Birds</h3>{LAST}")
    for kept in ("Measured", "depth = 5.2\nwidth = 40", "Friday\t5.2", "Birds"):
        assert kept in article.text


def test_a_caption_stays_with_its_picture():
    figure = '<figure><img src="/b.jpg" alt="x"><figcaption>The dredger at noon.</figcaption></figure>'
    article = read(f"{FIRST}{SECOND}{figure}{THIRD}{LAST}")
    assert "The dredger at noon." in article.text
    assert article.images == ("https://post.example/b.jpg",)


CHINESE = [
    "挖泥船今天早上六点离开港口，到中午时航道已经足够深，渡轮可以通过了。",
    "没有人想到星期天之前就能完工。港务局长本来打赌说不可能，最后请全体船员吃了午饭。",
    "东侧留下了一片沙洲，苍鹭已经发现了它，看起来并不打算离开，渔民认为这是好兆头。",
]
CHINESE_BODY = "".join(f"<p>{paragraph}</p>" for paragraph in CHINESE)


@pytest.mark.parametrize(
    "body",
    [
        f"{CHINESE_BODY}<p>责任编辑：王明</p><p>扫描下方二维码，关注我们的公众号，天天有好礼相送。</p>",
        f"{CHINESE_BODY}<p>(责编：王明、李红)</p>",
        f"{CHINESE_BODY}<p>免责声明：本文仅代表作者观点，不代表本站立场，转载请联系原作者并获得许可。</p>",
        f'{CHINESE_BODY}<p>更多资讯请下载<a href="/app">邮报客户端</a></p>',
        f'<p><a href="/app">下载邮报客户端</a>第一时间接收最全面的港口资讯。</p>{CHINESE_BODY}',
        f"<p>（原标题：港口重新开放）</p>{CHINESE_BODY}",
        f"<div>字号</div><div>大</div><div>小</div>{CHINESE_BODY}",
        f'{CHINESE_BODY}<p>延伸阅读</p><p><a href="/1">一艘从未出现的渡轮</a></p>',
        f"{CHINESE_BODY}<p>图片均来自网络</p>",
    ],
)
def test_surroundings_of_chinese_texts_are_left_out(body):
    assert read(body, lang="zh", title="港口今天重新开放").text == "\n\n".join(CHINESE)


def test_a_label_before_the_first_sentence_stays_when_it_belongs_to_the_text():
    article = read(f"<p>一、通航</p>{CHINESE_BODY}", lang="zh", title="港口今天重新开放")
    assert article.text == "\n\n".join(["一、通航", *CHINESE])


IMAGE = "https://post.example/boat.jpg"


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="/boat.jpg">',
        '<img data-src="/boat.jpg">',
        '<img src="/img/empty.b2822a.png" data-original="/boat.jpg">',
        '<img src="data:image/png;base64,AA" data-lazyload="/boat.jpg">',
        '<img data-srcset="/small.jpg 320w, /boat.jpg 1280w">',
        '<picture><source srcset="/boat.jpg"><img src="data:image/gif;base64,AA"></picture>',
        '<div class=ph><img src="/ph.gif"></div><noscript><img src="/boat.jpg"></noscript>',
        '<figure><a href="/full"><img loading=lazy src="/boat.jpg" width=800 height=600></a></figure>',
    ],
)
def test_an_image_is_found_however_it_is_written(markup):
    assert read(f"{FIRST}{SECOND}<div>{markup}</div>{THIRD}{LAST}").images == (IMAGE,)


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="/p.gif" width=1 height=1>',
        '<img src="/me.jpg" class="avatar">',
        '<span class="author-card"><img src="/me.jpg"></span>',
        '<img src="/static/logo.png">',
        '<img src="/rule.gif" width=114 height=12>',
        '<img src="/i.png" width=16 height=16>',
        '<img src="/x.png" alt="微信二维码">',
        '<img alt="nothing at all">',
        '<div class="player-wrap"><img src="/poster.jpg"></div>',
    ],
)
def test_what_only_decorates_is_no_image_of_the_text(markup):
    assert read(f"{FIRST}{SECOND}<div>{markup}</div>{THIRD}{LAST}").images == ()


def test_a_picture_right_after_the_last_line_belongs_to_it_and_one_after_other_text_does_not():
    after = '<p><img src="/boat.jpg"></p><p>Tags: sand</p><p><img src="/advert.jpg"></p>'
    assert read(BODY + after).images == (IMAGE,)


@pytest.mark.parametrize(
    "data",
    [
        b"<div>" * 100_000 + BODY.encode(),
        b"<p><b>" * 5_000 + BODY.encode(),
        "".join(f"<p>{number} {PARAGRAPHS[0]}</p>" for number in range(8_000)).encode(),
        b'<img src="data:x"><noscript><img src="/a.jpg"></noscript>' * 8_000,
        b"".join(b'<a href="/a_%d.html">%d</a>' % (number, number) for number in range(10_000)),
    ],
    ids=["nested", "inline", "long", "noscript", "links"],
)
def test_hostile_pages_end_in_bounded_time(data):
    began = time.process_time()
    extract(data, URL)
    assert time.process_time() - began < 60


def test_lines_are_heard_whole_or_as_part_of_a_text_in_whatever_order_it_stands():
    election = bodies.Election(parse_text(page(BODY).decode()))
    election.hear([f"{PARAGRAPHS[3]}\nIt is told that {PARAGRAPHS[1]}", f"{PARAGRAPHS[0]} {PARAGRAPHS[2]}"])
    assert [line.text for line in election.lines if line.votes] == PARAGRAPHS


def test_a_page_of_lines_that_nobody_heard_is_not_looked_for_without_end(monkeypatch):
    monkeypatch.setattr(bodies, "MOST_SEARCHED", 3 * len(TEXT))
    unheard = "".join(f"<div>Something else entirely, {number}</div>" for number in range(20))
    election = bodies.Election(parse_text(page(unheard + f"<div>{FIRST}</div>{SECOND}").decode()))
    election.hear([TEXT.replace(PARAGRAPHS[1], f"He said: {PARAGRAPHS[1]}")])
    # What is a line of its own is known without a search.
    assert [line.text for line in election.lines if line.votes] == [PARAGRAPHS[0]]


@pytest.mark.parametrize(
    "counter", ["阅读 1795579263", "浏览：1.2万　评论：4", "1,234 views", "123次阅读", "点击(5) 评论(3) 分享(2)"]
)
def test_a_line_of_counters_is_no_text(counter):
    assert counter not in read(f"{BODY}<p>{counter}</p>").text
    assert counter not in read(f"<p>{counter}</p>{BODY}").text


@pytest.mark.parametrize("line", ["阅读是一种习惯，从小到大。", "3 comments on this stood out to her."])
def test_a_line_that_speaks_of_reading_is_text(line):
    assert line in read(f"{FIRST}<p>{line}</p>{SECOND}{THIRD}{LAST}").text
