"""By what names an article may be found within its source: its key, its addresses, its title, its text."""

import hashlib
from functools import lru_cache

from publisher.domain.addresses import same_page
from publisher.domain.words import words

ENOUGH_TEXT = 200
"""Columns of text that two articles must share to be one by their text; shorter ones are too often alike."""

_KINDS = ("url:", "title:", "text:")
"""How names begin; no http(s) address does."""


@lru_cache(maxsize=4096)
def number(name: str) -> int:
    """A name as it is stored: 64 bits of its hash."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big", signed=True)


def address(url: str | None) -> str | None:
    """An address as a name; None when it is none that can be compared, which a name of another kind never is."""
    if not url or url.startswith(_KINDS):
        return None
    return f"url:{page}" if (page := same_page(url)) else None


def title_name(title: str) -> str | None:
    """A title as a name."""
    told = " ".join(words(title))
    return f"title:{told}" if told else None
