"""Unsubscribe links: GET asks, POST ends, and nothing tells whose link it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.types import ASGIApp

from publisher.domain.delivery import DeliveryState, NewDelivery
from publisher.domain.edition import EditionState, Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.subscription import MailFormat, Subscription, SubscriptionState
from publisher.domain.token import sign
from publisher.pipeline.ports import Storage, SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import UNSUBSCRIBE, Subscribing
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, no_feed

SITE = Site("Harbour Light", "http://127.0.0.1:8080")
ADDRESS = "reader@example.org"
ONE_CLICK = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def subscribing(storage: Storage) -> Subscribing:
    with storage.begin() as work:
        work.newsletters.apply(
            [Newsletter(slug="digest", title="Harbour <Digest>", sender=Mailbox("news@harbour.example"))]
        )
    return Subscribing(storage, FakeClock())


@pytest.fixture
def subscription(storage: Storage, subscribing: Subscribing) -> Subscription:
    with storage.read() as work:
        newsletter = work.newsletters.all()[0]
    return subscribing.subscribe(
        SubscribeRequest(
            address=ADDRESS,
            newsletter_id=newsletter.id,
            language="en",
            timezone="UTC",
            cadence="daily",
            confirmed=True,
        )
    )


@pytest.fixture
def path(storage: Storage, subscription: Subscription) -> str:
    with storage.read() as work:
        return f"/unsubscribe/{sign(work.meta.keyring(), UNSUBSCRIBE, subscription.id)}"


@pytest.fixture
def client(storage: Storage, subscribing: Subscribing, serve: Callable[[ASGIApp], object]):
    return serve(build_web(storage, Templates([shipped_templates()]), SITE, Services(subscribing, no_feed)))


def state(storage: Storage, subscription: Subscription) -> SubscriptionState:
    with storage.read() as work:
        found = work.subscriptions.get(subscription.id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(client, storage: Storage, subscription: Subscription, path: str, method: str) -> None:
    answer = client.ask(path, method=method)
    assert answer.status == 200
    assert state(storage, subscription) is SubscriptionState.ACTIVE


def test_the_page_asks_with_one_button_and_names_the_newsletter_alone(client, path: str) -> None:
    answer = client.ask(path)
    assert "Harbour &lt;Digest&gt;" in answer.text
    assert answer.text.count("<button") == 1
    assert '<form method="post" action="?by=page">' in answer.text
    assert ADDRESS not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (ONE_CLICK, b"List-Unsubscribe=One-Click"),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        ),
        ({}, None),
        ({"Content-Type": "multipart/form-data"}, b"broken"),
        ({"Origin": "https://mail.example", "Content-Type": "text/plain"}, b"\xff\x00"),
    ],
)
def test_a_post_ends_the_subscription_whatever_its_body(
    client, storage: Storage, subscription: Subscription, path: str, headers: dict[str, str], body: bytes | None
) -> None:
    answer = client.ask(path, headers, "POST", body)
    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert "set-cookie" not in answer.headers
    assert state(storage, subscription) is SubscriptionState.UNSUBSCRIBED


def test_it_may_be_done_as_often_as_one_likes(client, storage: Storage, subscription: Subscription, path: str) -> None:
    answers = [client.ask(path, ONE_CLICK, "POST", b"List-Unsubscribe=One-Click") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[0].text == answers[2].text
    assert "<button" not in client.ask(path).text
    assert state(storage, subscription) is SubscriptionState.UNSUBSCRIBED


def test_mail_that_waits_is_cancelled_with_it(client, storage: Storage, subscription: Subscription, path: str) -> None:
    clock = FakeClock()
    variant = Variant((), "en", MailFormat.HTML)
    with storage.begin() as work:
        edition = work.editions.cut(subscription.newsletter_id, "daily", clock(), 0, hold=False)
        digests = work.editions.add_digests(edition.id, [variant])
        row = NewDelivery(subscription.id, variant.key, clock() + timedelta(hours=1), from_seq=0)
        work.deliveries.add(edition.id, [row], digests)
        work.editions.change_state(edition, EditionState.APPROVED)
    client.ask(path, ONE_CLICK, "POST", b"List-Unsubscribe=One-Click")
    assert dict(storage.ledger.counts()) == {DeliveryState.CANCELLED: 1}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("change", ["cut", "altered", "other purpose", "unknown", "nonsense"])
def test_a_wrong_link_is_a_page_that_says_so(
    client, storage: Storage, subscription: Subscription, path: str, method: str, change: str
) -> None:
    with storage.read() as work:
        keyring = work.meta.keyring()
    wrong = {
        "cut": path[:-1],
        "altered": path[:-9] + ("A" if path[-9] != "A" else "B") + path[-8:],
        "other purpose": f"/unsubscribe/{sign(keyring, 'confirm', subscription.id)}",
        "unknown": f"/unsubscribe/{sign(keyring, UNSUBSCRIBE, 4711)}",
        "nonsense": "/unsubscribe/%00%FF",
    }[change]
    answer = client.ask(wrong, method=method)
    assert answer.status == 404
    assert "This link is not valid" in answer.text
    assert state(storage, subscription) is SubscriptionState.ACTIVE


def test_the_page_speaks_the_language_of_its_reader(client, path: str) -> None:
    chinese = client.ask(path, {"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.5"})
    assert '<html lang="zh-CN">' in chinese.text
    assert "退订" in chinese.text
    assert "Accept-Language" in chinese.headers["vary"]
    assert "您已退订" in client.ask(path, {"Accept-Language": "zh"}, "POST").text
    assert '<html lang="en">' in client.ask(path, {"Accept-Language": "fr"}).text
