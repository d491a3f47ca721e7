"""Revisions are numbered in commit order: who saw a number never later meets a smaller one."""

import random
import threading
import time

import pytest
from sqlalchemy import select

from publisher.domain.article import New
from publisher.storage.database import SqlStorage
from publisher.storage.schema import article_revision
from tests.unit.storage.made import NOW, entry, put_articles, put_source

WRITERS = 6
TRANSACTIONS = 12


def test_a_reader_never_meets_a_smaller_number_later(storage: SqlStorage) -> None:
    sources = [put_source(storage, f"source-{number}") for number in range(WRITERS)]
    done = threading.Event()
    failures: list[str] = []

    def write(number: int) -> None:
        chance = random.Random(number)
        for turn in range(TRANSACTIONS):
            entries = [entry(f"{turn}-{place}") for place in range(chance.randint(1, 4))]
            with storage.begin() as work:
                work.articles.known(sources[number], ["0-0"])
                time.sleep(chance.random() / 200)
                work.articles.store(sources[number], [New(each, True) for each in entries], NOW)
                # The number is taken and the commit is still to come: here a wrong order would show.
                time.sleep(chance.random() / 200)

    def read() -> None:
        seen: set[int] = set()
        while not done.is_set():
            with storage.read() as work:
                last = work.articles.latest_seq()
                numbers = set(work._connection.execute(select(article_revision.c.seq)).scalars())
            late = {number for number in numbers - seen if seen and number < max(seen)}
            if late:
                failures.append(f"{sorted(late)} came after {max(seen)}")
            if last != max(numbers, default=0) or len(numbers) != last:
                failures.append(f"the counter says {last}, there are {len(numbers)} up to {max(numbers, default=0)}")
            seen = numbers

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert not failures, failures[:3]
    with storage.read() as work:
        assert work.articles.latest_seq() >= WRITERS * TRANSACTIONS


def test_a_transaction_that_fails_leaves_no_gap_behind(storage: SqlStorage) -> None:
    source_id = put_source(storage)

    def fail() -> None:
        with storage.begin() as work:
            assert work.articles.store(source_id, [New(entry("lost"), True)], NOW).upto == 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    stored = put_articles(storage, entry("kept"))
    assert (stored.after, stored.upto) == (0, 1)
