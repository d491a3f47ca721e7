"""Our callbacks for WebSub hubs (W3C WebSub, sections 5.2, 5.3 and 7): `/websub/<token>`, a token for each feed.

GET answers a hub that asks whether we meant it; POST takes what is new. Nothing is read here of what comes: it is kept,
and looked at by the next `collect`.
"""

from datetime import UTC, datetime, timedelta

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from publisher.domain.websub import HubMode
from publisher.pipeline.hubs import CALLBACK_PATH, Hubs
from publisher.pipeline.ports import HubContent
from publisher.sources.http.headers import content_type
from publisher.web.body import TooLarge, read_body
from publisher.web.security import PRIVATE

log = structlog.get_logger(__name__)

MOST_BYTES = 5 * 1024 * 1024
LONGEST_CHALLENGE = 4096


def websub_routes(hubs: Hubs) -> APIRouter:
    """The routes of the callbacks."""
    router = APIRouter()

    @router.get(CALLBACK_PATH + "{token}")
    def verify(request: Request, token: str) -> Response:
        asked = request.query_params
        mode, topic, challenge = (asked.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
        if mode == "denied":
            known = hubs.deny(token, topic, asked.get("hub.reason", ""))
            return PlainTextResponse("noted\n" if known else "unknown\n", 200 if known else 404, PRIVATE)
        if mode not in list(HubMode) or not 0 < len(challenge) <= LONGEST_CHALLENGE:
            return PlainTextResponse("no request of a hub\n", 404, PRIVATE)
        if not hubs.verify(token, mode, topic, _lease(asked.get("hub.lease_seconds", ""))):
            return PlainTextResponse("nobody here asked for that\n", 404, PRIVATE)
        # The challenge is another's text: plain, and never sniffed for anything else.
        return PlainTextResponse(challenge, 200, PRIVATE)

    @router.post(CALLBACK_PATH + "{token}")
    async def take(request: Request, token: str) -> Response:
        if not await run_in_threadpool(hubs.knows, token):
            # 410 tells a hub that nobody listens any more (section 7).
            return PlainTextResponse("nobody listens here\n", 410, PRIVATE)
        try:
            body = await read_body(request, MOST_BYTES)
        except TooLarge:
            return PlainTextResponse(f"more than {MOST_BYTES} bytes\n", 413, PRIVATE)
        media_type, charset = content_type(request.headers)
        content = HubContent(
            source_id=0,
            topic="",
            at=datetime.now(UTC),
            media_type=media_type[:200],
            charset=charset[:100] if charset else None,
            body=body,
        )
        if not await run_in_threadpool(hubs.take, token, content, request.headers.get("x-hub-signature", "")):
            # Who signs wrongly is told nothing (section 7.1).
            log.warning("what came from a hub is not signed by our secret: it is ignored")
        return PlainTextResponse("taken\n", 202, PRIVATE)

    return router


def _lease(seconds: str) -> timedelta | None:
    return timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else None
