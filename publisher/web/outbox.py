"""The outbox page: mails that were written into a folder instead of being sent, shown as they would arrive.

It shows whole mails with their tokens, so it opens only by the token in its address, and is there only while mail goes
to the outbox. No script of a mail runs: its HTML is a document of its own in a sandbox, twice so, by the frame's
attribute and by its policy (for who opens it without the frame).
"""

import hmac
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.responses import HTMLResponse

from publisher.mail.transport.outbox import ParsedMessage, list_messages, read_message
from publisher.web.page import Pages
from publisher.web.security import HEADERS, PRIVATE

VIEWS = ("html", "text", "source")

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""What a mail's document may do: open links, in windows of their own."""
FRAMED = {
    **PRIVATE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
        f"frame-ancestors 'self'; sandbox {SANDBOX}"
    ),
}
FRAMING = {
    **PRIVATE,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; frame-src 'self'",
}

WITHOUT_TOKEN = "The address of the outbox ends in a token; `publisher run` prints it when it starts."


@dataclass(frozen=True, slots=True)
class Outbox:
    """The folder that is shown, and the token that opens the page."""

    folder: Path
    token: str

    @property
    def path(self) -> str:
        """The page's path below the site's address."""
        return f"/outbox/{self.token}"


def outbox_routes(outbox: Outbox, pages: Pages) -> APIRouter:
    """The routes of the outbox page, all below its token; without one there is only a word on where to find it."""

    def guard(token: str) -> None:
        if not hmac.compare_digest(token.encode(), outbox.token.encode()):
            raise HTTPException(404)

    routes = APIRouter()
    router = APIRouter(prefix="/outbox/{token}", dependencies=[Depends(guard)])
    base = pages.root + outbox.path
    zone = ZoneInfo(pages.site.timezone)

    @routes.api_route("/outbox", methods=["GET", "HEAD"])
    @routes.api_route("/outbox/", methods=["GET", "HEAD"])
    def without_token(request: Request) -> Response:
        return pages.error(request.scope, 404, PRIVATE, hint=WITHOUT_TOKEN)

    def message(name: str) -> ParsedMessage:
        found = read_message(outbox.folder, name)
        if found is None:
            raise HTTPException(404)
        return found

    @router.api_route("", methods=["GET", "HEAD"])
    def index(request: Request) -> Response:
        messages = list_messages(outbox.folder)
        return pages.page(request, "outbox", headers=PRIVATE, base=base, zone=zone, messages=messages)

    @router.api_route("/{name}", methods=["GET", "HEAD"])
    def show(request: Request, name: str, view: str = "") -> Response:
        found = message(name)
        return pages.page(
            request,
            "outbox_message",
            headers=FRAMING,
            base=base,
            message=found,
            source=found.source.decode("utf-8", "replace"),
            view=view if view in VIEWS else ("html" if found.html else "text"),
            sandbox=SANDBOX,
        )

    @router.api_route("/{name}/html", methods=["GET", "HEAD"])
    def framed(name: str) -> Response:
        # Links leave the frame; a `base` counts wherever it stands, and at the end it disturbs no doctype.
        return HTMLResponse(message(name).html + '<base target="_blank">', headers=FRAMED)

    @router.api_route("/{name}/download", methods=["GET", "HEAD"])
    def download(name: str) -> Response:
        found = message(name)
        attached = {"Content-Disposition": f'attachment; filename="{found.name}"', **PRIVATE}
        return Response(found.source, headers=attached, media_type="message/rfc822")

    routes.include_router(router)
    return routes
