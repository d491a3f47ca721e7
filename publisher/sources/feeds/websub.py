"""Where a feed says that its changes are told (W3C WebSub, section 4): in Link headers first, then in the document."""

import re
from collections.abc import Iterator, Mapping

from publisher.sources.text import urls

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s;,=\"]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)

_LONGEST = 16 * 1024
"""Characters of a Link header that are looked at."""


def links(header: str) -> Iterator[tuple[str, str]]:
    """The relations of a Link header and their targets (RFC 8288, section 3), in order."""
    for match in _LINK.finditer(header[:_LONGEST]):
        if rel := _REL.search(match.group(2)):
            for name in (rel.group(1) or rel.group(2) or "").lower().split():
                yield name, match.group(1).strip()


def declared(
    headers: Mapping[str, str], base: str, hub: str | None = None, topic: str | None = None
) -> tuple[str | None, str | None]:
    """The hub and the topic of a feed, absolute; `hub` and `topic` are what its document names.

    Without a topic there is nothing to subscribe to: then both are None.
    """
    said = dict(reversed(list(links(headers.get("link", "")))))
    found = urls.absolute(base, said.get("hub") or hub), urls.absolute(base, said.get("self") or topic)
    return found if all(found) else (None, None)
