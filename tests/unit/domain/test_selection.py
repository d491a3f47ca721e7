"""Which articles a selection chooses, and what a word is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.selection import Selection, Terms, language_ranges, on_topic
from publisher.domain.source import Rights
from publisher.domain.words import contains, index_terms, words

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def state(**content: object) -> ArticleState:
    article = Article(
        id=1,
        guid="urn:uuid:1",
        source_id=1,
        key="k",
        url="https://example.org/1",
        canonical_url=None,
        first_seen=NOW,
        first_seq=1,
    )
    said = Content(**{"title": "Tram line 2", **content})  # type: ignore[arg-type]
    credit = SourceCredit(1, "post", "The Post", "https://example.org", Rights.OWN)
    return ArticleState(article, Revision(seq=1, content=said, at=NOW, changed_at=NOW), credit)


ARTICLE = state(
    tags=("Trams", "人工智能"),
    authors=("Ana Ruiz",),
    language="zh-Hans-CN",
    text="微软与OpenAI签署协议。The tram runs every ten minutes.",
)


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(), True),
        (Selection(sources=Terms(("POST",))), True),
        (Selection(sources=Terms(("other",))), False),
        (Selection(tags=Terms(("trams", "buses"))), True),
        (Selection(tags=Terms(("人工智能",))), True),
        (Selection(tags=Terms(("人工",))), False),
        (Selection(tags=Terms(("trams",), ("人工智能",))), False),
        (Selection(tags=Terms(none_of=("buses",))), True),
        (Selection(authors=Terms(("ana ruiz",)), tags=Terms(("buses",))), False),
        (Selection(languages=Terms(("zh",))), True),
        (Selection(languages=Terms(("zh-Hans",))), True),
        (Selection(languages=Terms(("zh-Hant",))), False),
        (Selection(languages=Terms(none_of=("zh",))), False),
        (Selection(every=("签署", "tram")), True),
        (Selection(every=("签署", "bus")), False),
        (Selection(every=("!",)), False),
        (Selection(words=Terms(("签署",))), True),
        (Selection(words=Terms(("署签",))), False),
        (Selection(words=Terms(("ten minutes",))), True),
        (Selection(words=Terms(("ten hours", "TRAM line"))), True),
        (Selection(words=Terms(("minute",))), False),
        (Selection(words=Terms(none_of=("openai",))), False),
        (Selection(words=Terms(("…",))), False),
    ],
)
def test_fields_are_joined_by_and_values_by_or(selection: Selection, chosen: bool) -> None:
    assert selection.matches(ARTICLE) is chosen


def test_a_language_is_in_the_ranges_of_its_prefixes() -> None:
    assert language_ranges("zh_Hans-CN") == {"zh", "zh-hans", "zh-hans-cn"}
    assert language_ranges(None) == set()


@pytest.mark.parametrize(
    ("topics", "chosen"),
    [((), True), (("trams",), True), (("ANA RUIZ",), True), (("post",), True), (("buses",), False)],
)
def test_a_topic_is_a_tag_an_author_or_a_source(topics: tuple[str, ...], chosen: bool) -> None:
    assert on_topic(topics, ARTICLE) is chosen


def test_words_are_folded_and_cjk_stands_alone() -> None:
    assert words("Straße, ＦＵＬＬ ＷＩＤＴＨ! 人工智能AI、『x』") == [
        *("strasse", "full", "width"),
        *"人工智能",
        *("ai", "x"),
    ]


def test_index_terms_hold_every_pair_of_neighbouring_cjk_characters() -> None:
    assert list(index_terms("智能AI好")) == ["智", "能", "智能", "ai", "好"]


@given(st.text(), st.text(min_size=1, max_size=4, alphabet="人工智能大模型"), st.text())
def test_a_chinese_word_is_found_anywhere_and_its_terms_are_indexed(before: str, word: str, after: str) -> None:
    text = f"{before} {word} {after}"
    assert contains(words(text), word)
    assert set(index_terms(word)) <= set(index_terms(text))
