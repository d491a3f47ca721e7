"""A reader walks an archive over HTTP as RFC 5005 says, in each format, and finds every article; none taken down."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree
from starlette.types import ASGIApp

from publisher.domain.article import New, Withheld
from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.source import Rights, Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.subscribe import Subscribing
from publisher.pipeline.withhold import withhold
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, entry

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SITE = Site("The Post", "https://post.example")
ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}archive"
STONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


class Desk:
    """A site with a feed of everything."""

    def __init__(self, storage: SqlStorage) -> None:
        self.storage, self.clock = storage, FakeClock()
        with storage.begin() as work:
            source = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/", rights=Rights.OWN)
            work.sources.apply([source], self.clock())
            work.feeds.apply([Feed(slug="news", title="News", limit=5, tombstones=True)])
            self.source = work.sources.all()[0].source
        self.feeds = FeedPublisher(storage, FeedDocumentWriter(), SITE, self.clock)

    def add(self, number: int) -> None:
        for key in (f"a{number}-{n}" for n in range(7)):
            with self.storage.begin() as work:
                work.articles.store(self.source.id, [New(entry(key, title=key), True)], self.clock())
            self.clock.pass_by(minutes=1)
        self.feeds.publish()


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    desk = Desk(storage)
    for number in range(3):
        desk.add(number)
    return desk


@pytest.fixture
def opened(desk: Desk, serve: Callable[[ASGIApp], Any]) -> Callable[[], Any]:
    """Opens the site, as who has kept no copy of what it said before."""

    def opened() -> Any:
        services = Services(Subscribing(desk.storage, desk.clock), desk.feeds.implied, archives=desk.feeds)
        return serve(build_web(desk.storage, Templates([shipped_templates()]), SITE, services))

    return opened


def read(body: bytes, format: FeedFormat) -> tuple[list[str], str | None, bool]:
    """Titles of the entries, the address of the page before, and whether it is a page of an archive."""
    if format is FeedFormat.JSON:
        document = json.loads(body)
        # JSON Feed has no mark for archives; a page is told by its address.
        archive = "/archive/" in document["feed_url"]
        return [item["title"] for item in document["items"]], document.get("next_url"), archive
    root = etree.fromstring(body)
    titles = root.xpath("//*[local-name()='entry' or local-name()='item']/*[local-name()='title']/text()")
    links = [link.get("href") for link in root.iter(f"{ATOM}link") if link.get("rel") == "prev-archive"]
    return titles, next(iter(links), None), next(root.iter(HISTORY), None) is not None


def walk(client: Any, format: FeedFormat) -> Iterator[tuple[str, list[str], bytes]]:
    url: str | None = f"{SITE.base_url}/feeds/news.{format}"
    while url:
        answer = client.ask(url.removeprefix(SITE.base_url))
        assert answer.status == 200
        titles, before, archive = read(answer.body, format)
        assert archive == ("/archive/" in url)
        yield url, titles, answer.body
        url = before


@pytest.mark.parametrize("format", FeedFormat)
def test_a_walker_finds_every_article_and_no_byte_changes_by_a_new_one(
    opened: Callable[[], Any], desk: Desk, format: FeedFormat
) -> None:
    before = list(walk(opened(), format))
    assert {title for _, titles, _ in before for title in titles} == {f"a{m}-{n}" for m in range(3) for n in range(7)}
    desk.add(3)
    after = {url: body for url, _, body in walk(opened(), format)}
    assert len(after) == len(before) + 1
    assert all(after[url] == body for url, _, body in before[1:])


@pytest.mark.parametrize("word", Withheld)
def test_what_is_taken_down_can_be_read_nowhere_and_leaves_a_tombstone(
    opened: Callable[[], Any], desk: Desk, word: Withheld
) -> None:
    before = list(walk(opened(), FeedFormat.ATOM))
    with desk.storage.read() as work:
        [state] = work.articles.find("1")
    assert opened().ask("/articles/1/").status == 200
    withhold(desk.storage, 1, word, desk.clock)
    desk.feeds.publish()
    client = opened()
    after = list(walk(client, FeedFormat.ATOM))
    gone = state.revision.content.title.encode()
    assert any(b">" + gone + b"<" in body for _, _, body in before)
    assert not any(b">" + gone + b"<" in body for _, _, body in after)
    assert client.ask("/articles/1/").status == 410
    oldest = client.ask(before[-1][0].removeprefix(SITE.base_url))
    assert (oldest.status, oldest.headers["location"]) == (302, after[-1][0])
    [stone] = etree.fromstring(after[0][2]).iter(STONE)
    assert stone.get("ref") == state.article.guid


def test_a_feed_taken_out_of_the_configuration_is_gone_with_its_archive(opened: Callable[[], Any], desk: Desk) -> None:
    pages = [url for url, _, _ in walk(opened(), FeedFormat.RSS)]
    with desk.storage.begin() as work:
        work.feeds.apply([])
    desk.feeds.publish()
    assert opened().ask(pages[-1].removeprefix(SITE.base_url)).status == 410
