"""How we behave towards a host: one connection at a time, starts apart, silence when it asks for that, a budget a day.

What a host was promised is kept in `Hosts` of the database, so that neither a restart nor a second process breaks it.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from publisher.domain.host import HostState, after_answer, tomorrow
from publisher.domain.source import HINT_LIMIT
from publisher.pipeline.ports import Clock, HostFile, Hosts, Refused
from publisher.sources.http.guard import Deadline, is_loopback_host

LONGEST_CRAWL_DELAY = timedelta(seconds=10)
"""A robots.txt that asks for longer pauses between two requests gets this much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """The rules. `spacing` is the least time between two starts on one host (none on loopback), up to twice that is
    waited; `budget` is how many requests a host gets in a day (UTC), 0 for no limit; `groups` names hosts that are to
    be treated as one; `hint_limit` is what a host may ask for at most."""

    spacing: timedelta = timedelta(seconds=1)
    budget: int = 0
    groups: Mapping[str, str] = field(default_factory=dict)
    hint_limit: timedelta = HINT_LIMIT


class Postponed(Exception):
    """Not now: the host rests, or had its share of the day."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


@dataclass(slots=True)
class _Host:
    state: HostState
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_start: float = 0.0


class HostQueue:
    """The hosts of one process, safe to share between threads. Ports of the loopback address are hosts of their own."""

    def __init__(
        self, manners: Manners, memory: Hosts, clock: Clock, chance: Callable[[], float] = random.random
    ) -> None:
        self._manners = manners
        self._memory = memory
        self._clock = clock
        self._chance = chance
        self._hosts: dict[str, _Host] | None = None
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, url: str, deadline: Deadline, delay: timedelta | None = None) -> Iterator[None]:
        """Hold the host's one connection; waits until it is free and long enough after its last start.

        `delay` is what its robots.txt asks for. The deadline stands still meanwhile: our own manners cost the server
        nothing of its time. Raises Postponed.
        """
        host, spacing = self._host(url), self._spacing(url, delay)
        with deadline.paused():
            host.lock.acquire()
        try:
            with deadline.paused():
                self._admit(host)
                if (wait := host.next_start - time.monotonic()) > 0:
                    time.sleep(wait)
            host.next_start = time.monotonic() + spacing
            yield
        finally:
            host.lock.release()

    def answered(self, url: str, status: int, retry_after: timedelta | None) -> None:
        """Take to heart what a host said; to be called within its turn."""
        host = self._host(url)
        state = after_answer(host.state, status, retry_after, self._clock(), self._manners.hint_limit)
        if state != host.state:
            host.state = state
            self._memory.save(state)

    def _admit(self, host: _Host) -> None:
        now, state, budget = self._clock(), host.state, self._manners.budget
        if state.rest_until is not None and state.rests(now):
            word = "429" if state.refusals else "503"
            reason = f"{state.name} is left alone until {_shown(state.rest_until)} after it said {word}"
            raise Postponed(Refused(reason, int(word), state.rest_until - now, postponed=True))
        if not budget:
            return
        today = now.astimezone(UTC).date()
        requests = state.requests if state.day == today else 0
        if requests < budget:
            # Counted before it is sent: a crash in between costs one request, never the promise.
            requests = self._memory.count(state.name, today)
            host.state = replace(state, day=today, requests=requests)
        else:
            requests += 1
        if requests > budget:
            reason = f"the budget of {budget} requests a day to {state.name} is spent; it goes on at"
            until = tomorrow(now)
            raise Postponed(Refused(f"{reason} {_shown(until)}", None, until - now, postponed=True))

    def _host(self, url: str) -> _Host:
        name = self._name(url)
        with self._lock:
            if self._hosts is None:
                self._hosts = {state.name: _Host(state) for state in self._memory.all().values()}
            host = self._hosts.get(name)
            if host is None:
                host = self._hosts[name] = _Host(HostState(name=name))
            return host

    def _name(self, url: str) -> str:
        host = host_of(url)
        group = self._manners.groups.get(host)
        return f"group {group}" if group else host

    def _spacing(self, url: str, delay: timedelta | None) -> float:
        asked = min(delay or timedelta(0), LONGEST_CRAWL_DELAY).total_seconds()
        own = 0.0 if is_loopback_host(urlsplit(url).hostname or "") else self._manners.spacing.total_seconds()
        return max(own * (1 + self._chance()), asked)


class Forgetful(Hosts):
    """Remembers no longer than the process lives: for who has no database."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, date], int] = {}
        self._files: dict[str, HostFile] = {}
        self._lock = threading.Lock()

    def all(self) -> Mapping[str, HostState]:
        """Nothing from before."""
        return {}

    def save(self, state: HostState) -> None:
        """The queue has it."""

    def count(self, name: str, day: date) -> int:
        """One more request to a host; how many it got that day."""
        with self._lock:
            self._requests[name, day] = self._requests.get((name, day), 0) + 1
            return self._requests[name, day]

    def file(self, url: str) -> HostFile | None:
        """The file as it was read last."""
        return self._files.get(url)

    def save_file(self, file: HostFile) -> None:
        """Remember it in place of the one before."""
        self._files[file.url] = file

    def forget(self, before: datetime) -> None:
        """It ends with the process."""


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """The host of an address as it is counted: its name, on loopback with the port."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    return f"{name}:{parts.port or _PORTS.get(parts.scheme)}" if is_loopback_host(name) else name


_PORTS = {"http": 80, "https": 443}


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
