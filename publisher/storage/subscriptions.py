"""Subscribers, their subscriptions, what they agreed to, and who must never get mail."""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, Select, Table, case, delete, func, insert, select, update

from publisher.domain.subscription import ConsentKind, MailFormat, Subscriber, Subscription, SubscriptionState
from publisher.domain.token import Keyring, address_key, canonical_address
from publisher.pipeline.ports import SubscribeRequest, Subscriptions
from publisher.storage.lists import among
from publisher.storage.schema import IS_OPEN, consent_event, delivery, subscriber, subscription, suppression

_ACTIVE = SubscriptionState.ACTIVE.value
_UNSUBSCRIBED = SubscriptionState.UNSUBSCRIBED.value

_SUBSCRIPTIONS = select(
    subscription,
    subscriber.c.address,
    subscriber.c.language,
    subscriber.c.timezone,
).join(subscriber, subscriber.c.id == subscription.c.subscriber_id)


class SqlSubscriptions(Subscriptions):
    """Subscriptions on one transaction."""

    def __init__(self, connection: Connection, keyring: Callable[[], Keyring]) -> None:
        self._connection = connection
        self._keyring = keyring

    # --- who -----------------------------------------------------------------------------------------------------

    def get(self, subscription_id: int) -> Subscription | None:
        """One by its number."""
        return self._one(_SUBSCRIPTIONS.where(subscription.c.id == subscription_id))

    def find(self, address: str, newsletter_id: int) -> Subscription | None:
        """One by address (in canonical form) and newsletter."""
        canonical = subscriber.c.canonical == canonical_address(address)
        return self._one(_SUBSCRIPTIONS.where(canonical, subscription.c.newsletter_id == newsletter_id))

    def all(self, newsletter_id: int | None = None, *, after_id: int = 0, limit: int = 1000) -> list[Subscription]:
        """A page of subscriptions in the order of their numbers."""
        query = _SUBSCRIPTIONS if newsletter_id is None else _SUBSCRIPTIONS.where(_of(newsletter_id))
        return self._page(query, after_id, limit)

    def active(self, newsletter_id: int, cadence: str | None, *, after_id: int, limit: int) -> list[Subscription]:
        """Active subscriptions in the order of their numbers; of one cadence, or of all when None."""
        query = _SUBSCRIPTIONS.where(_of(newsletter_id), subscription.c.state == _ACTIVE)
        return self._page(query if cadence is None else query.where(subscription.c.cadence == cadence), after_id, limit)

    def count_active(self, newsletter_id: int) -> int:
        """How many are active."""
        query = select(func.count()).select_from(subscription)
        return self._connection.execute(query.where(_of(newsletter_id), subscription.c.state == _ACTIVE)).scalar_one()

    def lowest_through(self, newsletter_id: int, cadence: str) -> int | None:
        """The smallest watermark of the active subscriptions; None when there are none."""
        query = select(func.min(subscription.c.through_seq)).where(
            _of(newsletter_id), subscription.c.state == _ACTIVE, subscription.c.cadence == cadence
        )
        lowest: int | None = self._connection.execute(query).scalar_one()
        return lowest

    def _one(self, query: Select[Any]) -> Subscription | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def _page(self, query: Select[Any], after_id: int, limit: int) -> list[Subscription]:
        page = query.where(subscription.c.id > after_id).order_by(subscription.c.id).limit(limit)
        return [_read(row) for row in self._connection.execute(page)]

    # --- coming --------------------------------------------------------------------------------------------------

    def add(self, request: SubscribeRequest, now: datetime, through_seq: int) -> Subscription:
        """Make a subscription, or make an unsubscribed one again; both start at `through_seq` and log consent.

        One that is unconfirmed, active or paused keeps its watermark and takes the new settings; a confirmed request
        makes an unconfirmed one active.
        """
        subscriber_id = self._subscriber(request)
        where = (subscription.c.subscriber_id == subscriber_id, _of(request.newsletter_id))
        row = self._connection.execute(select(subscription).where(*where).with_for_update()).one_or_none()
        state = SubscriptionState.ACTIVE if request.confirmed else SubscriptionState.UNCONFIRMED
        values: dict[str, Any] = {
            "cadence": request.cadence,
            "hour": request.hour,
            "topics": request.topics,
            "format": request.format.value,
        }
        anew = {"state": state.value, "through_seq": through_seq, "made_at": now}
        if row is None:
            values |= anew | {"high_seq": through_seq, "channel": "mail"}
            pair = {"subscriber_id": subscriber_id, "newsletter_id": request.newsletter_id}
            number = self._insert(subscription, pair | values)
            kind: ConsentKind | None = request.kind
        else:
            number, kind = row.id, None
            if row.state == _UNSUBSCRIBED:
                values |= anew | {"high_seq": max(row.high_seq, through_seq)}
                kind = ConsentKind.RESUBSCRIBED
            elif row.state == SubscriptionState.UNCONFIRMED and request.confirmed:
                values |= {"state": _ACTIVE}
                kind = request.kind
            self._connection.execute(update(subscription).where(subscription.c.id == number).values(**values))
        made = self.get(number)
        assert made is not None
        if kind:
            self._log(made, kind, now, request.evidence)
        return made

    def _subscriber(self, request: SubscribeRequest) -> int:
        canonical = canonical_address(request.address)
        query = select(subscriber).where(subscriber.c.canonical == canonical)
        row = self._connection.execute(query.with_for_update()).one_or_none()
        values = {"language": request.language, "timezone": request.timezone}
        if row is None:
            key = address_key(self._keyring(), request.address)
            values |= {"address": request.address.strip(), "canonical": canonical, "address_key": key}
            return self._insert(subscriber, values)
        if (row.language, row.timezone) != (request.language, request.timezone):
            self._connection.execute(update(subscriber).where(subscriber.c.id == row.id).values(**values))
        return int(row.id)

    def _insert(self, table: Table, values: dict[str, Any]) -> int:
        return int(self._connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())

    def update(self, subscription: Subscription) -> None:
        """Write cadence, hour, topics, format, state between active and paused, language and zone."""
        values = {
            "cadence": subscription.cadence,
            "hour": _minutes(subscription.hour),
            "topics": subscription.topics,
            "format": subscription.format.value,
        }
        self._connection.execute(update(_subscription).where(_subscription.c.id == subscription.id).values(**values))
        switched = (SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value)
        if subscription.state.value in switched:
            where = (_subscription.c.id == subscription.id, _subscription.c.state.in_(switched))
            self._connection.execute(update(_subscription).where(*where).values(state=subscription.state.value))
        person = subscription.subscriber
        values = {"language": person.language, "timezone": person.timezone}
        self._connection.execute(update(subscriber).where(subscriber.c.id == person.id).values(**values))

    def advance(self, subscription_ids: Sequence[int], through_seq: int) -> None:
        """Move watermarks on, never back (`Deliveries.discard` does that)."""
        if not subscription_ids:
            return
        values = {
            column.name: case((column < through_seq, through_seq), else_=column)
            for column in (subscription.c.through_seq, subscription.c.high_seq)
        }
        where = among(self._connection, subscription.c.id, subscription_ids)
        self._connection.execute(update(subscription).where(where).values(values))

    # --- going ---------------------------------------------------------------------------------------------------

    def unsubscribe(self, subscription_id: int, now: datetime, evidence: str) -> bool:
        """End a subscription, log it, and cancel its pending and deferred deliveries; False when it had ended."""
        where = (subscription.c.id == subscription_id, subscription.c.state != _UNSUBSCRIBED)
        if not self._connection.execute(update(subscription).where(*where).values(state=_UNSUBSCRIBED)).rowcount:
            return False
        self._cancel([subscription_id], now)
        ended = self.get(subscription_id)
        assert ended is not None
        self._log(ended, ConsentKind.UNSUBSCRIBED, now, evidence)
        return True

    def remove(self, address: str, now: datetime) -> bool:
        """Delete a subscriber with all subscriptions; open deliveries are cancelled first.

        The consent log and the ledger's rows stay; neither holds the address.
        """
        row = self._connection.execute(
            select(subscriber.c.id).where(subscriber.c.canonical == canonical_address(address)).with_for_update()
        ).one_or_none()
        if row is None:
            return False
        mine = subscription.c.subscriber_id == row.id
        self._cancel(self._connection.execute(select(subscription.c.id).where(mine)).scalars().all(), now)
        self._connection.execute(delete(subscription).where(mine))
        self._connection.execute(delete(subscriber).where(subscriber.c.id == row.id))
        return True

    def suppress(self, address_key: str, reason: str, now: datetime) -> None:
        """Never mail this address again; its pending and deferred deliveries are cancelled."""
        if not self.suppressed(address_key):
            self._connection.execute(insert(suppression).values(address_key=address_key, reason=reason, at=now))
        query = (
            select(subscription.c.id)
            .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
            .where(subscriber.c.address_key == address_key)
        )
        self._cancel(self._connection.execute(query).scalars().all(), now)

    def suppressed(self, address_key: str) -> bool:
        """Whether an address is on that list."""
        query = select(suppression.c.reason).where(suppression.c.address_key == address_key)
        return self._connection.execute(query).one_or_none() is not None

    def _cancel(self, subscription_ids: Sequence[int], now: datetime) -> None:
        where = (among(self._connection, delivery.c.subscription_id, subscription_ids), IS_OPEN)
        self._connection.execute(update(delivery).where(*where).values(state="cancelled", settled_at=now))

    def _log(self, subscription: Subscription, kind: ConsentKind, now: datetime, evidence: str) -> None:
        values = {
            "at": now,
            "kind": kind.value,
            "subscription_id": subscription.id,
            "newsletter_id": subscription.newsletter_id,
            "address_key": address_key(self._keyring(), subscription.subscriber.address),
            "evidence": evidence,
        }
        self._connection.execute(insert(consent_event).values(**values))


_subscription = subscription


def _of(newsletter_id: int) -> Any:
    return subscription.c.newsletter_id == newsletter_id


def _minutes(hour: time | None) -> int | None:
    return None if hour is None else hour.hour * 60 + hour.minute


def _read(row: Any) -> Subscription:
    return Subscription(
        id=row.id,
        subscriber=Subscriber(id=row.subscriber_id, address=row.address, language=row.language, timezone=row.timezone),
        newsletter_id=row.newsletter_id,
        state=SubscriptionState(row.state),
        cadence=row.cadence,
        hour=None if row.hour is None else time(*divmod(row.hour, 60)),
        topics=tuple(row.topics),
        format=MailFormat(row.format),
        through_seq=row.through_seq,
        high_seq=row.high_seq,
        made_at=row.made_at,
    )
