"""What a feed says, whatever its format: raw texts as they stand in it, to be cleaned by the reader.

Also the rules that all formats share: which of several texts is the body, and how plain text becomes HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from publisher.domain.article import Enclosure

MAX_ITEMS = 5000
"""More entries of one feed are not read: the newest stand first, and a feed is no archive."""

MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")

_NAMED_ADDRESS = re.compile(r"^\S+@\S+\s*\((.+)\)$")

LONGEST_WAIT = timedelta(days=365)
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NotAFeed(ValueError):
    """A document that is no feed; the message says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry. `title`, `summary` and `html` are HTML from outside, dates are texts, addresses may be relative to
    `base`."""

    id: str = ""
    link: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: str = ""
    updated: str = ""
    summary: str = ""
    html: str = ""
    base: str = ""
    images: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A whole feed. `ttl` is how long it asks to be left alone (RSS ttl, sy:updatePeriod); `skip_hours` (0 to 23, UTC)
    and `skip_days` (Monday is 0) are when it never changes (RSS 2.0, skipHours and skipDays).

    `hub` and `topic` are where changes are told and of what (W3C WebSub, section 4). `left` counts entries beyond
    `MAX_ITEMS`.
    """

    items: tuple[FeedItem, ...] = ()
    language: str | None = None
    link: str | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hub: str | None = None
    topic: str | None = None
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text of an entry (a description, a content) with its media type, its base and its language."""

    value: str
    type: str = ""
    base: str = ""
    language: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether it holds text for people, and no picture or data in base64."""
        return "/" not in self.type or self.type.startswith("text/") or self.type == "application/xhtml+xml"

    @property
    def html(self) -> str:
        """The value as HTML: plain text is escaped, so that `a < b` survives. What looks like HTML is taken as such."""
        if self.type != "text/plain" or MARKUP.search(self.value):
            return self.value
        return paragraphs(self.value) if "\n\n" in self.value else self.value.replace("<", "&lt;")


NOTHING = Part(value="")


def body_and_summary(contents: Sequence[Part], summary: Part, caption: Part) -> tuple[Part, Part]:
    """The longest text of an entry is its body, whatever its element is called; what else there is its summary.

    An entry with neither has the caption of its picture.
    """
    if not contents and not summary.value:
        summary = caption
    texts = [part for part in (summary, *contents) if part.is_readable and part.value]
    body = max(reversed(texts), key=lambda part: len(part.value), default=NOTHING)
    return body, next((part for part in texts if part.value != body.value), NOTHING)


def name_of(person: str) -> str:
    """The name in `jane@example.org (Jane Roe)`."""
    return _NAMED_ADDRESS.sub(r"\1", person)


def paragraphs(plain: str) -> str:
    """Plain text as HTML: empty lines part paragraphs, other line ends stay."""
    blocks = [escape(block.strip()).replace("\n", "<br>") for block in plain.replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{block}</p>" for block in blocks if block)


def octets(length: str) -> int:
    """The length of an enclosure; 0 when it says none."""
    return int(length[:15]) if re.fullmatch(r"[0-9]+", length) else 0


def wait(ttl: str, period: str, frequency: str) -> timedelta | None:
    """The longer of RSS `ttl` in minutes and the syndication module's period divided by its frequency."""
    waits = []
    if re.fullmatch(r"[0-9]{1,9}", ttl):
        waits.append(timedelta(minutes=int(ttl)))
    hours = _PERIODS.get(period.lower())
    if hours is not None:
        times = int(frequency[:4]) if re.fullmatch(r"[1-9][0-9]*", frequency) else 1
        waits.append(timedelta(hours=hours) / times)
    return min(max(waits), LONGEST_WAIT) if waits else None


def hours(texts: Sequence[str]) -> frozenset[int]:
    """`skipHours`: 0 to 23, and 24 (RSS 0.91) for 0."""
    return frozenset(int(text) % 24 for text in texts if re.fullmatch(r"[01]?[0-9]|2[0-4]", text))


def days(texts: Sequence[str]) -> frozenset[int]:
    """`skipDays`: names of days in English, as numbers from Monday."""
    return frozenset(_DAYS.index(text.lower()) for text in texts if text.lower() in _DAYS)
