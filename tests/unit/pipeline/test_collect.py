"""Sources are looked at, and what changed is stored once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.listing import ListingMemory
from publisher.domain.selection import Selection
from publisher.domain.source import Source, SourceKind, StoredSource, Validators
from publisher.errors import SourceError
from publisher.pipeline.collect import Collector, SourceReport, end_first_round
from publisher.pipeline.ports import Reading, Storage
from tests.fakes import FakeClock, NoFetcher, ScriptedReader, entry, reading

SOURCES = [
    Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed"),
    Source(name="post", kind=SourceKind.LISTING, url="https://example.org/"),
]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def blog(storage: Storage, clock: FakeClock) -> str:
    with storage.begin() as work:
        work.sources.apply(SOURCES[:1], clock())
    return "blog"


def collector(storage: Storage, clock: FakeClock, *script: Reading | Exception) -> Collector:
    return Collector(storage, ScriptedReader(list(script)).readers(), NoFetcher(), clock)


def look(storage: Storage, clock: FakeClock, step: Reading | Exception) -> SourceReport:
    [report] = collector(storage, clock, step).collect([stored(storage)], map)
    return report


def stored(storage: Storage, name: str = "blog") -> StoredSource:
    with storage.read() as work:
        found = work.sources.get(name)
    assert found is not None
    return found


def titles(storage: Storage, *, announced: bool | None = None) -> list[str]:
    with storage.read() as work:
        states = work.articles.current(Selection(), limit=100, announced=announced)
    return sorted(state.revision.content.title for state in states)


@pytest.mark.usefixtures("blog")
class TestOneSource:
    def test_the_first_listing_is_a_backlog_and_later_articles_are_announced(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        assert look(storage, clock, reading(entry("old"))).new == 1
        clock.pass_by(hours=2)
        assert look(storage, clock, reading(entry("old"), entry("new"))) == SourceReport(source="blog", new=1, listed=2)
        assert titles(storage, announced=True) == ["new"]
        assert titles(storage) == ["new", "old"]

    def test_what_the_first_listing_named_stays_a_backlog_whenever_it_is_read(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        look(storage, clock, reading(entry("1"), listed=("2", "3")))
        look(storage, clock, reading(entry("2"), entry("4"), listed=("3",)))
        look(storage, clock, reading(entry("3"), entry("5")))
        assert titles(storage, announced=True) == ["4", "5"]

    def test_articles_of_further_pages_are_a_backlog_whenever_they_are_read(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        look(storage, clock, reading(entry("1")))
        look(storage, clock, reading(entry("2"), entry("old"), older=("old", "older")))
        look(storage, clock, reading(entry("older"), entry("3")))
        assert titles(storage, announced=True) == ["2", "3"]

    def test_a_listing_remembers_its_shape_until_a_look_says_another(self, storage: Storage, clock: FakeClock) -> None:
        memory = ListingMemory(rule={"item": "li"}, usual=20)
        look(storage, clock, reading(entry("1"), listing=memory))
        look(storage, clock, reading(changed=False))
        assert stored(storage).state.listing == memory
        script = ScriptedReader([reading()])
        Collector(storage, script.readers(), NoFetcher(), clock).collect([stored(storage)], map)
        assert script.requests[0].listing == memory

    def test_a_failed_look_keeps_what_it_remembers_and_tells(self, storage: Storage, clock: FakeClock) -> None:
        memory = ListingMemory(proposal={"item": "tr"})
        failed = reading(failure="it gives nothing", listing=memory, notices={"listing": "look at it"})
        assert look(storage, clock, failed).failed == "it gives nothing"
        state = stored(storage).state
        assert (state.failures, state.outcome, state.listing) == (1, "it gives nothing", memory)
        with storage.read() as work:
            assert [(notice.kind, notice.text) for notice in work.notices.open()] == [("listing", "look at it")]
        look(storage, clock, reading(notices={"listing": ""}))
        with storage.read() as work:
            assert work.notices.open() == []

    def test_an_edit_makes_a_revision_and_nothing_new(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading())
        look(storage, clock, reading(entry("a", title="Tram")))
        report = look(storage, clock, reading(entry("a", title="Trams")))
        assert (report.new, report.edited) == (0, 1)
        assert titles(storage) == ["Trams"]
        with storage.read() as work:
            [state] = work.articles.current(Selection(), limit=9)
            assert (state.article.first_seq, state.revision.seq, work.articles.count()) == (1, 2, 1)
            assert state.revision.announced

    def test_the_same_again_changes_nothing(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(entry("a")))
        report = look(storage, clock, reading(entry("a")))
        assert (report.new, report.edited) == (0, 0)
        with storage.read() as work:
            assert work.articles.latest_seq() == 1

    def test_an_entry_named_twice_is_stored_once(self, storage: Storage, clock: FakeClock) -> None:
        assert look(storage, clock, reading(entry("a"), entry("a", title="again"))).new == 1
        assert titles(storage) == ["a"]

    def test_validators_and_due_time_are_stored_with_every_answer(self, storage: Storage, clock: FakeClock) -> None:
        tags = Validators('W/"1"', "Tue, 24 Nov 2026 07:00:00 GMT")
        look(storage, clock, reading(entry("a"), validators=tags))
        assert stored(storage).state.validators == tags
        assert stored(storage).state.next_check == clock() + timedelta(hours=1)
        look(storage, clock, reading(validators=Validators(), changed=False))
        assert stored(storage).state.validators == Validators()
        assert stored(storage).state.outcome == "not modified"

    def test_a_failure_is_remembered_with_its_reason(self, storage: Storage, clock: FakeClock) -> None:
        error = SourceError("blog", "HTTP 503", retry_after=timedelta(hours=3))
        assert look(storage, clock, error).failed == "HTTP 503"
        state = stored(storage).state
        assert (state.failures, state.outcome) == (1, "HTTP 503")
        assert state.next_check == clock() + timedelta(hours=3)
        with storage.read() as work:
            [run] = work.runs.latest()
        assert run.failed
        assert "failed: blog" in run.outcome

    def test_pages_that_failed_are_told(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(entry("a"), problems=("https://example.org/b: HTTP 404",)))
        assert "1 problem: https://example.org/b: HTTP 404" in stored(storage).state.outcome

    def test_a_source_that_moved_for_good_is_told(self, storage: Storage, clock: FakeClock) -> None:
        for _ in range(2):
            look(storage, clock, reading(moved_to="https://example.net/feed"))
        assert "https://example.net/feed (seen 2 times)" in stored(storage).state.outcome
        assert stored(storage).source.url == "https://example.org/feed"

    def test_a_first_limit_takes_the_first_and_passes_over_the_rest_for_good(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        with storage.begin() as work:
            work.sources.apply([replace(SOURCES[0], first_limit=2)], clock())
        assert look(storage, clock, reading(*map(entry, "abcd"))).new == 2
        assert look(storage, clock, reading(*map(entry, "eabcd"))).new == 1
        assert titles(storage) == ["a", "b", "e"]
        assert titles(storage, announced=True) == ["e"]

    def test_a_source_that_is_gone_is_told_until_it_is_back(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, SourceError("blog", "HTTP 410", status=410, gone=True))
        assert collector(storage, clock).due() == []
        with storage.read() as work:
            assert [(notice.source, notice.kind) for notice in work.notices.open()] == [("blog", "gone")]
        look(storage, clock, reading())
        with storage.read() as work:
            assert work.notices.open() == []

    def test_a_source_is_due_again_only_after_its_interval(self, storage: Storage, clock: FakeClock) -> None:
        [due] = collector(storage, clock).due()
        assert due.source.name == "blog"
        look(storage, clock, reading())
        assert collector(storage, clock).due() == []
        clock.pass_by(minutes=60)
        assert len(collector(storage, clock).due()) == 1


def test_one_failing_source_does_not_stop_another(storage: Storage, clock: FakeClock) -> None:
    with storage.begin() as work:
        work.sources.apply(SOURCES, clock())
    walker = collector(storage, clock, SourceError("blog", "refused"), reading(entry("a")))
    reports = walker.collect([stored(storage, "blog"), stored(storage, "post")], map)
    assert [report.failed for report in reports] == ["refused", None]
    assert titles(storage) == ["a"]


def test_a_round_without_sources_leaves_no_row(storage: Storage, clock: FakeClock) -> None:
    assert collector(storage, clock).collect([], map) == []
    with storage.read() as work:
        assert work.runs.latest() == []


@pytest.mark.usefixtures("blog")
class TestFirstRound:
    def test_the_newest_of_a_fresh_database_are_announced_once(self, storage: Storage, clock: FakeClock) -> None:
        assert end_first_round(storage, clock, announce=2) == 0
        ages = {"a": 3, "b": 1, "c": 2}
        entries = [entry(key, published=clock() - timedelta(days=days)) for key, days in ages.items()]
        look(storage, clock, reading(*entries))
        assert end_first_round(storage, clock, announce=2) == 2
        assert titles(storage, announced=True) == ["b", "c"]
        assert end_first_round(storage, clock, announce=2) == 0

    def test_without_a_first_digest_nothing_is_announced_then_or_later(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        look(storage, clock, reading(entry("a")))
        assert end_first_round(storage, clock, announce=0) == 0
        assert end_first_round(storage, clock, announce=10) == 0
        assert titles(storage, announced=True) == []
