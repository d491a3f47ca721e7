"""Hubs are told that feeds changed, again when they did not listen, and never of what is unannounced."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from publisher.domain.feed import Feed
from publisher.domain.source import Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ping import FIRST_RETRY, TRIES, Pinger, PingReport
from publisher.pipeline.ports import Fetched, FetchRequest, FetchResult, Refused, Storage
from publisher.pipeline.publish import FeedPublisher, Site
from tests.fakes import FakeClock
from tests.unit.pipeline.test_publish import store

HUB, OTHER = "https://hub.example/", "https://other.example/hub"
SITE = Site("Post", "https://post.example", hubs=(HUB, OTHER))
TOPICS = [f"https://post.example/feeds/trams.{form}" for form in ("atom", "json", "rss")]


@dataclass
class HubsOut:
    """Stands for the hubs: what each was told, and which do not listen."""

    told: list[tuple[str, str]] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)

    def fetch(self, request: FetchRequest) -> FetchResult:
        assert request.form is not None
        assert request.form["hub.mode"] == "publish"
        if request.url in self.deaf:
            return Refused("the server says 503 Service Unavailable", 503)
        self.told.append((request.url, request.form["hub.url"]))
        return Fetched(url=request.url, body=b"")


@pytest.fixture
def hubs() -> HubsOut:
    return HubsOut()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source(storage: Storage) -> Source:
    source = Source(name="blog", kind=SourceKind.FEED, url="https://blog.example/feed")
    with storage.begin() as work:
        work.sources.apply([source], FakeClock()())
        work.feeds.apply([Feed(slug="trams", title="Trams")])
        return work.sources.all()[0].source


def pinger(storage: Storage, hubs: HubsOut, clock: FakeClock, names: tuple[str, ...] = (HUB, OTHER)) -> Pinger:
    return Pinger(storage, hubs, clock, names)


def publish(storage: Storage, clock: FakeClock) -> None:
    FeedPublisher(storage, FeedDocumentWriter(), SITE, clock).publish()


def test_each_hub_is_told_of_each_document_once(
    storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut
) -> None:
    store(storage, source, clock, "a")
    publish(storage, clock)
    reports = pinger(storage, hubs, clock).ping()
    assert sorted(hubs.told) == [(hub, topic) for hub in (HUB, OTHER) for topic in TOPICS]
    assert {report.outcome for report in reports} == {"told"}
    publish(storage, clock)
    assert pinger(storage, hubs, clock).ping() == []


def test_what_is_unannounced_is_told_to_nobody(
    storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut
) -> None:
    store(storage, source, clock, "old", announced=False)
    publish(storage, clock)
    with storage.begin() as work:
        work.feeds.apply([Feed(slug="trams", title="Another title")])
    publish(storage, clock)
    assert pinger(storage, hubs, clock).ping() == []
    store(storage, source, clock, "new")
    publish(storage, clock)
    assert len(pinger(storage, hubs, clock).ping()) == 6


def test_a_hub_that_does_not_listen_is_told_later_and_holds_up_no_other(
    storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut
) -> None:
    hubs.deaf = {HUB}
    store(storage, source, clock, "a")
    publish(storage, clock)
    reports = pinger(storage, hubs, clock).ping()
    failed = [report for report in reports if report.failed]
    assert failed == [PingReport(HUB, TOPICS[0], "the server says 503 Service Unavailable", failed=True)]
    assert [hub for hub, _ in hubs.told] == [OTHER] * 3
    hubs.deaf = set()
    pinger(storage, hubs, clock).ping()
    assert (HUB, TOPICS[0]) not in hubs.told
    clock.pass_by(seconds=FIRST_RETRY.total_seconds())
    pinger(storage, hubs, clock).ping()
    assert {topic for hub, topic in hubs.told if hub == HUB} == set(TOPICS)


def test_it_is_given_up_after_so_many_tries_and_begun_again_by_a_change(
    storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut
) -> None:
    hubs.deaf = {HUB}
    store(storage, source, clock, "a")
    publish(storage, clock)
    outcomes = []
    for _ in range(3 * TRIES + 3):
        outcomes += [report.outcome for report in pinger(storage, hubs, clock, (HUB,)).ping()]
        clock.pass_by(days=1)
    assert len(outcomes) == 3 * TRIES
    assert outcomes[-1].endswith("; given up")
    hubs.deaf = set()
    store(storage, source, clock, "a", title="Edited")
    publish(storage, clock)
    assert len(pinger(storage, hubs, clock, (HUB,)).ping()) == 3


def test_a_change_meanwhile_is_not_lost(storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut) -> None:
    with storage.begin() as work:
        work.pings.ask([HUB], TOPICS[:1], clock())
        [ping] = work.pings.due(clock())
        work.pings.ask([HUB], TOPICS[:1], clock())
        work.pings.done(ping)
        work.pings.later(ping, clock() + timedelta(days=1), "refused")
        assert work.pings.due(clock()) == [replace(ping, asked=2)]
        assert work.pings.all() == work.pings.due(clock())


def test_what_waits_for_a_hub_that_was_taken_out_is_forgotten(
    storage: Storage, source: Source, clock: FakeClock, hubs: HubsOut
) -> None:
    store(storage, source, clock, "a")
    publish(storage, clock)
    assert pinger(storage, hubs, clock, ()).ping() == []
    assert pinger(storage, hubs, clock).ping() == []
