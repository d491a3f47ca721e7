"""How fast feeds are collected: `python -m tests.bench.bench_collect [feeds]`.

The real collector with its fetcher and a SQLite database on the disk, ten looks side by side, against the library
`reader` with ten workers, on the same 1,000 feeds of 45 KB that nginx serves with validators. First everything is new,
then nothing has changed. Each runs in a process of its own.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.served import ENTRIES, addresses, nginx, write_feeds

FEEDS = 1000
WORKERS = 10
CONFIG = """
[site]
title = "Bench"
base_url = "https://news.example"
[database]
url = "sqlite:///{folder}/publisher.db"
[mail]
transport = "outbox"
outbox = "{folder}/outbox"
[fetch]
spacing = "0s"
threads = {workers}
allow_private = {hosts}
"""
SOURCE = """
[[source]]
name = "feed-{number}"
kind = "feed"
url = "http://{host}/{number}.xml"
rights = "own"
"""


def write_config(folder: Path, hosts: list[str]) -> Path:
    """A configuration with a source for each host."""
    file = folder / "publisher.toml"
    text = CONFIG.format(folder=folder, workers=WORKERS, hosts=str(hosts).replace("'", '"'))
    file.write_text(text + "".join(SOURCE.format(number=number, host=host) for number, host in enumerate(hosts)))
    return file


def ours(folder: Path, hosts: list[str]) -> tuple[float, float]:
    """Seconds of our two rounds."""
    from publisher.app import apply_definitions, build, build_engine
    from publisher.settings import load
    from publisher.storage.database import open_storage

    settings = load(write_config(folder, hosts), {})
    storage = open_storage(settings.database)
    later = [timedelta(0)]
    stop = threading.Event()
    application = build(settings, storage, clock=lambda: datetime.now(UTC) + later[0], stop=stop)
    apply_definitions(application)
    engine = build_engine(application, stop, lambda step, done, total: None)
    first = timed(lambda: engine.run("collect"))
    with storage.read() as work:
        assert work.articles.count() == len(hosts) * ENTRIES, work.articles.count()
    later[0] = timedelta(hours=3)
    second = timed(lambda: engine.run("collect"))
    with storage.read() as work:
        outcomes = {stored.state.outcome for stored in work.sources.all()}
        assert outcomes == {"not modified"}, outcomes
    application.close()
    storage.close()
    return first, second


def theirs(folder: Path, hosts: list[str]) -> tuple[float, float]:
    """Seconds of reader's two rounds."""
    import feedparser_sgmllib

    # reader brings a feedparser of its own, which looks for it under this name.
    sys.modules.setdefault("sgmllib", feedparser_sgmllib)
    import reader

    library = reader.make_reader(str(folder / "reader.db"))
    for number, host in enumerate(hosts):
        library.add_feed(f"http://{host}/{number}.xml")
    first = timed(lambda: library.update_feeds(workers=WORKERS, scheduled=False))
    assert library.get_entry_counts().total == len(hosts) * ENTRIES
    return first, timed(lambda: library.update_feeds(workers=WORKERS, scheduled=False))


def timed(act: Callable[[], object]) -> float:
    """How many seconds it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def measured(who: str, folder: Path, port: int, count: int) -> tuple[float, float]:
    """Feeds a second of both rounds, in a process of its own."""
    (folder / who).mkdir()
    command = [sys.executable, "-m", "tests.bench.bench_collect", who, str(folder / who), str(port), str(count)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    first, second = output.split()[-2:]
    return count / float(first), count / float(second)


def main(count: int) -> None:
    """Print both rates of both, and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_feeds(folder / "www", count)
        with nginx(folder) as port:
            first, second = measured("ours", folder, port, count)
            print(f"collect: {first:.0f} new feeds/s, {second:.0f} unchanged feeds/s of {count:,}, {WORKERS} at once")
            their_first, their_second = measured("theirs", folder, port, count)
    print(
        f"collect: reader {their_first:.0f} and {their_second:.0f} feeds/s: ratios {first / their_first:.1f} and "
        f"{second / their_second:.1f}"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours" | "theirs" as who, folder, port, count]:
            run = ours if who == "ours" else theirs
            print(*run(Path(folder), addresses(int(count), int(port))))
        case [count]:
            main(int(count))
        case _:
            main(FEEDS)
