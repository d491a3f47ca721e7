"""Memory of `publisher run` over many rounds: `python -m tests.bench.bench_rounds [sources] [rounds]`.

The whole process with its web, its scheduler (its tick is shortened) and a database on the disk: 200 sources that nginx
serves, each with a new article in every round. It must stay below 300 MB; the yardsticks are what it held after its
tenth round, which says whether it grows, and the same with a quarter of the sources, which says with what.
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.bench.bench_collect import write_config
from tests.bench.feeds import ENTRIES, feed
from tests.bench.served import addresses, served
from tests.loopback import free_port, get

SOURCES = 200
ROUNDS = 50
EARLY = 10
MOST = 300
"""MB that the process may hold."""
PATIENCE = 900.0
"""Seconds for a round, on a machine that does something else besides."""
REST = """
[web]
port = {port}
[[feed]]
slug = "everything"
title = "Everything"
"""


def write(folder: Path, sources: int, number: int) -> None:
    """The feeds as they are in a round: the newest entry is one that was not there before."""
    for source in range(sources):
        file = folder / f"{source}.new"
        file.write_text(feed(source, range(number, number + ENTRIES)))
        # Their time is part of what nginx makes the validators of, and rounds may be shorter than a second.
        os.utime(file, (number * 60, number * 60))
        file.rename(folder / f"{source}.xml")


def memory(process: "subprocess.Popen[bytes]") -> float:
    """What a process and those that read for it have in memory, in MB; what they share counts for each."""
    assert process.poll() is None, f"the process ended: {process.poll()}"
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    return sum(map(_resident, {str(process.pid), *(child for one in threads for child in one.read_text().split())}))


def _resident(pid: str) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found, f"process {pid} ended"
    return int(found[1]) / 1024


def stored(database: Path) -> int:
    """How many articles there are."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def rounds(sources: int, count: int) -> list[float]:
    """What the process holds after each round."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "www").mkdir()
        write(folder / "www", sources, 0)
        port = free_port()
        with served(folder) as feeds:
            config = write_config(folder, addresses(sources, feeds))
            text = config.read_text().replace('kind = "feed"\n', 'kind = "feed"\ninterval = "1s"\n')
            config.write_text(text + REST.format(port=port))
            with (folder / "output").open("wb") as output:
                command = [sys.executable, "-m", "tests.bench.bench_rounds", "run", str(config)]
                process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=os.environ)
            try:
                return [_round(folder, process, port, sources, number) for number in range(count)]
            finally:
                process.terminate()
                process.wait()


def _round(folder: Path, process: "subprocess.Popen[bytes]", port: int, sources: int, number: int) -> float:
    write(folder / "www", sources, number)
    until = time.monotonic() + PATIENCE
    while stored(folder / "publisher.db") < sources * (ENTRIES + number):
        assert process.poll() is None, (folder / "output").read_text()
        assert time.monotonic() < until, (folder / "output").read_text()[-5000:]
        time.sleep(0.2)
    for form in ("rss", "atom", "json"):
        get(f"http://127.0.0.1:{port}/feeds/everything.{form}")
    return memory(process)


def run(config: str) -> None:
    """`publisher run` with a tick of half a second."""
    from publisher import scheduler
    from publisher.cli import main as publisher

    scheduler.COLLECT_EVERY = timedelta(seconds=0.5)
    sys.argv = ["publisher", "--config", config, "run"]
    publisher()


def main(sources: int, count: int) -> None:
    """Print what it held at the end, and the ratios."""
    held = rounds(sources, count)
    few = rounds(max(1, sources // 4), min(count, EARLY))
    early, last, most = held[min(EARLY, count) - 1], held[-1], max(held)
    print(
        f"rounds: publisher run with {sources} sources holds {last:.0f} MB after {count} rounds, {most:.0f} MB at the "
        f"most; after {min(EARLY, count)} rounds it was {early:.0f} MB (ratio {last / early:.2f}), with "
        f"{max(1, sources // 4)} sources {few[-1]:.0f} MB (ratio {early / few[-1]:.2f})"
    )
    assert most < MOST, f"more than {MOST} MB: {held}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", config]:
            run(config)
        case [sources, count]:
            main(int(sources), int(count))
        case _:
            main(SOURCES, ROUNDS)
