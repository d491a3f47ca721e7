"""Who is a person, what is a paper, and what names nobody."""

import pytest

from publisher.sources.pages.bylines import ByLine, in_text, read
from publisher.sources.pages.names import is_outlet, is_person, names, source_name


@pytest.mark.parametrize("name", ["林小满", "陈一", "欧阳小满", "上官云", "艾力·买提", "劉小滿"])
def test_a_person(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize(
    "name", ["小满", "林", "从市教育局获悉", "北京报道", "林业新闻", "Ana Ruiz", "", "港边人家", "高清视频"]
)
def test_no_person(name: str) -> None:
    assert not is_person(name)


@pytest.mark.parametrize(
    "name", ["灯埠日报", "新华社", "灯埠网", "灯埠市水务局", "中国地理学会", "灯埠电视台", "The Harbour Post"]
)
def test_a_paper_or_an_office(name: str) -> None:
    assert is_outlet(name)


@pytest.mark.parametrize("name", ["林小满", "港边人家", "GameForce", "股市实时播报", "灯" * 40 + "报"])
def test_no_paper(name: str) -> None:
    assert not is_outlet(name)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("灯报记者 林小满 陈一", ("林小满", "陈一")),
        ("灯报记者林小满 通讯员 陈一", ("林小满", "陈一")),
        ("林小满 灯埠报道", ("林小满",)),
        ("林小满（摄影）、陈一", ("林小满", "陈一")),
        ("方敏北京大学经济学院教授", ("方敏",)),
        ("作者：林 一", ("林一",)),
        ("记者", ()),
        ("编辑部", ()),
        ("一", ()),
    ],
)
def test_what_they_are_goes(text: str, people: tuple[str, ...]) -> None:
    assert names(text) == people


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("《灯埠日报》", "灯埠日报"),
        ("原载于 灯埠日报", "灯埠日报"),
        ("来源：灯埠日报", "灯埠日报"),
        ("网络", None),
        ("本站原创", None),
        ("https://example.org/", None),
        ("灯" * 40, None),
        ("", None),
    ],
)
def test_a_source(text: str, source: str | None) -> None:
    assert source_name(text) == source


@pytest.mark.parametrize(
    ("paragraphs", "authors", "source"),
    [
        (["新华社灯埠9月7日电（记者林小满、陈一）挖泥船离港。", "完工。"], ("林小满", "陈一"), "新华社"),
        (["挖泥船离港。", "午饭由港务长请。（林小满）"], ("林小满",), None),
        (["挖泥船离港。", "午饭由港务长请。（完）"], (), None),
        (["（新华社记者 林小满 摄）", "挖泥船离港。"], (), None),
        (["本文来自微信公众号“港边笔记”，作者：林小满，经授权发布。"], ("林小满",), "港边笔记"),
        (["本文转载自灯埠日报。", "挖泥船离港。"], (), "灯埠日报"),
        ([], (), None),
    ],
)
def test_credits_inside_the_text(paragraphs: list[str], authors: tuple[str, ...], source: str | None) -> None:
    found = in_text(paragraphs)
    assert (found.authors, found.source) == (authors, source)


def test_a_text_that_names_nobody_has_no_credits() -> None:
    assert in_text(["挖泥船清晨离港，渡轮恢复通航。"]) == ByLine()


@pytest.mark.parametrize(
    "line", ["2026年11月12日 下午3时5分 灯埠日报 记者 欧阳修远", "2026-11-12 15:05  灯埠日报  记者  欧阳修远"]
)
def test_the_paper_between_a_date_and_its_reporter(line: str) -> None:
    found = read([line])
    assert (found.authors, found.source) == (("欧阳修远",), "灯埠日报")


@pytest.mark.parametrize("line", ["灯埠日报 记者 欧阳修远", "2026-11-12 15:05 高清视频 记者 欧阳修远"])
def test_no_paper_without_a_date_or_a_paper_s_name(line: str) -> None:
    assert read([line]).source is None
