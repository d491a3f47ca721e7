"""The ledger's rows on one transaction: made by compose, claimed and settled by deliver."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, bindparam, case, func, select, text, update

from publisher.domain.delivery import (
    Delivery,
    DeliveryState,
    NewDelivery,
    Outcome,
    Settlement,
    Verdict,
    Window,
    Worker,
    recover,
)
from publisher.domain.edition import EditionState
from publisher.domain.subscription import SubscriptionState
from publisher.pipeline.ports import Deliveries, Queue
from publisher.storage import statements
from publisher.storage.lists import among
from publisher.storage.schema import (
    HAS_DOUBTS,
    IS_CLAIMED,
    IS_OPEN,
    IS_PAUSED,
    delivery,
    digest,
    digest_article,
    edition,
    subscription,
)
from publisher.storage.types import UtcTime, clean, sqlite_time

LONGEST_REPLY = 1000
"""Characters of a server's words that are kept."""

_SENDING = (EditionState.APPROVED.value, EditionState.SENDING.value)
_NO_CLAIM: dict[str, Any] = {"claim_token": None, "claim_until": None}

WITHDRAWN = "all its articles were taken down"
"""Why a delivery was cancelled."""


class SqlDeliveries(Deliveries):
    """Deliveries on one transaction. What the ledger runs once a message is run by `storage.ledger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    # --- compose -------------------------------------------------------------------------------------------------

    def add(self, edition_id: int, rows: Sequence[NewDelivery], digest_ids: Mapping[str, int]) -> int:
        """Insert rows in state pending; a row that exists already is left as it is. How many were inserted."""
        if not rows:
            return 0
        if self._dialect == "sqlite":
            values = [
                (row.subscription_id, digest_ids[row.digest_key], sqlite_time(row.due_at), row.from_seq, row.lane)
                for row in rows
            ]
            parameters: dict[str, Any] = {"rows": json.dumps(values)}
        else:
            parameters = {
                "subscriptions": [row.subscription_id for row in rows],
                "digests": [digest_ids[row.digest_key] for row in rows],
                "due": [row.due_at for row in rows],
                "from_seqs": [row.from_seq for row in rows],
                "lanes": [row.lane for row in rows],
            }
        statement = text(statements.ADD[self._dialect])
        return self._connection.execute(statement, {"edition": edition_id, **parameters}).rowcount

    def delivered(self, subscription_ids: Sequence[int], article_ids: Sequence[int]) -> set[tuple[int, int]]:
        """Which (subscription, article) pairs are in a delivery; cancelled ones and discarded editions don't count."""
        if not subscription_ids or not article_ids:
            return set()
        query = (
            select(delivery.c.subscription_id, digest_article.c.article_id)
            .join(digest, digest.c.id == digest_article.c.digest_id)
            .join(edition, edition.c.id == digest.c.edition_id)
            .join(delivery, (delivery.c.edition_id == edition.c.id) & (delivery.c.digest_id == digest.c.id))
            .where(among(self._connection, digest_article.c.article_id, article_ids))
            .where(among(self._connection, delivery.c.subscription_id, subscription_ids))
            .where(delivery.c.state != DeliveryState.CANCELLED.value)
            .where(edition.c.state != EditionState.DISCARDED.value)
        )
        return {(row.subscription_id, row.article_id) for row in self._connection.execute(query)}

    def discard(self, edition_id: int) -> None:
        """Cancel an open edition's rows and give `from_seq` back to the subscriptions' `through_seq`.

        Subscriptions without a row had nothing fresh: they stay where they are. `high_seq` always stays.
        """
        self._give_back(delivery.c.edition_id == edition_id)
        self.cancel(edition_id)

    def redirect(self, digest_id: int, other: int | None) -> int:
        """Have a digest's pending and deferred rows carry another one; without one they are cancelled. How many.

        `from_seq` is given back as by `discard`: what a mail carries no more is fresh once it can be seen again.
        """
        edition_of = select(digest.c.edition_id).where(digest.c.id == digest_id).scalar_subquery()
        where = delivery.c.edition_id == edition_of, delivery.c.digest_id == digest_id
        self._give_back(*where)
        cancelled = {"state": DeliveryState.CANCELLED.value, "reply": WITHDRAWN}
        values = cancelled if other is None else {"digest_id": other}
        return self._connection.execute(update(delivery).where(*where, IS_OPEN).values(**values)).rowcount

    def _give_back(self, *rows: ColumnElement[bool]) -> None:
        """Set the subscriptions of open rows back to where these began, unless they stand before that."""
        earlier = case(
            (delivery.c.from_seq < subscription.c.through_seq, delivery.c.from_seq), else_=subscription.c.through_seq
        )
        where = (*rows, IS_OPEN, delivery.c.subscription_id == subscription.c.id)
        self._connection.execute(update(subscription).where(*where).values(through_seq=earlier))

    def cancel(self, edition_id: int) -> int:
        """Cancel an edition's pending and deferred rows; how many."""
        where = (delivery.c.edition_id == edition_id, IS_OPEN)
        cancelled = update(delivery).where(*where).values(state=DeliveryState.CANCELLED.value)
        return self._connection.execute(cancelled).rowcount

    # --- deliver -------------------------------------------------------------------------------------------------

    def claim(self, worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> Window | None:
        """Claim up to `limit` due rows for one connection; None when nothing is due."""
        parameters = claim_parameters(worker, lane, limit, now, until) | {"boot": self._boot(worker)}
        token = parameters["token"]
        if not self._connection.execute(_timed(statements.CLAIM[self._dialect], "now", "until"), parameters).rowcount:
            return None
        rows = self._connection.execute(_WINDOW, {"token": token})
        return Window(token, tuple(Delivery(**row._mapping) for row in rows))

    def still_wanted(self, token: str, delivery_id: int) -> bool:
        """Look at a claimed row again before MAIL; an unwanted one is cancelled, a held one goes back to pending."""
        row = self._connection.execute(text(statements.WANTED), {"id": delivery_id, "token": token}).one_or_none()
        if row is None:
            return False
        state = judge(*row)
        if state is not None:
            parameters = {"id": delivery_id, "token": token, "state": state.value}
            self._connection.execute(text(statements.LET_GO), parameters)
        return state is None

    def settle(self, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        """Write one outcome; False when the claim was lost."""
        parameters = settle_parameters(token, outcome, settlement, now)
        if self._dialect == "sqlite":
            return self._connection.execute(_timed(statements.SETTLE, "now", "due_at"), parameters).rowcount == 1
        settled = _timed(statements.SETTLE_POSTGRES, "now", "due_at")
        return bool(self._connection.execute(settled, parameters).scalar_one() == 1)

    def release(self, token: str) -> int:
        """Give back what of a window was not started; how many rows."""
        return self._connection.execute(text(statements.RELEASE), {"token": token}).rowcount

    def recover(self, worker: Worker, now: datetime, in_doubt: str, *, expired_only: bool) -> tuple[int, int]:
        """Judge what dead workers left claimed: numbers in doubt and put back."""
        query = select(delivery.c.id, delivery.c.claim_token, delivery.c.claim_boot).where(IS_CLAIMED)
        if expired_only:
            query = query.where(delivery.c.claim_until < now)
        rows = self._connection.execute(query.order_by(delivery.c.claim_token, delivery.c.id).with_for_update()).all()
        doubtful: list[int] = []
        pending: list[int] = []
        boot = self._boot(worker)
        for (_, claimed_at_boot), window in groupby(rows, key=lambda row: (row.claim_token, row.claim_boot)):
            judged = recover([row.id for row in window], same_boot=claimed_at_boot == boot)
            doubtful += judged.in_doubt
            pending += judged.pending
        held = DeliveryState.IN_DOUBT if in_doubt == "hold" else DeliveryState.PENDING
        self._put_back(doubtful, state=held.value, doubts=delivery.c.doubts + 1)
        self._put_back(pending, state=DeliveryState.PENDING.value)
        return len(doubtful), len(pending)

    def _put_back(self, ids: Sequence[int], **values: Any) -> None:
        if ids:
            where = (among(self._connection, delivery.c.id, ids), IS_CLAIMED)
            self._connection.execute(update(delivery).where(*where).values(**values, **_NO_CLAIM))

    def _boot(self, worker: Worker) -> str:
        """What a power cut changes: the boot of the worker's machine, and the start of PostgreSQL's."""
        if self._dialect == "sqlite":
            return worker.boot_id
        started = self._connection.execute(text("SELECT pg_postmaster_start_time()")).scalar_one()
        return f"{worker.boot_id} {started.timestamp()}"

    # --- look ----------------------------------------------------------------------------------------------------

    def queue(self, lane: str, now: datetime) -> Queue:
        """What waits: the rows that are due, and when the next is that is not."""
        due = delivery.c.due_at
        query = (
            select(
                func.count(case((due <= now, 1))),
                func.min(case((due > now, due))),
            )
            .select_from(delivery)
            .join(edition, edition.c.id == delivery.c.edition_id)
            .join(subscription, subscription.c.id == delivery.c.subscription_id)
            .where(IS_OPEN, delivery.c.lane == lane, edition.c.state.in_(_SENDING))
            .where(subscription.c.state == SubscriptionState.ACTIVE.value)
        )
        return Queue(*self._connection.execute(query).one())

    def expire_held(self, now: datetime, before: datetime) -> int:
        """Cancel rows of paused subscriptions that were due before an instant; how many."""
        paused = select(subscription.c.id).where(IS_PAUSED)
        where = (IS_OPEN, delivery.c.subscription_id.in_(paused), delivery.c.due_at < before)
        values = {"state": DeliveryState.CANCELLED.value, "settled_at": now}
        return self._connection.execute(update(delivery).where(*where).values(**values)).rowcount

    def counts(self, edition_id: int | None = None) -> Mapping[DeliveryState, int]:
        """Rows by state."""
        query = select(delivery.c.state, func.count()).group_by(delivery.c.state)
        if edition_id is not None:
            query = query.where(delivery.c.edition_id == edition_id)
        return {DeliveryState(state): count for state, count in self._connection.execute(query)}

    def doubts(self) -> int:
        """How many times a message was or may have been sent twice."""
        query = select(func.coalesce(func.sum(delivery.c.doubts), 0)).where(HAS_DOUBTS)
        return int(self._connection.execute(query).scalar_one())


def judge(edition: str, subscription: str | None, suppressed: str | None) -> DeliveryState | None:
    """What becomes of a claimed row just before MAIL: nothing (None) when it is wanted still."""
    if edition == EditionState.CANCELLED or suppressed is not None:
        return DeliveryState.CANCELLED
    if subscription == SubscriptionState.ACTIVE:
        return None
    return DeliveryState.PENDING if subscription == SubscriptionState.PAUSED else DeliveryState.CANCELLED


def claim_parameters(worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> dict[str, Any]:
    """What `statements.CLAIM` wants to know, with a new token."""
    return {
        "worker": worker.name,
        "boot": worker.boot_id,
        "token": uuid.uuid4().hex,
        "until": until,
        "now": now,
        "lane": lane,
        "limit": limit,
    }


def settle_parameters(token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> dict[str, Any]:
    """What `statements.SETTLE` wants to know."""
    return {
        "id": outcome.delivery_id,
        "token": token,
        "state": settlement.state.value,
        "reply": clean(outcome.reply[:LONGEST_REPLY]),
        "attempt": int(settlement.counts_attempt),
        "doubt": int(outcome.verdict is Verdict.IN_DOUBT),
        "due_at": settlement.due_at,
        "now": now,
    }


def _timed(statement: str, *instants: str) -> TextClause:
    return text(statement).bindparams(*(bindparam(name, type_=UtcTime()) for name in instants))


_WINDOW = text(statements.WINDOW).columns(due_at=UtcTime(), first_tried=UtcTime())
