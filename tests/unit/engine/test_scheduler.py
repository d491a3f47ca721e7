"""Ticks come again and again, never beside themselves, and survive what happens in them."""

import threading
import time
from datetime import timedelta

import structlog

from publisher.engine.local import Line, LocalEngine
from publisher.errors import StorageError
from publisher.scheduler import NEWS_WITHIN, News, Scheduler, Tick, road, run_logged

SOON = timedelta(seconds=0.05)


def wait_for(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


def test_a_tick_comes_again_after_it_failed() -> None:
    times: list[float] = []

    def act() -> None:
        times.append(time.monotonic())
        raise StorageError("no disk") if len(times) == 1 else ZeroDivisionError

    scheduler = Scheduler([Tick("collect", SOON, act)])
    with structlog.testing.capture_logs() as logs:
        scheduler.start()
        wait_for(lambda: len(times) >= 3)
        scheduler.stop()
        wait_for(lambda: len(logs) >= 2)
    assert logs[0] | {"reason": "no disk", "tick": "collect", "log_level": "error"} == logs[0]
    assert "exc_info" not in logs[0]
    assert logs[1]["exc_info"]


def test_a_tick_is_never_beside_itself() -> None:
    inside, overlaps, rounds = threading.Lock(), [], []

    def act() -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(1)
        time.sleep(0.15)
        inside.release()
        rounds.append(1)

    scheduler = Scheduler([Tick("deliver", SOON, act)])
    scheduler.start()
    wait_for(lambda: len(rounds) >= 3)
    scheduler.stop()
    assert not overlaps


def test_stopping_waits_for_nothing_and_may_be_asked_twice() -> None:
    begun, never = threading.Event(), threading.Event()

    def act() -> None:
        begun.set()
        never.wait(60)

    scheduler = Scheduler([Tick("collect", SOON, act)])
    scheduler.start()
    assert begun.wait(60)
    began = time.monotonic()
    scheduler.stop()
    scheduler.stop()
    assert time.monotonic() - began < 30
    never.set()


def road_of(**lines: list[Line]) -> tuple[dict[str, Tick], list[str]]:
    ran: list[str] = []

    def step(name: str):
        return lambda each: [ran.append(name), *lines.get(name, [])][1:]

    names = ("collect", "publish", "compose", "deliver")
    engine = LocalEngine({name: step(name) for name in names}, threads=1, stop=threading.Event())
    return {tick.name: tick for tick in road(engine)}, ran


def test_what_was_collected_is_published_and_what_was_composed_delivered_at_once() -> None:
    ticks, ran = road_of(collect=[Line("source a", "1 new")], compose=[Line("newsletter n", "2 deliveries")])
    ticks["collect"].act()
    ticks["compose"].act()
    ticks["deliver"].act()
    assert ran == ["collect", "publish", "compose", "deliver", "deliver"]


def test_publishing_waits_for_no_article_and_delivering_for_an_edition() -> None:
    ticks, ran = road_of(collect=[Line("source a", "not modified", idle=True)])
    ticks["collect"].act()
    ticks["compose"].act()
    assert ran == ["collect", "publish", "compose"]


def test_news_is_published_once_it_has_stopped_coming() -> None:
    news = News(7)
    assert not news.due(7, 0.0)
    assert not news.due(9, 1.0)
    assert not news.due(12, 2.0)
    assert news.due(12, 3.0)
    assert not news.due(12, 4.0)


def test_news_that_goes_on_coming_is_published_all_the_same() -> None:
    news, limit = News(0), int(NEWS_WITHIN.total_seconds())
    published = [second for second in range(1, 3 * limit) if news.due(second, float(second))]
    assert published == [1 + limit, 2 + 2 * limit]


def test_lines_are_logged_by_their_weight() -> None:
    lines = [Line("a", "1 new"), Line("b", "404", failed=True), Line("c", "not modified", idle=True)]
    engine = LocalEngine({"collect": lambda each: lines}, threads=1, stop=threading.Event())
    with structlog.testing.capture_logs() as logs:
        assert run_logged(engine, "collect")
    assert [(log["log_level"], log["what"]) for log in logs] == [("info", "a"), ("warning", "b"), ("debug", "c")]
