"""How fast an edition is composed for 100,000 subscribers in one variant: `python -m tests.bench.bench_compose`.

The real composer, renderer and SQLite storage on the disk, from the cut to the approved edition. The yardstick of each
round: one bare `executemany` that inserts the very rows it made into an empty table with the same indices.
"""

import resource
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from publisher.domain.article import Content, Entry, New
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Source, SourceKind
from publisher.mail.render import DigestRenderer
from publisher.pipeline.compose import Composer
from publisher.pipeline.ports import SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.storage.database import SqlStorage, open_storage
from publisher.templating import Templates, shipped_templates

SUBSCRIBERS = 100_000
ROUNDS = 3
ARTICLES = 9
NEWSLETTER = Newsletter(slug="bench", title="Bench", sender=Mailbox("news@example.org", "Bench"))
SOURCE = Source(name="blog", kind=SourceKind.FEED, url="https://blog.example/feed")


def now() -> datetime:
    return datetime.now(UTC)


def memory() -> float:
    """The most that this process had in memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def subscribe(storage: SqlStorage) -> Newsletter:
    """Fill the database with subscribers of one newsletter."""
    with storage.begin() as work:
        work.sources.apply([SOURCE], now())
        work.newsletters.apply([NEWSLETTER])
        newsletter: Newsletter = work.newsletters.all()[0]
        for number in range(SUBSCRIBERS):
            request = SubscribeRequest(
                address=f"reader{number}@example.net",
                newsletter_id=newsletter.id,
                language="en",
                timezone="UTC",
                cadence="daily",
                confirmed=True,
            )
            work.subscriptions.add(request, now(), 0)
    return newsletter


def write_articles(storage: SqlStorage, number: int) -> None:
    """Articles that nobody has had."""
    with storage.begin() as work:
        source = work.sources.get(SOURCE.name)
        keys = [f"{number}-{place}" for place in range(ARTICLES)]
        entries = [Entry(key=key, url=f"https://blog.example/{key}", content=Content(title=key)) for key in keys]
        work.articles.store(source.source.id, [New(entry, announced=True) for entry in entries], now())


def compose(storage: SqlStorage, newsletter: Newsletter) -> tuple[int, float]:
    """Cut and fill one edition: its number, and deliveries a second."""
    site = Site(title="Bench", base_url="https://news.example.org")
    composer = Composer(storage, DigestRenderer(Templates([shipped_templates()])), site, now)
    began = time.perf_counter()
    report = composer.send_now(newsletter)
    took = time.perf_counter() - began
    assert report.deliveries == SUBSCRIBERS, report
    return report.edition_id, SUBSCRIBERS / took


def insert(made: Path, edition_id: int, file: Path) -> float:
    """Rows a second of the bare insert."""
    source = sqlite3.connect(made)
    schema = source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'delivery' AND sql IS NOT NULL")
    statements = [sql for (sql,) in schema]
    rows = source.execute("SELECT * FROM delivery WHERE edition_id = ?", [edition_id]).fetchall()
    source.close()
    target = sqlite3.connect(file)
    target.execute("PRAGMA journal_mode=WAL")
    for statement in statements:
        target.execute(statement)
    began = time.perf_counter()
    with target:
        target.executemany(f"INSERT INTO delivery VALUES ({', '.join('?' * len(rows[0]))})", rows)
    took = time.perf_counter() - began
    target.close()
    return len(rows) / took


def main() -> None:
    """Run the rounds and print both rates, their ratio, and the memory."""
    composed, inserted = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.db")
        storage = open_storage(f"sqlite:///{file}")
        newsletter = subscribe(storage)
        before = peak = memory()
        for number in range(ROUNDS):
            write_articles(storage, number)
            edition_id, rate = compose(storage, newsletter)
            peak = peak if number else memory()  # the bare insert holds all rows at once
            composed.append(rate)
            inserted.append(insert(file, edition_id, Path(folder, f"bare{number}.db")))
        storage.close()
    ours, theirs = statistics.median(composed), statistics.median(inserted)
    print(
        f"compose: {ours:,.0f} deliveries/s for {SUBSCRIBERS:,} subscribers in one variant ({min(composed):,.0f} to "
        f"{max(composed):,.0f}); bare executemany {theirs:,.0f} rows/s: ratio {ours / theirs:.2f}"
    )
    print(f"compose: {peak:.0f} MB of memory at the most, {peak - before:.0f} MB more than before the first edition")


if __name__ == "__main__":
    main()
