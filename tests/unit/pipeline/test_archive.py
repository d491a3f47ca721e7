"""A reader who was away loses nothing: the archives of feeds, walked as RFC 5005 says."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.domain.article import Edited, New
from publisher.domain.feed import Feed, FeedFormat, archive_page
from publisher.domain.rights import Reservations
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.pipeline.ports import Channel, FeedWriter, Storage
from publisher.pipeline.publish import FeedPublisher, Site
from tests.fakes import FakeClock, entry

SITE = Site("The Post", "https://post.example")
BLOG = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed", rights=Rights.OWN)
TRAMS = Feed(slug="trams", title="Trams", selection=Selection(tags=Terms(("trams",))), limit=4)

# What differs between the databases is tested with the storage.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

numbers = count(1)


class PlainWriter(FeedWriter):
    """A document that shows what a walker reads."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        return json.dumps(
            {
                "title": channel.title,
                "id": channel.id,
                "self": channel.self_urls[format],
                "prev": channel.prev_archive.get(format),
                "next": channel.next_archive.get(format),
                "current": channel.current.get(format),
                "archive": channel.archive,
                "entries": [[s.article.guid, s.revision.content.title] for s in channel.items],
            }
        ).encode()


@dataclass
class World:
    """A site with one source and one feed, whatever else there is in the database."""

    storage: Storage
    source: Source
    feed: Feed
    clock: FakeClock
    keys: list[str] = field(default_factory=list)

    @property
    def publisher(self) -> FeedPublisher:
        return FeedPublisher(self.storage, PlainWriter(), SITE, self.clock)

    def add(self, *tags: str, age: int = 0, announced: bool = True, **content: object) -> str:
        key = f"a{next(numbers)}"
        self.keys.append(key)
        dated = self.clock() - timedelta(days=age)
        said = entry(key, title=key, tags=tags or ("trams",), published=dated, **content)
        with self.storage.begin() as work:
            work.articles.store(self.source.id, [New(said, announced)], self.clock())
        self.clock.pass_by(minutes=1)
        return key

    def edit(self, key: str, *tags: str) -> None:
        with self.storage.begin() as work:
            known = work.articles.known(self.source.id, [key])[key]
            title = f"{key} edited {next(numbers)}"
            said = entry(key, title=title, tags=tags or ("trams",), published=known.published)
            work.articles.store(self.source.id, [Edited(known, said)], self.clock())

    def show(self, key: str, *, visible: bool) -> None:
        with self.storage.begin() as work:
            article = work.articles.known(self.source.id, [key])[key].id
            work.articles.flag([article], self.clock(), visible=visible)

    def define(self, **changes: object) -> None:
        self.feed = replace(self.feed, **changes)  # type: ignore[arg-type]

    def tick(self) -> None:
        with self.storage.begin() as work:
            work.feeds.apply([self.feed])
        self.publisher.publish()

    def expected(self) -> dict[str, str]:
        with self.storage.read() as work:
            states = work.articles.current(self.feed.selection, limit=10_000)
        return {state.article.guid: state.revision.content.title for state in states}

    def get(self, url: str) -> tuple[str, bytes] | None:
        """A document and the address where it is in the end; None for none."""
        name, _, extension = url.removeprefix(f"{SITE.base_url}/feeds/").rpartition(".")
        format = FeedFormat(extension)
        page = archive_page(name)
        if page is None:
            with self.storage.read() as work:
                found = work.feeds.get(name, format) or self.publisher.implied(name, format)
            return (url, found.body) if found else None
        version = self.publisher.archive_version(page.slug, page.number)
        if version is None:
            return None
        feed = replace(self.feed, slug=page.slug)
        if version != page.version or not version:
            path = feed.archive_path(format, page.number, version) if version else feed.path(format)
            return self.get(SITE.base_url + path)
        document = self.publisher.archived(page.slug, page.number, format)
        return (url, document.body) if document else None

    def got(self, url: str) -> tuple[str, bytes]:
        found = self.get(url)
        assert found is not None
        return found


@dataclass
class Walker:
    """A reader after RFC 5005, section 4: from the current document back to an archive document that it knows."""

    world: World
    url: str = f"{SITE.base_url}/feeds/trams.atom"
    known: set[str] = field(default_factory=set)
    entries: dict[str, str] = field(default_factory=dict)
    fetched: int = 0

    def poll(self) -> None:
        url: str | None = self.url
        seen: dict[str, str] = {}
        while url and url not in self.known:
            at, body = self.world.got(url)
            document = json.loads(body)
            self.fetched += 1
            if document["archive"]:
                self.known |= {url, at}
            # The nearer to the current document, the newer.
            seen = dict(document["entries"]) | seen
            url = document["prev"]
        self.entries |= seen


def pages(world: World, slug: str = "trams") -> dict[str, bytes]:
    """All documents of an archive by their addresses, the newest first."""
    got = world.get(f"{SITE.base_url}/feeds/{slug}.atom")
    found = {}
    while got and (url := json.loads(got[1])["prev"]):
        got = world.got(url)
        found[url] = got[1]
    return found


@pytest.fixture
def world(storage: Storage) -> World:
    clock = FakeClock()
    with storage.begin() as work:
        work.sources.apply([BLOG], clock())
        return World(storage, work.sources.all()[0].source, TRAMS, clock)


def test_a_reader_away_for_a_year_loses_nothing(world: World) -> None:
    for _ in range(7):
        world.add()
    world.tick()
    reader = Walker(world)
    reader.poll()
    for _ in range(30):
        world.add()
        world.tick()
        world.clock.pass_by(days=12)
    reader.poll()
    assert reader.entries == world.expected()
    assert len(reader.entries) == 37


def test_a_reader_who_knows_it_all_fetches_one_document(world: World) -> None:
    for _ in range(30):
        world.add()
        world.tick()
    reader = Walker(world)
    reader.poll()
    before = reader.fetched
    reader.poll()
    assert reader.fetched == before + 1


def test_a_document_of_an_archive_names_its_neighbours_and_the_current_one(world: World) -> None:
    for _ in range(12):
        world.add()
        world.tick()
    [newest, oldest] = map(json.loads, pages(world).values())
    assert (newest["archive"], oldest["archive"]) == (True, True)
    assert (newest["prev"], oldest["prev"]) == (oldest["self"], None)
    assert newest["current"] == f"{SITE.base_url}/feeds/trams.atom"
    current, following = (world.got(one["next"]) for one in (newest, oldest))
    assert current[0] == f"{SITE.base_url}/feeds/trams.atom"
    assert following[0] == newest["self"]
    assert newest["id"] == oldest["id"] == json.loads(current[1])["id"]


def test_new_articles_change_no_byte_of_an_archive(world: World) -> None:
    for _ in range(12):
        world.add()
        world.tick()
    before = pages(world)
    assert before
    for age in (0, 900, 3, 0, 400, 0, 0):
        world.add(age=age)
        world.tick()
    after = pages(world)
    assert len(after) > len(before)
    assert before.items() <= after.items()


@pytest.mark.parametrize("change", ["edited", "hidden", "untagged"])
def test_a_change_gives_its_page_and_all_later_ones_new_addresses(world: World, change: str) -> None:
    first, *_ = [world.add() for _ in range(6)]
    world.tick()
    second, *_ = [world.add() for _ in range(6)]
    world.tick()
    world.add()
    world.tick()
    before = list(pages(world).items())
    reader = Walker(world)
    reader.poll()
    match change:
        case "edited":
            world.edit(second)
        case "hidden":
            world.show(second, visible=False)
        case "untagged":
            world.edit(second, "buses")
    world.tick()
    after = list(pages(world).items())
    assert after[-1] == before[-1]
    assert after[0][0] != before[0][0]
    assert f'"{second}"'.encode() not in b"".join(body for _, body in after)
    assert f'"{first}"'.encode() in after[-1][1]
    assert world.got(before[0][0])[0] == after[0][0]
    reader.poll()
    assert world.expected().items() <= reader.entries.items()
    if change == "hidden":
        world.show(second, visible=True)
        world.tick()
        assert list(pages(world).items()) == before


def test_a_late_tag_brings_an_article_as_if_it_had_come_now(world: World) -> None:
    late = world.add("buses", age=500)
    for _ in range(9):
        world.add()
    world.tick()
    before = pages(world)
    world.edit(late, "trams")
    world.tick()
    assert late in str(world.get(f"{SITE.base_url}/feeds/trams.atom"))
    assert before.items() <= pages(world).items()


def test_another_selection_keeps_what_both_choose_where_it_was(world: World) -> None:
    for number in range(12):
        world.add("trams" if number % 2 else "buses")
    world.tick()
    reader = Walker(world)
    reader.poll()
    world.define(selection=Selection(tags=Terms(("trams", "buses"))))
    world.tick()
    reader.poll()
    assert reader.entries == world.expected()
    assert len(reader.entries) == 12
    world.define(selection=Selection(tags=Terms(("buses",))))
    world.tick()
    assert all(json.loads(body)["archive"] for body in pages(world).values())
    fresh = Walker(world)
    fresh.poll()
    assert fresh.entries == world.expected()


def test_a_new_title_or_another_address_of_the_site_gives_new_addresses(world: World) -> None:
    for _ in range(12):
        world.add()
    world.tick()
    before = pages(world)
    world.define(title="Tramways")
    world.tick()
    assert pages(world).keys().isdisjoint(before)


def test_another_number_of_items_leaves_the_pages_as_they_are(world: World) -> None:
    for _ in range(9):
        world.add()
    world.tick()
    before = pages(world)
    world.add()
    world.tick()
    world.define(limit=1)
    world.tick()
    assert before.items() <= pages(world).items()
    reader = Walker(world)
    reader.poll()
    assert reader.entries == world.expected()


def test_a_backlog_is_in_the_archive_at_once(world: World) -> None:
    for age in range(120):
        world.add(age=age, announced=False)
    world.define(limit=30)
    world.tick()
    reader = Walker(world)
    reader.poll()
    assert reader.entries == world.expected()
    assert len(json.loads(world.got(reader.url)[1])["entries"]) == 10
    assert max(len(json.loads(body)["entries"]) for body in pages(world).values()) <= 50


@pytest.mark.parametrize("slug", ["source/blog", "tag/trams", "author/ana", "language/en", "all"])
def test_feeds_that_nobody_defined_have_archives_once_somebody_asked(world: World, slug: str) -> None:
    for _ in range(70):
        world.add("trams", authors=("Ana",), language="en")
    reader = Walker(world, f"{SITE.base_url}/feeds/{slug}.atom")
    reader.poll()
    assert len(reader.entries) == 70
    before = pages(world, slug)
    for _ in range(40):
        world.add("trams", authors=("Ana",), language="en")
    reader.poll()
    assert len(reader.entries) == 110
    assert before.items() <= pages(world, slug).items()


def test_a_search_has_no_archive_and_neither_has_what_is_unheard_of(world: World) -> None:
    for _ in range(70):
        world.add(text="a tram")
    assert pages(world, "search/tram") == {}
    assert world.publisher.archive_version("search/tram", 1) is None
    assert world.publisher.archive_version("tag/unheard", 1) is None
    assert world.publisher.archived("tag/unheard", 1, FeedFormat.RSS) is None
    assert world.publisher.archive_version("unheard", 1) is None
    with world.storage.read() as work:
        assert work.histories.of(["search/tram", "tag/unheard"]) == {}


def test_another_source_and_a_folder_that_moved_leave_addresses_as_they_are(world: World) -> None:
    folder = Source(name="blog", kind=SourceKind.FOLDER, url="/srv/one", rights=Rights.OWN)
    with world.storage.begin() as work:
        work.sources.apply([folder], world.clock())
    for _ in range(9):
        world.add()
    world.tick()
    before = pages(world)
    assert before
    with world.storage.begin() as work:
        work.sources.apply([replace(folder, url="/home/two"), replace(BLOG, name="another")], world.clock())
    world.tick()
    world.add()
    world.tick()
    assert set(before.items()) <= set(pages(world).items())


def test_what_a_site_wants_in_no_archive_is_in_none(world: World) -> None:
    with world.storage.begin() as work:
        work.sources.apply([replace(BLOG, rights=Rights.QUOTE)], world.clock())
    for _ in range(12):
        world.add(reservations=Reservations(noarchive=True))
    kept = world.add()
    for _ in range(6):
        world.add(reservations=Reservations(noarchive=True))
    world.tick()
    shown = [title for body in pages(world).values() for _, title in json.loads(body)["entries"]]
    assert shown == [kept]


def test_pages_are_numbered_from_one_without_a_gap(world: World) -> None:
    for _ in range(12):
        world.add()
        world.tick()
    found = [world.publisher.archive_version("trams", number) for number in range(1, 6)]
    known = [version for version in found if version]
    assert found == [*known, "", *[None] * (4 - len(known))]
    assert world.publisher.archived("trams", len(known) + 1, FeedFormat.RSS) is None


def test_pages_whose_images_changed_get_new_addresses(world: World) -> None:
    for _ in range(6):
        world.add()
    world.tick()
    for _ in range(6):
        world.add()
    world.tick()
    before = list(pages(world))
    with world.storage.begin() as work:
        history = work.histories.of(["trams"])["trams"]
        work.histories.touch([work.histories.in_page(history.id, 2)[0].article_id])
    world.tick()
    after = list(pages(world))
    assert after[-1] == before[-1]
    assert after[0] != before[0]
    with world.storage.begin() as work:
        work.histories.touch([10**9])
    world.tick()
    assert list(pages(world)) == after


def several(world: World, number: int) -> None:
    for _ in range(number % 9):
        world.add("trams", "buses"[: number % 6])


def backlog(world: World, number: int) -> None:
    for _ in range(number % 14):
        world.add(age=number % 70, announced=False)


def to_one(act: Callable[[World, str], None]) -> Callable[[World, int], None]:
    """To one of the articles that there are."""

    def step(world: World, number: int) -> None:
        if world.keys:
            act(world, world.keys[number % len(world.keys)])

    return step


STEPS: dict[str, Callable[[World, int], object]] = {
    "new": lambda world, _: world.add(),
    "several": several,
    "old": lambda world, number: world.add(age=number),
    "unannounced": backlog,
    "elsewhere": lambda world, _: world.add("buses"),
    "edit": to_one(lambda world, key: world.edit(key)),
    "untag": to_one(lambda world, key: world.edit(key, "buses")),
    "hide": to_one(lambda world, key: world.show(key, visible=False)),
    "show": to_one(lambda world, key: world.show(key, visible=True)),
    "narrow": lambda world, _: world.define(selection=chosen(world, "trams")),
    "widen": lambda world, _: world.define(selection=chosen(world, "trams", "buses")),
    "limit": lambda world, number: world.define(limit=1 + number % 7),
    "tick": lambda world, _: world.tick(),
}
ADDING = {"new", "several", "old", "unannounced", "elsewhere", "tick"}


def chosen(world: World, *tags: str) -> Selection:
    return Selection(sources=Terms((world.source.name,)), tags=Terms(tags))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from([*STEPS, "poll", "poll"]), st.integers(0, 999)), max_size=40))
def test_whatever_happens_a_walker_has_everything_and_documents_change_only_by_edits(
    storage: Storage, steps: list[tuple[str, int]]
) -> None:
    clock = FakeClock()
    name = f"s{next(numbers)}"
    with storage.begin() as work:
        work.sources.apply([replace(BLOG, name=name)], clock())
        [stored] = work.sources.all()
    world = World(storage, stored.source, replace(TRAMS, slug=name), clock)
    world.define(selection=chosen(world, "trams"))
    world.tick()
    often, once = (Walker(world, f"{SITE.base_url}/feeds/{name}.atom") for _ in range(2))
    bytes_of: dict[str, bytes] = {}
    last: dict[str, bytes] = {}
    only_added = True
    for step, number in steps:
        if step == "poll":
            world.tick()
            often.poll()
            assert world.expected().items() <= often.entries.items()
            found = pages(world, name)
            assert all(bytes_of.setdefault(url, body) == body for url, body in found.items())
            if only_added:
                assert last.items() <= found.items()
            last, only_added = found, True
        else:
            only_added = only_added and step in ADDING
            STEPS[step](world, number)
    world.tick()
    once.poll()
    assert once.entries == world.expected()
