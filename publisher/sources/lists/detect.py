"""Finds the list of articles on a page without selectors, and the CSS rule that gives it again.

Links that are built alike are scored by number, titles, addresses, dates and place; what stands in navigation,
rankings, advertisements, pagers and footers counts less. The best become rules that the listing reader applies, so
that a candidate's lines are just what a source with its rule reads.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources import dates
from publisher.sources.lists import dating, headings, listed, prose, rules
from publisher.sources.lists.links import (
    Group,
    Link,
    article_like,
    groups,
    is_beside,
    label_of,
    lasting_classes,
    links_of,
    shape_of,
    tag_of,
)
from publisher.sources.lists.listed import Line, link_of
from publisher.sources.pages import jsonld, page
from publisher.sources.text import selecting

BEST = 3
"""How many candidates are worth showing."""

FEWEST = 3
"""A list has at least so many lines."""

_LOOKED_AT = 25
_RULED = 6
_SAMPLE = 100
_PARTS = 4
_PLACES = 40
_LEAST_SCORE = 0.5
_LABELLED = 0.3
"""What is left of a list whose heading says that it is a ranking or the like: dates don't make up for that."""

_NOWHERE = "http://page.invalid/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A list of articles on a page: its lines, how sure it is (higher is better), and the rule that gives it.

    Without `selectors` it stands in the page's JSON-LD alone: a source of kind `listing` reads it without. `beside`
    says that it stands in a side column or the like.
    """

    items: tuple[Line, ...]
    score: float
    selectors: Mapping[str, str]
    beside: bool = False


@dataclass(slots=True)
class _Scored:
    """A group with what was seen of it."""

    group: Group
    score: float
    shape: tuple[str, ...]
    dated: float
    width: float
    named: bool

    @property
    def is_doubtful(self) -> bool:
        """Whether it stands beside what the page is about, and no dates say that it is more than a ranking."""
        return self.group.beside and self.dated < 0.5 and not self.named


def candidates(found: page.Page, context: dates.Context) -> list[Candidate]:
    """The best lists of articles on a page, at most `BEST`, the best first; none on an article's own page."""
    if found.base is None:
        return [_without_base(one) for one in candidates(replace(found, base=_NOWHERE), context)]
    links = list(links_of(found))
    others = frozenset(link.key for link in links)
    scored = _merged(_scored(found, links))
    if prose.is_article(found.root, scored[0].group.items if scored else ()):
        return []
    made: list[Candidate] = []
    for one in [one for one in scored if not one.is_doubtful][:_RULED]:
        if one.score < _LEAST_SCORE or one.score * 8 < scored[0].score:
            break
        candidate = _candidate(found, one, others, context)
        if candidate is not None and not any(_is_same(candidate, other) for other in made):
            made.append(candidate)
    made = made or list(_named(found, context))
    return sorted(made, key=lambda candidate: -candidate.score)[:BEST]


def _named(found: page.Page, context: dates.Context) -> Iterator[Candidate]:
    """The list that the page's JSON-LD names (schema.org ItemList), for pages whose scripts make the visible one."""
    lines: dict[str, Line] = {}
    for item in jsonld.list_items(found.root):
        if not isinstance(item, dict) or not jsonld.may_be_article(item):
            continue
        url = next((url for one in jsonld.addresses(item) if (url := listed.key_of(found.base, one))), None)
        title = next(iter(jsonld.texts(item.get("headline")) or jsonld.texts(item.get("name"))), "")
        date = next(iter(jsonld.texts(item.get("datePublished"))), "")
        moment = dates.parse(date, context) if date else None
        if url and title:
            lines.setdefault(url, Line(url=url, title=title, published=moment.at if moment else None))
    good = sum(headings.good_width(line.title) for line in lines.values())
    if len(lines) >= FEWEST and good * 2 >= len(lines):
        score = math.log1p(len(lines)) * good / len(lines)
        yield Candidate(items=tuple(lines.values()), score=round(score, 3), selectors={})


def _without_base(candidate: Candidate) -> Candidate:
    """Addresses as the page writes them, where nobody knows what they are relative to."""
    items = tuple(
        replace(item, url=item.url.removeprefix(_NOWHERE[:-1]) if item.url.startswith(_NOWHERE) else item.url)
        for item in candidate.items
    )
    return replace(candidate, items=items)


def _is_same(one: Candidate, other: Candidate) -> bool:
    mine, others = ({item.url for item in candidate.items} for candidate in (one, other))
    return len(mine & others) >= 0.6 * min(len(mine), len(others))


# --- scores ------------------------------------------------------------------------------------------------------


def _scored(found: page.Page, links: Sequence[Link]) -> list[_Scored]:
    """The groups that may be lists, the best first."""
    named = jsonld.listed(found.root, found.base)
    scored: list[_Scored] = []
    for group in groups(links)[: 4 * _LOOKED_AT]:
        for part in _parts(headings.titled(_without_beside(group))):
            if len(part.links) >= FEWEST:
                scored.append(_score(part, named))
    return sorted(scored, key=lambda one: -one.score)[:_LOOKED_AT]


def _score(group: Group, named: frozenset[str]) -> _Scored:
    titles = [link.title for link in group.links]
    number = len(titles)
    good = sum(map(headings.good_width, titles)) / number
    unique = len(set(titles)) / number
    shapes = Counter(shape_of(link.key) for link in group.links)
    shape, like = shapes.most_common(1)[0]
    articles = sum(article_like(link.key) for link in group.links) / number
    sample = list(zip(group.items, group.links, strict=True))[:: 1 + number // _SAMPLE]
    dated = sum(dating.has_date(item, link.element) for item, link in sample) / len(sample)
    width = sum(min(columns(title), 60) for title in titles) / number
    score = (
        math.log1p(number)
        * good
        * unique**2
        * (0.5 + 0.5 * like / number)
        * (0.4 + 0.6 * articles)
        * (1 + 1.5 * dated)
        * math.sqrt(width / 40)
        * group.standing
        * _place(group)
    )
    is_named = bool(named) and sum(link.key in named for link in group.links) >= 0.6 * number
    return _Scored(group, score * (2 if is_named else 1), shape, dated, width, is_named)


def _parts(group: Group) -> list[Group]:
    """A group by the places where it stands, when in some all lines are dated and in the others hardly any: lists
    that are built alike only because the page is laid out by tables."""
    if len(group.links) < 2 * FEWEST:
        return [group]
    places: dict[HtmlElement | None, list[tuple[Link, HtmlElement]]] = {}
    for link, item in zip(group.links, group.items, strict=True):
        places.setdefault(item.getparent(), []).append((link, item))
    if not 1 < len(places) <= _PLACES:
        return [group]
    dated: list[tuple[Link, HtmlElement]] = []
    others: list[tuple[Link, HtmlElement]] = []
    for pairs in places.values():
        sample = pairs[:10]
        share = sum(dating.has_date(item, link.element) for link, item in sample) / len(sample)
        (dated if share >= 0.8 else others).extend(pairs)
    if len(dated) < FEWEST or len(others) < FEWEST:
        return [group]
    return [Group([link for link, _ in some], [item for _, item in some], group.standing) for some in (dated, others)]


def _place(group: Group) -> float:
    """What the elements around its links say for or against a group: headings for, running text against."""
    sample = list(zip(group.items, group.links, strict=True))[:40]
    headed = sum(_is_headed(link.element, item) for item, link in sample) / len(sample)
    running = sum(prose.is_inline(link.element) for _, link in sample) / len(sample)
    within = any(node.tag == "main" for node in group.items[0].iterancestors())
    return (1 + 0.3 * headed) * (1 - 0.9 * running) * (1.15 if within else 1)


def _is_headed(element: HtmlElement, item: HtmlElement) -> bool:
    for node in (element, *element.iterancestors()):
        if node.tag in headings.HEADINGS:
            return True
        if node is item:
            break
    return any(element.find(f".//{tag}") is not None for tag in headings.HEADINGS[:5])


def _without_beside(group: Group) -> Group:
    """The group without the parts whose heading says that they are rankings and the like; where that is all, it
    counts less."""
    verdicts: dict[HtmlElement, bool] = {}
    items = set(group.items)
    kept: list[tuple[Link, HtmlElement]] = []
    for link, item in zip(group.links, group.items, strict=True):
        parent = item.getparent()
        if parent is None:
            continue
        if parent not in verdicts:
            verdicts[parent] = is_beside(_label(parent, items))
        if not verdicts[parent]:
            kept.append((link, item))
    if len(kept) == len(group.links):
        return group
    if len(kept) < FEWEST:
        return Group(group.links, group.items, group.standing * _LABELLED)
    return Group([link for link, _ in kept], [item for _, item in kept], group.standing)


def _label(parent: HtmlElement, items: set[HtmlElement]) -> str:
    """The heading of a list: what its parent begins with, else what stands before it."""
    first = next((child for child in parent if isinstance(child.tag, str)), None)
    if first is not None and first not in items and first.find(".//a[@href]") is None:
        text = page.text_of(first)
        if 0 < columns(text) <= 60:
            return text
    return label_of(parent)


# --- merging -----------------------------------------------------------------------------------------------------


def _merged(scored: list[_Scored]) -> list[_Scored]:
    """The groups, those put together that are one list in several parts."""
    merged: list[_Scored] = []
    for one in scored:
        whole = next((other for other in merged if _belong_together(other, one)), None)
        if whole is None:
            merged.append(one)
            continue
        known = {link.key for link in whole.group.links}
        fresh = [
            (link, item) for link, item in zip(one.group.links, one.group.items, strict=True) if link.key not in known
        ]
        whole.group.links = whole.group.links + [link for link, _ in fresh]
        whole.group.items = whole.group.items + [item for _, item in fresh]
        whole.score *= math.log1p(len(whole.group.links)) / math.log1p(len(known))
    return sorted(merged, key=lambda one: -one.score)


def _belong_together(one: _Scored, other: _Scored) -> bool:
    """Whether two groups are parts of one list: alike in all that was seen, and next to each other."""
    return (
        other.score >= 0.3 * one.score
        and one.shape == other.shape
        and one.named == other.named
        and one.group.standing == other.group.standing == 1.0
        and one.group.items[0].tag == other.group.items[0].tag
        and (one.dated >= 0.5) == (other.dated >= 0.5)
        and max(one.width, other.width) <= 2 * min(one.width, other.width)
        and (_are_named_alike(one, other) or _are_near(one.group.items[0], other.group.items[0]))
        and not {link.key for link in one.group.links} >= {link.key for link in other.group.links}
    )


def _are_named_alike(one: _Scored, other: _Scored) -> bool:
    """Whether the items of two groups have the same lasting classes and dates, as a list in two columns has."""
    mine, others = (lasting_classes(scored.group.items[0]) for scored in (one, other))
    return bool(mine) and mine == others and min(one.dated, other.dated) >= 0.5


def _are_near(one: HtmlElement, other: HtmlElement) -> bool:
    """Whether two items share an element at most three above them, smaller than the page."""
    above = [node for _, node in zip(range(3), one.iterancestors(), strict=False)]
    others = {node for _, node in zip(range(3), other.iterancestors(), strict=False)}
    return any(node in others and node.tag not in ("body", "html") for node in above)


# --- rules -------------------------------------------------------------------------------------------------------


def _candidate(found: page.Page, one: _Scored, others: frozenset[str], context: dates.Context) -> Candidate | None:
    """The rule of a group, and what it gives."""
    pairs = list(zip(one.group.items, one.group.links, strict=True))
    keys = {link.key for link in one.group.links}
    selectors = {"item": _item_rule(found, one.group.items, others - keys)}
    if not selectors["item"]:
        return None
    selectors |= _link_rule(pairs)
    selectors |= _title_rule(pairs)
    links = {item: link.element for item, link in pairs}
    best = _read(found, selectors, context)
    for date_rule in dating.rules_for(found.root, links):
        dated = _read(found, selectors | date_rule, context)
        # A time of day says more than the heading alone, though both date as many lines.
        if _dated(dated) > max(_dated(best), 0.3) or (len(date_rule) > 1 and _dated(dated) >= max(_dated(best), 0.3)):
            best, selectors = dated, selectors | date_rule
    items = [item for item in best if item.title]
    if len(items) < FEWEST or len(keys & {item.url for item in items}) < 0.5 * len(items):
        return None
    gain = (1 + 1.5 * _dated(best)) / (1 + 1.5 * one.dated)
    score = round(one.score * gain, 3)
    return Candidate(items=tuple(items), score=score, selectors=selectors, beside=one.group.beside)


def _read(found: page.Page, selectors: Mapping[str, str], context: dates.Context) -> tuple[Line, ...]:
    return listed.read(found, selectors, context).found


def _dated(items: Sequence[Line]) -> float:
    return sum(item.published is not None for item in items) / len(items) if items else 0.0


def _item_rule(found: page.Page, items: Sequence[HtmlElement], others: frozenset[str]) -> str:
    """A selector for the items; several where a list has several parts that nothing else has in common."""
    judged: dict[HtmlElement, bool] = {}

    def is_other(element: HtmlElement) -> bool:
        if element not in judged:
            link = link_of(element, {})
            key = listed.key_of(found.base, link.get("href")) if link is not None else None
            judged[element] = key in others
        return judged[element]

    whole = rules.for_items(found.root, items, is_other)
    if whole is None or whole.wrong * 10 <= len(items):
        return whole.css if whole else ""
    parts: dict[tuple[str, HtmlElement | None], list[HtmlElement]] = {}
    for item in items:
        parts.setdefault((tag_of(item), item.getparent()), []).append(item)
    if not 1 < len(parts) <= _PARTS:
        return whole.css
    fits = [fit for part in parts.values() if (fit := rules.for_items(found.root, part, is_other)) is not None]
    if sum(fit.wrong for fit in fits) >= whole.wrong:
        return whole.css
    return ", ".join(dict.fromkeys(fit.css for fit in fits))


def _link_rule(pairs: Sequence[tuple[HtmlElement, Link]]) -> dict[str, str]:
    """A selector for the link, where it is not the first of its item."""
    plain = sum(link_of(item, {}) is link.element for item, link in pairs)
    if plain == len(pairs):
        return {}

    def right(item: HtmlElement, css: str) -> bool:
        chosen = selecting.first(item, {"": css}, "")
        return chosen is not None and chosen is wanted[item]

    wanted = {item: link.element for item, link in pairs}
    css = rules.inside([(item, link.element) for item, link in pairs], right)
    gained = sum(right(item, css) for item, _ in pairs) if css else 0
    return {"link": css} if gained > plain else {}


def _title_rule(pairs: Sequence[tuple[HtmlElement, Link]]) -> dict[str, str]:
    """A selector for the title, where the link holds more than that, or less."""
    titles = [
        (item, element)
        for item, link in pairs
        if (element := headings.title_element(item)) is not None
        and element is not link.element
        and link.element not in element.iterdescendants()
        and element not in link.element.iterancestors()
    ]
    if len(titles) < 0.8 * len(pairs):
        return {}
    wanted = dict(titles)
    css = rules.inside(titles, lambda item, css: selecting.first(item, {"": css}, "") is wanted.get(item))
    return {"title": css} if css else {}
