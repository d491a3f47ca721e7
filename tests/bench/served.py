"""What the benches of collecting share: nginx that serves their feeds on as many addresses of loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.feeds import feed
from tests.loopback import free_port
from tests.nginx import nginx

SERVER = """
    types {{ application/atom+xml xml; }}
    server {{
        listen {port};
        allow 127.0.0.0/8;
        deny all;
        root {folder}/www;
    }}
"""


def addresses(count: int, port: int) -> list[str]:
    """That many hosts of loopback, each with its port: names for nobody else."""
    return [f"127.0.{1 + number // 250}.{1 + number % 250}:{port}" for number in range(count)]


def write_feeds(folder: Path, count: int) -> None:
    """Write `0.xml` and so on."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.xml").write_text(feed(number))


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Have nginx serve `www` in a folder on all addresses of loopback; gives the port."""
    port = free_port()
    with nginx(folder, port, SERVER.format(folder=folder, port=port)):
        yield port
