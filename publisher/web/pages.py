"""The pages that anybody may read: the front page, which says what this site publishes and where, and the one for
webmasters, which says what it collects.

Browsers ask for an icon too; there is none, and that is no error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response

from publisher.domain.feed import Feed, newsletter_feed, source_feed
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import Source
from publisher.feeds.pages import feed_view
from publisher.pipeline.ports import Page, Storage
from publisher.pipeline.publish import COLLECTOR_PATH
from publisher.web.page import Pages, error_text


@dataclass(frozen=True, slots=True)
class Collector:
    """How we appear on other people's servers: our User-Agent, and the address or URL to write to."""

    user_agent: str = "publisher"
    contact: str = ""


NAMELESS = Collector()


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as the page for webmasters shows it; `address` is empty when it is not on the web."""

    title: str
    address: str
    rights: str


def page_routes(storage: Storage, pages: Pages, collector: Collector) -> APIRouter:
    """The routes of the public pages."""
    router = APIRouter()
    base_url = pages.site.base_url

    @router.api_route("/", methods=["GET", "HEAD"])
    def index(request: Request) -> Response:
        return pages.page(request, "index", **_front(storage, base_url))

    @router.api_route(COLLECTOR_PATH, methods=["GET", "HEAD"])
    def about_collecting(request: Request) -> Response:
        return pages.page(request, "collector", **_about(storage, base_url, pages.site.title, collector))

    @router.api_route("/favicon.ico", methods=["GET", "HEAD"])
    async def icon() -> Response:
        # Our pages name an empty one; who asks all the same (for a feed, a mail) needs no page that says 404.
        return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})

    return router


def still_pages(storage: Storage, pages: Pages, collector: Collector) -> Mapping[str, Page]:
    """These pages, and those of errors, as files, by their paths; in the site's language."""
    base_url = pages.site.base_url
    made = {f"/{status}.html": pages.render("error", **_error(status)) for status in (404, 410)}
    made[COLLECTOR_PATH] = pages.render("collector", **_about(storage, base_url, pages.site.title, collector))
    made["/"] = pages.render("index", **_front(storage, base_url))
    return {path: Page(body=text.encode("utf-8", "replace")) for path, text in made.items()}


def _error(status: int) -> dict[str, Any]:
    title, sentence = error_text(status)
    return {"title": title, "sentence": sentence}


def _front(storage: Storage, base_url: str) -> dict[str, Any]:
    with storage.read() as work:
        feeds = [feed_view(feed, base_url) for feed in work.feeds.all()]
        sources = [feed_view(source_feed(stored.source), base_url) for stored in work.sources.all()]
        newsletters: list[Newsletter] = work.newsletters.all()
    newsletter_feeds = [feed_view(newsletter_feed(newsletter), base_url) for newsletter in newsletters]
    return {"feeds": feeds, "sources": sources, "newsletters": newsletters, "newsletter_feeds": newsletter_feeds}


def _about(storage: Storage, base_url: str, title: str, collector: Collector) -> dict[str, Any]:
    with storage.read() as work:
        sources = [_source_view(stored.source) for stored in work.sources.all()]
    contact = collector.contact
    if "@" in contact and ":" not in contact:
        contact = f"mailto:{contact}"
    if contact == base_url + COLLECTOR_PATH:
        contact = ""
    everything = feed_view(Feed(slug="all", title=title), base_url)
    return {"feeds": [everything], "sources": sources, "agent": collector.user_agent, "contact": contact}


def _source_view(source: Source) -> SourceView:
    on_the_web = urlsplit(source.url).scheme in ("http", "https")
    return SourceView(source.shown, _without_secrets(source.url) if on_the_web else "", source.rights.value)


def _without_secrets(url: str) -> str:
    """An address to show: without a user's name and password, and without a query, which may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
