"""What a request's headers ask for: conditions, encodings and languages. Pure; RFC 9110, sections 12.5 and 13."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
_USUAL = 200
"""Characters of a header of which few kinds come again and again."""

PLAIN = "identity"
"""The coding of plain bytes."""

_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def not_modified(if_none_match: str | None, if_modified_since: str | None, etag: str, last_modified: datetime) -> bool:
    """Whether a GET is answered by 304 (RFC 9110, section 13.2.2).

    Tags are compared weakly; where there is an If-None-Match, the date isn't looked at. What can't be read is no
    condition.
    """
    if if_none_match is not None:
        # Nearly everybody sends back the one tag that came.
        if if_none_match in (etag, "*"):
            return True
        tag = etag.removeprefix("W/")
        return if_none_match.strip() == "*" or tag in _ENTITY_TAG.findall(if_none_match)
    since = _http_date(if_modified_since) if if_modified_since else None
    return since is not None and last_modified.replace(microsecond=0) <= since


def best_coding(accept_encoding: str | None, offered: tuple[str, ...]) -> str:
    """The content coding that is wanted most (RFC 9110, section 12.5.3); among those wanted alike the first offered,
    and the plain bytes last.

    A client that refuses all gets the plain bytes, one that refuses only these the last offered.
    """
    asked = accept_encoding or ""
    return (_known_coding if len(asked) < _USUAL else _coding)(asked, offered)


def _coding(asked: str, offered: tuple[str, ...]) -> str:
    weights = _weights(asked)
    plain = _first(weights, PLAIN, "*")
    chosen, most = PLAIN, plain or 0.0
    for coding in reversed(offered):
        weight = _first(weights, coding, f"x-{coding}", "*")
        if weight and weight >= most:
            chosen, most = coding, weight
    unnamed = _first(weights, offered[-1], f"x-{offered[-1]}", "*") is None
    return offered[-1] if chosen == PLAIN and plain == 0 and unnamed else chosen


_known_coding = lru_cache(1000)(_coding)


def best_language(accept_language: str | None, offered: Sequence[str]) -> str:
    """The offered language nearest to what is asked for (RFC 4647, section 3.4), else the first."""
    wanted = _weights(accept_language or "")
    for language in sorted(wanted, key=lambda language: -wanted[language]):
        if wanted[language] > 0 and (found := _lookup(language, offered)):
            return found
    return offered[0]


def _lookup(language: str, offered: Sequence[str]) -> str | None:
    subtags = language.split("-")
    for length in range(len(subtags), 0, -1):
        prefix = "-".join(subtags[:length])
        for candidate in offered:
            if f"{candidate.lower()}-".startswith(f"{prefix}-"):
                return candidate
    return None


def _first(weights: Mapping[str, float], *names: str) -> float | None:
    return next((weights[name] for name in names if name in weights), None)


def _weights(header: str) -> Mapping[str, float]:
    """The members of a weighted list, in lower case, each with its weight; a malformed weight counts as 0."""
    weights: dict[str, float] = {}
    for member in header.split(","):
        name, *parameters = (part.strip() for part in member.split(";"))
        if name:
            weights.setdefault(name.lower(), _weight(parameters))
    return weights


def _weight(parameters: Sequence[str]) -> float:
    if not parameters:
        return 1.0
    match = _WEIGHT.fullmatch(parameters[0])
    return float(match[1]) if match else 0.0


def _http_date(value: str) -> datetime | None:
    """A date in one of the three formats of RFC 9110, section 5.6.7, or None."""
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
