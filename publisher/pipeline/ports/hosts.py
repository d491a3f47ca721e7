"""What is remembered of other people's hosts, so that a restart forgets no promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from publisher.domain.host import HostState


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """What a host says of itself at a known address (robots.txt, tdmrep.json) as it was read, to be believed `until`
    then.

    Without `text` there is none, or it can't be read for the reason that `refusal` gives.
    """

    url: str
    until: datetime
    text: str | None = None
    refusal: str | None = None


class Hosts(Protocol):
    """Hosts and what they say of themselves."""

    def all(self) -> Mapping[str, HostState]:
        """All hosts that there is something to remember of, by name."""
        ...

    def save(self, state: HostState) -> None:
        """Remember rest and counts of refusals; the requests of the day are counted by `count`."""
        ...

    def count(self, name: str, day: date) -> int:
        """One more request to a host; how many it got that day."""
        ...

    def file(self, url: str) -> HostFile | None:
        """The file as it was read last."""
        ...

    def save_file(self, file: HostFile) -> None:
        """Remember it in place of the one before."""
        ...

    def forget(self, before: datetime) -> None:
        """Drop what is of no use any more: files not to be believed since then, hosts that owe and are owed nothing."""
        ...
