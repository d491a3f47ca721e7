"""Each host's /.well-known/tdmrep.json (TDM Reservation Protocol, section 4.2), asked for once a day."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from publisher.domain.rights import NONE, Reservations
from publisher.pipeline.ports import Clock, Fetched, FetchRequest, FetchResult, HostFile, Hosts, Refused
from publisher.sources.http.reservations import WELL_KNOWN, from_well_known

KEEP = timedelta(hours=24)
"""How long an answer is believed, be it that there is no such file."""

MAX_BYTES = 100 * 1024
_DEADLINE = timedelta(seconds=10)


@dataclass(slots=True)
class _Origin:
    lock: threading.Lock = field(default_factory=threading.Lock)
    file: HostFile | None = None


class WellKnown:
    """The files of the hosts met so far, safe to share between threads. `get` fetches one, through the same guard;
    `memory` keeps it."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult], memory: Hosts, clock: Clock) -> None:
        self._get = get
        self._memory = memory
        self._clock = clock
        self._origins: dict[str, _Origin] = {}
        self._lock = threading.Lock()

    def reserved(self, url: str) -> Reservations:
        """What the file of a page's host reserves for it; a host without one reserves nothing."""
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{WELL_KNOWN}"
        with self._lock:
            origin = self._origins.setdefault(address, _Origin())
        with origin.lock:
            if origin.file is None:
                origin.file = self._memory.file(address)
            if origin.file is None or origin.file.until <= self._clock():
                origin.file = self._ask(address)
            text = origin.file.text if origin.file else None
        return from_well_known(text, parts.path or "/") if text else NONE

    def _ask(self, address: str) -> HostFile | None:
        request = FetchRequest(
            url=address,
            accept="application/json",
            deadline=_DEADLINE,
            max_bytes=MAX_BYTES,
            obey_robots=False,
        )
        result, until = self._get(request), self._clock() + KEEP
        match result:
            case Fetched(body=body):
                file = HostFile(url=address, until=until, text=body.decode("utf-8-sig", "replace"))
            case Refused(postponed=True):
                # It was not asked at all: that says nothing of the file.
                return None
            case Refused(reason):
                file = HostFile(url=address, until=until, refusal=reason)
            case _:
                file = HostFile(url=address, until=until)
        self._memory.save_file(file)
        return file
