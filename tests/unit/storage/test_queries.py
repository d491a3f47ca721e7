"""What pages and commands show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.delivery import DeliveryState, Outcome, Settlement, Verdict, Worker
from publisher.domain.edition import EditionState
from publisher.domain.feed import FeedFormat
from publisher.domain.subscription import SubscriptionState
from publisher.storage import queries
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import NOW, entry, put_articles, put_mailing, put_newsletter, put_source, put_subscriptions
from tests.unit.storage.test_feeds import document

HOUR = timedelta(hours=1)


def test_sources_with_their_articles(storage: SqlStorage) -> None:
    put_articles(storage, entry("a"), entry("b"))
    put_articles(storage, entry("c"), at=NOW + HOUR)
    put_source(storage, "another")
    [another, blog] = queries.sources(storage)
    assert (another.stored.source.name, another.articles, another.newest) == ("another", 0, None)
    assert (blog.stored.source.name, blog.articles, blog.newest) == ("blog", 3, NOW + HOUR)


def test_documents_with_their_size(storage: SqlStorage) -> None:
    stored = document()
    with storage.begin() as work:
        work.feeds.store([stored])
    [shown] = queries.documents(storage)
    assert (shown.slug, shown.format, shown.last_modified) == ("news", FeedFormat.RSS, stored.last_modified)
    assert shown.size == len(stored.body_gzip)


def test_subscriptions_by_newsletter_and_state(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    put_newsletter(storage, "empty")
    [paused, *_] = put_subscriptions(storage, news, *"abc")
    put_subscriptions(storage, news, "u", confirmed=False)
    with storage.begin() as work:
        work.subscriptions.update(replace(paused, state=SubscriptionState.PAUSED))
    assert queries.subscription_counts(storage) == {
        "empty": {},
        "news": {SubscriptionState.ACTIVE: 2, SubscriptionState.PAUSED: 1, SubscriptionState.UNCONFIRMED: 1},
    }


@pytest.fixture
def mailed(storage: SqlStorage) -> SqlStorage:
    """Two editions; of the first one row is sent and its subscriber removed."""
    put_mailing(storage, "ana", "bo")
    held = storage.ledger.claim(Worker("here", "boot"), "default", 1, NOW, NOW + HOUR)
    assert held
    outcome = Outcome(held.deliveries[0].id, Verdict.SENT, "250 ok")
    assert storage.ledger.settle(held.token, outcome, Settlement(DeliveryState.SENT), NOW + HOUR)
    put_mailing(storage, "cy", slug="other", state=EditionState.DRAFT)
    with storage.begin() as work:
        work.subscriptions.remove("ana@people.example", NOW)
    return storage


def test_editions_with_their_deliveries_newest_first(mailed: SqlStorage) -> None:
    [other, news] = queries.editions(mailed)
    assert (other.newsletter, other.edition.state) == ("other", EditionState.DRAFT)
    assert (news.newsletter, news.digests) == ("news", 1)
    assert news.deliveries == {DeliveryState.SENT: 1, DeliveryState.PENDING: 1}
    assert queries.editions(mailed, slug="news") == [news]
    assert queries.editions(mailed, limit=1) == [other]
    assert queries.editions(mailed, slug="nothing") == []


def test_deliveries_newest_first(mailed: SqlStorage) -> None:
    shown = queries.deliveries(mailed)
    assert [each.address for each in shown] == ["cy@people.example", "bo@people.example", None]
    sent = shown[-1]
    assert (sent.newsletter, sent.state, sent.reply, sent.attempts) == ("news", DeliveryState.SENT, "250 ok", 1)
    assert sent.settled_at == NOW + HOUR
    assert queries.deliveries(mailed, states=[DeliveryState.SENT]) == [sent]
    assert queries.deliveries(mailed, edition_id=shown[0].edition_id) == shown[:1]
    assert queries.deliveries(mailed, before_id=shown[0].id, limit=1) == shown[1:2]
