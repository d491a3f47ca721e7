"""How fast feeds are collected: `python -m tests.bench.bench_collect [feeds]`.

The real collector with its fetcher and a SQLite database on the disk, ten looks side by side, against the library
`reader` with ten workers, on the same 1,000 feeds of 45 KB (see `feeds`) that nginx serves with validators. First
everything is new, then nothing has changed. Each runs in a process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.feeds import ENTRIES
from tests.bench.served import addresses, served, write_feeds

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
budget = 0
threads = {workers}
allow_private = {hosts}
"""
SOURCE = """
[[source]]
name = "feed-{number}"
kind = "feed"
url = "http://{host}/{number}.xml"
rights = "own"
full_text = false
"""


def write_config(folder: Path, hosts: list[str]) -> Path:
    """A configuration with a source for each host."""
    file = folder / "publisher.toml"
    text = CONFIG.format(folder=folder, workers=WORKERS, hosts=str(hosts).replace("'", '"'))
    file.write_text(text + "".join(SOURCE.format(number=number, host=host) for number, host in enumerate(hosts)))
    return file


@dataclass(frozen=True)
class Took:
    """Seconds of a round: on the wall, of the processor, and of it for processes beside the one that is measured."""

    wall: float
    cpu: float
    beside: float = 0.0


def ours(folder: Path, hosts: list[str]) -> list[Took]:
    """Our two rounds."""
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
    first = timed(lambda: engine.run("collect"), lambda: sum(map(spent, application.reading.ids)))
    with storage.read() as work:
        assert work.articles.count() == len(hosts) * ENTRIES, work.articles.count()
    later[0] = timedelta(hours=3)
    second = timed(lambda: engine.run("collect"))
    with storage.read() as work:
        outcomes = {stored.state.outcome for stored in work.sources.all()}
        assert outcomes == {"not modified"}, outcomes
    application.close()
    storage.close()
    return [first, second]


def theirs(folder: Path, hosts: list[str]) -> list[Took]:
    """reader's two rounds."""
    import feedparser_sgmllib

    # reader brings a feedparser of its own, which looks for it under this name.
    sys.modules.setdefault("sgmllib", feedparser_sgmllib)
    import reader

    library = reader.make_reader(str(folder / "reader.db"))
    for number, host in enumerate(hosts):
        library.add_feed(f"http://{host}/{number}.xml")
    first = timed(lambda: library.update_feeds(workers=WORKERS, scheduled=False))
    assert library.get_entry_counts().total == len(hosts) * ENTRIES
    return [first, timed(lambda: library.update_feeds(workers=WORKERS, scheduled=False))]


def timed(act: Callable[[], object], beside: Callable[[], float] = float) -> Took:
    """How long it takes; `beside` is what other processes have taken so far."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    return Took(time.perf_counter() - began, time.process_time() - cpu, beside())


def spent(pid: int) -> float:
    """Seconds of the processor that a process has taken."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measured(who: str, folder: Path, port: int, count: int) -> list[Took]:
    """Both rounds, in a process of its own."""
    (folder / who).mkdir()
    command = [sys.executable, "-m", "tests.bench.bench_collect", who, str(folder / who), str(port), str(count)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [Took(**took) for took in json.loads(output.splitlines()[-1])]


def main(count: int) -> None:
    """Print the rates of both, and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_feeds(folder / "www", count)
        with served(folder) as port:
            we, they = (measured(who, folder, port, count) for who in ("ours", "theirs"))
    for what, mine, yours in zip(("new", "unchanged"), we, they, strict=True):
        print(
            f"collect: {count / mine.wall:.0f} {what} feeds/s ({mine.cpu / count * 1000:.1f} ms of CPU each"
            f"{f' and {mine.beside / count * 1000:.1f} ms in other processes' if mine.beside else ''}), reader "
            f"{count / yours.wall:.0f}/s ({yours.cpu / count * 1000:.1f} ms): ratio {yours.wall / mine.wall:.1f} "
            f"(of CPU {yours.cpu / (mine.cpu + mine.beside):.1f}); {count:,} feeds, {WORKERS} at once"
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours" | "theirs" as who, folder, port, count]:
            run = ours if who == "ours" else theirs
            print(json.dumps([asdict(took) for took in run(Path(folder), addresses(int(count), int(port)))]))
        case [count]:
            main(int(count))
        case _:
            main(FEEDS)
