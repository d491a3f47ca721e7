"""Subscriptions at WebSub hubs (W3C WebSub): what is remembered of one, and what to do about it next.

A hub pushes what a feed publishes. It is a courtesy that may end at any time, so feeds go on being polled, only less
often while a hub delivers.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.domain.backoff import doubled

LEASE = timedelta(days=10)
"""The lease that we ask for; a hub may give another (section 5.1)."""

SHORTEST_LEASE = timedelta(minutes=5)
LONGEST_LEASE = timedelta(days=365)

VERIFY_WITHIN = timedelta(hours=1)
"""How long a hub that took a request may take to verify our intent; then it is asked again."""

FIRST_RETRY = timedelta(minutes=15)
LONGEST_RETRY = timedelta(hours=24)
DENIED_FOR = timedelta(days=7)
"""When to ask a hub again that denied a subscription."""

GOODBYES = 3
"""How often a hub is asked to end a subscription; then its lease ends it."""

POLL_BESIDE = timedelta(hours=6)
"""At least so long between two looks at a feed whose hub delivers."""

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


class HubMode(StrEnum):
    """What is asked of a hub (section 5.1), and of us (section 5.3)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class HubState(StrEnum):
    """Where a subscription stands: to be had, in force, or to be ended."""

    WANTED = "wanted"
    ACTIVE = "active"
    ENDING = "ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """A feed's subscription at its hub.

    `token` makes the callback's address unguessable, `secret` signs what comes there. `pending` is what was asked and
    not verified yet, at `callback`. `next_try` is when to ask (again), `lease_until` when the hub forgets us, and
    `delivered_at` when it last brought something.
    """

    id: int = 0
    source_id: int
    hub: str
    topic: str
    token: str
    secret: str
    callback: str = ""
    state: HubState = HubState.WANTED
    pending: HubMode | None = None
    next_try: datetime
    lease_until: datetime | None = None
    delivered_at: datetime | None = None
    failures: int = 0
    outcome: str = ""

    def __repr__(self) -> str:
        return f"HubSubscription(source_id={self.source_id}, hub={self.hub!r}, state={self.state.value})"


def due(subscription: HubSubscription, now: datetime) -> HubMode | None:
    """What to ask the hub now; None when it is not time."""
    if subscription.next_try > now:
        return None
    return HubMode.UNSUBSCRIBE if subscription.state is HubState.ENDING else HubMode.SUBSCRIBE


def is_over(subscription: HubSubscription, now: datetime) -> bool:
    """Whether one that ends can be forgotten: it never was in force, its lease ran out, or the hub does not answer."""
    if subscription.state is not HubState.ENDING:
        return False
    ran_out = subscription.lease_until is None or subscription.lease_until <= now
    return ran_out or subscription.failures >= GOODBYES


def ended(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """One that is not wanted any more, to be unsubscribed at once."""
    if subscription.state is HubState.ENDING:
        return subscription
    return replace(subscription, state=HubState.ENDING, pending=None, next_try=now, failures=0)


def asked(subscription: HubSubscription, mode: HubMode, callback: str, now: datetime) -> HubSubscription:
    """One about to be asked for: noted before the request, since a hub may verify before it answers."""
    return replace(subscription, pending=mode, callback=callback, next_try=now + VERIFY_WITHIN)


def refused(subscription: HubSubscription, reason: str, now: datetime) -> HubSubscription:
    """One whose request failed: a quarter of an hour's wait that doubles up to a day."""
    wait = doubled(FIRST_RETRY, subscription.failures, LONGEST_RETRY)
    lapsed = subscription.lease_until is not None and subscription.lease_until <= now
    state = HubState.WANTED if lapsed and subscription.state is HubState.ACTIVE else subscription.state
    return replace(
        subscription,
        state=state,
        pending=None,
        next_try=now + wait,
        failures=subscription.failures + 1,
        outcome=reason,
    )


def verified(subscription: HubSubscription, lease: timedelta | None, now: datetime) -> HubSubscription:
    """One in force: to be renewed when nine tenths of the lease are over (section 5.3: without a lease, as asked)."""
    lease = min(max(lease or LEASE, SHORTEST_LEASE), LONGEST_LEASE)
    return replace(
        subscription,
        state=HubState.ACTIVE,
        pending=None,
        lease_until=now + lease,
        next_try=now + lease * 0.9,
        failures=0,
        outcome="verified",
    )


def denied(subscription: HubSubscription, reason: str, now: datetime) -> HubSubscription:
    """One that the hub will not give, or has ended (section 5.2)."""
    state = subscription.state if subscription.state is HubState.ENDING else HubState.WANTED
    outcome = f"the hub denied it: {reason}" if reason else "the hub denied it"
    return replace(
        subscription, state=state, pending=None, lease_until=None, next_try=now + DENIED_FOR, outcome=outcome
    )


def is_delivering(subscription: HubSubscription, now: datetime) -> bool:
    """Whether the hub keeps its word: then the feed need not be polled as often."""
    in_force = subscription.lease_until is not None and subscription.lease_until > now
    return subscription.state is HubState.ACTIVE and in_force and subscription.delivered_at is not None


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether a body is signed by our secret: `method=hexadecimal` (section 7.1). SHA-1 is not believed."""
    method, _, digest = signature.strip().partition("=")
    hashed = _HASHES.get(method.lower())
    if hashed is None:
        return False
    expected = hmac.new(secret.encode(), body, hashed).hexdigest()
    return hmac.compare_digest(expected.encode(), digest.strip().lower().encode("utf-8", "replace"))
