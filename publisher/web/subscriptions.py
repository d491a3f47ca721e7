"""The links in mails with which people change their subscriptions: so far, ending one.

GET shows and changes nothing, for scanners follow links. POST ends at once, without cookie, login or redirect
(RFC 8058, section 3.1): whoever holds the link may. No page shows an address.
"""

from fastapi import APIRouter, Request, Response

from publisher.domain.subscription import SubscriptionState
from publisher.pipeline.subscribe import Subscribing
from publisher.web.page import Pages
from publisher.web.security import PRIVATE

ONE_CLICK = "one-click POST of a mail program (RFC 8058)"
BY_PAGE = "button on the unsubscribe page"


def subscription_routes(subscribing: Subscribing, pages: Pages) -> APIRouter:
    """The routes behind the tokens in mails."""
    router = APIRouter()

    def page(request: Request, token: str) -> Response:
        found = subscribing.behind(token)
        if found is None:
            return pages.page(request, "unsubscribe_unknown", status=404, headers=PRIVATE)
        subscription, newsletter = found
        ended = subscription.state is SubscriptionState.UNSUBSCRIBED
        return pages.page(request, "unsubscribe", headers=PRIVATE, newsletter=newsletter, ended=ended)

    @router.api_route("/unsubscribe/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> Response:
        return page(request, token)

    @router.post("/unsubscribe/{token}")
    def unsubscribe(request: Request, token: str, by: str = "") -> Response:
        # The body isn't read: it says `List-Unsubscribe=One-Click`, or nothing, and neither may stand in the way.
        subscribing.unsubscribe(token, BY_PAGE if by == "page" else ONE_CLICK)
        return page(request, token)

    return router
