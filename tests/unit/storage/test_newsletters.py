"""Newsletters and their slots, and the log of steps."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta

from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import Slot, parse_cadence
from publisher.domain.selection import Selection, Terms
from publisher.pipeline.ports import Run
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, newsletter, put_newsletter, put_subscriptions

DAY = timedelta(days=1)
WHOLE = Newsletter(
    slug="news",
    title="新闻",
    sender=Mailbox("news@post.example", "新闻 Ltd."),
    reply_to=Mailbox("ana@post.example"),
    description="All of it",
    selection=Selection(tags=Terms(("AI",), ("ads",))),
    cadences=tuple(map(parse_cadence, ("immediate", "daily", "weekly", "mon,wed,fri"))),
    hour=time(7, 30),
    timezone="Asia/Shanghai",
    languages=("zh-CN",),
    template="plain",
    limit=12,
)


def test_a_definition_comes_back_as_it_was_with_its_number(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.newsletters.apply([WHOLE, newsletter("abc")])
    with storage.read() as work:
        first, second = work.newsletters.all()
    assert (first.slug, replace(second, id=0)) == ("abc", WHOLE)
    assert second.id


def test_the_number_stays_through_changes_and_absence(storage: SqlStorage) -> None:
    number = put_newsletter(storage)
    put_subscriptions(storage, number, "ana")
    with storage.begin() as work:
        work.newsletters.put_slot(Slot(number, "daily", NOW))
        work.newsletters.apply([])
        assert work.newsletters.all() == []
        assert work.newsletters.slots() == [], "it rests"
        work.newsletters.apply([WHOLE])
        assert [each.id for each in work.newsletters.all()] == [number]
        assert len(work.newsletters.slots()) == 1
        assert work.subscriptions.count_active(number) == 1


def test_a_slot_is_put_and_replaced(storage: SqlStorage) -> None:
    number = put_newsletter(storage)
    slots = [Slot(number, "daily", NOW, None), Slot(number, "daily", NOW + DAY, NOW), Slot(number, "weekly", NOW)]
    with storage.begin() as work:
        for slot in slots:
            work.newsletters.put_slot(slot)
        assert work.newsletters.slots() == [slots[2], slots[1]]


def test_of_two_who_move_a_slot_one_does(storage: SqlStorage) -> None:
    seen = Slot(put_newsletter(storage), "daily", NOW)
    with storage.begin() as work:
        work.newsletters.put_slot(seen)

    def move(_: int) -> bool:
        with storage.begin() as work:
            return work.newsletters.move_slot(seen, NOW + DAY, cut=NOW)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(move, range(4))) == [False, False, False, True]
    with storage.read() as work:
        assert work.newsletters.slots() == [replace(seen, next_due=NOW + DAY, last_cut=NOW)]


def test_a_slot_that_is_passed_over_keeps_its_last_cut(storage: SqlStorage) -> None:
    slot = Slot(put_newsletter(storage), "daily", NOW, NOW - DAY)
    with storage.begin() as work:
        work.newsletters.put_slot(slot)
        assert work.newsletters.move_slot(slot, NOW + DAY, cut=None)
        assert work.newsletters.slots() == [replace(slot, next_due=NOW + DAY)]


def test_the_last_run_of_each_step_is_told(storage: SqlStorage) -> None:
    runs = [
        Run("collect", NOW, timedelta(seconds=1, microseconds=5), "first"),
        Run("publish", NOW, timedelta(0), "第二\0", failed=True),
        Run("collect", NOW + DAY, timedelta(minutes=1), "last"),
    ]
    with storage.begin() as work:
        for run in runs:
            work.runs.add(run)
    with storage.read() as work:
        assert work.runs.latest() == [replace(runs[1], outcome="第二"), runs[2]]
