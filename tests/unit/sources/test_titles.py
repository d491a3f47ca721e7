"""Which title is the article's."""

import pytest

from publisher.sources.titles import Heading, choose_title, without_site

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
