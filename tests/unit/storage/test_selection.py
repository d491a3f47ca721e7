"""SQL narrows and Python decides: the candidates of a selection hold all of its matches, on both databases."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.domain.article import Content, Entry, New
from publisher.domain.selection import Selection, Terms
from publisher.domain.words import LONGEST_TERM
from publisher.storage.articles import SqlArticles
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, entry, put_articles, put_source

ONE_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)

# Few words, so that they meet; all that a tokeniser may stumble over, so that they are tried.
ATOMS = ["AI", "ai", "ﬁn", "fin", "Straße", "STRASSE", "人工智能", "智能", "能", "10月", "a_b", "x-y", "C++", "naïve"]
ATOMS += ["e\u0301", "é", "𐐀", "ⅷ", "か゛", "ガ", "한국", "\u0d4e", "NEAR", "AND", '"', "*", ":", "t:ai", "'", "\0", ""]
word = st.sampled_from(ATOMS) | st.text(max_size=6)
text = st.lists(word, max_size=6).map(" ".join) | st.lists(word, max_size=6).map("".join)
names = st.lists(text, max_size=3).map(tuple)
languages = st.none() | st.sampled_from(["zh", "zh-Hans-CN", "EN_us", "en", "de-DE"]) | word
contents = st.builds(
    Content,
    title=text,
    authors=names,
    tags=names,
    language=languages,
    published=st.none() | st.just(NOW) | st.just(NOW - timedelta(days=1)),
    summary=text,
    text=text,
)
terms = st.builds(Terms, names, st.just(())) | st.builds(Terms, names, names)
sources = st.builds(Terms, st.lists(st.sampled_from(["blog", "OTHER", "third"]), max_size=2).map(tuple))
selections = st.builds(
    Selection,
    sources=st.just(Terms()) | sources,
    tags=st.just(Terms()) | terms,
    authors=st.just(Terms()) | terms,
    languages=st.just(Terms())
    | st.builds(Terms, st.lists(st.sampled_from(["zh", "en-US", "EN"]), max_size=2).map(tuple)),
    words=st.just(Terms()) | terms,
    every=st.just(()) | st.lists(text, max_size=2).map(tuple),
)


@ONE_DATABASE
@given(stored=st.lists(contents, max_size=4), wanted=st.lists(selections, min_size=1, max_size=4))
def test_every_match_is_found(storage: SqlStorage, stored: list[Content], wanted: list[Selection]) -> None:
    ids = [put_source(storage, name) for name in ("blog", "other")]
    with storage.begin() as work:
        start = work.articles.count()
        for number, content in enumerate(stored, start):
            key = Entry(key=str(number), url="https://x.example/", content=content)
            work.articles.store(ids[number % 2], [New(key, True)], NOW)
        upto = work.articles.latest_seq()
        everything = work.articles.states(work.articles.changed(0, upto), upto)
        for selection in wanted:
            matches = {number for number, state in everything.items() if selection.matches(state)}
            found = [state.article.id for state in work.articles.current(selection, limit=10_000)]
            assert set(found) == matches
            assert len(found) == len(matches)


LONG = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏" * 2500 + "末尾"


def candidates(storage: SqlStorage, selection: Selection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQL lets through, when Python lets everything through."""
    monkeypatch.setattr(Selection, "matches", lambda self, state: True)
    with storage.read() as work:
        found = work.articles.current(selection, limit=100)
    monkeypatch.undo()
    return sorted(state.article.key for state in found)


def find(storage: SqlStorage, *phrases: str) -> list[str]:
    with storage.read() as work:
        assert isinstance(work.articles, SqlArticles)
        found = work.articles.current(Selection(words=Terms(phrases)), limit=100)
    return sorted(state.article.key for state in found)


def test_a_two_character_word_is_found_at_the_end_of_60_000_characters(storage: SqlStorage) -> None:
    assert len(LONG) > 60_000
    put_articles(storage, entry("long", text=LONG), entry("other", text="末日 尾巴"))
    assert find(storage, "末尾") == ["long"]
    assert find(storage, "冬藏末尾") == ["long"]
    assert find(storage, "尾末") == []


@pytest.mark.parametrize(
    ("selection", "narrowed"),
    [
        (Selection(words=Terms(("末尾",))), ["a"]),
        (Selection(words=Terms(("machine learning",))), ["b"]),
        (Selection(words=Terms(("nowhere", "learning"))), ["b"]),
        (Selection(tags=Terms(("machine LEARNING",))), ["c"]),
        (Selection(authors=Terms(("Ana Ruiz",))), ["a"]),
        (Selection(languages=Terms(("zh",))), ["a"]),
        (Selection(languages=Terms(("zh",)), tags=Terms(("x",))), []),
        (Selection(sources=Terms(("nobody",))), []),
        (Selection(sources=Terms((), ("blog",))), []),
        (Selection(words=Terms(("!",))), []),
        (Selection(words=Terms((), ("learning",))), ["a", "b", "c"]),
    ],
)
def test_it_does_narrow(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch, selection: Selection, narrowed: list[str]
) -> None:
    put_articles(
        storage,
        entry("a", text="末尾", authors=("ana ruiz",), language="zh-Hans"),
        entry("b", text="Machine learning"),
        entry("c", text="machine", tags=("Machine Learning",)),
    )
    assert candidates(storage, selection, monkeypatch) == narrowed


def test_the_index_follows_an_edit(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    put_articles(storage, entry("a", text="before"))
    put_articles(storage, entry("a", text="after"))
    assert find(storage, "before") == []
    assert find(storage, "after") == ["a"]
    assert candidates(storage, Selection(words=Terms(("before",))), monkeypatch) == []


def test_a_word_longer_than_the_index_keeps_is_found(storage: SqlStorage) -> None:
    long = "x" * (LONGEST_TERM * 100)
    put_articles(storage, entry("a", text=f"{long}y"), entry("b", text=f"{long}z", tags=(long,)))
    assert find(storage, f"{long}y") == ["a"]
    with storage.read() as work:
        [found] = work.articles.current(Selection(tags=Terms((long,))), limit=9)
    assert found.article.key == "b"


def test_a_phrase_of_many_words_and_many_phrases_are_found(storage: SqlStorage) -> None:
    many = " ".join(f"w{number}" for number in range(400))
    put_articles(storage, entry("a", text=many), entry("b"))
    assert find(storage, many) == ["a"]
    assert find(storage, *many.split(), "b") == ["a", "b"]
