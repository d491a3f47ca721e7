"""Memory of `publisher run` with the shipped configuration: `python -m tests.bench.bench_memory`.

Resident memory of a real process, after its first round (an empty database: 14 articles collected, feeds published,
two digests sent) and at rest (started again, with nothing to do). The yardstick: a bare Python that has imported three
of the libraries.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.loopback import free_port, wait_for

ROOT = Path(__file__).parents[2]
BARE = "import sys, fastapi, sqlalchemy, lxml; sys.stdin.read()"
SETTLED = 3.0
"""Seconds after which a process that has nothing to do has come to rest."""


def resident(process: subprocess.Popen[bytes]) -> float:
    """What a process has in memory once it is settled, in MB."""
    time.sleep(SETTLED)
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found, f"the process ended: {process.poll()}"
    return int(found[1]) / 1024


def bare() -> float:
    """A Python that imported the libraries and waits."""
    with subprocess.Popen([sys.executable, "-c", BARE], stdin=subprocess.PIPE) as process:
        return resident(process)


def run(folder: Path) -> float:
    """A `publisher run` in a folder with its configuration, after the round that it begins with."""
    output = folder / "output"
    with output.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "publisher", "run"], cwd=folder, stdout=out, stderr=out)
    try:
        wait_for(lambda: process.poll() is not None or "Ctrl-C ends it" in output.read_text(), "the first round")
        return resident(process)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print the three figures and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "config", Path(folder, "config"))
        file = Path(folder, "config", "publisher.toml")
        own_ports = file.read_text().replace("8081", str(free_port())).replace("port = 8080", f"port = {free_port()}")
        file.write_text(own_ports)
        after_round, at_rest = run(Path(folder)), run(Path(folder))
    libraries = bare()
    print(
        f"memory: publisher run {at_rest:.0f} MB at rest, {after_round:.0f} MB after its first round; bare fastapi, "
        f"sqlalchemy and lxml {libraries:.0f} MB: ratios {at_rest / libraries:.2f} and {after_round / libraries:.2f}"
    )


if __name__ == "__main__":
    main()
