"""Deliveries: the ledger's rows, what a server's answer means for them, and what a crash leaves behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.domain.backoff import doubled
from publisher.domain.edition import SlotKind

DEFAULT_LANE = "default"
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=4)
RETRY_LIMIT = timedelta(hours=48)


class DeliveryState(StrEnum):
    """pending and deferred rows are the queue; claimed ones belong to a worker; the others are final."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What became of one message, as a transport tells it."""

    SENT = "sent"
    IN_DOUBT = "in_doubt"
    """The final dot went out and no reply came."""
    NOT_STARTED = "not_started"
    """Nothing that counts was sent: back to the queue, no attempt counted."""
    TEMPORARY = "temporary"
    RATE = "rate"
    MAILBOX_FULL = "mailbox_full"
    ADDRESS_DEAD = "address_dead"
    REPUTATION = "reputation"
    AUTHENTICATION = "authentication"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with the server's words; `temporary` is true for 4xx replies and network faults."""

    delivery_id: int
    verdict: Verdict
    reply: str = ""
    temporary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the ledger as a worker holds it, with what its message needs."""

    id: int
    edition_id: int
    newsletter_id: int
    subscription_id: int
    digest_id: int
    address: str
    due_at: datetime
    attempts: int = 0
    first_tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A row to be inserted: who gets which digest, when, and the watermark they came from."""

    subscription_id: int
    digest_key: str
    due_at: datetime
    from_seq: int
    lane: str = DEFAULT_LANE


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that one worker claimed for one connection, in row order."""

    token: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims: a name, and the boot id of its machine (a different one means the power was cut)."""

    name: str
    boot_id: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message ready for the wire (RFC 5322, CRLF, not dot-stuffed) with its envelope (RFC 5321)."""

    delivery_id: int
    message_id: str
    envelope_from: str
    envelope_to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the ledger writes down: the new state, and for a deferred row when it is due again."""

    state: DeliveryState
    due_at: datetime | None = None
    counts_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server that takes our messages. `in_doubt` is what happens to a message without a reply."""

    name: str = "default"
    host: str = "localhost"
    port: int = 25
    tls: str = "none"
    user: str = ""
    password: str = ""
    connections: int = 2
    in_doubt: str = "resend"
    timeout: timedelta = timedelta(minutes=5)
    verify: bool = True
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"Relay({self.name}, {self.host}:{self.port})"


def settle(
    outcome: Outcome, delivery: Delivery, now: datetime, *, in_doubt: str = "resend", chance: float = 0.5
) -> Settlement:
    """What one outcome means for its row. `chance` (0 to 1) spreads the retries.

    Only a dead address is final at once as bounced; other refusals for good are failed; a 4xx or a broken network
    is tried again with growing pauses for `RETRY_LIMIT`.
    """
    match outcome.verdict:
        case Verdict.SENT:
            return Settlement(DeliveryState.SENT)
        case Verdict.NOT_STARTED:
            return Settlement(DeliveryState.PENDING, counts_attempt=False)
        case Verdict.IN_DOUBT if in_doubt == "hold":
            return Settlement(DeliveryState.IN_DOUBT)
        case Verdict.IN_DOUBT:
            return Settlement(DeliveryState.DEFERRED, now + retry_pause(delivery.attempts, chance))
        case Verdict.AUTHENTICATION:
            return Settlement(DeliveryState.DEFERRED, now + LONGEST_RETRY, counts_attempt=False)
        case Verdict.ADDRESS_DEAD if not outcome.temporary:
            return Settlement(DeliveryState.BOUNCED)
        case Verdict.TEMPORARY | Verdict.RATE:
            retried = True
        case _:
            retried = outcome.temporary
    first = delivery.first_tried or now
    if not retried or now - first > RETRY_LIMIT:
        return Settlement(DeliveryState.FAILED)
    return Settlement(DeliveryState.DEFERRED, now + retry_pause(delivery.attempts, chance))


def retry_pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: doubling, with up to half as much again by chance."""
    return doubled(FIRST_RETRY, attempts, LONGEST_RETRY) * (1 + chance / 2)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What becomes of a dead worker's window: these rows are in doubt, those go back to the queue."""

    in_doubt: tuple[int, ...]
    pending: tuple[int, ...]


def recover(unsettled: Sequence[int], *, same_boot: bool) -> Recovery:
    """Judge the unsettled rows of one window, in row order.

    A window goes through one connection in order, and an outcome is committed before the next final dot. So after a
    kill only its first unsettled row can have reached the server; after a power cut the commits themselves may be
    lost, and every row is in doubt.
    """
    rows = tuple(sorted(unsettled))
    if not same_boot:
        return Recovery(rows, ())
    return Recovery(rows[:1], rows[1:])


@dataclass(frozen=True, slots=True)
class Recipient:
    """The values that fill a rendering's slots."""

    address: str
    unsubscribe_url: str
    unsubscribe_mailto: str = ""

    def value(self, name: str, kind: SlotKind) -> str:
        """The raw value of a slot; escaping is the message's work."""
        del kind
        return str(getattr(self, name))
