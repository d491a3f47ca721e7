"""Every parser that reads what others write, as a function of bytes; each raises our own errors, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import httpx2

from publisher.cli import subscriptions_csv
from publisher.domain import addresses
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Source, SourceKind
from publisher.errors import PublisherError
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, ReadRequest
from publisher.settings import load
from publisher.sources import build_readers, dates, extract, listing, pushed, sitemap
from publisher.sources.http import decompress, headers, reservations
from publisher.sources.http.robots import Robots
from publisher.sources.pages import sanitize
from publisher.sources.text import charset, selecting, urls
from tests.fuzz import documents

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://example.org/news/1.html"
OWN = (PublisherError, selecting.BadSelector, pushed.BadArticle, sitemap.NotASitemap, decompress.BadEncoding)
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
    "robots": Target(_robots, (documents.ROBOTS,), 40),
    "headers": Target(_headers, (documents.HEADERS,), 40),
    "urls": Target(_urls, (documents.URLS,), 80),
    "decompress": Target(_decompress, (documents.PAGE,), 20),
    "csv": Target(_csv, (documents.CSV,), 40),
    "toml": Target(_toml, (documents.TOML,), 25),
}
