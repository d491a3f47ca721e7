"""Rows become messages, and each answer is written down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.article import New
from publisher.domain.delivery import Outcome, OutgoingMessage, Verdict, Worker
from publisher.domain.edition import EditionState
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import parse_cadence
from publisher.domain.source import Source, SourceKind
from publisher.domain.subscription import SubscriptionState
from publisher.domain.token import address_key, sign
from publisher.errors import PublisherError, TransportError, UsageError
from publisher.pipeline.compose import Composer
from publisher.pipeline.deliver import START_WITHIN, Deliverer, DrainReport
from publisher.pipeline.ports import Storage, SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import UNSUBSCRIBE, Subscribing
from tests.fakes import FakeClock, FakeTransport, PlainRenderer, PlainWriter, accept, entry

NEWS = Newsletter(
    slug="news",
    title="News",
    sender=Mailbox("news@example.org"),
    cadences=(parse_cadence("immediate"),),
)
WORKER = Worker("one", "boot")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def news(storage: Storage, clock: FakeClock) -> Newsletter:
    """A newsletter with four readers and an edition that waits for each of them."""
    with storage.begin() as work:
        work.newsletters.apply([NEWS])
        work.sources.apply([Source(name="s", kind=SourceKind.FEED, url="https://example.org/")], clock())
        newsletter, source = work.newsletters.all()[0], work.sources.all()[0].source
    for number in range(1, 5):
        Subscribing(storage, clock).subscribe(request(newsletter, f"reader{number}@example.org"))
    with storage.begin() as work:
        work.articles.store(source.id, [New(entry("a"), announced=True)], clock())
    Composer(storage, PlainRenderer(), Site("Site", "https://example.org"), clock).compose()
    return newsletter


def request(newsletter: Newsletter, address: str, **more: object) -> SubscribeRequest:
    asked = {"cadence": "immediate", "language": "en", "timezone": "UTC", "confirmed": True, **more}
    return SubscribeRequest(address=address, newsletter_id=newsletter.id, **asked)  # type: ignore[arg-type]


def deliverer(storage: Storage, clock: FakeClock, transport: FakeTransport, **more: object) -> Deliverer:
    parts = {"storage": storage, "transport": transport, "writer": PlainWriter(), "clock": clock, "worker": WORKER}
    return Deliverer(**{**parts, "chance": lambda: 0.0, **more})  # type: ignore[arg-type]


def deliver(storage: Storage, clock: FakeClock, transport: FakeTransport, **more: object) -> DrainReport:
    step = deliverer(storage, clock, transport, **more)
    began = step.begin()
    report = step.drain()
    step.end(report, began)
    return report


def counts(storage: Storage) -> dict[str, int]:
    with storage.read() as work:
        return {state.value: number for state, number in work.deliveries.counts().items() if number}


def edition_state(storage: Storage) -> EditionState:
    with storage.read() as work:
        [edition] = work.editions.in_states(EditionState)
    return edition.state


def answers(**by_reader: Outcome | None):
    def answer(message: OutgoingMessage) -> Outcome | None:
        name = message.envelope_to.partition("@")[0]
        if name not in by_reader:
            return accept(message)
        outcome = by_reader[name]
        return outcome and replace(outcome, delivery_id=message.delivery_id)

    return answer


@pytest.mark.usefixtures("news")
class TestDrain:
    def test_each_row_is_sent_once_in_order(self, storage: Storage, clock: FakeClock) -> None:
        transport = FakeTransport()
        assert deliver(storage, clock, transport, window=3).sent == 4
        assert [m.envelope_to for m in transport.sent] == [f"reader{n}@example.org" for n in (1, 2, 3, 4)]
        assert transport.sessions == 1
        assert edition_state(storage) is EditionState.SENT
        assert str(deliver(storage, clock, transport)) == "nothing due"
        assert len(transport.sent) == 4

    def test_a_refusal_for_one_is_no_matter_for_the_others(self, storage: Storage, clock: FakeClock) -> None:
        refusals = answers(
            reader1=Outcome(0, Verdict.ADDRESS_DEAD, "550 5.1.1 <reader1@example.org> no such user"),
            reader2=Outcome(0, Verdict.TEMPORARY, "451 later", temporary=True),
            reader3=Outcome(0, Verdict.CONTENT, "554 spam"),
        )
        report = deliver(storage, clock, FakeTransport(refusals))
        assert counts(storage) == {"bounced": 1, "deferred": 1, "failed": 1, "sent": 1}
        assert "address dead: 550 5.1.1 <…@…> no such user" in str(report)
        assert edition_state(storage) is EditionState.SENDING

    def test_what_was_deferred_is_tried_again_when_it_is_due(self, storage: Storage, clock: FakeClock) -> None:
        later = Outcome(0, Verdict.TEMPORARY, "451 later", temporary=True)
        deliver(storage, clock, FakeTransport(answers(reader2=later)))
        transport = FakeTransport()
        deliver(storage, clock, transport)
        assert transport.sent == []
        clock.pass_by(minutes=5)
        deliver(storage, clock, transport)
        assert [m.envelope_to for m in transport.sent] == ["reader2@example.org"]
        assert edition_state(storage) is EditionState.SENT

    def test_a_broken_connection_leaves_one_in_doubt_and_the_rest_goes_on(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        transport = FakeTransport(answers(reader2=None))
        report = deliver(storage, clock, transport)
        assert (report.sent, report.outcomes[Verdict.IN_DOUBT], transport.sessions) == (3, 1, 2)
        assert counts(storage) == {"deferred": 1, "sent": 3}
        with storage.read() as work:
            assert work.deliveries.doubts() == 1

    def test_in_doubt_is_held_when_the_relay_wants_it(self, storage: Storage, clock: FakeClock) -> None:
        deliver(storage, clock, FakeTransport(answers(reader2=None)), in_doubt="hold")
        assert counts(storage) == {"in_doubt": 1, "sent": 3}

    def test_a_relay_that_breaks_every_time_is_left_alone_until_the_next_tick(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        transport = FakeTransport(lambda message: None)
        report = deliver(storage, clock, transport)
        assert transport.sessions == 3
        assert report.failed
        assert counts(storage) == {"deferred": 3, "pending": 1}

    @pytest.mark.parametrize("verdict", [Verdict.AUTHENTICATION, Verdict.RATE])
    def test_what_concerns_all_ends_the_run(self, storage: Storage, clock: FakeClock, verdict: Verdict) -> None:
        report = deliver(storage, clock, FakeTransport(answers(reader2=Outcome(0, verdict, "no"))))
        assert report.stopped
        assert counts(storage) == {"deferred": 1, "pending": 2, "sent": 1}

    def test_without_a_session_nothing_is_lost(self, storage: Storage, clock: FakeClock) -> None:
        report = deliver(storage, clock, FakeTransport(refuse=TransportError("relay default: refused")))
        assert (report.failed, report.stopped) == ("relay default: refused", True)
        assert counts(storage) == {"pending": 4}
        with storage.read() as work:
            failed = {run.step: run.failed for run in work.runs.latest()}
        assert failed["deliver"]

    def test_the_wish_to_stop_is_asked_before_each_message(self, storage: Storage, clock: FakeClock) -> None:
        transport = FakeTransport()
        deliver(storage, clock, transport, stop=lambda: len(transport.sent) >= 2)
        assert len(transport.sent) == 2
        assert counts(storage) == {"pending": 2, "sent": 2}

    def test_what_was_not_started_in_time_is_given_back_and_claimed_anew(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        def slowly(message: OutgoingMessage) -> Outcome:
            clock.now += START_WITHIN / 2 + timedelta(seconds=1)
            return accept(message)

        assert deliver(storage, clock, FakeTransport(slowly)).sent == 4

    def test_who_unsubscribes_after_the_claim_gets_no_mail(self, storage: Storage, clock: FakeClock) -> None:
        with storage.read() as work:
            keyring = work.meta.keyring()

        def meanwhile(message: OutgoingMessage) -> Outcome:
            assert Subscribing(storage, clock).unsubscribe(sign(keyring, UNSUBSCRIBE, 3), "link")
            return accept(message)

        transport = FakeTransport(meanwhile)
        deliver(storage, clock, transport)
        assert [m.envelope_to[6] for m in transport.sent] == ["1", "2", "4"]
        assert counts(storage) == {"cancelled": 1, "sent": 3}

    def test_suppression_ends_what_waits(self, storage: Storage, clock: FakeClock) -> None:
        with storage.begin() as work:
            key = address_key(work.meta.keyring(), "READER2@example.org")
            work.subscriptions.suppress(key, "complaint", clock())
        assert deliver(storage, clock, FakeTransport()).sent == 3
        assert counts(storage) == {"cancelled": 1, "sent": 3}

    def test_a_pause_holds_until_resume_or_a_day(self, storage: Storage, clock: FakeClock) -> None:
        def set_state(number: int, state: SubscriptionState) -> None:
            with storage.begin() as work:
                subscription = work.subscriptions.get(number)
                assert subscription
                work.subscriptions.update(replace(subscription, state=state))

        for number in (1, 2):
            set_state(number, SubscriptionState.PAUSED)
        assert deliver(storage, clock, FakeTransport()).sent == 2
        set_state(1, SubscriptionState.ACTIVE)
        assert deliver(storage, clock, FakeTransport()).sent == 1
        clock.pass_by(hours=25)
        deliver(storage, clock, FakeTransport())
        assert counts(storage) == {"cancelled": 1, "sent": 3}

    def test_a_dead_workers_window_is_judged(self, storage: Storage, clock: FakeClock) -> None:
        window = storage.ledger.claim(WORKER, "default", 3, clock(), clock() + timedelta(minutes=15))
        assert window is not None
        assert deliver(storage, clock, FakeTransport()).sent == 1
        step = deliverer(storage, clock, FakeTransport())
        assert step.recover(expired_only=True) == (0, 0)
        assert step.recover(expired_only=False) == (1, 2)
        assert deliver(storage, clock, FakeTransport()).sent == 3
        with storage.read() as work:
            assert work.deliveries.doubts() == 1


def test_a_message_that_cannot_be_written_fails_alone(storage: Storage, clock: FakeClock, news: Newsletter) -> None:
    class Careful(PlainWriter):
        def write(self, delivery, newsletter, digest):
            if delivery.address.startswith("reader2"):
                raise PublisherError("reader2: this address can't be written")
            return super().write(delivery, newsletter, digest)

    report = deliver(storage, clock, FakeTransport(), writer=Careful())
    assert counts(storage) == {"failed": 1, "sent": 3}
    assert "can't be written" in str(report)


def test_rows_of_a_newsletter_no_longer_defined_are_told(storage: Storage, clock: FakeClock, news: Newsletter) -> None:
    with storage.begin() as work:
        work.newsletters.apply([])
    assert "no longer defined" in str(deliver(storage, clock, FakeTransport()))


def test_reports_of_several_workers_are_added() -> None:
    one, two = DrainReport({Verdict.SENT: 2}), DrainReport({Verdict.SENT: 1, Verdict.RATE: 1}, "slow", True)
    one.add(two)
    assert str(one) == "1 rate, 3 sent; slow"
    assert one.stopped


class TestSubscribing:
    def test_a_link_ends_a_subscription_as_often_as_it_is_followed(
        self, storage: Storage, clock: FakeClock, news: Newsletter
    ) -> None:
        with storage.read() as work:
            token = sign(work.meta.keyring(), UNSUBSCRIBE, 1)
        subscribing = Subscribing(storage, clock)
        found = subscribing.behind(token)
        assert found is not None
        assert (found[0].id, found[1].slug) == (1, "news")
        assert subscribing.unsubscribe(token, "link")
        assert subscribing.unsubscribe(token, "link")
        with storage.read() as work:
            subscription = work.subscriptions.get(1)
        assert subscription is not None
        assert subscription.state is SubscriptionState.UNSUBSCRIBED

    def test_a_token_that_is_not_ours_does_nothing(self, storage: Storage, clock: FakeClock, news: Newsletter) -> None:
        with storage.read() as work:
            other = sign(work.meta.keyring(), "preferences", 1)
            nobody = sign(work.meta.keyring(), UNSUBSCRIBE, 999)
        for token in (other, nobody, "", "x" * 22):
            assert Subscribing(storage, clock).behind(token) is None
            assert not Subscribing(storage, clock).unsubscribe(token, "link")

    def test_the_link_of_a_newsletter_no_longer_defined_still_ends_it(
        self, storage: Storage, clock: FakeClock, news: Newsletter
    ) -> None:
        with storage.begin() as work:
            work.newsletters.apply([])
            token = sign(work.meta.keyring(), UNSUBSCRIBE, 1)
        found = Subscribing(storage, clock).behind(token)
        assert found is not None
        assert found[1].slug == "news"
        assert Subscribing(storage, clock).unsubscribe(token, "link")

    def test_a_suppressed_address_is_refused(self, storage: Storage, clock: FakeClock, news: Newsletter) -> None:
        with storage.begin() as work:
            key = address_key(work.meta.keyring(), "dead@example.org")
            work.subscriptions.suppress(key, "bounce", clock())
        subscribing = Subscribing(storage, clock)
        with pytest.raises(UsageError, match="suppression list"):
            subscribing.subscribe(request(news, "Dead@example.org"))
        assert subscribing.subscribe_all([request(news, "dead@example.org"), request(news, "new@example.org")]) == 1

    def test_removing_takes_all_of_a_subscriber(self, storage: Storage, clock: FakeClock, news: Newsletter) -> None:
        assert Subscribing(storage, clock).remove("Reader1@example.org")
        assert not Subscribing(storage, clock).remove("reader1@example.org")
        assert deliver(storage, clock, FakeTransport()).sent == 3
