"""Which of a page's titles is the article's: headings, OpenGraph and `<title>` without the site's name must agree."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages.evidence import Evidence
from publisher.sources.pages.lines import Line
from publisher.sources.pages.page import is_apart, is_small, letters_of, text_of

_SEPARATOR = re.compile(
    r"\s+[-|–—·•»«:/\uff5c\uff1a]+\s+|\s*[|\uff5c_]+\s*|\s*[-–—]{2,}\s*"
    r"|(?<=[\u3000-\u9fff\uff00-\uffef”])\s*[-–—]\s*|\s+[-–—]"
)
_DATE_LINE = re.compile(r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\d{1,2}[-月]\d{1,2}日?\s+\d{1,2}:\d\d")
_TITLED = re.compile(r"(?:^|[\s_-])(?:title|headline|tit|subject|bt)(?:$|[\s_-])|(?:title|Title)$")
_NO_TITLE = re.compile(
    r"[>»]|^(?:首页|当前位置)|来源|作者|编辑|浏览|字号|\d\s*[-/年.]\s*\d{1,2}\s*[-/月.]\s*\d{1,2}\s*日?\W*$"
)
_CUT = re.compile(r"(?:\.{3,}|…+)$")
_BADGE = re.compile(r"(?:原创|转载|独家|图集|组图|视频|专题|置顶|热门?|精华?|\[\S{1,6}\]|【\S{1,4}】)\s*")
_PLACES = {7: "title line", 8: "line above the date"}
_WHOLE_TITLE = 16
"""In columns: a title this long is no name of a site."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Title:
    """A title and where it was found."""

    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that is set as a heading; `level` 1 to 6, 7 for what only its class calls a title. `own` is its text up
    to the first element inside it, where there is one: what follows may be a subtitle or a mark."""

    text: str
    level: int
    apart: bool = False
    own: str = ""


def headings(root: HtmlElement) -> list[Heading]:
    """The headings of a page, and what stands in elements that are classed as title."""
    found = []
    for element in root.iter("h1", "h2", "h3", "h4", "h5", "div", "p", "span", "strong", "td"):
        tag = str(element.tag)
        if tag[0] == "h":
            level = int(tag[1])
        elif _TITLED.search(f"{(element.get('class') or '')[:100]} {(element.get('id') or '')[:60]}"):
            level = 7
        else:
            continue
        if is_small(element) and (text := text_of(element)) and len(text) < _LONGEST:
            own = " ".join((element.text or "").split()) if len(element) else ""
            found.append(Heading(text, level, level > 2 and is_apart(element), own))
    return found


def line_above_date(lines: Sequence[Line]) -> str:
    """The line that stands right above the first date line: where there is no heading, this is the title."""
    for place, line in enumerate(lines[:400]):
        if line.hidden or len(line.text) > 120 or not _DATE_LINE.search(line.text) or place == 0:
            continue
        above = lines[place - 1]
        linked = any(run.element.tag == "a" for run in above.runs)
        if not linked and not above.hidden and 12 <= columns(above.plain) <= 160 and not _NO_TITLE.search(above.plain):
            return above.plain
    return ""


def choose_title(
    title_tag: str, named: Sequence[str], headings: Sequence[Heading], sites: Iterable[str], above: str = ""
) -> Title:
    """The title. `named` are og:title and the like, `above` the line above the date line.

    A heading that the page's own title repeats is best; then what the page declares, then `<title>` without the site.
    """
    sites = [site for site in sites if site]
    titles = [title for title in (*named, title_tag) if title]
    bare = [without_site(title, sites) for title in titles]
    bare_letters, whole = set(map(letters_of, bare)), set(map(letters_of, titles))
    names_of_site = set(map(letters_of, (*sites, *_tails(titles))))
    shortest = min(map(len, bare_letters), default=0)
    ranked = sorted(headings, key=lambda heading: heading.level)
    own = [heading for heading in ranked if not heading.apart]
    stronger = any(above == heading.text for heading in own) and columns(above) >= _WHOLE_TITLE
    for heading in [*own, *([Heading(above, 8)] if above else [])]:
        agreed = Evidence(_PLACES.get(heading.level, f"h{heading.level}"), note="the page's title agrees")
        if heading.own and letters_of(heading.own) in bare_letters:
            return Title(heading.own, agreed)
        letters = letters_of(heading.text)
        short = len(letters) < 0.4 * shortest or columns(heading.text) < 4
        # A heading that is the site's name is in <title> too, but it is a small part of it.
        if short or not _agrees(letters, whole) or letters in names_of_site:
            continue
        # Nor is it one that a whole title above the date stands against.
        if stronger and heading.level > 1 and columns(heading.text) < _WHOLE_TITLE:
            continue
        return Title(_cleared(heading.text, bare), agreed)
    return _without_heading(bare, named, title_tag, ranked, above)


def without_site(title: str, sites: Iterable[str] = ()) -> str:
    """A title without the name of its site: a known name first, else the shorter end after a separator."""
    title = " ".join(title.split())
    for site in sites:
        mark, name = r"\s*[-|–—·•_»:\uff5c\uff1a]+\s*", re.escape(site)
        cut = re.sub(rf"{mark}{name}.{{0,12}}$|^{name}{mark}", "", title)
        if cut and cut != title:
            return cut.strip()
    parts = _parts(title)
    if len(parts) < 2:
        return title
    # What is left must be clearly more than what goes: "微软 - 公司" might be either way round.
    first = parts[0]
    if columns(first) >= 12 or columns(first) >= columns(" ".join(parts[1:])):
        return _until_site(title, parts)
    last = parts[-1]
    return last if columns(last) >= 2 * columns(first) and columns(last) >= 16 else title


def _parts(title: str) -> list[str]:
    """What a title's separators part: the title itself, its section, its site."""
    return [part.strip() for part in _SEPARATOR.split(title) if part.strip()]


def _tails(titles: Iterable[str]) -> Iterator[str]:
    """What stands at the end of each title behind a separator and is shorter than the rest: most likely the site."""
    for title in titles:
        parts = _parts(title)
        if len(parts) > 1 and columns(parts[-1]) < sum(map(columns, parts[:-1])):
            yield parts[-1]


def _without_heading(
    bare: Sequence[str], named: Sequence[str], title_tag: str, ranked: Sequence[Heading], above: str
) -> Title:
    own = [heading.text for heading in ranked if not heading.apart]
    if named and bare:
        return Title(bare[0], Evidence("declared", named[0], 0.9))
    # A page that is titled like its site or its section: the line above the date, or its only heading.
    if above and (above in own or not bare or columns(above) >= 1.5 * columns(bare[0])):
        return Title(above, Evidence("line above the date", confidence=0.8))
    first = [heading.text for heading in ranked if heading.level == 1 and columns(heading.text) >= 10]
    if bare and not (len(first) == 1 and columns(first[0]) >= 2 * columns(bare[0])):
        return Title(bare[0], Evidence("title", title_tag, 0.8))
    return Title(first[0], Evidence("h1", confidence=0.7)) if first else Title("", Evidence("none", confidence=0))


def _agrees(letters: str, whole: Iterable[str]) -> bool:
    """Whether a heading is part of one of the page's titles, or one of them of it, give or take an ellipsis."""
    if not letters:
        return False
    return any(
        letters in title or (len(title) >= 8 and title in letters and len(letters) <= len(title) + 12)
        for title in whole
    )


def _cleared(text: str, others: Sequence[str]) -> str:
    """A heading without the mark before it (原创), and, where it was cut short, whole as the page says it else."""
    if badge := _BADGE.match(text):
        rest = text[badge.end() :].strip()
        text = next((other for other in others if letters_of(other) == letters_of(rest)), text)
    if not _CUT.search(text):
        return text
    begin = _CUT.sub("", text)
    return next((other for other in others if other.startswith(begin) and not _CUT.search(other)), text)


def _until_site(title: str, parts: list[str]) -> str:
    """Drop trailing parts while they are short beside what stands before them."""
    kept = list(parts)
    while len(kept) > 1 and columns(kept[-1]) <= max(24, columns(kept[0]) // 2):
        kept.pop()
    end = title.find(kept[-1]) + len(kept[-1]) if len(kept) > 1 else len(kept[0])
    return title[:end].strip() if len(kept) > 1 else kept[0]
