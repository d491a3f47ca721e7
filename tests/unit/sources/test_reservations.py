"""What a site reserves is found wherever it may say so, and nonsense reserves nothing."""

from contextlib import closing

import pytest

from publisher.domain.rights import NONE, Reservations
from publisher.pipeline.ports import Fetched, FetchRequest
from publisher.sources.http import reservations
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.manners import Forgetful
from publisher.sources.pages import page
from tests.fakes import FakeClock
from tests.unit.sources.site import Answer, Site


def signs(reserved: Reservations) -> dict[str, object]:
    return reserved.signs()


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("noarchive", {"noarchive": True}),
        ("NoArchive, nosnippet", {"noarchive": True, "nosnippet": True}),
        ("max-snippet:50", {"max_snippet": 50}),
        ("max-snippet: 50, max-snippet:20", {"max_snippet": 20}),
        ("max-snippet:-1", {}),
        ("max-snippet:0", {"max_snippet": 0}),
        ("max-snippet:lots", {}),
        ("noindex, nofollow", {}),
        ("googlebot: noarchive", {}),
        ("googlebot: noarchive, otherbot: nosnippet", {}),
        ("publisher: nosnippet", {"nosnippet": True}),
        ("googlebot: noarchive, publisher: nosnippet", {"nosnippet": True}),
        ("noarchive, googlebot: nosnippet", {"noarchive": True}),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, nosnippet", {"nosnippet": True}),
        ("", {}),
        ("\x00,,,:", {}),
    ],
)
def test_x_robots_tag(tag: str, found: dict[str, object]) -> None:
    reserved = reservations.from_headers({"x-robots-tag": tag})
    assert signs(reserved) == found
    assert bool(reserved.evidence) == bool(found)


def test_a_header_may_reserve_mining() -> None:
    reserved = reservations.from_headers({"tdm-reservation": "1", "tdm-policy": "https://a.example/policy.json"})
    assert signs(reserved) == {"tdm": True, "tdm_policy": "https://a.example/policy.json"}
    assert reserved.evidence == ("header: tdm-reservation 1, policy https://a.example/policy.json",)
    assert reservations.from_headers({"tdm-reservation": "0"}) == NONE


PAGE = b"""<html><head>
<meta name="Robots" content="noarchive"><meta name="robots" content="max-snippet:80">
<meta name="publisher" content="The Harbour Post"><meta name="googlebot" content="nosnippet">
<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="javascript:alert(1)">
<link rel="license nofollow" href="/terms"></head><body><a rel="license" href="/photo">CC</a></body></html>"""


def test_a_page_says_it_in_its_head() -> None:
    found = page.parse(PAGE, "https://a.example/x", None)
    reserved = reservations.from_page(found.root, found.base)
    assert signs(reserved) == {
        "noarchive": True,
        "max_snippet": 80,
        "tdm": True,
        "licence": "https://a.example/terms",
    }
    assert reserved.evidence == (
        '<meta name="robots" content="noarchive, max-snippet:80">',
        "meta: tdm-reservation 1",
        '<link rel="license" href="https://a.example/terms">',
    )


ROBOTS = """
License: https://a.example/license.xml
User-agent: other
Content-Signal: search=no
User-agent: *
Content-Signal: search=yes, ai-train=no
Content-Signal: /private search=no
Disallow: /admin
"""


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        (
            ROBOTS,
            "/a",
            {"licence": "https://a.example/license.xml", "signals": (("ai-train", False), ("search", True))},
        ),
        (
            ROBOTS,
            "/private/b",
            {"licence": "https://a.example/license.xml", "signals": (("ai-train", False), ("search", False))},
        ),
        (
            "User-agent: *\nContent-Signal: search=yes\nUser-agent: Publisher\nContent-Signal: search=no",
            "/",
            {"signals": (("search", False),)},
        ),
        ("User-agent: a\nUser-agent: *\nDisallow:\nContent-Signal: search=no", "/", {"signals": (("search", False),)}),
        ("Content-Signal: search=no # why", "/", {"signals": (("search", False),)}),
        ("License: javascript:x\nContent-Signal: maybe\n\x00", "/", {}),
    ],
)
def test_robots_txt_says_more_than_its_rules(text: str, path: str, found: dict[str, object]) -> None:
    assert signs(reservations.from_robots(text, path)) == found


@pytest.mark.parametrize(
    ("body", "path", "mined"),
    [
        (b'[{"location": "/news/*", "tdm-reservation": 1, "tdm-policy": "https://a.example/p"}]', "/news/1", True),
        (b'[{"location": "/news/", "tdm-reservation": 1}]', "/about", False),
        (b'[{"location": "/free", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]', "/free/1", False),
        (b'[{"location": "/*.pdf$", "tdm-reservation": 1}]', "/x.pdf", True),
        (b'[{"location": "/*.pdf$", "tdm-reservation": 1}]', "/x.pdf?y", False),
        (b'[{"location": 7}, 8, {"location": "/", "tdm-reservation": "1", "tdm-policy": 9}]', "/a", True),
        (b"{}", "/", False),
        (b"[" * 100_000, "/", False),
        (b"\xff\xfe", "/", False),
    ],
)
def test_a_host_may_keep_a_list_of_reservations(body: bytes, path: str, mined: bool) -> None:
    assert reservations.from_well_known(body.decode("utf-8", "replace"), path).tdm is mined


def fetched(fetcher: HttpFetcher, url: str, *, obey_robots: bool = True) -> Reservations:
    result = fetcher.fetch(FetchRequest(url=url, obey_robots=obey_robots))
    assert isinstance(result, Fetched)
    return result.reservations


def test_a_page_comes_with_what_its_host_and_its_headers_reserve(site: Site, fetcher: HttpFetcher) -> None:
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nContent-Signal: ai-train=no\nLicense: https://a.example/l.xml")
    site.pages["/.well-known/tdmrep.json"] = Answer(b'[{"location": "/a", "tdm-reservation": 1}]')
    site.pages["/a"] = Answer(b"x", headers={"X-Robots-Tag": "max-snippet:40"})
    site.pages["/b"] = Answer(b"x")
    assert signs(fetched(fetcher, f"{site.url}/a")) == {
        "max_snippet": 40,
        "tdm": True,
        "licence": "https://a.example/l.xml",
        "signals": (("ai-train", False),),
    }
    assert not fetched(fetcher, f"{site.url}/b").tdm
    asked = [asked.path for asked in site.asked]
    assert asked.count("/.well-known/tdmrep.json") == asked.count("/robots.txt") == 1


def test_of_a_feed_that_its_reader_named_only_the_headers_count(site: Site, fetcher: HttpFetcher) -> None:
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nContent-Signal: search=no")
    site.pages["/feed"] = Answer(b"x", headers={"X-Robots-Tag": "nosnippet", "TDM-Reservation": "1"})
    assert signs(fetched(fetcher, f"{site.url}/feed", obey_robots=False)) == {"nosnippet": True, "tdm": True}
    assert [asked.path for asked in site.asked] == ["/feed"]


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_hosts_list_is_asked_for_once_a_day_and_a_restart_forgets_it_not(site: Site, status: int) -> None:
    rules = b'\xef\xbb\xbf[{"location": "/", "tdm-reservation": 1}]'
    site.pages["/.well-known/tdmrep.json"] = Answer(rules, status)
    site.pages["/a"] = Answer(b"x")
    clock, memory = FakeClock(), Forgetful()

    def look() -> bool:
        fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)), clock=clock, memory=memory)
        with closing(fetcher):
            return fetched(fetcher, f"{site.url}/a").tdm

    def asked() -> int:
        return [asked.path for asked in site.asked].count("/.well-known/tdmrep.json")

    assert [look() for _ in range(3)] == [status == 200] * 3
    assert asked() == 1
    clock.pass_by(hours=25)
    look()
    assert asked() == 2


def test_a_hosts_list_that_had_to_wait_is_asked_for_later(site: Site) -> None:
    site.pages["/.well-known/tdmrep.json"] = Answer(b'[{"location": "/", "tdm-reservation": 1}]')
    site.pages["/a"] = Answer(b"x")
    clock, memory = FakeClock(), Forgetful()
    # robots.txt and the page are the two requests of the day.
    config = FetchConfig(allow_private=(site.host,), budget=2)
    with closing(HttpFetcher(config, clock=clock, memory=memory)) as fetcher:
        assert not fetched(fetcher, f"{site.url}/a").tdm
        clock.pass_by(hours=23)
        assert fetched(fetcher, f"{site.url}/a").tdm
