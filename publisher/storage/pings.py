"""Pings to WebSub hubs, until they took them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from publisher.pipeline.ports import Ping, Pings
from publisher.storage.schema import hub_ping


class SqlPings(Pings):
    """Pings on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, hubs: Sequence[str], topics: Sequence[str], now: datetime) -> None:
        """Have each hub told of each topic, at once."""
        wanted = [(hub, topic) for hub in hubs for topic in topics]
        mine = tuple_(hub_ping.c.hub, hub_ping.c.topic).in_(wanted)
        known = {tuple(row) for row in self._connection.execute(select(hub_ping.c.hub, hub_ping.c.topic).where(mine))}
        again = update(hub_ping).where(mine)
        self._connection.execute(again.values(asked=hub_ping.c.asked + 1, due_at=now, failures=0, outcome=""))
        new = [pair for pair in wanted if pair not in known]
        if new:
            values = {"asked": 1, "due_at": now, "failures": 0, "outcome": ""}
            self._connection.execute(insert(hub_ping), [{"hub": hub, "topic": topic, **values} for hub, topic in new])

    def due(self, now: datetime) -> list[Ping]:
        """Those that are due, the longest due first."""
        return self._read(select(hub_ping).where(hub_ping.c.due_at <= now))

    def all(self) -> list[Ping]:
        """All that hubs were not told yet."""
        return self._read(select(hub_ping))

    def done(self, ping: Ping) -> None:
        """Forget one, unless its topic changed again meanwhile."""
        self._connection.execute(delete(hub_ping).where(*_same(ping)))

    def later(self, ping: Ping, due_at: datetime, outcome: str) -> None:
        """Try once more then, unless its topic changed again meanwhile."""
        values = {"due_at": due_at, "failures": ping.failures + 1, "outcome": outcome}
        self._connection.execute(update(hub_ping).where(*_same(ping)).values(**values))

    def keep(self, hubs: Sequence[str]) -> None:
        """Forget what is for any other hub."""
        self._connection.execute(delete(hub_ping).where(hub_ping.c.hub.not_in(hubs)))

    def _read(self, query: Any) -> list[Ping]:
        rows = self._connection.execute(query.order_by(hub_ping.c.due_at, hub_ping.c.hub, hub_ping.c.topic))
        return [Ping(**row._mapping) for row in rows]


def _same(ping: Ping) -> tuple[Any, ...]:
    columns = hub_ping.c
    return columns.hub == ping.hub, columns.topic == ping.topic, columns.asked == ping.asked
