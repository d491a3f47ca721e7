"""What a reader sees of an article, and whether two states of it differ in that.

Counters, relative times, related links, advertisements, white space, and parameters that only fill or pass caches are
not seen: they change at every fetch while the article stays.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from publisher.domain.addresses import same_page
from publisher.domain.article import Content, columns
from publisher.domain.stand_in import asks_to_pay

TEASER = 0.5
"""A text that is left with less than this share of what it was may be a teaser before a wall."""

LONG = 400
"""Columns of text that an article must have had for its loss to be told from an edit."""

COMMON = 3
"""Articles of one reading in which the same block changed: then it belongs to the site, not to them."""

_MARKUP = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|([^<]+|<)")
_ATTRIBUTE = re.compile(r"\b(href|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_BLOCK = re.compile(
    r"p|div|section|article|main|header|footer|aside|nav|blockquote|pre|figure|figcaption|[uo]l|li|d[ltd]|table|t[rdh]"
    r"|caption|h[1-6r]|details|summary|br"
)

_AMOUNT = r"[\d０-９][\d,.０-９]*\s*[万千百亿wkm]?\+?"
_COUNTED_ZH = (
    r"(?:阅读|浏览|点击|播放|评论|点赞|喜欢|收藏|转发|分享|人气|热度|围观|跟帖|参与|回复|下载|关注|观看|查看|访问|閱讀"
    r"|瀏覽|評論|分享|點擊)"
)
_COUNTED_EN = (
    r"(?:comments?|views?|reads?|likes?|shares?|repl(?:y|ies)|retweets?|reposts?|claps?|reactions?|responses?|votes?"
    r"|points?|downloads?|followers?|visits?|plays?|times read|people (?:are )?(?:reading|watching|online))"
)
_COUNTER = re.compile(
    rf"{_COUNTED_ZH}(?:量|数|次数|人数|總數)?\s*[:：(（\[]?\s*{_AMOUNT}\s*(?:次|人|条|則)?\s*[)）\]]?"
    rf"|(?<![-/.:\d]){_AMOUNT}\s*(?:次|人|条|个)?\s*{_COUNTED_ZH}"
    rf"|\b{_AMOUNT}\s*{_COUNTED_EN}\b|\b(?:no|one) {_COUNTED_EN}\b|\b{_COUNTED_EN}\s*[:(\[]\s*{_AMOUNT}\s*[)\]]?"
    rf"|\b{_AMOUNT}\s*(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?) ago\b|\bjust now\b"
    rf"|{_AMOUNT}\s*(?:秒|分钟|小时|个小时|天|周|个月|月|年)(?:之?前)|刚刚|刚才"
    rf"|\b{_AMOUNT}\s*min(?:ute)?s? read\b|{_COUNTED_EN}\s*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;]\s+\S|[。！？；]\s*\S|[.。!！?？]$")
_NOISE_HEADING = re.compile(
    r"(related( (articles?|stor(y|ies)|posts?|news|reading|content|topics|links))?|read (more|next|also)|see also"
    r"|more (from|on|in|stories|news)\b.{0,40}|recommended( for you)?|(you )?(may|might) also like|trending( now)?"
    r"|(most|latest|top|popular) (read|popular|viewed|shared|stories|news|posts|now)|don.t miss|editor.?s picks?"
    r"|(相关|延伸|推荐|热门|更多|关联|最新|精彩)(阅读|新闻|文章|链接|报道|推荐|内容|资讯|专题|话题)|猜你喜欢"
    r"|大家都在看|为(您|你)推荐"
    r"|相關(閱讀|新聞|文章))\s*[:：>»]*",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"(advertisement|sponsored( content| by .{0,40})?|promoted|ads? by .{0,30}|广告|推广|廣告)\W*"
    r"|(上|下)一(篇|页|条)\s*[:：]?.{0,80}|(share|tweet|print|email|like|save|follow us)( (this|on) .{0,30})?"
    r"|(分享|转发|收藏|点赞|打印|关闭)(到|本页|此文|窗口)?.{0,12}|advertisement .{0,20}",
    re.IGNORECASE,
)
_CACHE_PARAMETER = re.compile(
    r"(v|ver|version|_?ts?|_|cb|cache\w*|time(stamp)?|rand(om)?|nonce|rev|w|h|width|height|q|quality|auto|fit|crop|dpr"
    r"|format|fm|size|resize|token|sig|sign|signature|expires?|auth_key|key-pair-id|policy|x-(amz|oss|cos|goog|bce)-\w+"
    r"|ossaccesskeyid|hash|image(view2?|mogr2).*|tp|wx_\w+|wxfrom|from)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader sees of a content: short facts, the blocks of its text, the pictures, and where links lead."""

    facts: tuple[object, ...]
    blocks: tuple[str, ...]
    images: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(slots=True)
class _Block:
    """A block of the text while it is read."""

    text: str = ""
    linked: int = 0
    links: tuple[str, ...] = ()

    @property
    def is_link(self) -> bool:
        return self.linked > 0 and self.linked >= 0.9 * len("".join(self.text.split()))


def seen(content: Content) -> Seen:
    """What a reader sees of a content."""
    blocks, images = (
        _blocks(content.html) if content.html else ([_Block(line) for line in content.text.splitlines()], [])
    )
    kept = _kept(blocks)
    facts = (
        _folded(content.title),
        content.authors,
        frozenset(content.tags),
        content.language,
        content.published,
        content.source,
        picture(content.image),
        same_page(content.original_url or ""),
        frozenset((picture(one.url), one.type) for one in content.enclosures),
        _summary(content),
    )
    links = tuple(link for block in kept for link in block.links)
    return Seen(facts, tuple(_told(block.text) for block in kept), tuple(filter(None, map(picture, images))), links)


def differs(before: Content, after: Content, common: Iterable[str] = ()) -> bool:
    """Whether a reader sees a difference; blocks that are `common` to several articles don't count."""
    one, two = seen(before), seen(after)
    if (one.facts, one.images, one.links) != (two.facts, two.images, two.links):
        return True
    noise = frozenset(common)
    return _running(one.blocks, noise) != _running(two.blocks, noise)


def common_changes(pairs: Sequence[tuple[Content, Content]]) -> frozenset[str]:
    """The blocks that came or went in several of these pairs of states at once: a promotion, a notice of the site."""
    changed: Counter[str] = Counter()
    for before, after in pairs:
        one, two = set(seen(before).blocks), set(seen(after).blocks)
        changed.update(one ^ two)
    return frozenset(block for block, times in changed.items() if times >= COMMON)


def is_lost(before: Content, after: Content) -> bool:
    """Whether the article was lost rather than edited: nothing is left, or a teaser with or before a wall."""
    length = columns(before.text)
    if length < LONG:
        return False
    left = columns(after.text)
    if left >= TEASER * length:
        return False
    if left < LONG / 10 or asks_to_pay(after.text):
        return True
    kept = _folded(after.text).rstrip(" .…")
    return _folded(before.text).startswith(kept[: max(40, len(kept) * 3 // 4)])


def picture(url: str | None) -> str:
    """What is equal for all addresses of one picture: its path, and parameters that are not about caches and sizes."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [one for one in parts.query.split("&") if one and not _CACHE_PARAMETER.fullmatch(one.partition("=")[0])]
    return "?".join(filter(None, (parts.path, "&".join(sorted(kept)))))


def _blocks(markup: str) -> tuple[list[_Block], list[str]]:
    """The blocks and pictures of sanitised markup."""
    blocks, images, in_link = [_Block()], [], False
    for closing, tag, attributes, text in _MARKUP.findall(markup):
        tag = tag.lower()
        if text:
            told = unescape(text)
            blocks[-1].text += told
            blocks[-1].linked += len("".join(told.split())) if in_link else 0
        elif _BLOCK.fullmatch(tag):
            blocks.append(_Block())
        elif tag == "a":
            in_link = not closing
            if in_link and (target := _attribute(attributes, "href")):
                blocks[-1].links += (same_page(target).partition("?")[0],)
        elif tag == "img" and (source := _attribute(attributes, "src")):
            images.append(source)
    return blocks, images


def _attribute(attributes: str, name: str) -> str:
    for found, one, two in _ATTRIBUTE.findall(attributes):
        if found.lower() == name:
            return unescape(one or two)
    return ""


def _kept(blocks: Sequence[_Block]) -> list[_Block]:
    """The blocks that are the article's own."""
    told = [block for block in blocks if block.text.strip()]
    own, apart = [], False
    for block in told:
        line = " ".join(block.text.split())
        if _NOISE_HEADING.fullmatch(line):
            apart = True
        elif block.is_link or _NOISE.fullmatch(line):
            continue
        else:
            apart = apart and columns(line) < 40 and not _SENTENCE.search(line)
            if not apart and _told(block.text):
                own.append(block)
    # Where most of it are links, they are what the article is.
    length = sum(len(block.text) for block in told)
    return own if 2 * sum(len(block.text) for block in own) >= length else told


def _told(text: str) -> str:
    """A block as it is compared: in a line that is no sentence, counters and relative times are left out."""
    line = _folded(text)
    if len(line) <= 120 and not _SENTENCE.search(line):
        without = _COUNTER.sub("", line)
        return without.strip(" ·|,，-—/()（）:：") if without != line else line
    return line


def _summary(content: Content) -> str:
    """A summary that is only how the text begins is no second thing to see."""
    begins = "".join(content.text.split())
    told = "".join(content.summary.split()).rstrip("….")
    return "" if begins.startswith(told) else _told(content.summary)


def _running(blocks: Sequence[str], noise: frozenset[str]) -> str:
    """The text in one run: where a paragraph ends is no difference."""
    return "".join("".join(block.split()) for block in blocks if block not in noise)


def _folded(text: str) -> str:
    return " ".join(text.split())
