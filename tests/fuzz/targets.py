"""Every parser that reads what others write, as a function of bytes; each raises our own errors, or nothing."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import httpx2
from fastapi import FastAPI
from starlette.types import Message, Scope

from publisher.cli import subscriptions_csv
from publisher.domain import addresses, websub
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Source, SourceKind
from publisher.errors import PublisherError
from publisher.pipeline.hubs import CALLBACK_PATH
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, HubContent, ReadRequest
from publisher.settings import load
from publisher.sources import dates, discover, extract, images, listing, opml, pushed, sitemap
from publisher.sources.feeds import websub as feeds_websub
from publisher.sources.http import decompress, headers, reservations
from publisher.sources.http.robots import Robots
from publisher.sources.kinds import build_readers
from publisher.sources.pages import page, sanitize
from publisher.sources.text import charset, selecting, urls
from publisher.web.websub import websub_routes
from tests import pictures
from tests.fuzz import documents

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://example.org/news/1.html"
OWN = (
    PublisherError,
    selecting.BadSelector,
    pushed.BadArticle,
    sitemap.NotASitemap,
    opml.NotOpml,
    decompress.BadEncoding,
    images.BadImage,
)
"""What a parser may raise; whoever called it makes one clear line of it."""


@dataclass(frozen=True)
class Target:
    """A parser, what it reads, and how many documents a short round tries."""

    parse: Callable[[bytes], object]
    seeds: tuple[str, ...]
    examples: int = 40


@dataclass(frozen=True)
class Everywhere(Fetcher):
    """A web where every address gives the same document."""

    body: bytes
    media_type: str = ""

    def fetch(self, request: FetchRequest) -> FetchResult:
        return Fetched(url=request.url, body=self.body, media_type=self.media_type, charset=None)


def _read(kind: SourceKind, selectors: Mapping[str, str] | None = None) -> Callable[[bytes], object]:
    """A look at a source that gives these bytes, its pages too."""

    def read(data: bytes) -> object:
        source = Source(
            name="x", kind=kind, url=URL, selectors=selectors or {}, timezone="Asia/Shanghai", full_text=False
        )
        request = ReadRequest(source=source, validators=headers.Validators(), known=lambda keys: {}, now=NOW, limit=2)
        return build_readers()[kind].read(request, Everywhere(data))

    return read


def _folder(data: bytes) -> object:
    with TemporaryDirectory() as folder:
        for name in ("a.md", "b.html"):
            (Path(folder) / name).write_bytes(data)
        source = Source(name="x", kind=SourceKind.FOLDER, url=folder)
        request = ReadRequest(source=source, validators=headers.Validators(), known=lambda keys: {}, now=NOW)
        return build_readers()[SourceKind.FOLDER].read(request, Everywhere(b""))


def _charset(data: bytes) -> None:
    for label in (None, "gb2312", "utf-16", data[:20].decode("latin-1")):
        charset.decode(data, label)
    charset.is_text(data)


def _dates(data: bytes) -> None:
    for text in data.decode("utf-8", "replace").split("|"):
        for zone, language in (("Asia/Shanghai", "zh"), ("America/New_York", "en-US"), ("Pacific/Kiritimati", None)):
            moment = dates.parse(text, dates.Context(NOW, ZoneInfo(zone), language, (2025,)))
            assert moment is None or moment.at - NOW <= dates.AHEAD


def _sanitize(data: bytes) -> None:
    markup = data.decode("utf-8", "replace")
    cleaned = sanitize.clean(markup, URL)
    sanitize.to_text(cleaned)
    assert "<script" not in cleaned


class _Memory:
    """Hosts that are forgotten at once."""

    def file(self, url: str) -> None:
        return None

    def save_file(self, file: object) -> None:
        pass


def _robots(data: bytes) -> None:
    robots = Robots(Everywhere(data).fetch, _Memory(), lambda: NOW)  # type: ignore[arg-type]
    for url in (URL, "https://example.org/private/x?y", "https://example.org"):
        robots.refusal(url)
        robots.delay(url)
        robots.reserved(url)


def _headers(data: bytes) -> None:
    fields = [line.partition(b":")[::2] for line in data.splitlines() if b":" in line]
    raw = httpx2.Headers([(name.strip() or b"x", value.strip()) for name, value in fields])
    named = {name.lower(): value for name, value in raw.items()}
    headers.validators(raw)
    headers.content_type(named)
    headers.poll_hints(named, NOW)
    reservations.from_headers(named)


def _reservations(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for path in ("/", "/a", "/private/x.pdf?y"):
        reservations.from_well_known(text, path)
        reservations.from_robots(text, path)
    reservations.from_headers({name: text for name in ("x-robots-tag", "tdm-reservation", "tdm-policy")})
    reservations.from_page(page.parse(data, URL, None).root, URL)


HUB = websub.HubSubscription(
    source_id=1, hub="https://h.example/", topic="https://example.org/f", token="t", secret="s", next_try=NOW
)


class _Hubs:
    """One subscription, to which everything that comes is believed."""

    def knows(self, token: str) -> bool:
        return True

    def verify(self, token: str, mode: str, topic: str, lease: timedelta | None) -> bool:
        after = websub.verified(HUB, lease, NOW)
        assert after.lease_until is not None
        assert NOW < after.next_try < after.lease_until <= NOW + websub.LONGEST_LEASE
        return True

    def deny(self, token: str, topic: str, reason: str) -> bool:
        return "\n" not in websub.denied(HUB, " ".join(reason.split()), NOW).outcome

    def take(self, token: str, content: HubContent, signature: str) -> bool:
        assert not websub.is_signed(HUB.secret, content.body, signature)
        return False


CALLBACKS = FastAPI()
CALLBACKS.include_router(websub_routes(_Hubs()))  # type: ignore[arg-type]

# A loop of its own: in the tests' thread Playwright's may be running.
ASIDE = ThreadPoolExecutor(1)


def _websub(data: bytes) -> None:
    """What a hub asks, and what it brings: the query, then media type, signature and Link, a line each; all is body."""
    query, media_type, signature, link = [*data.split(b"\n"), b"", b"", b"", b""][:4]
    fields = [(b"content-type", media_type), (b"x-hub-signature", signature)]
    feeds_websub.declared({"link": link.decode("latin-1")}, URL)
    for method in ("GET", "POST"):
        assert ASIDE.submit(asyncio.run, _called(method, query, fields, data)).result() < 500


async def _called(method: str, query: bytes, fields: list[tuple[bytes, bytes]], body: bytes) -> int:
    """The status with which the callbacks answer a request."""
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": f"{CALLBACK_PATH}t",
        "raw_path": f"{CALLBACK_PATH}t".encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": fields,
    }
    await CALLBACKS(scope, receive, send)
    status: int = said[0]["status"]
    return status


def _discover(data: bytes) -> object:
    return discover.discover(URL, Everywhere(data), NOW, ZoneInfo("Asia/Shanghai"))


def _urls(data: bytes) -> None:
    for text in data.decode("utf-8", "replace").split("\n"):
        urls.srcset(URL, text)
        urls.largest(URL, text)
        for base in (None, URL):
            if (url := urls.absolute(base, text)) is not None:
                assert urls.absolute(None, url) == url
                urls.normalised(urls.untracked(url))
                addresses.same_page(url)


def _decompress(data: bytes) -> None:
    try:
        size = 0
        for piece in decompress.decompressed(iter([data[:50], data[50:]]), "gzip, br", 1_000_000):
            size += len(piece)
            if size > 1_000_000:
                break
    except decompress.TooLarge:
        pass


def _csv(data: bytes) -> None:
    newsletter = Newsletter(slug="daily", title="D", sender=Mailbox("d@example.org"))
    defaults = subscriptions_csv.Defaults(newsletter="daily", language="en")
    subscriptions_csv.read_rows(data.decode("utf-8", "replace"), "x.csv", {"daily": newsletter}, defaults)


def _toml(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "publisher.toml"
        file.write_bytes(data)
        load(file, {})


FEEDS = (documents.RSS, documents.ATOM, documents.RDF, documents.JSON_FEED)
ITEM = {"item": "li.item", "date": ".date"}

TARGETS: dict[str, Target] = {
    "charset": Target(_charset, (documents.PAGE, documents.RSS), 15),
    "dates": Target(_dates, (documents.DATES,), 100),
    "feed": Target(_read(SourceKind.FEED), FEEDS, 60),
    "listing": Target(_read(SourceKind.LISTING, ITEM), (documents.LISTING, documents.PAGE), 8),
    "detect": Target(lambda data: listing.detect(data, URL, now=NOW), (documents.LISTING, documents.PAGE), 15),
    "extract": Target(lambda data: extract.extract(data, URL, now=NOW), (documents.PAGE, documents.LISTING), 10),
    "sitemap": Target(_read(SourceKind.SITEMAP), (documents.SITEMAP, documents.PAGE), 20),
    "folder": Target(_folder, (documents.MARKDOWN,), 15),
    "push": Target(
        lambda data: pushed.read(data, Source(name="x", kind=SourceKind.PUSH, url=""), NOW), (documents.PUSHED,), 40
    ),
    "sanitize": Target(_sanitize, (documents.PAGE, documents.RSS), 40),
    "opml": Target(opml.parse, (documents.OPML,), 40),
    "reservations": Target(_reservations, (documents.WELL_KNOWN, documents.RESERVED, documents.ROBOTS), 40),
    "websub": Target(_websub, (documents.HUB,), 40),
    "discover": Target(_discover, (documents.PAGE, documents.LISTING, documents.SITEMAP, documents.RSS), 10),
    "robots": Target(_robots, (documents.ROBOTS,), 40),
    "headers": Target(_headers, (documents.HEADERS,), 40),
    "urls": Target(_urls, (documents.URLS,), 80),
    "images": Target(
        lambda data: images.picture(data.decode("utf-8", "replace").encode("latin-1", "replace")),
        tuple(pictures.packed(format=format).decode("latin-1") for format in images.FORMATS),
        25,
    ),
    "decompress": Target(_decompress, (documents.PAGE,), 20),
    "csv": Target(_csv, (documents.CSV,), 40),
    "toml": Target(_toml, (documents.TOML,), 25),
}
