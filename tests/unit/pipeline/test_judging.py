"""Floods are held back, pages that are away are marked, and what is no edit makes no revision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.article import Entry, shorten
from publisher.domain.selection import Selection
from publisher.domain.source import Guids, OnGone, Source, SourceKind, StoredSource
from publisher.pipeline.collect import Collector, SourceReport
from publisher.pipeline.ports import Notice, Reading, Storage
from publisher.pipeline.release import release
from tests.fakes import START, FakeClock, NoFetcher, ScriptedReader, entry, reading

BLOG = Source(name="blog", kind=SourceKind.LISTING, url="https://example.org/")
LONG = "The council agreed to build a new tram line to the harbour before the summer. "


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def blog(storage: Storage, clock: FakeClock) -> None:
    define(storage, clock)


def define(storage: Storage, clock: FakeClock, **fields: object) -> None:
    with storage.begin() as work:
        work.sources.apply([replace(BLOG, **fields)], clock())  # type: ignore[arg-type]


def stored(storage: Storage) -> StoredSource:
    with storage.read() as work:
        found = work.sources.get("blog")
    assert found is not None
    return found


def look(storage: Storage, clock: FakeClock, step: Reading | Exception, **passing: float) -> SourceReport:
    clock.pass_by(**(passing or {"hours": 1}))
    collector = Collector(storage, ScriptedReader([step]).readers(), NoFetcher(), clock)
    [report] = collector.collect([stored(storage)], map)
    return report


def announced(storage: Storage) -> Mapping[str, bool]:
    with storage.read() as work:
        return {state.article.key: state.revision.announced for state in work.articles.current(Selection(), limit=1000)}


def notices(storage: Storage) -> list[Notice]:
    with storage.read() as work:
        return work.notices.open()


def stories(names: range, prefix: str = "", **said: object) -> list[Entry]:
    return [
        entry(f"{prefix}{number}", **{"title": f"Story number {number} of the harbour", **said}) for number in names
    ]


class TestFloods:
    def test_known_titles_under_new_addresses_are_held_back_until_released(
        self, storage: Storage, clock: FakeClock
    ) -> None:
        look(storage, clock, reading(*stories(range(20))))
        moved = [
            replace(one, url=f"https://example.org/new/{one.key}") for one in stories(range(20), "new-", published=None)
        ]
        report = look(storage, clock, reading(*moved))
        assert report.new == 20
        assert not any(announced(storage).values())
        [notice] = notices(storage)
        assert (notice.source, notice.kind) == ("blog", "flood")
        assert "20 new articles of 20 listed" in notice.text
        assert "publisher source release blog" in notice.text
        assert release(storage, stored(storage).source.id, clock, announce=True) == 20
        assert {key for key, told in announced(storage).items() if told} == {one.key for one in moved}
        assert notices(storage) == []
        assert release(storage, stored(storage).source.id, clock, announce=True) == 0

    def test_what_is_kept_stays_unannounced(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(20))))
        look(storage, clock, reading(*stories(range(20), "new-", published=None)))
        assert release(storage, stored(storage).source.id, clock, announce=False) == 20
        assert not any(announced(storage).values())
        assert notices(storage) == []
        look(storage, clock, reading(*stories(range(30, 32))))
        assert announced(storage)["30"]

    def test_many_old_dates_are_held_back(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(5))))
        look(storage, clock, reading(*stories(range(100, 130), published=START - timedelta(days=400))))
        assert not any(announced(storage).values())
        assert [notice.kind for notice in notices(storage)] == ["flood"]

    def test_what_of_a_flood_waits_for_its_page_is_held_as_well(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(30))))
        listed = tuple(f"new-{number}" for number in range(30))
        look(storage, clock, reading(*stories(range(12), "new-", published=None), listed=listed[12:]))
        look(storage, clock, reading(*stories(range(12, 30), "new-", published=None), listed=listed[:12]))
        assert not any(announced(storage).values())
        assert release(storage, stored(storage).source.id, clock, announce=True) == 30

    @pytest.mark.parametrize("dated", [START + timedelta(hours=1), None])
    def test_a_daily_dump_of_new_titles_is_none(self, storage: Storage, clock: FakeClock, dated: object) -> None:
        look(storage, clock, reading(*stories(range(30))))
        look(storage, clock, reading(*stories(range(100, 130), published=dated)), hours=24)
        assert sum(announced(storage).values()) == 30
        assert notices(storage) == []

    def test_a_source_that_was_long_away_brings_none(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(20))))
        for _ in range(3):
            look(storage, clock, reading(failure="no answer"), days=10)
        since = [entry(f"{n}", title=f"Story {n}", published=START + timedelta(days=n - 100)) for n in range(101, 125)]
        look(storage, clock, reading(*since), days=1)
        assert sum(announced(storage).values()) == 24
        assert notices(storage) == []

    def test_a_few_with_known_titles_are_none(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(20))))
        look(storage, clock, reading(*stories(range(8), "new-", published=None)))
        assert sum(announced(storage).values()) == 8

    def test_a_long_list_of_which_less_than_half_is_new_is_none(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(40))))
        known = tuple(str(number) for number in range(40))
        look(storage, clock, reading(*stories(range(15), "new-", published=None), listed=known))
        assert sum(announced(storage).values()) == 15

    def test_a_first_listing_is_a_backlog_and_none(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(*stories(range(50), published=START - timedelta(days=900))))
        assert notices(storage) == []


class TestPagesThatAreAway:
    def gone(self, storage: Storage, clock: FakeClock, status: int, times: int = 1) -> None:
        for _ in range(times):
            look(storage, clock, reading(listed=("a",), missing={"a": status}))

    def state(self, storage: Storage) -> tuple[bool, int, bool]:
        with storage.read() as work:
            known = work.articles.known(stored(storage).source.id, ["a"])["a"]
        return known.visible, known.missing, known.gone_at is not None

    def test_410_marks_an_article_at_once_and_404_after_three_looks(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(entry("a")))
        self.gone(storage, clock, 404, 2)
        assert self.state(storage) == (True, 2, False)
        self.gone(storage, clock, 404)
        assert self.state(storage) == (True, 3, True)

    def test_hidden_ones_get_a_revision_and_come_back_with_their_page(self, storage: Storage, clock: FakeClock) -> None:
        define(storage, clock, on_gone=OnGone.HIDE)
        look(storage, clock, reading(entry("a")))
        self.gone(storage, clock, 410)
        assert self.state(storage) == (False, 1, True)
        assert announced(storage) == {}
        with storage.read() as work:
            assert work.articles.latest_seq() == 2
        self.gone(storage, clock, 410)
        look(storage, clock, reading(entry("a")))
        assert self.state(storage) == (True, 0, False)
        with storage.read() as work:
            assert work.articles.latest_seq() == 3

    def test_looks_count_in_a_row(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(entry("a")))
        self.gone(storage, clock, 404, 2)
        look(storage, clock, reading(entry("a")))
        self.gone(storage, clock, 404, 2)
        assert self.state(storage) == (True, 2, False)

    def test_what_was_never_stored_is_not_missed(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(listed=("b",), missing={"b": 404}))
        assert announced(storage) == {}


class TestEdits:
    def revisions(self, storage: Storage) -> int:
        with storage.read() as work:
            return work.articles.latest_seq()

    def test_a_counter_makes_no_revision_and_a_correction_does(self, storage: Storage, clock: FakeClock) -> None:
        for comments in (1, 2, 3):
            look(storage, clock, reading(entry("a", html=f"<p>{LONG}</p><p>{comments} comments</p>", text=LONG)))
        assert self.revisions(storage) == 1
        report = look(storage, clock, reading(entry("a", html=f"<p>{LONG.replace('new', 'fast')}</p>", text=LONG)))
        assert (report.edited, self.revisions(storage)) == (1, 2)

    def test_a_teaser_does_not_replace_an_article(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(entry("a", text=LONG * 20)))
        assert look(storage, clock, reading(entry("a", text=f"{LONG} Subscribe to continue reading."))).edited == 0
        with storage.read() as work:
            [state] = work.articles.current(Selection(), limit=1)
        assert state.revision.content.text == LONG * 20

    def test_pages_that_all_say_the_same_are_no_articles(self, storage: Storage, clock: FakeClock) -> None:
        page = {"evidence": {"body": "text"}}
        look(storage, clock, reading(entry("a", text="A tram.")))
        lost = [replace(one, **page) for one in (entry(key, text=LONG * 3) for key in "abc")]  # type: ignore[arg-type]
        report = look(storage, clock, reading(*lost))
        assert (report.new, report.edited) == (0, 0)
        [problem] = report.problems
        assert problem.startswith("3 pages say the same, so none is an article: ")
        assert problem.endswith(f": {shorten(LONG, 60)}")
        with storage.read() as work:
            [source] = work.sources.all()
        assert source.state.outcome == f"0 new, 0 edited of 3; 1 problem: {problem}"
        short = [replace(one, **page) for one in (entry(key, text="Watch the film.") for key in "def")]  # type: ignore[arg-type]
        assert look(storage, clock, reading(*short)).new == 3

    def test_a_promotion_on_every_page_is_no_edit(self, storage: Storage, clock: FakeClock) -> None:
        def pages(promotion: str) -> list[Entry]:
            return [entry(key, html=f"<p>{key} {LONG}</p><p>{promotion}</p>", text=key) for key in "abcd"]

        look(storage, clock, reading(*pages("Join us for the fair.")))
        assert look(storage, clock, reading(*pages("Vote for the best boat."))).edited == 0


class TestNames:
    def test_guids_that_change_bring_nothing_new_and_are_remembered(self, storage: Storage, clock: FakeClock) -> None:
        first = [replace(one, url=f"https://example.org/{one.key}") for one in stories(range(5))]
        look(storage, clock, reading(*first))
        again = [replace(one, key=f"again-{one.key}") for one in first]
        assert look(storage, clock, reading(*again)).new == 0
        assert stored(storage).state.guids is Guids.CHANGING
        with storage.read() as work:
            assert work.articles.count() == 5

    def test_the_same_page_at_a_second_address_is_one_article(self, storage: Storage, clock: FakeClock) -> None:
        one = replace(entry("https://example.org/a"), url="https://example.org/a")
        look(storage, clock, reading(one))
        mobile = replace(
            one, key="https://m.example.org/x", url="https://m.example.org/x", canonical_url="https://example.org/a"
        )
        assert look(storage, clock, reading(mobile)).new == 0
        # From now on it is known by that address, too.
        changed = replace(mobile, canonical_url=None, content=replace(one.content, title="Another title"))
        assert look(storage, clock, reading(changed)).edited == 1
        with storage.read() as work:
            assert work.articles.count() == 1

    def test_a_reader_that_asks_for_an_address_is_told_of_the_page(self, storage: Storage, clock: FakeClock) -> None:
        look(storage, clock, reading(replace(entry("g"), url="https://www.example.org/a/")))
        reader = ScriptedReader([reading()])
        clock.pass_by(hours=1)
        Collector(storage, reader.readers(), NoFetcher(), clock).collect([stored(storage)], map)
        found = reader.requests[0].known(["http://m.example.org/a?utm_source=x", "g", "https://example.org/b"])
        assert {key: known.key for key, known in found.items()} == {
            "http://m.example.org/a?utm_source=x": "g",
            "g": "g",
        }
