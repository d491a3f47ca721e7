"""What publishing one article costs, counted in what the database does: not more with ten times the archive."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from publisher.domain.article import New
from publisher.domain.feed import Feed
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.storage.database import SqlStorage, open_storage
from tests.fakes import FakeClock, entry
from tests.many import put_many

FEW, MANY = 1_000, 10_000
STEP = 100
FEEDS = [
    Feed(slug="all-of-it", title="All of it"),
    Feed(slug="trams", title="Trams", selection=Selection(tags=Terms(("trams",)))),
    Feed(slug="buses", title="Buses", selection=Selection(tags=Terms(("buses",)))),
]


@dataclass
class Work:
    """What a database did: statements, and hundreds of steps of its own machine."""

    statements: int = 0
    steps: int = 0

    def step(self) -> int:
        self.steps += 1
        return 0


@contextmanager
def counted(storage: SqlStorage) -> Iterator[Work]:
    """Count what is done meanwhile."""
    work = Work()

    def checked_out(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(work.step, STEP)

    def checked_in(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(None, STEP)

    def asked(*_: object) -> None:
        work.statements += 1

    listeners: list[tuple[object, str, Callable[..., None]]] = []
    for engine in {storage._engine, storage._reader}:
        listeners += [
            (engine, "checkout", checked_out),
            (engine, "checkin", checked_in),
            (engine, "before_cursor_execute", asked),
        ]
    for listener in listeners:
        event.listen(*listener)
    yield work
    for listener in listeners:
        event.remove(*listener)


def cost(storage: SqlStorage, number: int) -> list[Work]:
    """What it takes to publish one article more where so many are, and as many as close a page of an archive."""
    clock = FakeClock()
    with storage.begin() as work:
        source = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed", rights=Rights.OWN)
        work.sources.apply([source], clock())
        work.feeds.apply(FEEDS)
        source_id = work.sources.all()[0].source.id
    put_many(storage, source_id, number, clock())
    publisher = FeedPublisher(storage, FeedDocumentWriter(), Site("Post", "https://post.example"), clock)
    publisher.publish()
    done = []
    for new in (["one"], [f"some {n}" for n in range(FEEDS[0].limit)]):
        with storage.begin() as work:
            work.articles.store(source_id, [New(entry(key, tags=("trams",)), True) for key in new], clock())
        with counted(storage) as took:
            assert [report.changed for report in publisher.publish()] == [True, False, True]
        done.append(took)
    return done


def test_one_article_costs_what_its_feeds_cost_and_not_the_archive(sqlite_template: Path, tmp_path: Path) -> None:
    done = []
    for number in (FEW, MANY):
        path = tmp_path / f"{number}.db"
        shutil.copy(sqlite_template, path)
        with closing(open_storage(f"sqlite:///{path}")) as storage:
            done.append(cost(storage, number))
    for few, many in zip(*done, strict=True):
        assert many.statements == few.statements < 120
        assert many.steps < 1.2 * few.steps
