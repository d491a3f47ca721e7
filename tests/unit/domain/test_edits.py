"""What a reader sees as an edit, and what not."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publisher.domain.article import Content, Enclosure, Entry, KnownArticle, Unchanged
from publisher.domain.change import decide_change
from publisher.domain.edits import common_changes, differs, is_lost, picture
from publisher.domain.rights import Reservations

BODY = (
    "<p>The council agreed on Monday to build a new tram line to the harbour.</p>"
    "<p>Work begins in spring, the mayor said.</p><p>It will cost 40 million.</p>"
)
正文 = "<p>市议会周一同意修建一条通往港口的新电车线路。</p><p>市长表示，工程将于明年春天动工。</p><p>耗资四千万元。</p>"


def content(html: str, **said: object) -> Content:
    text = re.sub(r"<[^>]+>", "\n", html)
    return Content(**{"title": "Tram", "html": html, "text": text, **said})  # type: ignore[arg-type]


NO_EDITS = {
    "a counter of readers": (正文 + "<p>阅读 1234</p>", 正文 + "<p>阅读 5678</p>"),
    "a counter with a colon": (正文 + "<p>浏览量：1.2万</p>", 正文 + "<p>浏览量：1.3万</p>"),
    "several counters": (正文 + "<p>点赞(3) 评论(4) 分享</p>", 正文 + "<p>点赞(5) 评论(9) 分享</p>"),
    "a date with a counter": (正文 + "<p>2026-11-24 阅读 12次</p>", 正文 + "<p>2026-11-24 阅读 99次</p>"),
    "a counter that comes": (正文, 正文 + "<p>阅读 1</p>"),
    "comments": (BODY + "<p>12 comments</p>", BODY + "<p>13 comments</p>"),
    "no comments yet": (BODY + "<p>No comments</p>", BODY + "<p>1 comment</p>"),
    "views": (BODY + "<div>1,234 views · 5 shares</div>", BODY + "<div>9,999 views · 7 shares</div>"),
    "a by-line with relative time": (
        "<p>By Ana Ruiz · 3 hours ago</p>" + BODY,
        "<p>By Ana Ruiz · 1 day ago</p>" + BODY,
    ),
    "a relative time": ("<p>3小时前</p>" + 正文, "<p>4小时前</p>" + 正文),
    "related links": (
        BODY + "<h3>Related</h3><ul><li><a href='/a'>Boats sail again</a></li></ul>",
        BODY + "<h3>Related</h3><ul><li><a href='/b'>Castle opens</a></li></ul>",
    ),
    "related titles": (
        正文 + "<h3>相关阅读</h3><ul><li>船又开了</li></ul>",
        正文 + "<h3>相关阅读</h3><ul><li>城堡</li></ul>",
    ),
    "links alone": (BODY + "<p><a href='/a'>Boats sail again</a></p>", BODY + "<p><a href='/b'>Castle opens</a></p>"),
    "the neighbours": (正文 + "<p>上一篇：船又开了</p>", 正文 + "<p>上一篇：城堡开门</p>"),
    "an advertisement": (BODY + "<p>Advertisement</p>", BODY),
    "white space": (BODY, BODY.replace(" ", "  ").replace("</p>", "\n</p>\n")),
    "where paragraphs end": (BODY, BODY.replace("</p><p>Work", " Work")),
    "markup": (BODY, BODY.replace("<p>", "<div>").replace("</p>", "</div>")),
    "a picture's cache": (
        BODY + "<img src='https://i1.example/a.jpg?v=1'>",
        BODY + "<img src='https://i2.example/a.jpg?v=2'>",
    ),
    "a signed picture": (
        BODY + "<img src='https://i.example/a.jpg?Expires=1&Signature=x'>",
        BODY + "<img src='https://i.example/a.jpg?Expires=2&Signature=y'>",
    ),
    "a session in a link": (
        BODY + "<p>The <a href='https://e.org/plan;jsessionid=1'>plan</a> is out.</p>",
        BODY + "<p>The <a href='https://www.e.org/plan?sid=2'>plan</a> is out.</p>",
    ),
}

EDITS = {
    "a word": (BODY, BODY.replace("Monday", "Tuesday")),
    "a number in a sentence": (BODY, BODY.replace("40 million", "45 million")),
    "a count that is the news": (BODY + "<p>She won 1,234 votes.</p>", BODY + "<p>She won 1,235 votes.</p>"),
    "数字": (正文, 正文.replace("四千万", "五千万")),
    "a new paragraph": (BODY, BODY + "<p>Residents are against it.</p>"),
    "a lost paragraph": (BODY, BODY.replace("<p>It will cost 40 million.</p>", "")),
    "another picture": (BODY + "<img src='https://i.example/a.jpg'>", BODY + "<img src='https://i.example/b.jpg'>"),
    "a picture by its number": (
        BODY + "<img src='https://i.example/i?id=1'>",
        BODY + "<img src='https://i.example/i?id=2'>",
    ),
    "where a link leads": (
        BODY + "<p>The <a href='https://e.org/plan'>plan</a> is out.</p>",
        BODY + "<p>The <a href='https://e.org/other'>plan</a> is out.</p>",
    ),
    "a list of links that is the article": (
        "<p>Links:</p><ul><li><a href='/a'>Boats sail again</a></li><li><a href='/b'>Castle</a></li></ul>",
        "<p>Links:</p><ul><li><a href='/a'>Boats sail again</a></li><li><a href='/c'>Bridge</a></li></ul>",
    ),
}


@pytest.mark.parametrize("case", NO_EDITS)
def test_what_changes_by_itself_is_no_edit(case: str) -> None:
    before, after = NO_EDITS[case]
    assert not differs(content(before), content(after)), case
    assert not differs(content(after), content(before)), case


@pytest.mark.parametrize("case", EDITS)
def test_what_a_reader_sees_is_an_edit(case: str) -> None:
    before, after = EDITS[case]
    assert differs(content(before), content(after)), case
    assert differs(content(after), content(before)), case


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Trams"},
        {"authors": ("Ana Ruiz",)},
        {"tags": ("city",)},
        {"language": "en"},
        {"published": datetime(2026, 11, 24, tzinfo=UTC)},
        {"source": "Post"},
        {"image": "https://example.org/i.png"},
        {"original_url": "https://example.org/1"},
        {"enclosures": (Enclosure("https://example.org/a.mp3"),)},
        {"summary": "Rails to the harbour"},
    ],
)
def test_other_fields_are_seen(change: dict[str, object]) -> None:
    assert differs(content(BODY), replace(content(BODY), **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"updated": datetime(2026, 11, 24, tzinfo=UTC)},
        {"summary": "The council agreed on Monday…"},
        {"title": " Tram "},
    ],
)
def test_other_fields_are_not(change: dict[str, object]) -> None:
    assert not differs(content(BODY), replace(content(BODY), **change))  # type: ignore[arg-type]


def test_a_text_without_markup_is_compared_by_its_lines() -> None:
    before = Content(title="Tram", text="It comes.\n阅读 12")
    assert not differs(before, replace(before, text="It comes.\n阅读 13"))
    assert differs(before, replace(before, text="It came.\n阅读 12"))


def test_a_block_that_changes_in_several_articles_at_once_is_the_site_s() -> None:
    bodies = [f"<p>Story number {number} of the day, as it was told to us.</p>" * 3 for number in range(4)]
    pairs = [
        (content(body + "<p>Join us for the fair.</p>"), content(body + "<p>Vote for the best boat.</p>"))
        for body in bodies
    ]
    common = common_changes(pairs)
    assert len(common) == 2
    assert not any(differs(before, after, common) for before, after in pairs)
    corrected = replace(pairs[0][1], html=pairs[0][1].html.replace("told to us", "written to us"))
    assert differs(pairs[0][0], corrected, common)
    assert common_changes(pairs[:2]) == frozenset()


SEEN = datetime(2026, 11, 24, tzinfo=UTC)


class TestLoss:
    WHOLE = content(
        "".join(f"<p>Paragraph {number} says what the council thinks of the tram.</p>" for number in range(20))
    )

    def cut(self, share: float, more: str = "") -> Content:
        return replace(self.WHOLE, text=self.WHOLE.text[: int(len(self.WHOLE.text) * share)] + more, html="")

    def test_a_teaser_or_nothing_is_a_loss(self) -> None:
        assert is_lost(self.WHOLE, self.cut(0.0))
        assert is_lost(self.WHOLE, self.cut(0.2))
        assert is_lost(self.WHOLE, self.cut(0.3, "…"))
        assert is_lost(self.WHOLE, self.cut(0.1, "Subscribe to continue reading."))

    def test_a_loss_is_one_wherever_a_sign_of_the_site_stands_now(self) -> None:
        before, after = (
            replace(each, reservations=Reservations(noarchive=True, evidence=(where,)))
            for each, where in ((self.WHOLE, "meta"), (self.cut(0.2), "header"))
        )
        known = KnownArticle(
            id=1, key="k", seq=1, fingerprint=before.fingerprint(), hint="", first_seen=SEEN, read_at=SEEN,
            published=None, visible=True, announced=True,
        )  # fmt: skip
        entry = Entry(key="k", url="https://a.example/1", content=after)
        assert isinstance(decide_change(known, entry, backlog=False, before=before), Unchanged)

    def test_a_shorter_version_is_an_edit(self) -> None:
        assert not is_lost(self.WHOLE, self.cut(0.7))
        rewritten = replace(self.WHOLE, html="", text="The council has withdrawn the plan. " * 5)
        assert not is_lost(self.WHOLE, rewritten)
        assert not is_lost(replace(self.WHOLE, text="Short."), self.cut(0))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("https://a.example/i.jpg", "http://b.example/i.jpg?w=300", True),
        ("https://a.example/i.jpg", "https://a.example/j.jpg", False),
        ("https://[broken", "https://[broken", True),
        (None, "", True),
    ],
)
def test_pictures_are_the_same_whatever_their_size(one: str | None, two: str, same: bool) -> None:
    assert (picture(one) == picture(two)) is same
