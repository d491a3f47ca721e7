"""By-lines as sites print them: who wrote it, where it is from, when, and which address was the original's.

`作者: 林小满 来源: 新华网 2025-10-28 18:20` is read by labels, not by the place of any one site. An editor (编辑,
责编) is not an author.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.domain.article import columns
from publisher.sources import urls
from publisher.sources.page import TextNode, halfwidth

_MONTH = r"[A-Z][a-z]{2,8}\.?"
_AUTHOR = r"(?:本文|文章|原创)?作者(?:/来源)?|撰文|撰稿|文字|采写|采访|本[报网刊]记者|记者|文(?=\s*[/丨|:])"
_SOURCE = r"(?:本文|文章|稿件|信息|新闻|内容)?(?:来源|出处|转自|转载自|稿源)"
_LABEL = re.compile(rf"(?P<author>{_AUTHOR})\s*(?P<mark>[:/丨|]|\s)\s*|(?P<source>{_SOURCE})\s*:\s*")
_ENGLISH = re.compile(r"^(?:written\s+|posted\s+|words\s+)?by:?\s+(?P<name>[^\d@|·•]{2,60})$", re.IGNORECASE)
_END = re.compile(
    r"\s*(?:[|丨·•]|\s{2,}|[,;。(\[【]|(?:(?:本文|文章|责任)?编辑|责编|作者|来源|出处|时间|日期|发布|发表|更新"
    r"|阅读|浏览|评论|字号|点击|摄影|图片|原文|标签|编译|校对|审核|分享)\s*[:/丨(]?|\d{2,4}\s*[-/年.])"
)
_ORIGINAL = re.compile(
    r"^[【\[(]?(?:(?:查看|阅读|点击查看)?原文(?:链接|地址|网址|出处)?|(?:来源|出处)(?:链接|地址|网址)|转载自|转自"
    r"|original(?:ly)?(?:\s+(?:article|post|source|link|url|published\s+(?:at|on|in)))?)[】\])]?\s*(?P<colon>:)?",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s<>\"'()【】,。]+")
_SPLIT = re.compile(
    r"[、,;/&]|\s+(?:and|und|et|y)\s+|(?<=[\u4e00-\u9fff])\s*[和与]\s*(?=[\u4e00-\u9fff]{2,4}$)", re.IGNORECASE
)
_NOT_A_NAME = re.compile(
    r"www\.|@|^\W*$|^\d+$|\d{5}|匿名|佚名|未知|转载|未经|编辑|点击|关注"
    r"|^(?:admin|administrator|editor|unknown|null|undefined|none|author|name|staff|by)$",
    re.IGNORECASE,
)
_CJK_NAMES = re.compile(r"^[\u4e00-\u9fff·]{2,4}(?:\s+[\u4e00-\u9fff·]{2,4})+$")
_EDGES = re.compile(r"^[\s:–—|·•.…-]+|[\s:–—|·•.…-]+$")
_CREDIT = re.compile(
    rf"[\s(【\[]*(?:{_AUTHOR}|{_SOURCE}|(?:责任|本文)?编辑|责编|校对|审核|发布时间|时间|本?文?原标题|原创|执笔)\s*[:/丨]|[\s(【\[]*(?:原题为|您的浏览器)"
)
_DATE = re.compile(
    r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\d{1,2}\s*月\s*\d{1,2}\s*日"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?:19|20)\d\d|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d"
)
_LONGEST_HEAD_LINE = 100
_LONGEST_LINE = 160
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class ByLine:
    """What the labels around an article say."""

    authors: tuple[str, ...] = ()
    source: str | None = None


def read(nodes: Sequence[TextNode]) -> ByLine:
    """The by-line in some runs of text; the first label of a kind that has a value wins."""
    authors: tuple[str, ...] = ()
    source: str | None = None
    for place, node in enumerate(nodes):
        text = halfwidth(node.text)
        if len(text) > _LONGEST_LINE:
            continue
        for label in _LABEL.finditer(text):
            if not _begins(text, label.start()):
                continue
            value = _value(text[label.end() :], nodes, place, bare=not (label["mark"] or ":").strip())
            if label["source"]:
                source = source or next(iter(names(value)), None)
            else:
                authors = authors or names(value)
        if not authors and (english := _ENGLISH.match(text)):
            authors = names(english["name"])
    return ByLine(authors, source)


def names(text: str) -> tuple[str, ...]:
    """The people (or offices) that a text names, each once; `预见大模型`, `Ana Ruiz`, `林小满、陈一`."""
    text = re.sub(r"^\s*(?:written\s+|posted\s+)?by:?\s+", "", " ".join(halfwidth(text).split()), flags=re.IGNORECASE)
    if "://" in text:
        return ()
    if len(re.findall(r"\d", text)) >= 4:
        # A date or a count stands behind the name: "Dan Goodin - Apr 16, 2015", "Lucas Nolan22 Dec 2016".
        text = re.split(rf"\s+[-–—|·•]\s+|\d|\s+{_MONTH}\s+\d", text, maxsplit=1)[0]
    text = re.sub(r"\s*关注$", "", text)
    text = re.sub(rf"^\s*(?:{_AUTHOR}|{_SOURCE})\s*[:/]\s*", "", text)
    parts = [part for piece in _SPLIT.split(text) if piece for part in _cjk_names(piece.strip())]
    kept = [_EDGES.sub("", part) for part in parts]
    good = [name for name in kept if name and columns(name) <= _LONGEST_NAME and not _NOT_A_NAME.search(name)]
    return tuple(dict.fromkeys(good))


def distinct(people: Sequence[str]) -> tuple[str, ...]:
    """Each once, without those that are another with something behind it ("Ana Ruiz", "Ana Ruiz March")."""
    names = dict.fromkeys(people)
    folded = {name.casefold() for name in names}
    kept = {
        name.casefold(): name
        for name in reversed(names)
        if not any(name.casefold().startswith(f"{other} ") for other in folded)
    }
    return tuple(reversed(kept.values()))


def original_url(nodes: Sequence[TextNode], base: str | None) -> str | None:
    """The address behind a label such as `原文链接:`, in its text, its own link or one of the next."""
    for place, node in enumerate(nodes):
        text = halfwidth(node.text)
        if len(text) > _LONGEST_LINE or not (label := _ORIGINAL.match(text)):
            continue
        if found := _URL.search(text):
            return urls.absolute(base, found.group())
        linked = [node, *nodes[place + 1 : place + 3]] if label["colon"] else [node]
        for near in linked:
            if (anchor := _anchor(near)) is not None and (url := urls.absolute(base, anchor)):
                return url
    return None


def is_label(text: str) -> bool:
    """Whether a short line is a credit or a link to the original rather than part of the text."""
    text = halfwidth(text)
    if len(text) > _LONGEST_LINE:
        return False
    if label := _ORIGINAL.match(text):
        return bool(label["colon"]) or columns(text) <= 24
    return bool(_CREDIT.match(text))


def is_head_line(text: str) -> bool:
    """Whether a line above the text is its by-line or date line: a credit, `By Ana Ruiz · 4 May`, a date and little
    more."""
    text = halfwidth(text)
    if columns(text) > _LONGEST_HEAD_LINE or text.endswith((".", "。", "!", "?")):
        return False
    if is_label(text) or re.match(r"([Bb]y|[Vv]on|[Pp]ar|[Pp]or)\s+[A-Z]", text):
        return True
    return bool(_DATE.search(text)) and columns(_DATE.sub("", text)) <= 40


def _begins(text: str, place: int) -> bool:
    """A label begins a line or follows a break; `…的作者:` in a sentence is none."""
    return place == 0 or text[place - 1] in " \t(|丨/·•【[>》),;0123456789日分秒"


def _value(rest: str, nodes: Sequence[TextNode], place: int, *, bare: bool) -> str:
    value = rest[: end.start()] if (end := _END.search(rest)) else rest
    if value.strip():
        # Without a colon only a name may follow: 记者 王明, not 记者 从市教育局获悉.
        return value if not bare or columns(value.strip()) <= 16 else ""
    if rest.strip() or place + 1 >= len(nodes) or bare:
        return ""
    following = halfwidth(nodes[place + 1].text)
    value = following[: end.start()] if (end := _END.search(following)) else following
    return value if columns(value) <= _LONGEST_NAME else ""


def _cjk_names(piece: str) -> list[str]:
    return piece.split() if _CJK_NAMES.match(piece) else [piece]


def _anchor(node: TextNode) -> str | None:
    for element in (node.element, *list(node.element.iterancestors())[:2]):
        if element.tag == "a":
            return element.get("href")
    return None
