"""Articles over several pages made one: which page comes next, when it is over, and the pages joined."""

from collections.abc import Sequence
from dataclasses import replace

from publisher.sources.extract import Extracted
from publisher.sources.pages import images, sanitize
from publisher.sources.pages.pager import follows

LONGEST = 10
"""So many pages make one article at most."""

_REPEATED = 0.5
"""A page of which more than this share of the text was already there is no further one."""


def next_page(parts: Sequence[Extracted]) -> str | None:
    """The address of the page after those already read; None at the article's end."""
    first = parts[0].url
    if first is None or len(parts) >= LONGEST:
        return None
    read = {part.url for part in parts}
    # The first page names all of them, or each the next.
    given = (url for part in (parts[-1], parts[0]) for url in part.pager)
    return next((url for url in given if url not in read and follows(first, url, len(parts) + 1)), None)


def is_repeated(parts: Sequence[Extracted], part: Extracted) -> bool:
    """Whether a page says what the ones before it said, or nothing: then the article was over."""
    seen = {line.strip() for known in parts for line in known.text.splitlines()}
    lines = [line.strip() for line in part.text.splitlines() if line.strip()]
    again = sum(len(line) for line in lines if line in seen)
    return again > _REPEATED * sum(map(len, lines)) or not (lines or part.images)


def joined(parts: Sequence[Extracted]) -> Extracted:
    """The pages of an article as one; what stands at the beginning of every page is kept once."""
    first = parts[0]
    if len(parts) == 1:
        return first
    markup = "\n".join(part.html for part in parts)
    tree = sanitize.parse_fragment(markup)
    evidence = {**first.evidence, "body": f"{first.evidence.get('body', '')}; {len(parts)} pages"}
    return replace(
        first,
        html=markup,
        text=sanitize.tree_to_text(tree),
        images=images.addresses(tree),
        evidence=evidence,
    )
