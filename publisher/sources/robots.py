"""robots.txt (RFC 9309): whether a page may be fetched. Feeds that the owner named are not asked about."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from protego import Protego

from publisher.domain.rights import NONE, Reservations
from publisher.pipeline.ports import Fetched, FetchRequest, FetchResult, Gone, NotModified, Refused
from publisher.sources.reservations import from_robots

AGENT = "publisher"
"""Our product token (section 2.2.1)."""

MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5
KEEP = timedelta(hours=24)
KEEP_FAILURE = timedelta(minutes=10)
"""An unreachable robots.txt forbids everything, so it is asked again soon."""

_DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a host said, and until when (monotonic) we believe it. Without a parser `refusal` says why, or all is
    allowed."""

    until: float
    parser: Protego | None = None
    refusal: str | None = None
    text: str = ""


@dataclass(slots=True)
class _Origin:
    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: _Rules | None = None


class Robots:
    """The rules of the hosts met so far. `get` fetches one robots.txt, cut to `MAX_BYTES`, through the same guard."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult]) -> None:
        self._get = get
        self._origins: dict[str, _Origin] = {}
        self._lock = threading.Lock()

    def refusal(self, url: str) -> str | None:
        """Why a page must not be fetched; None when it may."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules(origin)
        if rules.parser is not None and not rules.parser.can_fetch(url, AGENT):
            return f"robots.txt of {parts.hostname} forbids {parts.path or '/'}"
        return rules.refusal

    def reserved(self, url: str) -> Reservations:
        """What the file says beside its rules: licences and Content-Signals for this page."""
        parts = urlsplit(url)
        text = self._rules(f"{parts.scheme}://{parts.netloc}").text
        return from_robots(text, parts.path or "/") if text else NONE

    def _rules(self, origin: str) -> _Rules:
        with self._lock:
            known = self._origins.setdefault(origin, _Origin())
        with known.lock:
            if known.rules is None or known.rules.until < time.monotonic():
                request = FetchRequest(
                    url=f"{origin}/robots.txt",
                    accept="text/plain, */*;q=0.5",
                    deadline=_DEADLINE,
                    max_bytes=MAX_BYTES,
                    obey_robots=False,
                )
                known.rules = _judge(self._get(request), urlsplit(origin).hostname or origin)
            return known.rules


def _judge(result: FetchResult, host: str) -> _Rules:
    """Section 2.3.1: 4xx and endless redirects allow everything; 5xx and a broken network forbid everything."""
    now = time.monotonic()
    match result:
        case Fetched(body=body):
            text = body.decode("utf-8-sig", "replace")
            return _Rules(now + KEEP.total_seconds(), parser=Protego.parse(text), text=text)
        case Refused(reason, status) if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            refusal = f"robots.txt of {host} can't be read ({reason}), which forbids fetching its pages"
            return _Rules(now + KEEP_FAILURE.total_seconds(), refusal=refusal)
        case Refused() | Gone() | NotModified():
            return _Rules(now + KEEP.total_seconds())
