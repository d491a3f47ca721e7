"""The fetcher against servers that behave, and servers that don't."""

import gzip
import re
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta

import brotli
import pytest

from publisher import __version__
from publisher.domain.source import PollHints, Validators
from publisher.pipeline.ports import Fetched, FetchRequest, Gone, NotModified, Refused
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.guard import Deadline
from publisher.sources.http.manners import Forgetful, HostQueue, Manners
from tests.unit.sources.site import Answer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATE = "Tue, 24 Nov 2026 12:00:00 GMT"


def get(fetcher, url, **fields):
    return fetcher.fetch(FetchRequest(url=url, **fields))


def test_a_document_comes_with_its_type_and_validators(site, fetcher):
    site.pages["/a"] = Answer(
        "é".encode(),
        headers={"Content-Type": 'Text/HTML; Charset="GBK"', "ETag": 'W/"x y"', "Last-Modified": "whenever"},
    )
    result = get(fetcher, f"{site.url}/a#part")
    assert result == Fetched(
        url=f"{site.url}/a",
        body="é".encode(),
        media_type="text/html",
        charset="GBK",
        validators=Validators('W/"x y"', "whenever"),
    )


def test_validators_go_back_exactly_as_they_came(site, fetcher):
    tag = "W/\"ä, 'not' a\ttag\""
    site.pages["/a"] = Answer(b"x", headers={"ETag": tag, "Last-Modified": "Monday or so"})
    first = get(fetcher, f"{site.url}/a")
    assert isinstance(first, Fetched)
    assert get(fetcher, f"{site.url}/a", validators=first.validators) == NotModified(first.validators)
    sent = site.asked[-1].headers
    assert sent["If-None-Match"] == tag
    assert sent["If-Modified-Since"] == "Monday or so"


def test_a_200_without_validators_gives_empty_ones(site, fetcher):
    site.pages["/a"] = Answer(b"x")
    result = get(fetcher, f"{site.url}/a", validators=Validators('"old"', "old"))
    assert isinstance(result, Fetched)
    assert result.validators == Validators()


def test_a_304_may_change_one_validator_and_gives_hints(site, fetcher):
    site.pages["/a"] = Answer(status=304, headers={"ETag": '"new"', "Cache-Control": "max-age=900"})
    result = get(fetcher, f"{site.url}/a", validators=Validators('"old"', "old date"))
    assert result == NotModified(Validators('"new"', "old date"), PollHints(max_age=timedelta(minutes=15)))


def test_a_304_that_nobody_asked_for_is_refused(site, fetcher):
    site.pages["/a"] = Answer(status=304)
    assert get(fetcher, f"{site.url}/a") == Refused("the server says 304 Not Modified", 304)


@pytest.mark.parametrize(
    ("headers", "max_age"),
    [
        ({"Cache-Control": "public, max-age=600"}, 600),
        ({"Cache-Control": "max-age=600, no-cache"}, None),
        ({"Cache-Control": "no-store", "Expires": "Tue, 24 Nov 2026 13:00:00 GMT"}, None),
        ({"Cache-Control": "max-age=60", "Expires": "Tue, 24 Nov 2026 13:00:00 GMT"}, 60),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Date": "Tue, 24 Nov 2026 10:00:00 GMT", "Expires": "Tue, 24 Nov 2026 11:30:00 GMT"}, 5400),
        ({"Date": DATE, "Expires": "0"}, None),
        ({"Date": DATE, "Expires": "Tue, 24 Nov 2026 11:00:00 GMT"}, None),
        ({"Date": DATE, "Expires": "Fri, 31 Dec 9999 23:59:59 -1200"}, None),
        ({"Cache-Control": "max-age=99999999999999999999"}, 365 * 24 * 3600),
        ({}, None),
    ],
)
def test_hints_follow_the_cache_headers(headers, max_age):
    from publisher.sources.http.headers import poll_hints

    lowered = {name.lower(): value for name, value in headers.items()}
    expected = None if max_age is None else timedelta(seconds=max_age)
    assert poll_hints(lowered, NOW).max_age == expected


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120),
        ("Tue, 24 Nov 2026 12:05:00 GMT", None, 300),
        # The server's clock is an hour behind: what counts is the difference between its own two dates.
        ("Tue, 24 Nov 2026 11:05:00 GMT", "Tue, 24 Nov 2026 11:00:00 GMT", 300),
        ("Tue, 24 Nov 2026 11:00:00 GMT", DATE, None),
        ("later", None, None),
        ("-5", None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, date, seconds):
    from publisher.sources.http.headers import retry_after

    headers = {"retry-after": value} | ({"date": date} if date else {})
    assert retry_after(headers, NOW) == (None if seconds is None else timedelta(seconds=seconds))


def test_statuses_have_their_meaning(site, fetcher):
    site.pages["/gone"] = Answer(status=410)
    site.pages["/busy"] = Answer(status=503, headers={"Retry-After": "90"})
    site.pages["/odd"] = Answer(status=799)
    assert get(fetcher, f"{site.url}/gone") == Gone(f"{site.url}/gone")
    assert get(fetcher, f"{site.url}/no") == Refused("the server says 404 Not Found", 404)
    assert get(fetcher, f"{site.url}/busy") == Refused(
        "the server says 503 Service Unavailable", 503, timedelta(seconds=90)
    )
    assert get(fetcher, f"{site.url}/odd") == Refused("the server says 799", 799)


def test_a_host_that_says_429_is_left_alone(site, fetcher):
    site.pages["/a"] = Answer(status=429, headers={"Retry-After": "3600"})
    site.pages["/b"] = Answer(b"fine")
    assert get(fetcher, f"{site.url}/a") == Refused("the server says 429 Too Many Requests", 429, timedelta(hours=1))
    second = get(fetcher, f"{site.url}/b")
    assert isinstance(second, Refused)
    assert second.status == 429
    # Who reads it did nothing wrong: another source of this host was told to wait.
    assert re.fullmatch(
        r"127\.0\.0\.1:\d+ is left alone until \d{4}-\d\d-\d\d \d\d:\d\d UTC after it said 429", second.reason
    )
    assert site.paths() == ["/a"]


def test_we_say_who_we_are_and_nothing_else(site):
    fetcher = HttpFetcher(FetchConfig(contact="https://example.org/about", allow_private=(site.host,)))
    site.pages["/a"] = Answer(b"x", headers={"Set-Cookie": "spy=1"})
    get(fetcher, f"{site.url}/a")
    get(fetcher, f"{site.url}/a")
    fetcher.close()
    sent = site.asked[-1].headers
    assert sent["User-Agent"] == f"publisher/{__version__} (+https://example.org/about)"
    assert sent["Accept-Encoding"] == "gzip, br"
    assert not {"Cookie", "Referer", "Cache-Control", "Pragma"} & set(sent)


def test_a_password_in_the_address_is_sent_and_not_carried_on(site, other_site):
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host, other_site.host)))
    site.pages["/a"] = Answer(status=302, headers={"Location": f"{other_site.url}/b"})
    other_site.pages["/b"] = Answer(b"x")
    assert isinstance(get(fetcher, f"http://me:p%40ss@{site.host}/a", obey_robots=False), Fetched)
    fetcher.close()
    assert site.asked[-1].headers["Authorization"] == "Basic bWU6cEBzcw=="
    assert "Authorization" not in other_site.asked[-1].headers


def test_proxies_of_the_environment_are_not_used(site, fetcher, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    site.pages["/a"] = Answer(b"x")
    assert isinstance(get(fetcher, f"{site.url}/a"), Fetched)


# --- redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301,), True), ((308, 301), True), ((301, 302), False), ((307,), False), ((303,), False)]
)
def test_a_source_moved_only_when_every_hop_is_permanent(site, fetcher, statuses, moved):
    for place, status in enumerate(statuses):
        site.pages[f"/{place}"] = Answer(status=status, headers={"Location": f"{place + 1}"})
    site.pages[f"/{len(statuses)}"] = Answer(b"here")
    result = get(fetcher, f"{site.url}/0")
    assert isinstance(result, Fetched)
    assert result.url == f"{site.url}/{len(statuses)}"
    assert result.moved_to == (result.url if moved else None)


def test_redirects_end(site, fetcher):
    site.pages["/loop"] = Answer(status=301, headers={"Location": "/pool"})
    site.pages["/pool"] = Answer(status=301, headers={"Location": "/loop"})
    for place in range(12):
        site.pages[f"/{place}"] = Answer(status=302, headers={"Location": f"/{place + 1}"})
    site.pages["/nowhere"] = Answer(status=302)
    site.pages["/file"] = Answer(status=302, headers={"Location": "file:///etc/passwd"})
    site.pages["/broken"] = Answer(status=302, headers={"Location": "http://[::half]/"})
    reasons = {
        path: get(fetcher, f"{site.url}{path}").reason for path in ("/loop", "/0", "/nowhere", "/file", "/broken")
    }
    assert reasons == {
        "/loop": "it redirects in a circle",
        "/0": "more than 10 redirects",
        "/nowhere": "the server says 302 Found",
        "/file": "only http and https addresses are fetched, not 'file:/etc/passwd'",
        "/broken": "it redirects to 'http://[::half]/', which is not a URL",
    }
    assert len([path for path in site.paths() if path[1:].isdigit()]) == 11


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org/", "http://", "javascript:alert(1)", "http://[half"]
)
def test_only_web_addresses_are_fetched(fetcher, url):
    assert isinstance(get(fetcher, url), Refused)


# --- the guard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("obey_robots", [True, False])
def test_loopback_is_refused_and_the_remedy_named_for_what_the_operator_wrote(site, obey_robots):
    fetcher = HttpFetcher(FetchConfig())
    chosen = get(fetcher, f"{site.url}/a", obey_robots=obey_robots)
    named = get(fetcher, f"{site.url}/a", obey_robots=obey_robots, named=True)
    fetcher.close()
    assert isinstance(chosen, Refused)
    assert "is not a public address" in chosen.reason
    assert "allow_private" not in chosen.reason
    assert isinstance(named, Refused)
    assert named.reason == (f'127.0.0.1 is not a public address; [fetch] allow_private = ["{site.host}"] would open it')
    assert not site.asked


def test_a_redirect_from_an_address_of_the_operator_names_no_remedy(site, other_site):
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)))
    site.pages["/a"] = Answer(status=302, headers={"Location": f"{other_site.url}/b"})
    result = get(fetcher, f"{site.url}/a", named=True)
    fetcher.close()
    assert isinstance(result, Refused)
    assert "is not a public address" in result.reason
    assert "allow_private" not in result.reason


def test_an_opened_pair_opens_no_other_name_and_no_other_port(site, other_site, fetcher):
    port = site.host.partition(":")[2]
    for url in (
        other_site.url,
        f"http://localhost:{port}",
        f"http://127.0.0.2:{port}",
        f"http://[::ffff:7f00:1]:{port}",
    ):
        assert isinstance(get(fetcher, url, obey_robots=False), Refused), url
    assert not site.asked
    assert not other_site.asked


def test_a_redirect_is_judged_like_an_address(site, other_site, fetcher):
    site.pages["/a"] = Answer(status=301, headers={"Location": f"{other_site.url}/secret"})
    result = get(fetcher, f"{site.url}/a", obey_robots=False)
    assert isinstance(result, Refused)
    assert "is not a public address" in result.reason
    assert not other_site.asked


def test_a_closed_port_and_an_unknown_name_are_one_line(free_port):
    fetcher = HttpFetcher(FetchConfig(allow_private=(f"127.0.0.1:{free_port}",)))
    closed = get(fetcher, f"http://127.0.0.1:{free_port}/", obey_robots=False)
    unknown = get(fetcher, "http://no-such-host.invalid/", obey_robots=False)
    fetcher.close()
    assert isinstance(closed, Refused)
    assert isinstance(unknown, Refused)
    assert "the connection failed" in closed.reason
    assert "can't be resolved" in unknown.reason


# --- deadline and limits -----------------------------------------------------------------------------------------


def drip_headers(send):
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"X-More: of it\r\n")
        time.sleep(0.05)


def drip_body(send):
    send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        send(b"x")
        time.sleep(0.05)


def say_nothing(send):
    time.sleep(1)


@pytest.mark.parametrize("drip", [drip_headers, drip_body, say_nothing])
def test_the_deadline_holds_for_a_server_that_drips(site, fetcher, drip):
    site.pages["/a"] = Answer(drip=drip)
    result = get(fetcher, f"{site.url}/a", obey_robots=False, deadline=timedelta(seconds=0.4))
    assert result == Refused("no whole answer within 0.4 s")


def test_the_deadline_counts_all_redirects_together(site, fetcher):
    def slow(asked):
        time.sleep(0.15)
        return Answer(status=302, headers={"Location": f"/{int(asked.path[1:]) + 1}"})

    for place in range(10):
        site.pages[f"/{place}"] = slow
    assert get(fetcher, f"{site.url}/0", obey_robots=False, deadline=timedelta(seconds=0.4)) == Refused(
        "no whole answer within 0.4 s"
    )
    assert len(site.asked) < 5


@pytest.mark.parametrize(
    "drip",
    [
        lambda send: send(b"not http at all\r\n\r\n"),
        lambda send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
        lambda send: send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda send: send(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50_000 + b"\r\n"),
        lambda send: None,
    ],
)
def test_a_broken_answer_is_a_refusal(site, fetcher, drip):
    site.pages["/a"] = Answer(drip=drip)
    result = get(fetcher, f"{site.url}/a", obey_robots=False)
    assert isinstance(result, Refused)
    assert result.reason.startswith("the connection failed")
    assert "\n" not in result.reason


@pytest.mark.parametrize("said", [True, False])
def test_a_large_body_is_refused_whether_it_says_so_or_not(site, fetcher, said):
    body = b"x" * 2000
    if said:
        site.pages["/a"] = Answer(body)
    else:
        site.pages["/a"] = Answer(drip=lambda send: send(b"HTTP/1.1 200 OK\r\n\r\n" + body))
    assert get(fetcher, f"{site.url}/a", max_bytes=1024) == Refused("larger than 0.000977 MiB", 200)


def bomb(coding):
    data = b"\0" * 50_000_000
    return gzip.compress(data, 9) if coding == "gzip" else brotli.compress(data, quality=1)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_bomb_is_met_before_it_goes_off(site, fetcher, coding):
    site.pages["/a"] = Answer(bomb(coding), headers={"Content-Encoding": coding})
    result = get(fetcher, f"{site.url}/a", max_bytes=1024 * 1024)
    assert result == Refused("larger than 1 MiB", 200)


TEXT = "一段 text that repeats. ".encode() * 20_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + b"\0\0\0"),
        ("br", brotli.compress(TEXT)),
        ("gzip, br", brotli.compress(gzip.compress(TEXT))),
        ("identity", TEXT),
        ("", TEXT),
    ],
    # What gzip makes tells the time: as a name it would differ between the processes that share the tests.
    ids=["gzip", "x-gzip", "br", "gzip and br", "identity", "none"],
)
def test_codings_are_undone(site, fetcher, coding, body):
    site.pages["/a"] = Answer(body, headers={"Content-Encoding": coding})
    result = get(fetcher, f"{site.url}/a")
    assert isinstance(result, Fetched)
    assert result.body == TEXT


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("gzip", b"plain", "the body is broken gzip"),
        ("gzip", gzip.compress(TEXT)[:-20], "the gzip body ends too early"),
        ("br", b"\xff\xff plain", "the body is broken brotli"),
        ("br", brotli.compress(TEXT)[:-20], "the brotli body ends too early"),
        ("deflate", zlib.compress(TEXT), "the body is coded as 'deflate', which was not asked for"),
    ],
    ids=["no gzip", "half of gzip", "no brotli", "half of brotli", "deflate"],
)
def test_wrong_codings_are_refused(site, fetcher, coding, body, reason):
    site.pages["/a"] = Answer(body, headers={"Content-Encoding": coding})
    assert get(fetcher, f"{site.url}/a") == Refused(reason, 200)


# --- manners -----------------------------------------------------------------------------------------------------


def test_one_connection_at_a_time_for_a_host(site, fetcher):
    def slow(asked):
        time.sleep(0.03)
        return Answer(b"x")

    site.pages["/a"] = slow
    threads = [threading.Thread(target=get, args=(fetcher, f"{site.url}/a")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.paths()) == 6
    assert site.most_open == 1


def queue(**manners):
    return HostQueue(Manners(**manners), Forgetful(), lambda: NOW, chance=float)


@pytest.fixture
def seconds(monkeypatch):
    """The clock, in a list of one: it moves only while somebody sleeps."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    return now


def test_starts_on_a_host_are_spaced_but_not_on_loopback(seconds):
    hosts = queue(spacing=timedelta(seconds=0.1))
    starts = []
    for url in ("http://example.org/a", "https://EXAMPLE.org:8443/b", "http://127.0.0.1:1/", "http://127.0.0.1:1/"):
        with hosts.turn(url, Deadline(1)):
            starts.append(seconds[0])
    assert starts == pytest.approx([100, 100.1, 100.1, 100.1])


def test_waiting_for_a_turn_costs_no_time_of_the_deadline(seconds):
    hosts, deadline = queue(spacing=timedelta(seconds=0.2)), Deadline(0.1)
    for _ in range(2):
        with hosts.turn("http://example.org/", deadline):
            pass
    assert seconds[0] == pytest.approx(100.2)
    assert deadline.remaining() == pytest.approx(0.1)
