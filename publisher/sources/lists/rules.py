"""CSS selectors for elements that were found: the shortest that matches just these, and lasts."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from publisher.sources.lists.links import lasting_classes, tag_of
from publisher.sources.text import selecting

_TAG = re.compile(r"[a-z][a-z0-9-]*")
_ANY = re.compile(r"(?:\*|a)(?: (?:> )?(?:\*|a))*")
"""A rule for anything: it would match navigation and footers of the next design, if not of this."""

_ID = re.compile(r"[A-Za-z][A-Za-z_-]{1,40}")
MOST_TRIES = 25
"""How many selectors are tried for the lines of a list."""

_HEIGHTS = 8
_MOST_JUDGED = 2_000


@dataclass(frozen=True, slots=True)
class Fit:
    """A selector for the lines of a list, how many of them it misses, and how many other lines it matches."""

    css: str
    missing: int
    extra: int = 0

    @property
    def wrong(self) -> int:
        """How many elements it has too much or too little."""
        return self.missing + self.extra


def for_items(
    root: HtmlElement, items: Sequence[HtmlElement], is_other: Callable[[HtmlElement], bool], tries: int = MOST_TRIES
) -> Fit | None:
    """The best selector for the lines of a list. `is_other` says of an element that it is a line of something else."""
    wanted = set(items)
    best: Fit | None = None
    some = (css for css in dict.fromkeys(_item_selectors(items)) if not _ANY.fullmatch(css))
    for css in itertools.islice(some, tries):
        matched = selecting.select(root, {"item": css}, "item")
        fit = Fit(css, len(wanted.difference(matched)))
        if best is not None and fit.wrong >= best.wrong:
            continue
        # More than the best has is too many, however many.
        limit = len(items) if best is None else best.wrong - fit.missing
        beside = itertools.islice((one for one in matched if one not in wanted), _MOST_JUDGED)
        others = itertools.islice(filter(is_other, beside), limit)
        fit = Fit(css, fit.missing, sum(1 for _ in others))
        if best is None or fit.wrong < best.wrong:
            best = fit
        if not fit.wrong:
            break
    return best


def inside(pairs: Sequence[tuple[HtmlElement, HtmlElement]], right: Callable[[HtmlElement, str], bool]) -> str:
    """A selector that, inside each item, first matches its own element; "" when there is none for most of them.

    `pairs` are items with the elements wanted of them. `right` says whether a selector does for an item.
    """
    best, best_share = "", 0.0
    sample = list(pairs[:30])
    for css in _inner_selectors(sample):
        share = sum(right(item, css) for item, _ in sample) / len(sample)
        if share > best_share + 0.01:
            best, best_share = css, share
        if share == 1:
            break
    return best if best_share >= 0.5 else ""


def _item_selectors(items: Sequence[HtmlElement]) -> Iterator[str]:
    bases = names(items)
    yield from (base for base in bases if "." in base)
    above: list[list[str]] = []
    nodes: list[HtmlElement] = list(items)
    for _ in range(_HEIGHTS):
        nodes = list(dict.fromkeys(parent for node in nodes if (parent := node.getparent()) is not None))
        if not nodes or nodes[0].tag in ("body", "html"):
            break
        above.append(names(nodes, ids=True))
    for height, outer in enumerate(above):
        link = " > " if height == 0 else " "
        yield from (f"{name}{link}{base}" for name in outer if "." in name or "#" in name for base in bases)
    yield from _together(above, bases)
    yield from (f"{outer[-1]} > {base}" for outer in above[:1] for base in bases)
    yield _by_place(items)


def _together(above: list[list[str]], bases: list[str]) -> Iterator[str]:
    """Selectors of three levels."""
    named = [[name for name in level if "." in name or "#" in name] for level in above]
    for low, inner in enumerate(above[:4]):
        for outer in named[low + 1 :]:
            for name in outer[:2]:
                yield f"{name} {inner[-1]}{' > ' if low == 0 else ' '}{bases[0]}"


def _by_place(items: Sequence[HtmlElement]) -> str:
    """A selector by place: the last way to tell a list from others that are built as it is."""
    parents = list(dict.fromkeys(parent for item in items if (parent := item.getparent()) is not None))
    tag = _tag(items[0])
    return ", ".join(f"{_place(parent)} > {tag}" for parent in parents[:8])


def _tag(element: HtmlElement) -> str:
    """A selector for the tag of an element; broken markup makes tags that CSS has no name for."""
    tag = tag_of(element)
    return tag if _TAG.fullmatch(tag) else "*"


def _place(element: HtmlElement) -> str:
    steps: list[str] = []
    for node in (element, *element.iterancestors()):
        parent = node.getparent()
        if parent is None or node.tag == "body":
            steps.append(_tag(node))
            break
        if _ID.fullmatch(node.get("id") or ""):
            steps.append(f"#{node.get('id')}")
            break
        tag = _tag(node)
        same = [child for child in parent if child.tag == node.tag]
        if tag == "*":
            steps.append(f"*:nth-child({parent.index(node) + 1})")
        else:
            steps.append(tag if len(same) == 1 else f"{tag}:nth-of-type({same.index(node) + 1})")
    return " > ".join(reversed(steps))


def names(elements: Sequence[HtmlElement], *, ids: bool = False) -> list[str]:
    """Simple selectors that all of these match, the most telling first, the bare tag last."""
    tags = {_tag(element) for element in elements}
    tag = tags.pop() if len(tags) == 1 else ""
    common = [name for name in lasting_classes(elements[0]) if all(_has(other, name) for other in elements)]
    found = [f"{tag}.{name}" for name in common[:3]]
    if ids and len(elements) == 1 and _ID.fullmatch(elements[0].get("id") or ""):
        found.insert(0, f"#{elements[0].get('id')}")
    return [*found, tag or "*"]


def _has(element: HtmlElement, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _inner_selectors(pairs: Sequence[tuple[HtmlElement, HtmlElement]]) -> Iterator[str]:
    """Selectors for elements inside items: by their own names, their parents', their places."""
    wanted = [element for _, element in pairs]
    seen = dict[str, None]()
    for element in wanted[:6]:
        own = names([element])
        seen |= dict.fromkeys(own[:-1])
        parent = element.getparent()
        if parent is not None:
            outer = names([parent])
            seen |= dict.fromkeys(f"{name} > {own[-1]}" for name in outer[:-1])
    for element in wanted[:6]:
        own = names([element])
        seen.setdefault(own[-1])
        parent = element.getparent()
        if parent is not None:
            seen.setdefault(f"{_tag(parent)} > {own[-1]}")
            number = parent.index(element) + 1
            seen.setdefault(f"{own[-1]}:nth-child({number})")
            grand = parent.getparent()
            if grand is not None:
                seen.setdefault(f"{_tag(parent)}:nth-child({grand.index(parent) + 1}) {own[-1]}")
    yield from seen
