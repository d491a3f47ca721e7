"""What an article is about, and the section it stands in."""

import pytest

from publisher.sources.extract import extract
from publisher.sources.pages.tags import split_tags

PROSE = "<p>灯埠港的挖泥船清晨六点离港,到中午时航道已经够深,渡轮可以靠岸。没有人料到周日之前就能完工。</p>" * 3


def read(body: str = "", head: str = "") -> tuple[tuple[str, ...], str | None]:
    markup = (
        f"<html><head><title>渡轮恢复通航</title>{head}</head><body>{body}<h1>渡轮恢复通航</h1>{PROSE}</body></html>"
    )
    article = extract(markup.encode())
    assert bool(article.tags) == ("tags" in article.evidence)
    assert (article.section is not None) == ("section" in article.evidence)
    return article.tags, article.section


@pytest.mark.parametrize(
    ("body", "head", "section"),
    [
        ("", '<meta property="article:section" content="经济">', "经济"),
        ("", '<meta name="ColumnName" content="要闻">', "要闻"),
        ("", '<script type="application/ld+json">{"@type":"Article","articleSection":["Sea"]}</script>', "Sea"),
        (
            "",
            '<script type="application/ld+json">[{"@type":"BreadcrumbList","itemListElement":'
            '[{"name":"首页"},{"name":"海事"},{"name":"渡轮恢复通航"}]}]</script>',
            "海事",
        ),
        ("<div class=crumbs><a href=/>首页</a> > <a href=/c>财经</a> > 正文</div>", "", "财经"),
        ("<div class=path><a href=/>首页</a> > <a href=/c>正文</a></div>", "", None),
        ("<div class=crumbs>" + "<a href=/c>很长的一串链接名字</a>" * 20 + "</div>", "", None),
        ("", '<meta property="article:section" content="/news/sea">', None),
        ("", "", None),
    ],
)
def test_the_section(body: str, head: str, section: str | None) -> None:
    assert read(body, head)[1] == section


@pytest.mark.parametrize(
    ("body", "head", "tags"),
    [
        ("<a rel=tag>港口</a><a rel='x tag'>渡轮</a><a rel=nofollow>别的</a>", "", ("港口", "渡轮")),
        ("<span>#港口</span>", '<meta name=keywords content="渡轮">', ("港口",)),
        ("", '<meta name=keywords content="渡轮,挖泥船,别的站都有的词,ferry">', ("渡轮", "挖泥船", "ferry")),
        ("", '<meta name=keywords content="渡轮恢复通航">', ()),
        (
            "",
            '<script type="application/ld+json">{"@type":"Article","keywords":"港口,港口,渡轮"}</script>',
            ("港口", "渡轮"),
        ),
    ],
)
def test_the_tags(body: str, head: str, tags: tuple[str, ...]) -> None:
    assert read(body, head)[0] == tags


def test_chinese_words_may_be_parted_by_blanks_alone() -> None:
    assert split_tags("港口 渡轮") == ["港口", "渡轮"]
    assert split_tags("Ana Ruiz, 港口") == ["Ana Ruiz", "港口"]
