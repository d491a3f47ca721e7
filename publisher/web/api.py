"""The API by which articles are pushed: `/api/sources/<name>/articles`, with a bearer token for each source.

What is refused is said in one line, as a problem document (RFC 9457): field, value, and what to write instead.
"""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from publisher.domain.source import StoredSource
from publisher.errors import SourceError
from publisher.pipeline.ports import Clock
from publisher.pipeline.receive import Receiver
from publisher.sources import pushed
from publisher.sources.pushed import BadArticle
from publisher.web.body import TooLarge, read_body
from publisher.web.bucket import Bucket
from publisher.web.security import PRIVATE

PREFIX = "/api/"
PATH = "/api/sources/{name}/articles"

MOST_BYTES = 5 * 1024 * 1024
"""How large the body of one request may be."""

A_MINUTE = 60
"""How many requests a minute one source may get, right ones or wrong ones."""


@dataclass(frozen=True, slots=True)
class Pushing:
    """What the API needs: the tokens of the sources by their names, which are never shown."""

    receiver: Receiver
    clock: Clock
    tokens: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Limiter:
    """A bucket of requests for each name, filled again within a minute."""

    names: Mapping[str, str] = field(repr=False)
    a_minute: int = A_MINUTE
    monotonic: Callable[[], float] = time.monotonic
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, name: str) -> float:
        """Take one from the bucket: 0, or the seconds to wait when it is empty. Unknown names share a bucket."""
        name = name if name in self.names else ""
        with self._lock:
            bucket = self._buckets.setdefault(name, Bucket(self.a_minute, self.a_minute / 60))
            return bucket.wait(self.monotonic())


class Problem(Exception):
    """A request that is refused, and why."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}

    def answer(self) -> Response:
        """The problem as a document."""
        said = {"title": self.status.phrase, "status": self.status.value, "detail": str(self)}
        headers = {**PRIVATE, **self.headers}
        return JSONResponse(said, self.status.value, headers, media_type="application/problem+json")


def api_routes(pushing: Pushing, limiter: Limiter | None = None) -> APIRouter:
    """The routes of the API."""
    router = APIRouter()
    doorkeeper = _Doorkeeper(pushing, limiter or Limiter(pushing.tokens))

    # One route for both, so that a refused method is told the two.
    @router.api_route(PATH, methods=["DELETE", "POST"])
    async def articles(request: Request, name: str) -> Response:
        if request.method == "DELETE":
            return await run_in_threadpool(hide, request, name)
        try:
            stored = await run_in_threadpool(doorkeeper.let_in, name, request.headers.get("authorization", ""))
            body = await _body(request)
            return await run_in_threadpool(_push, pushing, stored, body)
        except Problem as problem:
            return problem.answer()

    @router.delete(PATH + "/{key:path}")
    def hide(request: Request, name: str, key: str = "") -> Response:
        try:
            stored = doorkeeper.let_in(name, request.headers.get("authorization", ""))
            wanted = key or request.query_params.get("id") or request.query_params.get("url") or ""
            if not wanted:
                raise Problem(HTTPStatus.BAD_REQUEST, "id: is missing; name the article: ?id=… or ?url=…")
            if not any(pushing.receiver.hide(stored, one) for one in dict.fromkeys((wanted, pushed.key_of(wanted)))):
                raise Problem(HTTPStatus.NOT_FOUND, "id: no article of this source has it; look at what was pushed")
        except Problem as problem:
            return problem.answer()
        return Response(status_code=204, headers=PRIVATE)

    return router


_OURS = "it could not be done now: please try again in a minute"


def refusal(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """What this program says below `/api/` to a request that no route takes."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = ", ".join(sorted((headers or {}).get("Allow", "").split(", ")))
        detail = f"{request.method} is not for this address: send {allow.replace(', ', ' or ')}"
        return Problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": allow}).answer()
    details = {404: f"there is nothing at this address: articles are pushed to {PATH.replace('{name}', '<name>')}"}
    return Problem(HTTPStatus(status), details.get(status, _OURS), headers).answer()


@dataclass(frozen=True, slots=True)
class _Doorkeeper:
    """Lets in who shows the token of a source, not too often."""

    pushing: Pushing
    limiter: Limiter

    def let_in(self, name: str, authorization: str) -> StoredSource:
        """The source that may be pushed to; raises Problem, the same for a wrong token and an unknown source."""
        if (wait := self.limiter.wait(name)) > 0:
            headers = {"Retry-After": str(int(wait) + 1)}
            detail = f"more than {self.limiter.a_minute} requests a minute: put several articles into one"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers)
        expected = self.pushing.tokens.get(name, "")
        scheme, _, token = authorization.partition(" ")
        same = hmac.compare_digest(expected.encode(), token.strip().encode("utf-8", "surrogateescape"))
        stored = self.pushing.receiver.pushed(name) if expected and same and scheme.lower() == "bearer" else None
        if stored is None or stored.source.disabled:
            detail = "Authorization: the token of this source is missing or wrong; send `Authorization: Bearer TOKEN`"
            raise Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": f'Bearer realm="{_PRODUCT}"'})
        return stored


_PRODUCT = "publisher"


async def _body(request: Request) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        shown = media_type[:80] or "nothing"
        detail = f"Content-Type = {shown}: send the articles as JSON, with Content-Type: application/json"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    if (coding := request.headers.get("content-encoding", "identity")) != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Encoding = {coding[:80]}: send the body as it is")
    try:
        return await read_body(request, MOST_BYTES)
    except TooLarge:
        detail = f"the body is larger than {MOST_BYTES // 1024 // 1024} MiB: send fewer articles at once"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None


def _push(pushing: Pushing, stored: StoredSource, body: bytes) -> Response:
    try:
        found = pushed.read(body, stored.source, pushing.clock())
    except (BadArticle, SourceError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    receipts = pushing.receiver.push(
        stored, [one.entry for one in found], backlog={one.entry.key for one in found if not one.announce}
    )
    counts = {result: sum(one.result == result for one in receipts) for result in ("new", "edited", "unchanged")}
    said = {**counts, "articles": [{"id": one.key, "result": one.result} for one in receipts]}
    return JSONResponse(said, 201 if counts["new"] else 200, PRIVATE)
