"""robots.txt (RFC 9309): whether a page may be fetched. Feeds that the owner named are not asked about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from protego import Protego

from publisher.domain.rights import NONE, Reservations
from publisher.pipeline.ports import Clock, FetchRequest, FetchResult, HostFile, Hosts, Refused
from publisher.sources.http.host_files import KEEP, HostFiles, Kind, Unread
from publisher.sources.http.reservations import AGENT, from_robots

MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5
KEEP_FAILURE = timedelta(minutes=10)
"""An unreachable robots.txt forbids everything, so it is asked again soon."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a host said. Without a parser `refusal` says why, or all is allowed."""

    parser: Protego | None = None
    refusal: Refused | None = None
    text: str = ""


class Robots:
    """The rules of the hosts met so far. `get` fetches one robots.txt, cut to `MAX_BYTES`, through the same guard."""

    def __init__(self, get: Callable[[FetchRequest], FetchResult], memory: Hosts, clock: Clock) -> None:
        self._files = HostFiles(_FILE, get, memory, clock)

    def refusal(self, url: str, source: str = "") -> Refused | None:
        """Why a page must not be fetched for a source; None when it may."""
        rules = self._files.of(url, source)
        if isinstance(rules, Refused):
            return rules
        if rules.parser is not None and not rules.parser.can_fetch(url, AGENT):
            parts = urlsplit(url)
            return Refused(f"robots.txt of {parts.hostname} forbids {parts.path or '/'}", forbidden=True)
        return rules.refusal

    def delay(self, url: str) -> timedelta | None:
        """The Crawl-delay for us, as far as the file is known already: nothing is fetched."""
        rules = self._files.known(url)
        seconds = rules.parser.crawl_delay(AGENT) if rules and rules.parser else None
        return timedelta(seconds=min(max(seconds, 0.0), 3600.0)) if seconds is not None else None

    def reserved(self, url: str, source: str = "") -> Reservations:
        """What the file says beside its rules: licences and Content-Signals for this page."""
        rules = self._files.of(url, source)
        if isinstance(rules, Refused) or not rules.text:
            return NONE
        return from_robots(rules.text, urlsplit(url).path or "/")


def _read(file: HostFile) -> _Rules:
    refusal = Refused(file.refusal, forbidden=True) if file.refusal else None
    parser = Protego.parse(file.text) if file.text else None
    return _Rules(parser=parser, text=file.text or "", refusal=refusal)


def _without(result: Unread, url: str, now: datetime) -> HostFile:
    """Section 2.3.1: 4xx and endless redirects allow everything; 5xx and a broken network forbid everything."""
    match result:
        case Refused(reason, status) if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            host = urlsplit(url).hostname or url
            refusal = f"robots.txt of {host} can't be read ({reason}), which forbids fetching its pages"
            return HostFile(url=url, until=now + KEEP_FAILURE, refusal=refusal)
        case _:
            return HostFile(url=url, until=now + KEEP)


_FILE = Kind(path="/robots.txt", accept="text/plain, */*;q=0.5", max_bytes=MAX_BYTES, without=_without, read=_read)
