"""The ledger: deliveries outside `begin()`, where each call is its own short transaction.

A claim is durable. An outcome is committed as its reply arrives but waits for no disk: the next claim's fsync hardens
it, and `recover` knows that a power cut may have lost it.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import URL, Engine

from publisher.domain.delivery import Delivery, DeliveryState, NewDelivery, Outcome, Settlement, Window, Worker
from publisher.pipeline.ports import Deliveries, Queue, UnitOfWork
from publisher.storage import statements
from publisher.storage.deliveries import SqlDeliveries, claim_parameters, judge, settle_parameters
from publisher.storage.faults import explained
from publisher.storage.types import read_sqlite_time, sqlite_time

Transaction = Callable[[], AbstractContextManager[UnitOfWork]]


class _Ledger(Deliveries):
    """What both databases do alike."""

    def __init__(self, begin: Transaction, read: Transaction) -> None:
        self._begin = begin
        self._read = read

    def add(self, edition_id: int, rows: Sequence[NewDelivery], digest_ids: Mapping[str, int]) -> int:
        """Insert rows."""
        with self._begin() as work:
            return work.deliveries.add(edition_id, rows, digest_ids)

    def delivered(self, subscription_ids: Sequence[int], article_ids: Sequence[int]) -> set[tuple[int, int]]:
        """Which pairs are in a delivery."""
        with self._read() as work:
            return work.deliveries.delivered(subscription_ids, article_ids)

    def discard(self, edition_id: int) -> None:
        """Cancel an open edition's rows and give the watermarks back."""
        with self._begin() as work:
            work.deliveries.discard(edition_id)

    def redirect(self, digest_id: int, other: int | None) -> int:
        """Have a digest's open rows carry another one."""
        with self._begin() as work:
            return work.deliveries.redirect(digest_id, other)

    def cancel(self, edition_id: int) -> int:
        """Cancel an edition's open rows."""
        with self._begin() as work:
            return work.deliveries.cancel(edition_id)

    def claim(self, worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> Window | None:
        """Claim rows, durably."""
        with self._begin() as work:
            return work.deliveries.claim(worker, lane, limit, now, until)

    def recover(self, worker: Worker, now: datetime, in_doubt: str, *, expired_only: bool) -> tuple[int, int]:
        """Judge what dead workers left claimed."""
        with self._begin() as work:
            return work.deliveries.recover(worker, now, in_doubt, expired_only=expired_only)

    def queue(self, lane: str, now: datetime) -> Queue:
        """What waits."""
        with self._read() as work:
            return work.deliveries.queue(lane, now)

    def expire_held(self, now: datetime, before: datetime) -> int:
        """Cancel what was held too long."""
        with self._begin() as work:
            return work.deliveries.expire_held(now, before)

    def counts(self, edition_id: int | None = None) -> Mapping[DeliveryState, int]:
        """Rows by state."""
        with self._read() as work:
            return work.deliveries.counts(edition_id)

    def doubts(self) -> int:
        """How many times a message was or may have been sent twice."""
        with self._read() as work:
            return work.deliveries.doubts()


class SqliteLedger(_Ledger):
    """On SQLite: a connection of its own with `synchronous=NORMAL`, under the lock of this process's writers.

    Only a claim waits for the disk. The statements are transactions by themselves and go to sqlite3 directly: they
    run once a message.
    """

    def __init__(
        self,
        begin: Transaction,
        read: Transaction,
        lock: AbstractContextManager[None],
        connection: sqlite3.Connection,
        url: URL,
    ) -> None:
        super().__init__(begin, read)
        self._lock = lock
        self._connection = connection
        self._url = url

    def claim(self, worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> Window | None:
        """Claim rows, durably."""
        parameters = claim_parameters(worker, lane, limit, now, until)
        parameters |= {"now": sqlite_time(now), "until": sqlite_time(until)}
        token = parameters["token"]
        with self._lock, explained(self._url):
            with self._durable():
                claimed = self._connection.execute(statements.CLAIM["sqlite"], parameters).rowcount
            if not claimed:
                return None
            rows = self._connection.execute(statements.WINDOW, {"token": token}).fetchall()
        return Window(token, tuple(map(_delivery, rows)))

    @contextmanager
    def _durable(self) -> Iterator[None]:
        """What is committed meanwhile waits for the disk, and all that was committed before goes with it."""
        self._connection.execute("PRAGMA synchronous=FULL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous=NORMAL")

    def still_wanted(self, token: str, delivery_id: int) -> bool:
        """Look at a claimed row again before MAIL."""
        parameters = {"id": delivery_id, "token": token}
        with self._lock, explained(self._url):
            row = self._connection.execute(statements.WANTED, parameters).fetchone()
            if row is None:
                return False
            state = judge(*row)
            if state is not None:
                self._connection.execute(statements.LET_GO, {**parameters, "state": state.value})
        return state is None

    def settle(self, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        """Write one outcome, committed at once without an fsync of its own."""
        parameters = settle_parameters(token, outcome, settlement, now)
        parameters |= {"now": sqlite_time(now), "due_at": settlement.due_at and sqlite_time(settlement.due_at)}
        return self._write(statements.SETTLE, parameters) == 1

    def release(self, token: str) -> int:
        """Give back what of a window was not started."""
        return self._write(statements.RELEASE, {"token": token})

    def _write(self, statement: str, parameters: Mapping[str, Any]) -> int:
        with self._lock, explained(self._url):
            return self._connection.execute(statement, parameters).rowcount

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _delivery(row: tuple[Any, ...]) -> Delivery:
    """A row of `statements.WINDOW`."""
    number, edition, newsletter, subscription, digest, address, due_at, attempts, first_tried = row
    return Delivery(
        id=number,
        edition_id=edition,
        newsletter_id=newsletter,
        subscription_id=subscription,
        digest_id=digest,
        address=address,
        due_at=read_sqlite_time(due_at),
        attempts=attempts,
        first_tried=read_sqlite_time(first_tried),
    )


class PostgresLedger(_Ledger):
    """On PostgreSQL: each call one round trip in autocommit; `settle` commits without waiting for the disk."""

    def __init__(self, begin: Transaction, read: Transaction, engine: Engine) -> None:
        super().__init__(begin, read)
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def still_wanted(self, token: str, delivery_id: int) -> bool:
        """Look at a claimed row again before MAIL."""
        with explained(self._engine.url), self._engine.connect() as connection:
            return SqlDeliveries(connection).still_wanted(token, delivery_id)

    def settle(self, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        """Write one outcome, committed at once without waiting for the disk; the window's lease goes on."""
        with explained(self._engine.url), self._engine.connect() as connection:
            return SqlDeliveries(connection).settle(token, outcome, settlement, now)

    def release(self, token: str) -> int:
        """Give back what of a window was not started."""
        with explained(self._engine.url), self._engine.connect() as connection:
            return SqlDeliveries(connection).release(token)

    def close(self) -> None:
        """Nothing of its own to close."""
