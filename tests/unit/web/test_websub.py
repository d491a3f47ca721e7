"""A feed, its hub and this instance, all over HTTP: subscribed, verified, brought, renewed and ended."""

import hashlib
import hmac
import http.client
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.types import ASGIApp

from publisher.domain import websub
from publisher.domain.selection import Selection
from publisher.domain.source import Source, SourceKind
from publisher.domain.websub import HubState, HubSubscription
from publisher.pipeline.collect import Collector
from publisher.pipeline.hubs import Hubs
from publisher.pipeline.ports import Storage
from publisher.pipeline.publish import Site as Ours
from publisher.pipeline.receive import Receiver
from publisher.pipeline.subscribe import Subscribing
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.kinds import build_readers
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, no_feed
from tests.unit.sources.site import Answer, Site

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and reading the authorities takes long."""


@dataclass
class Hub:
    """A hub as the standard has it: it asks back before it believes, and signs what it brings."""

    lease: int = 864_000
    refuse: int = 0
    asks_back: bool = True
    requests: list[dict[str, str]] = field(default_factory=list)
    subscribers: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def start(self) -> "Hub":
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                hub.requests.append(form)
                self.send_response(hub.refuse or 202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if not hub.refuse and hub.asks_back:
                    hub.verify(form)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def verify(self, form: dict[str, str], **changes: str) -> tuple[int, str]:
        """Ask the subscriber whether it meant it."""
        asked = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": "prove-it-<b>",
            "hub.lease_seconds": str(self.lease),
            **changes,
        }
        status, said = call(f"{form['hub.callback']}?{urlencode(asked)}")
        if (status, said) == (200, "prove-it-<b>"):
            if form["hub.mode"] == "subscribe":
                self.subscribers[form["hub.callback"]] = form
            else:
                self.subscribers.pop(form["hub.callback"], None)
        # Last, since tests wait for it.
        self.answers.append((status, said))
        return status, said

    def publish(self, body: bytes, method: str = "sha256", secret: str = "") -> list[int]:
        """Bring content to all subscribers; what they answer."""
        statuses = []
        for callback, form in self.subscribers.items():
            digest = hmac.new((secret or form["hub.secret"]).encode(), body, getattr(hashlib, method)).hexdigest()
            headers = {"Content-Type": "application/atom+xml", "X-Hub-Signature": f"{method}={digest}"}
            statuses.append(call(callback, body, headers)[0])
        return statuses


def call(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def atom(*titles: str, hub: str, topic: str) -> bytes:
    entries = "".join(
        f"<entry><id>urn:{title}</id><title>{title}</title><content>Text of {title}.</content></entry>"
        for title in titles
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>q</id><title>Q</title><link rel="hub" href="{hub}"/>'
        f'<link rel="self" href="{topic}"/>{entries}</feed>'
    ).encode()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub().start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@dataclass
class Instance:
    """This program between a feed and its hub."""

    storage: Storage
    clock: FakeClock
    collector: Collector
    receiver: Receiver
    hubs: Hubs

    def collect(self) -> None:
        self.collector.collect(self.collector.due(), map)

    def subscription(self) -> HubSubscription | None:
        with self.storage.read() as work:
            return next(iter(work.hubs.all()), None)

    def titles(self) -> list[str]:
        with self.storage.read() as work:
            return sorted(one.revision.content.title for one in work.articles.current(Selection(), limit=99))

    def next_check(self) -> timedelta:
        with self.storage.read() as work:
            state = work.sources.all()[0].state
        assert state.next_check is not None
        return state.next_check - self.clock()


@pytest.fixture
def instance(storage: Storage, site: Site, hub: Hub, serve: Callable[[ASGIApp], object]) -> Iterator[Instance]:
    clock = FakeClock()
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host, hub.host)), ssl_context=NO_AUTHORITIES)
    feed = Source(
        name="quay", kind=SourceKind.FEED, url=f"{site.url}/feed", full_text=False, interval=timedelta(hours=1)
    )
    with storage.begin() as work:
        work.sources.apply([feed], clock())
    readers = build_readers()
    hubs = Hubs(storage, fetcher, clock)
    web = build_web(
        storage,
        Templates([shipped_templates()]),
        Ours("Q", ""),
        Services(Subscribing(storage, clock), no_feed, hubs=hubs),
    )
    client = serve(web)
    # Known only once it is served.
    object.__setattr__(hubs, "base_url", f"http://127.0.0.1:{client.port}")  # type: ignore[attr-defined]
    site.pages["/feed"] = Answer(atom("old", hub=hub.url, topic=feed.url))
    made = Instance(
        storage,
        clock,
        Collector(storage, readers, fetcher, clock),
        Receiver(storage, readers, fetcher, clock),
        hubs,
    )
    made.collect()
    yield made
    fetcher.close()


@pytest.fixture
def listening(instance: Instance, hub: Hub) -> Instance:
    """An instance whose subscription is in force."""
    instance.hubs.tend()
    wait_until(lambda: bool(hub.answers))
    assert hub.subscribers
    return instance


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def topic(site: Site) -> str:
    return f"{site.url}/feed"


def test_a_feed_with_a_hub_is_subscribed_to_and_the_intent_verified(instance: Instance, hub: Hub, site: Site) -> None:
    [report] = instance.hubs.tend()
    assert (report.source, report.outcome) == ("quay", f"subscribe at hub {hub.url}: accepted")
    wait_until(lambda: bool(hub.answers))
    assert hub.answers == [(200, "prove-it-<b>")]
    [request] = hub.requests
    assert request["hub.topic"] == topic(site)
    assert len(request["hub.callback"].rpartition("/")[2]) > 40
    assert len(request["hub.secret"]) > 40
    subscription = instance.subscription()
    assert subscription is not None
    assert subscription.state is HubState.ACTIVE
    assert subscription.lease_until == instance.clock() + timedelta(days=10)
    assert instance.hubs.tend() == []


def test_what_a_hub_brings_is_stored_as_if_it_had_been_fetched(listening: Instance, hub: Hub, site: Site) -> None:
    asked = len(site.asked)
    assert hub.publish(atom("fresh", hub=hub.url, topic=topic(site))) == [202]
    [report] = listening.receiver.take_in(map)
    assert (report.source, report.new) == ("quay", 1)
    assert listening.titles() == ["fresh", "old"]
    with listening.storage.read() as work:
        [state] = [one for one in work.articles.current(Selection(), limit=9) if one.revision.content.title == "fresh"]
    assert state.revision.announced
    assert len(site.asked) == asked
    assert hub.publish(atom("fresh", hub=hub.url, topic=topic(site))) == [202]
    assert [report.new for report in listening.receiver.take_in(map)] == [0]
    assert listening.receiver.take_in(map) == []


@pytest.mark.parametrize(("method", "secret"), [("sha256", "guessed"), ("sha1", "")])
def test_what_is_not_signed_by_our_secret_is_taken_and_ignored(
    listening: Instance, hub: Hub, site: Site, method: str, secret: str
) -> None:
    assert hub.publish(atom("forged", hub=hub.url, topic=topic(site)), method, secret) == [202]
    assert listening.receiver.take_in(map) == []
    [callback] = hub.subscribers
    assert call(callback, b"<feed/>")[0] == 202
    assert listening.receiver.take_in(map) == []
    assert listening.titles() == ["old"]


def test_what_cannot_be_read_is_thrown_away_and_the_feed_goes_on(listening: Instance, hub: Hub) -> None:
    assert hub.publish(b"not a feed") == [202]
    [report] = listening.receiver.take_in(map)
    assert report.failed is None
    assert "what its hub brought" in report.problems[0]
    assert listening.receiver.take_in(map) == []


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(listening: Instance, hub: Hub) -> None:
    [callback] = hub.subscribers
    connection = http.client.HTTPConnection(urlsplit(callback).netloc, timeout=60)
    connection.putrequest("POST", urlsplit(callback).path)
    connection.putheader("Content-Length", str(5 * 1024 * 1024 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_nobody_is_verified_who_was_not_asked_for(listening: Instance, hub: Hub, site: Site) -> None:
    [form] = hub.subscribers.values()
    assert hub.verify(form)[0] == 404
    assert hub.verify({**form, "hub.mode": "unsubscribe"})[0] == 404
    assert hub.verify({**form, "hub.callback": form["hub.callback"] + "x"})[0] == 404
    assert call(form["hub.callback"])[0] == 404
    assert call(form["hub.callback"] + "x", b"<feed/>")[0] == 410
    assert listening.subscription() is not None


@pytest.mark.parametrize(
    "changes", [{"hub.topic": "https://other.example/"}, {"hub.mode": "unsubscribe"}, {"hub.challenge": ""}]
)
def test_a_verification_of_something_else_is_refused(instance: Instance, hub: Hub, changes: dict[str, str]) -> None:
    hub.asks_back = False
    instance.hubs.tend()
    assert hub.verify(hub.requests[0], **changes)[0] == 404
    assert hub.verify(hub.requests[0])[0] == 200


def test_a_lease_is_renewed_before_it_ends(listening: Instance, hub: Hub) -> None:
    listening.clock.pass_by(days=9)
    assert len(listening.hubs.tend()) == 1
    wait_until(lambda: len(hub.answers) == 2)
    assert hub.requests[0]["hub.callback"] == hub.requests[1]["hub.callback"]
    subscription = listening.subscription()
    assert subscription is not None
    assert subscription.lease_until == listening.clock() + timedelta(days=10)


def test_a_hub_that_refuses_is_asked_again_later(instance: Instance, hub: Hub) -> None:
    hub.refuse = 503
    [report] = instance.hubs.tend()
    assert report.failed
    assert "503" in report.outcome
    assert instance.hubs.tend() == []
    instance.clock.pass_by(hours=2)
    hub.refuse = 0
    assert not instance.hubs.tend()[0].failed


def test_a_denial_is_taken_note_of(listening: Instance, hub: Hub, site: Site) -> None:
    [callback] = hub.subscribers
    said = urlencode({"hub.mode": "denied", "hub.topic": topic(site), "hub.reason": "no more"})
    assert call(f"{callback}?{said}")[0] == 200
    assert call(f"{callback}x?{said}")[0] == 404
    subscription = listening.subscription()
    assert subscription is not None
    assert subscription.outcome == "the hub denied it: no more"


def test_polling_goes_on_less_often_while_the_hub_delivers(listening: Instance, hub: Hub, site: Site) -> None:
    listening.clock.pass_by(hours=1, seconds=1)
    listening.collect()
    assert listening.next_check() < timedelta(hours=2)
    hub.publish(atom("fresh", hub=hub.url, topic=topic(site)))
    listening.receiver.take_in(map)
    listening.clock.pass_by(hours=2)
    listening.collect()
    assert listening.next_check() >= websub.POLL_BESIDE
    site.pages["/feed"] = Answer(atom("missed", "fresh", "old", hub=hub.url, topic=topic(site)))
    listening.clock.pass_by(hours=6, minutes=1)
    listening.collect()
    assert listening.titles() == ["fresh", "missed", "old"]
    assert listening.next_check() < timedelta(hours=2)


def test_a_removed_source_is_unsubscribed(listening: Instance, hub: Hub) -> None:
    with listening.storage.begin() as work:
        work.sources.apply([], listening.clock())
    [report] = listening.hubs.tend()
    assert report.outcome == f"unsubscribe at hub {hub.url}: accepted"
    wait_until(lambda: len(hub.answers) == 2)
    assert hub.subscribers == {}
    assert listening.subscription() is None


def test_another_hub_takes_the_place_of_the_first(listening: Instance, hub: Hub, site: Site) -> None:
    elsewhere = f"{hub.url}second"
    site.pages["/feed"] = Answer(atom("old", hub=elsewhere, topic=topic(site)))
    listening.clock.pass_by(hours=1, seconds=1)
    listening.collect()
    outcomes = {report.outcome for report in listening.hubs.tend()}
    assert outcomes == {f"unsubscribe at hub {hub.url}: accepted", f"subscribe at hub {elsewhere}: accepted"}
    wait_until(lambda: len(hub.answers) == 3)
    subscription = listening.subscription()
    assert subscription is not None
    assert subscription.hub == elsewhere


def test_without_an_address_of_our_own_nothing_is_asked_for(instance: Instance, hub: Hub) -> None:
    object.__setattr__(instance.hubs, "base_url", "")
    assert instance.hubs.tend() == []
    assert hub.requests == []


def test_a_source_that_is_away_leaves_nothing_waiting(listening: Instance, hub: Hub, site: Site) -> None:
    hub.publish(atom("late", hub=hub.url, topic=topic(site)))
    with listening.storage.begin() as work:
        work.sources.apply([], listening.clock())
    assert listening.receiver.take_in(map) == []
    with listening.storage.read() as work:
        assert work.hubs.waiting(9) == []
