"""Files in which hosts speak to programs, such as robots.txt: each is asked for when it is needed, and remembered."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from publisher.pipeline.ports import (
    Clock,
    Fetched,
    FetchRequest,
    FetchResult,
    Gone,
    HostFile,
    Hosts,
    NotModified,
    Refused,
)

KEEP = timedelta(hours=24)
"""How long an answer is believed."""

_DEADLINE = timedelta(seconds=10)

Unread = Refused | Gone | NotModified
Said = TypeVar("Said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Said]):
    """Which file it is and how it is asked for; `without` judges an answer that holds no file, `read` makes of a file
    what it says."""

    path: str
    accept: str
    max_bytes: int
    without: Callable[[Unread, str, datetime], HostFile]
    read: Callable[[HostFile], Said]


@dataclass(frozen=True, slots=True)
class _Known(Generic[Said]):
    """What a host said, and until when we believe it."""

    until: datetime
    said: Said


@dataclass(slots=True)
class _Origin(Generic[Said]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    known: _Known[Said] | None = None


class HostFiles(Generic[Said]):
    """The files of one kind of the hosts met so far, safe to share between threads. `get` fetches one, through the
    same guard; `memory` keeps it."""

    def __init__(
        self, kind: Kind[Said], get: Callable[[FetchRequest], FetchResult], memory: Hosts, clock: Clock
    ) -> None:
        self._kind = kind
        self._get = get
        self._memory = memory
        self._clock = clock
        self._origins: dict[str, _Origin[Said]] = {}
        self._lock = threading.Lock()

    def of(self, url: str, source: str = "") -> Said | Refused:
        """What the file of an address's host says; a refusal when it can't be asked for now, which says nothing.

        `source` names whom it is asked for, and so the way there (a proxy) and what else its owner set.
        """
        address = self._address(url)
        with self._lock:
            origin = self._origins.setdefault(address, _Origin())
        with origin.lock:
            if origin.known is None and (file := self._memory.file(address)):
                origin.known = self._read(file)
            if origin.known is None or origin.known.until <= self._clock():
                answer = self._ask(address, source)
                if isinstance(answer, Refused):
                    return answer
                self._memory.save_file(answer)
                origin.known = self._read(answer)
            return origin.known.said

    def known(self, url: str) -> Said | None:
        """The same as far as it is known already: nothing is fetched."""
        with self._lock:
            origin = self._origins.get(self._address(url))
        return origin.known.said if origin and origin.known else None

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self._kind.path}"

    def _read(self, file: HostFile) -> _Known[Said]:
        return _Known(file.until, self._kind.read(file))

    def _ask(self, address: str, source: str) -> HostFile | Refused:
        request = FetchRequest(
            url=address,
            accept=self._kind.accept,
            deadline=_DEADLINE,
            max_bytes=self._kind.max_bytes,
            obey_robots=False,
            source=source,
        )
        result, now = self._get(request), self._clock()
        match result:
            case Fetched(body=body):
                return HostFile(url=address, until=now + KEEP, text=body.decode("utf-8-sig", "replace"))
            case Refused(postponed=True):
                # It was not asked at all.
                return result
            case _:
                return self._kind.without(result, address, now)
