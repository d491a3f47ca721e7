"""Listening to WebSub hubs (W3C WebSub): subscriptions are asked for, verified, renewed and ended here.

A hub that a feed names brings what is new within seconds. That needs an address of ours that the hub can reach; without
one nothing is asked for. What hubs bring is looked at by `receive`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.domain import websub
from publisher.domain.source import SourceKind, StoredSource
from publisher.domain.websub import HubMode, HubState, HubSubscription
from publisher.pipeline.ports import (
    Clock,
    Fetched,
    Fetcher,
    FetchRequest,
    Gone,
    HubContent,
    NotModified,
    Reading,
    Refused,
    Storage,
    UnitOfWork,
)

CALLBACK_PATH = "/websub/"
"""What the addresses of our callbacks begin with, after the site's own."""

ANSWER_WITHIN = timedelta(seconds=10)
ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HubReport:
    """What was asked of a hub, and how it answered; `failed` when it refused."""

    source: str
    outcome: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Hubs:
    """What listening needs. `base_url` is where hubs reach this instance; empty when they can't, or must not."""

    storage: Storage
    fetcher: Fetcher
    clock: Clock
    base_url: str = ""

    # --- what we ask ---------------------------------------------------------------------------------------------

    def tend(self) -> list[HubReport]:
        """Ask hubs for what is due: new subscriptions, renewals, and the end of those that are not wanted any more."""
        now = self.clock()
        with self.storage.read() as work:
            if not work.hubs.all():
                return []
        with self.storage.begin() as work:
            sources = {stored.source.id: stored for stored in work.sources.all()}
            for subscription in work.hubs.all():
                wanted = self._wanted(subscription, sources.get(subscription.source_id), now)
                if websub.is_over(wanted, now):
                    work.hubs.forget(wanted.id)
                elif wanted is not subscription:
                    work.hubs.save(wanted)
            waiting = [(one, mode) for one in work.hubs.all() if (mode := websub.due(one, now)) is not None]
        if not self.base_url:
            # Without an address of our own nothing is asked for; what is to end ends with its lease.
            waiting = [(one, mode) for one, mode in waiting if mode is HubMode.UNSUBSCRIBE and one.callback]
        return [self._ask(one, mode, _name(sources.get(one.source_id))) for one, mode in waiting]

    def _wanted(self, subscription: HubSubscription, stored: StoredSource | None, now: datetime) -> HubSubscription:
        """The subscription as it should stand: ending when its source is away or no hub may reach us, and asked for
        anew when our own address changed."""
        listening = self.base_url and stored is not None and not stored.source.disabled
        if not listening or stored is None or stored.source.kind is not SourceKind.FEED:
            return websub.ended(subscription, now)
        moved = subscription.callback and subscription.callback != self._callback(subscription)
        if moved and subscription.state is not HubState.ENDING and subscription.pending is None:
            return replace(subscription, state=HubState.WANTED, next_try=min(now, subscription.next_try))
        return subscription

    def _callback(self, subscription: HubSubscription) -> str:
        return f"{self.base_url}{CALLBACK_PATH}{subscription.token}"

    def _ask(self, subscription: HubSubscription, mode: HubMode, source: str) -> HubReport:
        now = self.clock()
        # One that ends is ended under the address that the hub knows.
        callback = subscription.callback if mode is HubMode.UNSUBSCRIBE else self._callback(subscription)
        with self.storage.begin() as work:
            work.hubs.save(websub.asked(subscription, mode, callback, now))
        refusal = self._request(subscription, mode, callback)
        if refusal is None:
            return HubReport(source, f"{mode.value} at hub {subscription.hub}: accepted")
        with self.storage.begin() as work:
            # A hub may have verified and then have failed to say so.
            current = work.hubs.behind(subscription.token)
            if current is not None and current.pending is not None:
                work.hubs.save(websub.refused(current, refusal, self.clock()))
        return HubReport(source, f"{mode.value} at hub {subscription.hub}: {refusal}", failed=True)

    def _request(self, subscription: HubSubscription, mode: HubMode, callback: str) -> str | None:
        """Send one request (section 5.1); why it was refused, or None."""
        form = {"hub.callback": callback, "hub.mode": mode.value, "hub.topic": subscription.topic}
        if mode is HubMode.SUBSCRIBE:
            form |= {
                "hub.lease_seconds": str(int(websub.LEASE.total_seconds())),
                "hub.secret": subscription.secret,
            }
        return post(self.fetcher, subscription.hub, form)

    # --- what hubs ask and bring ---------------------------------------------------------------------------------

    def verify(self, token: str, mode: str, topic: str, lease: timedelta | None) -> bool:
        """Whether a hub may do what it says that we asked for (section 5.3); what was not asked for it may not."""
        with self.storage.begin() as work:
            subscription = work.hubs.behind(token)
            if subscription is None or subscription.topic != topic or subscription.pending != mode:
                return False
            if subscription.pending is HubMode.UNSUBSCRIBE:
                work.hubs.forget(subscription.id)
            else:
                work.hubs.save(websub.verified(subscription, lease, self.clock()))
            return True

    def deny(self, token: str, topic: str, reason: str) -> bool:
        """Take note that a hub denies a subscription, or has ended it (section 5.2)."""
        with self.storage.begin() as work:
            subscription = work.hubs.behind(token)
            if subscription is None or subscription.topic != topic:
                return False
            work.hubs.save(websub.denied(subscription, " ".join(reason.split())[:200], self.clock()))
            return True

    def knows(self, token: str) -> bool:
        """Whether content may come to this callback."""
        with self.storage.read() as work:
            subscription = work.hubs.behind(token)
        return subscription is not None and subscription.state is not HubState.ENDING

    def take(self, token: str, content: HubContent, signature: str) -> bool:
        """Keep what a hub brought, if it is signed by our secret (section 7.1); whether it was."""
        now = self.clock()
        with self.storage.begin() as work:
            subscription = work.hubs.behind(token)
            if subscription is None or subscription.state is HubState.ENDING:
                return False
            if not websub.is_signed(subscription.secret, content.body, signature):
                return False
            work.hubs.keep(subscription, content)
            work.hubs.save(replace(subscription, delivered_at=now))
            return True


def polled(work: UnitOfWork, source_id: int, reading: Reading, *, new: int, now: datetime) -> datetime | None:
    """Take note of the hub that a feed names as it is polled, and of how well that keeps its word.

    Another hub than before, or none, ends the subscription there. Until when polling may rest: while a hub delivers,
    and polling finds nothing that it should have brought; else None.
    """
    current = work.hubs.of(source_id)
    if reading.changed and (reading.hub, reading.topic) != ((current.hub, current.topic) if current else (None, None)):
        if current is not None:
            work.hubs.save(websub.ended(current, now))
        if reading.hub and reading.topic:
            work.hubs.add(_subscription(source_id, reading.hub, reading.topic, now))
        return None
    if current is None or not websub.is_delivering(current, now):
        return None
    if new:
        work.hubs.save(replace(current, delivered_at=None))
        return None
    return now + websub.POLL_BESIDE


def _subscription(source_id: int, hub: str, topic: str, now: datetime) -> HubSubscription:
    token, secret = (secrets.token_urlsafe(32) for _ in range(2))
    return HubSubscription(source_id=source_id, hub=hub, topic=topic, token=token, secret=secret, next_try=now)


def _name(stored: StoredSource | None) -> str:
    return stored.source.name if stored is not None else "(removed)"


def post(fetcher: Fetcher, hub: str, form: Mapping[str, str], *, named: bool = False) -> str | None:
    """Send a form to a hub; why it was refused, or None. `named` when the operator wrote its address."""
    request = FetchRequest(
        url=hub, form=form, deadline=ANSWER_WITHIN, max_bytes=ANSWER_BYTES, obey_robots=False, named=named
    )
    match fetcher.fetch(request):
        case Fetched() | NotModified():
            return None
        case Gone():
            return "the server says 410 Gone"
        case Refused(reason):
            return reason
