"""The rules of a polite collector, each against a server: through the real collector, fetcher and database."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from publisher import __version__
from publisher.domain.source import Source, SourceKind, StoredSource, Validators
from publisher.pipeline.collect import Collector, FetcherFor, SourceReport
from publisher.pipeline.ports import Fetched, FetchRequest, ReadRequest
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.http.guard import Deadline
from publisher.sources.http.manners import Forgetful, HostQueue, Manners
from publisher.sources.http.reuse import ReusingFetcher, StoredDocuments
from publisher.sources.kinds import build_readers
from publisher.storage.database import SqlStorage, open_storage
from publisher.storage.hosts import StoredHosts
from tests.fakes import FakeClock
from tests.unit.sources.site import Answer, Asked, Site

HOUR = timedelta(hours=1)


def rss(*titles: str, channel: str = "") -> bytes:
    """A feed whose entries need no page."""
    items = "".join(f"<item><title>{one}</title><guid>{one}</guid></item>" for one in titles)
    return f'<rss version="2.0"><channel><title>x</title>{channel}{items}</channel></rss>'.encode()


@dataclass
class World:
    """A database, a site and a clock; what is made of them is made anew by `restart`."""

    storage: SqlStorage
    site: Site
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    config: FetchConfig = FetchConfig()
    fetchers: list[HttpFetcher] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = FetchConfig(allow_private=(self.site.host,), deadline=timedelta(seconds=60))
        self.restart()

    def restart(self, **config: object) -> None:
        """A new process with another configuration."""
        self.config = replace(self.config, **config)  # type: ignore[arg-type]
        self.fetchers.append(HttpFetcher(self.config, clock=self.clock, memory=StoredHosts(self.storage)))

    def define(self, *sources: Source) -> None:
        with self.storage.begin() as work:
            work.sources.apply(sources, self.clock())

    def look(self, name: str = "feed") -> SourceReport:
        """One look at a source, due or not."""
        collector = Collector(self.storage, build_readers(), self.fetchers[-1], self.clock)
        [report] = collector.collect([self.stored(name)], map)
        return report

    def round(self) -> list[SourceReport]:
        """A look at all that are due."""
        collector = Collector(self.storage, build_readers(), self.fetchers[-1], self.clock)
        return collector.collect(collector.due(), map)

    def stored(self, name: str = "feed") -> StoredSource:
        with self.storage.read() as work:
            found = work.sources.get(name)
        assert found is not None
        return found

    def wait(self, name: str = "feed") -> timedelta:
        """How long until the next look."""
        next_check = self.stored(name).state.next_check
        assert next_check is not None
        return next_check - self.clock()

    def notices(self) -> list[tuple[str, str]]:
        with self.storage.read() as work:
            return [(notice.kind, notice.text) for notice in work.notices.open()]

    def asked(self, path: str = "/feed") -> list[Asked]:
        return [asked for asked in self.site.asked if asked.path == path]


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path, site: Site) -> Iterator[World]:
    path = tmp_path / "publisher.db"
    path.write_bytes(sqlite_template.read_bytes())
    storage = open_storage(f"sqlite:///{path}")
    world = World(storage, site, tmp_path)
    world.define(feed(site))
    yield world
    for fetcher in world.fetchers:
        fetcher.close()
    storage.close()


def feed(site: Site, name: str = "feed", **fields: object) -> Source:
    made = Source(name=name, kind=SourceKind.FEED, url=f"{site.url}/{name}")
    return replace(made, **fields)  # type: ignore[arg-type]


def listing(site: Site, **fields: object) -> Source:
    made = Source(
        name="list", kind=SourceKind.LISTING, url=f"{site.url}/list", selectors={"item": "li"}, full_text=True
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def story(number: int) -> bytes:
    text = f"<p>{f'The ferry number {number} was late again this morning, as the harbour said. ' * 6}</p>"
    return f"<html><head><title>Story {number}</title></head><body><article>{text * 3}</article></body></html>".encode()


def publish_listing(site: Site, *numbers: int) -> None:
    """A list of stories, and their pages."""
    lines = "".join(f'<li><a href="/story/{number}">Story number {number} of the day</a></li>' for number in numbers)
    site.html("/list", f"<html><body><ul>{lines}</ul></body></html>")
    for number in numbers:
        site.pages[f"/story/{number}"] = Answer(story(number), headers={"Content-Type": "text/html"})


# --- 1 and 2: validators -----------------------------------------------------------------------------------------


def test_rule_1_validators_are_opaque_and_both_are_sent_back(world: World) -> None:
    tags = {"ETag": 'W/"ä b\' \t,"', "Last-Modified": "yesterday or so"}
    world.site.pages["/feed"] = Answer(rss("a"), headers=tags)
    world.look()
    report = world.look()
    assert report.not_modified
    sent = world.asked()[-1].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == (tags["ETag"], tags["Last-Modified"])


def test_rule_2_validators_of_every_200_are_saved_even_when_only_a_header_changed(world: World) -> None:
    for tag in ('"1"', '"2"', '"3"'):
        world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": tag})
        world.look()
        assert world.stored().state.validators == Validators(tag)


def test_rule_2_validators_of_every_304_are_saved(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": '"1"', "Last-Modified": "then"})
    world.look()
    world.site.pages["/feed"] = Answer(status=304, headers={"ETag": '"2"'})
    assert world.look().not_modified
    assert world.stored().state.validators == Validators('"2"', "then")


def test_rule_2_a_200_without_validators_drops_the_stored_ones(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": '"1"', "Last-Modified": "then"})
    world.look()
    world.site.pages["/feed"] = Answer(rss("a"))
    world.look()
    assert world.stored().state.validators == Validators()
    world.look()
    assert "If-None-Match" not in world.asked()[-1].headers


@pytest.mark.parametrize("change", [{"url": "/other"}, {"kind": SourceKind.LISTING}])
def test_rule_2_another_url_or_kind_drops_both_and_keeps_the_articles(world: World, change: dict[str, object]) -> None:
    world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": '"1"', "Last-Modified": "then"})
    world.look()
    if "url" in change:
        change = {"url": world.site.url + str(change["url"])}
    world.define(feed(world.site, selectors={"item": "li"}, **change))
    assert world.stored().state.validators == Validators()
    with world.storage.read() as work:
        assert work.articles.count() == 1


# --- 3: when to look ---------------------------------------------------------------------------------------------


def test_rule_3_a_feed_is_looked_at_once_an_hour_at_most_however_lively(world: World) -> None:
    for number in range(6):
        world.site.pages["/feed"] = Answer(rss(*map(str, range(number))), headers={"ETag": f'"{number}"'})
        world.look()
        assert world.wait() == HOUR
        world.clock.pass_by(hours=1)


def test_rule_3_a_listing_begins_with_an_hour_and_adapts_between_a_quarter_and_a_day(world: World) -> None:
    world.define(listing(world.site))
    publish_listing(world.site, 1)
    world.look("list")
    assert world.wait("list") == HOUR
    for number in range(2, 14):
        world.clock.now += world.wait("list")
        publish_listing(world.site, *range(number, 0, -1))
        world.look("list")
    assert world.wait("list") == timedelta(minutes=15)
    world.clock.pass_by(hours=8)
    world.look("list")
    assert world.wait("list") == 2 * HOUR
    world.clock.pass_by(days=4)
    world.look("list")
    assert world.wait("list") == timedelta(hours=24)


def test_rule_3_the_owner_may_set_less(world: World) -> None:
    world.define(feed(world.site, interval=timedelta(minutes=2)))
    world.site.pages["/feed"] = Answer(rss("a"))
    world.look()
    assert world.wait() == timedelta(minutes=2)


def test_rule_3_the_next_look_is_stored_so_a_restart_polls_nothing_again(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"))
    assert len(world.round()) == 1
    world.restart()
    world.clock.pass_by(minutes=59)
    assert world.round() == []
    world.clock.pass_by(minutes=1)
    assert len(world.round()) == 1


@pytest.mark.parametrize("chance", [0.0, 0.4, 0.999])
def test_rule_3_jitter_only_forwards(world: World, chance: float) -> None:
    world.site.pages["/feed"] = Answer(rss("a"))
    collector = Collector(world.storage, build_readers(), world.fetchers[-1], world.clock, chance=lambda: chance)
    collector.collect([world.stored()], map)
    assert world.wait() == HOUR + chance * timedelta(minutes=6)


# --- 4: what servers and feeds wish ------------------------------------------------------------------------------

IN_TWO_HOURS = format_datetime(FakeClock().now + 2 * HOUR, usegmt=True)
NOW_SAYS_THE_SERVER = format_datetime(FakeClock().now, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "channel", "wait"),
    [
        ({}, "", 1),
        ({"Cache-Control": "max-age=7200"}, "", 2),
        ({"Cache-Control": "max-age=7200, no-cache"}, "", 1),
        ({"Cache-Control": "max-age=10800", "Expires": IN_TWO_HOURS, "Date": NOW_SAYS_THE_SERVER}, "", 3),
        ({"Cache-Control": "max-age=60", "Expires": IN_TWO_HOURS, "Date": NOW_SAYS_THE_SERVER}, "", 1),
        ({"Expires": IN_TWO_HOURS, "Date": NOW_SAYS_THE_SERVER}, "", 2),
        ({"Retry-After": "14400"}, "", 4),
        ({"Cache-Control": "max-age=9000000"}, "", 24),
        ({}, "<ttl>300</ttl>", 5),
        ({}, "<ttl>30</ttl>", 1),
        (
            {},
            '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>'
            '<sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">4</sy:updateFrequency>',
            6,
        ),
        ({"Cache-Control": "max-age=7200"}, "<ttl>300</ttl>", 5),
        ({}, "<skipHours><hour>8</hour><hour>9</hour></skipHours>", 3),
        ({}, "<skipDays><day>Tuesday</day></skipDays>", 17),
    ],
)
def test_rule_4_the_longest_wish_counts(world: World, headers: dict[str, str], channel: str, wait: int) -> None:
    world.site.pages["/feed"] = Answer(rss("a", channel=channel), headers=headers)
    world.look()
    assert world.wait() == wait * HOUR


def test_rule_4_the_headers_of_a_304_count_too_and_what_the_feed_said_still_holds(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a", channel="<ttl>120</ttl>"), headers={"ETag": '"1"'})
    world.look()
    world.site.pages["/feed"] = Answer(status=304, headers={"Cache-Control": "max-age=18000"})
    world.look()
    assert world.wait() == 5 * HOUR
    world.site.pages["/feed"] = Answer(status=304)
    world.look()
    assert world.wait() == 2 * HOUR


# --- 5 and 6: 429 and 503 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "10800"}, 3 * HOUR),
        ({"Retry-After": "Mon, 05 Jan 2026 14:00:00 GMT", "Date": "Mon, 05 Jan 2026 12:00:00 GMT"}, 2 * HOUR),
        ({"Retry-After": "1"}, HOUR),
        ({"Retry-After": "99999999"}, 24 * HOUR),
        ({}, HOUR),
    ],
)
def test_rule_5_retry_after_is_obeyed_in_seconds_or_as_a_date(
    world: World, status: int, headers: dict[str, str], wait: timedelta
) -> None:
    world.site.pages["/feed"] = Answer(status=status, headers=headers)
    report = world.look()
    assert report.failed is not None
    assert f"the server says {status}" in report.failed
    assert world.wait() == wait
    assert len(world.asked()) == 1, "no quick retry"


@pytest.mark.parametrize("status", [429, 503])
def test_rule_5_without_it_the_wait_is_an_hour_that_doubles_to_a_day(world: World, status: int) -> None:
    world.site.pages["/feed"] = Answer(status=status)
    waits = []
    for _ in range(7):
        world.round()
        waits.append(world.wait() / HOUR)
        world.clock.now += world.wait()
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert len(world.asked()) == 7


def test_rule_6_a_429_is_the_whole_hosts_and_a_restart_forgets_it_not(world: World) -> None:
    world.define(feed(world.site), feed(world.site, "other"))
    world.site.pages["/feed"] = Answer(status=429, headers={"Retry-After": "7200"})
    world.site.pages["/other"] = Answer(rss("a"))
    world.look("feed")
    world.restart()
    report = world.look("other")
    assert report.failed is not None
    assert "is left alone until 2026-11-24 09:00 UTC after it said 429" in report.failed
    assert world.asked("/other") == []
    assert (world.wait("other"), world.stored("other").state.failures) == (2 * HOUR, 0)
    world.clock.pass_by(hours=2)
    assert world.look("other").new == 1


def test_rule_6_a_503_is_the_sources_and_the_hosts_only_after_several(world: World) -> None:
    names = ["feed", "b", "c", "d", "e"]
    world.define(*(feed(world.site, name) for name in names))
    for name in names:
        world.site.pages[f"/{name}"] = Answer(status=503, headers={"Retry-After": "3600"})
    failed = [world.look(name).failed or "" for name in names]
    assert ["the server says 503" in line for line in failed] == [True, True, True, False, False]
    assert "is left alone until" in failed[3]
    assert world.asked("/d") == []
    world.clock.pass_by(hours=1)
    for name in names:
        world.site.pages[f"/{name}"] = Answer(rss("a"))
    assert [world.look(name).failed for name in names] == [None] * 5


def test_rule_6_hosts_of_one_rate_group_are_one_host(world: World, other_site: Site) -> None:
    world.restart(
        allow_private=(world.site.host, other_site.host), groups={world.site.host: "shop", other_site.host: "shop"}
    )
    world.define(feed(world.site), feed(other_site, "other"))
    world.site.pages["/feed"] = Answer(status=429)
    world.look("feed")
    assert "group shop is left alone" in (world.look("other").failed or "")
    assert other_site.asked == []


# --- 7 and 8: connections and requests ---------------------------------------------------------------------------


def test_rule_7_one_connection_per_host_for_feeds_and_pages_together(world: World) -> None:
    publish_listing(world.site, 1, 2, 3)
    world.site.pages["/feed"] = Answer(rss("a"))
    world.define(listing(world.site), feed(world.site))
    looks = [threading.Thread(target=world.look, args=(name,)) for name in ("list", "feed")]
    for look in looks:
        look.start()
    for look in looks:
        look.join()
    assert len(world.site.paths()) >= 5
    assert world.site.most_open == 1


def test_rule_7_starts_are_one_to_two_times_the_spacing_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("publisher.sources.http.manners.time.sleep", slept.append)
    monkeypatch.setattr("publisher.sources.http.manners.time.monotonic", lambda: 100.0)
    for chance in (0.0, 0.5, 0.999):
        hosts = HostQueue(Manners(spacing=timedelta(seconds=1)), Forgetful(), FakeClock(), lambda chance=chance: chance)
        for url in ("https://example.org/feed", "https://example.org/image.png", "http://example.org/robots.txt"):
            with hosts.turn(url, Deadline(9)):
                pass
    assert slept == pytest.approx([1, 1, 1.5, 1.5, 1.999, 1.999])


def test_rule_7_a_crawl_delay_is_obeyed_up_to_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("publisher.sources.http.manners.time.sleep", slept.append)
    monkeypatch.setattr("publisher.sources.http.manners.time.monotonic", lambda: 100.0)
    for delay in (3, 600):
        hosts = HostQueue(Manners(spacing=timedelta(seconds=1)), Forgetful(), FakeClock(), float)
        for _ in range(2):
            with hosts.turn("https://example.org/", Deadline(9), timedelta(seconds=delay)):
                pass
    assert slept == [3, 10]


def test_rule_7_the_fetcher_takes_the_crawl_delay_from_robots(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("publisher.sources.http.manners.time.sleep", slept.append)
    monkeypatch.setattr("publisher.sources.http.manners.time.monotonic", lambda: 100.0)
    world.site.pages["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 4")
    world.site.pages["/a"] = Answer(b"x")
    for _ in range(2):
        world.fetchers[-1].fetch(FetchRequest(url=f"{world.site.url}/a"))
    assert max(slept) == 4


def test_rule_8_the_first_look_uses_what_a_trial_got(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": '"1"', "Cache-Control": "max-age=7200"})
    documents = StoredDocuments(world.folder / "cache", timedelta(minutes=15), world.clock)
    trial = FetcherFor(ReusingFetcher(world.fetchers[-1], documents), "feed")
    request = ReadRequest(
        source=world.stored().source, validators=Validators(), known=lambda keys: {}, now=world.clock()
    )
    readings = [build_readers()[SourceKind.FEED].read(request, trial) for _ in range(2)]
    assert [len(reading.entries) for reading in readings] == [1, 1]
    first = ReusingFetcher(world.fetchers[-1], documents, keep=False)
    collector = Collector(world.storage, build_readers(), world.fetchers[-1], world.clock, first=first)
    [report] = collector.collect([world.stored()], map)
    assert report.new == 1
    assert len(world.asked()) == 1
    assert (world.stored().state.validators, world.wait()) == (Validators('"1"'), 2 * HOUR)
    collector.collect([world.stored()], map)
    assert world.asked()[-1].headers["If-None-Match"] == '"1"'
    assert len(world.asked()) == 2


# --- 9: moves and ends -------------------------------------------------------------------------------------------


def redirect(world: World, status: int, to: str = "/new") -> None:
    world.site.pages["/feed"] = Answer(status=status, headers={"Location": to})


@pytest.mark.parametrize("status", [301, 308])
def test_rule_9_a_permanent_move_is_believed_after_three_looks(world: World, status: int) -> None:
    redirect(world, status, "/hop")
    world.site.pages["/hop"] = Answer(status=308, headers={"Location": "/new"})
    world.site.pages["/new"] = Answer(rss("a"), headers={"ETag": '"1"'})
    for times in (1, 2):
        world.look()
        assert world.stored().source.url == f"{world.site.url}/feed", times
    assert world.look().failed is None
    assert world.stored().source.url == f"{world.site.url}/new"
    assert world.stored().state.validators == Validators()
    assert world.notices() == [
        ("moved", f"it moved for good and is read at {world.site.url}/new now: change its url in the configuration")
    ]
    world.define(feed(world.site))
    before = len(world.asked())
    world.look()
    assert len(world.asked()) == before
    assert "If-None-Match" not in world.asked("/new")[-1].headers


def test_rule_9_looks_that_find_it_elsewhere_or_at_home_count_from_the_beginning(world: World) -> None:
    for path in ("/new", "/other"):
        world.site.pages[path] = Answer(rss("a"))
    for to in ("/new", "/new", "/other", "/other", None, "/new", "/new"):
        if to:
            redirect(world, 301, to)
        else:
            world.site.pages["/feed"] = Answer(rss("a"))
        world.look()
    assert world.stored().source.url == f"{world.site.url}/feed"


@pytest.mark.parametrize("status", [302, 303, 307])
def test_rule_9_a_temporary_move_is_never_believed(world: World, status: int) -> None:
    redirect(world, 301, "/hop")
    world.site.pages["/hop"] = Answer(status=status, headers={"Location": "/new"})
    world.site.pages["/new"] = Answer(rss("a"))
    for _ in range(5):
        assert world.look().failed is None
    assert world.stored().source.url == f"{world.site.url}/feed"
    assert world.notices() == []


def test_rule_9_a_move_to_what_is_no_feed_is_not_believed(world: World) -> None:
    redirect(world, 301)
    world.site.html("/new", "<!doctype html><html><body><p>This domain is for sale</p></body></html>")
    for _ in range(4):
        assert "is no feed" in (world.look().failed or "")
    assert world.stored().source.url == f"{world.site.url}/feed"


def test_rule_9_a_410_switches_it_off_and_the_owner_is_told(world: World) -> None:
    world.site.pages["/feed"] = Answer(status=410)
    world.look()
    world.clock.pass_by(days=40)
    assert world.round() == []
    assert [kind for kind, _ in world.notices()] == ["gone"]
    world.define(feed(world.site, url=f"{world.site.url}/new"))
    assert world.notices() == []
    world.site.pages["/new"] = Answer(rss("a"))
    assert [report.new for report in world.round()] == [1]


def test_rule_9_a_404_backs_off_to_once_a_week(world: World) -> None:
    waits = []
    for _ in range(10):
        world.round()
        waits.append(world.wait() / HOUR)
        world.clock.now += world.wait()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 168, 168]


# --- 10 to 13 ----------------------------------------------------------------------------------------------------


def test_rule_10_we_say_who_we_are_and_nothing_of_anybody_else(world: World) -> None:
    world.restart(contact="https://news.example.org/collector")
    publish_listing(world.site, 1, 2)
    world.site.pages["/list"] = replace(world.site.pages["/list"], headers={"Set-Cookie": "spy=1"})  # type: ignore[type-var]
    world.define(listing(world.site))
    for _ in range(2):
        world.look("list")
    for asked in world.site.asked:
        assert asked.headers["User-Agent"] == f"publisher/{__version__} (+https://news.example.org/collector)"
        assert asked.headers["Accept-Encoding"] == "gzip, br"
        assert not {"Cookie", "Referer", "Cache-Control", "Pragma"} & set(asked.headers)
        assert "?" not in asked.path


def test_rule_11_robots_is_obeyed_for_pages_and_lists_and_a_feed_of_the_owner_is_exempt(world: World) -> None:
    world.site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /story/2\nDisallow: /feed\nDisallow: /secret")
    publish_listing(world.site, 1, 2)
    world.site.pages["/feed"] = Answer(rss("a"))
    world.define(feed(world.site), listing(world.site))
    assert world.look("feed").new == 1
    report = world.look("list")
    assert (report.new, len(report.problems)) == (1, 1)
    assert "robots.txt of 127.0.0.1 forbids /story/2" in report.problems[0]
    assert world.asked("/story/2") == []
    world.define(listing(world.site, url=f"{world.site.url}/secret"))
    assert "forbids /secret" in (world.look("list").failed or "")


def test_rule_12_after_eight_days_of_nothing_but_304_one_request_is_unconditional(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"), headers={"ETag": '"1"'})
    world.define(feed(world.site, interval=timedelta(hours=12)))
    for _ in range(11 * 2):
        world.round()
        world.clock.pass_by(hours=12)
    conditional = ["If-None-Match" in asked.headers for asked in world.asked()]
    assert conditional.count(False) == 2
    assert conditional.index(False, 1) == 8 * 2


def test_rule_13_parse_errors_back_off_and_never_become_articles(world: World) -> None:
    world.site.html("/feed", "<html><body>Internal error: please log in</body></html>")
    waits = []
    for _ in range(4):
        assert "is no feed" in (world.look().failed or "")
        waits.append(world.wait() / HOUR)
    assert waits == [1, 2, 4, 8]
    state = world.stored().state
    assert (state.failures, state.checked_at) == (4, world.clock())
    assert "is no feed" in state.outcome
    with world.storage.read() as work:
        assert work.articles.count() == 0
    world.site.pages["/feed"] = Answer(rss("a"))
    world.look()
    assert (world.stored().state.failures, world.wait()) == (0, HOUR)


# --- the budget of a day -----------------------------------------------------------------------------------------


def test_a_host_gets_no_more_requests_a_day_than_its_budget_and_goes_on_tomorrow(world: World) -> None:
    world.restart(budget=6)
    world.define(listing(world.site), feed(world.site))
    world.site.pages["/feed"] = Answer(rss("a"))
    publish_listing(world.site, *range(1, 9))
    report = world.look("list")
    # robots.txt, what the host reserves, and the list count as the pages do.
    assert len(world.site.asked) == 6
    assert 0 < report.new < 6
    assert len(report.problems) == 1
    assert "the budget of 6 requests a day to 127.0.0.1" in report.problems[0]
    assert "is spent; it goes on at 2026-11-25 00:00 UTC" in report.problems[0]
    world.restart()
    failed = world.look("feed")
    assert "is spent" in (failed.failed or "")
    assert (world.stored().state.failures, world.wait()) == (0, 17 * HOUR)
    assert len(world.site.asked) == 6
    world.clock.pass_by(hours=17)
    again = {one.source: one for one in world.round()}
    assert again["list"].new > 0
    assert len(world.site.asked) == 12


def test_without_a_budget_nothing_is_counted(world: World) -> None:
    world.site.pages["/feed"] = Answer(rss("a"))
    world.look()
    with world.storage.read() as work:
        assert work.hosts.all() == {}


def test_spent_is_spent_for_whoever_asks(world: World) -> None:
    world.restart(budget=2)
    other = HttpFetcher(world.config, clock=world.clock, memory=StoredHosts(world.storage))
    request = FetchRequest(url=f"{world.site.url}/feed", obey_robots=False)
    world.site.pages["/feed"] = Answer(b"x")
    results = [fetcher.fetch(request) for fetcher in (world.fetchers[-1], other, world.fetchers[-1], other)]
    other.close()
    assert [isinstance(result, Fetched) for result in results] == [True, True, False, False]
