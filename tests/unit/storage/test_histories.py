"""Histories of feeds on both databases: what joins, what leaves, and which pages say something else then."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from publisher.domain.archive import OPEN_PAGE, Judged, Page
from publisher.pipeline.ports import Effect, UnitOfWork
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, entry, put_articles


def judged(number: int, *, live: bool = True, announced: bool = True, dated: datetime = NOW) -> Judged:
    return Judged(article_id=number, live=live, announced=announced, dated=dated)


def begun(work: UnitOfWork, *entries: Judged) -> int:
    history = work.histories.lock("news")
    work.histories.judge(history.id, entries, joined=1)
    return history.id


def test_a_history_is_made_once_and_remembered(storage: SqlStorage) -> None:
    with storage.begin() as work:
        made = work.histories.lock("news")
        work.histories.note(replace(made, wanted="w", shape="s", judged_seq=3, changed_seq=2))
    with storage.begin() as work:
        assert work.histories.lock("news") == replace(made, wanted="w", shape="s", judged_seq=3, changed_seq=2)
        work.histories.unconcerned(["news", "unheard"], 9)
        work.histories.unconcerned(["news"], 5)
        assert work.histories.of(["news", "unheard"])["news"].judged_seq == 9


def test_what_is_judged_joins_once_and_leaves_its_place(storage: SqlStorage) -> None:
    with storage.begin() as work:
        history = begun(work, judged(1), judged(2, live=False))
        assert [member.article_id for member in work.histories.in_page(history, OPEN_PAGE)] == [1]
        work.histories.close(history, {1: [1]})
        assert work.histories.judge(history, [judged(2, live=False)], joined=2) == Effect(False)
        assert work.histories.judge(history, [judged(1)], joined=2) == Effect(True, frozenset({1}))
        assert work.histories.judge(history, [judged(1, live=False)], joined=3) == Effect(True, frozenset({1}))
        assert work.histories.judge(history, [judged(1, live=False)], joined=4) == Effect(False)
        [member] = work.histories.in_page(history, 1)
        assert (member.live, member.joined) == (False, 1)
        assert work.histories.count(history) == 0
        assert work.histories.keeping([history, 99], [1, 2]) == {history}
        assert work.histories.keeping([history], [2]) == frozenset()


def test_news_come_by_arrival_and_a_backlog_by_date(storage: SqlStorage) -> None:
    days = [NOW - timedelta(days=n) for n in range(4)]
    with storage.begin() as work:
        history = begun(work, judged(1, dated=days[0]), judged(2, dated=days[1]))
        work.histories.judge(history, [judged(3, dated=days[3]), judged(4, live=False)], joined=2)
        old = [judged(5, announced=False, dated=days[2]), judged(6, announced=False, dated=days[1])]
        work.histories.judge(history, old, joined=3)
        assert [member.article_id for member in work.histories.announced(history, 2)] == [3, 1]
        assert [member.article_id for member in work.histories.backlog(history, 2)] == [6, 5]


def test_another_selection_leaves_what_it_does_not_choose(storage: SqlStorage) -> None:
    with storage.begin() as work:
        history = begun(work, judged(1), judged(2), judged(3))
        work.histories.close(history, {1: [1], 2: [2]})
        assert work.histories.without(history, [2]) == Effect(True, frozenset({1}))
        assert work.histories.without(history, [2]) == Effect(False)
        assert work.histories.count(history) == 1


def test_what_a_page_says_changes_with_its_live_entries_alone(storage: SqlStorage) -> None:
    put_articles(storage, *(entry(key, title=key) for key in "abc"))
    with storage.begin() as work:
        history = begun(work, *map(judged, (1, 2, 3)))
        work.histories.close(history, {1: [1, 2], 2: [3]})
        before = work.histories.said(history, [1, 2])
        work.histories.judge(history, [judged(2, live=False)], joined=2)
        after = work.histories.said(history, [1, 2, 3])
    assert before[1] != after[1]
    assert before[2] == after[2]
    assert after[3] not in (after[1], after[2])


@pytest.mark.parametrize("touched", [1, 99])
def test_pages_are_stored_and_touched(storage: SqlStorage, touched: int) -> None:
    pages = [Page(1, "a", 0, "v1"), Page(2, "b", 0, "v2")]
    with storage.begin() as work:
        history = begun(work, judged(1), judged(2))
        work.histories.close(history, {1: [1], 2: [2]})
        work.histories.save(history, pages)
        work.histories.note(replace(work.histories.lock("news"), shape="s"))
        work.histories.touch([touched])
        found = work.histories.pages(history)
        assert found == [replace(pages[0], touched=1 if touched == 1 else 0), pages[1]]
        assert work.histories.of(["news"])["news"].shape == ("" if touched == 1 else "s")
        work.histories.save(history, [replace(pages[1], version="v3")])
        assert work.histories.last_page(history) == replace(pages[1], version="v3")
        assert work.histories.page(history, 2) == replace(pages[1], version="v3")
        assert work.histories.pages(history, after=1) == [replace(pages[1], version="v3")]
        assert work.histories.page(history, 3) is None


def test_tombstones_are_of_what_nobody_may_see(storage: SqlStorage) -> None:
    put_articles(storage, *(entry(key) for key in "abc"))
    with storage.begin() as work:
        history = begun(work, *map(judged, (1, 2, 3)))
        work.articles.flag([2], NOW, visible=False)
        work.histories.judge(history, [judged(2, live=False), judged(3, live=False)], joined=2)
        [stone] = work.histories.taken_down(history, 9)
        assert stone.guid == work.articles.states([2], 9)[2].article.guid
        assert stone.at == NOW
