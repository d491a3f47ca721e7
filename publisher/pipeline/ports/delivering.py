"""The ledger, and the ways to send."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.domain.delivery import (
    Delivery,
    DeliveryState,
    NewDelivery,
    Outcome,
    OutgoingMessage,
    Settlement,
    Window,
    Worker,
)
from publisher.domain.edition import Digest
from publisher.domain.newsletter import Newsletter


@dataclass(frozen=True, slots=True)
class Queue:
    """How many rows of a lane wait, and when the next is due."""

    ready: int
    next_due: datetime | None


class Deliveries(Protocol):
    """The ledger. Only rows of approved or sending editions are claimed; of paused subscriptions none."""

    def add(self, edition_id: int, rows: Sequence[NewDelivery], digest_ids: Mapping[str, int]) -> int:
        """Insert rows in state pending; a row that exists already is left as it is. How many were inserted."""
        ...

    def delivered(self, subscription_ids: Sequence[int], article_ids: Sequence[int]) -> set[tuple[int, int]]:
        """Which (subscription, article) pairs are in a delivery; cancelled ones and discarded editions don't count."""
        ...

    def discard(self, edition_id: int) -> None:
        """Cancel an open edition's rows and give `from_seq` back to the subscriptions' `through_seq`."""
        ...

    def redirect(self, digest_id: int, other: int | None) -> int:
        """Have a digest's pending and deferred rows carry another one; without one they are cancelled. How many."""
        ...

    def cancel(self, edition_id: int) -> int:
        """Cancel an edition's pending and deferred rows; how many."""
        ...

    def claim(self, worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> Window | None:
        """Claim up to `limit` due rows for one connection, durably; None when nothing is due."""
        ...

    def still_wanted(self, token: str, delivery_id: int) -> bool:
        """Look at a claimed row again before MAIL: False when its subscription ended, paused or was suppressed.

        Such a row is cancelled, or (paused) goes back to pending.
        """
        ...

    def settle(self, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        """Write one outcome, committed at once without an fsync of its own; False when the claim was lost.

        Opens its own transaction: never call it inside `begin()`.
        """
        ...

    def release(self, token: str) -> int:
        """Give back what of a window was not started; how many rows. Its own transaction too."""
        ...

    def recover(self, worker: Worker, now: datetime, in_doubt: str, *, expired_only: bool) -> tuple[int, int]:
        """Judge what dead workers left claimed (`domain.delivery.recover`): numbers in doubt and put back.

        With `expired_only` only leases that ended count. Rows in doubt are put back as well when `in_doubt` is
        "resend" (same Message-ID), and counted in the row's `doubts`.
        """
        ...

    def queue(self, lane: str, now: datetime) -> Queue:
        """What waits."""
        ...

    def expire_held(self, now: datetime, before: datetime) -> int:
        """Cancel rows of paused subscriptions that were due before an instant; how many."""
        ...

    def counts(self, edition_id: int | None = None) -> Mapping[DeliveryState, int]:
        """Rows by state."""
        ...

    def doubts(self) -> int:
        """How many times a message was or may have been sent twice."""
        ...


class MessageWriter(Protocol):
    """Writes whole messages: a rendering, a newsletter's headers and a recipient's values."""

    def write(self, delivery: Delivery, newsletter: Newsletter, digest: Digest) -> OutgoingMessage:
        """The message of one delivery, with the same Message-ID at each attempt."""
        ...


class Session(Protocol):
    """One connection of a transport."""

    def send(self, messages: Iterator[OutgoingMessage]) -> Iterator[Outcome]:
        """Send messages in order and yield each outcome as its reply arrives.

        The next final dot goes out only after the outcome before was taken by the caller. The next message is taken
        from the iterator just before its MAIL. Ends early when the connection breaks or the server says 421: the
        outcomes of all messages taken from the iterator have been yielded by then.
        """
        ...

    def close(self) -> None:
        """End the session (QUIT); never raises."""
        ...


class Transport(Protocol):
    """A way to send: a relay by SMTP, or the outbox."""

    def session(self) -> Session:
        """A new session; raises TransportError when none can be had."""
        ...
