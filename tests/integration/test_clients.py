"""A year with a feed in the programs that people read feeds with: nothing twice, nothing missing."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser_sgmllib
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.domain.article import Edited, Entry, New
from publisher.domain.feed import Feed
from publisher.domain.source import Rights, Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import open_storage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.serve import Server
from tests.fakes import FakeClock, entry
from tests.integration.clients import CLIENTS, Client, Feedparser, Shown, Walker

FIRST = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


class Wire:
    """A site on loopback that notes what it is asked: path, whether on a condition, and the status it answers."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.storage = open_storage(f"sqlite:///{shutil.copy(template, folder / 'publisher.db')}")
        self.clock = FakeClock()
        self.asked: list[tuple[str, bool, int]] = []
        self._app: ASGIApp | None = None
        self._server = Server(self, "127.0.0.1", 0, "[web] port")
        self._server.start()
        self.site = Site("The Post", self._server.address)
        self._feeds = FeedPublisher(self.storage, FeedDocumentWriter(), self.site, self.clock)
        services = Services(Subscribing(self.storage, self.clock), self._feeds.implied, archives=self._feeds)
        self._app = build_web(self.storage, Templates([shipped_templates()]), self.site, services)
        with self.storage.begin() as work:
            source = Source(
                name="blog", kind=SourceKind.FEED, url="https://example.org/", title="Harbour News", rights=Rights.OWN
            )
            work.sources.apply([source], self.clock())
            self._source = work.sources.all()[0].source.id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in scope["headers"]}
                self.asked.append((scope["path"], b"if-none-match" in names, message["status"]))
            await send(message)

        assert self._app is not None
        await self._app(scope, receive, noting)

    def say(self, *entries: Entry) -> None:
        """Publish articles, or edits of them."""
        with self.storage.begin() as work:
            known = work.articles.known(self._source, [one.key for one in entries])
            changes = [Edited(known[one.key], one) if one.key in known else New(one, True) for one in entries]
            work.articles.store(self._source, changes, self.clock())
        self.publish()

    def define(self, *feeds: Feed) -> None:
        with self.storage.begin() as work:
            work.feeds.apply(feeds)
        self.publish()

    def publish(self) -> None:
        """Bring the documents up to date."""
        self._feeds.publish()
        self.clock.pass_by(hours=1)

    def close(self) -> None:
        self._server.stop(60)
        self.storage.close()


@pytest.fixture
def wire(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    # `reader` still asks for a module that Python 3 has no more.
    monkeypatch.setitem(sys.modules, "sgmllib", feedparser_sgmllib)
    # Nobody waits here until copies are looked at again.
    monkeypatch.setattr("publisher.web.feeds.CHECK_EVERY", 0.0)
    made = Wire(tmp_path, sqlite_template)
    yield made
    made.close()


def article(key: str, title: str, author: str = "") -> Entry:
    body = {"html": f"<p>{title} 正文</p>", "text": f"{title} 正文", "language": "zh"}
    return entry(key, title=title, authors=(author,) if author else (), published=dated(key), **body)


def dated(key: str) -> datetime:
    return FIRST.replace(minute=ord(key) - ord("a"))


class Pair:
    """A client in each of the formats that it reads."""

    def __init__(self, kind: type[Client], wire: Wire, folder: Path) -> None:
        self.kind, self.wire, self._clients = kind, wire, {}
        for format in kind.nobody:
            (folder / format).mkdir()
            self._clients[format] = kind(folder / format, f"{wire.site.base_url}/feeds/news.{format}")

    def look(self, succeeds: bool = True) -> dict[str, list[tuple[str, bool, int]]]:
        """What each asks for when it looks: slug, whether on a condition, status."""
        asked = {}
        for format, client in self._clients.items():
            self.wire.asked.clear()
            assert client.look() is succeeds, format
            asked[format] = [
                (path.removeprefix("/feeds/").removesuffix(f".{format}"), conditional, status)
                for path, conditional, status in self.wire.asked
            ]
        return asked

    def each(self, *asked: tuple[str, bool, int]) -> dict[str, list[tuple[str, bool, int]]]:
        return {format: list(asked) for format in self._clients}

    def shows(self, *expected: tuple[str, str, str]) -> bool:
        """Whether each shows these articles (key, title, author), each of them once."""
        for format, client in self._clients.items():
            entries = [Shown(title, author or self.kind.nobody[format], dated(key)) for key, title, author in expected]
            assert sorted(client.shown()) == sorted(entries), format
        return True


@pytest.mark.parametrize("kind", CLIENTS)
def test_nothing_comes_twice_and_nothing_is_missing(kind: type[Client], wire: Wire, tmp_path: Path) -> None:
    wire.define(Feed(slug="news", title="News 新闻"))
    tides, table, nobody = ("a", "Tides & ebb", "Ana Ruiz"), ("b", "潮汐表开放数据", "林小满"), ("c", "第三条", "")
    wire.say(*(article(*one) for one in (tides, table, nobody)))
    clients = Pair(kind, wire, tmp_path)

    def conditional(look: int) -> bool:
        return kind.first_condition is not None and look >= kind.first_condition

    assert clients.look() == clients.each(("news", conditional(1), 200))
    assert clients.shows(tides, table, nobody)

    for number in (2, 3):
        asks = conditional(number)
        assert clients.look() == clients.each(("news", asks, 304 if asks else 200))
    assert clients.shows(tides, table, nobody)

    mended = ("b", "潮汐表开放数据：更正", "林小满")
    wire.say(article(*mended))
    assert clients.look() == clients.each(("news", conditional(4), 200))
    former = [table] if kind.keeps_former else []
    assert clients.shows(tides, mended, nobody, *former)

    late = ("d", "Late 新文章", "林小满")
    wire.say(article(*late))
    clients.look()
    assert clients.shows(tides, mended, nobody, late, *former)

    wire.define(Feed(slug="wire", title="News 新闻", previous_slugs=("news",)))
    moved = clients.look(succeeds=kind.follows)
    assert all(asked[0] == ("news", conditional(6), 301) for asked in moved.values())
    after = ("e", "After the move", "Ana Ruiz")
    wire.say(article(*after))
    first = "wire" if kind.remembers else "news"
    assert {asked[0][0] for asked in clients.look(succeeds=kind.follows).values()} == {first}
    there = [after] if kind.follows else []
    assert clients.shows(tides, mended, nobody, late, *former, *there)

    wire.define()
    assert clients.look(succeeds=False) == clients.each((first, conditional(8), 410))
    assert clients.shows(tides, mended, nobody, late, *former, *there)


def test_who_walks_archives_misses_nothing_after_a_year_away(wire: Wire, tmp_path: Path) -> None:
    wire.define(Feed(slug="news", title="News", limit=3))
    wire.say(*(entry(f"n{number}") for number in range(60)))
    urls = [f"{wire.site.base_url}/feeds/news.{format}" for format in ("rss", "atom")]
    walkers, other = [Walker(tmp_path, url) for url in urls], Feedparser(tmp_path, urls[0])
    assert all(client.look() for client in (*walkers, other))

    wire.say(*(entry(f"n{number}") for number in range(60, 120)))
    wire.say(entry("n7", title="n7 mended"))
    wire.asked.clear()
    assert all(client.look() for client in (*walkers, other))
    assert all(status == 200 for _, _, status in wire.asked)
    expected = {"n7 mended", *(f"n{number}" for number in range(120))} - {"n7"}
    for walker in walkers:
        titles = [one.title for one in walker.shown()]
        assert (len(titles), set(titles)) == (120, expected)
    assert len(other.shown()) == 6
