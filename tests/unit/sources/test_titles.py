"""Which title is the article's."""

import pytest

from publisher.sources.extract import extract
from publisher.sources.pages.titles import Heading, choose_title, without_site

PIPE = "\uff5c"


@pytest.mark.parametrize(
    ("title", "sites", "bare"),
    [
        ("2500亿订单,27%持股,OpenAI微软达成重磅协议 - AI资讯", [], "2500亿订单,27%持股,OpenAI微软达成重磅协议"),
        ("多地项目连环爆雷 狂奔的龙湖集团暗伤曝露_网易财经", [], "多地项目连环爆雷 狂奔的龙湖集团暗伤曝露"),
        (f"新年伊始谈了啥?一篇长文章的标题{PIPE}邮报", [], "新年伊始谈了啥?一篇长文章的标题"),
        ("苹果回应:大多数指控错误-科技-观察者网", [], "苹果回应:大多数指控错误"),
        ("Samantha and The Great Big Lie - John C. Welch - Medium", [], "Samantha and The Great Big Lie"),
        ("The Post » Harbour mouth reopens two days early", ["The Post"], "Harbour mouth reopens two days early"),
        ("Post: Harbour mouth reopens two days early", ["Post"], "Harbour mouth reopens two days early"),
        (
            "Site Name | A much longer title of an article about things",
            [],
            "A much longer title of an article about things",
        ),
        ("Well-known people", [], "Well-known people"),
        ("5G - 6G", [], "5G"),
        ("", [], ""),
    ],
)
def test_the_site_goes(title, sites, bare):
    assert without_site(title, sites) == bare


@pytest.mark.parametrize(
    ("tag", "named", "headings", "sites", "expected"),
    [
        (
            "A story of boats - The Post",
            [],
            [("The Post", 1), ("A story of boats", 1)],
            ["The Post"],
            "A story of boats",
        ),
        ("A story of boats - The Post", [], [("A story of boats", 2)], [], "A story of boats"),
        ("A story of boats - The Post", ["A story of boats"], [("Menu", 1)], [], "A story of boats"),
        ("The Post", [], [("A long story of many boats", 1)], [], "A long story of many boats"),
        ("", [], [("A long story of many boats", 1)], [], "A long story of many boats"),
        ("A story of boats | The Post", [], [], [], "A story of boats"),
        ("灯埠邮报", [], [("甲", 1), ("乙", 1)], [], "灯埠邮报"),
        ("", [], [], [], ""),
    ],
)
def test_the_places_must_agree(tag, named, headings, sites, expected):
    assert choose_title(tag, named, [Heading(*heading) for heading in headings], sites).text == expected


TITLE = "灯埠港清淤提前两天完工 渡轮恢复通航"
DATE = "<div>2026-09-07 13:43 来源:灯埠日报</div>"
PROSE = "<p>灯埠港的挖泥船清晨六点离港,到中午时航道已经够深,渡轮可以靠岸。没有人料到周日之前就能完工。</p>" * 3


@pytest.mark.parametrize(
    ("tag", "markup"),
    [
        (f"{TITLE}_灯埠在线", f"<h1><a href=/>灯埠在线</a></h1><h2>{TITLE}</h2>{DATE}"),
        (f"{TITLE} - 灯埠在线新闻中心", f"<h1>灯埠在线新闻中心</h1><div class=bt>{TITLE}</div>{DATE}"),
        (f"{TITLE}_国内新闻_灯埠在线", f"<h1>国内新闻</h1><div class=article-title>{TITLE}</div>{DATE}"),
        (f"{TITLE}-灯埠在线", f"<h1>{TITLE}<small>港务长请全体船员吃了一顿午饭</small></h1>{DATE}"),
        (f"{TITLE}-灯埠在线", f"<h1><span>原创</span>{TITLE}</h1>{DATE}"),
        (f"{TITLE}-灯埠在线", f"<h1>{TITLE} <span>2026-09-07 13:43</span></h1>"),
        ("灯埠港清淤提前完工--时政--灯埠网", f"<h1>{TITLE}</h1>{DATE}"),
        ("灯埠在线", f"<div class=tt>{TITLE}</div>{DATE}"),
        ("新闻动态--灯埠市水务局官网", f"<h5>{TITLE}</h5>{DATE}<h3>灯埠市水务局</h3>"),
        ("", f"<h1>{TITLE}</h1>{DATE}"),
        ("", f"<h1>{TITLE}</h1>"),
        (f"灯埠在线 - {TITLE}", f"<table><tr><td><b>{TITLE}</b></td></tr></table>{DATE}"),
        (f"{TITLE}|清淤|渡轮_灯埠新闻_灯埠在线", f"<p>{TITLE}</p>{DATE}"),
        (f"灯埠股市--{TITLE}", f"<div class=x>{TITLE}</div>{DATE}"),
        ("灯埠港清淤提前…", f'<meta property=og:title content="{TITLE}"><h1>灯埠港清淤提前…</h1>{DATE}'),
    ],
)
def test_pages_that_set_their_titles_in_many_ways(tag, markup):
    page = f"<html><head><title>{tag}</title></head><body>{markup}<div>{PROSE}</div></body></html>"
    assert extract(page.encode()).title == TITLE


def test_a_page_without_any_title_has_none():
    article = extract(f"<html><body>{PROSE}</body></html>".encode())
    assert article.title == ""
    assert article.evidence["title"] == "none; low confidence"
