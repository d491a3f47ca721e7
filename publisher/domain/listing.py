"""What is remembered of a listing's shape between two looks, and when a rule that was found is to be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

ENOUGH_KNOWN = 20
"""A new rule that names so many known articles again needs no other witness."""

OLDER_PAGES = 5
"""How many pages of a listing behind its first one are read for its backlog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingMemory:
    """A listing as it was last seen. Rules are CSS selectors by the names that `[[source]] selectors` has.

    `rule` is in use, found by detection or accepted by the operator; `proposal` waits for the operator's word. `usual`
    is how many lines a look finds, `known` how many of the last ones are stored articles. `next_page` is the page of
    older articles to read next, `pages` how many of those were read, `older` how many articles they named. `earlier`
    is the rule that an accepted proposal took the place of, with `earlier_usual` lines: it comes back once it yields.
    """

    rule: Mapping[str, str] = field(default_factory=dict)
    proposal: Mapping[str, str] = field(default_factory=dict)
    usual: int = 0
    known: int = 0
    next_page: str | None = None
    pages: int = 0
    older: int = 0
    earlier: Mapping[str, str] = field(default_factory=dict)
    earlier_usual: int = 0


def is_short(lines: int, memory: ListingMemory) -> bool:
    """Whether a rule lost its list: it yields nothing, or under half of what is usual."""
    return lines == 0 or lines * 2 < memory.usual


def is_back(lines: int, memory: ListingMemory) -> bool:
    """Whether the rule before an accepted one yields again what was usual then."""
    return lines > 0 and lines * 2 >= memory.earlier_usual


def is_trusted(known: int, new: int, memory: ListingMemory) -> bool:
    """Whether a new rule may be taken without asking: it names `ENOUGH_KNOWN` known articles again, or all of them.

    All are those of the last good look; each `new` one may have pushed one of them off the end of the list, but never
    more than half.
    """
    expected = max(memory.known - new, (memory.known + 1) // 2)
    return 0 < min(ENOUGH_KNOWN, expected) <= known


def seen(memory: ListingMemory, lines: int, known: int) -> ListingMemory:
    """The memory after a good look; what is usual follows slowly when lists grow or shrink."""
    usual = lines if not memory.usual or lines > memory.usual else (3 * memory.usual + lines) // 4
    return replace(memory, usual=usual, known=known)


def accepted(memory: ListingMemory) -> ListingMemory:
    """The memory once the operator has accepted the proposal; what is usual is learnt anew."""
    return replace(
        memory,
        rule=memory.proposal,
        proposal={},
        usual=0,
        known=0,
        earlier=memory.earlier or memory.rule,
        earlier_usual=memory.earlier_usual or memory.usual,
    )
