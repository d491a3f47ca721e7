"""Feed documents over HTTP, header by header."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import brotli
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Scope

from publisher.domain.feed import Feed, FeedFormat
from publisher.errors import StorageError
from publisher.pipeline.ports import Deliveries, FeedDocument, Storage, UnitOfWork
from publisher.pipeline.publish import Site
from publisher.storage.database import SqlStorage
from publisher.web.feeds import CHECK_EVERY, IMPLIED_A_SECOND, Archives, FeedFiles, Times
from tests.unit.storage.made import entry, put_articles

MODIFIED = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
LAST_MODIFIED = "Tue, 24 Nov 2026 08:00:00 GMT"
CACHE_CONTROL = "public, max-age=1800"
NOW = datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC)
EXPIRES = "Tue, 24 Nov 2026 09:30:00 GMT"


SITE = Site("Post", "https://post.example/wire", hubs=("https://hub.example/", "https://hub.example/2"))


def document(slug: str = "news", format: FeedFormat = FeedFormat.RSS, text: str = "<rss>海</rss>") -> FeedDocument:
    body = text.encode()
    tag = str(sum(body))
    return FeedDocument(
        slug=slug,
        format=format,
        body=body,
        body_gzip=gzip.compress(body, mtime=0),
        etag=f'"{tag}"',
        last_modified=MODIFIED,
        built_seq=1,
    )


RSS = document()
LINK = (
    '<https://hub.example/>; rel="hub", <https://hub.example/2>; rel="hub", '
    '<https://post.example/wire/feeds/news.rss>; rel="self"'
)
PLAIN, ZIPPED = RSS.etag, f'{RSS.etag[:-1]}-gzip"'
BROTLI = f'{PLAIN[:-1]}-br"'


@dataclass
class Watched(Storage):
    """A real database that counts how often it is read, and that can go away."""

    real: Storage
    reads: int = 0
    away: bool = False

    def read(self) -> AbstractContextManager[UnitOfWork]:
        self.reads += 1
        if self.away:
            raise StorageError("database /secret/path: the disk reports an error")
        return self.real.read()

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        return self.real.begin()

    @property
    def ledger(self) -> Deliveries:
        return self.real.ledger


@dataclass
class Monotonic:
    """Seconds that pass when they are told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def error_page(scope: Scope, status: int) -> ASGIApp:
    return PlainTextResponse(f"page of {status}", status)


@pytest.fixture
def watched(storage: Storage) -> Watched:
    with storage.begin() as work:
        work.feeds.apply([Feed(slug="news", title="News"), Feed(slug="晚间", title="晚间")])
        work.feeds.store([document(format=format) for format in FeedFormat])
        work.feeds.store([document("晚间"), document("v1.0")])
    return Watched(storage)


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@dataclass
class Implied:
    """Makes the feeds of one tag, and counts that."""

    made: int = 0

    def __call__(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        self.made += 1
        return document(slug, format, f"made {self.made}") if slug.startswith("tag/海") else None


@dataclass
class Pages(Archives):
    """An archive of two pages, of which one can be edited."""

    edited: bool = False
    made: int = 0

    def archive_version(self, slug: str, number: int) -> str | None:
        if slug != "news":
            return None
        return {1: "0" * 12, 2: ("b" if self.edited else "a") * 12, 3: ""}.get(number)

    def archive_url(self, slug: str, number: int, version: str, format: FeedFormat) -> str:
        feed = Feed(slug=slug, title="")
        return f"https://post.example{feed.archive_path(format, number, version) if version else feed.path(format)}"

    def archived(self, slug: str, number: int, format: FeedFormat) -> FeedDocument | None:
        self.made += 1
        version = self.archive_version(slug, number) or ""
        return replace(document(slug, format, f"{number} {version}"), shape=version)


@pytest.fixture
def archives() -> Pages:
    return Pages()


@pytest.fixture
def implied() -> Implied:
    return Implied()


@pytest.fixture
def feeds(
    watched: Watched, implied: Implied, monotonic: Monotonic, archives: Pages, serve: Callable[[ASGIApp], object]
) -> Iterator[object]:
    return serve(FeedFiles(watched, implied, error_page, archives, Times(monotonic, lambda: NOW), SITE))


def test_a_document_comes_with_all_its_headers(feeds) -> None:
    answer = feeds.ask("/feeds/news.rss")
    answer.headers.pop("date")
    assert (answer.status, answer.body) == (200, RSS.body)
    assert answer.headers == {
        "content-type": "application/rss+xml; charset=utf-8",
        "content-length": str(len(RSS.body)),
        "etag": PLAIN,
        "last-modified": LAST_MODIFIED,
        "cache-control": CACHE_CONTROL,
        "expires": EXPIRES,
        "vary": "Accept-Encoding, Sec-Fetch-Dest",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "link": LINK,
    }


def test_a_feed_that_nobody_defined_names_no_hub(feeds) -> None:
    assert "link" not in feeds.ask(f"/feeds/tag/{quote('海')}.rss").headers


@pytest.mark.parametrize(
    ("accepted", "coding", "tag", "plain"),
    [("gzip, deflate", "gzip", ZIPPED, gzip.decompress), ("gzip, deflate, br", "br", BROTLI, brotli.decompress)],
)
def test_compressed_it_has_a_tag_of_its_own(
    feeds, accepted: str, coding: str, tag: str, plain: Callable[[bytes], bytes]
) -> None:
    answer = feeds.ask("/feeds/news.rss", {"Accept-Encoding": accepted})
    assert plain(answer.body) == RSS.body
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["etag"] == tag
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"


def test_who_opens_it_in_a_browser_gets_the_same_bytes_as_xml_that_browsers_show(feeds) -> None:
    for headers, media_type in (
        ({"Sec-Fetch-Dest": "document"}, "application/xml; charset=utf-8"),
        ({"Sec-Fetch-Dest": "empty"}, "application/rss+xml; charset=utf-8"),
    ):
        answer = feeds.ask("/feeds/news.rss", headers)
        assert (answer.headers["content-type"], answer.headers["etag"], answer.body) == (media_type, PLAIN, RSS.body)
    json = feeds.ask("/feeds/news.json", {"Sec-Fetch-Dest": "document"})
    assert json.headers["content-type"] == "application/feed+json; charset=utf-8"


@pytest.mark.parametrize("format", list(FeedFormat))
def test_each_format_has_its_media_type_and_opens_to_scripts_of_other_sites(feeds, format: FeedFormat) -> None:
    answer = feeds.ask(f"/feeds/news.{format}")
    assert answer.status == 200
    assert answer.headers["content-type"] == format.media_type
    assert answer.headers["access-control-allow-origin"] == "*"


TABLE = [
    ({}, 200, PLAIN),
    ({"If-None-Match": PLAIN}, 304, PLAIN),
    ({"If-None-Match": f"W/{PLAIN}"}, 304, PLAIN),
    ({"If-None-Match": f'"other", W/{PLAIN}'}, 304, PLAIN),
    ({"If-None-Match": "*"}, 304, PLAIN),
    ({"If-None-Match": '"other"'}, 200, PLAIN),
    ({"If-None-Match": ZIPPED}, 200, PLAIN),
    ({"If-None-Match": PLAIN, "Accept-Encoding": "gzip"}, 200, ZIPPED),
    ({"If-None-Match": ZIPPED, "Accept-Encoding": "gzip"}, 304, ZIPPED),
    ({"If-None-Match": f"{PLAIN}, {ZIPPED}", "Accept-Encoding": "gzip"}, 304, ZIPPED),
    ({"If-None-Match": f"{PLAIN}, {ZIPPED}", "Accept-Encoding": "gzip, br"}, 200, BROTLI),
    ({"If-None-Match": f"W/{BROTLI}", "Accept-Encoding": "gzip, br"}, 304, BROTLI),
    ({"Accept-Encoding": "br;q=0.5, gzip"}, 200, ZIPPED),
    ({"If-Modified-Since": LAST_MODIFIED}, 304, PLAIN),
    ({"If-Modified-Since": LAST_MODIFIED, "Accept-Encoding": "gzip"}, 304, ZIPPED),
    ({"If-Modified-Since": "Tue, 24 Nov 2026 07:59:59 GMT"}, 200, PLAIN),
    ({"If-Modified-Since": "nonsense"}, 200, PLAIN),
    ({"If-None-Match": '"other"', "If-Modified-Since": LAST_MODIFIED}, 200, PLAIN),
    ({"If-None-Match": PLAIN, "If-Modified-Since": "Tue, 24 Nov 2020 08:00:00 GMT"}, 304, PLAIN),
    ({"Accept-Encoding": "gzip;q=0"}, 200, PLAIN),
    ({"Accept-Encoding": "identity;q=0, *"}, 200, BROTLI),
    ({"Accept-Encoding": "*;q=0"}, 200, PLAIN),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("headers", "status", "etag"), TABLE)
def test_conditions_and_encodings(feeds, headers: dict[str, str], status: int, etag: str, method: str) -> None:
    answer = feeds.ask("/feeds/news.rss", headers, method)
    assert (answer.status, answer.headers["etag"]) == (status, etag)
    # What a cache needs is on both answers; what describes a body only where there is one to describe.
    assert answer.headers["last-modified"] == LAST_MODIFIED
    assert (answer.headers["cache-control"], answer.headers["expires"]) == (CACHE_CONTROL, EXPIRES)
    assert answer.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert ("content-type" in answer.headers) is (status == 200)
    assert bool(answer.body) is (status == 200 and method == "GET")
    if status == 200 and method == "GET":
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.headers.get("content-encoding") == {ZIPPED: "gzip", BROTLI: "br"}.get(etag)


@pytest.mark.parametrize(
    "path",
    [
        f"/feeds/{quote('晚间')}.rss",
        f"/feeds/tag/{quote('海风')}.rss",
        f"/feeds/tag%2F{quote('海风')}.rss",
        "/feeds/v1.0.rss",
        "/feeds/news.rss?utm_source=x",
    ],
)
def test_slugs_of_every_kind_are_found(feeds, path: str) -> None:
    assert feeds.ask(path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/",
        "/feeds/news",
        "/feeds/news.xml",
        "/feeds/news.RSS",
        "/feeds/.rss",
        "/feeds/other.rss",
        "/feeds/news.rss/",
        "/feeds/%00.rss",
        "/feeds/news%0A.rss",
        "/feeds/%FF.rss",
        "/feeds/source/nobody.atom",
    ],
)
def test_what_is_no_feed_is_a_page_of_404(feeds, path: str) -> None:
    answer = feeds.ask(path)
    assert (answer.status, answer.text) == (404, "page of 404")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_feed_is_only_read(feeds, method: str) -> None:
    assert feeds.ask("/feeds/news.rss", method=method).status == 405


def test_a_script_of_another_site_may_ask_with_conditions(feeds) -> None:
    asking = {"Origin": "https://reader.example", "Access-Control-Request-Headers": "if-none-match"}
    answer = feeds.ask("/feeds/news.rss", asking, method="OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
    assert answer.headers["access-control-allow-headers"] == "If-None-Match, If-Modified-Since"


def test_the_database_is_asked_once_a_second_and_bodies_once(feeds, watched: Watched, monotonic: Monotonic) -> None:
    for _ in range(5):
        feeds.ask("/feeds/news.rss", {"If-None-Match": PLAIN})
    # Once for the version, once for the document.
    assert watched.reads == 2
    monotonic.now += CHECK_EVERY
    for _ in range(5):
        assert feeds.ask("/feeds/news.rss", {"If-None-Match": PLAIN}).status == 304
    assert watched.reads == 3


def test_a_changed_document_is_served_a_second_later(feeds, watched: Watched, monotonic: Monotonic) -> None:
    assert feeds.ask("/feeds/news.rss").body == RSS.body
    new = replace(document(text="<rss>new</rss>"), built_seq=2)
    with watched.begin() as work:
        work.feeds.store([new])
    assert feeds.ask("/feeds/news.rss").body == RSS.body
    monotonic.now += CHECK_EVERY
    answer = feeds.ask("/feeds/news.rss", {"If-None-Match": PLAIN})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, new.body, new.etag)


def test_a_document_read_after_a_change_makes_the_others_read_again(feeds, watched: Watched) -> None:
    assert feeds.ask("/feeds/news.rss").body == RSS.body
    with watched.begin() as work:
        work.feeds.store([document(text="<rss>new</rss>")])
    # Not in memory yet: it is read, and tells that what is there is old.
    assert feeds.ask("/feeds/news.atom").status == 200
    assert feeds.ask("/feeds/news.rss").text == "<rss>new</rss>"


def test_a_feed_that_is_removed_is_gone(feeds, watched: Watched, monotonic: Monotonic) -> None:
    assert feeds.ask("/feeds/news.rss").status == 200
    with watched.begin() as work:
        work.feeds.apply([])
    monotonic.now += CHECK_EVERY
    assert feeds.ask("/feeds/news.rss").status == 410


def test_a_feed_that_was_renamed_is_found_by_its_former_names(feeds, watched: Watched, monotonic: Monotonic) -> None:
    assert feeds.ask("/feeds/news.rss").status == 200
    with watched.begin() as work:
        work.feeds.apply([Feed(slug="晨报", title="News", previous_slugs=("latest", "news"))])
    monotonic.now += CHECK_EVERY
    for before, now in (
        ("/feeds/news.rss", f"{quote('晨报')}.rss"),
        ("/feeds/latest.json", f"{quote('晨报')}.json"),
        ("/feeds/news/archive/3-ab.atom", f"../../{quote('晨报')}/archive/3-ab.atom"),
    ):
        answer = feeds.ask(before)
        assert (answer.status, answer.headers["location"], answer.body) == (301, now, b"")
        assert answer.headers["cache-control"] == CACHE_CONTROL
    assert feeds.ask("/feeds/other.rss").status == 404


def test_without_the_database_known_feeds_are_served_and_others_are_a_503(
    feeds, watched: Watched, monotonic: Monotonic
) -> None:
    assert feeds.ask("/feeds/news.rss").status == 200
    watched.away = True
    monotonic.now += CHECK_EVERY
    assert feeds.ask("/feeds/news.rss").status == 200
    answer = feeds.ask("/feeds/news.json")
    assert (answer.status, answer.text) == (503, "page of 503")


def test_json_stays_as_it_was_stored(watched: Watched, feeds, monotonic: Monotonic) -> None:
    text = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "海"}, ensure_ascii=False)
    with watched.begin() as work:
        work.feeds.store([document(format=FeedFormat.JSON, text=text)])
    assert json.loads(feeds.ask("/feeds/news.json").body)["title"] == "海"


def test_a_feed_that_nobody_defined_is_made_when_it_is_asked_for(feeds, implied: Implied) -> None:
    path = f"/feeds/tag/{quote('海')}.rss"
    first = feeds.ask(path)
    assert (first.status, first.text) == (200, "made 1")
    assert feeds.ask(path).text == "made 1"
    assert feeds.ask(path, {"If-None-Match": first.headers["etag"]}).status == 304
    assert implied.made == 1
    assert feeds.ask("/feeds/tag/nothing.rss").status == 404
    assert feeds.ask("/feeds/unheard/of.rss").status == 404
    assert implied.made == 2


def test_it_is_made_again_once_an_article_changed(
    feeds, implied: Implied, watched: Watched, monotonic: Monotonic
) -> None:
    path = f"/feeds/tag/{quote('海')}.rss"
    assert feeds.ask(path).text == "made 1"
    assert isinstance(watched.real, SqlStorage)
    put_articles(watched.real, entry("new"))
    assert feeds.ask(path).text == "made 1"
    monotonic.now += CHECK_EVERY
    assert feeds.ask(path).text == "made 2"
    monotonic.now += CHECK_EVERY
    assert feeds.ask(path).text == "made 2"


def test_of_such_feeds_so_many_are_made_at_once_and_kept(feeds, implied: Implied, monotonic: Monotonic) -> None:
    monotonic.now = 1000.0
    answers = [feeds.ask(f"/feeds/tag/{quote('海')}{number}.rss").status for number in range(IMPLIED_A_SECOND + 2)]
    assert answers == [200] * IMPLIED_A_SECOND + [429] * 2
    assert feeds.ask(f"/feeds/tag/{quote('海')}0.rss").status == 200, "what is kept costs nothing"
    monotonic.now += 0.5
    assert feeds.ask(f"/feeds/tag/{quote('海')}99.rss").status == 200


def test_a_page_of_an_archive_is_made_once_and_kept_while_its_version_is(feeds, archives: Pages) -> None:
    path = f"/feeds/news/archive/2-{'a' * 12}.atom"
    first = feeds.ask(path)
    assert (first.status, first.text) == (200, f"2 {'a' * 12}")
    assert first.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert feeds.ask(path, {"If-None-Match": first.headers["etag"]}).status == 304
    assert archives.made == 1


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        (f"2-{'a' * 12}", f"/feeds/news/archive/2-{'b' * 12}.rss"),
        ("2", f"/feeds/news/archive/2-{'b' * 12}.rss"),
        ("3", "/feeds/news.rss"),
        (f"3-{'a' * 12}", "/feeds/news.rss"),
    ],
)
def test_another_address_of_a_page_leads_to_where_it_is_now(feeds, archives: Pages, asked: str, leads_to: str) -> None:
    feeds.ask(f"/feeds/news/archive/2-{'a' * 12}.rss")
    archives.edited = True
    answer = feeds.ask(f"/feeds/news/archive/{asked}.rss")
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["location"] == f"https://post.example{leads_to}"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["news/archive/4", "news/archive/0", "unheard/archive/1", "news/archive/1-short"])
def test_what_is_no_page_of_an_archive_is_not_found(feeds, name: str) -> None:
    assert feeds.ask(f"/feeds/{name}.json").status == 404


def test_pages_of_archives_are_made_so_many_at_once(feeds, archives: Pages, monotonic: Monotonic) -> None:
    monotonic.now = 1000.0
    paths = [f"/feeds/news/archive/1-{'0' * 12}.{format}" for format in FeedFormat]
    assert [feeds.ask(path).status for path in paths] == [200] * 3
    for number in range(IMPLIED_A_SECOND - 3):
        feeds.ask(f"/feeds/tag/{quote('海')}{number}.rss")
    assert feeds.ask(f"/feeds/news/archive/2-{'a' * 12}.rss").status == 429
    assert [feeds.ask(path).status for path in paths] == [200] * 3
