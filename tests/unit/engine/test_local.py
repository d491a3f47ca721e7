"""Work runs side by side in this process, one step of a name at a time, and an end is not held up."""

import threading
import time
from collections.abc import Sequence

import pytest

from publisher.engine.local import Line, LocalEngine, SideBySide


def engine(threads: int = 4, stop: threading.Event | None = None, **steps) -> LocalEngine:
    return LocalEngine(steps, threads=threads, stop=stop or threading.Event())


def test_a_step_gives_its_lines() -> None:
    assert engine(publish=lambda each: [Line("feed a", "3 items")]).run("publish") == [Line("feed a", "3 items")]


def test_items_run_side_by_side_and_results_come_as_they_are_done() -> None:
    gate = threading.Barrier(3, timeout=30)
    turns = {number: threading.Event() for number in (1, 2, 3, 4)}

    def work(number: int) -> int:
        gate.wait()
        assert turns[number].wait(30)
        return number

    turns[1].set()
    came = []
    for number in engine().side_by_side(work, [3, 1, 2]):
        came.append(number)
        turns[number + 1].set()
    assert came == [1, 2, 3]


def test_no_more_threads_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    assert sorted(engine(threads=2).side_by_side(work, range(8))) == list(range(8))
    assert most <= 2


def test_an_exception_is_raised_where_the_results_are_taken() -> None:
    def work(number: int) -> int:
        raise ValueError(number)

    with pytest.raises(ValueError, match="7"):
        list(engine().side_by_side(work, [7]))


def test_nothing_to_do_is_no_result() -> None:
    assert list(engine().side_by_side(str, [])) == []


def test_work_that_hangs_does_not_hold_up_the_end() -> None:
    stop, never = threading.Event(), threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert list(engine(stop=stop).side_by_side(lambda _: never.wait(60), [1, 2])) == []
    assert time.monotonic() - began < 30
    never.set()


def test_work_that_must_finish_is_waited_for() -> None:
    stop = threading.Event()

    def send(number: int) -> int:
        stop.set()
        time.sleep(0.2)
        return number

    assert sorted(engine(threads=1, stop=stop).side_by_side(send, [1, 2, 3], finish=True)) == [1, 2, 3]


def test_a_step_does_not_begin_once_the_end_has_come() -> None:
    stop = threading.Event()
    stop.set()
    assert engine(stop=stop, collect=lambda each: pytest.fail("began")).run("collect") == []


def test_one_step_of_a_name_at_a_time() -> None:
    inside, begun, go_on = threading.Lock(), threading.Event(), threading.Event()

    def collect(each: SideBySide) -> Sequence[Line]:
        assert inside.acquire(blocking=False)
        begun.set()
        assert go_on.wait(60)
        inside.release()
        return [Line("source a", "1 new")]

    one = engine(collect=collect)
    results: list[list[Line]] = []
    threads = [threading.Thread(target=lambda: results.append(one.run("collect"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    assert one.busy("collect")
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert not one.busy("collect")


def test_other_steps_are_adopted_when_none_of_the_old_ones_runs() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def old(each: SideBySide) -> Sequence[Line]:
        begun.set()
        go_on.wait(60)
        return [Line("old", "")]

    one = engine(collect=old)
    results: list[list[Line]] = []
    first = threading.Thread(target=lambda: results.append(one.run("collect")))
    first.start()
    assert begun.wait(60)
    adopting = threading.Thread(target=one.adopt, args=({"collect": lambda each: [Line("new", "")]}, 2))
    adopting.start()
    adopting.join(0.1)
    assert adopting.is_alive()
    go_on.set()
    first.join(60)
    adopting.join(60)
    assert results == [[Line("old", "")]]
    assert one.run("collect") == [Line("new", "")]
