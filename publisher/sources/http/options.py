"""How to fetch: what holds for all requests, and what an owner set for those of one source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from publisher import __version__
from publisher.domain.source import HINT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What the requests of one source carry, and which way they go. All of it may be secret: it is never shown.

    `headers` and `cookie` go to the host of `url` only, whatever redirects and links say, and never from https to
    http. `proxy` (http, https or socks5) is for all requests of the source.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookie: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)

    def fields(self, url: str) -> list[tuple[bytes, bytes]]:
        """The header fields for a request to an address: none for another host than the source's own."""
        own, asked = urlsplit(self.url), urlsplit(url)
        if (own.hostname, own.port) != (asked.hostname, asked.port) or (own.scheme, asked.scheme) == ("https", "http"):
            return []
        fields = [*self.headers, *([("Cookie", self.cookie)] if self.cookie else [])]
        return [(name.encode("ascii"), value.encode("utf-8")) for name, value in fields]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchConfig:
    """How to fetch. `contact` is a URL (or address) for webmasters; `allow_private` opens single "host:port" pairs.

    `spacing` is the least time between two starts on one host (none on loopback), `budget` how many requests it gets
    in a day (0: no limit), `groups` names hosts that count as one; `hint_limit` is what a server may ask for at most.
    `deadline` and `max_bytes` are upper bounds for every request. Without `obey_robots` robots.txt is never asked for.
    """

    contact: str = ""
    allow_private: tuple[str, ...] = ()
    spacing: timedelta = timedelta(seconds=1)
    budget: int = 0
    groups: Mapping[str, str] = field(default_factory=dict)
    hint_limit: timedelta = HINT_LIMIT
    deadline: timedelta = timedelta(seconds=30)
    max_bytes: int = 50 * 1024 * 1024
    obey_robots: bool = True
    sources: Mapping[str, SourceOptions] = field(default_factory=dict)

    @property
    def user_agent(self) -> str:
        """What we call ourselves (RFC 9110, section 10.1.5)."""
        contact = f" (+{self.contact})" if self.contact else ""
        return f"publisher/{__version__}{contact}"
