"""robots.txt: what it allows, and what it means when it can't be read."""

import pytest

from publisher.pipeline.ports import Fetched, FetchRequest, Refused
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.manners import Forgetful
from tests.fakes import FakeClock
from tests.unit.sources.site import Answer

RULES = b"""\xef\xbb\xbfUser-agent: *
Disallow: /

User-agent: Publisher
Disallow: /private
Allow: /private/open
Disallow: /*.pdf$
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/news", True), ("/private/x", False), ("/private/open/x", True), ("/a.pdf", False), ("/a.pdf?x", True)],
)
def test_the_group_that_names_us_counts_and_its_longest_match(site, fetcher, path, allowed):
    site.pages["/robots.txt"] = Answer(RULES)
    site.pages[path] = Answer(b"x")
    result = fetcher.fetch(FetchRequest(url=site.url + path))
    assert isinstance(result, Fetched) == allowed
    if isinstance(result, Refused):
        assert result.reason.startswith("robots.txt of 127.0.0.1 forbids /")
        assert site.paths() == []


def test_a_feed_that_the_owner_named_is_not_asked_about(site, fetcher):
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /")
    site.pages["/feed"] = Answer(b"x")
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/feed", obey_robots=False)), Fetched)
    assert [asked.path for asked in site.asked] == ["/feed"]


def test_robots_can_be_switched_off(site):
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /")
    site.pages["/a"] = Answer(b"x")
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,), obey_robots=False))
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Fetched)
    fetcher.close()


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (401, True), (410, True), (500, False), (503, False), (304, True)]
)
def test_4xx_allows_and_5xx_forbids(site, fetcher, status, allowed):
    site.pages["/robots.txt"] = Answer(status=status)
    site.pages["/a"] = Answer(b"x")
    result = fetcher.fetch(FetchRequest(url=f"{site.url}/a"))
    assert isinstance(result, Fetched) == allowed
    if isinstance(result, Refused):
        assert "can't be read" in result.reason
        assert result.status is None


def test_it_is_asked_for_once_a_day_and_a_restart_forgets_it_not(site):
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /b")
    site.pages["/a"] = Answer(b"x")
    clock, memory = FakeClock(), Forgetful()

    def fetch(path):
        fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)), clock=clock, memory=memory)
        result = fetcher.fetch(FetchRequest(url=site.url + path))
        fetcher.close()
        return result

    def asked():
        return [asked.path for asked in site.asked].count("/robots.txt")

    for _ in range(3):
        fetch("/a")
    assert isinstance(fetch("/b"), Refused)
    assert asked() == 1
    clock.pass_by(hours=25)
    fetch("/a")
    assert asked() == 2


def test_a_failure_to_read_it_is_believed_for_minutes_only(site):
    site.pages["/robots.txt"] = Answer(status=503)
    site.pages["/a"] = Answer(b"x")
    clock = FakeClock()
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)), clock=clock)
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Refused)
    site.pages["/robots.txt"] = Answer(b"")
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Refused)
    clock.pass_by(minutes=11)
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Fetched)
    fetcher.close()


def test_a_large_one_is_cut_and_believed(site, fetcher):
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /a\n" + b"# filler\n" * 100_000)
    site.pages["/a"] = Answer(b"x")
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Refused)


def test_it_may_be_redirected_but_not_for_ever(site, fetcher):
    site.pages["/robots.txt"] = Answer(status=302, headers={"Location": "/r"})
    site.pages["/r"] = Answer(b"User-agent: *\nDisallow: /a")
    site.pages["/a"] = Answer(b"x")
    assert isinstance(fetcher.fetch(FetchRequest(url=f"{site.url}/a")), Refused)
    site.pages["/r"] = Answer(status=302, headers={"Location": "/robots.txt"})
    fresh = HttpFetcher(FetchConfig(allow_private=(site.host,)))
    assert isinstance(fresh.fetch(FetchRequest(url=f"{site.url}/a")), Fetched)
    fresh.close()


def test_each_hop_asks_its_own_host(site, other_site):
    site.pages["/a"] = Answer(status=302, headers={"Location": f"{other_site.url}/b"})
    other_site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /b")
    other_site.pages["/b"] = Answer(b"x")
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host, other_site.host)))
    result = fetcher.fetch(FetchRequest(url=f"{site.url}/a"))
    fetcher.close()
    assert isinstance(result, Refused)
    assert other_site.paths() == []
