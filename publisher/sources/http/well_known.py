"""Each host's /.well-known/tdmrep.json (TDM Reservation Protocol, section 4.2), asked for once a day."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from publisher.domain.rights import Reservations
from publisher.pipeline.ports import Fetched, FetchRequest, FetchResult
from publisher.sources.http.reservations import WELL_KNOWN, from_well_known

KEEP = timedelta(hours=24)
MAX_BYTES = 100 * 1024
_DEADLINE = timedelta(seconds=10)


@dataclass(slots=True)
class _Origin:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    body: bytes = b""


class WellKnown:
    """The files of the hosts met so far, safe to share between threads. `get` fetches one, through the same guard."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult]) -> None:
        self._get = get
        self._origins: dict[str, _Origin] = {}
        self._lock = threading.Lock()

    def reserved(self, url: str) -> Reservations:
        """What the file of a page's host reserves for it; a host without one reserves nothing."""
        parts = urlsplit(url)
        with self._lock:
            origin = self._origins.setdefault(f"{parts.scheme}://{parts.netloc}", _Origin())
        with origin.lock:
            if origin.until < time.monotonic():
                origin.body = self._ask(f"{parts.scheme}://{parts.netloc}")
                origin.until = time.monotonic() + KEEP.total_seconds()
            body = origin.body
        return from_well_known(body, parts.path or "/")

    def _ask(self, origin: str) -> bytes:
        request = FetchRequest(
            url=origin + WELL_KNOWN,
            accept="application/json",
            deadline=_DEADLINE,
            max_bytes=MAX_BYTES,
            obey_robots=False,
        )
        match self._get(request):
            case Fetched(body=body):
                return body
            case _:
                return b""
