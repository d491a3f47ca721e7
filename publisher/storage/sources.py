"""Sources: their definitions, and what is remembered of them between two looks."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from publisher.domain.source import Guids, Source, SourceKind, SourceState, StoredSource, Validators
from publisher.pipeline.ports import Sources
from publisher.storage.encoding import (
    documents_json,
    listing_json,
    read_documents,
    read_listing,
    read_source,
    read_wishes,
    source_json,
    wishes_json,
)
from publisher.storage.lists import once
from publisher.storage.notices import SqlNotices
from publisher.storage.schema import backlog, source
from publisher.storage.types import clean, json_text

DEFINED = ("active", "disabled")
"""States of sources that the configuration names."""

_ANEW: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "next_check": None,
    "changed_at": None,
    "listed_at": None,
    "failures": 0,
    "failing_since": None,
    "outcome": "",
    "gone": False,
    "news_at": None,
    "rhythm": None,
    "wishes": None,
    "address": None,
    "moved_to": None,
    "moved_count": 0,
    "moved_now": False,
    "listing": None,
    "guids": Guids.STABLE.value,
    "documents": None,
    "digest": None,
}
"""What a source forgets when it is defined anew: another address, another kind, or back after it was left out.

Its next listing is a first listing again: what it names is a backlog, or a changed address would flood everybody.
"""

# By hand, for the driver itself: it runs at every look, where SQLAlchemy takes longer than the database.
_FINISH = """
    UPDATE source
       SET etag = ?, last_modified = ?, next_check = ?, checked_at = ?, changed_at = ?, listed_at = ?, failures = ?,
           failing_since = ?, outcome = ?, gone = ?, news_at = ?, rhythm = ?, wishes = ?, listing = ?, guids = ?,
           documents = ?, digest = ?, moved_count = CASE WHEN moved_now THEN moved_count ELSE 0 END, moved_now = ?
     WHERE id = ?
"""


class SqlSources(Sources):
    """Sources on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the definitions these; only what changed is written."""
        stored = {row.name: row for row in self._connection.execute(select(source).with_for_update())}
        for definition in sources:
            row = stored.pop(definition.name, None)
            values = _values(definition)
            if row is None:
                self._connection.execute(insert(source).values(**values, **_ANEW, origin="file"))
            elif changed := {name: value for name, value in values.items() if not _same(row, name, value)}:
                if _is_anew(row, changed):
                    changed |= _ANEW
                    self._settle_notices(row.id, now)
                elif "url" in changed:
                    # The operator took over the address that the source is read at already.
                    changed |= {"address": None}
                    self._settle_notices(row.id, now)
                elif "config" in changed and row.config.get("selectors") != values["config"]["selectors"]:
                    # What is usual with other selectors says nothing of these.
                    changed["listing"] = None
                self._connection.execute(update(source).where(source.c.id == row.id).values(**changed))
        left_out = [row.id for row in stored.values() if row.origin == "file" and row.state != "removed"]
        if left_out:
            self._connection.execute(update(source).where(source.c.id.in_(left_out)).values(state="removed"))

    def _settle_notices(self, source_id: int, now: datetime) -> None:
        """What was told of the old address is of no use any more."""
        notices = SqlNotices(self._connection)
        for kind in ("moved", "gone"):
            notices.close(source_id, kind, now)

    def all(self) -> list[StoredSource]:
        """All that are defined, by name."""
        return self._list(_defined().order_by(source.c.name))

    def due(self, now: datetime) -> list[StoredSource]:
        """Those to look at now, the longest waiting first."""
        waits = or_(source.c.next_check.is_(None), source.c.next_check <= now)
        pulled = source.c.kind != SourceKind.PUSH.value
        query = _defined().where(waits, source.c.gone.is_(False), pulled, source.c.state == "active")
        return self._list(query.order_by(source.c.next_check.is_not(None), source.c.next_check, source.c.id))

    def get(self, name: str) -> StoredSource | None:
        """One by its name."""
        return next(iter(self._list(_defined().where(source.c.name == name))), None)

    def finish(self, source_id: int, state: SourceState) -> None:
        """Remember how a look ended. A look that found no move ends the count of moves."""
        row = (
            _cleaned(state.validators.etag),
            _cleaned(state.validators.last_modified),
            state.next_check,
            state.checked_at,
            state.changed_at,
            state.listed_at,
            state.failures,
            state.failing_since,
            clean(state.outcome),
            state.gone,
            state.news_at,
            round(state.rhythm.total_seconds()) if state.rhythm is not None else None,
            json_text(wishes_json(state.wishes)),
            json_text(listing_json(state.listing) if state.listing else None),
            state.guids.value,
            json_text(documents_json(state.documents) if state.documents is not None else None),
            state.digest,
        )
        once(self._connection, _FINISH, (*row, False, source_id))

    def moved(self, source_id: int, url: str) -> int:
        """Count one more look in a row that found the source moved for good to this address; the new count."""
        where = source.c.id == source_id
        row = self._connection.execute(select(source.c.moved_to, source.c.moved_count).where(where)).one()
        count = row.moved_count + 1 if row.moved_to == url else 1
        self._connection.execute(update(source).where(where).values(moved_to=url, moved_count=count, moved_now=True))
        return int(count)

    def move(self, source_id: int, url: str) -> None:
        """Read a source at another address from now on; the one that the operator wrote is kept beside it."""
        values = {"address": url, "moved_to": None, "moved_count": 0, "moved_now": False}
        self._connection.execute(update(source).where(source.c.id == source_id).values(**values))

    def passed(self, source_id: int) -> frozenset[str]:
        """Keys that the first listing named beyond the source's `first_limit`: they are never read."""
        where = (backlog.c.source_id == source_id, backlog.c.passed.is_(True))
        return frozenset(self._connection.execute(select(backlog.c.key).where(*where)).scalars())

    def pass_over(self, source_id: int, keys: Iterable[str]) -> None:
        """Add to those keys."""
        rows = [{"source_id": source_id, "key": key, "passed": True} for key in dict.fromkeys(keys)]
        if rows:
            self._connection.execute(insert(backlog), rows)

    def backlog(self, source_id: int) -> frozenset[str]:
        """Keys that the first listing named and whose pages were not read yet."""
        where = (backlog.c.source_id == source_id, backlog.c.passed.is_(False))
        return frozenset(self._connection.execute(select(backlog.c.key).where(*where)).scalars())

    def set_backlog(self, source_id: int, keys: frozenset[str]) -> None:
        """Replace those keys."""
        where = (backlog.c.source_id == source_id, backlog.c.passed.is_(False))
        self._connection.execute(delete(backlog).where(*where))
        if keys:
            rows = [{"source_id": source_id, "key": key, "passed": False} for key in sorted(keys)]
            self._connection.execute(insert(backlog), rows)

    def _list(self, query: Select[Any]) -> list[StoredSource]:
        return [read_stored_source(row) for row in self._connection.execute(query)]


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _defined() -> Select[Any]:
    return select(source).where(source.c.state.in_(DEFINED))


def _values(definition: Source) -> dict[str, Any]:
    return {
        "name": definition.name,
        "kind": definition.kind.value,
        "url": definition.url,
        "title": definition.title,
        "rights": definition.rights.value,
        "config": source_json(definition),
        "state": "disabled" if definition.disabled else "active",
    }


def _is_anew(row: Any, changed: dict[str, Any]) -> bool:
    """Whether a definition is of another thing than before, or comes back after it was left out."""
    elsewhere = "url" in changed and changed["url"] != row.address
    return elsewhere or "kind" in changed or row.state == "removed"


def _same(row: Any, name: str, value: Any) -> bool:
    stored = getattr(row, name)
    # As JSON gives it back: with lists, and without what an older program did not know.
    return bool(stored == (json.loads(json.dumps(value)) if name == "config" else value))


def read_stored_source(row: Any) -> StoredSource:
    """A source and what is remembered of it, from its row."""
    return StoredSource(read_source(row), _state(row))


def _state(row: Any) -> SourceState:
    return SourceState(
        validators=Validators(row.etag, row.last_modified),
        next_check=row.next_check,
        checked_at=row.checked_at,
        changed_at=row.changed_at,
        listed_at=row.listed_at,
        failures=row.failures,
        failing_since=row.failing_since,
        outcome=row.outcome,
        gone=row.gone,
        news_at=row.news_at,
        rhythm=timedelta(seconds=row.rhythm) if row.rhythm is not None else None,
        wishes=read_wishes(row.wishes),
        listing=read_listing(row.listing) if row.listing else None,
        guids=Guids(row.guids),
        documents=read_documents(row.documents) if row.documents is not None else None,
        digest=row.digest,
    )
