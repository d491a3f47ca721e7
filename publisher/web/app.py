"""The web application: feeds by the short way, everything else by FastAPI, with the same headers on every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.errors import StorageError
from publisher.feeds.pages import HtmlPages
from publisher.pipeline.hubs import Hubs
from publisher.pipeline.pages import PagePublisher
from publisher.pipeline.ports import ImageFiles
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates
from publisher.web import api, feeds
from publisher.web.api import Pushing, api_routes
from publisher.web.feeds import Archives, FeedFiles, Implied
from publisher.web.health import health_routes
from publisher.web.images import image_routes
from publisher.web.outbox import Outbox, outbox_routes
from publisher.web.page import Pages
from publisher.web.pages import NAMELESS, Collector, page_routes
from publisher.web.public import public_routes
from publisher.web.security import SecurityHeaders
from publisher.web.subscriptions import subscription_routes
from publisher.web.websub import websub_routes

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Services:
    """What pages and routes call: subscribing, the making of feeds that are not stored, who we are outside, the
    ways in for articles where they are open, the copies of images, and the archives of feeds."""

    subscribing: Subscribing
    implied: Implied
    collector: Collector = NAMELESS
    pushing: Pushing | None = None
    hubs: Hubs | None = None
    images: ImageFiles | None = None
    archives: Archives | None = None


def build_web(
    storage: SqlStorage, templates: Templates, site: Site, services: Services, outbox: Outbox | None = None
) -> ASGIApp:
    """The application for one site. The outbox page exists when `outbox` is given."""
    pages = Pages(templates, site)

    def error_page(scope: Scope, status: int) -> ASGIApp:
        headers = {405: {"Allow": "GET, HEAD, OPTIONS"}, 429: {"Retry-After": "2"}}.get(status)
        return SecurityHeaders(pages.error(scope, status, headers))

    rest = SecurityHeaders(_pages(storage, pages, services, outbox))
    feed_files = FeedFiles(storage, services.implied, error_page, archives=services.archives, site=site)
    return _Web(feed_files, rest, pages.root)


class _Web:
    """Feeds go the short way.

    A site below a path of its host is found with that path and without: some proxies strip it, others don't.
    """

    def __init__(self, feed_files: ASGIApp, rest: ASGIApp, root: str) -> None:
        self._feed_files = feed_files
        self._rest = rest
        self._root = unquote(root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._root and scope.get("path", "").startswith(f"{self._root}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self._root)}
        elif self._root and scope.get("path") == self._root:
            return await RedirectResponse(f"{quote(self._root)}/", 301)(scope, receive, send)
        feed = scope["type"] == "http" and feeds.is_document(scope["path"])
        await (self._feed_files if feed else self._rest)(scope, receive, send)


def _pages(storage: SqlStorage, pages: Pages, services: Services, outbox: Outbox | None) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(page_routes(storage, pages, services.collector))
    publisher = PagePublisher(storage, HtmlPages(pages.templates, pages.site), pages.site, services.subscribing.clock)
    app.include_router(public_routes(storage, publisher, pages.root))
    app.include_router(subscription_routes(services.subscribing, pages))
    app.include_router(health_routes(storage))
    if services.pushing is not None:
        app.include_router(api_routes(services.pushing))
    if services.hubs is not None:
        app.include_router(websub_routes(services.hubs))
    if services.images is not None:
        with storage.read() as work:
            app.include_router(image_routes(services.images, work.meta.keyring()))
    if outbox is not None:
        app.include_router(outbox_routes(outbox, pages))
    app.mount("/static", StaticFiles(directory=STATIC))

    def error_answer(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
        if request.scope["path"].startswith(api.PREFIX):
            return api.refusal(request, status, headers)
        return pages.error(request.scope, status, headers)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return error_answer(request, error.status_code, error.headers)

    @app.exception_handler(StorageError)
    async def without_database(request: Request, _: StorageError) -> Response:
        return error_answer(request, 503, {"Retry-After": "60"})

    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        # The traceback is in the log: the framework raises it again once the page is out.
        return error_answer(request, 500)

    return app
