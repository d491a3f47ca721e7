"""Subscriptions at WebSub hubs, and what hubs brought until it is looked at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from publisher.domain.websub import HubMode, HubState, HubSubscription
from publisher.pipeline.ports import HubContent, HubSubscriptions
from publisher.storage.lists import sqlite
from publisher.storage.schema import websub, websub_content

KEPT = 20
"""How much of what a hub brought may wait for one source: more is a hub gone wild, and polling finds the rest."""

# Made once: it is asked at every look at a feed.
_OF_SOURCE = (
    select(websub)
    .where(websub.c.source_id == bindparam("source"), websub.c.state != HubState.ENDING.value)
    .order_by(websub.c.id.desc())
)

_ANY = "SELECT 1 FROM websub WHERE source_id = ? LIMIT 1"


class SqlHubSubscriptions(HubSubscriptions):
    """Subscriptions at hubs on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[HubSubscription]:
        """All of them."""
        return [_read(row) for row in self._connection.execute(select(websub).order_by(websub.c.id))]

    def of(self, source_id: int) -> HubSubscription | None:
        """The one of a source that is not ending."""
        # Most sources have none, and it is asked at every look.
        if (
            self._connection.dialect.name == "sqlite"
            and not sqlite(self._connection).execute(_ANY, (source_id,)).fetchone()
        ):
            return None
        row = self._connection.execute(_OF_SOURCE, {"source": source_id}).first()
        return _read(row) if row is not None else None

    def behind(self, token: str) -> HubSubscription | None:
        """The one whose callback has this token."""
        row = self._connection.execute(select(websub).where(websub.c.token == token)).first()
        return _read(row) if row is not None else None

    def add(self, subscription: HubSubscription) -> None:
        """Remember a new one."""
        self._connection.execute(insert(websub).values(**_values(subscription)))

    def save(self, subscription: HubSubscription) -> None:
        """Remember how one stands now."""
        self._connection.execute(update(websub).where(websub.c.id == subscription.id).values(**_values(subscription)))

    def forget(self, subscription_id: int) -> None:
        """Delete one, with what came for it and was not looked at."""
        self._connection.execute(delete(websub_content).where(websub_content.c.websub_id == subscription_id))
        self._connection.execute(delete(websub).where(websub.c.id == subscription_id))

    def keep(self, subscription: HubSubscription, content: HubContent) -> None:
        """Keep what came, to be looked at soon; the oldest gives way when too much waits."""
        mine = websub_content.c.websub_id == subscription.id
        counted = select(func.count()).select_from(websub_content).where(mine)
        if self._connection.execute(counted).scalar_one() >= KEPT:
            oldest = select(func.min(websub_content.c.id)).where(mine).scalar_subquery()
            self._connection.execute(delete(websub_content).where(websub_content.c.id == oldest))
        values = {
            "websub_id": subscription.id,
            "at": content.at,
            "media_type": content.media_type,
            "charset": content.charset,
            "body": content.body,
        }
        self._connection.execute(insert(websub_content).values(**values))

    def waiting(self, limit: int) -> Sequence[HubContent]:
        """What came and was not looked at yet, the oldest first."""
        columns = select(websub_content, websub.c.source_id, websub.c.topic)
        query = columns.join_from(websub_content, websub).order_by(websub_content.c.id).limit(limit)
        return [
            HubContent(
                id=row.id,
                source_id=row.source_id,
                topic=row.topic,
                at=row.at,
                media_type=row.media_type,
                charset=row.charset,
                body=row.body,
            )
            for row in self._connection.execute(query)
        ]

    def done(self, content_id: int) -> None:
        """What came was looked at."""
        self._connection.execute(delete(websub_content).where(websub_content.c.id == content_id))


def _values(subscription: HubSubscription) -> dict[str, Any]:
    return {
        "source_id": subscription.source_id,
        "hub": subscription.hub,
        "topic": subscription.topic,
        "token": subscription.token,
        "secret": subscription.secret,
        "callback": subscription.callback,
        "state": subscription.state.value,
        "pending": subscription.pending.value if subscription.pending else None,
        "next_try": subscription.next_try,
        "lease_until": subscription.lease_until,
        "delivered_at": subscription.delivered_at,
        "failures": subscription.failures,
        "outcome": subscription.outcome,
    }


def _read(row: Any) -> HubSubscription:
    return HubSubscription(
        id=row.id,
        source_id=row.source_id,
        hub=row.hub,
        topic=row.topic,
        token=row.token,
        secret=row.secret,
        callback=row.callback,
        state=HubState(row.state),
        pending=HubMode(row.pending) if row.pending else None,
        next_try=row.next_try,
        lease_until=row.lease_until,
        delivered_at=row.delivered_at,
        failures=row.failures,
        outcome=row.outcome,
    )
