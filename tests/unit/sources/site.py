"""A site on loopback whose pages a test writes, and a desk that reads sources as the pipeline does."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from publisher.domain.article import KnownArticle
from publisher.domain.listing import ListingMemory
from publisher.domain.source import Source, SourceKind, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Reading, ReadRequest
from publisher.sources.http.fetch import HttpFetcher
from publisher.sources.kinds import build_readers

NONE = Validators()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Answer:
    """What the site says to one path. `drip` sends raw bytes with pauses, whatever the rest says."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: Callable[[Callable[[bytes], None]], None] | None = None


@dataclass
class Asked:
    """A request that the site got."""

    path: str
    headers: Mapping[str, str]
    at: float


class _Handler(BaseHTTPRequestHandler):
    """Answers from the pages of its site."""

    site: "Site"
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        try:
            with self.site.counted():
                self._answer()
        except OSError:
            self.close_connection = True

    def _answer(self) -> None:
        asked = Asked(self.path, dict(self.headers.items()), time.monotonic())
        self.site.asked.append(asked)
        page = self.site.pages.get(self.path, Answer(b"not here", 404))
        answer = page if isinstance(page, Answer) else page(asked)
        if answer.drip is not None:
            self.close_connection = True
            answer.drip(self._send)
            return
        status, body = answer.status, answer.body
        for sent, ours in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            if self.headers.get(sent) is not None and self.headers[sent] == answer.headers.get(ours):
                status, body = 304, b""
        if "Date" in answer.headers:
            self.send_response_only(status)
        else:
            self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


class Site:
    """A small web site. `pages` may be changed while it runs; a request with our validators gets a 304."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self.asked: list[Asked] = []
        self.most_open = 0
        self._open = 0
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self}))
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the requests that run at the same time."""
        with self._lock:
            self._open += 1
            self.most_open = max(self.most_open, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def html(self, path: str, markup: str, **headers: str) -> None:
        """Put a page at a path; underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(markup.encode(), headers={"Content-Type": "text/html; charset=utf-8", **named})

    def paths(self) -> list[str]:
        """What was asked for, in order, without what is asked of each host once."""
        return [asked.path for asked in self.asked if asked.path not in ("/robots.txt", "/.well-known/tdmrep.json")]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@dataclass
class Desk:
    """Reads sources as the pipeline does, and remembers what it got."""

    fetcher: HttpFetcher
    now: datetime = NOW
    known: dict[str, KnownArticle] = field(default_factory=dict)
    readers: Mapping = field(default_factory=build_readers)
    documents: Mapping | None = None
    passed: frozenset[str] = frozenset()
    limit: int | None = None
    listing: ListingMemory | None = None
    told: dict[str, str] = field(default_factory=dict)

    def read(self, source: Source, validators: Validators = NONE) -> Reading:
        """One look, which is then stored. Raises SourceError when it failed."""
        request = ReadRequest(
            source=source,
            validators=validators,
            known=lambda keys: {key: self.known[key] for key in keys if key in self.known},
            now=self.now,
            documents=self.documents,
            passed=self.passed,
            limit=self.limit,
            listing=self.listing,
        )
        reading = self.readers[source.kind].read(request, self.fetcher)
        self.listing = reading.listing or self.listing
        self.told = {kind: text for kind, text in (self.told | dict(reading.notices)).items() if text}
        if reading.failure is not None:
            raise SourceError(source.name, reading.failure)
        self.documents, self.passed = reading.documents, self.passed | frozenset(reading.passed)
        for entry in reading.entries:
            before = self.known.get(entry.key)
            self.known[entry.key] = KnownArticle(
                id=len(self.known) + 1,
                key=entry.key,
                seq=1,
                fingerprint=entry.content.fingerprint(),
                hint=entry.hint,
                first_seen=before.first_seen if before else self.now,
                read_at=self.now,
                published=entry.content.published,
                visible=True,
                announced=True,
                etag=entry.validators_etag,
                last_modified=entry.validators_last_modified,
                url=entry.url,
                title=entry.content.title,
            )
        return reading


def source(kind: SourceKind, url: str, **fields: object) -> Source:
    """A source named `news`."""
    return Source(name="news", kind=kind, url=url, **fields)  # type: ignore[arg-type]
