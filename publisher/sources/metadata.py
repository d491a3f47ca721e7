"""What a page says about its article: title, people, tags, dates, language, addresses, image.

Every field is gathered from several places (JSON-LD, OpenGraph, meta, microdata, what readers see) and chosen by a
rule of its own; `evidence` tells where each came from.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import unescape

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources import bylines, dates, jsonld, urls
from publisher.sources.page import Page, TextNode, attribute, block_of, halfwidth, is_apart, text_nodes, text_of
from publisher.sources.titles import choose_title

_PUBLISHED = (
    *("article:published_time", "og:published_time", "og:article:published_time", "bytedance:published_time"),
    *("article:published", "datepublished", "publishdate", "publish-date", "publish_date", "pubdate", "publishtime"),
    *("publish_time", "publication_date", "citation_publication_date", "parsely-pub-date", "sailthru.date"),
    *("dc.date.issued", "dc.date.created", "dc.date", "dcterms.created", "dcterms.date", "date"),
    *("article:create_at", "weibo:article:create_at", "apub:time", "og:release_date"),
)
_UPDATED = (
    *("article:modified_time", "og:updated_time", "bytedance:updated_time", "datemodified", "lastmod"),
    *("dcterms.modified", "article:updated_time", "weibo:article:update_at"),
)
_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "byl", "parsely-author", "sailthru.author")
_SOURCES = ("mediaid", "source", "article:source", "contentsource", "copyright-source")
_KEYWORDS = ("keywords", "news_keywords", "parsely-tags", "sailthru.tags")
_MAX_TAGS = 12
_NEAR_TITLE = 60
"""How many runs of text after the title may belong to its by-line."""

_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])(?!\d)")
_SCRIPT_DATE = re.compile(
    r"[\"']?\b(?:\w*?(?:publish|pub|create|release)\w*|ct|ptime)[\"']?\s*[:=]\s*[\"']?"
    r"(1\d{9}(?:\d{3})?(?!\d)|20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?)",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"^.{0,16}?(?:\d{4}\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*日")
_CHIP = re.compile(r"^#\s*([^\s#]{1,30})\s*#?$")
_SPOKEN = r"前|昨|今天|今日|刚|周|星期|[点时]|yesterday|today|ago|day"
_EDGES = re.compile(r"^[\s#,;]+|[\s#,;]+$")
_LANGUAGE = re.compile(r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of an article but for its body; `evidence` by field."""

    title: str = ""
    authors: tuple[str, ...] = ()
    source: str | None = None
    published: dates.Moment | None = None
    updated: dates.Moment | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    image: str | None = None
    description: str = ""
    original_url: str | None = None
    section: str | None = None
    evidence: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads one page; each method answers one field."""

    def __init__(self, page: Page, context: dates.Context) -> None:
        self.page = page
        self.root = page.root
        self.thing = jsonld.article(page.root)
        self.evidence: dict[str, str] = {}
        self._meta = _metas(page.root)
        self.title, self.heading = self._title()
        self.language = self._language()
        self.nodes = list(text_nodes(body if (body := self.root.find("body")) is not None else self.root))
        self.near = self._near_title()
        self.context = replace(context, language=context.language or self.language, years=self._years())

    def read(self, body_nodes: Sequence[TextNode]) -> Metadata:
        """All fields; `body_nodes` is the text of the article as it was found."""
        source = self._source(body_nodes)
        authors = self._authors(body_nodes, source)
        published = self._published(body_nodes)
        return Metadata(
            title=self.title,
            authors=authors,
            source=source,
            published=published,
            updated=self._updated(published),
            tags=self._tags(body_nodes),
            language=self.language,
            canonical_url=self._canonical(),
            image=self._image(),
            description=self._description(),
            original_url=self._original(body_nodes),
            evidence=self.evidence,
        )

    def meta(self, *names: str) -> list[str]:
        """The contents of some `<meta>`, in the order of the names."""
        return [value for name in names for value in self._meta.get(name.lower(), ())]

    def _title(self) -> tuple[str, HtmlElement | None]:
        title_tag = next((text for tag in self.root.iter("title") if (text := text_of_title(tag))), "")
        headings = [
            (text, heading) for heading in self.root.iter("h1", "h2") if (text := text_of(heading)) and len(text) < 300
        ]
        named = [*self.meta("og:title", "twitter:title"), *jsonld.texts(self.thing.get("headline"))]
        sites = [*self.meta("og:site_name", "application-name"), *jsonld.texts(self.thing.get("publisher"))]
        chosen = choose_title(title_tag, named, [(text, h.tag == "h1") for text, h in headings], sites)
        self.evidence["title"] = chosen.evidence
        heading = next((heading for text, heading in headings if text == chosen.text), None)
        return chosen.text, heading

    def _language(self) -> str | None:
        declared = [
            *attribute(self.root, "/html/@lang | /html/@xml:lang"),
            *jsonld.texts(self.thing.get("inLanguage")),
            *self.meta("content-language", "language", "og:locale"),
        ]
        good = [value for value in declared if _LANGUAGE.match(value)]
        if not good:
            return None
        self.evidence["language"] = "declared"
        primary, *rest = good[0].replace("_", "-").split("-")
        return "-".join(
            [
                primary.lower(),
                *(
                    part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()
                    for part in rest
                ),
            ]
        )

    def _near_title(self) -> list[TextNode]:
        """What stands beside the title: a few runs before, more after; without a heading, the page's beginning."""
        start = 0
        if self.heading is not None:
            inside = set(self.heading.iter())
            start = next((place for place, node in enumerate(self.nodes) if node.element in inside), 0)
        return [node for node in self.nodes[max(0, start - 8) : start + _NEAR_TITLE] if not is_apart(node.element)]

    def _years(self) -> tuple[int, ...]:
        """The years the page names: in its address, in its copyright line, in its head; the most telling first."""
        found = list(dates.years_in(self.page.url or ""))
        for node in self.nodes:
            if re.search(r"©|\(c\)|copyright|版权|&copy;", node.text, re.IGNORECASE):
                found += sorted(dates.years_in(node.text), reverse=True)
        for node in self.near:
            found += dates.years_in(node.text) if len(node.text) < 60 else ()
        return tuple(dict.fromkeys(found))

    def _authors(self, body_nodes: Sequence[TextNode], source: str | None) -> tuple[str, ...]:
        edges = [*self.near, *body_nodes[:4], *body_nodes[-10:]]
        candidates = (
            ("json-ld", jsonld.texts(self.thing.get("author")) or jsonld.texts(self.thing.get("creator"))),
            ("by-line", list(bylines.read(edges).authors)),
            ("meta", self.meta(*_AUTHORS)),
            ("markup", [text_of(element) for element in self._author_elements()]),
        )
        # A site that signs its meta tags with its own name, or with where it took the text from, names no author.
        title = next((text for tag in self.root.iter("title") if (text := text_of_title(tag))), "")
        sites = " ".join([*self.meta("og:site_name"), source or "", title.replace(self.title, "")])
        for evidence, values in candidates:
            authors = bylines.distinct([name for value in values for name in bylines.names(value)])
            if authors and not (evidence in ("meta", "markup") and all(name in sites for name in authors)):
                self.evidence["authors"] = evidence
                return authors[:10]
        return ()

    def _author_elements(self) -> Iterator[HtmlElement]:
        near = {node.element for node in self.near}
        for element in self._elements("//*[@rel='author' or @itemprop='author' or @class or @id]"):
            if is_apart(element):
                continue
            marked = element.get("rel") == "author" or element.get("itemprop") == "author"
            named = re.search(
                r"(^|[\s_-])(author|byline)([\s_-]name)?($|\s)", f"{element.get('class')} {element.get('id')}"
            )
            beside = any(inner in near for inner in element.iter())
            if (marked or named) and beside and columns(text_of(element)) <= 60:
                yield element

    def _source(self, body_nodes: Sequence[TextNode]) -> str | None:
        line = bylines.read([*self.near, *body_nodes[:4], *body_nodes[-10:]]).source
        candidates = (
            ("by-line", [line] if line else []),
            ("meta", self.meta(*_SOURCES)),
            ("json-ld", jsonld.texts(self.thing.get("publisher"))),
            ("og:site_name", self.meta("og:site_name")),
        )
        for evidence, values in candidates:
            if values and columns(values[0]) <= 60:
                self.evidence["source"] = evidence
                return values[0]
        return None

    def _published(self, body_nodes: Sequence[TextNode]) -> dates.Moment | None:
        found = []
        # A text that gives its day without a year may name the year a little later.
        named = [year for node in body_nodes[:3] for year in dates.years_in(node.text[:60])]
        dateline = replace(self.context, years=(*named, *self.context.years))
        for evidence, weight, texts in self._date_texts(body_nodes):
            for text in texts:
                context = dateline if evidence == "dateline" else self.context
                if (moment := dates.parse(text, context)) is not None:
                    note = f"{evidence}; {moment.note}" if moment.note else evidence
                    found.append(replace(moment, confidence=moment.confidence * weight, note=note))
                    break
        chosen = dates.best(found)
        if chosen is not None:
            self.evidence["published"] = chosen.note
        return chosen

    def _date_texts(self, body_nodes: Sequence[TextNode]) -> Iterator[tuple[str, float, list[str]]]:
        """Where a date of publication may stand, and how far that place is to be believed."""
        yield "json-ld", 1.0, jsonld.texts(self.thing.get("datePublished"))
        yield "meta", 0.99, self.meta(*_PUBLISHED)
        yield (
            "microdata",
            0.98,
            [
                element.get("datetime") or element.get("content") or text_of(element)
                for element in self._elements("//*[@itemprop='datePublished' or @itemprop='dateCreated']")
            ],
        )
        times = [element for element in self._elements("//time") if not is_apart(element)]
        yield "time", 0.97, [element.get("datetime") or text_of(element) for element in times if not is_update(element)]
        yield "by-line", 0.95, self._date_lines()
        yield "json-ld upload", 0.7, jsonld.texts(self.thing.get("uploadDate"))
        yield "address", 0.6, ["-".join(match) for match in _URL_DATE.findall(self.page.url or "")]
        yield (
            "script",
            0.55,
            [m for script in self.root.iter("script") for m in _SCRIPT_DATE.findall(script.text or "")],
        )
        yield "dateline", 0.5, [match.group() for node in body_nodes[:3] if (match := _DATELINE.match(node.text))]

    def _date_lines(self) -> list[str]:
        """The short lines beside the title that may be its date: whole lines, for the time may be marked up apart."""
        lines: dict[HtmlElement, str] = {}
        for node in self.nodes:
            block = block_of(node.element)
            lines[block] = f"{lines[block]} {node.text}" if block in lines else node.text
        texts: dict[str, None] = {}
        for node in self.near:
            line = lines[block_of(node.element)]
            if columns(line) <= 200:
                texts |= {line: None, node.text: None}
        return [text for text in texts if is_date_line(text)]

    def _updated(self, published: dates.Moment | None) -> dates.Moment | None:
        values = [*jsonld.texts(self.thing.get("dateModified")), *self.meta(*_UPDATED)]
        values += [
            e.get("datetime") or text_of(e) for e in self._elements("//time") if is_update(e) and not is_apart(e)
        ]
        for value in values:
            moment = dates.parse(value, self.context)
            if moment is not None and (published is None or moment.at > published.at):
                return moment
        return None

    def _elements(self, path: str) -> list[HtmlElement]:
        found = self.root.xpath(path)
        return [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []

    def _tags(self, body_nodes: Sequence[TextNode]) -> tuple[str, ...]:
        seen = [
            text_of(element)
            for element in self._elements("//a[@rel='tag' or contains(@rel, 'tag ')]")
            if not is_apart(element)
        ]
        chips = [m[1] for node in self.nodes if (m := _CHIP.match(halfwidth(node.text))) and not is_apart(node.element)]
        candidates = (
            ("article:tag", self.meta("article:tag")),
            ("chips", chips if len(chips) <= 20 else []),
            ("rel=tag", seen if len(seen) <= 20 else []),
            ("json-ld", [tag for text in jsonld.texts(self.thing.get("keywords")) for tag in split_tags(text)]),
            ("meta", self._keywords(body_nodes)),
        )
        for evidence, values in candidates:
            if tags := self._good_tags(values):
                self.evidence["tags"] = evidence
                return tags
        return ()

    def _keywords(self, body_nodes: Sequence[TextNode]) -> list[str]:
        """Meta keywords. Chinese portals put the same dozen on every page: only words that the article uses count."""
        text = "".join([self.title, *(node.text for node in body_nodes)]).casefold()
        title = re.sub(r"\W", "", self.title)
        # The title again is no list of keywords.
        lists = [keywords for keywords in self.meta(*_KEYWORDS) if re.sub(r"\W", "", keywords) != title]
        words = [word for keywords in lists for word in split_tags(unescape(keywords))]
        return [word for word in words if word.casefold() in text or not re.search(r"[\u4e00-\u9fff]", word)]

    def _good_tags(self, values: Sequence[str]) -> tuple[str, ...]:
        """Each tag once (in any case), without the page's own title and the site's name among them."""
        own = {self.title.casefold(), *(site.casefold() for site in self.meta("og:site_name"))}
        tags: dict[str, str] = {}
        for value in values:
            tag = _EDGES.sub("", " ".join(halfwidth(value).split()))
            if tag and columns(tag) <= 40 and tag.casefold() not in own:
                tags.setdefault(tag.casefold(), tag)
        return tuple(tags.values())[:_MAX_TAGS]

    def _canonical(self) -> str | None:
        declared = [*attribute(self.root, "//link[@rel='canonical']/@href"), *self.meta("og:url")]
        for reference in declared:
            url = urls.absolute(self.page.base, reference)
            if url and not (is_front_page(url) and self.page.url and not is_front_page(self.page.url)):
                self.evidence["canonical_url"] = "declared"
                return urls.normalised(url)
        return None

    def _image(self) -> str | None:
        values = [
            *self.meta("og:image:secure_url", "og:image", "og:image:url"),
            *jsonld.addresses(self.thing.get("image")),
        ]
        values += self.meta("twitter:image", "twitter:image:src")
        return next((url for value in values if (url := urls.absolute(self.page.base, value))), None)

    def _description(self) -> str:
        values = [*self.meta("og:description", "description", "twitter:description")]
        values += jsonld.texts(self.thing.get("description"))
        return next(
            (text for value in values if columns(text := " ".join(value.split())) >= 20 and text != self.title), ""
        )

    def _original(self, body_nodes: Sequence[TextNode]) -> str | None:
        url = bylines.original_url([*self.near, *body_nodes[-10:]], self.page.base)
        if url is not None:
            self.evidence["original_url"] = "label"
        return url


def split_tags(text: str) -> list[str]:
    """Keywords as they are written in one string; by white space only when that is the only separator of CJK words."""
    parts = [part.strip() for part in re.split(r"[,;、|]", halfwidth(text)) if part.strip()]
    if len(parts) == 1 and re.search(r"[\u4e00-\u9fff]", text):
        return text.split()
    return parts


def is_date_line(text: str) -> bool:
    """Whether a run of text beside a title may be the date of publication: in a short line, and not of an update.

    A word such as 今天 must stand nearly alone: in a sentence it dates what the sentence tells of.
    """
    if len(text) > 80 or re.match(r"\W*(更新|修改|最后|updated|modified|last)", text, re.IGNORECASE):
        return False
    dated = re.search(r"\d\s*[-/.年月:\uff1a]\s*\d|\d{1,2}\s+[A-Za-z]{3}|[A-Za-z]{3}\.?\s+\d{1,2}", text)
    return bool(dated) or (len(text) <= 16 and bool(re.search(_SPOKEN, text, re.IGNORECASE)))


def is_update(element: HtmlElement) -> bool:
    """Whether a `<time>` tells of a later change."""
    said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    return bool(re.search(r"updat|modif", said, re.IGNORECASE))


def is_front_page(url: str) -> bool:
    """Whether an address is that of a whole site; many sites name it as canonical by mistake."""
    return bool(re.match(r"^https?://[^/]+/?(index\.\w+)?$", url))


def text_of_title(element: HtmlElement) -> str:
    """The text of a `<title>`, but not of one inside an SVG."""
    parent = element.getparent()
    return "" if parent is not None and parent.tag == "svg" else " ".join((element.text or "").split())


def _metas(root: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        content = " ".join((element.get("content") or "").split())
        for name in {
            (element.get(key) or "").strip().lower() for key in ("name", "property", "itemprop", "http-equiv")
        }:
            if name and content:
                found.setdefault(name, []).append(content)
    return found
