"""Pages for people as bytes: of articles, lists, searches, editions and feeds, by the templates in `web/`.

Whatever an article holds: texts are escaped by the templates, markup is what `sources` made harmless, addresses are
http or https, and what stands in a script element (JSON-LD) can't end it.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from publisher.domain.article import ArticleState, shorten
from publisher.domain.feed import Feed, FeedFormat, names_feed
from publisher.domain.image import LocalImage
from publisher.domain.pages import (
    SEARCH,
    ArticleAddress,
    EditionAddress,
    FeedsAddress,
    ListAddress,
    PageAddress,
    quoted,
)
from publisher.domain.rights import Reservations
from publisher.domain.source import Rights
from publisher.feeds import opml
from publisher.feeds.clean import line
from publisher.feeds.item import Item, item
from publisher.i18n import Translator, translator
from publisher.pipeline.ports import (
    ArticlePage,
    EditionPage,
    EditionsPage,
    EditionText,
    FeedsPage,
    ListPage,
    PageWriter,
)
from publisher.pipeline.publish import Site
from publisher.templating import Templates

DESCRIPTION_COLUMNS = 200
EXCERPT_COLUMNS = 240

SHOWN_AS = {FeedFormat.RSS: "RSS", FeedFormat.ATOM: "Atom", FeedFormat.JSON: "JSON Feed"}

_LANGUAGES = ("en", "zh")
"""What we speak; an article in another language gets the site's."""

# A whole tag: whatever stands in its attributes is passed over with it.
_CLEAN_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?:[^">]|"[^"]*")*>')
# What ends a script element, or a line in old scripts, can't stand in JSON as it is (RFC 8259 allows escapes anywhere).
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class FeedLink:
    """One document of a feed: what the format is called, its address and its media type."""

    format: str
    address: str
    media_type: str


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as pages show it; `page` is the address of its page."""

    title: str
    description: str
    links: tuple[FeedLink, ...]
    page: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as lists show it: `link` is where its title leads, `page` is our page of it."""

    item: Item
    link: str
    page: str
    excerpt: str
    date: str
    source: str
    source_page: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A name with the page of what has it."""

    name: str
    page: str


def feed_view(feed: Feed, base_url: str) -> FeedView:
    """A feed with the full addresses of its documents and its page."""
    links = tuple(
        FeedLink(shown, base_url + feed.path(format), format.media_type.partition(";")[0])
        for format, shown in SHOWN_AS.items()
    )
    return FeedView(feed.title, feed.description, links, base_url + quoted(ListAddress(feed.slug)))


@dataclass(frozen=True, slots=True)
class HtmlPages(PageWriter):
    """Writes pages for one site. A page speaks the language of its article or feed, else the site's.

    A folder of files has no search, and lists of some tags and authors only: those whose slugs
    `has_list` knows.
    """

    templates: Templates
    site: Site
    searchable: bool = True
    has_list: Callable[[str], bool] = lambda slug: True

    def article(self, page: ArticlePage) -> bytes:
        """The page of one article."""
        state, content = page.state, page.state.revision.content
        shown = item(state)
        speaks = self._speaker(content.language)
        address = self.site.base_url + quoted(ArticleAddress(state.article.id))
        summary = shorten(shown.summary, DESCRIPTION_COLUMNS)
        return self._render(
            "article",
            speaks,
            item=shown,
            text=with_scrolling(shown.html),
            entry=self._entry(state, speaks),
            feeds=[feed_view(page.feed, self.site.base_url)],
            canonical=shown.link or address,
            address=address,
            description=summary,
            whole=state.source.rights is not Rights.QUOTE,
            lead=content.image if content.image and content.image not in content.html else None,
            card=page.lead,
            updated=speaks.date(shown.updated, self._zone, "long") if shown.updated > shown.published else "",
            authors=[self._named("author", name) for name in shown.authors],
            tags=[self._named("tag", name) for name in shown.tags],
            robots=robots(content.reservations) if state.source.rights is Rights.QUOTE else "",
            reserved=content.reservations if state.source.rights is Rights.QUOTE else None,
            data=as_script(_article_data(shown, state, address, summary, page.lead)),
        )

    def articles(self, page: ListPage) -> bytes:
        """A page of a list, or of what a search found."""
        speaks = self._speaker(page.feed.language)
        is_feed = page.query is None or names_feed(page.query)
        return self._render(
            "list",
            speaks,
            feed=feed_view(page.feed, self.site.base_url),
            feeds=[feed_view(page.feed if is_feed else Feed(slug="all", title=self.site.title), self.site.base_url)],
            is_feed=is_feed,
            entries=[self._entry(state, speaks) for state in page.states],
            canonical=self.site.base_url + (quoted(page.address) if is_feed else SEARCH),
            first=page.address.before is None,
            newest=self._path(ListAddress(page.feed.slug)),
            older=self._path(page.older) if page.older else "",
            query=page.query,
            notice=page.notice,
        )

    def edition(self, page: EditionPage) -> bytes:
        """The page of one edition."""
        speaks = self._speaker(page.newsletter.languages[0])
        feed = Feed(slug=f"newsletter/{page.newsletter.slug}", title=page.newsletter.title)
        return self._render(
            "edition",
            speaks,
            feeds=[feed_view(feed, self.site.base_url)],
            newsletter=page.newsletter,
            newsletter_page=self._path(ListAddress(feed.slug)),
            date=self._edition_date(page, speaks),
            entries=[self._entry(state, speaks) for state in page.states],
            canonical=self.site.base_url + quoted(EditionAddress(page.edition.id)),
        )

    def editions(self, page: EditionsPage) -> bytes:
        """The page that lists a newsletter's editions."""
        speaks = self._speaker(page.feed.language)
        return self._render(
            "editions",
            speaks,
            feed=feed_view(page.feed, self.site.base_url),
            feeds=[feed_view(page.feed, self.site.base_url)],
            editions=[
                (self._edition_date(one, speaks), self._path(EditionAddress(one.edition.id)), _titles(one), one)
                for one in page.editions
            ],
            canonical=self.site.base_url + quoted(ListAddress(page.feed.slug)),
        )

    def feeds(self, page: FeedsPage) -> bytes:
        """The page that lists all feeds."""
        base, speaks = self.site.base_url, self._speaker(None)
        return self._render(
            "feeds",
            speaks,
            feeds=[feed_view(feed, base) for feed in page.feeds],
            newsletters=[feed_view(feed, base) for feed in page.newsletters],
            sources=[feed_view(feed, base) for feed in page.sources],
            everything=feed_view(Feed(slug="all", title=speaks.gettext("All articles")), base),
            canonical=base + quoted(FeedsAddress()),
        )

    def outline(self, page: FeedsPage) -> bytes:
        """The same for feed readers (OPML 2.0)."""
        speaks = self._speaker(None)
        everything = Feed(slug="all", title=f"{self.site.title}: {speaks.gettext('All articles')}")
        groups = (
            (speaks.gettext("Feeds"), (everything, *page.feeds)),
            (speaks.gettext("Newsletters"), page.newsletters),
            (speaks.gettext("By source"), page.sources),
        )
        return opml.write_feeds(groups, self.site.title, self.site.base_url)

    def text(self, page: EditionPage) -> EditionText:
        """An edition as an entry of a feed."""
        speaks = self._speaker(page.newsletter.languages[0])
        html = self.templates.render(
            "web/edition_entry.html.jinja",
            _=speaks.gettext,
            language=speaks.tag,
            entries=[self._entry(state, speaks, absolute=True) for state in page.states],
            site=self.site,
        )
        title = f"{page.newsletter.title} · {self._edition_date(page, speaks)}"
        return EditionText(title, shorten(_titles(page), EXCERPT_COLUMNS), html.strip())

    # --- what they share -----------------------------------------------------------------------------------------

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    def _speaker(self, language: str | None) -> Translator:
        primary = (language or "").lower().replace("_", "-").partition("-")[0]
        own = language if language and primary in _LANGUAGES else self.site.language
        return translator(own or "en")

    def _render(self, name: str, speaks: Translator, **values: object) -> bytes:
        page = self.templates.render(
            f"web/{name}.html.jinja",
            _=speaks.gettext,
            ngettext=speaks.ngettext,
            language=speaks.tag,
            root=urlsplit(self.site.base_url).path,
            site=self.site,
            searchable=self.searchable,
            **values,
        )
        # Lone surrogates can't be written; what else is unfit was left out before.
        return page.encode("utf-8", "replace")

    def _path(self, address: PageAddress) -> str:
        """The path of a page on our host."""
        return urlsplit(self.site.base_url).path + quoted(address)

    def _entry(self, state: ArticleState, speaks: Translator, *, absolute: bool = False) -> Entry:
        shown = item(state)
        page = self._path(ArticleAddress(state.article.id))
        if absolute:
            page = self.site.base_url + quoted(ArticleAddress(state.article.id))
        quotation = state.source.rights is Rights.QUOTE
        return Entry(
            item=shown,
            # What is only quoted is read where it stands.
            link=shown.link if quotation and shown.link else page,
            page=page,
            excerpt=shorten(shown.summary, EXCERPT_COLUMNS),
            date=speaks.date(shown.published, self._zone, "long"),
            source=line(state.source.title) or line(state.source.name),
            source_page=self._path(ListAddress(f"source/{state.source.name}")),
            quoted=quotation,
        )

    def _named(self, kind: str, name: str) -> Named:
        """A tag or an author; without a page where its name makes no feed."""
        slug = f"{kind}/{name}"
        has_page = names_feed(name) and self.has_list(slug)
        return Named(name, self._path(ListAddress(slug)) if has_page else "")

    def _edition_date(self, page: EditionPage, speaks: Translator) -> str:
        return speaks.date(page.edition.cut_at, ZoneInfo(page.newsletter.timezone), "long")


def robots(reserved: Reservations) -> str:
    """What we ask of robots for a quotation: what its own page asks of them."""
    said = ["noindex"] if dict(reserved.signals).get("search") is False else []
    said += [word for word, holds in (("noarchive", reserved.noarchive), ("nosnippet", reserved.nosnippet)) if holds]
    if reserved.max_snippet is not None:
        said.append(f"max-snippet:{reserved.max_snippet}")
    return ", ".join(said)


def with_scrolling(html: str) -> str:
    """Markup whose tables and formulas scroll by themselves where they are wider than a page, by the keyboard too.

    It is what `sources` made harmless: each tag is closed, and its attributes stand in quotes.
    """
    opened: list[bool] = []

    def wrapped(tag: re.Match[str]) -> str:
        if tag[2] not in ("table", "math"):
            return tag[0]
        if tag[1]:
            return f"{tag[0]}</div>" if opened and opened.pop() else tag[0]
        opened.append(tag[2] == "table" or ' display="block"' in tag[0])
        return f'<div class="scroll" tabindex="0">{tag[0]}' if opened[-1] else tag[0]

    return _CLEAN_TAG.sub(wrapped, html)


def as_script(data: dict[str, Any]) -> str:
    """JSON that may stand in a script element as it is."""
    return json.dumps(data, ensure_ascii=False, indent=1).translate(_ESCAPED)


def _article_data(
    shown: Item, state: ArticleState, address: str, summary: str, lead: LocalImage | None
) -> dict[str, Any]:
    """The article in the words of schema.org."""
    image = {"@type": "ImageObject", "url": lead.url, "width": lead.width, "height": lead.height} if lead else None
    said = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": shown.title,
        "description": summary,
        "datePublished": shown.published.isoformat(),
        "dateModified": shown.updated.isoformat(),
        "inLanguage": shown.language,
        "keywords": list(shown.tags),
        "author": [{"@type": "Person", "name": name} for name in shown.authors],
        "publisher": {"@type": "Organization", "name": line(state.source.title) or line(state.source.name)},
        "image": image,
        "articleSection": state.revision.content.section,
        "url": address,
        "mainEntityOfPage": shown.link or address,
        "isBasedOn": shown.original,
    }
    return {name: value for name, value in said.items() if value}


def _titles(page: EditionPage) -> str:
    titles: Sequence[str] = [item(state).title for state in page.states]
    return " · ".join(titles)
