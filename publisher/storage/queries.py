"""Read models: what a page or a command shows, gathered in one query each. They only read, and change nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from publisher.domain.delivery import DeliveryState
from publisher.domain.edition import Edition
from publisher.domain.feed import FeedFormat
from publisher.domain.source import StoredSource
from publisher.domain.subscription import SubscriptionState
from publisher.storage.database import SqlStorage
from publisher.storage.editions import read_edition
from publisher.storage.schema import (
    article,
    delivery,
    digest,
    edition,
    feed_document,
    newsletter,
    source,
    subscriber,
    subscription,
)
from publisher.storage.sources import DEFINED, read_stored_source


@dataclass(frozen=True, slots=True)
class SourceOverview:
    """A source that is defined, how many of its articles are stored, and when the newest was first seen."""

    stored: StoredSource
    articles: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class DocumentOverview:
    """A document of a feed: when it changed last, and its size in bytes as it is sent compressed."""

    slug: str
    format: FeedFormat
    last_modified: datetime
    size: int


@dataclass(frozen=True, slots=True)
class EditionOverview:
    """An edition with its newsletter's slug, how many variants it has, and its deliveries by state."""

    edition: Edition
    newsletter: str
    digests: int
    deliveries: Mapping[DeliveryState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOverview:
    """A row of the ledger for who looks: `address` is None when the subscriber was removed since."""

    id: int
    newsletter: str
    edition_id: int
    digest_id: int
    address: str | None
    state: DeliveryState
    due_at: datetime
    settled_at: datetime | None
    attempts: int
    reply: str


def sources(storage: SqlStorage) -> list[SourceOverview]:
    """All sources that are defined, by name, with their articles."""
    counts = (
        select(article.c.source_id, func.count().label("articles"), func.max(article.c.first_seen).label("newest"))
        .group_by(article.c.source_id)
        .subquery()
    )
    query = (
        select(source, counts.c.articles, counts.c.newest)
        .outerjoin(counts, counts.c.source_id == source.c.id)
        .where(source.c.state.in_(DEFINED))
        .order_by(source.c.name)
    )
    return [SourceOverview(read_stored_source(row), row.articles or 0, row.newest) for row in _rows(storage, query)]


def documents(storage: SqlStorage) -> list[DocumentOverview]:
    """All documents of feeds, by slug and format."""
    query = select(
        feed_document.c.slug,
        feed_document.c.format,
        feed_document.c.last_modified,
        func.length(feed_document.c.body_gzip).label("size"),
    ).order_by(feed_document.c.slug, feed_document.c.format)
    return [
        DocumentOverview(row.slug, FeedFormat(row.format), row.last_modified, row.size) for row in _rows(storage, query)
    ]


def subscription_counts(storage: SqlStorage) -> dict[str, dict[SubscriptionState, int]]:
    """Subscriptions by state, of each newsletter that is defined, by its slug; states without one are left out."""
    query = (
        select(newsletter.c.slug, subscription.c.state, func.count().label("number"))
        .outerjoin(subscription, subscription.c.newsletter_id == newsletter.c.id)
        .where(newsletter.c.state == "active")
        .group_by(newsletter.c.slug, subscription.c.state)
        .order_by(newsletter.c.slug)
    )
    counts: dict[str, dict[SubscriptionState, int]] = defaultdict(dict)
    for row in _rows(storage, query):
        of_newsletter = counts[row.slug]
        if row.state is not None:
            of_newsletter[SubscriptionState(row.state)] = row.number
    return dict(counts)


def editions(storage: SqlStorage, *, slug: str | None = None, limit: int = 50) -> list[EditionOverview]:
    """The last editions, of one newsletter or of all, newest first."""
    query = select(edition, newsletter.c.slug).join(newsletter, newsletter.c.id == edition.c.newsletter_id)
    if slug is not None:
        query = query.where(newsletter.c.slug == slug)
    with storage.look() as connection:
        rows = connection.execute(query.order_by(edition.c.id.desc()).limit(limit)).all()
        numbers = [row.id for row in rows]
        by_state: dict[int, dict[DeliveryState, int]] = defaultdict(dict)
        states = (
            select(delivery.c.edition_id, delivery.c.state, func.count())
            .where(delivery.c.edition_id.in_(numbers))
            .group_by(delivery.c.edition_id, delivery.c.state)
        )
        for number, state, count in connection.execute(states):
            by_state[number][DeliveryState(state)] = count
        variants = (
            select(digest.c.edition_id, func.count())
            .where(digest.c.edition_id.in_(numbers))
            .group_by(digest.c.edition_id)
        )
        digests = {number: count for number, count in connection.execute(variants)}
    return [EditionOverview(read_edition(row), row.slug, digests.get(row.id, 0), by_state[row.id]) for row in rows]


def deliveries(
    storage: SqlStorage,
    *,
    edition_id: int | None = None,
    states: Sequence[DeliveryState] = (),
    before_id: int | None = None,
    limit: int = 50,
) -> list[DeliveryOverview]:
    """The last rows of the ledger, newest first, below `before_id`; of one edition, of some states."""
    query = (
        select(
            *(delivery.c[name] for name in ("id", "edition_id", "digest_id", "state", "due_at", "settled_at")),
            delivery.c.attempts,
            delivery.c.reply,
            newsletter.c.slug.label("newsletter"),
            subscriber.c.address,
        )
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(newsletter, newsletter.c.id == edition.c.newsletter_id)
        .outerjoin(subscription, subscription.c.id == delivery.c.subscription_id)
        .outerjoin(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    )
    if edition_id is not None:
        query = query.where(delivery.c.edition_id == edition_id)
    if states:
        query = query.where(delivery.c.state.in_([state.value for state in states]))
    if before_id is not None:
        query = query.where(delivery.c.id < before_id)
    rows = _rows(storage, query.order_by(delivery.c.id.desc()).limit(limit))
    return [DeliveryOverview(**{**row._mapping, "state": DeliveryState(row.state)}) for row in rows]


def _rows(storage: SqlStorage, query: Select[Any]) -> Sequence[Any]:
    with storage.look() as connection:
        return connection.execute(query).all()
