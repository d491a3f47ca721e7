"""What is remembered of other people's hosts, so that a restart forgets no promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from publisher.domain.host import HostState


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """The robots.txt of an origin (scheme, host, port) as it was read, to be believed `until` then.

    Without `text` all is allowed, or nothing for the reason that `refusal` gives.
    """

    origin: str
    until: datetime
    text: str | None = None
    refusal: str | None = None


class Hosts(Protocol):
    """Hosts and their robots.txt."""

    def all(self) -> Mapping[str, HostState]:
        """All hosts that there is something to remember of, by name."""
        ...

    def save(self, state: HostState) -> None:
        """Remember rest and counts of refusals; the requests of the day are counted by `count`."""
        ...

    def count(self, name: str, day: date) -> int:
        """One more request to a host; how many it got that day."""
        ...

    def robots(self, origin: str) -> RobotsFile | None:
        """The robots.txt that was read last."""
        ...

    def save_robots(self, file: RobotsFile) -> None:
        """Remember it in place of the one before."""
        ...

    def forget(self, before: datetime) -> None:
        """Drop what is of no use any more: files not to be believed since then, hosts that owe and are owed nothing."""
        ...
