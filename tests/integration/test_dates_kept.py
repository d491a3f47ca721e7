"""A date once resolved is kept: the real collector looks again and again at what says "3 hours ago"."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.selection import Selection
from publisher.domain.source import Source, SourceKind
from publisher.pipeline.collect import Collector
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from publisher.sources.kinds import build_readers
from publisher.storage.database import SqlStorage
from tests.fakes import FakeClock
from tests.unit.sources.site import Answer, Site

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = "<p>The harbour has opened a new quay for the boats that come in at night, and all are welcome there.</p>" * 4


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def feed(date: str, extra: str = "") -> Answer:
    item = f"<item><title>A quay{extra}</title><link>/a</link><guid>g</guid><pubDate>{date}</pubDate></item>"
    return Answer(f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>".encode())


def page(date: str, extra: str = "") -> Answer:
    markup = f"<html lang=en><h1>A quay{extra}</h1><p class=meta>{date}</p><article>{TEXT}</article></html>"
    return Answer(markup.encode(), headers={"Content-Type": "text/html"})


def listing(date: str, extra: str = "") -> Answer:
    markup = f"<ul><li class=item><a href=/a>A quay{extra}</a><span class=date>{date}</span></li></ul>"
    return Answer(markup.encode(), headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("kind", "written"),
    [(SourceKind.FEED, "feed"), (SourceKind.LISTING, "listing"), (SourceKind.LISTING, "page")],
    ids=["feed", "listing", "page"],
)
@pytest.mark.parametrize(
    "told",
    [
        ("3 hours ago", "9 hours ago", NOW - timedelta(hours=3)),
        ("2 days ago", "3 days ago", NOW - timedelta(days=2)),
        ("Nov 23, 07:30", "Nov 23, 07:30", NOW.replace(day=23, hour=7, minute=30)),
    ],
    ids=["hours", "days", "without year"],
)
def test_a_date_once_resolved_is_kept(
    site: Site, storage: SqlStorage, kind: SourceKind, written: str, told: tuple[str, str, datetime]
) -> None:
    """Also when the article is edited, and when a year without a number would be another one by now."""
    first, second, published = told
    clock = FakeClock(NOW)
    selectors = {"item": "li.item", "date": ".date"} if kind is SourceKind.LISTING else {}
    source = Source(
        name="x",
        kind=kind,
        url=f"{site.url}/",
        language="en",
        selectors=selectors,
        full_text=kind is SourceKind.LISTING,
    )
    with storage.begin() as work:
        work.sources.apply([source], clock())
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)))
    collector = Collector(storage, build_readers(), fetcher, clock)

    def look(date: str, extra: str = "") -> list[tuple[str, datetime | None]]:
        shown = {"feed": (feed(date, extra), page("", extra)), "listing": (listing(date, extra), page("", extra))}
        shown["page"] = (listing("", extra), page(date, extra))
        site.pages["/"], site.pages["/a"] = shown[written]
        with storage.read() as work:
            due = work.sources.due(clock())
        assert [report.failed for report in collector.collect(due, map)] == [None]
        with storage.read() as work:
            found = work.articles.current(Selection(), limit=9)
        return [(state.revision.content.title, state.revision.content.published) for state in found]

    try:
        assert look(first) == [("A quay", published)]
        clock.pass_by(hours=25)
        assert look(second) == [("A quay", published)]
        clock.pass_by(days=40)
        assert look(second, " and a crane") == [("A quay and a crane", published)]
    finally:
        fetcher.close()
