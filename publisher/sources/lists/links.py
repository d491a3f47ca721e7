"""The links of a page in groups that are built alike: what a list of articles is found among.

A group is told by the path of elements that leads to its links: tags with their first lasting class. What belongs to
navigation, rankings, advertisements and the like is known by the names of what it stands in.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.lists.listed import key_of, title_at
from publisher.sources.pages import page
from publisher.sources.text import urls

MOST_LINKS = 4_000
"""Links beyond these are not looked at: no list of articles is so long, and time is bounded."""

WRAPPERS = frozenset(("b", "strong", "em", "i", "font", "span", "u", "small", "big", "mark", "noscript", "tbody"))
"""Elements that some lines of a list have around their links, and others not."""

STATES = frozenset(
    (
        *("first", "last", "odd", "even", "active", "current", "on", "cur", "selected", "new", "hover", "open", "top"),
        *("clearfix", "clear", "cf", "fl", "fr", "row", "col", "sticky", "alt", "hide", "hidden", "show", "item-first"),
        *("item-last", "no-border", "noborder", "bold", "red", "visited", "read", "unread"),
    )
)
"""Classes that say how one line stands among the others, or how anything looks: they name no list."""

_HOST = re.compile(r"\(?[\w-]+(?:\.[\w-]+)+(?:/\S*)?\)?")
_COMMENT = re.compile(r"(?:comments?|respond|reply|disqus)(?:[-_]|$)|c\d+$", re.IGNORECASE)
_MOST_COLUMNS = 5
_COLUMN = 0.6
"""What stands beside titles is less than so wide as they are."""

_CLASS = re.compile(r"-?[A-Za-z_][\w-]{0,60}")
_MANY_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_AROUND = frozenset(
    (
        *(
            "nav",
            "navbar",
            "navigation",
            "menu",
            "submenu",
            "subnav",
            "foot",
            "footer",
            "crumb",
            "crumbs",
            "breadcrumb",
        ),
        *("breadcrumbs", "pager", "pagination", "pages", "paging", "paginator", "tagcloud", "friendlink", "friend"),
        *("friendly", "ad", "ads", "adv", "advert", "adverts", "banner", "login", "copyright", "toolbar", "share"),
        *("topbar", "masthead", "blogroll", "sitemap", "partner", "partners", "sponsor", "sponsors", "sponsored"),
        *("comment", "comments", "categories", "tags", "promo", "promoted", "advertisement", "flink", "cookie"),
    )
)
_BESIDE = frozenset(
    (
        *("hot", "rank", "ranking", "ranklist", "paihang", "popular", "trending", "related", "relate", "recommend"),
        *("recommended", "recommendation", "sidebar", "side", "aside", "widget", "mostread", "toplist", "sider"),
        *("tuijian", "remen", "suggest", "suggested", "reading"),
    )
)
_LABEL_BESIDE = re.compile(
    r"热门|热点|热榜|排行|榜单|推荐|相关|点击榜|一周热|人气|精彩|猜你|大家都在|广告|专题|友情链接|标签|分类|合作"
    r"|\b(?:most (?:read|popular|viewed|commented)|popular|trending|related|recommended|you (?:may|might)|more from"
    r"|top (?:stories|posts|\d+)|sponsored|tags|categories|archives?|editors?.? picks?|further reading|see also"
    r"|blogroll|partners|advertis\w+|best of|(?:recent|latest|new) (?:comments|replies))\b|最[新近](?:评论|留言|回复)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may lead to an article. `key` is its address, by which links are told apart."""

    element: HtmlElement
    key: str
    title: str

    @property
    def width(self) -> int:
        """The columns of its title."""
        return columns(self.title)


@dataclass(slots=True)
class Group:
    """Links that are built alike: one for each address, and the element that each stands in alone.

    `standing` is 1 for what stands in the middle of a page, less for what stands around or beside that.
    """

    links: list[Link]
    items: list[HtmlElement] = field(default_factory=list)
    standing: float = 1.0

    @property
    def beside(self) -> bool:
        """Whether it stands around or beside what the page is about: navigation, rankings, related articles."""
        return self.standing < 1


class _Elements:
    """What is asked of a page's elements again and again, kept: their paths, and where they stand."""

    def __init__(self) -> None:
        self._paths: dict[HtmlElement, int] = {}
        self._known: dict[tuple[int, str], int] = {}
        self._standing: dict[HtmlElement, float] = {}

    def path(self, element: HtmlElement) -> int:
        """A number for the path that leads to an element; wrappers don't count."""
        if (known := self._paths.get(element)) is not None:
            return known
        parent = element.getparent()
        above = self.path(parent) if parent is not None else 0
        step = _step(element)
        number = self._known.setdefault((above, step), len(self._known) + 1) if step else above
        self._paths[element] = number
        return number

    def standing(self, element: HtmlElement) -> float:
        """How far in the middle of the page an element stands, by the names of what it is in."""
        if (known := self._standing.get(element)) is not None:
            return known
        parent = element.getparent()
        standing = min(self.standing(parent) if parent is not None else 1.0, _named_standing(element))
        self._standing[element] = standing
        return standing


def links_of(found: page.Page) -> Iterator[Link]:
    """The first `MOST_LINKS` links of a page that lead to other pages."""
    here = urls.normalised(found.url) if found.url else ""
    elements = found.root.iter("a")
    for number, element in enumerate(elements):
        if number >= MOST_LINKS:
            return
        reference = (element.get("href") or "").strip()
        if not reference or reference.startswith(("#", "javascript:")):
            continue
        key = key_of(found.base, reference)
        if key is None or _COMMENT.match(urlsplit(reference).fragment):
            continue
        if key != here and urlsplit(key).path + urlsplit(key).query != "/":
            yield Link(element, key, title_at(element))


def groups(links: Iterable[Link]) -> list[Group]:
    """The groups of a page's links that may be lists of articles, the largest first."""
    elements = _Elements()
    by_path: dict[tuple[int, float], list[Link]] = defaultdict(list)
    for link in links:
        by_path[elements.path(link.element), elements.standing(link.element)].append(link)
    made = [
        Group(one_each, standing=standing)
        for (_, standing), alike in by_path.items()
        if len(one_each := _one_each(_without_labels(alike))) >= 2
    ]
    for group in made:
        group.items = alone(group.links)
    return sorted(made, key=lambda group: -len(group.links))


def alone(links: list[Link]) -> list[HtmlElement]:
    """For each link the largest element that holds only it of all these, at the height that most of them have."""
    owner: dict[HtmlElement, str | None] = {}
    for link in links:
        for node in (link.element, *link.element.iterancestors()):
            known = owner.setdefault(node, link.key)
            if known is None:
                break
            if known != link.key:
                owner[node] = None
    chains = [[node for node in _chain(link.element) if owner[node] == link.key] for link in links]
    heights = Counter(len(chain) for chain in chains)
    usual = max(heights, key=lambda height: (heights[height], -height))
    return [chain[min(usual, len(chain)) - 1] for chain in chains]


def label_of(container: HtmlElement) -> str:
    """What a list's heading calls it: a short text at its beginning, or just before it."""
    node: HtmlElement | None = container
    for _ in range(3):
        if node is None or node.tag in ("body", "html", "main"):
            return ""
        before = node.getprevious()
        while before is not None and before.tag in ("script", "style", "hr", "br"):
            before = before.getprevious()
        if before is not None:
            text = page.text_of(before) if _is_small(before) else ""
            return text if 0 < columns(text) <= 60 else ""
        node = node.getparent()
    return ""


def is_beside(label: str) -> bool:
    """Whether a heading says that what follows is no list of what is new: rankings, recommendations, tags."""
    return bool(_LABEL_BESIDE.search(label))


def lasting_classes(element: HtmlElement) -> list[str]:
    """The classes of an element that may name what it is, those without digits first."""
    names = [
        name
        for name in (element.get("class") or "")[:400].split()
        if _CLASS.fullmatch(name) and name.lower() not in STATES
    ]
    return sorted(dict.fromkeys(names), key=lambda name: any(char.isdigit() for char in name))


def tag_of(element: HtmlElement) -> str:
    """The tag of an element; comments have none."""
    return element.tag if isinstance(element.tag, str) else ""


def article_like(url: str) -> bool:
    """Whether an address looks like an article's: a number, a date, or a title in words."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    last = path.rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    return bool(
        re.search(r"\d{3,}", path)
        or re.search(r"(?:^|&)(?:\w*id|p|aid|tid|no)=\w*\d", parts.query)
        or stem.count("-") >= 2
        or stem.count("_") >= 2
        or len(stem) >= 16
    )


def shape_of(url: str) -> tuple[str, ...]:
    """The shape of an address: its host, and of what kind each part of its path is."""
    parts = urlsplit(url)
    kinds = [_kind(part) for part in parts.path.split("/")[1:6]]
    return (parts.netloc, *kinds, "?" if parts.query else "")


def _kind(part: str) -> str:
    stem, dot, extension = part.rpartition(".")
    stem, extension = (stem, dot + extension) if dot and len(extension) <= 5 else (part, "")
    if _MANY_DIGITS.fullmatch(stem):
        return "0" + extension
    words = len(re.split(r"[-_]", stem))
    if words > 2 or len(stem) > 15 or any(char.isdigit() for char in stem):
        return "slug" + extension
    return "word" + extension


def _without_labels(links: list[Link]) -> list[Link]:
    """The links without those that stand beside the title in the same line: sections ("[World] Title"), hosts,
    and columns of authors, times and comments."""
    by_parent: dict[HtmlElement | None, list[Link]] = defaultdict(list)
    for link in links:
        by_parent[link.element.getparent()].append(link)
    labels = set()
    for together in by_parent.values():
        if 2 <= len(together) <= 3 and max(link.width for link in together) >= 14:
            labels |= {link.element for link in together if link.width <= 12 or _HOST.fullmatch(link.title)}
    return _titles_of_lines([link for link in links if link.element not in labels])


def _titles_of_lines(links: list[Link]) -> list[Link]:
    """Of lines that have the same number of links, those of the one column that is far wider than all others."""
    lines: dict[HtmlElement | None, list[Link]] = defaultdict(list)
    for link in links:
        lines[_line_of(link.element)].append(link)
    usual, times = Counter(map(len, lines.values())).most_common(1)[0] if lines else (0, 0)
    if not 2 <= usual <= _MOST_COLUMNS or times < 3 or times * 2 < len(lines):
        return links
    alike = [line for line in lines.values() if len(line) == usual]
    widths = [sum(line[number].width for line in alike) / times for number in range(usual)]
    title = max(range(usual), key=widths.__getitem__)
    if widths[title] < 14 or any(width > _COLUMN * widths[title] for width in widths if width != widths[title]):
        return links
    return [line[min(title, len(line) - 1)] for line in lines.values()]


def _line_of(element: HtmlElement) -> HtmlElement | None:
    """The first element around a link that is more than a wrapper."""
    return next((node for node in element.iterancestors() if node.tag not in WRAPPERS), None)


def _one_each(links: list[Link]) -> list[Link]:
    """One link for each address: the one that says most."""
    best: dict[str, Link] = {}
    for link in links:
        if link.key not in best or len(link.title) > len(best[link.key].title):
            best[link.key] = link
    return list(best.values())


def _chain(element: HtmlElement) -> list[HtmlElement]:
    """An element and what it is in, from the inside; wrappers around a link count as the link."""
    chain = [element]
    for node in element.iterancestors():
        if node.tag in ("body", "html"):
            break
        if node.tag in WRAPPERS and len(chain) == 1:
            continue
        if node.tag != "tbody":
            chain.append(node)
    return chain


def _step(element: HtmlElement) -> str:
    if not isinstance(element.tag, str):
        return ""
    classes = lasting_classes(element)
    if element.tag in WRAPPERS and not (element.tag == "span" and classes):
        return ""
    name = _MANY_DIGITS.sub("0", classes[0]) if classes else ""
    return f"{element.tag}.{name}"


def _named_standing(element: HtmlElement) -> float:
    if element.tag in ("nav", "footer"):
        return 0.2
    if element.tag == "aside":
        return 0.45
    if element.tag in ("html", "body", "main", "article", "li", "a", "tr"):
        return 1.0
    named = f"{(element.get('class') or '')[:200]} {(element.get('id') or '')[:100]}"
    if named == " ":
        return 1.0
    words = {word.lower() for word in _WORDS.findall(named)}
    return 0.3 if words & _AROUND else 0.5 if words & _BESIDE else 1.0


def _is_small(element: HtmlElement) -> bool:
    return sum(1 for _, _ in zip(element.iter(), range(25), strict=False)) < 25
