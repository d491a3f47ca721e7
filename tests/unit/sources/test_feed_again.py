"""A feed that gives no validators: its document is read once more only when it may say something else."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.source import Source, SourceKind, StoredSource, Validators
from publisher.pipeline.collect import Collector, SourceReport
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, Reading, ReadRequest, Refused
from publisher.sources.feed import FeedReader
from publisher.sources.kinds import build_readers
from publisher.storage.database import SqlStorage
from tests.fakes import START

SAME = Source(name="news", kind=SourceKind.FEED, url="https://news.example/feed")
RSS_ONE = (
    b"<rss version='2.0'><channel><title>News</title><item><title>One</title><guid>1</guid>"
    b"<link>https://news.example/1</link><description>Said in short.</description></item></channel></rss>"
)


Look = Callable[[StoredSource], SourceReport]


class Counting:
    """Counts how often a document is read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, function, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.times += 1
        return function(*args, **kwargs)


class Unvalidated(Fetcher):
    """Gives a feed without validators."""

    body = RSS_ONE

    def fetch(self, request: FetchRequest) -> FetchResult:
        return Fetched(url=request.url, body=self.body)


def test_a_document_without_validators_is_read_again_only_when_it_changed(storage: SqlStorage) -> None:
    work, fetcher, now = Counting(), Unvalidated(), [START]
    collector = Collector(storage, build_readers(work), fetcher, lambda: now[0])

    def looked(**definition: object) -> SourceReport:
        source = Source(name="news", kind=SourceKind.FEED, url="https://news.example/feed", full_text=False)
        with storage.begin() as unit:
            unit.sources.apply([replace(source, **definition)], now[0])  # type: ignore[arg-type]
            [stored] = unit.sources.all()
        [report] = collector.collect([stored], map)
        now[0] += timedelta(hours=2)
        return report

    assert looked().new == 1
    assert [looked().not_modified for _ in range(3)] == [True] * 3
    assert work.times == 1
    assert not looked(tags=("another",)).not_modified, "by another definition it says something else"
    fetcher.body = RSS_ONE.replace(b"One", b"Two")
    assert not looked(tags=("another",)).not_modified
    assert looked(tags=("another",)).not_modified
    now[0] += timedelta(days=8)
    assert not looked(tags=("another",)).not_modified, "now and then it is read whatever it seems to say"
    assert work.times == 4


def test_what_was_looked_at_is_stored_though_the_round_breaks_off(storage: SqlStorage) -> None:
    now = [START]
    collector = Collector(storage, build_readers(), Unvalidated(), lambda: now[0])
    with storage.begin() as unit:
        unit.sources.apply([replace(SAME, full_text=False)], START)
    collector.collect(collector.due(), map)
    now[0] += timedelta(days=1)

    def breaking_off(
        look: Callable[[StoredSource], SourceReport], sources: Sequence[StoredSource]
    ) -> list[SourceReport]:
        assert [look(source).not_modified for source in sources] == [True]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collector.collect(collector.due(), breaking_off)
    with storage.read() as unit:
        assert [one.state.checked_at for one in unit.sources.all()] == now


def test_a_document_whose_pages_could_not_be_read_is_read_again() -> None:
    class Pageless(Unvalidated):
        def fetch(self, request: FetchRequest) -> FetchResult:
            return super().fetch(request) if request.url == SAME.url else Refused("the server says 500", 500)

    def reading(digest: str | None) -> Reading:
        request = ReadRequest(source=SAME, validators=Validators(), known=lambda keys: {}, now=START, digest=digest)
        return FeedReader().read(request, Pageless())

    assert reading(None).digest is None
    whole = replace(SAME, full_text=False)
    request = ReadRequest(source=whole, validators=Validators(), known=lambda keys: {}, now=START)
    digest = FeedReader().read(request, Unvalidated()).digest
    assert digest
    assert not FeedReader().read(replace(request, digest=digest), Unvalidated()).changed
