"""Newsletters: a selection, the cadences it offers, and how its mails look."""

from dataclasses import dataclass
from datetime import time

from publisher.domain.schedule import Cadence
from publisher.domain.selection import Selection


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address (RFC 5322, section 3.4)."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """What people subscribe to. Dates in its mails are in `timezone`; `id` is 0 until stored."""

    slug: str
    title: str
    sender: Mailbox
    id: int = 0
    reply_to: Mailbox | None = None
    description: str = ""
    selection: Selection = Selection()
    cadences: tuple[Cadence, ...] = (Cadence("daily", frozenset(range(7))),)
    hour: time = time(7, 0)
    timezone: str = "UTC"
    languages: tuple[str, ...] = ("en", "zh-CN")
    template: str = "cards"
    limit: int = 30

    def language_for(self, wanted: str) -> str:
        """The newsletter's language nearest to the wanted one (RFC 4647, section 3.4), else its first."""
        ranges = wanted.replace("_", "-").lower().split("-")
        for length in range(len(ranges), 0, -1):
            prefix = "-".join(ranges[:length])
            for language in self.languages:
                tag = language.lower()
                if tag == prefix or tag.startswith(prefix + "-"):
                    return language
        return self.languages[0]
