"""What response headers say: validators, media type, and how long to wait (RFC 9110 and 9111)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from publisher.domain.source import PollHints, Validators

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_FAR = timedelta(days=365)


def to_wire(value: str) -> bytes:
    """A stored header value as the bytes that came in."""
    return value.encode("latin-1", "replace")


def validators(headers: httpx2.Headers) -> Validators:
    """The validators as given. Bytes outside ASCII are kept one to one, as Latin-1."""
    raw = {name.lower(): value.decode("latin-1") for name, value in headers.raw}
    return Validators(raw.get(b"etag") or None, raw.get(b"last-modified") or None)


def content_type(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """The media type in lower case without parameters, and the charset parameter."""
    value = headers.get("content-type", "")
    charset = _CHARSET.search(value)
    return value.partition(";")[0].strip().lower(), charset.group(1) if charset else None


def poll_hints(headers: Mapping[str, str], now: datetime) -> PollHints:
    """How long the response stays fresh. `no-cache` disables max-age; max-age beats Expires (RFC 9111, 5.3)."""
    return PollHints(max_age=_max_age(headers, now), retry_after=retry_after(headers, now))


def _max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    directives = {}
    for directive in headers.get("cache-control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        directives[name] = value.strip('"')
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        return _seconds(directives["max-age"])
    expires = _date(headers.get("expires", ""))
    if expires is None:
        return None
    return _ahead(expires - (_date(headers.get("date", "")) or now))


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After (RFC 9110, section 10.2.3) in seconds, or as a date relative to the response's own Date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if (seconds := _seconds(value)) is not None:
        return seconds
    until = _date(value)
    return None if until is None else _ahead(until - (_date(headers.get("date", "")) or now))


def _seconds(value: str) -> timedelta | None:
    if not (value.isascii() and value.isdigit()):
        return None
    return min(timedelta(seconds=int(value[:9])), _FAR)


def _ahead(wait: timedelta) -> timedelta | None:
    return min(wait, _FAR) if wait > timedelta(0) else None


def _date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None
