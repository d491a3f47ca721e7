"""What the entries of sources of every kind have in common."""

import hashlib
import json
from collections.abc import Sequence

from publisher.domain.source import Source

SUMMARY_COLUMNS = 400
"""How long a summary is that we make from the text; a CJK character counts two."""


def with_tags(tags: Sequence[str], source: Source) -> tuple[str, ...]:
    """An article's own tags, and those that its source gives to all."""
    own = {tag.casefold() for tag in tags}
    return (*tags, *(tag for tag in source.tags if tag.casefold() not in own))


def fingerprint(*parts: object) -> str:
    """A short hash of what a source says of an article; the same parts give the same hash."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:24]
