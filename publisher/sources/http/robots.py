"""robots.txt (RFC 9309): whether a page may be fetched. Feeds that the owner named are not asked about."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from protego import Protego

from publisher.domain.rights import NONE, Reservations
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
from publisher.sources.http.reservations import from_robots

AGENT = "publisher"
"""Our product token (section 2.2.1)."""

PATH = "/robots.txt"
MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5
KEEP = timedelta(hours=24)
KEEP_FAILURE = timedelta(minutes=10)
"""An unreachable robots.txt forbids everything, so it is asked again soon."""

_DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a host said, and until when we believe it. Without a parser `refusal` says why, or all is
    allowed."""

    until: datetime
    parser: Protego | None = None
    refusal: Refused | None = None
    text: str = ""


@dataclass(slots=True)
class _Origin:
    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: _Rules | None = None


class Robots:
    """The rules of the hosts met so far. `get` fetches one robots.txt, cut to `MAX_BYTES`, through the same guard."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult], memory: Hosts, clock: Clock) -> None:
        self._get = get
        self._memory = memory
        self._clock = clock
        self._origins: dict[str, _Origin] = {}
        self._lock = threading.Lock()

    def refusal(self, url: str) -> Refused | None:
        """Why a page must not be fetched; None when it may."""
        parts = urlsplit(url)
        rules = self._rules(_origin(url))
        if rules.parser is not None and not rules.parser.can_fetch(url, AGENT):
            return Refused(f"robots.txt of {parts.hostname} forbids {parts.path or '/'}", forbidden=True)
        return rules.refusal

    def delay(self, url: str) -> timedelta | None:
        """The Crawl-delay for us, as far as the file is known already: nothing is fetched."""
        with self._lock:
            known = self._origins.get(_origin(url))
        parser = known.rules.parser if known and known.rules else None
        seconds = parser.crawl_delay(AGENT) if parser else None
        return timedelta(seconds=min(max(seconds, 0.0), 3600.0)) if seconds is not None else None

    def reserved(self, url: str) -> Reservations:
        """What the file says beside its rules: licences and Content-Signals for this page."""
        parts = urlsplit(url)
        text = self._rules(_origin(url)).text
        return from_robots(text, parts.path or "/") if text else NONE

    def _rules(self, origin: str) -> _Rules:
        with self._lock:
            known = self._origins.setdefault(origin, _Origin())
        with known.lock:
            if known.rules is None and (file := self._memory.file(origin + PATH)):
                known.rules = _read(file)
            if known.rules is None or known.rules.until <= self._clock():
                known.rules = self._ask(origin)
            return known.rules

    def _ask(self, origin: str) -> _Rules:
        request = FetchRequest(
            url=origin + PATH,
            accept="text/plain, */*;q=0.5",
            deadline=_DEADLINE,
            max_bytes=MAX_BYTES,
            obey_robots=False,
        )
        result, now = self._get(request), self._clock()
        if isinstance(result, Refused) and result.postponed:
            # We did not ask at all: that says nothing of the file.
            return _Rules(now, refusal=result)
        file = _judge(result, origin + PATH, now)
        self._memory.save_file(file)
        return _read(file)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _read(file: HostFile) -> _Rules:
    refusal = Refused(file.refusal, forbidden=True) if file.refusal else None
    parser = Protego.parse(file.text) if file.text else None
    return _Rules(file.until, parser=parser, text=file.text or "", refusal=refusal)


def _judge(result: FetchResult, url: str, now: datetime) -> HostFile:
    """Section 2.3.1: 4xx and endless redirects allow everything; 5xx and a broken network forbid everything."""
    match result:
        case Fetched(body=body):
            return HostFile(url=url, until=now + KEEP, text=body.decode("utf-8-sig", "replace"))
        case Refused(reason, status) if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            host = urlsplit(url).hostname or url
            refusal = f"robots.txt of {host} can't be read ({reason}), which forbids fetching its pages"
            return HostFile(url=url, until=now + KEEP_FAILURE, refusal=refusal)
        case Refused() | Gone() | NotModified():
            return HostFile(url=url, until=now + KEEP)
