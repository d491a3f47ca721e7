"""How we behave towards a host: one connection at a time, starts apart, and silence when it asks for that."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from publisher.sources.guard import Deadline, is_loopback_host

REST_AFTER_429 = timedelta(hours=1)
"""How long a host is left alone that said 429 without saying for how long."""


@dataclass(slots=True)
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_start: float = 0.0
    rest_until: float = 0.0


class Hosts:
    """The hosts of one process, safe to share between threads. Ports of the loopback address are hosts of their own."""

    def __init__(self, spacing: timedelta) -> None:
        self._spacing = spacing.total_seconds()
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, url: str, deadline: Deadline) -> Iterator[None]:
        """Hold the host's one connection; waits until it is free and `spacing` after its last start.

        The deadline stands still meanwhile: our own manners cost the server nothing of its time.
        """
        host, spacing = self._host(url)
        with deadline.paused():
            host.lock.acquire()
        try:
            with deadline.paused():
                time.sleep(max(0.0, host.next_start - time.monotonic()))
            host.next_start = time.monotonic() + spacing
            yield
        finally:
            host.lock.release()

    def rest(self, url: str, wait: timedelta) -> None:
        """Ask nothing of this host for a while."""
        host, _ = self._host(url)
        host.rest_until = max(host.rest_until, time.monotonic() + wait.total_seconds())

    def resting(self, url: str) -> timedelta | None:
        """How long the host still rests; None when it does not."""
        host, _ = self._host(url)
        left = host.rest_until - time.monotonic()
        return timedelta(seconds=left) if left > 0 else None

    def _host(self, url: str) -> tuple[_Host, float]:
        parts = urlsplit(url)
        name = parts.hostname or ""
        here = is_loopback_host(name)
        with self._lock:
            host = self._hosts.setdefault(f"{name}:{parts.port}" if here else name, _Host())
        return host, 0.0 if here else self._spacing
