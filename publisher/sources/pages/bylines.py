"""By-lines as sites print them: who wrote it, where it is from, and which address was the original's.

`作者: 林小满 来源: 新华网 2025-10-28 18:20` is read by labels, not by the place of any one site. An editor (编辑,
责编) is not an author.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from publisher.domain.article import columns
from publisher.sources.pages import signed
from publisher.sources.pages.names import is_outlet, is_person, names, names_signed, source_name
from publisher.sources.pages.page import TextNode, halfwidth
from publisher.sources.text import urls

_MONTH = r"[A-Z][a-z]{2,8}\.?"
_REPORTER = r"[^\s:|,。()/]{0,14}?(?:记者|記者|通讯员|评论员|撰稿人)"
_AUTHOR = (
    r"(?:本文|文章|原文|原创|原)?作者(?:/来源|署名)?|撰文|撰稿(?:人)?|文字(?!版)|采写|採寫|采访(?:/?撰文)?|执笔(?:人)?|主笔|编译|翻译|译者"
    r"|投稿(?:人|者)?|发布(?:人|者)|发表人|文[/、]?图|图[/、]?文|文(?=\s*[/丨|:])"
)
_SOURCE = (
    r"(?:本文|文章|稿件|信息|新闻|内容|资讯|资料|转载)?(?:来源|來源|出处|出處|转自|转载自|摘自|稿源|原载)"
    r"(?:/作者|媒体|网站|单位|媒體)?"
)
_LABEL = re.compile(
    rf"(?P<author>{_AUTHOR})\s*(?P<mark>[:/丨|]|\s)\s*|(?P<reporter>{_REPORTER})\s*(?P<sign>[:/丨|]?)\s*"
    rf"|(?P<source>{_SOURCE})\s*(?P<colon>[:丨|]|于\s|\s(?=\s*\S))\s*"
)
_STOP = (
    r"\s{2,}(?![、,/|丨\s])|[;。(\[【]|[\d:]*\d{1,2}:\d\d|(?:(?:本文|文章|责任|责|執行|主|本期|值班|网络|美术|见习)?编辑|責任編輯|编审|责编|作者"
    r"|(?:本文|文章|稿件|信息|新闻|内容|资讯|资料|转载)?(?:来源|來源|出处)|(?:更新|发布|发表)?时间|日期|发布|发表|更新|阅读|浏览|评论|字号|字体|点击|摄影|摄像|图片|视频|原文|标签|编译|校对|审核|审校|监制|监审|分享|人气|播放|点赞|收藏|扫描"
    r"|举报|栏目|分类|关键词|热度|设计|制图|版式|出品|收听|我要|打印|【|大中小|T\|T)\s*[:/丨(]?|(?<!\d)\d{2,4}\s*[-/年.]\s*\d"
)
_END = re.compile(rf"\s*(?:[|丨·•]\s|\s[|丨·•]|[|丨]|{_STOP})")
_SOURCE_END = re.compile(rf"\s*(?:\s[|丨·•]|[|丨]|,|记者|{_STOP})")
_ORIGINAL = re.compile(
    r"^[【\[(]?(?:(?:查看|阅读|点击查看)?原文(?:链接|地址|网址|出处)?|(?:来源|出处)(?:链接|地址|网址)|转载自|转自"
    r"|original(?:ly)?(?:\s+(?:article|post|source|link|url|published\s+(?:at|on|in)))?)[】\])]?\s*(?P<colon>:)?",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s<>\"'()【】,。]+")
_CREDIT = re.compile(
    rf"[\s(【\[]*(?:{_AUTHOR}|{_REPORTER}|{_SOURCE}|(?:责任|本文)?编辑|责编|校对|审核|发布时间|时间|本?文?原标题|原创|执笔)\s*[:/丨]|[\s(【\[]*(?:原题为|您的浏览器)"
)
_DATE = re.compile(
    r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\d{1,2}\s*月\s*\d{1,2}\s*日"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?:19|20)\d\d|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d"
)
_BESIDE_DATE = re.compile(
    r"\b(?:first|last|date|originally|published|posted|updated|modified|created|filed|on|at)\b\s*:?"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b,?|\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?"
    r"|\b(?:GMT|UTC|BST|[CEMPA][ES]?[SD]?T)\b|(?:更新|发布|发表|修改)(?:时间|日期|于)?\s*:?",
    re.IGNORECASE,
)
"""What only says which date it is, and the time of day."""
_IN_TEXT = re.compile(r"[(【](?P<who>[^()【】]{0,14}?(?:记者|記者|通讯员)[\s:/|]*[^()【】]{2,30})[)】]")
_SIGNED = re.compile(
    rf"[(【](?:(?:文[/、]?图|图[/、]?文|本?文|作者|{_REPORTER})[\s:/|]*)?(?P<who>[\u4e00-\u9fff·\s、]{{2,16}})[)】]$"
)
_TAKEN_FROM = re.compile(
    r"本文(?:来自|来源于|转载自|转自|首发于|原载于?|选自|摘自)(?:于)?(?:微信)?(?:公众号|公号)?\s*:?\s*"
    r"[“\"《「]?(?P<source>[^”\"》」(,。:;]{2,30})[”\"》」]?(?:\s*\([^)]*\))?(?:[,。;\s]+(?:作者|文|撰文)\s*[:|]\s*(?P<who>[^,。;(]{2,30}))?"
)
_AGENCY = re.compile(
    r"^(?:\(?据?)?(?P<source>新华社|中新社|中新网|央视网?|人民网|新华网|[\u4e00-\u9fff]{2,6}(?:报|社|网))(?=[\u4e00-\u9fff]{0,6}\s*(?:\d{1,2}\s*月)?\d{1,2}\s*日(?:电|讯|消息))"
)
_PAPER_AND_PERSON = re.compile(r"(?P<paper>\S*(?:报|网|社|刊|新闻))\s+(?P<who>[\u4e00-\u9fff·]{2,4})")
_DATED_PAPER = re.compile(r"(?:\d|[日时分秒點点])\s+(?P<paper>[^\s:|,。()/\d]{3,20})\s+(?:记者|記者)")
"""2026年11月12日 下午3时5分 灯埠日报 记者 …: what stands between the date and who reports."""
_BARS = dict.fromkeys(map(ord, "丨∣│▏▎┃"), "|")
_PICTURED = re.compile(r"[摄攝图圖]\s*$")
_SENTENCE = r"[\u4e00-\u9fff]{4,}"
_LONGEST_HEAD_LINE = 100
_LONGEST_LINE = 160
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class ByLine:
    """What the labels around an article say, and the lines where they stood."""

    authors: tuple[str, ...] = ()
    source: str | None = None
    authors_said: str = ""
    source_said: str = ""


def read(lines: Sequence[str], *, english: bool = True) -> ByLine:
    """The by-line in some lines, whose parts two spaces keep apart; the first label of a kind that has a value wins.

    A label at the end of its line may have its value in the next. `english` is whether `By …` counts.
    """
    authors: tuple[str, ...] = ()
    source, authors_said, source_said = None, "", ""
    folded = [halfwidth(line).translate(_BARS) for line in lines]
    for place, (raw, text) in enumerate(zip(lines, folded, strict=True)):
        if len(text) > _LONGEST_LINE:
            continue
        following = folded[place + 1] if place + 1 < len(lines) else ""
        for label in _LABEL.finditer(text):
            if not _begins(text, label.start()):
                continue
            if label["source"]:
                if source is None and (source := _source(label, text, following)):
                    source_said = raw
            elif not authors and (authors := _authors(label, text, following)):
                authors_said = raw
        if english and not authors and (authors := names_signed(text)):
            authors_said = raw
    return _completed(ByLine(authors, source, " ".join(authors_said.split()), " ".join(source_said.split())))


def _completed(line: ByLine) -> ByLine:
    """The by-line with what one label says of both: `来源:灯埠日报 林小满`, and the paper between a date and 记者."""
    if line.source is not None:
        split = _PAPER_AND_PERSON.fullmatch(line.source)
        if split is None or not is_person(split["who"]):
            return line
        if line.authors:
            return replace(line, source=split["paper"])
        return ByLine((split["who"],), split["paper"], line.source_said, line.source_said)
    said = halfwidth(line.authors_said)
    dated = _DATED_PAPER.search(said) if _DATE.search(said) else None
    if dated is None or not is_outlet(dated["paper"]):
        return line
    return replace(line, source=dated["paper"], source_said=line.authors_said)


def in_text(paragraphs: Sequence[str]) -> ByLine:
    """Who is named as reporter inside the text: `(记者 林小满)` in its first paragraphs, `(林小满)` at its end, and
    `本文来自微信公众号…,作者:…`, which is where a reprint says so."""
    texts = [halfwidth(text) for text in paragraphs]
    for text in (*texts[:2], *texts[-6:]):
        if (taken := _TAKEN_FROM.search(text)) and (source := source_name(taken["source"])):
            return ByLine(names(taken["who"] or ""), source, text, text)
    source = next((match["source"] for text in texts[:1] if (match := _AGENCY.match(text))), None)
    for text in (*texts[:2], *texts[-2:]):
        for match in _IN_TEXT.finditer(text):
            people = () if _PICTURED.search(match["who"]) else _people(names(match["who"]))
            if people:
                return ByLine(people, source, match.group(), texts[0] if source else "")
    for text in texts[-1:]:
        if (match := _SIGNED.search(text.strip())) and (people := _people(names(match["who"]))):
            return ByLine(people, source, match.group(), texts[0] if source else "")
    return ByLine(source=source, source_said=texts[0] if source else "")


def original_url(nodes: Sequence[TextNode], base: str | None) -> str | None:
    """The address behind a label such as `原文链接:`, in its text, its own link or one of the next."""
    for place, node in enumerate(nodes):
        text = halfwidth(node.text) if len(node.text) <= _LONGEST_LINE else ""
        if not (label := _ORIGINAL.match(text)):
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
    if len(text) > _LONGEST_LINE:
        return False
    text = halfwidth(text)
    if label := _ORIGINAL.match(text):
        return bool(label["colon"]) or columns(text) <= 24
    return bool(_CREDIT.match(text))


def is_head_line(text: str) -> bool:
    """Whether a line above the text is its by-line or date line: a credit, `By Ana Ruiz · 4 May`, a date and little
    more."""
    text = halfwidth(text)
    sentence = text.endswith((".", "。", "!", "?")) and not re.search(r"\s[ap]\.m\.$", text)
    if columns(text) > _LONGEST_HEAD_LINE or sentence:
        return False
    if is_label(text) or signed.is_signed(text) or re.match(r"([Bb]y|[Vv]on|[Pp]ar|[Pp]or)\s+[A-Z]", text):
        return True
    return bool(_DATE.search(text)) and columns(" ".join(_BESIDE_DATE.sub("", _DATE.sub("", text)).split())) <= 40


def _begins(text: str, place: int) -> bool:
    """A label begins a line or follows a break; `…的作者:` in a sentence is none."""
    return place == 0 or text[place - 1] in " \t(|丨/·•【[>》),;0123456789日分秒"


def _authors(label: re.Match[str], text: str, following: str) -> tuple[str, ...]:
    # An element of its own is as good as a colon.
    bare = not (label["mark"] or label["sign"] or "").strip() and not label.group().endswith("  ")
    found = names(_value(text[label.end() :], following, _END, bare=bare))
    # Without a colon only a name may follow: 记者 王明, not 记者 从市教育局获悉. Behind 记者 stands a person anyway.
    if bare or label["reporter"]:
        return _people(found) or (() if bare else found)
    # 作者:林小满,经授权发布: what follows a person and is none is no pen name either.
    alone = bool(found) and is_person(found[0])
    return tuple(name for name in found if not alone or is_person(name) or not re.fullmatch(_SENTENCE, name))


def _people(found: Sequence[str]) -> tuple[str, ...]:
    """Those who are persons by name, up to the first that is none."""
    kept: list[str] = []
    for name in found:
        if not is_person(name):
            break
        kept.append(name)
    return tuple(kept)


def _source(label: re.Match[str], text: str, following: str) -> str | None:
    colon = label["colon"].strip()
    value = _value(text[label.end() :], following, _SOURCE_END, bare=not colon)
    if "://" in text[label.end() : label.end() + 12]:
        return None
    named = source_name(value)
    # Without a colon it must be a paper's name: 来源 新华网, not 来源 丰富.
    return named if named and (colon in (":", "|", "丨") or is_outlet(named)) else None


def _value(rest: str, following: str, end: re.Pattern[str], *, bare: bool) -> str:
    value = rest[: stop.start()] if (stop := end.search(rest)) else rest
    if value.strip():
        return value if columns(value.strip()) <= _LONGEST_VALUE else ""
    if rest.strip() or bare:
        return ""
    value = following[: stop.start()] if (stop := end.search(following)) else following
    return value if columns(value) <= _LONGEST_VALUE else ""


def _anchor(node: TextNode) -> str | None:
    for element in (node.element, *list(node.element.iterancestors())[:2]):
        if element.tag == "a":
            return element.get("href")
    return None
