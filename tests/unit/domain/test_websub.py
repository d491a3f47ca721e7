"""What to do about a subscription at a hub, as its time passes."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain import websub
from publisher.domain.websub import HubMode, HubState, HubSubscription

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
FRESH = HubSubscription(
    source_id=1, hub="https://hub.example/", topic="https://quay.example/feed", token="t", secret="s", next_try=NOW
)
ACTIVE = websub.verified(FRESH, timedelta(days=10), NOW)
CALLBACK = "https://news.example/websub/t"


def test_a_new_one_is_asked_for_and_given_time_to_be_verified() -> None:
    assert websub.due(FRESH, NOW) is HubMode.SUBSCRIBE
    asked = websub.asked(FRESH, HubMode.SUBSCRIBE, CALLBACK, NOW)
    assert (asked.pending, asked.callback) == (HubMode.SUBSCRIBE, CALLBACK)
    assert websub.due(asked, NOW + timedelta(minutes=59)) is None
    assert websub.due(asked, NOW + timedelta(hours=1)) is HubMode.SUBSCRIBE


def test_a_lease_is_renewed_before_it_ends() -> None:
    assert ACTIVE.lease_until == NOW + timedelta(days=10)
    assert websub.due(ACTIVE, NOW + timedelta(days=8)) is None
    assert websub.due(ACTIVE, NOW + timedelta(days=9)) is HubMode.SUBSCRIBE


@pytest.mark.parametrize(
    ("said", "taken"),
    [(None, websub.LEASE), (timedelta(seconds=5), timedelta(minutes=5)), (timedelta(days=9999), timedelta(days=365))],
)
def test_leases_are_kept_within_reason(said: timedelta | None, taken: timedelta) -> None:
    assert websub.verified(FRESH, said, NOW).lease_until == NOW + taken


def test_refusals_wait_longer_each_time_and_at_most_a_day() -> None:
    waits, subscription = [], FRESH
    for _ in range(9):
        subscription = websub.refused(subscription, "the server says 500", NOW)
        waits.append(subscription.next_try - NOW)
    assert waits[:3] == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert waits[-1] == timedelta(hours=24)
    assert subscription.outcome == "the server says 500"


def test_a_renewal_that_fails_until_the_lease_is_over_leaves_it_wanted() -> None:
    failed = websub.refused(ACTIVE, "no", NOW + timedelta(days=9))
    assert failed.state is HubState.ACTIVE
    assert websub.refused(failed, "no", NOW + timedelta(days=11)).state is HubState.WANTED


def test_a_denial_is_not_asked_again_for_a_week() -> None:
    denied = websub.denied(ACTIVE, "topic is private", NOW)
    assert (denied.state, denied.lease_until) == (HubState.WANTED, None)
    assert denied.outcome == "the hub denied it: topic is private"
    assert websub.due(denied, NOW + timedelta(days=6)) is None
    assert websub.denied(FRESH, "", NOW).outcome == "the hub denied it"


def test_one_that_is_not_wanted_is_unsubscribed_and_then_forgotten() -> None:
    ending = websub.ended(ACTIVE, NOW)
    assert websub.due(ending, NOW) is HubMode.UNSUBSCRIBE
    assert not websub.is_over(ending, NOW)
    assert websub.ended(ending, NOW) is ending
    for _ in range(websub.GOODBYES):
        ending = websub.refused(ending, "no", NOW)
    assert websub.is_over(ending, NOW)
    assert websub.is_over(websub.ended(FRESH, NOW), NOW)
    assert websub.is_over(websub.ended(ACTIVE, NOW), NOW + timedelta(days=10))
    assert not websub.is_over(ACTIVE, NOW + timedelta(days=99))


def test_a_hub_delivers_while_its_lease_holds_and_it_has_brought_something() -> None:
    brought = replace(ACTIVE, delivered_at=NOW)
    assert websub.is_delivering(brought, NOW)
    assert not websub.is_delivering(ACTIVE, NOW)
    assert not websub.is_delivering(brought, NOW + timedelta(days=10))
    assert not websub.is_delivering(websub.ended(brought, NOW), NOW)


@pytest.mark.parametrize(
    ("method", "believed"), [("sha256", True), ("SHA384", True), ("sha512", True), ("sha1", False), ("md5", False)]
)
def test_signatures_are_checked_by_hashes_that_are_to_be_believed(method: str, believed: bool) -> None:
    digest = hmac.new(b"s", b"body", getattr(hashlib, method.lower())).hexdigest()
    assert websub.is_signed("s", b"body", f"{method}={digest}") is believed
    assert websub.is_signed("s", b"body", f"{method}={digest.upper()}") is believed
    assert not websub.is_signed("s", b"bodY", f"{method}={digest}")
    assert not websub.is_signed("other", b"body", f"{method}={digest}")


@pytest.mark.parametrize("signature", ["", "sha256", "sha256=", "=", "sha256=é", "sha256=" + "0" * 64])
def test_what_is_no_signature_is_not_believed(signature: str) -> None:
    assert not websub.is_signed("s", b"body", signature)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(FRESH)
    assert "token" not in repr(FRESH)
