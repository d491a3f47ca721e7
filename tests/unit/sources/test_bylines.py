"""By-lines, labels and credits, with both kinds of punctuation."""

import pytest
from lxml import html

from publisher.sources.pages import bylines
from publisher.sources.pages.lines import lines_of
from publisher.sources.pages.names import distinct, names
from publisher.sources.pages.page import text_nodes

COLON, COMMA = "\uff1a", "\uff0c"


def nodes(markup):
    return list(text_nodes(html.fromstring(f"<div>{markup}</div>")))


def read(markup):
    found = bylines.read([line.text for line in lines_of(html.fromstring(f"<div>{markup}</div>"))])
    return found.authors, found.source


@pytest.mark.parametrize(
    ("markup", "authors", "source"),
    [
        ("<span>作者: 预见大模型</span> <span>顶级公司</span>", ("预见大模型",), None),
        (f"<p>作者{COLON}林小满 来源{COLON}新华网 2025-10-28 18:20</p>", ("林小满",), "新华网"),
        ("<p>2025年10月28日 来源:<a href=/x>灯埠邮报</a></p>", (), "灯埠邮报"),
        (f"<span>作者{COLON}</span><b>林小满、陈一</b>", ("林小满", "陈一"), None),
        ("<p>文 | 王明 编辑 | 李红</p>", ("王明",), None),
        ("<p>本报记者 王明</p>", ("王明",), None),
        ("<p>责编: 王明</p>", (), None),
        ("<p>编辑:王明 作者:Ana Ruiz</p>", ("Ana Ruiz",), None),
        ("<p>记者从市教育局获悉,本周起学校将开放</p>", (), None),
        ("<p>这本书的作者:谁知道</p>", (), None),
        ("<p>By Ana Ruiz and Bo Chen</p>", ("Ana Ruiz", "Bo Chen"), None),
        ("<p>作者:佚名</p>", (), None),
        ("<p>作者:</p>", (), None),
        ("<p>来源:</p><p>2025年10月28日</p>", (), None),
    ],
)
def test_labels_name_people_and_places(markup, authors, source):
    assert read(markup) == (authors, source)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("林小满", ("林小满",)),
        ("林小满 陈一", ("林小满", "陈一")),
        ("林小满和陈一", ("林小满", "陈一")),
        ("By Ana Ruiz", ("Ana Ruiz",)),
        ("Written by Ana Ruiz, Bo Chen & Cy", ("Ana Ruiz", "Bo Chen", "Cy")),
        ("Ana Ruiz - Apr 16, 2015 8:02 pm", ("Ana Ruiz",)),
        ("Ana Ruiz22 Dec 2016", ("Ana Ruiz",)),
        ("IT之家", ("IT之家",)),
        ("36氪", ("36氪",)),
        ("https://example.org/ana", ()),
        ("ana@example.org", ()),
        ("admin", ()),
        ("", ()),
        (f"作者{COLON}林小满{COMMA}林小满", ("林小满",)),
        ("中国广州发布 关注", ("中国广州发布",)),
    ],
)
def test_names(text, people):
    assert names(text) == people


def test_a_name_with_something_behind_it_gives_way():
    assert distinct(["Ana Ruiz March", "Ana Ruiz", "ana ruiz", "Bo"]) == ("Ana Ruiz", "Bo")


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<p>原文链接: <a href="https://example.org/940">https://example.org/940</a></p>', "https://example.org/940"),
        (f'<p>原文地址{COLON}<a href="/940">看这里</a></p>', "https://site.example/940"),
        ('<a href="/src">阅读原文</a>', "https://site.example/src"),
        ("<p>原文: https://example.org/a(转载)</p>", "https://example.org/a"),
        ('<p>Originally published at <a href="https://o.example/x">O</a></p>', None),
        ('<a href="https://o.example/x">Original article</a>', "https://o.example/x"),
        ('<p>原文很长,<a href="/x">更多</a></p>', None),
        ("<p>原文链接:</p>", None),
    ],
)
def test_the_original(markup, url):
    assert bylines.original_url(nodes(markup), "https://site.example/p") == url


@pytest.mark.parametrize(
    ("line", "label", "head"),
    [
        (f"作者{COLON}林小满 来源{COLON}灯埠邮报 2026年11月3日", True, True),
        ("本文来源:证券市场红周刊 责任编辑:杨倩", True, True),
        ("(责任编辑:张三)", True, True),
        ("原文链接: https://example.org/940", True, True),
        ("By Idris Penhale · Monday 23 November 2026, 07:30", False, True),
        ("2026-11-23 07:30", False, True),
        ("Updated November 23, 2026", False, True),
        (
            "On 3 March 2026 the council met and decided to build the bridge that nobody had asked for, again",
            False,
            False,
        ),
        ("10月28日,OpenAI和微软正式签署新的战略协议:追加高达2500亿美元的云计算服务订单。", False, False),
        ("By night the harbour sleeps.", False, False),
        ("来源于生活的艺术", False, False),
    ],
)
def test_lines_that_are_no_text(line, label, head):
    assert bylines.is_label(line) == label
    assert bylines.is_head_line(line) == head


def test_an_empty_page_has_no_by_line():
    assert bylines.read([]) == bylines.ByLine()
