"""Subscribers, their subscriptions, what they agreed to, and who must never get mail."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, delete, func, insert, select, update

from publisher.domain.subscription import ConsentKind, MailFormat, Subscriber, Subscription, SubscriptionState
from publisher.domain.token import Keyring, address_key, canonical_address
from publisher.pipeline.ports import SubscribeRequest, Subscriptions
from publisher.storage.lists import among
from publisher.storage.schema import IS_OPEN, consent_event, delivery, subscriber, suppression
from publisher.storage.schema import subscription as subscriptions

_ACTIVE = SubscriptionState.ACTIVE.value
_PAUSED = SubscriptionState.PAUSED.value
_UNCONFIRMED = SubscriptionState.UNCONFIRMED.value
_UNSUBSCRIBED = SubscriptionState.UNSUBSCRIBED.value

# Statements that are run for each of many subscriptions are made once.
_ALL = select(subscriptions, subscriber.c.address, subscriber.c.language, subscriber.c.timezone).join(
    subscriber, subscriber.c.id == subscriptions.c.subscriber_id
)
_BY_ID = _ALL.where(subscriptions.c.id == bindparam("id"))
_BY_ADDRESS = _ALL.where(
    subscriber.c.canonical == bindparam("canonical"), subscriptions.c.newsletter_id == bindparam("newsletter")
)
_PAGE = _ALL.where(subscriptions.c.id > bindparam("after")).order_by(subscriptions.c.id).limit(bindparam("limit"))
_PAGE_OF_NEWSLETTER = _PAGE.where(subscriptions.c.newsletter_id == bindparam("newsletter"))
_PAGE_OF_ACTIVE = _PAGE_OF_NEWSLETTER.where(subscriptions.c.state == _ACTIVE)
_PAGE_OF_CADENCE = _PAGE_OF_ACTIVE.where(subscriptions.c.cadence == bindparam("cadence"))

_SUBSCRIBER = select(subscriber).where(subscriber.c.canonical == bindparam("canonical")).with_for_update()
_PAIR = (
    select(subscriptions)
    .where(subscriptions.c.subscriber_id == bindparam("subscriber"))
    .where(subscriptions.c.newsletter_id == bindparam("newsletter"))
    .with_for_update()
)
_NEW_SUBSCRIBER = insert(subscriber).returning(subscriber.c.id)
_NEW_SUBSCRIPTION = insert(subscriptions).returning(subscriptions.c.id)
_NEW_EVENT = insert(consent_event)


class SqlSubscriptions(Subscriptions):
    """Subscriptions on one transaction."""

    def __init__(self, connection: Connection, keyring: Callable[[], Keyring]) -> None:
        self._connection = connection
        self._keyring = keyring

    # --- who -----------------------------------------------------------------------------------------------------

    def get(self, subscription_id: int) -> Subscription | None:
        """One by its number."""
        return self._one(_BY_ID, id=subscription_id)

    def find(self, address: str, newsletter_id: int) -> Subscription | None:
        """One by address (in canonical form) and newsletter."""
        return self._one(_BY_ADDRESS, canonical=canonical_address(address), newsletter=newsletter_id)

    def all(self, newsletter_id: int | None = None, *, after_id: int = 0, limit: int = 1000) -> list[Subscription]:
        """A page of subscriptions in the order of their numbers."""
        if newsletter_id is None:
            return self._list(_PAGE, after=after_id, limit=limit)
        return self._list(_PAGE_OF_NEWSLETTER, newsletter=newsletter_id, after=after_id, limit=limit)

    def active(self, newsletter_id: int, cadence: str | None, *, after_id: int, limit: int) -> list[Subscription]:
        """Active subscriptions in the order of their numbers; of one cadence, or of all when None."""
        if cadence is None:
            return self._list(_PAGE_OF_ACTIVE, newsletter=newsletter_id, after=after_id, limit=limit)
        return self._list(_PAGE_OF_CADENCE, newsletter=newsletter_id, cadence=cadence, after=after_id, limit=limit)

    def count_active(self, newsletter_id: int) -> int:
        """How many are active."""
        where = (subscriptions.c.newsletter_id == newsletter_id, subscriptions.c.state == _ACTIVE)
        query = select(func.count()).select_from(subscriptions).where(*where)
        return self._connection.execute(query).scalar_one()

    def lowest_through(self, newsletter_id: int, cadence: str) -> int | None:
        """The smallest watermark of the active subscriptions; None when there are none."""
        query = select(func.min(subscriptions.c.through_seq)).where(
            subscriptions.c.newsletter_id == newsletter_id,
            subscriptions.c.state == _ACTIVE,
            subscriptions.c.cadence == cadence,
        )
        lowest: int | None = self._connection.execute(query).scalar_one()
        return lowest

    def _one(self, query: Select[Any], **parameters: Any) -> Subscription | None:
        row = self._connection.execute(query, parameters).one_or_none()
        return None if row is None else _read(row)

    def _list(self, query: Select[Any], **parameters: Any) -> list[Subscription]:
        return [_read(row) for row in self._connection.execute(query, parameters)]

    # --- coming --------------------------------------------------------------------------------------------------

    def add(self, request: SubscribeRequest, now: datetime, through_seq: int) -> Subscription:
        """Make a subscription, or make an unsubscribed one again; both start at `through_seq` and log consent.

        One that is unconfirmed, active or paused keeps its watermark and takes the new settings; a confirmed request
        makes an unconfirmed one active.
        """
        subscriber_id = self._subscriber(request)
        pair = {"subscriber": subscriber_id, "newsletter": request.newsletter_id}
        row = self._connection.execute(_PAIR, pair).one_or_none()
        state = _ACTIVE if request.confirmed else _UNCONFIRMED
        settings = {
            "cadence": request.cadence,
            "hour": request.hour,
            "topics": request.topics,
            "format": request.format.value,
        }
        anew = {"state": state, "through_seq": through_seq, "high_seq": through_seq, "made_at": now}
        kind: ConsentKind | None = request.kind
        if row is None:
            owner = {"subscriber_id": subscriber_id, "newsletter_id": request.newsletter_id, "channel": "mail"}
            number: int = self._connection.execute(_NEW_SUBSCRIPTION, {**owner, **settings, **anew}).scalar_one()
        elif row.state == _UNSUBSCRIBED:
            number, kind = row.id, ConsentKind.RESUBSCRIBED
            self._write(number, {**settings, **anew, "high_seq": max(row.high_seq, through_seq)})
        elif row.state == _UNCONFIRMED and request.confirmed:
            number = row.id
            self._write(number, {**settings, "state": _ACTIVE})
        else:
            number, kind = row.id, None
            self._write(number, settings)
        if kind:
            self._log(number, request.newsletter_id, request.address, kind, now, request.evidence)
        made = self.get(number)
        assert made is not None
        return made

    def _subscriber(self, request: SubscribeRequest) -> int:
        canonical = canonical_address(request.address)
        row = self._connection.execute(_SUBSCRIBER, {"canonical": canonical}).one_or_none()
        values = {"language": request.language, "timezone": request.timezone}
        if row is None:
            key = address_key(self._keyring(), request.address)
            values |= {"address": request.address.strip(), "canonical": canonical, "address_key": key}
            return int(self._connection.execute(_NEW_SUBSCRIBER, values).scalar_one())
        if (row.language, row.timezone) != (request.language, request.timezone):
            self._connection.execute(update(subscriber).where(subscriber.c.id == row.id).values(**values))
        return int(row.id)

    def update(self, subscription: Subscription) -> None:
        """Write cadence, hour, topics, format, state between active and paused, language and zone."""
        settings: dict[str, Any] = {
            "cadence": subscription.cadence,
            "hour": None if subscription.hour is None else subscription.hour.hour * 60 + subscription.hour.minute,
            "topics": subscription.topics,
            "format": subscription.format.value,
        }
        state = subscription.state.value
        if state in (_ACTIVE, _PAUSED):
            # Who was unconfirmed or ended meanwhile stays so.
            switched = subscriptions.c.state.in_((_ACTIVE, _PAUSED))
            settings["state"] = case((switched, state), else_=subscriptions.c.state)
        self._write(subscription.id, settings)
        person = subscription.subscriber
        values = {"language": person.language, "timezone": person.timezone}
        self._connection.execute(update(subscriber).where(subscriber.c.id == person.id).values(**values))

    def advance(self, subscription_ids: Sequence[int], through_seq: int) -> None:
        """Move watermarks on, never back (`Deliveries.discard` does that)."""
        if not subscription_ids:
            return
        values = {
            column.name: case((column < through_seq, through_seq), else_=column)
            for column in (subscriptions.c.through_seq, subscriptions.c.high_seq)
        }
        where = among(self._connection, subscriptions.c.id, subscription_ids)
        self._connection.execute(update(subscriptions).where(where).values(values))

    def _write(self, subscription_id: int, values: Mapping[str, Any]) -> None:
        self._connection.execute(update(subscriptions).where(subscriptions.c.id == subscription_id).values(**values))

    # --- going ---------------------------------------------------------------------------------------------------

    def unsubscribe(self, subscription_id: int, now: datetime, evidence: str) -> bool:
        """End a subscription, log it, and cancel its pending and deferred deliveries; False when it had ended."""
        where = (subscriptions.c.id == subscription_id, subscriptions.c.state != _UNSUBSCRIBED)
        if not self._connection.execute(update(subscriptions).where(*where).values(state=_UNSUBSCRIBED)).rowcount:
            return False
        self._cancel([subscription_id], now)
        ended = self.get(subscription_id)
        assert ended is not None
        kind = ConsentKind.UNSUBSCRIBED
        self._log(subscription_id, ended.newsletter_id, ended.subscriber.address, kind, now, evidence)
        return True

    def remove(self, address: str, now: datetime) -> bool:
        """Delete a subscriber with all subscriptions; open deliveries are cancelled first.

        The consent log and the ledger's rows stay; neither holds the address.
        """
        row = self._connection.execute(_SUBSCRIBER, {"canonical": canonical_address(address)}).one_or_none()
        if row is None:
            return False
        mine = subscriptions.c.subscriber_id == row.id
        self._cancel(self._connection.execute(select(subscriptions.c.id).where(mine)).scalars().all(), now)
        self._connection.execute(delete(subscriptions).where(mine))
        self._connection.execute(delete(subscriber).where(subscriber.c.id == row.id))
        return True

    def suppress(self, address_key: str, reason: str, now: datetime) -> None:
        """Never mail this address again; its pending and deferred deliveries are cancelled."""
        if not self.suppressed(address_key):
            self._connection.execute(insert(suppression).values(address_key=address_key, reason=reason, at=now))
        theirs = (
            select(subscriptions.c.id)
            .join(subscriber, subscriber.c.id == subscriptions.c.subscriber_id)
            .where(subscriber.c.address_key == address_key)
        )
        self._cancel(self._connection.execute(theirs).scalars().all(), now)

    def suppressed(self, address_key: str) -> bool:
        """Whether an address is on that list."""
        query = select(suppression.c.reason).where(suppression.c.address_key == address_key)
        return self._connection.execute(query).one_or_none() is not None

    def _cancel(self, subscription_ids: Sequence[int], now: datetime) -> None:
        where = (among(self._connection, delivery.c.subscription_id, subscription_ids), IS_OPEN)
        self._connection.execute(update(delivery).where(*where).values(state="cancelled", settled_at=now))

    def _log(
        self, subscription_id: int, newsletter_id: int, address: str, kind: ConsentKind, now: datetime, evidence: str
    ) -> None:
        values = {
            "at": now,
            "kind": kind.value,
            "subscription_id": subscription_id,
            "newsletter_id": newsletter_id,
            "address_key": address_key(self._keyring(), address),
            "evidence": evidence,
        }
        self._connection.execute(_NEW_EVENT, values)


def _read(row: Row[Any]) -> Subscription:
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
