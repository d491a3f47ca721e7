"""The ledger: rows are made, claimed by one worker at a time, settled, and judged after a crash."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from publisher.domain.delivery import (
    Delivery,
    DeliveryState,
    NewDelivery,
    Outcome,
    Settlement,
    Verdict,
    Window,
    Worker,
)
from publisher.domain.edition import EditionState, Variant
from publisher.domain.subscription import MailFormat, SubscriptionState
from publisher.domain.token import address_key
from publisher.pipeline.ports import Queue
from publisher.storage.database import SqlStorage, open_storage
from publisher.storage.deliveries import LONGEST_REPLY
from publisher.storage.ledger import SqliteLedger
from publisher.storage.schema import delivery
from publisher.storage.statements import LEASE_MINUTES
from tests.unit.storage.made import NOW, VARIANT, entry, put_articles, put_mailing, put_subscriptions

LATER = NOW + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WORKER = Worker("here", "boot-1")
SENT = Settlement(DeliveryState.SENT)


def claim(storage: SqlStorage, limit: int = 50, worker: Worker = WORKER, now: datetime = NOW) -> Window | None:
    return storage.ledger.claim(worker, "default", limit, now, now + 10 * MINUTE)


def window(storage: SqlStorage, limit: int = 50, now: datetime = NOW) -> Window:
    claimed = claim(storage, limit, now=now)
    assert claimed
    return claimed


def row(storage: SqlStorage, delivery_id: int) -> Any:
    with storage.look() as connection:
        return connection.execute(select(delivery).where(delivery.c.id == delivery_id)).one()


def names(window: Window | None) -> list[str]:
    """Whose rows a window holds."""
    return [each.address.partition("@")[0] for each in window.deliveries] if window else []


def make_due(storage: SqlStorage, name: str, due_at: datetime) -> None:
    with storage.begin() as work:
        person = (
            "SELECT s.id FROM subscription s JOIN subscriber u ON u.id = s.subscriber_id WHERE u.address = :address"
        )
        where = text(f"delivery.subscription_id IN ({person})").bindparams(address=f"{name}@people.example")
        work._connection.execute(update(delivery).where(where).values(due_at=due_at))


class TestAdding:
    def test_a_row_that_exists_is_left_as_it_is(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "ana", "bo", state=EditionState.COMPOSING)
        [cy] = put_subscriptions(storage, mailing.newsletter_id, "cy")
        rows = [NewDelivery(each.id, VARIANT.key, LATER, 9) for each in (*mailing.subscriptions.values(), cy)]
        with storage.begin() as work:
            digests = work.editions.add_digests(mailing.edition.id, [VARIANT])
            assert work.deliveries.add(mailing.edition.id, rows, digests) == 1
            assert work.deliveries.add(mailing.edition.id, rows, digests) == 0
            assert work.deliveries.add(mailing.edition.id, [], digests) == 0
            stored = work._connection.execute(select(delivery).order_by(delivery.c.id)).all()
        assert [(each.due_at, each.from_seq) for each in stored] == [(NOW, 0), (NOW, 0), (LATER, 9)]
        assert {each.state for each in stored} == {"pending"}

    def test_numbers_follow_the_order_of_the_rows(self, storage: SqlStorage) -> None:
        put_mailing(storage, *(f"{number:03}" for number in range(120)))
        claimed = window(storage, 200)
        assert names(claimed) == [f"{number:03}" for number in range(120)]
        assert [each.id for each in claimed.deliveries] == sorted(each.id for each in claimed.deliveries)

    def test_the_ledger_adds_too(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, state=EditionState.COMPOSING)
        [ana] = put_subscriptions(storage, mailing.newsletter_id, "ana")
        with storage.begin() as work:
            digests = work.editions.add_digests(mailing.edition.id, [VARIANT])
        added = storage.ledger.add(mailing.edition.id, [NewDelivery(ana.id, VARIANT.key, NOW, 0)], digests)
        assert (added, storage.ledger.counts()) == (1, {DeliveryState.PENDING: 1})


class TestDelivered:
    VARIANT = Variant(((1, 1),), "en", MailFormat.HTML)

    def test_pairs_of_subscriptions_and_articles(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"), entry("b"))
        mailing = put_mailing(storage, "ana", "bo", variant=self.VARIANT)
        [cy] = put_subscriptions(storage, mailing.newsletter_id, "cy")
        ana, bo = (each.id for each in mailing.subscriptions.values())
        assert storage.ledger.delivered([ana, bo, cy.id], [1, 2]) == {(ana, 1), (bo, 1)}
        assert storage.ledger.delivered([ana, cy.id], [1]) == {(ana, 1)}
        assert storage.ledger.delivered([ana], []) == storage.ledger.delivered([], [1]) == set()

    def test_a_cancelled_row_does_not_count(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        mailing = put_mailing(storage, "ana", "bo", variant=self.VARIANT)
        ana, bo = (each.id for each in mailing.subscriptions.values())
        with storage.begin() as work:
            work.subscriptions.unsubscribe(ana, NOW, "")
        assert storage.ledger.delivered([ana, bo], [1]) == {(bo, 1)}

    def test_a_discarded_edition_does_not_count(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        mailing = put_mailing(storage, "ana", variant=self.VARIANT, state=EditionState.DRAFT)
        with storage.begin() as work:
            work.deliveries.discard(mailing.edition.id)
            work._connection.execute(update(delivery).values(state="sent"))
            assert work.editions.change_state(mailing.edition, EditionState.DISCARDED)
        assert storage.ledger.delivered([mailing.subscriptions["ana"].id], [1]) == set()


class TestDiscarding:
    def test_what_the_rows_came_from_is_given_back(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        mailing = put_mailing(storage, "ana", "bo", "gone", state=EditionState.DRAFT)
        [nothing_fresh] = put_subscriptions(storage, mailing.newsletter_id, "cy", through_seq=1)
        with storage.begin() as work:
            work.subscriptions.unsubscribe(mailing.subscriptions["gone"].id, NOW, "")
        storage.ledger.discard(mailing.edition.id)
        with storage.read() as work:
            marks = {
                name: (found.through_seq, found.high_seq)
                for name, each in {**mailing.subscriptions, "cy": nothing_fresh}.items()
                if (found := work.subscriptions.get(each.id))
            }
            assert work.deliveries.counts() == {DeliveryState.CANCELLED: 3}
        assert marks == {"ana": (0, 1), "bo": (0, 1), "gone": (1, 1), "cy": (1, 1)}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_open_editions_discarded_in_either_order(self, storage: SqlStorage, order: tuple[int, int]) -> None:
        put_articles(storage, entry("a"))
        first = put_mailing(storage, "ana", state=EditionState.DRAFT)
        put_articles(storage, entry("b"))
        second = put_mailing(storage, "ana", state=EditionState.DRAFT)
        for place in order:
            storage.ledger.discard((first, second)[place].edition.id)
        with storage.read() as work:
            ana = work.subscriptions.get(first.subscriptions["ana"].id)
        assert ana
        assert (ana.through_seq, ana.high_seq) == (0, 2)

    def test_cancelling_gives_nothing_back(self, storage: SqlStorage) -> None:
        put_articles(storage, entry("a"))
        mailing = put_mailing(storage, "ana", "bo")
        window(storage, 1)
        assert storage.ledger.cancel(mailing.edition.id) == 1
        with storage.read() as work:
            bo = work.subscriptions.get(mailing.subscriptions["bo"].id)
            assert bo
            assert bo.through_seq == 1
        assert storage.ledger.counts() == {DeliveryState.CLAIMED: 1, DeliveryState.CANCELLED: 1}


class TestClaiming:
    def test_a_window_holds_what_its_messages_need(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "ana")
        claimed = window(storage)
        [held] = claimed.deliveries
        assert held == Delivery(
            id=held.id,
            edition_id=mailing.edition.id,
            newsletter_id=mailing.newsletter_id,
            subscription_id=mailing.subscriptions["ana"].id,
            digest_id=held.digest_id,
            address="ana@people.example",
            due_at=NOW,
            attempts=0,
            first_tried=NOW,
        )
        stored = row(storage, held.id)
        assert (stored.state, stored.claim_token, stored.claim_worker) == ("claimed", claimed.token, "here")
        assert stored.claim_boot.startswith("boot-1")
        assert stored.claim_until == NOW + 10 * MINUTE

    def test_the_earliest_are_claimed_and_go_in_row_order(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abcde")
        for name, minutes in {"a": -1, "b": -4, "c": 0, "d": -3, "e": 1}.items():
            make_due(storage, name, NOW + minutes * MINUTE)
        assert names(claim(storage, 3)) == ["a", "b", "d"]
        assert names(claim(storage, 3)) == ["c"], "what is due to the microsecond is due, what is not is not"
        assert claim(storage, 3) is None

    def test_older_rows_of_any_edition_come_first(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a", "b", due_at=NOW)
        put_mailing(storage, "c", "d", due_at=NOW - MINUTE, slug="other")
        assert names(claim(storage, 3)) == ["a", "c", "d"]

    def test_only_of_its_lane(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a", "b")
        with storage.begin() as work:
            work._connection.execute(update(delivery).where(delivery.c.id == 1).values(lane="slow.example"))
        assert names(claim(storage)) == ["b"]
        assert names(storage.ledger.claim(WORKER, "slow.example", 9, NOW, NOW)) == ["a"]

    @pytest.mark.parametrize("state", EditionState)
    def test_only_of_editions_that_are_approved(self, storage: SqlStorage, state: EditionState) -> None:
        put_mailing(storage, "a", state=state)
        wanted = state in (EditionState.APPROVED, EditionState.SENDING)
        assert names(claim(storage)) == (["a"] if wanted else [])

    @pytest.mark.parametrize("state", SubscriptionState)
    def test_only_of_active_subscriptions(self, storage: SqlStorage, state: SubscriptionState) -> None:
        mailing = put_mailing(storage, "a", "b")
        set_state(storage, mailing.subscriptions["a"].id, state)
        assert names(claim(storage)) == (["a", "b"] if state is SubscriptionState.ACTIVE else ["b"])

    def test_deferred_rows_are_claimed_again_when_they_are_due(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        first = window(storage)
        deferred = Settlement(DeliveryState.DEFERRED, NOW + MINUTE)
        outcome = Outcome(first.deliveries[0].id, Verdict.TEMPORARY, "451 later", temporary=True)
        assert storage.ledger.settle(first.token, outcome, deferred, NOW)
        assert claim(storage) is None
        again = window(storage, now=NOW + MINUTE)
        assert again.token != first.token
        assert again.deliveries == (replace(first.deliveries[0], attempts=1, due_at=NOW + MINUTE),)

    def test_workers_side_by_side_never_hold_the_same_row(self, storage: SqlStorage) -> None:
        put_mailing(storage, *(str(number) for number in range(200)))

        def work(number: int) -> list[int]:
            mine: list[int] = []
            misses = 0
            while misses < 3:
                held = claim(storage, 7, Worker(f"w{number}", "boot"))
                misses = 0 if held else misses + 1
                for each in held.deliveries if held else ():
                    assert storage.ledger.still_wanted(held.token, each.id)  # type: ignore[union-attr]
                    outcome = Outcome(each.id, Verdict.SENT, "250 ok")
                    assert storage.ledger.settle(held.token, outcome, SENT, NOW)  # type: ignore[union-attr]
                    mine.append(each.id)
            return mine

        with ThreadPoolExecutor(4) as pool:
            sent = [number for mine in pool.map(work, range(4)) for number in mine]
        assert len(sent) == len(set(sent)) == 200
        assert storage.ledger.counts() == {DeliveryState.SENT: 200}


def set_state(storage: SqlStorage, subscription_id: int, state: SubscriptionState) -> None:
    with storage.begin() as work:
        parameters = {"state": state.value, "id": subscription_id}
        work._connection.execute(text("UPDATE subscription SET state = :state WHERE id = :id"), parameters)


def test_on_sqlite_only_a_claim_waits_for_the_disk(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
    put_mailing(storage, "ana", "bo")
    ledger = storage.ledger
    assert isinstance(ledger, SqliteLedger)
    heard: list[str] = []
    ledger._connection.set_trace_callback(lambda statement: heard.append(" ".join(statement.split()[:2])))
    claimed = window(storage)
    ledger.settle(claimed.token, Outcome(claimed.deliveries[0].id, Verdict.SENT), SENT, NOW)
    ledger.release(claimed.token)
    storage.close()
    full, normal = "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"
    writes = [each for each in heard if each in (full, normal, "UPDATE delivery")]
    assert writes == [full, "UPDATE delivery", normal, "UPDATE delivery", "UPDATE delivery"]


class TestStillWanted:
    def test_what_is_wanted_stays_claimed(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        assert storage.ledger.still_wanted(held.token, held.deliveries[0].id)
        assert row(storage, held.deliveries[0].id).state == "claimed"

    @pytest.mark.parametrize(
        ("state", "becomes"),
        [
            (SubscriptionState.PAUSED, "pending"),
            (SubscriptionState.UNSUBSCRIBED, "cancelled"),
            (SubscriptionState.UNCONFIRMED, "cancelled"),
        ],
    )
    def test_a_subscription_that_ended_or_rests(
        self, storage: SqlStorage, state: SubscriptionState, becomes: str
    ) -> None:
        mailing = put_mailing(storage, "a")
        held = window(storage)
        set_state(storage, mailing.subscriptions["a"].id, state)
        assert not storage.ledger.still_wanted(held.token, held.deliveries[0].id)
        after = row(storage, held.deliveries[0].id)
        assert (after.state, after.claim_token, after.claim_until, after.attempts) == (becomes, None, None, 0)

    def test_an_address_that_was_suppressed(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        with storage.begin() as work:
            work.subscriptions.suppress(address_key(work.meta.keyring(), "A@people.example"), "dead", NOW)
        assert not storage.ledger.still_wanted(held.token, held.deliveries[0].id)
        assert storage.ledger.counts() == {DeliveryState.CANCELLED: 1}

    def test_a_subscriber_who_was_removed(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        with storage.begin() as work:
            work.subscriptions.remove("a@people.example", NOW)
        assert not storage.ledger.still_wanted(held.token, held.deliveries[0].id)
        assert storage.ledger.counts() == {DeliveryState.CANCELLED: 1}

    def test_an_edition_that_was_cancelled(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "a")
        held = window(storage)
        with storage.begin() as work:
            assert work.editions.change_state(mailing.edition, EditionState.CANCELLED)
        assert not storage.ledger.still_wanted(held.token, held.deliveries[0].id)
        assert storage.ledger.counts() == {DeliveryState.CANCELLED: 1}

    def test_a_claim_that_was_lost(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        assert not storage.ledger.still_wanted("another", held.deliveries[0].id)
        assert row(storage, held.deliveries[0].id).state == "claimed", "it is another's"


class TestSettling:
    def test_an_outcome_is_written_once(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        number = held.deliveries[0].id
        outcome = Outcome(number, Verdict.SENT, "250 2.0.0 好\0" + "x" * 5000)
        assert not storage.ledger.settle("another", outcome, SENT, LATER)
        assert storage.ledger.settle(held.token, outcome, SENT, LATER)
        assert not storage.ledger.settle(held.token, outcome, SENT, LATER)
        after = row(storage, number)
        assert (after.state, after.attempts, after.doubts, after.settled_at) == ("sent", 1, 0, LATER)
        assert after.reply.startswith("250 2.0.0 好x")
        assert len(after.reply) <= LONGEST_REPLY
        assert (after.claim_token, after.claim_until, after.due_at) == (None, None, NOW)

    @pytest.mark.parametrize(
        ("verdict", "settlement", "attempts", "doubts"),
        [
            (Verdict.NOT_STARTED, Settlement(DeliveryState.PENDING, counts_attempt=False), 0, 0),
            (Verdict.AUTHENTICATION, Settlement(DeliveryState.DEFERRED, LATER, counts_attempt=False), 0, 0),
            (Verdict.TEMPORARY, Settlement(DeliveryState.DEFERRED, LATER), 1, 0),
            (Verdict.IN_DOUBT, Settlement(DeliveryState.DEFERRED, LATER), 1, 1),
            (Verdict.IN_DOUBT, Settlement(DeliveryState.IN_DOUBT), 1, 1),
            (Verdict.ADDRESS_DEAD, Settlement(DeliveryState.BOUNCED), 1, 0),
        ],
    )
    def test_attempts_and_doubts_are_counted(
        self, storage: SqlStorage, verdict: Verdict, settlement: Settlement, attempts: int, doubts: int
    ) -> None:
        put_mailing(storage, "a")
        held = window(storage)
        number = held.deliveries[0].id
        assert storage.ledger.settle(held.token, Outcome(number, verdict, "x"), settlement, NOW)
        after = row(storage, number)
        assert (after.state, after.attempts, after.doubts) == (settlement.state.value, attempts, doubts)
        assert after.due_at == (settlement.due_at or NOW)
        assert storage.ledger.doubts() == doubts

    def test_inside_a_transaction_it_belongs_to_it(self, storage: SqlStorage) -> None:
        put_mailing(storage, "a", "b")
        with storage.begin() as work:
            held = work.deliveries.claim(WORKER, "default", 9, NOW, LATER)
            assert held
            first, second = (each.id for each in held.deliveries)
            assert work.deliveries.still_wanted(held.token, first)
            assert work.deliveries.settle(held.token, Outcome(first, Verdict.SENT), SENT, NOW)
            assert not work.deliveries.settle(held.token, Outcome(first, Verdict.SENT), SENT, NOW)
            set_state_in(work, second, "paused")
            assert not work.deliveries.still_wanted(held.token, second)
            assert not work.deliveries.still_wanted(held.token, second)
            assert work.deliveries.release(held.token) == 0
        assert storage.ledger.counts() == {DeliveryState.SENT: 1, DeliveryState.PENDING: 1}

    def test_what_was_not_started_is_given_back(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abc")
        held = window(storage)
        assert storage.ledger.settle(held.token, Outcome(held.deliveries[0].id, Verdict.SENT), SENT, NOW)
        assert storage.ledger.release(held.token) == 2
        assert storage.ledger.release(held.token) == 0
        assert names(claim(storage)) == ["b", "c"]

    @pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
    def test_on_postgresql_each_outcome_keeps_the_windows_lease_alive(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abc")
        held = window(storage)
        first, second, third = (each.id for each in held.deliveries)
        lease = LEASE_MINUTES * MINUTE
        assert storage.ledger.settle(held.token, Outcome(first, Verdict.SENT), SENT, NOW)
        assert row(storage, third).claim_until == NOW + 10 * MINUTE, "more than half of a lease is left"
        assert storage.ledger.settle(held.token, Outcome(second, Verdict.SENT), SENT, NOW + 9 * MINUTE)
        assert row(storage, third).claim_until == NOW + 9 * MINUTE + lease


def set_state_in(work: Any, delivery_id: int, state: str) -> None:
    statement = (
        "UPDATE subscription SET state = :state WHERE id = (SELECT subscription_id FROM delivery WHERE id = :id)"
    )
    work._connection.execute(text(statement), {"state": state, "id": delivery_id})


class TestRecovering:
    def test_after_a_kill_the_first_unsettled_row_of_each_window_is_in_doubt(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abcdefg")
        first = window(storage, 4)
        second = window(storage, 3)
        assert storage.ledger.settle(first.token, Outcome(first.deliveries[0].id, Verdict.SENT), SENT, NOW)
        assert storage.ledger.recover(WORKER, LATER, "resend", expired_only=False) == (2, 4)
        assert row(storage, first.deliveries[1].id).doubts == 1
        assert row(storage, second.deliveries[0].id).doubts == 1
        assert storage.ledger.doubts() == 2
        assert names(claim(storage)) == list("bcdefg")
        late = Outcome(first.deliveries[1].id, Verdict.SENT)
        assert not storage.ledger.settle(first.token, late, SENT, NOW), "the dead worker's claim is lost"

    def test_after_a_power_cut_the_whole_rest_is_in_doubt(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abc")
        window(storage)
        assert storage.ledger.recover(Worker("here", "boot-2"), LATER, "resend", expired_only=False) == (3, 0)
        assert storage.ledger.doubts() == 3

    def test_rows_in_doubt_may_be_held(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"abc")
        window(storage)
        assert storage.ledger.recover(WORKER, LATER, "hold", expired_only=False) == (1, 2)
        assert storage.ledger.counts() == {DeliveryState.IN_DOUBT: 1, DeliveryState.PENDING: 2}
        assert names(claim(storage)) == ["b", "c"]

    def test_a_lease_that_lives_is_left_alone(self, storage: SqlStorage) -> None:
        put_mailing(storage, *"ab")
        window(storage, 1)
        window(storage, 1, now=NOW + 5 * MINUTE)
        at = NOW + 11 * MINUTE
        assert storage.ledger.recover(WORKER, at, "resend", expired_only=True) == (1, 0)
        assert storage.ledger.recover(WORKER, at, "resend", expired_only=True) == (0, 0)
        assert storage.ledger.counts() == {DeliveryState.PENDING: 1, DeliveryState.CLAIMED: 1}


class TestLooking:
    def test_the_queue_tells_what_is_due_and_when_the_next_is(self, storage: SqlStorage) -> None:
        assert storage.ledger.queue("default", NOW) == Queue(0, None)
        mailing = put_mailing(storage, *"abcd")
        put_mailing(storage, "x", state=EditionState.DRAFT, slug="other")
        make_due(storage, "c", LATER)
        make_due(storage, "d", LATER + MINUTE)
        assert storage.ledger.queue("default", NOW) == Queue(2, LATER)
        set_state(storage, mailing.subscriptions["a"].id, SubscriptionState.PAUSED)
        set_state(storage, mailing.subscriptions["c"].id, SubscriptionState.PAUSED)
        assert storage.ledger.queue("default", NOW) == Queue(1, LATER + MINUTE)
        assert storage.ledger.queue("slow", NOW) == Queue(0, None)

    def test_what_a_pause_held_too_long_is_cancelled(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, *"abc")
        set_state(storage, mailing.subscriptions["a"].id, SubscriptionState.PAUSED)
        set_state(storage, mailing.subscriptions["b"].id, SubscriptionState.PAUSED)
        make_due(storage, "a", NOW - MINUTE)
        make_due(storage, "c", NOW - MINUTE)
        assert storage.ledger.expire_held(LATER, NOW) == 1
        assert names(claim(storage)) == ["c"]
        assert storage.ledger.counts()[DeliveryState.CANCELLED] == 1

    def test_counts_of_one_edition(self, storage: SqlStorage) -> None:
        mailing = put_mailing(storage, "a", "b")
        put_mailing(storage, "c", slug="other")
        window(storage, 1)
        assert storage.ledger.counts(mailing.edition.id) == {DeliveryState.CLAIMED: 1, DeliveryState.PENDING: 1}
        assert storage.ledger.counts() == {DeliveryState.CLAIMED: 1, DeliveryState.PENDING: 2}
        assert storage.ledger.counts(999) == {}
        assert storage.ledger.doubts() == 0
