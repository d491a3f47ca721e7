"""Subscribers, subscriptions, watermarks and consent."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from sqlalchemy import select

from publisher.domain.delivery import DeliveryState
from publisher.domain.subscription import ConsentKind, MailFormat, Subscription, SubscriptionState
from publisher.domain.token import address_key
from publisher.storage.database import SqlStorage
from publisher.storage.schema import consent_event, subscriber
from tests.unit.storage.made import NOW, put_mailing, put_newsletter, put_subscriptions, request

LATER = NOW + timedelta(hours=1)


def get(storage: SqlStorage, subscription: Subscription) -> Subscription:
    with storage.read() as work:
        found = work.subscriptions.get(subscription.id)
    assert found
    return found


def consent(storage: SqlStorage) -> list[tuple[Any, ...]]:
    with storage.look() as connection:
        events = select(consent_event.c.kind, consent_event.c.subscription_id, consent_event.c.evidence)
        return [tuple(row) for row in connection.execute(events.order_by(consent_event.c.id))]


class TestAdding:
    def test_it_comes_back_as_it_was_asked_for(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        wish = request(
            " Ana@People.Example ",
            news,
            language="zh-CN",
            timezone="Asia/Shanghai",
            cadence="weekly",
            topics=("AI", "天气"),
            hour=7 * 60 + 30,
            format=MailFormat.TEXT,
            evidence="form of 2026",
        )
        with storage.begin() as work:
            made = work.subscriptions.add(wish, NOW, 5)
        with storage.read() as work:
            assert work.subscriptions.find("ana@people.example", news) == made == work.subscriptions.get(made.id)
            assert work.subscriptions.find("ana@people.example", news + 1) is None
            assert work.subscriptions.get(made.id + 1) is None
        assert made.subscriber.address == "Ana@People.Example"
        assert (made.subscriber.language, made.subscriber.timezone) == ("zh-CN", "Asia/Shanghai")
        assert (made.state, made.cadence, made.hour) == (SubscriptionState.ACTIVE, "weekly", time(7, 30))
        assert (made.topics, made.format) == (("AI", "天气"), MailFormat.TEXT)
        assert (made.through_seq, made.high_seq, made.made_at) == (5, 5, NOW)
        assert consent(storage) == [("added", made.id, "form of 2026")]

    def test_two_spellings_are_one_person_with_two_newsletters(self, storage: SqlStorage) -> None:
        news, other = put_newsletter(storage), put_newsletter(storage, "other")
        with storage.begin() as work:
            one = work.subscriptions.add(request("ana@people.example", news), NOW, 0)
            two = work.subscriptions.add(request("ANA@people.example", other, language="de"), NOW, 0)
        assert one.subscriber.id == two.subscriber.id
        assert get(storage, one).subscriber.language == "de"

    def test_the_key_of_the_address_is_reckoned_here(self, storage: SqlStorage) -> None:
        with storage.begin() as work:
            work.subscriptions.add(request("Ana@x.example", put_newsletter_in(work)), NOW, 0)
            stored = work._connection.execute(select(subscriber.c.address_key)).scalar_one()
            assert stored == address_key(work.meta.keyring(), "ana@x.example")

    def test_again_takes_the_new_settings_and_keeps_the_watermark(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        [made] = put_subscriptions(storage, news, "ana", through_seq=5)
        [again] = put_subscriptions(storage, news, "ana", through_seq=9, cadence="weekly", topics=("x",))
        assert again == replace(made, cadence="weekly", topics=("x",))
        assert len(consent(storage)) == 1

    def test_a_paused_one_stays_paused(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        [made] = put_subscriptions(storage, news, "ana")
        with storage.begin() as work:
            work.subscriptions.update(replace(made, state=SubscriptionState.PAUSED))
        [again] = put_subscriptions(storage, news, "ana")
        assert again.state is SubscriptionState.PAUSED

    def test_an_unconfirmed_one_is_active_once_confirmed(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        [asked] = put_subscriptions(storage, news, "ana", confirmed=False, through_seq=3)
        with storage.read() as work:
            assert asked.state is SubscriptionState.UNCONFIRMED
            assert work.subscriptions.count_active(news) == 0
        kind = ConsentKind.CONFIRMED
        [confirmed] = put_subscriptions(storage, news, "ana", through_seq=9, kind=kind, evidence="link")
        assert confirmed == replace(asked, state=SubscriptionState.ACTIVE)
        assert [event[0] for event in consent(storage)] == ["added", "confirmed"]

    def test_one_made_again_starts_now(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        [made] = put_subscriptions(storage, news, "ana", through_seq=5)
        with storage.begin() as work:
            work.subscriptions.advance([made.id], 20)
            work.subscriptions.unsubscribe(made.id, NOW, "link")
        [again] = put_subscriptions(storage, news, "ana", through_seq=12, confirmed=False)
        assert again.id == made.id
        assert (again.state, again.through_seq, again.high_seq) == (SubscriptionState.UNCONFIRMED, 12, 20)
        assert [event[0] for event in consent(storage)] == ["added", "unsubscribed", "resubscribed"]


def put_newsletter_in(work: Any) -> int:
    from tests.unit.storage.made import newsletter

    work.newsletters.apply([newsletter()])
    return int(work.newsletters.all()[0].id)


class TestPages:
    def test_pages_are_in_the_order_of_the_numbers(self, storage: SqlStorage) -> None:
        news, other = put_newsletter(storage), put_newsletter(storage, "other")
        made = put_subscriptions(storage, news, *"abcde")
        weekly = put_subscriptions(storage, news, "w", cadence="weekly")
        elsewhere = put_subscriptions(storage, other, "a")
        put_subscriptions(storage, news, "u", confirmed=False)
        with storage.begin() as work:
            work.subscriptions.update(replace(made[1], state=SubscriptionState.PAUSED))
        daily = [made[0], *made[2:]]
        with storage.read() as work:
            subscriptions = work.subscriptions
            assert subscriptions.active(news, "daily", after_id=0, limit=2) == daily[:2]
            assert subscriptions.active(news, "daily", after_id=daily[1].id, limit=9) == daily[2:]
            assert subscriptions.active(news, None, after_id=0, limit=9) == daily + weekly
            assert subscriptions.active(other, None, after_id=0, limit=9) == elsewhere
            assert subscriptions.count_active(news) == 5
            assert len(subscriptions.all()) == 8
            assert len(subscriptions.all(news)) == 7
            assert [each.id for each in subscriptions.all(news, after_id=made[0].id, limit=2)] == [
                made[1].id,
                made[2].id,
            ]


class TestChanging:
    def test_settings_are_written_with_the_persons(self, storage: SqlStorage) -> None:
        [made] = put_subscriptions(storage, put_newsletter(storage), "ana")
        changed = replace(
            made,
            subscriber=replace(made.subscriber, language="fr", timezone="Europe/Paris"),
            state=SubscriptionState.PAUSED,
            cadence="weekly",
            hour=time(0, 0),
            topics=("x",),
            format=MailFormat.TEXT,
        )
        with storage.begin() as work:
            work.subscriptions.update(replace(changed, through_seq=99, high_seq=99))
        assert get(storage, made) == changed

    def test_who_has_gone_is_not_brought_back_by_an_old_form(self, storage: SqlStorage) -> None:
        [made] = put_subscriptions(storage, put_newsletter(storage), "ana")
        with storage.begin() as work:
            work.subscriptions.unsubscribe(made.id, NOW, "link")
            work.subscriptions.update(made)
        assert get(storage, made).state is SubscriptionState.UNSUBSCRIBED

    def test_watermarks_move_on_and_never_back(self, storage: SqlStorage) -> None:
        news = put_newsletter(storage)
        made = put_subscriptions(storage, news, "a", "b", "c", through_seq=5)
        with storage.begin() as work:
            work.subscriptions.advance([made[0].id, made[1].id], 9)
            work.subscriptions.advance([made[0].id], 7)
            work.subscriptions.advance([], 99)
            seen = [get_in(work, each) for each in made]
            assert seen == [(9, 9), (9, 9), (5, 5)]
            assert work.subscriptions.lowest_through(news, "daily") == 5
            assert work.subscriptions.lowest_through(news, "weekly") is None
            work.subscriptions.update(replace(made[2], state=SubscriptionState.PAUSED))
            assert work.subscriptions.lowest_through(news, "daily") == 9


def get_in(work: Any, subscription: Subscription) -> tuple[int, int]:
    found = work.subscriptions.get(subscription.id)
    return found.through_seq, found.high_seq


class TestGoing:
    def test_unsubscribing_cancels_what_waits_and_is_logged_once(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "ana", "bo")
        ana = mailing.subscriptions["ana"]
        with storage.begin() as work:
            assert work.subscriptions.unsubscribe(ana.id, LATER, "One-Click")
            assert not work.subscriptions.unsubscribe(ana.id, LATER, "again")
            assert not work.subscriptions.unsubscribe(999, LATER, "nobody")
            assert work.deliveries.counts() == {DeliveryState.CANCELLED: 1, DeliveryState.PENDING: 1}
        assert consent(storage)[-1] == ("unsubscribed", ana.id, "One-Click")
        assert get(storage, ana).state is SubscriptionState.UNSUBSCRIBED

    def test_suppression_cancels_what_waits_in_all_newsletters(self, storage: SqlStorage) -> None:
        put_mailing(storage, "ana", "bo")
        put_mailing(storage, "ana", slug="other")
        with storage.begin() as work:
            key = address_key(work.meta.keyring(), "ana@people.example")
            work.subscriptions.suppress(key, "dead", LATER)
            assert work.deliveries.counts() == {DeliveryState.CANCELLED: 2, DeliveryState.PENDING: 1}
            assert work.subscriptions.suppressed(key)

    def test_removing_takes_all_of_a_person_but_what_was_agreed_and_sent(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "ana", "bo")
        put_mailing(storage, "ana", slug="other")
        with storage.begin() as work:
            assert work.subscriptions.remove("ANA@people.example", LATER)
            assert not work.subscriptions.remove("ana@people.example", LATER)
            assert [each.subscriber.address for each in work.subscriptions.all()] == ["bo@people.example"]
            assert work.deliveries.counts() == {DeliveryState.CANCELLED: 2, DeliveryState.PENDING: 1}
        assert len(consent(storage)) == 3
        [again] = put_subscriptions(storage, mailing.newsletter_id, "ana")
        assert again.id > max(each.id for each in mailing.subscriptions.values()), "a number is never used twice"
