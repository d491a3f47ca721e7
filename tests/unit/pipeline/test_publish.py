"""Feed documents follow their articles, and stand still when nothing changed."""

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.article import Edited, New
from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.ports import Channel, FeedDocument, FeedWriter, Storage
from publisher.pipeline.publish import EPOCH, FeedPublisher, FeedReport, Site
from publisher.web.representation import coded_tag
from tests.fakes import FakeClock, entry

SITE = Site("The Post", "https://post.example")
TRAMS = Feed(slug="trams", title="Trams", selection=Selection(tags=Terms(("trams",))), limit=12)
BLOG = Source(name="blog", kind=SourceKind.FEED, url="https://example.org/feed", rights=Rights.OWN)


class LineWriter(FeedWriter):
    """A document that shows what the channel holds."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        items = [f"{s.revision.content.title}|{s.revision.content.html}" for s in channel.items]
        return "\n".join([channel.title, str(format), channel.id, channel.self_urls[format], *items]).encode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source(storage: Storage, clock: FakeClock) -> Source:
    with storage.begin() as work:
        work.sources.apply([BLOG], clock())
        work.feeds.apply([TRAMS])
        return work.sources.all()[0].source


def store(
    storage: Storage, source: Source, clock: FakeClock, key: str, *, announced: bool = True, **content: object
) -> None:
    with storage.begin() as work:
        said = entry(key, **content)
        known = work.articles.known(source.id, [key]).get(key)
        work.articles.store(source.id, [Edited(known, said) if known else New(said, announced)], clock())


def publish(storage: Storage, clock: FakeClock, site: Site = SITE) -> dict[str, FeedReport]:
    return {report.slug: report for report in FeedPublisher(storage, LineWriter(), site, clock).publish()}


def document(storage: Storage, slug: str = "trams", format: FeedFormat = FeedFormat.RSS) -> FeedDocument:
    with storage.read() as work:
        found = work.feeds.get(slug, format)
    found = found or FeedPublisher(storage, LineWriter(), SITE, FakeClock()).implied(slug, format)
    assert found is not None
    return found


def items(storage: Storage, slug: str = "trams") -> list[str]:
    return [line.split("|")[0] for line in document(storage, slug).body.decode().split("\n")[4:]]


def test_a_feed_without_articles_is_published_too(storage: Storage, source: Source, clock: FakeClock) -> None:
    assert publish(storage, clock)["trams"] == FeedReport("trams", "Trams", 0, changed=True)
    assert document(storage).last_modified == EPOCH
    assert publish(storage, clock)["trams"].changed is False


def test_each_format_has_its_document_and_its_own_address(storage: Storage, source: Source, clock: FakeClock) -> None:
    publish(storage, clock)
    addresses = {document(storage, format=format).body.decode().split("\n")[3] for format in FeedFormat}
    assert addresses == {f"https://post.example/feeds/trams.{extension}" for extension in ("rss", "atom", "json")}


def test_a_feed_shows_its_selection_newest_first(storage: Storage, source: Source, clock: FakeClock) -> None:
    for days, key in enumerate(("first", "second")):
        store(storage, source, clock, key, tags=("trams",), published=clock() - timedelta(days=days))
    store(storage, source, clock, "other", tags=("buses",))
    publish(storage, clock)
    assert items(storage) == ["first", "second"]
    assert items(storage, "source/blog") == ["other", "first", "second"]


def test_nothing_new_means_the_same_bytes_tags_and_times(storage: Storage, source: Source, clock: FakeClock) -> None:
    store(storage, source, clock, "a", tags=("trams",))
    publish(storage, clock)
    before = document(storage)
    clock.pass_by(days=1)
    store(storage, source, clock, "other", tags=("buses",))
    assert publish(storage, clock)["trams"].changed is False
    after = document(storage)
    assert (after.body, after.etag, after.last_modified) == (before.body, before.etag, before.last_modified)


def test_an_edit_moves_tag_and_time(storage: Storage, source: Source, clock: FakeClock) -> None:
    store(storage, source, clock, "a", tags=("trams",))
    publish(storage, clock)
    before = document(storage)
    clock.pass_by(hours=1)
    store(storage, source, clock, "a", tags=("trams",), title="b")
    assert publish(storage, clock)["trams"].changed
    after = document(storage)
    assert after.etag != before.etag
    assert after.last_modified == clock()


@pytest.mark.parametrize("change", ["hidden", "untagged"])
def test_what_left_a_feed_is_gone_from_it_and_its_time_moves(
    storage: Storage, source: Source, clock: FakeClock, change: str
) -> None:
    for key in ("a", "b"):
        store(storage, source, clock, key, tags=("trams",))
    publish(storage, clock)
    before = document(storage)
    clock.pass_by(hours=1)
    if change == "hidden":
        with storage.begin() as work:
            [state] = [s for s in work.articles.current(Selection(), limit=9) if s.article.key == "b"]
            work.articles.flag([state.article.id], clock(), visible=False)
    else:
        store(storage, source, clock, "b")
    publish(storage, clock)
    assert items(storage) == ["a"]
    assert document(storage).last_modified > before.last_modified
    assert document(storage).etag != before.etag


def test_a_changed_title_is_written_again_though_no_article_changed(
    storage: Storage, source: Source, clock: FakeClock
) -> None:
    publish(storage, clock)
    with storage.begin() as work:
        work.feeds.apply([replace(TRAMS, title="Tramways")])
    assert publish(storage, clock)["trams"].changed
    assert document(storage).body.startswith(b"Tramways")
    assert publish(storage, clock, replace(SITE, base_url="https://new.example"))["trams"].changed


def test_both_encodings_hold_the_same_and_have_tags_of_their_own(
    storage: Storage, source: Source, clock: FakeClock
) -> None:
    publish(storage, clock)
    found = document(storage)
    assert gzip.decompress(found.body_gzip) == found.body
    zipped = coded_tag(found.etag, "gzip")
    assert found.etag != zipped
    assert all(tag[0] == tag[-1] == '"' for tag in (found.etag, zipped))


def test_a_backlog_shows_ten_at_most(storage: Storage, source: Source, clock: FakeClock) -> None:
    for number in range(15):
        store(storage, source, clock, f"old {number}", announced=False, tags=("trams",))
    store(storage, source, clock, "new", tags=("trams",), published=clock() - timedelta(days=900))
    publish(storage, clock)
    assert len(items(storage)) == 11
    assert "new" in items(storage)


def test_quoted_sources_give_no_full_text(storage: Storage, source: Source, clock: FakeClock) -> None:
    store(storage, source, clock, "a", tags=("trams",), html="<p>all</p>", text="all")
    publish(storage, clock)
    assert b"a|<p>all</p>" in document(storage).body
    with storage.begin() as work:
        work.sources.apply([replace(BLOG, rights=Rights.QUOTE)], clock())
    publish(storage, clock, replace(SITE, title="again"))
    assert b"a|" in document(storage).body
    assert b"<p>" not in document(storage).body


def test_what_is_left_out_of_the_configuration_is_gone(storage: Storage, source: Source, clock: FakeClock) -> None:
    publish(storage, clock)
    with storage.begin() as work:
        work.feeds.apply([])
        work.sources.apply([], clock())
    assert publish(storage, clock) == {}
    with storage.read() as work:
        for slug in ("trams", "source/blog"):
            assert work.feeds.get(slug, FeedFormat.RSS) is None
            assert work.feeds.was(slug)
        assert not work.feeds.was("source/trams")


def test_a_feed_defined_again_is_back(storage: Storage, source: Source, clock: FakeClock) -> None:
    publish(storage, clock)
    for feeds in ([], [TRAMS]):
        with storage.begin() as work:
            work.feeds.apply(feeds)
        publish(storage, clock)
    assert document(storage).body
    with storage.read() as work:
        assert not work.feeds.was("trams")


def test_an_article_elsewhere_costs_a_feed_nothing(storage: Storage, source: Source, clock: FakeClock) -> None:
    store(storage, source, clock, "one", tags=("trams",))
    publish(storage, clock)
    store(storage, source, clock, "other", tags=("buses",))
    written: list[str] = []

    class Noting(LineWriter):
        def write(self, channel: Channel, format: FeedFormat) -> bytes:
            written.append(channel.slug)
            return super().write(channel, format)

    publisher = FeedPublisher(storage, Noting(), SITE, clock)
    assert publisher.publish() == [FeedReport("trams", "Trams", 1, changed=False)]
    assert written == []
    with storage.read() as work:
        assert work.histories.of(["trams"])["trams"].judged_seq == work.articles.latest_seq()
    store(storage, source, clock, "other", tags=("buses", "trams"))
    assert [report.changed for report in publisher.publish()] == [True]
    assert written == ["trams"] * 3


def test_what_left_and_came_back_between_two_rounds_is_shown(
    storage: Storage, source: Source, clock: FakeClock
) -> None:
    store(storage, source, clock, "one", tags=("trams",))
    publish(storage, clock)
    store(storage, source, clock, "one", tags=("buses",))
    store(storage, source, clock, "one", title="Renamed", tags=("trams",))
    publish(storage, clock)
    assert items(storage) == ["Renamed"]


def test_a_source_that_is_named_or_licensed_anew_is_shown_so(
    storage: Storage, source: Source, clock: FakeClock
) -> None:
    store(storage, source, clock, "one", tags=("trams",), html="<p>Whole</p>")
    publish(storage, clock)
    with storage.begin() as work:
        work.sources.apply([replace(BLOG, rights=Rights.QUOTE)], clock())
    assert publish(storage, clock)["trams"].changed
    assert "Whole" not in document(storage).body.decode()


@pytest.mark.parametrize(
    ("slug", "shown"),
    [
        ("all", ["two", "one"]),
        ("source/blog", ["two", "one"]),
        ("tag/TRAMS", ["one"]),
        ("author/ana ruiz", ["two"]),
        ("language/zh", ["two"]),
        ("search/港口", ["two"]),
        ("search/tram quay", ["one"]),
        ("search/“tram quay”", []),
        ("search/quay tram unheard", []),
        ("search/ ", None),
        ("tag/unheard", None),
        ("tag", None),
        ("newsletter/daily", None),
        ("source/unheard", None),
        ("tag/" + "x" * 500, None),
    ],
)
def test_some_feeds_need_not_be_defined(
    storage: Storage, source: Source, clock: FakeClock, slug: str, shown: list[str] | None
) -> None:
    store(storage, source, clock, "one", tags=("trams",), text="The tram goes to the quay.", published=clock())
    later = clock() + timedelta(hours=1)
    store(
        storage, source, clock, "two", authors=("Ana Ruiz",), language="zh-CN", text="开往港口的电车", published=later
    )
    made = FeedPublisher(storage, LineWriter(), SITE, clock).implied(slug, FeedFormat.ATOM)
    assert (made is None) == (shown is None)
    if made is not None and shown is not None:
        assert items(storage, slug) == shown
        assert (made.slug, made.items) == (slug, len(shown))


def test_what_was_a_feed_stays_one_without_articles(storage: Storage, source: Source, clock: FakeClock) -> None:
    store(storage, source, clock, "one", tags=("trams",))
    assert items(storage, "tag/trams") == ["one"]
    with storage.begin() as work:
        work.articles.flag([work.articles.known(source.id, ["one"])["one"].id], clock(), visible=False)
    assert items(storage, "tag/trams") == []


def test_a_source_that_is_not_on_the_web_has_its_page_here(storage: Storage, clock: FakeClock) -> None:
    folder = Source(name="notes", kind=SourceKind.FOLDER, url="/srv/notes", title="Notes", rights=Rights.OWN)
    with storage.begin() as work:
        work.sources.apply([folder], clock())
        stored = work.sources.all()[0].source
    store(storage, stored, clock, "one", published=clock())
    publisher = FeedPublisher(storage, FeedDocumentWriter(), SITE, clock)
    for format, element in ((FeedFormat.ATOM, b"<source>"), (FeedFormat.RSS, b"<source url=")):
        made = publisher.implied("all", format)
        assert made is not None
        assert element in made.body
        assert f"{SITE.base_url}/feeds/source/notes/".encode() in made.body
        assert b"/srv" not in made.body


def test_a_feed_may_want_summaries_and_no_images(storage: Storage, source: Source, clock: FakeClock) -> None:
    html = (
        '<p>A <img src="https://a.example/1.png" alt="a > b"> b</p><picture><source srcset="x"><img src="y"></picture>'
    )
    with storage.begin() as work:
        work.feeds.apply([replace(TRAMS, images=False), replace(TRAMS, slug="short", full=False)])
    store(storage, source, clock, "one", tags=("trams",), html=html, text="A b")
    publish(storage, clock)
    assert document(storage).body.decode().endswith("one|<p>A  b</p>")
    assert document(storage, "short").body.decode().endswith("one|")


class Told(LineWriter):
    """What a channel says beside its articles."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        return f"{channel.notice}|{[stone.guid for stone in channel.deleted]}".encode()


def fail(storage: Storage, clock: FakeClock, days: int) -> None:
    with storage.begin() as work:
        [stored] = work.sources.all()
        since = clock() - timedelta(days=days) if days else None
        work.sources.finish(stored.source.id, replace(stored.state, failures=int(days > 0), failing_since=since))


def test_a_feed_whose_sources_all_failed_for_days_says_so_until_one_is_read(
    storage: Storage, source: Source, clock: FakeClock
) -> None:
    publisher = FeedPublisher(storage, Told(), SITE, clock)
    store(storage, source, clock, "a", tags=("trams",))
    publisher.publish()
    fail(storage, clock, days=2)
    assert not publisher.publish()[0].changed
    with storage.read() as work:
        version = work.feeds.version()
    clock.pass_by(days=1)
    assert publisher.publish()[0].changed
    notice = "Nothing new since November 22, 2026: its sources can't be read."
    assert document(storage).body.decode().startswith(notice)
    implied = publisher.implied("source/blog", FeedFormat.RSS)
    assert implied is not None
    assert implied.body.decode().startswith(notice)
    assert not publisher.publish()[0].changed
    with storage.read() as work:
        assert work.feeds.version() > version
    fail(storage, clock, days=0)
    assert publisher.publish()[0].changed
    assert document(storage).body.decode().startswith("|")


@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_taken_down_leaves_a_tombstone_where_it_is_chosen(
    storage: Storage, source: Source, clock: FakeClock, wanted: bool
) -> None:
    publisher = FeedPublisher(storage, Told(), SITE, clock)
    with storage.begin() as work:
        work.feeds.apply([replace(TRAMS, tombstones=wanted)])
    store(storage, source, clock, "a", tags=("trams",))
    store(storage, source, clock, "b", tags=("trams",))
    publisher.publish()
    store(storage, source, clock, "b", tags=("buses",))
    with storage.begin() as work:
        state = work.articles.states([1], work.articles.latest_seq())[1]
        work.articles.flag([1], clock(), visible=False)
    publisher.publish()
    assert document(storage).body.decode() == f"|{[state.article.guid] if wanted else []}"
