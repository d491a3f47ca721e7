"""Archives of feeds: `python -m tests.bench.bench_archive`.

The memory that a process takes at its highest to build the archive of a feed with 10,000 whole articles, all its pages
in the three formats; and what publishing one article more costs with 1,000, 10,000 and 100,000 stored, counted in
statements and in hundreds of steps of SQLite's machine.
"""

import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.source import Rights, Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.storage.database import open_storage
from tests.many import put_many
from tests.unit.pipeline.test_publish_cost import cost

ENTRIES = 10_000
LIMIT_MB = 200
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PARAGRAPH = "<p>" + "The tram to the quay runs every ten minutes, and in the evening every twenty. " * 8 + "</p>"


def fill(path: Path) -> None:
    """A database with a feed of whole articles, of some 5 KB each."""
    with closing(open_storage(f"sqlite:///{path}")) as storage:
        with storage.begin() as work:
            source = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed", rights=Rights.OWN)
            work.sources.apply([source], NOW)
            work.feeds.apply([Feed(slug="news", title="News")])
            source_id = work.sources.all()[0].source.id
        put_many(storage, source_id, ENTRIES, NOW, html=PARAGRAPH * 8)


def build(path: Path) -> None:
    """Publish, make every page in every format, and print how many, the bytes, the time and the highest memory."""
    began = time.perf_counter()
    with closing(open_storage(f"sqlite:///{path}")) as storage:
        site = Site("Post", "https://post.example")
        publisher = FeedPublisher(storage, FeedDocumentWriter(), site, lambda: NOW)
        publisher.publish()
        pages = size = 0
        while publisher.archive_version("news", pages + 1):
            pages += 1
            for format in FeedFormat:
                document = publisher.archived("news", pages, format)
                assert document is not None
                size += len(document.body)
    took = time.perf_counter() - began
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{pages} pages of {ENTRIES} entries, {size / 1e6:.0f} MB in three formats, in {took:.1f} s")
    print(f"highest memory {highest:.0f} MB (limit {LIMIT_MB})")
    if highest > LIMIT_MB:
        sys.exit(f"more than {LIMIT_MB} MB")


def main() -> None:
    """Both yardsticks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "archive.db")
        fill(path)
        subprocess.run([sys.executable, "-m", "tests.bench.bench_archive", str(path)], check=True)
        for number in (1_000, 10_000, 100_000):
            with closing(open_storage(f"sqlite:///{folder}/{number}.db")) as storage:
                one, page = cost(storage, number)
            print(
                f"{number:>7} articles stored: one more takes {one.statements} statements, {one.steps} hundred steps; "
                f"as many as close a page {page.statements} and {page.steps}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        build(Path(sys.argv[1]))
    else:
        main()
