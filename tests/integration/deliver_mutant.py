"""Runs the program with a fault planted into its delivery, to see that the kill test would find it.

python deliver_mutant.py MUTANT ARGUMENTS… ; MUTANT is one of the functions below, or `none`.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text

from publisher.cli import main
from publisher.domain.delivery import Outcome, OutgoingMessage, Settlement, Verdict, Window, Worker, settle
from publisher.pipeline import deliver
from publisher.storage.ledger import SqliteLedger


def commit_before_send() -> None:
    """Outcomes are written down when a message is begun, as listmonk moves its checkpoint."""
    each = deliver._Feeder.__iter__

    def messages(self: deliver._Feeder) -> Iterator[OutgoingMessage]:
        rows = {delivery.id: delivery for delivery in self.window.deliveries}
        for message in each(self):
            outcome = Outcome(message.delivery_id, Verdict.SENT)
            now = self.deliverer.clock()
            settlement = settle(outcome, rows[message.delivery_id], now)
            self.deliverer.storage.ledger.settle(self.window.token, outcome, settlement, now)
            yield message

    deliver._Feeder.__iter__ = messages  # type: ignore[method-assign]


def no_claim() -> None:
    """Rows are taken without being marked, and written down a window at a time."""
    claim, release = SqliteLedger.claim, SqliteLedger.release
    sent: dict[int, list[int]] = defaultdict(list)

    def take(
        self: SqliteLedger, worker: Worker, lane: str, limit: int, now: datetime, until: datetime
    ) -> Window | None:
        window = claim(self, worker, lane, limit, now, until)
        if window is not None:
            release(self, window.token)
        return window

    def note(self: SqliteLedger, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        sent[threading.get_ident()].append(outcome.delivery_id)
        return True

    def write_down(self: SqliteLedger, token: str) -> int:
        with self._begin() as work:
            for number in sent.pop(threading.get_ident(), []):
                work.deliveries._connection.execute(  # type: ignore[attr-defined]
                    text("UPDATE delivery SET state = 'sent' WHERE id = :id"), {"id": number}
                )
        return 0

    SqliteLedger.claim = take  # type: ignore[method-assign]
    SqliteLedger.settle = note  # type: ignore[method-assign]
    SqliteLedger.release = write_down  # type: ignore[method-assign]
    SqliteLedger.still_wanted = lambda *_: True  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    mutant = sys.argv.pop(1)
    if mutant != "none":
        {"commit_before_send": commit_before_send, "no_claim": no_claim}[mutant]()
    sys.exit(main())
