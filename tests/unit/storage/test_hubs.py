"""Subscriptions at hubs and what they brought, and what is remembered of a source's further documents."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain import websub
from publisher.domain.source import DocumentMemory, Source, SourceKind, SourceState, Validators
from publisher.domain.websub import HubMode, HubState, HubSubscription
from publisher.pipeline.ports import HubContent, Storage
from publisher.storage.hubs import KEPT
from tests.fakes import START

FEED = Source(name="quay", kind=SourceKind.FEED, url="https://quay.example/feed")
DESK = Source(name="desk", kind=SourceKind.PUSH, url="")


@pytest.fixture
def source_id(storage: Storage) -> int:
    with storage.begin() as work:
        work.sources.apply([FEED, DESK], START)
        stored = work.sources.get("quay")
    assert stored is not None
    return stored.source.id


@pytest.fixture
def subscription(storage: Storage, source_id: int) -> HubSubscription:
    with storage.begin() as work:
        work.hubs.add(
            HubSubscription(
                source_id=source_id,
                hub="https://hub.example/",
                topic=FEED.url,
                token="t" * 43,
                secret="s",
                next_try=START,
            )
        )
        found = work.hubs.behind("t" * 43)
    assert found is not None
    return found


def content(text: str) -> HubContent:
    return HubContent(source_id=0, topic="", at=START, media_type="text/xml", charset="utf-8", body=text.encode())


def test_a_subscription_comes_back_as_it_was_saved(storage: Storage, subscription: HubSubscription) -> None:
    stands = replace(
        websub.asked(subscription, HubMode.SUBSCRIBE, "https://news.example/websub/t", START),
        lease_until=START + timedelta(days=1),
        delivered_at=START,
        failures=3,
        outcome="no",
    )
    with storage.begin() as work:
        work.hubs.save(stands)
        assert work.hubs.all() == [stands]
        assert work.hubs.of(subscription.source_id) == stands
        work.hubs.save(replace(stands, state=HubState.ENDING))
        assert work.hubs.of(subscription.source_id) is None
        assert work.hubs.behind("other") is None


def test_what_came_waits_in_order_until_it_was_looked_at(storage: Storage, subscription: HubSubscription) -> None:
    with storage.begin() as work:
        for text in ("one", "two"):
            work.hubs.keep(subscription, content(text))
        first, _ = work.hubs.waiting(9)
        assert (first.body, first.topic, first.source_id) == (b"one", FEED.url, subscription.source_id)
        assert [one.id for one in work.hubs.waiting(1)] == [first.id]
        work.hubs.done(first.id)
        assert [one.body for one in work.hubs.waiting(9)] == [b"two"]
        work.hubs.forget(subscription.id)
        assert work.hubs.waiting(9) == []
        assert work.hubs.all() == []


def test_of_a_hub_gone_wild_the_latest_is_kept(storage: Storage, subscription: HubSubscription) -> None:
    with storage.begin() as work:
        for number in range(KEPT + 3):
            work.hubs.keep(subscription, content(str(number)))
        assert [one.body for one in work.hubs.waiting(99)] == [str(n).encode() for n in range(3, KEPT + 3)]


def test_further_documents_are_remembered_until_the_source_is_another(storage: Storage, source_id: int) -> None:
    documents = {
        "https://quay.example/1.xml": DocumentMemory("2026-11-24", Validators('"1"', "Tue"), START),
        "https://quay.example/2.xml": DocumentMemory(),
    }
    with storage.begin() as work:
        work.sources.finish(source_id, SourceState(documents=documents))
        stored = work.sources.get("quay")
        assert stored is not None
        assert stored.state.documents == documents
        work.sources.apply([replace(FEED, url="https://quay.example/other"), DESK], START)
        stored = work.sources.get("quay")
        assert stored is not None
        assert stored.state.documents is None


def test_a_source_that_is_pushed_is_never_due(storage: Storage, source_id: int) -> None:
    with storage.read() as work:
        assert [stored.source.name for stored in work.sources.due(START)] == ["quay"]


def test_patterns_are_stored_with_the_definition_and_applying_again_changes_nothing(storage: Storage) -> None:
    map_ = Source(name="map", kind=SourceKind.SITEMAP, url="https://a.example/s.xml", include=("/a",), exclude=("/b",))
    with storage.begin() as work:
        work.sources.apply([map_], START)
        stored = work.sources.get("map")
        assert stored is not None
        assert replace(stored.source, id=0) == map_
