"""Each host's /.well-known/tdmrep.json (TDM Reservation Protocol, section 4.2), asked for once a day."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from publisher.domain.rights import NONE, Reservations
from publisher.pipeline.ports import Clock, FetchRequest, FetchResult, HostFile, Hosts, Refused
from publisher.sources.http.host_files import KEEP, HostFiles, Kind, Unread
from publisher.sources.http.reservations import WELL_KNOWN, from_well_known

MAX_BYTES = 100 * 1024


class WellKnown:
    """The files of the hosts met so far. `get` fetches one, through the same guard; `memory` keeps it."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult], memory: Hosts, clock: Clock) -> None:
        self._files = HostFiles(_FILE, get, memory, clock)

    def reserved(self, url: str, source: str = "") -> Reservations:
        """What the file of a page's host reserves for it; a host without one reserves nothing."""
        text = self._files.of(url, source)
        return NONE if isinstance(text, Refused) or not text else from_well_known(text, urlsplit(url).path or "/")


def _without(result: Unread, url: str, now: datetime) -> HostFile:
    """That there is none, or why it can't be read, is believed as long."""
    return HostFile(url=url, until=now + KEEP, refusal=result.reason if isinstance(result, Refused) else None)


_FILE = Kind(
    path=WELL_KNOWN,
    accept="application/json",
    max_bytes=MAX_BYTES,
    without=_without,
    read=lambda file: file.text or "",
)
