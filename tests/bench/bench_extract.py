"""How fast article pages become articles on one core: `python -m tests.bench.bench_extract`.

The yardstick: trafilatura, text and metadata, on the same pages in the same run. The pages are those of the corpus;
without it a page of our own, less telling, takes their place.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import trafilatura

from publisher.sources.extract import extract

CORPUS = Path(os.environ.get("PUBLISHER_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
ROUNDS = 3
URL = "https://site.example/2026/article"

OWN = (
    "<html><head><title>A page</title></head><body><nav>"
    + '<a href="/x">Section</a> ' * 80
    + "</nav><article><h1>A page</h1>"
    + "<p>The council said on Monday that the bridge, closed since March, will open again next year.</p>" * 40
    + "</article><aside>"
    + '<p><a href="/y">Another story that is told elsewhere</a></p>' * 60
    + "</aside></body></html>"
).encode()


def pages() -> list[bytes]:
    """The corpus' article pages."""
    found = [*CORPUS.glob("pages/zh/*.html"), *CORPUS.glob("pages/en/*/source.html")]
    return [path.read_bytes() for path in sorted(found)] or [OWN]


def took(read: Callable[[bytes], object], page: bytes) -> float:
    """Seconds of this process: the machine has other things to do, too."""
    began = time.process_time()
    read(page)
    return time.process_time() - began


def by_trafilatura(page: bytes) -> object:
    """Text and metadata as its users ask for them."""
    return trafilatura.bare_extraction(page, url=URL, with_metadata=True)


def compared(page: bytes) -> tuple[float, float]:
    """Seconds for one page, ours and trafilatura's: the best of some rounds in turn."""
    rounds = [(took(lambda data: extract(data, URL), page), took(by_trafilatura, page)) for _ in range(ROUNDS)]
    return min(ours for ours, _ in rounds), min(theirs for _, theirs in rounds)


def main() -> None:
    """Print rate, median times, their ratio and the worst page."""
    times = [compared(page) for page in pages()]
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    rate = len(times) / sum(time for time, _ in times)
    worst = max(time for time, _ in times)
    print(
        f"extract: {rate:.1f} pages/s a core over {len(times)} pages; median {ours * 1000:.0f} ms, "
        f"trafilatura with metadata {theirs * 1000:.0f} ms: ratio {ours / theirs:.2f}; worst page {worst:.2f} s"
    )


if __name__ == "__main__":
    main()
