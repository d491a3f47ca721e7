"""Jobs of many threads share commits, and each its own fate."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from publisher.errors import StorageError
from publisher.pipeline.ports import Storage, UnitOfWork
from publisher.storage import sharing
from publisher.storage.database import SqlStorage, open_storage
from publisher.storage.sharing import SharedCommits
from publisher.storage.unit import SqlUnitOfWork


class Counted:
    """Transactions that are counted; the first begins when it is told to."""

    def __init__(self, storage: SqlStorage) -> None:
        self.storage = storage
        self.count = 0
        self.go = threading.Event()

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        self.count += 1
        assert self.go.wait(60)
        with self.storage.begin() as work:
            yield work


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStorage]:
    storage = open_storage(f"sqlite:///{tmp_path}/shared.db")
    yield storage
    storage.close()


def remember(word: str) -> Callable[[UnitOfWork], str]:
    def job(work: UnitOfWork) -> str:
        work.meta.set(word, word)
        if word.startswith("bad"):
            raise ValueError(word)
        return word

    return job


def remembered(storage: Storage, word: str) -> bool:
    with storage.read() as work:
        return work.meta.get(word) is not None


def test_a_job_is_committed_when_it_returns(storage: Storage) -> None:
    assert storage.share(remember("a")) == "a"
    assert remembered(storage, "a")


def test_a_job_that_raises_leaves_nothing_behind(storage: Storage) -> None:
    with pytest.raises(ValueError, match="bad"):
        storage.share(remember("bad"))
    assert not remembered(storage, "bad")
    assert storage.share(remember("good")) == "good"


def test_jobs_that_wait_share_one_commit_and_one_that_fails_takes_none_along(
    sqlite: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "LONGEST", 60)
    counted = Counted(sqlite)
    shared = SharedCommits(counted.begin)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(shared.run, remember("first"))
        while not counted.count:
            time.sleep(0.001)
        rest = [pool.submit(shared.run, remember(word)) for word in ("a", "bad", "b")]
        while len(shared._waiting) < 3:
            time.sleep(0.001)
        counted.go.set()
        assert first.result() == "first"
        assert isinstance(rest[1].exception(), ValueError)
        assert [rest[0].result(), rest[2].result()] == ["a", "b"]
    assert counted.count == 1
    assert [remembered(sqlite, word) for word in ("first", "a", "bad", "b")] == [True, True, False, True]


def test_when_sqlite_ends_the_transaction_all_jobs_in_it_are_told(sqlite: SqlStorage) -> None:
    def full(work: UnitOfWork) -> None:
        assert isinstance(work, SqlUnitOfWork)
        work._connection.exec_driver_sql("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(StorageError, match="the disk is full"):
        sqlite.share(full)
    assert sqlite.share(remember("later")) == "later"


def test_a_transaction_that_can_not_begin_fails_only_who_waits_for_it(sqlite: SqlStorage) -> None:
    away = [True]

    @contextmanager
    def begin() -> Iterator[SqlUnitOfWork]:
        if away.pop():
            raise StorageError("the disk is away")
        with sqlite.begin() as work:
            yield work

    shared = SharedCommits(begin)
    with pytest.raises(StorageError, match="away"):
        shared.run(remember("a"))
    away.append(False)
    assert shared.run(remember("b")) == "b"
    assert not remembered(sqlite, "a")


def test_an_interrupt_leaves_nobody_waiting(sqlite: SqlStorage) -> None:
    def interrupted(work: UnitOfWork) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sqlite.share(interrupted)
    assert sqlite.share(remember("on")) == "on"


# --- jobs for later ----------------------------------------------------------------------------------------------


def test_a_job_for_later_is_durable_once_it_is_settled(storage: Storage) -> None:
    for word in ("a", "b"):
        storage.later(remember(word))
    storage.settle()
    assert remembered(storage, "a")
    assert remembered(storage, "b")
    storage.settle()


def test_a_job_for_later_goes_along_with_one_that_is_waited_for(sqlite: SqlStorage) -> None:
    sqlite.later(remember("a"))
    assert not remembered(sqlite, "a")
    sqlite.share(remember("b"))
    assert remembered(sqlite, "a")


def test_many_jobs_for_later_are_committed_without_anybody_asking(
    sqlite: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "LONGEST", 60)
    counted = Counted(sqlite)
    counted.go.set()
    shared = SharedCommits(counted.begin)
    for number in range(2 * sharing.MANY):
        shared.later(remember(str(number)))
    assert counted.count == 2
    assert remembered(sqlite, str(2 * sharing.MANY - 1))


def test_what_a_job_for_later_raises_is_told_when_it_is_settled_and_once(sqlite: SqlStorage) -> None:
    for word in ("bad", "good"):
        sqlite.later(remember(word))
    with pytest.raises(ValueError, match="bad"):
        sqlite.settle()
    sqlite.settle()
    assert remembered(sqlite, "good")
    assert not remembered(sqlite, "bad")
