"""What a look at a source asks of the database finds its rows by an index, however many articles are known."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event, text

from publisher.domain.article import ArticleChange, Edited, New, Unchanged
from publisher.domain.change import Missing
from publisher.domain.identity import asked_names
from publisher.domain.source import SourceState
from publisher.pipeline.ports import Placed
from publisher.storage.database import SqlStorage
from publisher.storage.unit import SqlUnitOfWork
from tests.unit.storage.made import NOW, entry, put_articles

KNOWN = [entry(f"known-{number}") for number in range(300)]
LARGE = re.compile(r"\barticle(_\w+)?\b")
"""The tables that grow with the articles."""

_SQLITE_SCAN = re.compile(r"SCAN (\w+)(?!.* VIRTUAL TABLE)|SEARCH (article) USING INDEX \w+ \(source_id=\?\)")
"""All of a table, or all articles of a source."""


def look(work: SqlUnitOfWork, source_id: int) -> None:
    """All that collecting does with one source, and what follows when a round ends."""
    names = asked_names([*KNOWN[:5], entry("new")])
    known = work.articles.known(source_id, names)
    assert len(known) >= 5
    first, second, third = (known[each.key] for each in KNOWN[:3])
    work.articles.states([first.id], work.articles.latest_seq())
    work.hubs.of(source_id)
    work.articles.held(source_id)
    changes: list[ArticleChange] = [
        New(entry("new"), announced=True, names=("a",)),
        Edited(first, entry("known-0", title="Edited"), ("b",)),
        Unchanged(second, KNOWN[1], ("c",)),
    ]
    work.articles.store(source_id, changes, NOW)
    work.articles.miss([Missing(third, 3, gone=True, hidden=True)], NOW)
    work.articles.regain([third], NOW)
    work.sources.finish(source_id, SourceState(listed_at=NOW))
    work.stories.unplaced(announced=True, limit=50)
    work.stories.sharing([1, 2], source_id, 8)
    work.stories.texts([first.id])
    work.stories.place([Placed(first.id, (1, 2), second.id)])


def test_a_look_reads_no_table_of_articles_from_end_to_end(storage: SqlStorage) -> None:
    put_articles(storage, *KNOWN)
    with storage.begin() as work:
        found = work.sources.get("blog")
        assert found
        plans = explain(work._connection, lambda: look(work, found.source.id))
    assert len(plans) > 10
    on_sqlite = storage.path is not None
    scans = {line for line in plans if (is_sqlite_scan(line) if on_sqlite else "Seq Scan on article" in line)}
    assert scans == set()


def is_sqlite_scan(line: str) -> bool:
    """Whether a step of a plan reads a large table, or an index that holds all of it."""
    found = _SQLITE_SCAN.match(line)
    return found is not None and LARGE.fullmatch(found[1] or found[2]) is not None and "article_held" not in line


def explain(connection: Connection, run: Callable[[], Any]) -> list[str]:
    """The steps of the plan of each statement of a call that names a large table."""
    steps: list[str] = []
    on_sqlite = connection.dialect.name == "sqlite"

    def before(_: Connection, cursor: Any, statement: str, parameters: Any, __: object, executemany: bool) -> None:
        # What stands under an INSERT are keys of other tables, which SQLite looks at only where one is missing.
        if LARGE.search(statement) and not statement.startswith("INSERT"):
            cursor.execute(
                ("EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN (COSTS off) ") + statement,
                parameters[0] if executemany else parameters,
            )
            steps.extend(str(row[-1]) for row in cursor.fetchall())

    if not on_sqlite:
        # Some hundred rows may still be read faster from end to end.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
    event.listen(connection, "before_cursor_execute", before)
    run()
    event.remove(connection, "before_cursor_execute", before)
    return steps
