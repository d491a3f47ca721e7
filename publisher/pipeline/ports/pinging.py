"""What telling WebSub hubs stores: which of them don't know yet that a feed changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A hub that is to be told that a topic (the address of a document) changed. `asked` counts the changes."""

    hub: str
    topic: str
    asked: int
    due_at: datetime
    failures: int = 0
    outcome: str = ""


class Pings(Protocol):
    """Pings that are due, or were refused."""

    def ask(self, hubs: Sequence[str], topics: Sequence[str], now: datetime) -> None:
        """Have each hub told of each topic, at once."""
        ...

    def due(self, now: datetime) -> list[Ping]:
        """Those that are due, the longest due first."""
        ...

    def all(self) -> list[Ping]:
        """All that hubs were not told yet."""
        ...

    def done(self, ping: Ping) -> None:
        """Forget one, unless its topic changed again meanwhile."""
        ...

    def later(self, ping: Ping, due_at: datetime, outcome: str) -> None:
        """Try once more then, unless its topic changed again meanwhile."""
        ...

    def keep(self, hubs: Sequence[str]) -> None:
        """Forget what is for any other hub."""
        ...
