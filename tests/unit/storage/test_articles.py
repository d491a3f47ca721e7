"""Articles and their revisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from publisher.domain.article import ArticleState, Content, Edited, Enclosure, Entry, New, Unchanged
from publisher.domain.image import ImageFile, ImageState
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, SourceKind
from publisher.pipeline.ports import Labels, SeqRange
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, entry, put_articles, put_source, source

LATER = NOW + timedelta(hours=1)
WHOLE = Content(
    title="2500亿订单 & <b>",
    authors=("预见大模型", "Ana Ruiz"),
    tags=("顶级公司", "AI servers"),
    language="zh-Hans",
    published=datetime(2025, 10, 28, 9, 30, tzinfo=timezone(timedelta(hours=8))),
    updated=datetime(2025, 10, 28, 3, 0, 0, 1, tzinfo=UTC),
    summary="Short",
    html="<p>10月28日</p>" * 1000,
    text="10月28日 " * 1000,
    image="https://blog.example/a.png",
    enclosures=(Enclosure("https://blog.example/a.mp3", "audio/mpeg", 123),),
    original_url="https://elsewhere.example/940",
    source="新华社",
    section="经济",
)


EVERYTHING = Selection()


def current(storage: SqlStorage, selection: Selection = EVERYTHING, **options: object) -> list[str]:
    """The titles that a selection finds."""
    with storage.read() as work:
        found = work.articles.current(selection, **({"limit": 100} | options))  # type: ignore[arg-type]
    return [state.revision.content.title for state in found]


def state(storage: SqlStorage, key: str, seq: int | None = None) -> ArticleState | None:
    """An article as it stands, or stood."""
    with storage.read() as work:
        stored = work.sources.get("blog")
        assert stored
        known = work.articles.known(stored.source.id, [key])[key]
        return work.articles.states([known.id], work.articles.latest_seq() if seq is None else seq).get(known.id)


class TestStoring:
    def test_content_comes_back_as_it_was(self, storage: SqlStorage) -> None:
        put_articles(storage, replace(entry("a"), content=WHOLE, canonical_url="https://blog.example/canonical"))
        stored = state(storage, "a")
        assert stored
        assert stored.revision.content == WHOLE
        assert stored.revision.content.published
        assert stored.revision.content.published.utcoffset() == timedelta(0)
        assert stored.article.link == "https://blog.example/canonical"
        assert (stored.article.first_seen, stored.revision.at, stored.revision.changed_at) == (NOW, NOW, NOW)
        assert stored.article.first_seq == stored.revision.seq == 1
        assert stored.article.guid.startswith("urn:uuid:")

    def test_what_is_known_is_what_was_read_last(self, storage: SqlStorage) -> None:
        read = replace(entry("a"), validators_etag='"1"', validators_last_modified="Tue", hint="line")
        put_articles(storage, read)
        with storage.begin() as work:
            stored = work.sources.get("blog")
            assert stored
            source_id = stored.source.id
            known = work.articles.known(source_id, ["a", "b"])
            assert known.keys() == {"a"}
            assert (known["a"].etag, known["a"].last_modified, known["a"].hint) == ('"1"', "Tue", "line")
            assert known["a"].fingerprint == read.content.fingerprint()
            again = replace(read, validators_etag=None, validators_last_modified="Wed", hint="other")
            assert work.articles.store(source_id, [Unchanged(known["a"], again)], LATER) == SeqRange(1, 1)
        with storage.read() as work:
            known = work.articles.known(source_id, ["a"])
        assert (known["a"].etag, known["a"].last_modified, known["a"].hint) == (None, "Wed", "other")
        assert (known["a"].read_at, known["a"].first_seen, known["a"].seq) == (LATER, NOW, 1)

    def test_each_new_article_and_each_edit_gets_the_next_number(self, storage: SqlStorage) -> None:
        assert put_articles(storage, entry("a"), entry("b")) == SeqRange(0, 2)
        assert put_articles(storage, entry("c"), entry("a", title="a2")) == SeqRange(2, 4)
        with storage.read() as work:
            assert work.articles.latest_seq() == 4
            assert work.articles.count() == 3

    def test_an_edit_is_a_revision_of_the_same_article(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        put_articles(storage, replace(entry("a", title="A"), url="https://blog.example/moved"), at=LATER)
        old, new = state(storage, "a", 1), state(storage, "a", 2)
        assert old
        assert new
        assert (old.revision.content.title, new.revision.content.title) == ("a", "A")
        assert new.article == old.article
        assert new.article.url == "https://blog.example/moved"
        assert (new.article.first_seq, new.revision.changed_at) == (1, LATER)

    def test_an_edit_keeps_the_flags(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"), announced=False)
        put_articles(storage, entry("a", title="A"))
        edited = state(storage, "a")
        assert edited
        assert not edited.revision.announced

    def test_storing_the_same_twice_stores_it_once(self, storage: SqlStorage) -> None:
        """Two workers may have read one source at the same moment; each has decided before it stores."""
        put_articles(storage, entry("a"))
        with storage.begin() as work:
            stored = work.sources.get("blog")
            assert stored
            known = work.articles.known(stored.source.id, ["a"])["a"]
            edit = [Edited(known, entry("a", title="A")), New(entry("b"), True)]
            assert work.articles.store(stored.source.id, edit, NOW) == SeqRange(1, 3)
            assert work.articles.store(stored.source.id, edit, NOW) == SeqRange(3, 3)
            assert work.articles.count() == 2

    def test_the_same_key_in_two_sources_is_two_articles(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        other = put_source(storage, "other")
        with storage.begin() as work:
            assert work.articles.known(other, ["a"]) == {}
            work.articles.store(other, [New(entry("a"), True)], NOW)
            assert work.articles.count() == 2

    def test_hostile_text_is_stored_without_what_a_database_cannot_hold(self, storage: SqlStorage) -> None:
        hostile = Content(title="a\0b\ud800", authors=("\ud800",), tags=("t\0",), text="\0\ud83d x", summary="\0")
        key = "k" * 100_000 + "\0\udfff"
        put_articles(storage, Entry(key=key, url="https://x.example/\0", content=hostile, evidence={"title": "\0"}))
        stored = state(storage, key)
        assert stored
        assert (stored.revision.content.title, stored.article.url) == ("ab?", "https://x.example/")
        with storage.read() as work:
            assert work.articles.find(stored.article.guid) == [stored]

    def test_the_same_hostile_text_again_is_no_edit(self, storage: SqlStorage) -> None:
        hostile = replace(entry("a"), content=Content(title="a\0b\ud800"))
        put_articles(storage, hostile)
        assert put_articles(storage, hostile) == SeqRange(1, 1)


class TestStates:
    def test_each_article_as_it_stood_then(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"), entry("b"))
        put_articles(storage, entry("b", title="B"))
        put_articles(storage, entry("c"))
        with storage.read() as work:
            for seq, titles in {0: set(), 1: {"a"}, 2: {"a", "b"}, 3: {"a", "B"}, 9: {"a", "B", "c"}}.items():
                states = work.articles.states([1, 2, 3, 99], seq)
                assert {each.revision.content.title for each in states.values()} == titles
                assert all(number == each.article.id for number, each in states.items())
            assert work.articles.states([], 9) == {}

    def test_what_changed_in_between(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"), entry("b"))
        put_articles(storage, entry("a", title="A"))
        with storage.read() as work:
            assert work.articles.changed(0, 3) == [1, 2]
            assert work.articles.changed(1, 2) == [2]
            assert work.articles.changed(2, 3) == [1]
            assert work.articles.changed(3, 3) == []


class TestFlags:
    def test_only_what_differs_gets_a_revision(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a", text="body"), entry("b"), announced=False)
        with storage.begin() as work:
            assert work.articles.flag([1, 2], LATER, announced=True) == SeqRange(2, 4)
            assert work.articles.flag([1, 2], LATER, announced=True, visible=True) == SeqRange(4, 4)
            assert work.articles.flag([1], LATER, visible=False) == SeqRange(4, 5)
            assert work.articles.flag([], LATER, visible=False) == SeqRange(5, 5)
        flagged = state(storage, "a")
        assert flagged
        assert (flagged.revision.visible, flagged.revision.announced) == (False, True)
        assert flagged.revision.content.text == "body"
        assert (flagged.revision.at, flagged.revision.changed_at) == (LATER, NOW), "its words did not change"

    def test_what_is_hidden_is_not_found(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"), entry("b"))
        with storage.begin() as work:
            work.articles.flag([1], LATER, visible=False)
        assert current(storage) == ["b"]


class TestCurrent:
    def test_newest_first_by_date_and_the_undated_by_when_they_were_seen(self, storage: SqlStorage) -> None:
        put_articles(
            storage,
            entry("old", published=NOW - timedelta(days=2)),
            entry("undated"),
            entry("new", published=NOW + timedelta(minutes=1)),
            entry("same", published=NOW),
        )
        assert current(storage) == ["new", "same", "undated", "old"]
        assert current(storage, limit=2) == ["new", "same"]
        assert current(storage, limit=0) == []
        assert current(storage, after_id=2) == ["new", "same"]

    def test_a_list_goes_on_behind_an_article_of_the_same_instant(self, storage: SqlStorage) -> None:
        put_articles(
            storage, *(entry(name, published=NOW) for name in "abc"), entry("old", published=NOW - timedelta(days=1))
        )
        assert current(storage) == ["c", "b", "a", "old"]
        numbers = {name: number for number, name in enumerate("abc", start=1)}
        assert current(storage, before_id=numbers["c"]) == ["b", "a", "old"]
        assert current(storage, before_id=numbers["b"], limit=1) == ["a"]
        assert current(storage, before_id=99) == []

    def test_an_edit_may_move_it(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a", published=NOW), entry("b", published=NOW - timedelta(days=1)))
        put_articles(storage, entry("a", published=NOW - timedelta(days=3)))
        assert current(storage) == ["b", "a"]
        put_articles(storage, entry("a"))
        assert current(storage) == ["a", "b"]

    def test_the_backlog_apart(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        put_articles(storage, entry("b"), announced=False)
        assert current(storage, announced=True) == ["a"]
        assert current(storage, announced=False) == ["b"]

    def test_it_looks_past_candidates_that_do_not_match(self, storage: SqlStorage) -> None:
        """What is excluded is decided in Python: page after page, until there are enough."""
        put_articles(storage, *(entry(f"{number:03}", tags=("no",)) for number in range(230)), entry("x"), entry("y"))
        put_articles(storage, entry("z", published=NOW - timedelta(days=1)))
        assert current(storage, Selection(tags=Terms(none_of=("NO",)))) == ["y", "x", "z"]

    def test_one_by_its_guid(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        put_articles(storage, entry("a", title="A"))
        stored = state(storage, "a")
        assert stored
        with storage.read() as work:
            assert work.articles.find(stored.article.guid) == [stored]
            assert work.articles.find("urn:uuid:0") == []


class TestCredit:
    def test_it_follows_the_definition_of_the_source(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        with storage.begin() as work:
            work.sources.apply([source(title="Ana's blog", rights=Rights.OWN)], NOW)
        stored = state(storage, "a")
        assert stored
        assert (stored.source.name, stored.source.title, stored.source.rights) == ("blog", "Ana's blog", Rights.OWN)
        assert stored.source.url == "https://blog.example/feed"

    def test_the_path_of_a_folder_is_not_told(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        with storage.begin() as work:
            work.sources.apply([source(kind=SourceKind.FOLDER, url="/home/ana/blog")], NOW)
        stored = state(storage, "a")
        assert stored
        assert stored.source.url == ""


def test_a_naive_instant_is_refused(storage: SqlStorage) -> None:
    source_id = put_source(storage)
    with pytest.raises(Exception, match="has no zone"), storage.begin() as work:
        work.articles.store(source_id, [New(entry("a"), True)], NOW.replace(tzinfo=None))


def test_articles_that_may_be_shown_whole_are_told_in_spans_of_numbers(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.sources.apply([source(rights=Rights.OWN), source("other", rights=Rights.QUOTE)], NOW)
        other = work.sources.get("other")
        assert other
    put_articles(storage, *map(entry, "abcde"))
    with storage.begin() as work:
        work.articles.store(other.source.id, [New(entry("quoted"), announced=True)], NOW)
    put_articles(storage, entry("d", title="D"), at=LATER)
    with storage.begin() as work:
        work.articles.flag([1], LATER, visible=False)
        work.articles.flag([5], LATER, announced=False)
    with storage.read() as work:
        assert work.articles.spans(3) == {1: (2, NOW), 2: (2, LATER)}
        assert work.articles.in_span(3, 1) == [(2, NOW), (3, NOW)]
        assert work.articles.in_span(3, 2) == [(4, LATER), (5, NOW)]
        assert work.articles.in_span(3, 3) == []


def test_the_mark_of_an_article_changes_with_what_its_page_shows(storage: SqlStorage) -> None:
    def marks() -> list[str]:
        with storage.read() as work:
            return [one.mark for one in work.articles.marked(0, 9)]

    first, second = entry("a"), entry("b")
    put_articles(storage, first, second)
    seen = [marks()]
    put_articles(storage, replace(first, content=replace(first.content, title="Another")), at=LATER)
    seen.append(marks())
    with storage.begin() as work:
        [state] = work.articles.states([1], 9).values()
        work.images.show(1, state.article.source_id, ["https://img.example/a.jpg"], "https://blog.example/", NOW)
    seen.append(marks())
    with storage.begin() as work:
        [image] = work.images.due(NOW, 9)
        work.images.save(replace(image, state=ImageState.FINE, files=(ImageFile("0.jpg", "image/jpeg", 9, 9, 9),)))
    seen.append(marks())
    assert seen[-1] == marks()
    assert len({mark for mark, _ in seen}) == 4
    assert len({mark for _, mark in seen}) == 1


def test_numbers_and_labels_of_all_articles(storage: SqlStorage) -> None:
    labelled = entry("a", tags=("x", "港口"), authors=("Ana",), language="en")
    put_articles(storage, labelled, entry("b", tags=("y",)), entry("c"))
    with storage.begin() as work:
        work.articles.flag([2], LATER, visible=False)
    put_articles(storage, replace(labelled, content=replace(labelled.content, tags=("z",))), at=LATER)
    with storage.read() as work:
        assert [(one.number, one.visible) for one in work.articles.marked(0, 2)] == [(1, True), (2, False)]
        assert [(one.number, one.visible) for one in work.articles.marked(2, 2)] == [(3, True)]
        assert work.articles.marked(3, 2) == []
        found = sorted(work.articles.labels(), key=lambda labels: labels.tags)
    assert found == [Labels((), (), None), Labels(("z",), ("Ana",), "en")]
