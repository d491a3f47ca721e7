"""What is run once a message or once a tick finds its rows by an index, however long the ledger grows."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event, text

from publisher.domain.delivery import DeliveryState as State
from publisher.domain.delivery import Outcome, Settlement, Verdict, Worker
from publisher.domain.edition import EditionState
from publisher.storage.database import SqlStorage
from publisher.storage.unit import SqlUnitOfWork
from tests.unit.storage.made import NOW, put_mailing

TOKEN = "0" * 32
WORKER = Worker("here", "boot")

# Each: what is asked, and the indexes that may serve the ledger's table.
ASKED: dict[str, tuple[Callable[[SqlUnitOfWork], Any], set[str]]] = {
    "claim": (
        lambda work: work.deliveries.claim(WORKER, "default", 50, NOW, NOW),
        {"delivery_queue", "delivery_state", "key", "delivery_claim"},
    ),
    "still_wanted": (lambda work: work.deliveries.still_wanted(TOKEN, 1), {"key", "delivery_claim"}),
    "settle": (
        lambda work: work.deliveries.settle(TOKEN, Outcome(1, Verdict.SENT), Settlement(State.SENT), NOW),
        {"key", "delivery_claim"},
    ),
    "release": (lambda work: work.deliveries.release(TOKEN), {"delivery_claim"}),
    "recover": (
        lambda work: work.deliveries.recover(WORKER, NOW, "hold", expired_only=False),
        {"delivery_claim", "key"},
    ),
    "expire_held": (lambda work: work.deliveries.expire_held(NOW, NOW), {"delivery_open", "delivery_queue"}),
    "unsubscribe": (lambda work: work.subscriptions.unsubscribe(1, NOW, ""), {"delivery_open"}),
    "cancel": (lambda work: work.deliveries.cancel(1), {"delivery_queue", "delivery_pair", "delivery_state"}),
    "counts": (lambda work: work.deliveries.counts(1), {"delivery_state"}),
    "delivered": (lambda work: work.deliveries.delivered([1], [1]), {"delivery_pair"}),
}


# Enough that a planner who counts takes an index where there is one: 4 editions to 2,000 people, the last in the queue.
FILL = """
INSERT INTO subscriber (address, canonical, address_key, language, timezone)
SELECT 'a' || n, 'a' || n, 'k' || n, 'en', 'UTC' FROM (WITH RECURSIVE counted (n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2000) SELECT n FROM counted) AS numbers;
INSERT INTO subscription (subscriber_id, newsletter_id, state, cadence, topics, format, channel, through_seq, high_seq,
                          made_at)
SELECT u.id, n.id, CASE WHEN u.id % 500 = 0 THEN 'paused' ELSE 'active' END, 'daily', '[]', 'html', 'mail', 0, 0,
       CURRENT_TIMESTAMP
  FROM subscriber AS u CROSS JOIN newsletter AS n WHERE u.address LIKE 'a%' AND u.address <> 'ana@people.example';
INSERT INTO delivery (edition_id, subscription_id, digest_id, state, due_at, from_seq, lane, attempts, doubts, reply)
SELECT e.id, s.id, 1, CASE WHEN e.state = 'sent' THEN 'sent' ELSE 'pending' END, e.cut_at, 0, 'default', 1, 0, '250 ok'
  FROM edition AS e CROSS JOIN subscription AS s WHERE s.id > 1 ORDER BY e.id, s.id;
ANALYZE
"""


def test_the_ledger_is_never_read_from_end_to_end(storage: SqlStorage) -> None:
    for state in (EditionState.SENT, EditionState.SENT, EditionState.DRAFT, EditionState.SENDING):
        put_mailing(storage, "ana", state=state)
    wrong: dict[str, list[set[str]]] = {}
    with storage.begin() as work:
        for statement in FILL.split(";"):
            work._connection.execute(text(statement))
        for name, (ask, indexes) in ASKED.items():
            plans = explain(work._connection, lambda ask=ask: ask(work))  # type: ignore[misc]
            if not plans or not set().union(*plans) <= indexes:
                wrong[name] = plans
    assert wrong == {}


def explain(connection: Connection, run: Callable[[], Any]) -> list[set[str]]:
    """How the ledger's table is reached by each statement of a call."""
    plans: list[set[str]] = []
    on_sqlite = connection.dialect.name == "sqlite"

    def before(_: Connection, cursor: Any, statement: str, parameters: Any, *others: object) -> None:
        if "delivery" in statement:
            cursor.execute(("EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN (COSTS off) ") + statement, parameters)
            lines = [str(row[-1]) for row in cursor.fetchall()]
            plans.append({way for line in lines if (way := on_sqlite_way(line) if on_sqlite else postgres_way(line))})

    if not on_sqlite:
        # Some thousand rows may still be read faster from end to end.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
    event.listen(connection, "before_cursor_execute", before)
    run()
    event.remove(connection, "before_cursor_execute", before)
    return [plan for plan in plans if plan]


def on_sqlite_way(line: str) -> str | None:
    """`SEARCH q USING INDEX delivery_queue (…)`, `SEARCH d USING INTEGER PRIMARY KEY (rowid=?)`, `SCAN delivery`."""
    words = line.split()
    if words[0] not in ("SCAN", "SEARCH") or words[1] not in ("delivery", "d", "q"):
        return None
    if words[0] == "SCAN" and words[-1] != "delivery_claim":
        # All of `delivery_claim` is only what is claimed now.
        return line
    return (
        "key"
        if "PRIMARY KEY" in line
        else words[words.index("INDEX") + 1].replace("sqlite_autoindex_delivery_1", "delivery_pair")
    )


def postgres_way(line: str) -> str | None:
    """`Index Scan using delivery_rest_edition_id_lane_… on delivery_rest q`: the partition's index, by its columns."""
    if "Seq Scan on delivery" in line:
        return line
    names = {
        "delivery_rest_edition_id_lane": "delivery_queue",
        "delivery_rest_edition_id_subscription_id": "delivery_pair",
        "delivery_rest_edition_id_state": "delivery_state",
        "delivery_rest_subscription_id": "delivery_open",
        "delivery_rest_claim_token": "delivery_claim",
        "delivery_rest_pkey": "key",
    }
    return next((name for part, name in names.items() if f" {part}" in line and "Index" in line), None)
