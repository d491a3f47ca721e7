"""Who wrote an article, and which paper or site it names as its source: of all places that say so, the best."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages import bylines, jsonld, scripts
from publisher.sources.pages.declared import Declared
from publisher.sources.pages.evidence import Evidence
from publisher.sources.pages.lines import Line, Surroundings
from publisher.sources.pages.names import distinct, is_outlet, is_person, names, source_name
from publisher.sources.pages.page import TextNode, halfwidth, text_of

_AUTHORS = (
    *("author", "article:author", "og:article:author", "dc.creator", "dcterms.creator", "byl", "parsely-author"),
    *("sailthru.author", "twitter:creator", "weibo:article:author"),
)
_SOURCES = ("mediaid", "contentsource", "source", "article:source", "copyright-source", "og:article:source", "copyfrom")
_MARKED_AUTHOR = re.compile(
    r"(?:^|[\s_-])(?:author|byline|writer|authors?[-_]?name|user[-_]?name|nick[-_]?name|author[-_]?nickname)(?:[-_]\w{4,12})?(?:$|\s)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"nick[-_]?name|user[-_]?name|account", re.IGNORECASE)
_MARKED_SOURCE = re.compile(
    r"(?:^|[\s_-])(?:source|media[-_]?name|copy[-_]?from|origin|laiyuan|ly|from|article[-_]?source|ent-source|source[-_]?name)(?:[-_](?!editor)\w{4,12})?(?:$|\s)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"(?:(?:(?:19|20)?\d\d\s*[-/.年]|[今去前昨]年)\s*)?\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?\s*(?:周.|星期.)?\s*(?:[上下]午\s*)?(?:\d{1,2}:\d\d(?::\d\d)?)?"
    r"|\d+\s*(?:秒|分钟|小时|天|周|个月)前|刚刚|[昨前今]天(?:\s*\d{1,2}:\d\d)?"
)
_NO_NAME = re.compile(
    r"[,。:;!?、<>《》“”\"=]|^[\W\d_]*$|^\d|原创|分享|评论|阅读|关注|字号|收藏|举报|登录|打印|推荐|点赞|浏览|热度|播放|来自|正文|首页|返回|下载"
    r"|扫码|扫一扫|微信|微博|空间|复制|链接|参与|收听|订阅|编辑|责编|校对|时间|日期|发布|更新|发表|栏目|分类|标签|全文|展开|人气|公司|集团|记者|作者|字数|次$|^A[-+]?$|^[大中小]$"
)
_FOLLOW = re.compile(r"[+\s]*(?:加?关注[他她TtAa]{0,2}|follow)", re.IGNORECASE)
_NAME_COLUMNS = 24
_LONGEST_CREDIT = 60
_LONGEST = 100
_CJK = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Credits:
    """The people and the source, each with its evidence where there is a value."""

    authors: tuple[str, ...] = ()
    source: str | None = None
    authors_evidence: Evidence | None = None
    source_evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class _Marks:
    """Names that elements beside the title hold by their class: people, accounts of people or papers, papers."""

    people: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


Source = tuple[str | None, Evidence]
Authors = tuple[Sequence[str], Evidence]


class CreditsReader:
    """Reads the credits of one page."""

    def __init__(self, root: HtmlElement, declared: Declared, around: Surroundings, title: str) -> None:
        self._root = root
        self._declared = declared
        self._title = title
        shown = [line for line in (*around.before, *around.head, *around.late) if not line.hidden]
        self._beside = [line for line in around.head if not line.hidden]
        self._head = bylines.read([line.text for line in shown])
        self._tail = bylines.read([line.text for line in around.tail if not line.hidden], english=False)
        self._hidden = bylines.read([line.text for line in around.head if line.hidden])
        self._marks = _marks(around.head, chinese=bool(_CJK.search(title)))
        self._unlabelled = _unlabelled(self._beside, title) if _CJK.search(title) else _Unlabelled()

    def read(self, paragraphs: Sequence[str]) -> Credits:
        """The credits; `paragraphs` is the text of the article."""
        told = bylines.in_text(paragraphs)
        source, source_evidence = next(
            ((name, evidence) for name, evidence in self._sources(told) if name), (None, None)
        )
        guessed = source_evidence is not None and source_evidence.place == "beside the date"
        authors, authors_evidence = self._authors(told, None if guessed else source)
        if guessed and source in authors:
            source, source_evidence = None, None
        if source is None and authors and self._marks.accounts and not set(self._marks.accounts) & set(authors):
            source, source_evidence = self._marks.accounts[0], Evidence("account", self._marks.accounts[0], 0.7)
        return Credits(authors, source, authors_evidence, source_evidence)

    def _sources(self, told: bylines.ByLine) -> Iterator[Source]:
        yield self._head.source, Evidence("by-line", self._head.source_said)
        marked = next((name for text in self._marks.sources if (name := source_name(text))), None)
        yield marked, Evidence("markup", marked or "", 0.9)
        yield self._unlabelled.source, Evidence("beside the date", self._unlabelled.said, 0.8)
        yield self._tail.source, Evidence("credit at the end", self._tail.source_said, 0.95)
        for name, value in self._declared.named(*_SOURCES):
            yield source_name(value), Evidence(f"meta {name}", value, 0.9)
        yield self._hidden.source, Evidence("hidden by-line", self._hidden.source_said, 0.8)
        yield told.source, Evidence("text", told.source_said, 0.7)
        scripted = scripts.source(self._root)
        yield scripted and source_name(scripted), Evidence("script", scripted or "", 0.6)

    def _authors(self, told: bylines.ByLine, source: str | None) -> tuple[tuple[str, ...], Evidence | None]:
        owned = {_folded(name) for name in (source, *self._declared.sites()) if name}
        title_tags = " ".join("".join(tag.itertext()) for tag in self._root.iter("title"))
        site = title_tags.replace(self._title, "")
        for candidates, evidence in self._people(told):
            authors = distinct([name for text in candidates for name in names(text)])
            # A site that signs with its own name, or with where it took the text from, names no author.
            signed_by_site = all(_folded(name) in owned or name in site for name in authors)
            if authors and (evidence.confidence >= 1 or not signed_by_site):
                return authors[:10], evidence
        return (), None

    def _people(self, told: bylines.ByLine) -> Iterator[Authors]:
        thing, item = self._declared.thing, self._declared.item
        yield self._head.authors, Evidence("by-line", self._head.authors_said)
        for place, value in (
            ("json-ld author", thing.get("author")),
            ("json-ld creator", thing.get("creator")),
            ("microdata author", item.get("author")),
        ):
            texts = jsonld.texts(value)
            # Where it says that this is a person, it may well be the site's name too.
            yield texts, Evidence(place, ", ".join(texts), 1.0 if jsonld.is_person(value) else 0.95)
        yield self._tail.authors, Evidence("credit at the end", self._tail.authors_said, 0.98)
        yield self._marks.people, Evidence("markup", ", ".join(self._marks.people), 0.9)
        yield told.authors, Evidence("text", told.authors_said, 0.85)
        yield self._unlabelled.authors, Evidence("beside the date", self._unlabelled.said, 0.7)
        for name, value in self._declared.named(*_AUTHORS):
            yield [value] if self._is_author(value) else [], Evidence(f"meta {name}", value, 0.8)
        yield self._marks.accounts[:1], Evidence("account", "".join(self._marks.accounts[:1]), 0.7)
        yield self._hidden.authors, Evidence("hidden by-line", self._hidden.authors_said, 0.6)
        scripted = scripts.author(self._root)
        yield [scripted] if scripted and is_person(scripted) else [], Evidence("script", scripted or "", 0.6)

    def _is_author(self, value: str) -> bool:
        """Whether a `<meta>` may be believed: on Chinese pages it is the site's name, unless it is a person's or stands
        beside the title."""
        if not _CJK.search(self._title):
            return True
        seen = any(value == run.text for line in self._beside for run in line.runs)
        return (seen or all(map(is_person, names(value)))) and not is_outlet(value)


@dataclass(slots=True)
class _Unlabelled:
    """Names without a label beside the date: people, accounts before it, and a paper at either side of it."""

    people: dict[str, None] = field(default_factory=dict)
    account: str | None = None
    source: str | None = None
    said: str = ""

    @property
    def authors(self) -> tuple[str, ...]:
        """The people, else the account."""
        return tuple(self.people) or ((self.account,) if self.account else ())

    def hear(self, name: str, *, near: bool, after: bool) -> None:
        """Take a name for what it looks like. What is neither a person nor a paper counts only in the line of the date
        or next to it: before the date an account, after it a source."""
        if is_outlet(name):
            self.source = self.source or name
        elif is_person(name):
            self.people[name] = None
        elif near and after:
            self.source = self.source or name
        elif near:
            self.account = self.account or name


def _unlabelled(head: Sequence[Line], title: str) -> _Unlabelled:
    """The names in the line of the date, and in the short lines between it and the title."""
    found = _Unlabelled()
    place = next((place for place, line in enumerate(head) if _is_date_line(line, title)), None)
    if place is None:
        return found
    found.said = head[place].plain
    for near in (place, place - 1, place + 1, place - 2, place - 3):
        if not 0 <= near < len(head) or head[near].is_prose() or title in head[near].plain:
            continue
        after = near > place
        for run in head[near].runs:
            text = halfwidth(run.text)
            after = after or _WHEN.search(text) is not None
            name = _bare_name(text)
            if name and name not in title:
                found.hear(name, near=near in (place, place - 1), after=after)
        if found.people or found.source:
            break
    return found


def _is_date_line(line: Line, title: str) -> bool:
    return columns(line.text) <= 120 and line.plain != title and _WHEN.search(halfwidth(line.text)) is not None


def _bare_name(text: str) -> str:
    """What is left of a run without its date and remarks, if that may be a name."""
    name = re.sub(r"[(\[【].*?[)\]】]", "", _WHEN.sub(" ", text)).strip(" |·-/•丨")
    return "" if _NO_NAME.search(name) or not 4 <= columns(name) <= _NAME_COLUMNS or "  " in name else name


def _marks(lines: Sequence[Line], *, chinese: bool) -> _Marks:
    """What the classes of elements say. Other languages' sites use them for all sorts of things but for authors."""
    people: dict[str, None] = {}
    accounts: dict[str, None] = {}
    sources: dict[str, None] = {}
    runs = [run for line in lines for run in line.runs]
    seen: set[HtmlElement] = set()
    for place, run in enumerate(runs):
        if _FOLLOW.fullmatch(halfwidth(run.text)) and (account := _followed(runs[max(0, place - 3) : place])):
            accounts[account] = None
        for element in (run.element, *islice(run.element.iterancestors(), 2)):
            if element in seen:
                continue
            seen.add(element)
            named = f"{(element.get('class') or '')[:200]} {(element.get('id') or '')[:60]}"
            marked = element.get("rel") == "author" or element.get("itemprop") == "author"
            author, source = marked or _MARKED_AUTHOR.search(named), _MARKED_SOURCE.search(named)
            if not (author or source) or columns(text := text_of(element)[:_LONGEST]) > _LONGEST_CREDIT:
                continue
            if author:
                (accounts if _ACCOUNT.search(named) and not marked else people)[text] = None
            elif name := _bare_name(halfwidth(text)):
                sources[name] = None
    return _Marks(tuple(people), *((tuple(accounts), tuple(sources)) if chinese else ()))


def _followed(before: Sequence[TextNode]) -> str | None:
    """Whom a button to follow belongs to: the nearest link before it, else what stands right before it."""
    linked = [run for run in before if run.element.tag == "a" and _bare_name(halfwidth(run.text))]
    nearest = [*linked[-1:], *before[-1:]]
    return nearest[0].text if nearest and _bare_name(halfwidth(nearest[0].text)) else None


def _folded(name: str) -> str:
    return re.sub(r"\W", "", name.casefold())
