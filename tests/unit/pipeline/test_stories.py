"""Articles of several sources that tell one story in the same words get one story."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.domain.source import Source, SourceKind
from publisher.pipeline import stories
from publisher.pipeline.collect import Collector
from publisher.pipeline.ports import Storage
from publisher.pipeline.stories import StoryFinder
from publisher.storage.database import open_storage
from tests.fakes import FakeClock, NoFetcher, ScriptedReader, entry, reading

DATA = tomllib.loads((Path(__file__).parents[2] / "data" / "stories.toml").read_text(encoding="utf-8"))
TRAM, BEES, *_ = ("\n".join(one["paragraphs"]) for one in DATA["article"])
NAMES = ("post", "herald", "mirror")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def papers(storage: Storage, clock: FakeClock) -> None:
    with storage.begin() as work:
        work.sources.apply(
            [Source(name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed") for name in NAMES], clock()
        )


def publish(storage: Storage, clock: FakeClock, paper: str, *texts: str) -> None:
    """One look at a paper that names these articles for the first time."""
    clock.pass_by(hours=1)
    with storage.read() as work:
        source = work.sources.get(paper)
    assert source is not None
    step = reading(*(entry(f"{paper}-{text[:12]}", title=f"{paper}: {text[:20]}", text=text) for text in texts))
    Collector(storage, ScriptedReader([step]).readers(), NoFetcher(), clock).collect([source], map)


def told(storage: Storage) -> dict[str, int | None]:
    with storage.read() as work:
        states = work.articles.states(range(1, work.articles.count() + 1), work.articles.latest_seq())
    return {f"{one.source.name} {one.article.id}": one.article.story_id for one in states.values()}


def test_a_reprint_joins_the_story_of_the_first_article(storage: Storage, clock: FakeClock) -> None:
    publish(storage, clock, "post", TRAM, BEES)
    publish(storage, clock, "herald", f"By our correspondent\n{TRAM}")
    publish(storage, clock, "mirror", TRAM[: len(TRAM) // 2], "Something else. " * 50)
    assert told(storage) == {"post 1": 1, "post 2": None, "herald 3": 1, "mirror 4": 1, "mirror 5": None}
    with storage.read() as work:
        assert work.stories.told(1) == [1, 3, 4]
        assert work.stories.unplaced(announced=False, limit=9) == []


def test_articles_that_come_together_are_compared_with_one_another(storage: Storage, clock: FakeClock) -> None:
    with storage.begin() as work:
        sources = work.sources.all()
    steps = [reading(entry(one.source.name, text=TRAM)) for one in sources]
    Collector(storage, ScriptedReader(list(steps)).readers(), NoFetcher(), clock).collect(sources, map)
    assert set(told(storage).values()) == {1}


def test_articles_of_one_source_are_no_story(storage: Storage, clock: FakeClock) -> None:
    publish(storage, clock, "post", TRAM, f"{TRAM} And more.")
    publish(storage, clock, "post", f"Again. {TRAM}")
    assert set(told(storage).values()) == {None}


def test_what_is_old_is_not_found_any_more(storage: Storage, clock: FakeClock) -> None:
    publish(storage, clock, "post", TRAM)
    clock.pass_by(days=13)
    publish(storage, clock, "herald", TRAM)
    assert set(told(storage).values()) == {1}
    clock.pass_by(days=15)
    publish(storage, clock, "mirror", TRAM)
    assert told(storage)["mirror 3"] is None


def test_an_article_that_waited_too_long_is_not_compared(
    storage: Storage, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(storage, clock, "post", TRAM)
    with monkeypatch.context() as patch:
        patch.setattr(StoryFinder, "find", lambda self: 0)
        publish(storage, clock, "herald", TRAM)
    clock.pass_by(days=20)
    assert StoryFinder(storage, clock).find() == 0
    assert set(told(storage).values()) == {None}


def test_a_backlog_is_compared_little_by_little(
    storage: Storage, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "AT_ONCE", 2)
    monkeypatch.setattr(stories, "OTHERS_A_ROUND", 4)
    publish(storage, clock, "post", *(f"Number {number}. {BEES[number:]}" for number in range(7)))
    with storage.read() as work:
        assert len(work.stories.unplaced(announced=False, limit=9)) == 3
    StoryFinder(storage, clock).find()
    with storage.read() as work:
        assert work.stories.unplaced(announced=False, limit=9) == []


def test_stories_survive_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    url = f"sqlite:///{tmp_path}/restarted.db"
    before = open_storage(url)
    with before.begin() as work:
        work.sources.apply(
            [Source(name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed") for name in NAMES], clock()
        )
    publish(before, clock, "post", TRAM)
    before.close()
    after = open_storage(url)
    publish(after, clock, "herald", TRAM)
    assert told(after) == {"post 1": 1, "herald 2": 1}
    after.close()


def test_bands_are_dropped_with_age(storage: Storage, clock: FakeClock) -> None:
    publish(storage, clock, "post", TRAM)
    with storage.begin() as work:
        assert work.stories.forget(clock() - timedelta(days=1), 10) == 0
        assert work.stories.forget(clock() + timedelta(days=1), 10) == 1
        assert work.stories.forget(clock() + timedelta(days=1), 10) == 0
    publish(storage, clock, "herald", TRAM)
    assert set(told(storage).values()) == {None}
