"""What tests of whole processes need: a free port, an environment, patience, and a plain GET."""

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import count
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 60.0
"""Seconds for what takes one on an idle machine."""


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_ports = count(os.getpid() * 7)


def free_port() -> int:
    """A port of this machine that stays free until whoever is told of it binds it.

    It lies below those that systems give to connections and to who asks for any port, and each worker has its own.
    """
    while True:
        port = 10_000 + _WORKER % 40 * 500 + next(_ports) % 500
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def unmeasured() -> dict[str, str]:
    """The environment without coverage, for processes that are killed or tell it nothing: they start sooner."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def wait_for(condition: Callable[[], Found], what: str) -> Found:
    """What a condition gives once it is true."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


def get(url: str) -> tuple[int, str]:
    """Status and body; the body only of a success."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
