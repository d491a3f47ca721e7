"""What the operator is told of sources until it is settled."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from publisher.pipeline.ports import Notice, Notices
from publisher.storage.schema import notice, source


class SqlNotices(Notices):
    """Notices on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tell(self, source_id: int, kind: str, text: str, now: datetime) -> bool:
        """Open a notice, or put its text up to date; True when there was none of this kind."""
        if self._connection.execute(update(notice).where(*_open(source_id, kind)).values(text=text)).rowcount:
            return False
        values = {"source_id": source_id, "kind": kind, "text": text, "at": now}
        self._connection.execute(insert(notice).values(**values))
        return True

    def close(self, source_id: int, kind: str, now: datetime) -> bool:
        """Settle a notice; False when none of this kind was open."""
        closing = update(notice).where(*_open(source_id, kind)).values(closed_at=now)
        return self._connection.execute(closing).rowcount > 0

    def open(self) -> list[Notice]:
        """The open notices, the oldest first."""
        columns = select(source.c.name, notice.c.kind, notice.c.text, notice.c.at)
        query = columns.join_from(notice, source).where(notice.c.closed_at.is_(None)).order_by(notice.c.id)
        return [
            Notice(source=row.name, kind=row.kind, text=row.text, at=row.at) for row in self._connection.execute(query)
        ]


def _open(source_id: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    return notice.c.source_id == source_id, notice.c.kind == kind, notice.c.closed_at.is_(None)
