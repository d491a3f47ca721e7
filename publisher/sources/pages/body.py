"""Where on a page the article stands: extractors vote for its lines, the page's own marks are heard, and the element
that holds the voted lines and little else is chosen. What is then cut away inside it is decided in `trim`.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

from publisher.sources.pages import trim
from publisher.sources.pages.page import HEADINGS, TextNode, is_apart, is_hidden, text_nodes, text_of
from publisher.sources.pages.trim import Line, squeezed

_HINT = re.compile(r"(^|\s)articleBody(\s|$)", re.IGNORECASE)
_LONG = 8
"""A run of text this long is recognised by its text alone; shorter ones go with their line."""

_VOTED = 0.5

_SURE_SCORE, _SURE_SHARE, _SURE_SIZE = 0.88, 0.92, 500
"""One extractor is enough when its text fills an element, is this share of the page's prose, and this long."""

_MOST_NOSCRIPTS = 500
"""To unwrap an element takes as long as its parent has children; no article has so many pictures."""

_MOST_LINES = 5_000
"""Pages of more lines than this keep the second extractor busy for long, and the first is right about them."""

MOST_SEARCHED = 1_500_000_000
"""So many characters of what an extractor found are looked through for the page's lines: half a second's worth."""

_MOST_LINKS = 10_000
"""A page of more links than this is an index, whatever else it says."""

_SILENT = ("script", "style", "noscript", "template", "svg", "iframe", "form", "button", "select", "textarea", "input")
_FALLBACK = ("object", "canvas", "embed")


@dataclass(frozen=True, slots=True)
class Body:
    """The article's part of the page: `element` holds what is kept, `nodes` all text of the container before."""

    element: HtmlElement
    nodes: tuple[TextNode, ...]
    evidence: str


def prepared(root: HtmlElement) -> HtmlElement:
    """A copy of the page without scripts, forms and what is hidden; images inside `<noscript>` take the place of
    the placeholders before them."""
    tree = deepcopy(root)
    for noscript in list(tree.iter("noscript"))[:_MOST_NOSCRIPTS]:
        if noscript.find(".//img") is not None and not _text_of_noscript(noscript):
            _drop_placeholder(noscript)
            noscript.drop_tag()
    for element in list(tree.iter(*_SILENT, *_FALLBACK)):
        # A whole page inside one form is how some old systems write.
        if element.tag == "form" and len(element.text_content()) > 400:
            element.drop_tag()
        elif element.getparent() is not None:
            element.drop_tree()
    for media in tree.iter("video", "audio"):
        _keep_sources(media)
    for element in list(tree.iter(etree.Element)):
        if element.getparent() is not None and element.tag not in ("body", "head") and is_hidden(element):
            element.drop_tree()
    return tree


def _keep_sources(media: HtmlElement) -> None:
    """Remove what a film or sound holds for browsers that can't play it."""
    for inner in list(media.iter())[1:]:
        inner.text = inner.tail = None
        if inner.tag not in ("source", "track"):
            inner.drop_tag()
    media.text = None


def _text_of_noscript(noscript: HtmlElement) -> str:
    """Text beside the images of a `<noscript>`: then it is a message, not a lazy image."""
    return "".join(str(text) for text in noscript.itertext()).strip()


def _drop_placeholder(noscript: HtmlElement) -> None:
    """Remove the one image that stands before a `<noscript>`, perhaps in a wrapper of its own."""
    for previous in noscript.itersiblings(preceding=True):
        found = [previous] if previous.tag == "img" else list(previous.iter("img"))
        if len(found) == 1 and not "".join(previous.itertext()).strip():
            found[0].drop_tree()
            return
        if previous.tag not in ("canvas", "br", "span", "div", "i"):
            return


def given(container: HtmlElement) -> Body:
    """The article where an operator's selector says it is."""
    return Body(container, tuple(text_nodes(container)), "selector")


@dataclass(slots=True)
class Election:
    """One prepared page and the votes on its lines."""

    tree: HtmlElement
    lines: list[Line] = field(init=False)
    ballots: int = 0
    _alive: list[HtmlElement] = field(init=False, repr=False)
    """All elements: those that nobody holds lxml makes anew each time they are met, which takes long."""

    def __post_init__(self) -> None:
        self._alive = list(self.tree.iter())
        body = self.tree.find("body")
        self.lines = trim.read_lines(body if body is not None else self.tree)

    def is_index(self) -> bool:
        """Whether the page has so many links that the extractors would look for an article in vain, and for long."""
        return sum(element.tag == "a" for element in self._alive) > _MOST_LINKS

    def hear(self, ballot: Iterable[str]) -> None:
        """Count the texts that one extractor found."""
        # In their order, since those of the page are looked for in theirs.
        lines = dict.fromkeys(squeezed(line) for text in ballot for line in text.splitlines())
        lines.pop("", None)
        heard = _Ballot(frozenset(lines), "\n".join(lines))
        self.ballots += 1
        for line in self.lines if lines else ():
            line.votes += heard.names(line)

    def choose(self) -> "Choice | None":
        """The element whose text is the voted text, as nearly as possible (the harmonic mean of precision and
        recall); without any vote the largest that the page itself marks as an article."""
        voted, total, everything = self._weighed()
        best: Choice | None = None
        for element, weight in voted.items():
            precision, recall = weight / total[element], weight / everything
            score = 2 * precision * recall / (precision + recall) * _bonus(element)
            # The first of equals is the deepest.
            if best is None or score > best.score + 1e-9:
                best = Choice(element, score, f"votes {score:.2f}")
        if best is None:
            marked = _marked(self.tree)
            return Choice(marked, 0.0, "marked") if marked is not None else None
        if best.element.tag in ("p", "pre", *HEADINGS) and (parent := best.element.getparent()) is not None:
            return Choice(parent, best.score, best.evidence)
        return best

    def _weighed(self) -> tuple[dict[HtmlElement, float], dict[HtmlElement, float], float]:
        """What the voted lines within each element weigh, how large all lines in it are, and what all votes weigh."""
        voted, total = dict[HtmlElement, float](), dict[HtmlElement, float]()
        apart: dict[HtmlElement, bool] = {}
        for line in self.lines:
            element = line.element
            if element not in apart:
                apart[element] = is_apart(element)
            total[element] = total.get(element, 0) + line.size
            if weight := _weight(line, self.ballots, apart=apart[element]):
                voted[element] = voted.get(element, 0) + weight
        return _with_holders(voted), _with_holders(total), sum(voted.values())

    def is_sure(self, choice: "Choice | None") -> bool:
        """Whether what was heard is enough: the votes fill the element, and hardly any prose stands elsewhere."""
        if choice is not None and len(self.lines) > _MOST_LINES:
            return True
        if choice is None or choice.score < _SURE_SCORE:
            return False
        prose = [line for line in self.lines if line.is_prose and line.link_density < 0.3]
        voted = sum(line.width for line in prose if line.votes)
        everything = sum(line.width for line in prose if line.votes or not is_apart(line.element))
        return voted >= _SURE_SIZE and voted >= _SURE_SHARE * everything

    def body(self, choice: "Choice", title: str) -> Body:
        """The chosen element without what stands around the voted text. The tree is changed."""
        inside = set(choice.element.iter())
        own = [line for line in self.lines if line.element in inside]
        nodes = tuple(node for line in own for node in line.nodes)
        trim.prune(choice.element, own, trim.kept(own, choice.element, title))
        return Body(choice.element, nodes, choice.evidence)


@dataclass(frozen=True, slots=True)
class Choice:
    """The element that holds the article; `score` is 0 for no likeness to the votes and 1 for being just them."""

    element: HtmlElement
    score: float
    evidence: str


@dataclass(slots=True)
class _Ballot:
    """The texts that an extractor found: its `lines`, and the `whole` of them; asked for the page's lines in turn."""

    lines: frozenset[str]
    whole: str
    _place: int = 0
    """Where the last run was found: the next stands near behind it, if anywhere."""
    _left: int = field(default_factory=lambda: MOST_SEARCHED)

    def names(self, line: Line) -> bool:
        """Whether a line is among them, or half of it."""
        if line.squeezed in self.lines:
            return True
        long = [text for node in line.nodes if len(text := squeezed(node.text)) >= _LONG]
        total = sum(map(len, long))
        return total > 0 and sum(len(text) for text in long if self._holds(text)) >= _VOTED * total

    def _holds(self, text: str) -> bool:
        if self._left <= 0:
            return False
        found = self.whole.find(text, self._place)
        self._left -= (found if found >= 0 else len(self.whole)) - self._place
        if found < 0:
            found = self.whole.find(text, 0, self._place + len(text))
            self._left -= found if found >= 0 else self._place
        if found >= 0:
            self._place = found
        return found >= 0


def _with_holders(weights: dict[HtmlElement, float]) -> dict[HtmlElement, float]:
    """The weights of elements and of all that hold them; before an element stands what it holds."""
    sums: dict[HtmlElement, float] = {}
    for element, weight in weights.items():
        for holder in (element, *element.iterancestors()):
            sums[holder] = sums.get(holder, 0) + weight
    return sums


def _weight(line: Line, ballots: int, *, apart: bool) -> float:
    if not line.votes:
        return 0.0
    prose = 1.0 if line.is_sentence else 0.4
    agreed = 1.0 if line.votes > 1 or ballots == 1 else 0.6
    return line.size * (1 - line.link_density) * prose * (0.2 if apart else 1.0) * agreed


def _bonus(element: HtmlElement) -> float:
    if _HINT.search(element.get("itemprop") or ""):
        return 1.2
    return 1.05 if element.tag == "article" or element.get("role") == "article" else 1.0


def _marked(tree: HtmlElement) -> HtmlElement | None:
    found = [
        element
        for element in tree.iter(etree.Element)
        if _HINT.search(element.get("itemprop") or "") or element.tag == "article" or element.get("role") == "article"
    ]
    return max(found, key=lambda element: len(text_of(element)), default=None)
