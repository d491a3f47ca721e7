"""How fast deliveries leave: `python -m tests.bench.bench_deliver`.

The whole last stretch (claims and outcomes in a SQLite ledger, messages written for each recipient, 4 connections)
into Postfix's smtp-sink, against smtp-source that sends as many messages of the same size over as many connections
into the same sink. Rounds alternate, so that both meet the same machine; the ratio is that of the medians.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.domain.delivery import Delivery, DeliveryState, NewDelivery, Relay, Worker
from publisher.domain.edition import Digest, EditionState, RecipientSlot, Rendering, SlotKind, Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.subscription import MailFormat
from publisher.mail.message import DigestMessageWriter
from publisher.mail.transport.smtp import SmtpTransport
from publisher.pipeline.deliver import Deliverer
from publisher.pipeline.ports import SubscribeRequest
from publisher.storage.database import SqlStorage, open_storage

SIZE = 40960
CONNECTIONS = 4
NEWSLETTER = Newsletter(slug="bench", title="Bench", sender=Mailbox("news@example.org", "Bench"))
LINE = "<p>The quick brown fox jumps over the lazy dog, and the day is saved once more by a very ordinary mail.</p>\n"


def now() -> datetime:
    return datetime.now(UTC)


def program(name: str) -> str:
    """Where a program of Postfix is; Debian keeps them where only root looks."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postfix"])
    found = shutil.which(name, path=path)
    if found is None:
        sys.exit(f"{name} is not installed: apt-get install postfix")
    return found


@contextmanager
def sink() -> Iterator[int]:
    """A running smtp-sink; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program("smtp-sink"), *user, f"127.0.0.1:{port}", "100"])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


class Bench:
    """A database with subscribers, and one approved edition for each round."""

    def __init__(self, folder: Path, count: int) -> None:
        self.count = count
        self.storage: SqlStorage = open_storage(f"sqlite:///{folder}/bench.db")
        with self.storage.begin() as work:
            work.newsletters.apply([NEWSLETTER])
            self.newsletter = work.newsletters.all()[0]
            self.writer = DigestMessageWriter(work.meta.keyring(), "https://news.example.org", now)
            self.subscriptions = [
                work.subscriptions.add(
                    SubscribeRequest(
                        address=f"reader{number}@example.net",
                        newsletter_id=self.newsletter.id,
                        language="en",
                        timezone="UTC",
                        cadence="daily",
                        confirmed=True,
                    ),
                    now(),
                    0,
                ).id
                for number in range(count)
            ]
        self.rendering = self._sized()

    def _sized(self) -> Rendering:
        """A rendering whose messages are as large as smtp-source's, to a line."""
        variant = Variant((), "en", MailFormat.HTML)
        delivery = Delivery(
            id=1,
            edition_id=1,
            newsletter_id=self.newsletter.id,
            subscription_id=1,
            digest_id=1,
            address="reader1000@example.net",
            due_at=now(),
        )
        lines = 1
        while True:
            rendering = self._rendering(lines)
            message = self.writer.write(delivery, self.newsletter, Digest(-lines, 1, variant, rendering))
            if len(message.data) >= SIZE:
                self.size = len(message.data)
                return rendering
            lines += max(1, (SIZE - len(message.data)) // (2 * len(LINE)))

    @staticmethod
    def _rendering(lines: int) -> Rendering:
        link = RecipientSlot("unsubscribe_url", SlotKind.URL)
        text: tuple[str | RecipientSlot, ...] = ("The quick brown fox.\n\n", link, "\n")
        html = (f"<html><body>\n{LINE * lines}<a href='", link, "'>Unsubscribe</a></body></html>\n")
        return Rendering(("What is new today",), text, html)

    def approve_edition(self, number: int) -> int:
        """An edition for all subscribers, due now."""
        variant = Variant(((number, number),), "en", MailFormat.HTML)
        with self.storage.begin() as work:
            cut = now() + timedelta(minutes=number)
            edition = work.editions.cut(self.newsletter.id, "daily", cut, number, hold=False)
            digests = work.editions.add_digests(edition.id, [replace(variant, articles=())])
            (key, digest_id) = next(iter(digests.items()))
            work.editions.freeze(digest_id, self.rendering)
            rows = [NewDelivery(subscription, key, now(), 0) for subscription in self.subscriptions]
            work.deliveries.add(edition.id, rows, digests)
            work.editions.change_state(edition, EditionState.APPROVED)
        return edition.id

    def deliver(self, edition_id: int, port: int) -> None:
        """Drain the ledger over all connections, and look that everything was sent."""
        deliverer = Deliverer(
            storage=self.storage,
            transport=SmtpTransport(Relay(host="127.0.0.1", port=port), local_hostname="bench.example"),
            writer=self.writer,
            clock=now,
            worker=Worker("bench", "boot"),
            chance=lambda: 0.5,
        )
        threads = [threading.Thread(target=deliverer.drain) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = dict(self.storage.ledger.counts(edition_id))
        assert counts == {DeliveryState.SENT: self.count}, counts


def smtp_source(count: int, port: int, *options: str) -> None:
    command = [program("smtp-source"), *options, "-s", str(CONNECTIONS), "-l", str(SIZE), "-m", str(count)]
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)


def rate(count: int, run: Callable[[int], None]) -> float:
    """Messages a second into a fresh sink."""
    with sink() as port:
        began = time.perf_counter()
        run(port)
        return count / (time.perf_counter() - began)


def main() -> None:
    """Run the rounds and print both rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="messages in each round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    count = options.count
    ours, theirs, kept_open = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), count)
        for number in range(1, options.rounds + 1):
            edition_id = bench.approve_edition(number)
            theirs.append(rate(count, lambda port: smtp_source(count, port)))
            ours.append(rate(count, lambda port, edition=edition_id: bench.deliver(edition, port)))  # type: ignore[misc]
            kept_open.append(rate(count, lambda port: smtp_source(count, port, "-d")))
        bench.storage.close()
    print(
        f"deliver: {shown(ours)} messages/s of {bench.size} bytes over {CONNECTIONS} connections, ledger and all; "
        f"smtp-source {shown(theirs)}: ratio {ratio(ours, theirs)}"
    )
    print(
        f"deliver: smtp-source -d, which keeps its connections open as we do, {shown(kept_open)}: "
        f"ratio {ratio(ours, kept_open)}"
    )


def shown(rates: list[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def ratio(ours: list[float], theirs: list[float]) -> str:
    return f"{statistics.median(ours) / statistics.median(theirs):.2f}"


if __name__ == "__main__":
    main()
