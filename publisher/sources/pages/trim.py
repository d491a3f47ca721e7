"""What inside an article's element is the article: which lines stay, and the cutting away of all others. The HTML that
stays is the page's own, so headings, tables, code and figures survive.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from publisher.sources.pages import bylines, images, page
from publisher.sources.pages.page import BLOCKS, HEADINGS, TextNode, block_of, halfwidth, is_apart

_MEDIA = ("img", "picture", "video", "audio", "math", "hr")
_SENTENCE = re.compile(r"[。、!?;,.:]")
_FILLING = re.compile(r"[\s\u200b-\u200f\ufeff*|#_`\-–]+")
_END_OF_ARTICLE = re.compile(
    r"^\W*(相关(阅读|新闻|文章|推荐|报道|链接|资讯|搜索)|推荐阅读|延伸(阅读|\W*推荐)|猜你喜欢|热门(文章|推荐|阅读)|精彩推荐"
    r"|更多(阅读|内容|精彩|新闻|资讯|猛料)|大家都在看|网友评论|(最新|全部|热门|发表|查看)?评论(\W|$|\d)|举报"
    r"|免责声明|版权声明|特别声明|扫码|扫一扫|扫描.{0,4}二维码|关注我们|打开.{0,8}app|分享(到|至)|上一[篇条]|下一[篇条]"
    r"|related( (articles|posts|stories|news|reading|content|topics))?\W*$|recommended|read (more|next)\W*$"
    r"|more (from|stories|on)\b|you (may|might) also|comments?\W*$|\d+ comments?\W*$|leave a (reply|comment)"
    r"|share this|follow us|sign up (for|to)|subscribe|about the author|filed under|posted in|tags?\s*:"
    r"|(previous|next) (post|article|story)\b)",
    re.IGNORECASE,
)
_LABELLED_LINK = re.compile(
    r"^\W*(related|read (more|also|next)|see also|also read|more on this|recommended"
    r"|(相关|推荐|延伸)(阅读|新闻|文章|报道|链接))\s*:",
    re.IGNORECASE,
)
_CLOSING_CREDIT = re.compile(
    r"[\s(【\[]*((责任|本文|值班|新媒体)?编辑|责编|编审|校对|审核|监制|责任校对)\s*[:/丨|\s]"
    r"|\W*(图片|配图|图文|文中图片|题图)(均|来源)*(来自|源于|来源于)?\W*(网络|互联网)",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(r"\W*(免责声明|特别声明|版权声明|风险提示|郑重声明|声明)\s*[:】\]]")
_PROMOTION = re.compile(
    r"(下载|安装|打开|更多.{0,8}请).{0,24}(客户端|app)|扫描.{0,8}二维码|(微信|公众)号\W*[a-z0-9_]{4,}", re.IGNORECASE
)
_COUNTED = (
    r"(?:阅读|浏览|点击|评论|点赞|收藏|转发|分享|播放|人气|热度|围观|跟帖|views?|reads?|comments?|shares?|likes?|hits?)"
    r"(?:量|数|次数|人数|总数)?"
)
_COUNT = r"\d[\d,.]*\s*(?:[万亿千kmw]\+?)?\s*[次人条个]?"
_COUNTERS = re.compile(rf"[\W_]*(?:(?:{_COUNTED}\s*[:(]?\s*{_COUNT}\)?|{_COUNT}\s*{_COUNTED})[\W_]*)+", re.IGNORECASE)
_LONGEST_PROMOTION = 160
_REST = 0.25
"""A heading like "Related" ends the article only when not more than this share of the voted text comes after it."""

_LABEL = 40
"""Labels such as "Related" or "Editor: …" are at most this long."""

_ALL_LINK, _MOSTLY_LINK = 0.8, 0.6
_FRAGMENT = 20
_PROSE = 30
"""A run with at least this many characters and a sign of punctuation is a sentence."""


@dataclass(slots=True)
class Line:
    """A line of text as readers see it: what stands in one block element between its blocks and `<br>`s."""

    element: HtmlElement
    nodes: list[TextNode]
    text: str = ""
    size: int = 0
    linked: int = 0
    votes: int = 0
    squeezed: str = ""
    is_sentence: bool = False
    width: int = 0

    def __post_init__(self) -> None:
        self.text = " ".join(node.text for node in self.nodes)
        self.size = sum(len(node.text) for node in self.nodes)
        self.linked = sum(len(node.text) for node in self.nodes if _is_linked(node.element, self.element))
        self.squeezed = squeezed(self.text)
        self.is_sentence = bool(_SENTENCE.search(halfwidth(self.text)))
        # Characters of three bytes are wide, near enough: to count columns exactly takes ten times as long.
        self.width = (len(self.text) + len(self.text.encode())) // 2

    @property
    def link_density(self) -> float:
        """The share of its characters that are links."""
        return self.linked / self.size if self.size else 0.0

    @property
    def is_prose(self) -> bool:
        """Whether it is long and punctuated enough to be a sentence."""
        return self.size >= _PROSE and self.is_sentence

    @property
    def is_heading(self) -> bool:
        """Whether it is marked as a heading."""
        return self.element.tag in HEADINGS


def read_lines(root: HtmlElement) -> list[Line]:
    """All lines of a page."""
    return [Line(block_of(nodes[0].element), nodes) for nodes in page.lines(root)]


def squeezed(text: str) -> str:
    """The text without white space and the signs that extractors change, to compare by."""
    return _FILLING.sub("", text)


def _is_linked(element: HtmlElement, end: HtmlElement) -> bool:
    while element is not end:
        if element.tag == "a":
            return True
        if (parent := element.getparent()) is None:
            return False
        element = parent
    return False


def kept(lines: Sequence[Line], container: HtmlElement, title: str) -> list[Line]:
    """The lines of the article: from the first voted one to the last, without what is clearly something else."""
    places = [place for place, line in enumerate(lines) if line.votes] or list(range(len(lines)))
    if not places:
        return []
    first, last, ending = places[0], places[-1], _ending(lines, places)
    prose = next((place for place in places if lines[place].is_prose and not _is_credit(lines[place].text)), first)
    opening = lines[prose]
    siblings = {(line.element.getparent(), line.element.tag) for line in lines if line.votes}
    boxed = _in_boxes(lines[:ending])
    found = []
    for place, line in enumerate(lines[:ending]):
        tail = place > last - 3
        if place in boxed or _is_noise(line, container, title, head=place < max(prose, first + 3), tail=tail):
            continue
        if place < prose and _is_fragment(line) and not (place == prose - 1 and _is_beside(line, opening)):
            continue
        alike = (line.element.getparent(), line.element.tag) in siblings and line.is_sentence
        inside = first <= place <= last and not is_apart(line.element, container) and line.link_density < 0.6
        if line.votes or inside or (alike and line.link_density < 0.3):
            found.append(line)
    return found


def _in_boxes(lines: Sequence[Line]) -> set[int]:
    """The places of a label such as "Related:" in mid-text, and of the links that follow it."""
    found: set[int] = set()
    place = 0
    while place < len(lines):
        text = halfwidth(lines[place].text)
        if lines[place].link_density >= _MOSTLY_LINK and _LABELLED_LINK.match(text):
            found.add(place)
            place += 1
        elif lines[place].size <= _LABEL and _END_OF_ARTICLE.match(text):
            end = place + 1
            while end < len(lines) and lines[end].link_density >= _ALL_LINK:
                end += 1
            if end > place + 1 or lines[place].link_density >= 0.5:
                found.update(range(place, end))
            place = end
        else:
            place += 1
    return found


def _is_fragment(line: Line) -> bool:
    """Whether a line is but a word or two: before the text that is a button, a section's name or a count."""
    return not line.is_heading and line.size <= _FRAGMENT and not line.is_sentence


def _is_beside(line: Line, other: Line) -> bool:
    """Whether two lines stand in one element or in two alike."""
    if line.element is other.element:
        return True
    same = line.element.getparent() is other.element.getparent() and line.element.tag == other.element.tag == "p"
    return same and line.votes > 0


def _ending(lines: Sequence[Line], places: Sequence[int]) -> int:
    """Where the article is over: at a line such as "Related" in its last part, else with its container."""
    rest = sum(line.size for line in lines if line.votes)
    limit = _REST * rest
    for place, line in enumerate(lines):
        if rest <= limit and place > places[0] and _ends(line):
            return place
        rest -= line.size if line.votes else 0
    return len(lines)


def _ends(line: Line) -> bool:
    text = halfwidth(line.text)
    if line.size <= _LABEL and (_END_OF_ARTICLE.match(text) or _CLOSING_CREDIT.match(text)):
        return True
    return bool(_DISCLAIMER.match(text))


def _is_credit(text: str) -> bool:
    return bylines.is_label(text) or bylines.is_head_line(text)


def _is_noise(line: Line, container: HtmlElement, title: str, *, head: bool, tail: bool) -> bool:
    """Whether a line is a credit, a promotion, a player's button, the title again, or (in the `head`) a by-line."""
    if (
        _is_counter(line)
        or bylines.is_label(line.text)
        or (head and bylines.is_head_line(line.text))
        or _is_promotion(line, tail=tail)
    ):
        return True
    if (line.is_heading or head) and title and _repeats(line.squeezed, squeezed(title)):
        return True
    return line.size <= 2 * _LABEL and images.in_player(line.element, container)


def _is_counter(line: Line) -> bool:
    """Whether a line says nothing but how often the article was read, shared or commented on."""
    return line.size <= _LABEL and _COUNTERS.fullmatch(halfwidth(line.text)) is not None


def _is_promotion(line: Line, *, tail: bool) -> bool:
    asks = line.linked > 0 or tail
    return asks and line.size <= _LONGEST_PROMOTION and bool(_PROMOTION.search(halfwidth(line.text)))


def _repeats(text: str, title: str) -> bool:
    """Whether a text is the title, perhaps with a short mark such as 原创 beside it."""
    return text == title or (title in text and len(text) - len(title) <= min(6, len(title) // 3))


def prune(container: HtmlElement, lines: Sequence[Line], wanted: Sequence[Line]) -> None:
    """Remove what is neither wanted nor around something wanted; media stay up to the last line and right after it."""
    order = {element: place for place, element in enumerate(container.iter())}
    needed = {container}
    for line in wanted:
        needed.update((line.element, *line.element.iterancestors()))
    end = _end_of_media(order, lines, wanted)
    for media in container.iter(*_MEDIA):
        if order[media] < end and not is_apart(media, container) and not _is_decoration(media, container):
            needed.update((media, *media.iterancestors()))
    chosen = set(map(id, wanted))
    for line in lines:
        if id(line) not in chosen and line.element in needed:
            _silence(line)
    for element in order:
        unwanted = (element.tag in BLOCKS and element not in needed) or _is_decoration(element, container)
        if unwanted and element.getparent() is not None:
            element.drop_tree()


def _end_of_media(order: dict[HtmlElement, int], lines: Sequence[Line], wanted: Sequence[Line]) -> int:
    """Up to where a picture belongs to the article: to the text that follows its last line, which it is not part of."""
    if not wanted:
        return len(order)
    last = wanted[-1]
    following = next(place for place, line in enumerate(lines) if line is last) + 1
    if following == len(lines):
        return len(order)
    node = lines[following].nodes[0]
    return max(order[element] for element in node.origin.iter()) + 1 if node.is_tail else order[node.origin]


def _silence(line: Line) -> None:
    """Take a line's text away and leave the blocks and media around it."""
    for node in line.nodes:
        if node.is_tail:
            node.origin.tail = None
        else:
            node.origin.text = None
    for node in line.nodes:
        for element in _inline(node.element, line.element):
            if element.getparent() is None or len(element) or element.text:
                break
            element.drop_tree()


def _inline(element: HtmlElement, end: HtmlElement) -> Iterator[HtmlElement]:
    while element is not end and (parent := element.getparent()) is not None:
        yield element
        element = parent


def _is_decoration(media: HtmlElement, container: HtmlElement) -> bool:
    return media.tag == "img" and (images.is_decoration(media) or images.in_player(media, container))
