"""The site behind nginx as a caching proxy, with the configuration that docs/how-to tells to write."""

import re
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from publisher.cli.context import opened
from publisher.cli.site import site_of
from publisher.settings import load
from publisher.web.serve import Server
from tests.loopback import free_port, wait_for
from tests.nginx import nginx
from tests.unit.cli.conftest import Run
from tests.unit.web.conftest import Answer, Client

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.nginx

SOON = "proxy_cache_valid 200 1s; proxy_ignore_headers Cache-Control Expires;"
"""What makes copies old within a second, so that a test sees it."""


def cached(answer: Answer) -> str:
    return answer.headers["x-cache-status"]


def how_to(folder: Path, ours: int, port: int) -> str:
    """The configuration in the documentation, on ports and in a folder of the test; and all of it again below
    `/soon/`, where copies grow old within a second."""
    text = (ROOT / "docs" / "how-to" / "behind-nginx.md").read_text()
    [config] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    config = config.replace("/var/cache/nginx/wire", str(folder / "cache"))
    config = config.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    config = config.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{ours}").replace("$scheme;", "https;")
    [location] = re.findall(r"    location /wire/ \{.*?\n    \}\n", config, re.DOTALL)
    soon = location.replace("/wire/ {", "/soon/ {").replace(f":{ours};", f":{ours}/wire/; {SOON}")
    soon = soon.replace("proxy_cache_use_stale error timeout updating", "proxy_cache_use_stale error timeout")
    soon = soon.replace("proxy_cache_background_update on;", "")
    return config.replace(location, location + soon)


@pytest.fixture(name="nginx")
def nginx_before_us(run: Run, site: Path) -> Iterator[Client]:
    text = (site / "publisher.toml").read_text().replace("http://127.0.0.1:8080", "https://news.example.org/wire")
    (site / "publisher.toml").write_text(text)
    assert run("collect", "--once").code == run("publish", "--once").code == 0
    with opened(load(site / "publisher.toml", {})) as application:
        ours = Server(site_of(application), "127.0.0.1", 0, "web.port", ["127.0.0.1"])
        ours.start()
        port = free_port()
        try:
            with nginx(site, port, how_to(site, ours.port, port)):
                yield Client(port)
        finally:
            ours.stop(60)


def each_coding_is_kept_once_and_answers_conditions(nginx: Client) -> None:
    tags = set()
    for coding in ("br", "gzip", ""):
        headers = {"Accept-Encoding": coding} if coding else {}
        first, again = nginx.ask("/wire/feeds/news.rss", headers), nginx.ask("/wire/feeds/news.rss", headers)
        assert [cached(first), cached(again)] == ["MISS", "HIT"], coding
        assert again.body == first.body
        assert again.headers.get("content-encoding", "") == coding
        assert again.headers["cache-control"] == "public, max-age=1800"
        tags.add(again.headers["etag"])
        same = nginx.ask("/wire/feeds/news.rss", headers | {"If-None-Match": again.headers["etag"]})
        assert (same.status, same.body, cached(same)) == (304, b"", "HIT")
        assert same.headers["etag"] == again.headers["etag"]
        since = nginx.ask("/wire/feeds/news.rss", headers | {"If-Modified-Since": again.headers["last-modified"]})
        assert (since.status, since.body) == (304, b"")
        other = nginx.ask("/wire/feeds/news.rss", headers | {"If-None-Match": '"other"'})
        assert (other.status, other.body) == (200, first.body)
    assert len(tags) == 3


def a_browser_and_a_reader_are_told_apart(nginx: Client) -> None:
    reader = nginx.ask("/wire/feeds/news.atom")
    browser = [nginx.ask("/wire/feeds/news.atom", {"Sec-Fetch-Dest": "document"}) for _ in range(2)]
    assert [cached(answer) for answer in browser] == ["MISS", "HIT"]
    assert browser[1].headers["content-type"] == "application/xml; charset=utf-8"
    assert nginx.ask("/wire/feeds/news.atom").headers["content-type"] == reader.headers["content-type"]
    assert cached(nginx.ask("/wire/feeds/news.atom", {"Sec-Fetch-Dest": "empty"})) in ("MISS", "HIT")


def a_head_is_answered_by_the_copy(nginx: Client) -> None:
    whole = nginx.ask("/wire/feeds/news.json")
    head = nginx.ask("/wire/feeds/news.json", method="HEAD")
    assert (head.status, head.body, cached(head)) == (200, b"", "HIT")
    assert head.headers["content-length"] == str(len(whole.body))
    assert head.headers["access-control-allow-origin"] == "*"


def test_what_nginx_keeps_is_what_it_may(nginx: Client) -> None:
    """One nginx for all of it: starting one takes as long as asking it everything."""
    each_coding_is_kept_once_and_answers_conditions(nginx)
    a_browser_and_a_reader_are_told_apart(nginx)
    a_head_is_answered_by_the_copy(nginx)
    pages_and_errors_are_never_kept(nginx)
    addresses_are_those_outside(nginx)


def test_what_grew_old_is_asked_for_with_its_tag_and_changes_come(nginx: Client, run: Run, site: Path) -> None:
    packed = {"Accept-Encoding": "br"}
    old = nginx.ask("/soon/feeds/news.rss", packed)
    assert cached(old) == "MISS"
    revalidated = wait_for(lambda: other_than_a_hit(nginx, packed), "the copy grows old")
    assert (cached(revalidated), revalidated.body) == ("REVALIDATED", old.body)
    (site / "notes" / "fog.md").write_text("---\ntitle: Fog\ndate: 2026-11-24\n---\nThe fog is thick.\n")
    assert run("collect", "--once", "notes").code == run("publish", "--once").code == 0

    def changed() -> Answer | None:
        answer = nginx.ask("/soon/feeds/news.rss", packed)
        return answer if answer.headers["etag"] != old.headers["etag"] else None

    new = wait_for(changed, "the new article")
    assert b"<title>Fog</title>" in brotli.decompress(new.body)


def other_than_a_hit(nginx: Client, headers: dict[str, str]) -> Answer | None:
    answer = nginx.ask("/soon/feeds/news.rss", headers)
    return answer if cached(answer) != "HIT" else None


def pages_and_errors_are_never_kept(nginx: Client) -> None:
    for path, status in (
        ("/wire/", 200),
        ("/wire/feeds/news/", 200),
        ("/wire/articles/1/", 200),
        ("/wire/unsubscribe/unknown", 404),
        ("/wire/feeds/unknown.rss", 404),
        ("/wire/outbox/unknown", 404),
    ):
        answers = [nginx.ask(path) for _ in range(2)]
        assert [answer.status for answer in answers] == [status, status], path
        assert "HIT" not in map(cached, answers), path


def addresses_are_those_outside(nginx: Client) -> None:
    feed = nginx.ask("/wire/feeds/news.rss").text
    assert 'href="https://news.example.org/wire/feeds/news.rss"' in feed
    assert "127.0.0.1" not in feed
    moved = nginx.ask("/wire/articles/1")
    assert (moved.status, moved.headers["location"]) == (301, "/wire/articles/1/")
