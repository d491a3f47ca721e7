"""From a page to an article: body, title, people, tags, dates, images, each with the evidence for it.

The body is chosen between trafilatura (which knows English pages best) and readability (Chinese portals) by what
they agree on and what the page marks; see `body`. No site has a rule of its own here: an operator may give selectors.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import structlog
import trafilatura
from lxml import html
from lxml.html import HtmlElement
from readability import Document

from publisher.domain.article import columns, shorten
from publisher.domain.rights import NONE, Reservations
from publisher.sources import dates
from publisher.sources.entries import SUMMARY_COLUMNS
from publisher.sources.http import reservations
from publisher.sources.pages import body as bodies
from publisher.sources.pages import embedded, images, jsonld, page, sanitize
from publisher.sources.pages.languages import spoken
from publisher.sources.pages.metadata import Metadata, Reader
from publisher.sources.pages.names import names
from publisher.sources.pages.pager import pager
from publisher.sources.pages.tags import split_tags
from publisher.sources.text import selecting

SHORT_COLUMNS, _MUCH_MORE = 400, 2.5
"""A body shorter than this may be but the beginning of one that stands whole in a script: then that is much longer."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page says. `html` is sanitised with absolute addresses, `text` the same as plain text, both without
    title, by-line and surroundings; empty when the page holds no article. Dates are aware UTC.

    `source` is where the page says it is from (来源), `original_url` the address it names as its original.
    `pager` holds the addresses that call themselves a further page of it, `reservations` is what the page's head
    reserves, `evidence` tells by field where it was found, `zone` which zone the page's dates are in.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    source: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    image: str | None = None
    images: tuple[str, ...] = ()
    summary: str = ""
    text: str = ""
    html: str = ""
    original_url: str | None = None
    pager: tuple[str, ...] = ()
    section: str | None = None
    zone: dates.Zone = UTC
    reservations: Reservations = NONE
    evidence: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The fields as JSON values, dates in ISO 8601 and the page's own zone; of the reservations those that say
        something."""
        values = asdict(replace(self, zone=UTC)) | {"reservations": self.reservations.said()}
        del values["zone"]
        return {
            name: value.astimezone(self.zone).isoformat()
            if isinstance(value, datetime)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in values.items()
        }


def extract(
    data: bytes,
    url: str | None = None,
    *,
    charset: str | None = None,
    zone: dates.Zone | None = None,
    now: datetime | None = None,
    selectors: Mapping[str, str] | None = None,
) -> Extracted:
    """Read an article page.

    `url` is where it was found (without it relative addresses are dropped), `charset` what HTTP said, `zone` that of
    its dates (None: the usual one of its language, else UTC), `now` when it was collected: without it "3 hours ago" has
    no answer. `selectors` override what is found: article_title, article_body, article_author, article_date,
    article_tags, article_remove. Raises `selecting.BadSelector` for one that is no CSS, and nothing else.
    """
    selectors = selectors or {}
    found = page.parse(data, url, charset)
    for element in selecting.select(found.root, selectors, "article_remove"):
        if element.getparent() is not None:
            element.drop_tree()
    reader = Reader(found, now, zone)
    body = _body(found.root, reader, selectors)
    metadata = reader.read(body.nodes if body else ())
    metadata = _overridden(metadata, found, reader.context, selectors)
    markup = sanitize.clean_tree(body.element, found.base, found.url) if body else ""
    return replace(_assembled(found, metadata, markup, body.evidence if body else "none"), zone=reader.context.zone)


def _assembled(found: page.Page, metadata: Metadata, markup: str, body_evidence: str) -> Extracted:
    text = sanitize.clean_to_text(markup)
    found_images = images.addresses(sanitize.parse_fragment(markup)) if "<img" in markup else ()
    return Extracted(
        title=metadata.title,
        authors=metadata.authors,
        source=metadata.source,
        published=metadata.published.at if metadata.published else None,
        updated=metadata.updated.at if metadata.updated else None,
        tags=metadata.tags,
        language=spoken(metadata.language, text or metadata.title),
        url=found.url,
        canonical_url=metadata.canonical_url,
        image=metadata.image or next(iter(found_images), None),
        images=found_images,
        summary=metadata.description or shorten(text, SUMMARY_COLUMNS),
        text=text,
        html=markup,
        original_url=metadata.original_url,
        pager=pager(found),
        section=metadata.section,
        reservations=reservations.from_page(found.root, found.base),
        evidence={**metadata.evidence, "body": body_evidence, "encoding": found.encoding},
    )


def _body(root: HtmlElement, reader: Reader, selectors: Mapping[str, str]) -> bodies.Body | None:
    tree = bodies.prepared(root)
    if selectors.get("article_body"):
        chosen = selecting.select(tree, selectors, "article_body")
        if chosen:
            holder = html.Element("div")
            holder.extend(chosen)
            return bodies.given(holder)
    shown = _shown(tree, reader)
    width = columns(page.text_of(shown.element)) if shown is not None else 0
    if width < SHORT_COLUMNS:
        written = embedded.body(root, reader.thing)
        if written is not None and columns(page.text_of(written)) >= _MUCH_MORE * width:
            return bodies.Body(written, tuple(page.text_nodes(written)), "data in a script")
    return shown


def _shown(tree: HtmlElement, reader: Reader) -> bodies.Body | None:
    """The body that readers without scripts see."""
    election = bodies.Election(tree)
    is_index = election.is_index()
    told = jsonld.texts(reader.thing.get("articleBody"))
    election.hear(told if is_index else [_trafilatura(tree), *told])
    choice = election.choose()
    if not is_index and not election.is_sure(choice):
        # The second extractor takes as long as the first; where the evidence is strong it would say the same.
        election.hear([_readability(tree)])
        choice = election.choose()
    return election.body(choice, reader.title) if choice is not None else None


def _surviving(extractor: str, read: Callable[[], str]) -> str:
    """An extractor that fails has no vote; they are large, and the pages hostile."""
    try:
        return read()
    except Exception:
        _log.warning("extractor failed", extractor=extractor, exc_info=True)
        return ""


def _trafilatura(tree: HtmlElement) -> str:
    def read() -> str:
        # Fast: without the extractors that it would compare itself with; that is done here, and better.
        return trafilatura.extract(deepcopy(tree), favor_precision=True, include_comments=False, fast=True) or ""

    return _surviving("trafilatura", read)


def _readability(tree: HtmlElement) -> str:
    def read() -> str:
        # A string: the library parses its input again for each of its tries.
        summary = Document(html.tostring(tree, encoding="unicode")).summary(html_partial=True)
        return sanitize.to_text(summary)

    return _surviving("readability", read)


def _overridden(metadata: Metadata, found: page.Page, context: dates.Context, selectors: Mapping[str, str]) -> Metadata:
    """The metadata with what an operator's selectors say; a selector that matches nothing changes nothing."""
    changes: dict[str, object] = {}
    if (element := selecting.first(found.root, selectors, "article_title")) is not None:
        changes["title"] = page.text_of(element) or metadata.title
    if authors := names_at(selecting.select(found.root, selectors, "article_author")):
        changes["authors"] = authors
    if tags := tags_at(selecting.select(found.root, selectors, "article_tags")):
        changes["tags"] = tags
    if (moment := date_at(selecting.first(found.root, selectors, "article_date"), context)) is not None:
        changes["published"] = moment
    evidence = {**metadata.evidence, **dict.fromkeys(changes, "selector")}
    return Metadata(
        **{**{name: getattr(metadata, name) for name in Metadata.__slots__}, **changes, "evidence": evidence}
    )


def names_at(elements: Sequence[HtmlElement]) -> tuple[str, ...]:
    """The people that some elements name."""
    return tuple(dict.fromkeys(name for element in elements for name in names(page.text_of(element))))


def tags_at(elements: Sequence[HtmlElement]) -> tuple[str, ...]:
    """The tags that some elements name: one each, or several where one element lists them."""
    texts = [part for element in elements for part in split_tags(page.text_of(element))]
    return tuple(dict.fromkeys(tag for text in texts if (tag := re.sub(r"^[#\uff03\s]+", "", text).strip())))


def date_at(element: HtmlElement | None, context: dates.Context) -> dates.Moment | None:
    """The date at an element: its `datetime` or `content`, else its text."""
    if element is None:
        return None
    for text in (element.get("datetime"), element.get("content"), page.text_of(element)):
        if text and (moment := dates.parse(text, context)) is not None:
            return moment
    return None
