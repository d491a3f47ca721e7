"""Sources: their definitions come and go, what is remembered of them stays as long as it is true."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.listing import ListingMemory
from publisher.domain.source import PollHints, Rights, SourceKind, SourceState, StoredSource, Validators
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, entry, put_articles, source

HOUR = timedelta(hours=1)
LOOKED = SourceState(
    validators=Validators('W/"x"', "Tue, 24 Nov 2026 07:00:00 GMT"),
    next_check=NOW + HOUR,
    checked_at=NOW,
    changed_at=NOW - HOUR,
    listed_at=NOW - 2 * HOUR,
    failures=3,
    outcome="2 new, 0 edited of 20",
    news_at=NOW - HOUR,
    rhythm=3 * HOUR,
    wishes=PollHints(ttl=2 * HOUR, skip_hours=frozenset({1, 2}), skip_days=frozenset({6})),
    listing=ListingMemory(rule={"item": "li"}, proposal={"item": "tr"}, usual=20, known=18, next_page="/2", pages=1),
)


def apply(storage: SqlStorage, *definitions: object) -> list[StoredSource]:
    with storage.begin() as work:
        work.sources.apply(definitions, NOW)  # type: ignore[arg-type]
        return work.sources.all()


def finish(storage: SqlStorage, name: str, state: SourceState) -> None:
    with storage.begin() as work:
        stored = work.sources.get(name)
        assert stored
        work.sources.finish(stored.source.id, state)


def get(storage: SqlStorage, name: str) -> StoredSource | None:
    with storage.read() as work:
        return work.sources.get(name)


def test_a_definition_comes_back_as_it_was(storage: SqlStorage) -> None:
    whole = source(
        kind=SourceKind.LISTING,
        title="Ana's blog",
        language="zh-CN",
        timezone="Asia/Shanghai",
        tags=("a", "乙"),
        interval=timedelta(minutes=20),
        rights=Rights.OWN,
        selectors={"items": "li > a"},
        full_text=False,
        first_limit=5,
        disabled=True,
    )
    [stored] = apply(storage, whole)
    assert replace(stored.source, id=0) == whole
    assert stored.state == SourceState()


def test_what_a_look_found_comes_back_as_it_was(storage: SqlStorage) -> None:
    apply(storage, source())
    finish(storage, "blog", LOOKED)
    stored = get(storage, "blog")
    assert stored
    assert stored.state == LOOKED


def test_applying_the_same_again_changes_nothing(storage: SqlStorage) -> None:
    before = apply(storage, source("b"), source("a", tags=("x",), selectors={"items": "a"}))
    finish(storage, "a", LOOKED)
    after = apply(storage, source("a", tags=("x",), selectors={"items": "a"}), source("b"))
    assert [each.source for each in after] == [each.source for each in before]
    assert [each.source.name for each in after] == ["a", "b"]
    assert after[0].state == LOOKED


@pytest.mark.parametrize("change", [{"url": "https://new.example/feed"}, {"kind": SourceKind.LISTING}])
def test_another_address_or_kind_is_looked_at_afresh_and_keeps_the_articles(
    storage: SqlStorage, change: dict[str, object]
) -> None:
    put_articles(storage, entry("a"))
    finish(storage, "blog", replace(LOOKED, gone=True))
    [stored] = apply(storage, source(**change))
    assert stored.state == SourceState(checked_at=NOW)
    with storage.read() as work:
        assert work.articles.known(stored.source.id, ["a"]).keys() == {"a"}


def test_another_title_or_interval_keeps_what_is_remembered(storage: SqlStorage) -> None:
    apply(storage, source())
    finish(storage, "blog", LOOKED)
    [stored] = apply(storage, source(title="New", interval=2 * HOUR, rights=Rights.OWN))
    assert stored.state == LOOKED
    assert (stored.source.title, stored.source.interval) == ("New", 2 * HOUR)


def test_other_selectors_make_what_is_usual_of_a_listing_unknown_again(storage: SqlStorage) -> None:
    apply(storage, source(selectors={"item": "li"}))
    finish(storage, "blog", LOOKED)
    [stored] = apply(storage, source(selectors={"item": "tr"}))
    assert stored.state == replace(LOOKED, listing=None)


def test_a_source_left_out_is_not_read_and_its_articles_stay(storage: SqlStorage) -> None:
    put_articles(storage, entry("a"))
    apply(storage, source("other"))
    assert get(storage, "blog") is None
    with storage.read() as work:
        assert [each.source.name for each in work.sources.due(NOW)] == ["other"]
        assert work.articles.count() == 1


def test_a_source_that_comes_back_is_the_same_one_looked_at_afresh(storage: SqlStorage) -> None:
    [before] = apply(storage, source())
    finish(storage, "blog", LOOKED)
    apply(storage)
    [after] = apply(storage, source())
    assert after.source.id == before.source.id
    assert after.state.next_check is None
    assert after.state.listed_at is None, "what appeared meanwhile is a backlog, not news"


def test_the_longest_waiting_is_due_first(storage: SqlStorage) -> None:
    apply(storage, *map(source, ("late", "early", "new", "future", "gone")))
    for name, state in {
        "late": SourceState(next_check=NOW),
        "early": SourceState(next_check=NOW - HOUR),
        "future": SourceState(next_check=NOW + timedelta(microseconds=1)),
        "gone": SourceState(next_check=NOW - HOUR, gone=True),
    }.items():
        finish(storage, name, state)
    with storage.read() as work:
        assert [each.source.name for each in work.sources.due(NOW)] == ["new", "early", "late"]


def test_moves_are_counted_while_they_come_in_a_row_to_one_address(storage: SqlStorage) -> None:
    [stored] = apply(storage, source())

    def look(moved_to: str | None) -> int | None:
        with storage.begin() as work:
            count = work.sources.moved(stored.source.id, moved_to) if moved_to else None
            work.sources.finish(stored.source.id, LOOKED)
        return count

    there = [look("https://a.example/"), look("https://a.example/"), look("https://b.example/")]
    assert there == [1, 2, 1]
    look(None)
    assert look("https://b.example/") == 1


def test_a_backlog_is_remembered_for_each_source(storage: SqlStorage) -> None:
    one, two = (each.source.id for each in apply(storage, source("one"), source("two")))
    with storage.begin() as work:
        work.sources.set_backlog(one, frozenset({"a", "b"}))
        work.sources.set_backlog(two, frozenset({"c"}))
        work.sources.set_backlog(one, frozenset({"b"}))
    with storage.read() as work:
        assert work.sources.backlog(one) == {"b"}
        assert work.sources.backlog(two) == {"c"}


def move(storage: SqlStorage, url: str) -> StoredSource:
    """Define `blog`, and let it be read at another address."""
    [stored] = apply(storage, source())
    finish(storage, "blog", LOOKED)
    with storage.begin() as work:
        work.sources.move(stored.source.id, url)
        work.notices.tell(stored.source.id, "moved", "it moved", NOW)
        return work.sources.all()[0]


def notices(storage: SqlStorage) -> list[str]:
    with storage.read() as work:
        return [notice.kind for notice in work.notices.open()]


def test_a_source_that_moved_is_read_there_whatever_is_applied_again(storage: SqlStorage) -> None:
    assert move(storage, "https://new.example/feed").source.url == "https://new.example/feed"
    [stored] = apply(storage, source())
    assert (stored.source.url, stored.state) == ("https://new.example/feed", LOOKED)
    assert notices(storage) == ["moved"]


def test_an_operator_who_takes_over_the_new_address_loses_nothing(storage: SqlStorage) -> None:
    move(storage, "https://new.example/feed")
    [stored] = apply(storage, source(url="https://new.example/feed"))
    assert (stored.source.url, stored.state) == ("https://new.example/feed", LOOKED)
    assert notices(storage) == []
    [other] = apply(storage, source(url="https://other.example/feed"))
    assert (other.source.url, other.state.validators) == ("https://other.example/feed", Validators())


def test_a_disabled_source_is_kept_and_not_due_and_goes_on_where_it_was(storage: SqlStorage) -> None:
    apply(storage, source())
    finish(storage, "blog", replace(LOOKED, next_check=NOW))
    [off] = apply(storage, source(disabled=True))
    with storage.read() as work:
        assert work.sources.due(NOW) == []
    [on] = apply(storage, source())
    with storage.read() as work:
        assert len(work.sources.due(NOW)) == 1
    assert off.state == on.state == replace(LOOKED, next_check=NOW)


def test_what_was_passed_over_is_no_backlog(storage: SqlStorage) -> None:
    [stored] = apply(storage, source(first_limit=1))
    with storage.begin() as work:
        work.sources.pass_over(stored.source.id, ["c", "d", "c"])
        work.sources.set_backlog(stored.source.id, frozenset({"b"}))
        work.sources.set_backlog(stored.source.id, frozenset())
    with storage.read() as work:
        assert work.sources.passed(stored.source.id) == {"c", "d"}
        assert work.sources.backlog(stored.source.id) == frozenset()
