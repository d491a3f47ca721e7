"""Which rule a listing is read by, and what becomes of one that lost its list.

The operator's selectors come first, then the rule that was found before. When they yield nothing or under half of
what is usual, the list is looked for again; what is found is taken without asking only if it names enough known
articles, else it is proposed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from publisher.domain import toml
from publisher.domain.article import KnownArticle
from publisher.domain.listing import ListingMemory, is_back, is_short, is_trusted
from publisher.domain.source import Source
from publisher.sources.dates import Context
from publisher.sources.lists.detect import Candidate, candidates
from publisher.sources.lists.listed import Line, read
from publisher.sources.pages import page
from publisher.sources.pages.javascript import needs_javascript

LOST = "list-lost"
"""The notice that a rule lost its list and another waits for the operator's word."""

HEALED = "list-healed"
"""The notice that another rule was taken."""

LINES = ("item", "link", "title", "date", "day", "summary", "author", "tags")
"""The selectors that say what a line is; the others are for article pages."""

Known = Callable[[Sequence[str]], Mapping[str, KnownArticle]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """How a listing is read now: the lines, the rule that gave them, what to remember and to tell. With `failure`
    there are no lines."""

    lines: tuple[Line, ...] = ()
    rule: Mapping[str, str] = field(default_factory=dict)
    memory: ListingMemory = ListingMemory()
    notices: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What there is to choose by."""

    listing: page.Page
    source: Source
    memory: ListingMemory
    known: Known
    context: Context


def choose(listing: page.Page, source: Source, memory: ListingMemory, known: Known, context: Context) -> Chosen:
    """Choose the rule. Raises BadSelector."""
    asked = _Asked(listing, source, memory, known, context)
    own = _own(source)
    best: Chosen | None = None
    if memory.earlier_usual:
        # What the operator accepted stands in for this one only as long as it yields too little.
        for rule in filter(None, (own, dict(memory.earlier))):
            found = read(listing, rule, context).found
            if is_back(len(found), memory):
                return _settled(replace(asked, memory=_returned(memory, rule)), rule, found)
    standing = () if memory.earlier_usual and memory.rule else (own,)
    for rule in filter(None, (*standing, dict(memory.rule))):
        found = read(listing, rule, context).found
        if not is_short(len(found), memory):
            return _settled(asked, rule, found)
        if best is None or len(found) > len(best.lines):
            best = Chosen(lines=found, rule=rule)
    return _sought(asked, best)


def _returned(memory: ListingMemory, rule: Mapping[str, str]) -> ListingMemory:
    """The memory once an earlier rule yields again what was usual with it."""
    return replace(memory, rule=rule, usual=memory.earlier_usual, known=0, earlier={}, earlier_usual=0)


def _own(source: Source) -> dict[str, str]:
    """The operator's selectors for lines; none without an `item`."""
    selectors = source.selectors
    if not selectors.get("item", "").strip():
        return {}
    return {key: selectors[key] for key in LINES if selectors.get(key, "").strip()}


def _settled(asked: _Asked, rule: Mapping[str, str], found: tuple[Line, ...]) -> Chosen:
    """A rule that works. Once the operator's own does again, no other is remembered."""
    memory = replace(asked.memory, proposal={})
    notices = {LOST: ""}
    if rule == _own(asked.source):
        memory = replace(memory, rule={})
        notices[HEALED] = ""
    return Chosen(lines=found, rule=rule, memory=memory, notices=notices)


def _sought(asked: _Asked, best: Chosen | None) -> Chosen:
    """What to do when no rule yields what is usual."""
    found = candidates(asked.listing, asked.context)
    if best is None and not asked.memory.rule:
        return _first(asked, found)
    lines = best.lines if best else ()
    # A ranking beside the list is none, also while the list is away; and what has no selectors is no rule.
    better = [one for one in found if len(one.items) > len(lines) and one.selectors and not one.beside]
    if lines and not better and best is not None:
        # The list itself is shorter than it was.
        return Chosen(lines=lines, rule=best.rule, memory=replace(asked.memory, proposal={}), notices={LOST: ""})
    for candidate in better:
        urls = [item.url for item in candidate.items]
        again = len(asked.known(urls).keys() & set(urls))
        if is_trusted(again, len(urls) - again, asked.memory):
            return _healed(asked, candidate, len(lines), again)
    return _lost(asked, best, better[0] if better else None)


def _first(asked: _Asked, found: Sequence[Candidate]) -> Chosen:
    """The first look at a listing for which nobody wrote selectors."""
    if found:
        memory = replace(asked.memory, rule=found[0].selectors, proposal={})
        return Chosen(lines=found[0].items, rule=found[0].selectors, memory=memory, notices={LOST: ""})
    return Chosen(memory=asked.memory, failure=_nothing(asked, "no list of articles was found on it"))


def _healed(asked: _Asked, candidate: Candidate, lines: int, again: int) -> Chosen:
    memory = replace(asked.memory, rule=candidate.selectors, proposal={})
    text = (
        f"its list was found again ({again} known articles of {len(candidate.items)}) after the selectors in use gave "
        f"{lines} where {asked.memory.usual} are usual; in use now: selectors = {toml.written(candidate.selectors)}"
    )
    if _own(asked.source):
        text += " (put them into the configuration; its own are tried first at each look)"
    return Chosen(lines=candidate.items, rule=candidate.selectors, memory=memory, notices={HEALED: text, LOST: ""})


def _lost(asked: _Asked, best: Chosen | None, candidate: Candidate | None) -> Chosen:
    """The rule lost its list and nothing is sure enough to take its place: it goes on as far as it can."""
    name = asked.source.name
    lines = best.lines if best else ()
    proposal = candidate.selectors if candidate else {}
    usual = f" where {asked.memory.usual} are usual" if asked.memory.usual else ""
    text = f"its selectors find {len(lines)} articles{usual}; "
    if candidate:
        text += (
            f"a list of {len(candidate.items)} was found: `publisher source heal {name}` shows it, "
            f"`publisher source heal {name} --accept` takes it"
        )
    else:
        text += "no other list was found: look at its url and selectors"
    memory = replace(asked.memory, proposal=proposal)
    if lines and best:
        return Chosen(lines=lines, rule=best.rule, memory=memory, notices={LOST: text})
    failure = _nothing(asked, _silent(asked, _own(asked.source) or asked.memory.rule))
    return Chosen(memory=memory, notices={LOST: text}, failure=failure)


def _silent(asked: _Asked, rule: Mapping[str, str]) -> str:
    """Which selector of a rule yields nothing, and what shows the list that was found instead."""
    heal = f"`publisher source heal {asked.source.name}` shows what is known and proposed"
    if not read(asked.listing, rule, asked.context).matched:
        return f"selector item = {rule['item']!r} matches nothing on it; {heal}"
    key = "link" if rule.get("link") else "item"
    return f"selector {key} = {rule[key]!r} finds no link on it; {heal}"


def _nothing(asked: _Asked, otherwise: str) -> str:
    why = needs_javascript(asked.listing) or otherwise
    return f"{asked.source.url}: {why}"
