"""The last stretch: the ledger's rows become messages, and each server's answer is written down as it arrives.

A drain is one worker with one connection: claim a window, send it in row order, settle each outcome before the next
final dot, give back what was not started, and again until nothing is due.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from publisher.domain.delivery import (
    DEFAULT_LANE,
    Delivery,
    DeliveryState,
    Outcome,
    OutgoingMessage,
    Verdict,
    Window,
    Worker,
    settle,
)
from publisher.domain.edition import Digest, EditionState
from publisher.domain.newsletter import Newsletter
from publisher.domain.schedule import STALENESS
from publisher.errors import PublisherError, TransportError
from publisher.pipeline.ports import Clock, MessageWriter, Run, Session, Storage, Transport
from publisher.pipeline.wording import without_addresses

WINDOW = 50
LEASE = timedelta(minutes=15)
"""How long a claim holds without a settled row: longer than a reply to DATA may take (RFC 5321, 4.5.3.2.6)."""

START_WITHIN = timedelta(seconds=10)
"""How long after a claim a message may be begun; the rest of the window is given back."""

TRIES = 3
"""Broken connections, or windows that could not be sent as they were, in a row after which a drain gives up until the
next tick."""

IN_PROGRESS = (EditionState.APPROVED, EditionState.SENDING)
OPEN_ROWS = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.DEFERRED)


@dataclass(slots=True)
class DrainReport:
    """What one worker did. `failed` is the first fault in a line; `stopped` tells that the run must not go on."""

    outcomes: dict[Verdict, int] = field(default_factory=dict)
    failed: str | None = None
    stopped: bool = False

    def count(self, verdict: Verdict) -> None:
        """Add one outcome."""
        self.outcomes[verdict] = self.outcomes.get(verdict, 0) + 1

    def fault(self, reason: str) -> None:
        """Keep the first fault."""
        self.failed = self.failed or reason

    def add(self, other: "DrainReport") -> None:
        """Take in what another worker did."""
        for verdict, times in other.outcomes.items():
            self.outcomes[verdict] = self.outcomes.get(verdict, 0) + times
        if other.failed:
            self.fault(other.failed)
        self.stopped = self.stopped or other.stopped

    @property
    def sent(self) -> int:
        """How many messages were accepted."""
        return self.outcomes.get(Verdict.SENT, 0)

    def __str__(self) -> str:
        done = ", ".join(f"{times} {verdict.replace('_', ' ')}" for verdict, times in sorted(self.outcomes.items()))
        return "; ".join(part for part in (done, self.failed) if part) or "nothing due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """What delivering needs. `stop` is asked before each message; `chance` spreads retries (0 to 1).

    `mend` takes what was taken down out of the mails that wait.
    """

    storage: Storage
    transport: Transport
    writer: MessageWriter
    clock: Clock
    worker: Worker
    chance: Callable[[], float]
    in_doubt: str = "resend"
    window: int = WINDOW
    lane: str = DEFAULT_LANE
    stop: Callable[[], bool] = lambda: False
    mend: Callable[[], object] = lambda: None

    # --- before and after ----------------------------------------------------------------------------------------

    def recover(self, *, expired_only: bool) -> tuple[int, int]:
        """Judge what dead workers left claimed; how many rows were in doubt and how many were put back."""
        return self.storage.ledger.recover(self.worker, self.clock(), self.in_doubt, expired_only=expired_only)

    def begin(self) -> datetime:
        """Before the drains: cancel what was held too long, and mend. Returns the instant, for `end`."""
        now = self.clock()
        self.mend()
        with self.storage.begin() as work:
            work.deliveries.expire_held(now, now - STALENESS)
        return now

    def end(self, report: DrainReport, began: datetime) -> None:
        """After the drains: move the editions on, and leave a row when anything happened."""
        with self.storage.begin() as work:
            for edition in work.editions.in_states(IN_PROGRESS):
                state = _progress(work.deliveries.counts(edition.id))
                if state is not edition.state:
                    work.editions.change_state(edition, state)
            if report.outcomes or report.failed:
                work.runs.add(
                    Run("deliver", began, self.clock() - began, str(report), failed=report.failed is not None)
                )

    # --- one worker ----------------------------------------------------------------------------------------------

    def drain(self) -> DrainReport:
        """Send until nothing is due, the wish to stop, or a fault that the next tick may cure."""
        report = DrainReport()
        session: Session | None = None
        broken = 0
        mail = _Mail(self)
        try:
            while not (self.stop() or report.stopped) and broken < TRIES:
                now = self.clock()
                window = self.storage.ledger.claim(self.worker, self.lane, self.window, now, now + LEASE)
                if window is None:
                    break
                if self._shows_hidden(window):
                    # Taken down since the last window: what waits is mended first.
                    self.storage.ledger.release(window.token)
                    self.mend()
                    broken += 1
                    continue
                try:
                    session = session or self.transport.session()
                    whole = self._send(session, window, mail, report)
                except TransportError as error:
                    report.fault(str(error))
                    report.stopped = True
                    break
                finally:
                    self.storage.ledger.release(window.token)
                broken = 0 if whole else broken + 1
                if not whole:
                    session.close()
                    session = None
        finally:
            if session is not None:
                session.close()
        return report

    def _shows_hidden(self, window: Window) -> bool:
        with self.storage.read() as work:
            return bool(work.editions.showing_hidden(sorted({one.digest_id for one in window.deliveries})))

    def _send(self, session: Session, window: Window, mail: "_Mail", report: DrainReport) -> bool:
        """Send one window and settle each outcome; False when the connection did not live to its end."""
        deliveries = {delivery.id: delivery for delivery in window.deliveries}
        feed = _Feeder(self, window, mail, report)
        whole = True
        for outcome in session.send(iter(feed)):
            self.record(window, deliveries[outcome.delivery_id], outcome, report)
            whole = whole and outcome.verdict not in (Verdict.IN_DOUBT, Verdict.NOT_STARTED)
            if outcome.verdict in (Verdict.AUTHENTICATION, Verdict.RATE):
                feed.closed = True
                report.stopped = True
        return whole and (feed.ended or feed.closed)

    def record(self, window: Window, delivery: Delivery, outcome: Outcome, report: DrainReport) -> None:
        """Write one outcome down, in the ledger and in the report."""
        now = self.clock()
        settlement = settle(outcome, delivery, now, in_doubt=self.in_doubt, chance=self.chance())
        self.storage.ledger.settle(window.token, outcome, settlement, now)
        report.count(outcome.verdict)
        if outcome.verdict is not Verdict.SENT and outcome.verdict is not Verdict.NOT_STARTED:
            reply = without_addresses(outcome.reply)
            report.fault(f"delivery {delivery.id}: {outcome.verdict.replace('_', ' ')}: {reply}")


def _progress(counts: Mapping[DeliveryState, int]) -> EditionState:
    """An edition's state from its rows."""
    open_rows = sum(counts.get(state, 0) for state in OPEN_ROWS)
    if not open_rows:
        return EditionState.SENT
    return EditionState.SENDING if open_rows < sum(counts.values()) else EditionState.APPROVED


@dataclass(slots=True)
class _Mail:
    """The newsletters and digests that a drain has met, so that each is read once."""

    deliverer: Deliverer
    newsletters: dict[int, Newsletter] = field(default_factory=dict)
    digests: dict[int, Digest] = field(default_factory=dict)

    def write(self, delivery: Delivery) -> OutgoingMessage:
        """The message of a row; raises PublisherError when it can't be written."""
        if delivery.newsletter_id not in self.newsletters or delivery.digest_id not in self.digests:
            self._load(delivery)
        return self.deliverer.writer.write(
            delivery, self.newsletters[delivery.newsletter_id], self.digests[delivery.digest_id]
        )

    def _load(self, delivery: Delivery) -> None:
        with self.deliverer.storage.read() as work:
            digest = work.editions.digest(delivery.digest_id)
            for newsletter in work.newsletters.all():
                self.newsletters[newsletter.id] = newsletter
        if digest is None or delivery.newsletter_id not in self.newsletters:
            raise PublisherError(f"delivery {delivery.id}: its newsletter is no longer defined")
        if len(self.digests) >= 64:
            self.digests.clear()
        self.digests[delivery.digest_id] = digest


@dataclass(slots=True)
class _Feeder:
    """The messages of a window, each looked at again just before it is begun."""

    deliverer: Deliverer
    window: Window
    mail: _Mail
    report: DrainReport
    closed: bool = False
    ended: bool = False

    def __iter__(self) -> Iterator[OutgoingMessage]:
        ledger, clock = self.deliverer.storage.ledger, self.deliverer.clock
        until = clock() + START_WITHIN
        for delivery in self.window.deliveries:
            if self.closed or self.deliverer.stop() or clock() > until:
                break
            if not ledger.still_wanted(self.window.token, delivery.id):
                continue
            try:
                message = self.mail.write(delivery)
            except PublisherError as error:
                self.deliverer.record(
                    self.window, delivery, Outcome(delivery.id, Verdict.CONTENT, str(error)), self.report
                )
                continue
            yield message
        self.ended = True
