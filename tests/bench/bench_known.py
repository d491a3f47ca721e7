"""What a look costs when 100,000 articles are known: `python -m tests.bench.bench_known [articles]`.

A feed that is unchanged, and one with one new entry, read by the real collector into SQLite on the disk, once with an
empty database and once with a full one. A look costs what changed: the ratios stay near 1.
"""

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.domain.article import Content, Entry, New
from publisher.domain.source import Source, SourceKind, Validators
from publisher.pipeline.collect import Collector
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, NotModified
from publisher.sources.kinds import build_readers
from publisher.storage.database import SqlStorage, open_storage
from tests.bench.feeds import feed

ARTICLES = 100_000
SOURCES = 200
LOOKS = 30
CHUNK = 500
NAME = "feed-0"


class Scripted(Fetcher):
    """Gives a feed whose history has so many entries, of which it lists 20, or says that it has not changed."""

    def __init__(self) -> None:
        self.entries: int | None = None

    def fetch(self, request: FetchRequest) -> FetchResult:
        if self.entries is None:
            return NotModified(Validators('"1"'))
        body = feed(0, range(max(0, self.entries - 20), self.entries)).encode()
        return Fetched(url=request.url, body=body, validators=Validators('"1"'))


def fill(storage: SqlStorage, articles: int) -> None:
    """Store articles of all the sources."""
    with storage.read() as work:
        ids = [stored.source.id for stored in work.sources.all()]
    for start in range(0, articles, CHUNK):
        entries = [
            Entry(
                key=f"known-{number}",
                url=f"https://known.example/{number}",
                content=Content(title=f"Known {number}", text=f"Words about article {number}"),
            )
            for number in range(start, min(start + CHUNK, articles))
        ]
        with storage.begin() as work:
            source_id = ids[start // CHUNK % len(ids)]
            work.articles.store(source_id, [New(entry, announced=False) for entry in entries], datetime.now(UTC))


def looks(storage: SqlStorage) -> tuple[float, float]:
    """Median milliseconds of a look at an unchanged source, and at one with one new entry."""
    fetcher = Scripted()
    began = datetime.now(UTC)
    later = [timedelta(0)]
    collector = Collector(storage, build_readers(), fetcher, lambda: began + later[0])

    def look(entries: int | None) -> float:
        fetcher.entries = entries
        with storage.read() as work:
            stored = work.sources.get(NAME)
        assert stored is not None
        start = time.perf_counter()
        report = collector.look(stored)
        took = time.perf_counter() - start
        assert report.failed is None, report
        assert entries is None or later[0] == timedelta(0) or report.new == 1, report
        later[0] += timedelta(hours=1)
        return took * 1000

    look(20)
    changed = [look(21 + number) for number in range(LOOKS)]
    unchanged = [look(None) for _ in range(LOOKS)]
    return statistics.median(unchanged), statistics.median(changed)


def opened(file: Path) -> SqlStorage:
    """A database with the sources."""
    storage = open_storage(f"sqlite:///{file}")
    sources = [
        Source(name=f"feed-{number}", kind=SourceKind.FEED, url=f"https://blog{number}.example/feed.xml")
        for number in range(SOURCES)
    ]
    with storage.begin() as work:
        work.sources.apply(sources, datetime.now(UTC))
    return storage


def main(articles: int) -> None:
    """Print the four figures and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        figures = []
        for count in (0, articles):
            storage = opened(Path(folder, f"{count}.db"))
            fill(storage, count)
            figures.append(looks(storage))
            storage.close()
    (empty_same, empty_new), (full_same, full_new) = figures
    print(
        f"known: a look with {articles:,} articles known takes {full_same:.1f} ms when nothing changed and "
        f"{full_new:.1f} ms with one new entry; with none known {empty_same:.1f} and {empty_new:.1f} ms: ratios "
        f"{full_same / empty_same:.2f} and {full_new / empty_new:.2f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES)
