"""Gets documents over HTTP, politely and safely: the one place of this program that asks other people's servers."""

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import unquote, urlencode

import httpcore2
import httpx2

from publisher.domain.source import Validators
from publisher.pipeline.ports import (
    Clock,
    Fetched,
    Fetcher,
    FetchRequest,
    FetchResult,
    Gone,
    Hosts,
    NotModified,
    Refused,
)
from publisher.sources.http import headers
from publisher.sources.http.decompress import BadEncoding, TooLarge, decompressed
from publisher.sources.http.guard import (
    AddressRefused,
    Deadline,
    ProxyUnreachable,
    Resolver,
    pair_of,
    system_resolver,
    within,
)
from publisher.sources.http.manners import Forgetful, HostQueue, Manners, Postponed
from publisher.sources.http.options import FetchConfig
from publisher.sources.http.pools import Pools, port_of
from publisher.sources.http.reservations import from_headers
from publisher.sources.http.robots import MAX_BYTES as ROBOTS_BYTES
from publisher.sources.http.robots import MAX_REDIRECTS as ROBOTS_REDIRECTS
from publisher.sources.http.robots import Robots
from publisher.sources.http.well_known import WellKnown

MAX_REDIRECTS = 10

__all__ = ["FetchConfig", "HttpFetcher"]

_PERMANENT = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
_REDIRECTS = _PERMANENT | {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT}
_REPEATED = {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
"""Redirects after which a POST stays one (RFC 9110, section 15.4)."""
_TAKEN = {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}
_NETWORK_ERRORS = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class _Response:
    """An answer's head."""

    status: int
    headers: httpx2.Headers


@dataclass(frozen=True, slots=True)
class _Redirect:
    """A 3xx with a place to go to."""

    url: str
    permanent: bool


class _Refusal(Exception):
    """Ends a request with its result."""

    def __init__(self, reason: str, status: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.refused = Refused(reason, status, retry_after)


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request on its way: what is wanted, until when, and with which rules."""

    request: FetchRequest
    deadline: Deadline
    max_bytes: int
    max_redirects: int = MAX_REDIRECTS
    cut: bool = False
    """Keep the beginning of a body that is too large, rather than refuse it."""


class HttpFetcher(Fetcher):
    """The fetcher of this process, safe to share between threads; keeps connections, so `close()` it."""

    def __init__(
        self,
        config: FetchConfig,
        *,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        memory: Hosts | None = None,
        resolve: Resolver = system_resolver,
    ) -> None:
        """`memory` keeps what hosts were promised; without it they are promised it while the process lives."""
        memory = memory or Forgetful()
        manners = Manners(
            spacing=config.spacing, budget=config.budget, groups=config.groups, hint_limit=config.hint_limit
        )
        self._config = config
        self._clock = clock
        self._hosts = HostQueue(manners, memory, clock)
        self._robots = Robots(self._fetch_robots, memory, clock)
        self._well_known = WellKnown(self.fetch, memory, clock)
        self._pools = Pools(config.allow_private, ssl_context, resolve)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pools.close()

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document."""
        deadline = Deadline(min(request.deadline, self._config.deadline).total_seconds())
        return self._run(_Errand(request, deadline, min(request.max_bytes, self._config.max_bytes)))

    def _fetch_robots(self, request: FetchRequest) -> FetchResult:
        deadline = Deadline(min(request.deadline, self._config.deadline).total_seconds())
        return self._run(_Errand(request, deadline, ROBOTS_BYTES, ROBOTS_REDIRECTS, cut=True))

    def _run(self, errand: _Errand) -> FetchResult:
        try:
            with within(errand.deadline):
                return self._follow(errand)
        except (_Refusal, Postponed) as ended:
            return ended.refused
        except AddressRefused as error:
            return Refused(f"{error}{_advice(error, errand.request)}")
        except ProxyUnreachable as error:
            return Refused(str(error))
        except httpcore2.TimeoutException:
            if errand.deadline.remaining() > 0:
                return Refused("the server can't be reached (connecting timed out)")
            return Refused(f"no whole answer within {errand.deadline.seconds:g} s")
        except _NETWORK_ERRORS as error:
            return Refused(f"the connection failed ({_one_line(error)})")

    def _follow(self, errand: _Errand) -> FetchResult:
        url, seen, permanent, moved = errand.request.url, set[str](), True, False
        for _ in range(errand.max_redirects + 1):
            if url in seen:
                raise _Refusal("it redirects in a circle", HTTPStatus.FOUND)
            seen.add(url)
            match self._visit(url, errand):
                case _Redirect() as redirect:
                    url, permanent, moved = redirect.url, permanent and redirect.permanent, True
                case Fetched() | NotModified() as result:
                    return replace(result, moved_to=url if moved and permanent else None)
                case result:
                    return result
        raise _Refusal(f"more than {errand.max_redirects} redirects", HTTPStatus.FOUND)

    def _visit(self, url: str, errand: _Errand) -> FetchResult | _Redirect:
        """One hop, with the manners due to its host."""
        parsed = _parse(url)
        url = str(parsed)
        if errand.request.obey_robots and self._config.obey_robots:
            if errand.request.named:
                # An address that the operator may open is not first the robots.txt of a host that can't be asked.
                self._pools.check(parsed)
            with errand.deadline.paused():
                refusal = self._robots.refusal(url, errand.request.source)
            if refusal:
                return refusal
        with self._hosts.turn(url, errand.deadline, self._robots.delay(url)):
            result = self._exchange(parsed, errand)
        return self._with_reservations(result, errand) if isinstance(result, Fetched) else result

    def _with_reservations(self, fetched: Fetched, errand: _Errand) -> Fetched:
        """What a page's headers reserve and, unless its owner named it to us as a feed, what its host does."""
        reserved = from_headers(fetched.headers)
        if errand.request.obey_robots and self._config.obey_robots:
            with errand.deadline.paused():
                url, source = fetched.url, errand.request.source
                reserved = self._robots.reserved(url, source) | self._well_known.reserved(url, source) | reserved
        return replace(fetched, reservations=reserved)

    def _exchange(self, url: httpx2.URL, errand: _Errand) -> FetchResult | _Redirect:
        options = self._config.sources.get(errand.request.source)
        fields, form = self._headers(url, errand.request), errand.request.form
        # No httpx2.Request: it costs more than all that is said here.
        answer = self._pools.get(options.proxy if options else "", url).handle_request(
            httpcore2.Request(
                method=b"GET" if form is None else b"POST",
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=fields,
                content=None if form is None else _encoded(form),
            )
        )
        # No httpx2.Response: that one would undo codings by itself, and fail on some.
        response = _Response(answer.status, httpx2.Headers(answer.headers))
        self._hosts.answered(str(url), answer.status, headers.retry_after(response.headers, self._clock()))
        with closing(answer):
            return self._judge(url, response, answer.iter_stream(), errand)

    def _headers(self, url: httpx2.URL, request: FetchRequest) -> list[tuple[bytes, bytes]]:
        fields = [
            (b"User-Agent", self._config.user_agent.encode("ascii", "replace")),
            (b"Accept", request.accept.encode("ascii", "replace")),
            (b"Accept-Encoding", b"gzip, br"),
        ]
        if request.validators.etag:
            fields.append((b"If-None-Match", headers.to_wire(request.validators.etag)))
        if request.validators.last_modified:
            fields.append((b"If-Modified-Since", headers.to_wire(request.validators.last_modified)))
        if request.referer:
            fields.append((b"Referer", headers.to_wire(request.referer)))
        if url.userinfo:
            fields.append((b"Authorization", b"Basic " + base64.b64encode(unquote(url.userinfo.decode()).encode())))
        options = self._config.sources.get(request.source)
        own = options.fields(str(url)) if options else []
        # What its owner says instead is not said twice.
        given = {name.lower() for name, _ in own}
        needed = [(b"Host", url.netloc), *_form_fields(request)]
        return [*(field for field in needed if field[0].lower() not in given), *fields, *own]

    def _judge(
        self, url: httpx2.URL, response: _Response, body: Iterator[bytes], errand: _Errand
    ) -> FetchResult | _Redirect:
        now = self._clock()
        match response.status:
            case status if status in _TAKEN or (errand.request.form is not None and 200 <= status < 300):
                media_type, charset = headers.content_type(response.headers)
                return Fetched(
                    url=str(url.copy_with(fragment=None)),
                    body=_read(response, body, errand),
                    media_type=media_type,
                    charset=charset,
                    validators=headers.validators(response.headers),
                    hints=headers.poll_hints(response.headers, now),
                    headers=dict(response.headers),
                )
            case HTTPStatus.NOT_MODIFIED if errand.request.validators != Validators():
                # RFC 9110, section 15.4.5: a 304 repeats the ETag; what it leaves out is as it was.
                kept, sent = headers.validators(response.headers), errand.request.validators
                return NotModified(
                    Validators(kept.etag or sent.etag, kept.last_modified or sent.last_modified),
                    headers.poll_hints(response.headers, now),
                )
            case status if status in _REDIRECTS and "location" in response.headers:
                if errand.request.form is not None and status not in _REPEATED:
                    raise _Refusal(f"it answers a POST with {status}, which would make it a GET", status)
                target = _join(url, response.headers["location"])
                return _Redirect(target, status in _PERMANENT)
            case HTTPStatus.GONE:
                return Gone(str(url))
            case status:
                return _refused(status, headers.retry_after(response.headers, now))


def _form_fields(request: FetchRequest) -> list[tuple[bytes, bytes]]:
    if request.form is None:
        return []
    length = str(len(_encoded(request.form))).encode()
    return [(b"Content-Type", b"application/x-www-form-urlencoded"), (b"Content-Length", length)]


def _encoded(form: Mapping[str, str]) -> bytes:
    return urlencode(form).encode()


def _refused(status: int, retry_after: timedelta | None) -> Refused:
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    return Refused(f"the server says {name}", status, retry_after)


def _read(response: _Response, body: Iterator[bytes], errand: _Errand) -> bytes:
    """The decompressed body, within its limit."""
    limit = errand.max_bytes
    too_large = f"larger than {limit / 1024 / 1024:.3g} MiB"
    declared = response.headers.get("content-length", "")
    if not errand.cut and declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
        raise _Refusal(too_large, response.status)
    whole = bytearray()
    try:
        for piece in decompressed(body, response.headers.get("content-encoding", ""), limit):
            if errand.deadline.remaining() <= 0:
                # What it unfolds to may be nothing for long: no wait on the network ends that.
                raise httpcore2.ReadTimeout("the deadline has passed")
            whole += piece
            if len(whole) > limit:
                if errand.cut:
                    return bytes(whole[:limit])
                raise _Refusal(too_large, response.status)
    except TooLarge:
        raise _Refusal(too_large, response.status) from None
    except BadEncoding as error:
        raise _Refusal(str(error), response.status) from error
    return bytes(whole)


@lru_cache(maxsize=2048)
def _parse(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise _Refusal(f"{_one_line(url)!r} is not a URL ({_one_line(error)})") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _Refusal(f"only http and https addresses are fetched, not {_one_line(url)!r}")
    return parsed


def _advice(error: AddressRefused, request: FetchRequest) -> str:
    """How to open an address: for one that the operator wrote, never for one that a site chose."""
    if not request.named:
        return ""
    asked = _parse(request.url)
    if pair_of(asked.host, port_of(asked)) != error.pair:
        return ""
    return f'; [fetch] allow_private = ["{error.pair}"] would open it'


def _join(url: httpx2.URL, location: str) -> str:
    try:
        return str(url.copy_with(userinfo=b"").join(location))
    except (httpx2.InvalidURL, ValueError) as error:
        raise _Refusal(f"it redirects to {_one_line(location)!r}, which is not a URL", HTTPStatus.FOUND) from error


def _one_line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else text[:199] + "…"
