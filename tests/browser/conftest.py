"""A real Chromium, and a server that counts who comes to it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.web.serve import Server

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 60_000
"""Milliseconds that a browser may take over anything."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: on which database pages read is all the same."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'publisher.db')}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a context of its own; a failing test finds out what the browser complained of."""
    context = chromium.new_context(viewport={"width": 1000, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("console", lambda message: print("console:", message.text))
    yield page
    context.close()


def follow(page: Page, link: str) -> None:
    """Click the link of this name, and wait until the page that it leads to is there."""
    with page.expect_navigation():
        page.get_by_role("link", name=link).click()


@dataclass
class Stranger:
    """Another host: it answers everything, and remembers each request with its headers."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["path"], headers))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<title>stranger</title>"})

    @property
    def paths(self) -> list[str]:
        """What was asked for, but the icon that a browser asks each page for."""
        return [path for path, _ in self.asked if path != "/favicon.ico"]


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], str]]:
    """Serves applications; gives the address of each."""
    servers = []

    def start(app: ASGIApp) -> str:
        server = Server(app, "127.0.0.1", 0, "[web] port")
        server.start()
        servers.append(server)
        return server.address

    yield start
    for server in servers:
        assert server.stop(60)


@pytest.fixture
def stranger(serve: Callable[[ASGIApp], str]) -> Stranger:
    stranger = Stranger()
    stranger.address = serve(stranger)
    return stranger
