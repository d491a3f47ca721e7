"""What the elements of feeds in XML say: one small function for each, by its name, with what it inherits."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from lxml import etree

from publisher.domain.article import Enclosure
from publisher.sources.feeds.feed_values import NOTHING, FeedItem, Part, body_and_summary, name_of, octets
from publisher.sources.feeds.xml_markup import inner_markup

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_PREFIXES = dict.fromkeys(
    (
        "http://www.w3.org/2005/atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://purl.org/rss/1.0/modules/rss091#",
        "http://backend.userland.com/rss",
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
    ),
    "",
) | {
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/rss/1.0/modules/syndication/": "sy:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://search.yahoo.com/mrss": "media:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "http://www.w3.org/1999/xhtml": "xhtml:",
    RDF: "rdf:",
}
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_XHTML = "application/xhtml+xml"
# What windows-1252 has where Unicode has control characters: people write &#150; for a dash.
_CP1252 = {code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", "ignore"))}
_REFERENCE = re.compile(r"&(\w+);", re.ASCII)
_C1 = re.compile("[\x80-\x9f]")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,9}[A-Za-z]{2,63}(?:\?subject=\S+)?", re.ASCII)
_LONGEST_NAME = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """What elements inherit (XML Base; XML 1.0, section 2.12)."""

    base: str = ""
    language: str = ""

    def inside(self, element: etree._Element) -> "Scope":
        """The scope of an element that stands in this one."""
        if not element.attrib:
            return self
        base, language = _attribute(element, "base"), _attribute(element, "lang")
        if base is None and language is None:
            return self
        return Scope(
            self.base if base is None else _joined(self.base, base),
            self.language if language is None else language.replace("_", "-"),
        )


class Names:
    """Names of elements, by their namespace, by their prefix when that is not known, in any case of letters.

    `strips_div`: whether XHTML stands in a div that is no part of it (RFC 4287, section 3.1.1.3).
    """

    def __init__(self, *, strips_div: bool) -> None:
        self.strips_div = strips_div
        self._known: dict[tuple[str, str | None], str] = {}

    def of(self, element: etree._Element) -> str:
        """An element's usual prefix and its local name in lower case."""
        tag = str(element.tag)
        key = (tag, element.prefix)
        if key not in self._known:
            namespace, _, local = tag.rpartition("}")
            prefix = _PREFIXES.get(namespace[1:].lower()) if namespace else ""
            if prefix is None:
                prefix = f"{element.prefix}:" if element.prefix else ""
            self._known[key] = (prefix + local).lower()
        return self._known[key]


@dataclass(slots=True)
class Draft:
    """What was found of an entry, or of the feed itself, so far."""

    id: str = ""
    link: str | None = None
    links: list[dict[str, str]] = field(default_factory=list)
    title: Part = NOTHING
    other_title: Part = NOTHING
    authors: list[str] = field(default_factory=list)
    source_authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    language: str = ""
    dates: dict[str, str] = field(default_factory=dict)
    summary: Part = NOTHING
    caption: Part = NOTHING
    contents: list[Part] = field(default_factory=list)
    has_content: bool = False
    pictures: list[str] = field(default_factory=list)
    thumbnails: list[str] = field(default_factory=list)
    image: str = ""
    hints: dict[str, str] = field(default_factory=dict)

    def item(self, feed_authors: tuple[str, ...]) -> FeedItem:
        """The entry."""
        body, rest = body_and_summary(self.contents, self.summary, self.caption)
        title = self.title if self.title.value else self.other_title
        enclosed = [link for link in self.links if link["rel"] == "enclosure"]
        images = [*self.pictures, *self.thumbnails]
        images += [link.get("href", "") for link in enclosed if link.get("type", "").startswith("image/")]
        languages = (self.language, body.language, rest.language, title.language)
        return FeedItem(
            id=self.id,
            link=self.link or (self.links[0].get("href", "") if self.links else ""),
            title=title.value,
            authors=tuple(self.authors or self.source_authors) or feed_authors,
            tags=tuple(self.tags),
            language=next(filter(None, languages), None),
            published=self.dates.get("published") or self.dates.get("created", ""),
            updated=self.dates.get("updated", ""),
            summary=rest.html,
            html=body.html,
            base=body.base or rest.base or title.base,
            images=tuple(image for image in (*images, self.image) if image),
            enclosures=tuple(
                Enclosure(link["href"], link.get("type", ""), octets(link.get("length", "")))
                for link in enclosed
                if link.get("href")
            ),
        )


@dataclass(frozen=True, slots=True)
class Element:
    """An element that is read, with its name and what it inherits."""

    node: etree._Element
    name: str
    scope: Scope
    names: Names

    @property
    def text(self) -> str:
        """Its text, mended."""
        return _mended((self.node.text or "").strip())

    def get(self, name: str) -> str | None:
        """An attribute, in any case of letters."""
        return _attribute(self.node, name)

    def children(self) -> Iterator["Element"]:
        """Its children, in its scope."""
        for node in self.node:
            yield Element(node, self.names.of(node), self.scope.inside(node), self.names)

    def part(self, usual: str) -> Part:
        """Its content as a text of some type (RFC 4287, section 3.1.1; RSS has no types, but a usual one)."""
        declared = (self.get("type") or usual).lower()
        kind = _TYPES.get(declared, declared)
        if len(self.node) or kind == _XHTML:
            strips = self.names.strips_div or not declared.endswith(("xml", "xhtml"))
            value = inner_markup(self.node, strips_div=strips)
            kind = _XHTML if not kind.startswith("image/") else kind
        else:
            value = _decoded(self.node.text or "", kind, self.get("mode") or "")
        return Part(value=_mended(value.strip()), type=kind, base=self.scope.base, language=self.scope.language)


# --- what an element says ----------------------------------------------------------------------------------------


def _take_title(element: Element, draft: Draft) -> None:
    part = element.part("text/plain")
    if element.name == "media:title":
        draft.other_title = draft.other_title if draft.other_title.value else part
    elif not draft.title.value:
        draft.title = part


def _take_summary(element: Element, draft: Draft) -> None:
    usual = "text/plain" if element.name in ("summary", "itunes:summary", "abstract") else "text/html"
    part = element.part(usual)
    # A second description is a content, unless there is one already.
    if draft.summary is not NOTHING and not draft.has_content and element.name != "abstract":
        draft.contents.append(part)
        draft.has_content = True
    else:
        draft.summary = part


def _take_content(element: Element, draft: Draft) -> None:
    usual = {"content": "text/plain", "body": _XHTML, "xhtml:body": _XHTML}.get(element.name, "text/html")
    part = element.part(usual)
    draft.contents.append(part)
    draft.has_content = draft.has_content or usual != _XHTML
    if draft.summary is NOTHING and part.is_readable:
        draft.summary = replace(part, base="", language="")


def _take_caption(element: Element, draft: Draft) -> None:
    draft.caption = Part(value=element.text, type="text/html")


def _take_link(element: Element, draft: Draft) -> None:
    rel = (element.get("rel") or "alternate").lower()
    link = {"rel": rel, "type": (element.get("type") or ("" if rel == "self" else "text/html")).lower()}
    href = next((value for name in ("url", "uri", "href") if (value := element.get(name)) is not None), None)
    draft.links.append(link)
    if href is not None:
        link["href"] = _joined(element.scope.base, href)
        link["length"] = element.get("length") or ""
        if rel == "alternate" and _TYPES.get(link["type"], link["type"]) in ("text/html", _XHTML):
            draft.link = link["href"]
        return
    target = element.text
    draft.link = _joined(element.scope.base, target) if target else ""
    # Addresses that were escaped twice.
    draft.link = _REFERENCE.sub(r"&\1", draft.link.replace("&amp;", "&"))
    if draft.link:
        link["href"] = draft.link


def _take_enclosure(element: Element, draft: Draft) -> None:
    href = element.get("url") or element.get("uri") or element.get("href") or ""
    kind, length = (element.get("type") or "").lower(), element.get("length") or ""
    draft.links.append({"rel": "enclosure", "href": href, "type": kind, "length": length})


def _take_id(element: Element, draft: Draft) -> None:
    is_link = (element.get("ispermalink") or "true") == "true"
    draft.id = _joined(element.scope.base, element.text) if is_link and element.text else element.text
    if is_link and draft.link is None:
        draft.link = draft.id


def _take_author(element: Element, draft: Draft) -> None:
    children = list(element.children())
    names = [child.text for child in children if child.name in ("name", "itunes:name")]
    known = any(child.name in ("name", "itunes:name", "email", "itunes:email", "uri", "url") for child in children)
    name = names[-1] if names else "" if known else _person(element.text[:_LONGEST_NAME])
    if name:
        draft.authors.append(name_of(name))


def _take_source(element: Element, draft: Draft) -> None:
    """Where an aggregated entry comes from (RFC 4287, section 4.2.11): whose it is, when the entry names nobody."""
    origin = Draft()
    for child in element.children():
        if child.name in _AUTHORS:
            _take_author(child, origin)
    draft.source_authors += origin.authors


def _take_category(element: Element, draft: Draft) -> None:
    label = (element.get("label") or "").strip()
    term = (element.get("text") or element.get("term") or "").strip()
    draft.tags += [label or term] if label or term else []
    if element.text and (term or not label):
        draft.tags.append(element.text)
    for child in element.children():
        if child.name == element.name:
            _take_category(child, draft)


def _take_keywords(element: Element, draft: Draft) -> None:
    draft.tags += [tag.strip() for tag in element.text.split(",") if tag.strip()]


def _take_language(element: Element, draft: Draft) -> None:
    draft.language = element.text


def _take_date(element: Element, draft: Draft) -> None:
    draft.dates[_DATES[element.name]] = element.text


def _take_picture(element: Element, draft: Draft) -> None:
    if element.get("medium") == "image" or (element.get("type") or "").lower().startswith("image/"):
        draft.pictures.append((element.get("url") or "").strip())


def _take_thumbnail(element: Element, draft: Draft) -> None:
    draft.thumbnails.append((element.get("url") or element.text).strip())


def _take_image(element: Element, draft: Draft) -> None:
    draft.image = (element.get("href") or element.get("url") or draft.image).strip()


def _take_hint(element: Element, draft: Draft) -> None:
    draft.hints[element.name] = element.text


def _take_skip(element: Element, draft: Draft) -> None:
    draft.hints[element.name] = " ".join(child.text for child in element.children())


def _take_root(element: Element, draft: Draft) -> None:
    draft.language = element.scope.language or draft.language
    take_cdf(element.node, element.scope, draft)


def take_cdf(element: etree._Element, scope: Scope, draft: Draft) -> None:
    """Address and date of CDF's items and channels, which are attributes (W3C NOTE-CDFsubmit)."""
    if not element.attrib:
        return
    if date := _attribute(element, "lastmod"):
        draft.dates["updated"] = date.strip()
    if href := _attribute(element, "href"):
        draft.link = _joined(scope.base, href.strip())
        draft.links.append({"rel": "alternate", "type": "text/html", "href": draft.link})


_DATES = {
    "published": "published", "issued": "published", "pubdate": "published", "dcterms:issued": "published",
    "updated": "updated", "modified": "updated", "lastbuilddate": "updated", "dc:date": "updated",
    "dcterms:modified": "updated", "created": "created", "dcterms:created": "created",
}  # fmt: skip
_AUTHORS = ("author", "managingeditor", "dc:creator", "dc:author", "itunes:author")

TAKES: Mapping[str, Callable[[Element, Draft], None]] = (
    dict.fromkeys(_DATES, _take_date)
    | dict.fromkeys(_AUTHORS, _take_author)
    | dict.fromkeys(("title", "dc:title", "media:title"), _take_title)
    | dict.fromkeys(("description", "dc:description", "summary", "itunes:summary", "abstract"), _take_summary)
    | dict.fromkeys(("content", "content:encoded", "fullitem", "body", "xhtml:body"), _take_content)
    | dict.fromkeys(("category", "keywords", "dc:subject", "media:category", "itunes:category"), _take_category)
    | dict.fromkeys(("itunes:keywords", "media:keywords", "tags"), _take_keywords)
    | dict.fromkeys(("language", "dc:language"), _take_language)
    | dict.fromkeys(("ttl", "sy:updateperiod", "sy:updatefrequency"), _take_hint)
    | dict.fromkeys(("skiphours", "skipdays"), _take_skip)
    | dict.fromkeys(("guid", "id"), _take_id)
    | {
        "root": _take_root,
        "link": _take_link,
        "enclosure": _take_enclosure,
        "source": _take_source,
        "media:description": _take_caption,
        "media:content": _take_picture,
        "media:thumbnail": _take_thumbnail,
        "itunes:image": _take_image,
    }
)


# --- values ------------------------------------------------------------------------------------------------------


def _attribute(element: etree._Element, name: str) -> str | None:
    """An attribute by its local name, in any case of letters."""
    if not element.attrib:
        return None
    value = element.get(name)
    if value is not None:
        return value
    if name in ("base", "lang") and (value := element.get(f"{_XML}{name}")) is not None:
        return value
    return next((value for key, value in element.attrib.items() if key.lower() == name), None)


def _joined(base: str, reference: str) -> str:
    """A reference made absolute where the feed itself names a base."""
    if not base:
        return reference
    try:
        return urljoin(base, reference)
    except ValueError:
        return ""


def _decoded(text: str, kind: str, mode: str) -> str:
    """The text out of base64, where it is in it (RFC 4287, section 4.1.3.3; Atom 0.3, `mode`)."""
    if mode != "base64" and (kind.startswith("text/") or kind.endswith(("xml", "html"))):
        return text
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return text


def _mended(text: str) -> str:
    """The text without the damage that publishing tools do: UTF-8 taken for Latin-1, windows-1252 for Unicode."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252) if _C1.search(text) else text


def _person(text: str) -> str:
    """The name in `jane@example.org (Jane Roe)` and its like."""
    found = _ADDRESS.search(text)
    if found is None:
        return text
    name = text.replace(found.group(), "").replace("()", "").replace("<>", "").replace("&lt;&gt;", "").strip()
    return name.removeprefix("(").removesuffix(")").strip()
