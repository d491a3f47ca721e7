"""A page as lines: what stands in one block, and which lines are beside the title and at the article's end."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages.page import HEADINGS, TextNode, block_of, is_hidden, letters_of, stands_apart, text_nodes

GAP = "  "
"""Between two runs of a line: white space of the page itself was folded, so this marks where an element began."""

_BEFORE, _AFTER, _TAIL = 4, 30, 10
_LINKS = 1
"""So many lines with links may stand between the text and its credits."""
_TITLE_COLUMNS = 16
_PROSE_COLUMNS = 90
_SENTENCE = re.compile(r"[,。;,;.!?！？]")
_OF_ARTICLE = re.compile(r"(?:^|\s)(?:post|entry|article|news|content)[-_](?:footer|copyright)(?:$|\s)")
_DATED = re.compile(r"\d\s*[-/.年月:]\s*\d|\d\s*(?:小时|分钟|天)前|昨天|今天|前天|\bago\b")


@dataclass(frozen=True, slots=True)
class Line:
    """The runs of text that stand together in one block; `hidden` when the page doesn't show it."""

    text: str
    runs: tuple[TextNode, ...]
    hidden: bool = False

    @property
    def block(self) -> HtmlElement:
        """The block that it is the text of."""
        return block_of(self.runs[0].element)

    @property
    def plain(self) -> str:
        """The text as it reads."""
        return " ".join(self.text.split())

    def is_prose(self) -> bool:
        """Whether it is a paragraph of the text rather than a title, a by-line or a menu."""
        enough = 2 * len(self.text) >= _PROSE_COLUMNS and columns(self.text[:_PROSE_COLUMNS]) >= _PROSE_COLUMNS
        return enough and bool(_SENTENCE.search(self.text))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The lines around an article, without menus and side columns: some `before` its title, `head` from the title to
    the first paragraph, `late` some more after that, `tail` its end and what follows."""

    before: tuple[Line, ...] = ()
    head: tuple[Line, ...] = ()
    late: tuple[Line, ...] = ()
    tail: tuple[Line, ...] = ()


def lines_of(root: HtmlElement) -> list[Line]:
    """All lines of a page in reading order."""
    hidden: dict[HtmlElement, bool] = {}
    return [_line(runs, hidden) for runs in _by_block(text_nodes(root))]


def surroundings(lines: Sequence[Line], place: int | None, body: Sequence[TextNode] = ()) -> Surroundings:
    """What stands around the article whose title stands at `place`, and which has this text."""
    start = place if place is not None else 0
    # What holds the title is no side column, whatever it is called.
    holders = frozenset(lines[place].block.iterancestors()) if place is not None else frozenset()
    ends = _end_of(lines, start, body)
    until = start + _AFTER if ends is None else min(start + _AFTER, max(ends, start) + 1)
    before = [line for line in lines[max(0, start - _BEFORE) : start] if _belongs(line, holders)]
    after = [line for line in lines[start:until] if _belongs(line, holders)]
    first = next((count for count, line in enumerate(after) if count and line.is_prose()), len(after))
    tail = [] if ends is None else [line for line in _tail(lines, start, ends) if _belongs(line, holders)]
    return Surroundings(tuple(before), tuple(after[:first]), tuple(after[first:]), tuple(tail))


def title_at(lines: Sequence[Line], title: str) -> int | None:
    """Where the title stands: of several places the one with a date behind it, then the highest heading."""
    wanted = letters_of(title)
    if not wanted:
        return None
    places = [place for place, line in enumerate(lines) if not line.hidden and _is_title(line, wanted)]
    return max(places, key=lambda place: _likeness(lines, place), default=None)


def _likeness(lines: Sequence[Line], place: int) -> tuple[bool, int, int]:
    element = lines[place].runs[0].element
    tags = [element.tag, *(parent.tag for parent in islice(element.iterancestors(), 3))]
    level = max((7 - int(tag[1]) for tag in tags if tag in HEADINGS), default=-1 if "a" in tags else 0)
    return any(_DATED.search(line.text) for line in lines[place + 1 : place + 12]), level, -place


def _is_title(line: Line, wanted: str) -> bool:
    text = letters_of(line.text)
    return wanted in text and len(text) - len(wanted) <= 6


def _belongs(line: Line, holders: frozenset[HtmlElement]) -> bool:
    """Whether a line stands with the title. Only blocks count: a label inside a by-line may be called anything."""
    for node in (line.block, *line.block.iterancestors()):
        if node in holders:
            return True
        if stands_apart(node) and not _OF_ARTICLE.search(node.get("class") or ""):
            return False
    return True


def _end_of(lines: Sequence[Line], start: int, body: Sequence[TextNode]) -> int | None:
    """Where the article ends, by the body's last words: its tree is a copy of the page's."""
    for end in [node.text for node in body[-3:] if len(node.text) >= 2][::-1]:
        for place in range(start + 1, len(lines)):
            if end in lines[place].text:
                return place
    return None


def _tail(lines: Sequence[Line], start: int, end: int) -> Iterator[Line]:
    """The last lines of the body and those after it, up to the first list of links: behind that are other articles."""
    yield from lines[max(start + 1, end - _TAIL) : end + 1]
    links = 0
    for line in lines[end + 1 : end + _TAIL]:
        links += any(_is_title_link(run) for run in line.runs)
        if links > _LINKS:
            return
        yield line


def _is_title_link(run: TextNode) -> bool:
    """Whether a run is a link as long as a title: a button or a tag is shorter."""
    linked = any(node.tag == "a" for node in (run.element, *islice(run.element.iterancestors(), 2)))
    return linked and columns(run.text) >= _TITLE_COLUMNS


def _line(runs: list[TextNode], hidden: dict[HtmlElement, bool]) -> Line:
    return Line(GAP.join(run.text for run in runs), tuple(runs), _is_hidden(runs[0].element, hidden))


def _is_hidden(element: HtmlElement, known: dict[HtmlElement, bool]) -> bool:
    seen = []
    answer = False
    for node in (element, *element.iterancestors()):
        if node in known:
            answer = known[node]
            break
        seen.append(node)
        if is_hidden(node):
            answer = True
            break
    known.update(dict.fromkeys(seen, answer))
    return answer


def paragraphs(nodes: Sequence[TextNode]) -> list[str]:
    """The paragraphs that some runs make: those of one block are one."""
    return ["".join(run.text for run in runs) for runs in _by_block(nodes)]


def _by_block(nodes: Iterable[TextNode]) -> Iterator[list[TextNode]]:
    """The runs that follow each other in one block."""
    return (list(runs) for _, runs in groupby(nodes, key=lambda node: block_of(node.element)))
