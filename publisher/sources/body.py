"""Where on a page the article stands: extractors vote for its text, the page's own marks are heard, and what lies
around it is cut away. The HTML that is kept is the page's own, so headings, tables, code and figures survive.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

from publisher.sources import bylines, sanitize
from publisher.sources.page import BLOCKS, HEADINGS, TextNode, block_of, halfwidth, is_apart, text_nodes, text_of

_HINT = re.compile(r"(^|\s)articleBody(\s|$)", re.IGNORECASE)
_MEDIA = ("img", "picture", "video", "audio", "figure", "table", "math", "hr")
_SENTENCE = re.compile(r"[。、!?;,.:]")
_END_OF_ARTICLE = re.compile(
    r"^\W*(相关(阅读|新闻|文章|推荐|报道|链接)|推荐阅读|延伸阅读|猜你喜欢|热门(文章|推荐|阅读)|精彩推荐"
    r"|更多(阅读|内容|精彩|新闻)|大家都在看|网友评论|(最新|全部|热门|发表)?评论(\W|$|\d)|举报|免责声明|版权声明|特别声明"
    r"|扫码|扫一扫|关注我们|打开.{0,8}app|分享(到|至)"
    r"|related( (articles|posts|stories|news|reading|content))?\W*$|recommended|read (more|next)\W*$"
    r"|more (from|stories|on)\b|you may also|comments?\W*$|share this|follow us|sign up (for|to)|subscribe"
    r"|about the author)",
    re.IGNORECASE,
)
_DECORATION = re.compile(r"qr|ercode|erweima|logo|avatar|icon|share|weixin|wechat", re.IGNORECASE)
_LONG = 8
"""A run of text this long is recognised by its text alone; shorter ones go with their block."""

_VOTED = 0.5
_REST = 0.25
"""A heading like "Related" ends the article only when not more than this share of the voted text comes after it."""

_PROSE = 30
"""A run with at least this many characters and a sign of punctuation is a sentence."""


@dataclass(slots=True)
class Block:
    """The text that stands directly in one block element."""

    element: HtmlElement
    nodes: list[TextNode] = field(default_factory=list)
    size: int = 0
    linked: int = 0
    votes: int = 0
    weight: float = 0.0

    @property
    def text(self) -> str:
        """The block's own text on one line."""
        return " ".join(node.text for node in self.nodes)

    @property
    def link_density(self) -> float:
        """The share of its characters that are links."""
        return self.linked / self.size if self.size else 0.0


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
    for noscript in list(tree.iter("noscript")):
        if noscript.find(".//img") is not None and not text_of_noscript(noscript):
            previous = noscript.getprevious()
            if previous is not None and previous.tag == "img":
                previous.drop_tree()
            noscript.drop_tag()
    silent = "script", "style", "noscript", "template", "svg", "iframe", "form", "button", "select", "textarea", "input"
    for element in list(tree.iter(*silent)):
        # A whole page inside one form is how some old systems write.
        if element.tag == "form" and len(element.text_content()) > 400:
            element.drop_tag()
        elif element.getparent() is not None:
            element.drop_tree()
    for element in list(tree.iter(etree.Element)):
        if element.getparent() is not None and element.tag not in ("body", "head") and _is_hidden(element):
            element.drop_tree()
    return tree


def text_of_noscript(noscript: HtmlElement) -> str:
    """Text beside the images of a `<noscript>`: then it is a message, not a lazy image."""
    return "".join(str(text) for text in noscript.itertext()).strip()


def find(tree: HtmlElement, ballots: Sequence[Iterable[str]], title: str) -> Body | None:
    """The article in a prepared page, by the texts that extractors found; None when there is none."""
    blocks = _blocks(tree)
    _vote(blocks, ballots)
    container, evidence = _container(tree, blocks)
    if container is None:
        return None
    return trimmed(container, blocks, title, evidence)


def given(container: HtmlElement) -> Body:
    """The article where an operator's selector says it is."""
    return Body(container, tuple(text_nodes(container)), "selector")


def trimmed(container: HtmlElement, blocks: Sequence[Block], title: str, evidence: str) -> Body:
    """The container without what stands around the voted text. The tree is changed."""
    inside = set(container.iter())
    own = [block for block in blocks if block.element in inside]
    nodes = tuple(node for block in own for node in block.nodes)
    kept = _kept(own, container, title)
    _prune(container, own, kept)
    return Body(container, nodes, evidence)


def _blocks(tree: HtmlElement) -> list[Block]:
    blocks: dict[HtmlElement, Block] = {}
    body = tree.find("body")
    for node in text_nodes(body if body is not None else tree):
        holder = block_of(node.element)
        linked = any(element.tag == "a" for element in _up_to(node.element, holder))
        block = blocks.setdefault(holder, Block(holder))
        block.nodes.append(node)
        block.size += len(node.text)
        block.linked += len(node.text) if linked else 0
    return list(blocks.values())


def _up_to(element: HtmlElement, end: HtmlElement) -> Iterator[HtmlElement]:
    while element is not end and (parent := element.getparent()) is not None:
        yield element
        element = parent


def _vote(blocks: Sequence[Block], ballots: Sequence[Iterable[str]]) -> None:
    for ballot in ballots:
        lines = {squeezed(line) for text in ballot for line in text.splitlines()}
        whole = "\n".join(lines)
        for block in blocks:
            block.votes += _is_on(block, lines, whole)
    for block in blocks:
        if block.votes:
            prose = 1.0 if _SENTENCE.search(halfwidth(block.text)) else 0.4
            apart = 0.2 if is_apart(block.element) else 1.0
            block.weight = block.size * (1 - block.link_density) * prose * apart * (0.6 + 0.4 * (block.votes > 1))


def _is_on(block: Block, lines: set[str], whole: str) -> bool:
    if squeezed(block.text) in lines:
        return True
    long = [squeezed(node.text) for node in block.nodes]
    long = [text for text in long if len(text) >= _LONG]
    total = sum(map(len, long))
    return total > 0 and sum(len(text) for text in long if text in whole) >= _VOTED * total


def squeezed(text: str) -> str:
    """The text without white space and the signs that extractors change, to compare by."""
    return re.sub(r"[\s\u200b-\u200f\ufeff*|#_`\-–]+", "", text)


def _container(tree: HtmlElement, blocks: Sequence[Block]) -> tuple[HtmlElement | None, str]:
    """The element whose text is the voted text, as nearly as possible (the harmonic mean of precision and recall)."""
    voted: dict[HtmlElement, float] = {}
    total: dict[HtmlElement, float] = {}
    for block in blocks:
        for element in (block.element, *block.element.iterancestors()):
            total[element] = total.get(element, 0) + block.size
            if block.weight:
                voted[element] = voted.get(element, 0) + block.weight
    everything = sum(block.weight for block in blocks)
    best: tuple[float, HtmlElement] | None = None
    for element, weight in voted.items():
        precision, recall = weight / total[element], weight / everything
        score = 2 * precision * recall / (precision + recall) * _bonus(element)
        # The first of equals is the deepest.
        if best is None or score > best[0] + 1e-9:
            best = score, element
    if best is None:
        return _marked(tree), "marked"
    container = best[1]
    if container.tag in ("p", "pre", *HEADINGS) and (parent := container.getparent()) is not None:
        container = parent
    return container, f"votes {best[0]:.2f}"


def _bonus(element: HtmlElement) -> float:
    if _HINT.search(element.get("itemprop") or ""):
        return 1.2
    return 1.05 if element.tag == "article" or element.get("role") == "article" else 1.0


def _marked(tree: HtmlElement) -> HtmlElement | None:
    """The largest element that the page itself marks as an article, for when no extractor found anything."""
    found = [
        element
        for element in tree.iter(etree.Element)
        if _HINT.search(element.get("itemprop") or "") or element.tag == "article" or element.get("role") == "article"
    ]
    return max(found, key=lambda element: len(text_of(element)), default=None)


def _kept(blocks: Sequence[Block], container: HtmlElement, title: str) -> list[Block]:
    """The blocks of the article: from the first voted one to the last, without what is clearly something else."""
    places = [place for place, block in enumerate(blocks) if block.votes] or list(range(len(blocks)))
    first, last, ending = places[0], places[-1], _ending(blocks, places)
    prose = next((place for place in places if _is_prose(blocks[place])), first)
    siblings = {(block.element.getparent(), block.element.tag) for block in blocks if block.votes}
    kept = []
    for place, block in enumerate(blocks[:ending]):
        if _is_noise(block, title, head=place < max(prose, first + 3), early=place < prose):
            continue
        alike = (block.element.getparent(), block.element.tag) in siblings and _SENTENCE.search(halfwidth(block.text))
        inside = first <= place <= last and not is_apart(block.element, container) and block.link_density < 0.6
        if block.votes or inside or (alike and block.link_density < 0.3):
            kept.append(block)
    return kept


def _is_prose(block: Block) -> bool:
    return block.size >= _PROSE and bool(_SENTENCE.search(halfwidth(block.text)))


def _ending(blocks: Sequence[Block], places: Sequence[int]) -> int:
    """Where the article is over: at a line such as "Related" in its last part, else with its container."""
    rest = sum(block.size for block in blocks if block.votes)
    limit = _REST * rest
    for place, block in enumerate(blocks):
        if rest <= limit and block.size <= 40 and place > places[0] and _END_OF_ARTICLE.match(block.text):
            return place
        rest -= block.size if block.votes else 0
    return len(blocks)


def _is_noise(block: Block, title: str, *, head: bool, early: bool) -> bool:
    """Whether a block is a credit, the title again, or (in the `head`) a by-line; `early` is before all prose."""
    text, is_heading = block.text, block.element.tag in HEADINGS
    if bylines.is_label(text) or (head and bylines.is_head_line(text)):
        return True
    if (is_heading or head) and title and squeezed(text) == squeezed(title):
        return True
    return early and not is_heading and block.size <= 20 and not _SENTENCE.search(halfwidth(text))


def _prune(container: HtmlElement, blocks: Sequence[Block], kept: Sequence[Block]) -> None:
    """Remove what is neither kept nor around something kept; media stay up to the last block."""
    order = {element: place for place, element in enumerate(container.iter())}
    needed = {container}
    end = 0
    for block in kept:
        end = max(end, *(order[element] for element in block.element.iter()))
        needed.update((block.element, *block.element.iterancestors()))
    around = _around(kept[-1].element) if kept else set()
    for media in container.iter(*_MEDIA):
        in_reach = order[media] <= end or media.getparent() in around
        if in_reach and not is_apart(media, container) and not _is_decoration(media):
            needed.update((media, *media.iterancestors()))
    texts = {block.element for block in blocks} - {block.element for block in kept}
    for element in order:
        if element.tag not in BLOCKS:
            continue
        if element in needed:
            if element in texts:
                _silence(element)
        elif element.getparent() is not None:
            element.drop_tree()


def _around(last: HtmlElement) -> set[HtmlElement]:
    """The parent of the last block and its children: a closing picture stands in one of them."""
    parent = last.getparent()
    return {parent, *parent} if parent is not None else set()


def _silence(element: HtmlElement) -> None:
    """Take a block's own text away and leave its blocks and media."""
    for child in list(element):
        child.tail = None
        is_text = child.tag not in BLOCKS and child.tag not in _MEDIA and child.tag != "br"
        if is_text and next(child.iter(*_MEDIA, *BLOCKS), None) is None:
            element.remove(child)
    element.text = None


def _is_decoration(media: HtmlElement) -> bool:
    if media.tag != "img":
        return False
    named = f"{media.get('class') or ''} {media.get('id') or ''} {media.get('alt') or ''}"
    return sanitize.is_pixel(media) or bool(_DECORATION.search(named))


def _is_hidden(element: HtmlElement) -> bool:
    style = re.sub(r"\s", "", element.get("style") or "").lower()
    return element.get("hidden") is not None or "display:none" in style
