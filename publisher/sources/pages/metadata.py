"""What a page says about its article: title, people, source, dates, tags, section, language, addresses, image.

Every field is gathered from several places and chosen by a rule of its own; docs/reference/metadata.md states them.
`evidence` tells by field where it was found, in which words, and how sure that is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources import dates
from publisher.sources.pages import bylines, jsonld
from publisher.sources.pages.credits import CreditsReader
from publisher.sources.pages.declared import Declared
from publisher.sources.pages.evidence import Evidence
from publisher.sources.pages.languages import spoken, usual_zone
from publisher.sources.pages.lines import Line, lines_of, paragraphs, surroundings, title_at
from publisher.sources.pages.page import Page, TextNode, attribute
from publisher.sources.pages.published import DatesReader
from publisher.sources.pages.tags import section, tags
from publisher.sources.pages.titles import Heading, choose_title, headings, line_above_date
from publisher.sources.text import urls

_TITLES = ("og:title", "articletitle", "twitter:title", "dc.title", "citation_title")
_LANGUAGE = re.compile(r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", re.IGNORECASE)
_LONGEST_TITLE = 600
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|版权|&copy;", re.IGNORECASE)


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
    """Reads one page. `thing` is its JSON-LD article, `context` how its dates are read."""

    def __init__(self, page: Page, now: datetime | None, zone: dates.Zone | None) -> None:
        self.page = page
        self.root = page.root
        self.evidence: dict[str, str] = {}
        self._declared = Declared(page.root)
        self.thing = self._declared.thing
        self._lines = lines_of(body if (body := self.root.find("body")) is not None else self.root)
        self.title = self._title()
        self._title_at = title_at(self._lines, self.title)
        self.language = self._language()
        language = spoken(self.language, self.title + "".join(line.text for line in self._lines[:200]))
        self.context = dates.Context(now, zone or usual_zone(language), self.language, self._years())

    def read(self, body_nodes: Sequence[TextNode]) -> Metadata:
        """All fields; `body_nodes` is the text of the article as it was found."""
        body = paragraphs(body_nodes)
        around = surroundings(self._lines, self._title_at, body_nodes)
        credits = CreditsReader(self.root, self._declared, around, self.title).read(body)
        self._found("authors", credits.authors_evidence)
        self._found("source", credits.source_evidence)
        canonical = self._canonical()
        addresses = [address for address in (self.page.url, canonical) if address]
        dated = DatesReader(self.root, self._declared, around, self.context, addresses)
        published = dated.published(body)
        updated = dated.updated(published.moment.at if published else None)
        if published is not None:
            self._found("published", published.evidence())
        if updated is not None:
            self._found("updated", replace(updated.evidence(), confidence=updated.moment.confidence))
        found_tags, tags_evidence = tags(self.root, self._declared, self._lines, self.title, "".join(body))
        self._found("tags", tags_evidence)
        found_section, section_evidence = section(self.root, self._declared, self.title)
        self._found("section", section_evidence)
        return Metadata(
            title=self.title,
            authors=credits.authors,
            source=credits.source,
            published=published.moment if published else None,
            updated=updated.moment if updated else None,
            tags=found_tags,
            language=self.language,
            canonical_url=canonical,
            image=self._image(),
            description=self._description(),
            original_url=self._original((*around.before, *around.head, *around.late, *around.tail)),
            section=found_section,
            evidence=self.evidence,
        )

    def _found(self, name: str, evidence: Evidence | None) -> None:
        if evidence is not None:
            self.evidence[name] = str(evidence)

    def _meta(self, *names: str) -> list[tuple[str, str]]:
        """The contents of some `<meta>`, each with the place it is from."""
        return [(f"meta {name}", value) for name, value in self._declared.named(*names)]

    def _title(self) -> str:
        title_tag = next((text for tag in self.root.iter("title") if (text := text_of_title(tag))), "")
        named = [*self._declared.meta(*_TITLES), *jsonld.texts(self.thing.get("headline"))]
        named += [*jsonld.texts(self.thing.get("title")), *jsonld.texts(self._declared.item.get("headline"))]
        found: list[Heading] = headings(self.root)
        above = line_above_date(self._lines)
        title_tag, named = title_tag[:_LONGEST_TITLE], [text[:_LONGEST_TITLE] for text in named[:20]]
        chosen = choose_title(title_tag, named, found, self._declared.sites(), above)
        self._found("title", chosen.evidence)
        return chosen.text

    def _language(self) -> str | None:
        declared = [
            *(("html lang", text) for text in attribute(self.root, "/html/@lang | /html/@xml:lang")),
            *(("json-ld inLanguage", text) for text in jsonld.texts(self.thing.get("inLanguage"))),
            *self._meta("content-language", "language", "og:locale"),
        ]
        place, said = next(((place, text) for place, text in declared if _LANGUAGE.match(text)), ("", ""))
        if not said:
            return None
        self._found("language", Evidence(place, said))
        primary, *rest = said.replace("_", "-").split("-")
        parts = (p.upper() if len(p) == 2 else p.title() if len(p) == 4 else p.lower() for p in rest)
        return "-".join([primary.lower(), *parts])

    def _years(self) -> tuple[int, ...]:
        """The years the page names: in its address, beside its title, in its copyright line; the most telling first."""
        found = list(dates.years_in(self.page.url or ""))
        copyrighted = []
        for line in self._lines:
            if _COPYRIGHT.search(line.text):
                copyrighted += sorted(dates.years_in(line.text), reverse=True)
        beside = surroundings(self._lines, self._title_at).head
        found += [year for line in beside if len(line.text) < 60 for year in dates.years_in(line.text)]
        return tuple(dict.fromkeys([*found, *copyrighted]))

    def _canonical(self) -> str | None:
        declared = [
            *(("link canonical", text) for text in attribute(self.root, "//link[@rel='canonical']/@href")),
            *self._meta("og:url"),
            *(("json-ld", text) for text in jsonld.addresses(self.thing.get("mainEntityOfPage"))),
        ]
        for place, reference in declared:
            url = urls.absolute(self.page.base, reference)
            if url and not (is_front_page(url) and not (self.page.url and is_front_page(self.page.url))):
                self._found("canonical_url", Evidence(place, reference))
                return urls.normalised(url)
        return None

    def _image(self) -> str | None:
        values = [
            *self._meta("og:image:secure_url", "og:image", "og:image:url"),
            *(("json-ld image", text) for text in jsonld.addresses(self.thing.get("image"))),
            *self._meta("twitter:image", "twitter:image:src"),
            *(("microdata image", text) for text in jsonld.addresses(self._declared.item.get("image"))),
        ]
        for place, value in values:
            if url := urls.absolute(self.page.base, value):
                self._found("image", Evidence(place, value))
                return url
        return None

    def _description(self) -> str:
        values = [*self._declared.meta("og:description", "description", "twitter:description")]
        values += jsonld.texts(self.thing.get("description"))
        folded = (" ".join(value.split()) for value in values)
        return next((text for text in folded if columns(text) >= 20 and text != self.title), "")

    def _original(self, lines: Sequence[Line]) -> str | None:
        url = bylines.original_url([run for line in lines for run in line.runs], self.page.base)
        if url is not None:
            self._found("original_url", Evidence("label", url))
        return url


def is_front_page(url: str) -> bool:
    """Whether an address is that of a whole site; many sites name it as canonical by mistake."""
    return bool(re.match(r"^https?://[^/]+/?(index\.\w+)?$", url))


def text_of_title(element: HtmlElement) -> str:
    """The text of a `<title>`, but not of one inside an SVG."""
    parent = element.getparent()
    return "" if parent is not None and parent.tag == "svg" else " ".join((element.text or "").split())
