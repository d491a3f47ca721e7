"""The front page, the pages of errors, and the headers that all pages carry."""

import logging
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from publisher.domain.feed import Feed
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import parse_cadence
from publisher.domain.source import Rights, Source, SourceKind
from publisher.errors import StorageError
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.page import Pages
from publisher.web.pages import Collector
from tests.fakes import FakeClock, no_feed

SITE = Site("Harbour Light", "https://light.example/news", legal="Harbour Light, 1 Quay Street")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


COLLECTOR = Collector("publisher/1 (+https://light.example/news/collector)", "desk@light.example")


def application(storage: SqlStorage, site: Site = SITE, folders: tuple[Path, ...] = ()) -> ASGIApp:
    templates = Templates([*folders, shipped_templates()])
    return build_web(storage, templates, site, Services(Subscribing(storage, FakeClock()), no_feed, COLLECTOR))


@pytest.fixture
def client(storage: SqlStorage, serve: Callable[[ASGIApp], object]):
    return serve(application(storage))


@pytest.fixture
def filled(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply(
            [
                Feed(slug="all-news", title="All <news>", description="Everything & more"),
                Feed(slug="晚间", title="晚间"),
            ]
        )
        work.sources.apply([Source(name="blog", kind=SourceKind.FEED, url="https://x.example/", title="A blog")], NOW)
        cadences = tuple(parse_cadence(name) for name in ("immediate", "daily", "mon,wed,fri"))
        work.newsletters.apply(
            [Newsletter(slug="digest", title="The digest", sender=Mailbox("n@light.example"), cadences=cadences)]
        )


def test_an_empty_site_says_so(client) -> None:
    answer = client.ask("/")
    assert answer.status == 200
    assert "Nothing is published here yet." in answer.text
    assert "Harbour Light, 1 Quay Street" in answer.text


@pytest.mark.usefixtures("filled")
def test_the_front_page_names_feeds_and_newsletters_with_their_addresses(client) -> None:
    text = client.ask("/").text
    assert "All &lt;news&gt;" in text
    assert "Everything &amp; more" in text
    for address in ("all-news.rss", "all-news.atom", "%E6%99%9A%E9%97%B4.json", "source/blog.atom"):
        assert f'href="https://light.example/news/feeds/{address}"' in text
    assert "The digest" in text
    assert "as soon as something is new" in text
    assert "Mon, Wed, Fri" in text


@pytest.mark.usefixtures("filled")
def test_a_reader_finds_each_feed_by_itself(client) -> None:
    text = client.ask("/").text
    for media_type, title, end in (
        ("application/rss+xml", "RSS", "rss"),
        ("application/atom+xml", "Atom", "atom"),
        ("application/feed+json", "JSON Feed", "json"),
    ):
        address = f"https://light.example/news/feeds/all-news.{end}"
        link = f'<link rel="alternate" type="{media_type}" title="All &lt;news&gt; ({title})" href="{address}">'
        assert link in text


@pytest.mark.usefixtures("filled")
def test_the_front_page_speaks_chinese(client) -> None:
    text = client.ask("/", {"Accept-Language": "zh-CN"}).text
    assert '<html lang="zh-CN">' in text
    assert "邮件摘要" in text
    assert "周一, 周三, 周五" in text


def test_who_asks_for_no_language_gets_the_site_s(storage: SqlStorage, serve: Callable[[ASGIApp], object]) -> None:
    client = serve(application(storage, Site("海风", "https://x.example", language="zh-Hans")))
    assert '<html lang="zh-CN">' in client.ask("/").text
    assert '<html lang="en">' in client.ask("/", {"Accept-Language": "en-GB"}).text


def test_below_a_path_of_its_host_the_site_finds_its_own_files(client) -> None:
    text = client.ask("/").text
    assert 'href="/news/static/pico.min.css"' in text
    assert 'href="/static' not in text


@pytest.mark.usefixtures("filled")
def test_a_proxy_may_strip_that_path_or_leave_it(client, storage: SqlStorage) -> None:
    for path, status in (("/", 200), ("/static/pico.min.css", 200), ("/feeds/none.rss", 404), ("/x", 404)):
        with_root, without = client.ask("/news" + path), client.ask(path)
        assert (with_root.status, with_root.body) == (without.status, without.body)
        assert with_root.status == status
    assert client.ask("/newspaper").status == 404


@pytest.mark.parametrize("path", ["/", "/no-such-page", "/unsubscribe/x", "/feeds/nothing.rss"])
def test_every_page_carries_the_headers(client, path: str) -> None:
    headers = client.ask(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in policy


@pytest.mark.usefixtures("filled")
def test_no_page_asks_another_host_or_holds_a_script_or_a_style(client) -> None:
    for path in ("/", "/no-such-page", "/unsubscribe/x"):
        text = client.ask(path).text
        assert "<script" not in text
        assert "style=" not in text
        assert "<style" not in text
        loaded = [line for line in text.splitlines() if "stylesheet" in line or "src=" in line]
        assert all('href="/news/static/' in line for line in loaded)


@pytest.mark.parametrize(("path", "media_type"), [("pico.min.css", "text/css"), ("publisher.css", "text/css")])
def test_own_files_are_served_and_asked_about_again(client, path: str, media_type: str) -> None:
    answer = client.ask(f"/static/{path}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["cache-control"] == "no-cache"
    assert client.ask(f"/static/{path}", {"If-None-Match": answer.headers["etag"]}).status == 304


def test_the_licence_of_what_is_not_ours_stays_with_it(client) -> None:
    assert "Licensed under MIT" in client.ask("/static/pico.min.css").text[:200]
    assert "MIT License" in client.ask("/static/pico.LICENSE.md").text


@pytest.mark.parametrize(
    "path", ["/no-such-page", "/static/nothing.css", "/static/../app.py", "/docs", "/openapi.json"]
)
def test_an_unknown_page_is_short_and_clear(client, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 404
    assert "There is no page at this address." in answer.text


def test_an_unknown_page_in_chinese(client) -> None:
    assert "该地址没有页面" in client.ask("/x", {"Accept-Language": "zh"}).text


@pytest.mark.parametrize("status", [404, 405, 500, 503])
def test_the_page_of_each_error_is_translated(status: int) -> None:
    pages = Pages(Templates([shipped_templates()]), SITE)
    scope = {"type": "http", "headers": [(b"accept-language", b"zh-CN")]}
    main = bytes(pages.error(scope, status).body).decode().partition("<main")[2].partition("</main>")[0]
    assert len(re.findall("[\u4e00-\u9fff]", main)) > 10
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", re.sub("<[^>]+>", "", main))


def test_a_wrong_method_names_the_right_ones(client) -> None:
    answer = client.ask("/", method="DELETE")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    answer = client.ask("/feeds/all.rss", method="POST")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_who_asks_for_an_icon_gets_nothing_and_no_error(client) -> None:
    answer = client.ask("/favicon.ico")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["cache-control"] == "public, max-age=86400"


def test_a_database_that_is_away_is_a_503(client, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(storage, monkeypatch, StorageError("database /secret/path: the disk reports an error"))
    for path in ("/", "/unsubscribe/x", "/feeds/all.rss"):
        answer = client.ask(path)
        assert answer.status == 503
        assert "The database does not answer." in answer.text
        assert "secret" not in answer.text


def test_a_fault_of_ours_is_a_page_without_a_traceback_and_the_log_has_it(
    client, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_reading(storage, monkeypatch, RuntimeError("a secret detail"))
    with caplog.at_level(logging.ERROR):
        answer = client.ask("/")
    assert answer.status == 500
    assert "The fault is ours" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    # It is written once the page is out.
    give_up = time.monotonic() + 60
    while not any(record.exc_info for record in caplog.records):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_broken_template_still_gives_a_short_answer(
    storage: SqlStorage, tmp_path: Path, serve: Callable[[ASGIApp], object]
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "base.html.jinja").write_text("{{ unknown }}")
    client = serve(application(storage, folders=(tmp_path,)))
    answer = client.ask("/")
    assert (answer.status, answer.text.partition(".")[0]) == (500, "Something went wrong")


def test_the_process_lives_and_is_ready(client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.ask(path)
        assert (answer.status, answer.text) == (200, '{"status":"ok"}')


def test_it_is_not_ready_without_its_database(client, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(storage, monkeypatch, StorageError("database /secret/path: the disk reports an error"))
    with capture_logs() as lines:
        answer = client.ask("/readyz")
    assert (answer.status, answer.text) == (503, '{"status":"unavailable","reason":"the database does not answer"}')
    assert client.ask("/healthz").status == 200
    assert lines[0]["reason"] == "database /secret/path: the disk reports an error"


@pytest.mark.parametrize(
    "statement", ["UPDATE alembic_version SET version_num = 'later'", "DROP TABLE alembic_version"]
)
def test_it_is_not_ready_when_another_program_changed_the_schema(client, storage: SqlStorage, statement: str) -> None:
    with closing(sqlite3.connect(storage.path)) as database, database:
        database.execute(statement)
    answer = client.ask("/readyz")
    assert (answer.status, answer.text) == (
        503,
        '{"status":"unavailable","reason":"the database has another schema: restart"}',
    )


def break_reading(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def look(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(storage), "look", look)


def test_the_site_below_a_path_is_found_without_the_slash(client) -> None:
    answer = client.ask("/news")
    assert (answer.status, answer.headers["location"]) == (301, "/news/")
    assert client.ask("/news/").status == 200


def test_webmasters_learn_who_collects_what_and_how_to_opt_out(storage: SqlStorage, client) -> None:
    with storage.begin() as work:
        sources = [
            Source(name="blog", kind=SourceKind.FEED, url="https://me:pass@x.example/feed?key=1", title="A <blog>"),
            Source(name="desk", kind=SourceKind.FOLDER, url="/srv/desk", rights=Rights.OWN),
        ]
        work.sources.apply(sources, NOW)
    answer = client.ask("/collector")
    assert answer.status == 200
    assert "A &lt;blog&gt;</a>: quoted: title, link, source and a short summary" in answer.text
    assert 'href="https://x.example/feed"' in answer.text
    assert "desk: our own, shown whole" in answer.text
    assert "/srv/desk" not in answer.text
    assert "me:pass" not in answer.text
    assert "publisher/1 (+https://light.example/news/collector)" in answer.text
    assert 'rel="alternate"' in answer.text
    assert 'href="mailto:desk@light.example"' in answer.text
    assert "User-agent: publisher\nDisallow: /" in answer.text
    assert "1 Quay Street" in answer.text
    assert "如何退出" in client.ask("/collector", {"Accept-Language": "zh-CN"}).text
