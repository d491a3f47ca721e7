"""The public pages in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from publisher.domain.feed import Feed
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.subscription import SubscriptionState
from publisher.domain.token import sign
from publisher.pipeline.ports import SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import UNSUBSCRIBE, Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.fakes import FakeClock, no_feed

pytestmark = pytest.mark.browser


@pytest.fixture
def address(storage: SqlStorage, serve: Callable[[Any], str]) -> str:
    with storage.begin() as work:
        work.feeds.apply([Feed(slug="all-news", title="All news"), Feed(slug="a-very-long-slug-" * 4, title="晚间")])
        work.newsletters.apply([Newsletter(slug="digest", title="The digest", sender=Mailbox("n@light.example"))])
    templates = Templates([shipped_templates()])
    site = Site("Harbour Light", "http://127.0.0.1:8080")
    return serve(build_web(storage, templates, site, Services(Subscribing(storage, FakeClock()), no_feed)))


@pytest.mark.parametrize("width", [375, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_front_page_is_styled_fits_and_asks_nobody_else(page: Page, address: str, width: int, scheme: Any) -> None:
    asked: list[Request] = []
    failed: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.on("requestfailed", lambda request: failed.append(request))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    assert page.title() == "Harbour Light"
    assert page.get_by_role("link", name="JSON Feed").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")
    assert all(request.url.startswith((address, "data:")) for request in asked)
    assert failed == []


def test_one_click_on_the_button_ends_a_subscription(page: Page, address: str, storage: SqlStorage) -> None:
    subscribing = Subscribing(storage, FakeClock())
    with storage.read() as work:
        newsletter = work.newsletters.all()[0]
        keyring = work.meta.keyring()
    subscription = subscribing.subscribe(
        SubscribeRequest(
            address="reader@example.org",
            newsletter_id=newsletter.id,
            language="en",
            timezone="UTC",
            cadence="daily",
            confirmed=True,
        )
    )
    page.goto(f"{address}/unsubscribe/{sign(keyring, UNSUBSCRIBE, subscription.id)}")
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("status").inner_text().startswith("You are unsubscribed.")
    with storage.read() as work:
        ended = work.subscriptions.get(subscription.id)
    assert ended is not None
    assert ended.state is SubscriptionState.UNSUBSCRIBED
