"""Feeds: definitions, documents and the version that the web compares."""

import gzip
from dataclasses import replace
from datetime import timedelta

from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.selection import Selection, Terms
from publisher.pipeline.ports import FeedDocument
from publisher.storage.database import SqlStorage
from publisher.storage.feeds import SqlFeedDocuments
from tests.unit.storage.made import NOW

NEWS = Feed(
    slug="news",
    title="新闻",
    description="All of it",
    language="zh-CN",
    limit=20,
    selection=Selection(
        sources=Terms(("a",), ("b",)),
        tags=Terms(("AI",)),
        authors=Terms((), ("Bo",)),
        languages=Terms(("zh",)),
        words=Terms(("人工智能", "ai")),
        age=timedelta(days=3, microseconds=1),
    ),
)
ALL = Feed(slug="everything", title="Everything")


def document(slug: str = "news", format: FeedFormat = FeedFormat.RSS, body: bytes = b"<rss/>") -> FeedDocument:
    return FeedDocument(
        slug=slug,
        format=format,
        body=body,
        body_gzip=gzip.compress(body, mtime=0),
        etag='"1"',
        last_modified=NOW.replace(microsecond=0),
        built_seq=7,
        shape="shape",
    )


def test_definitions_come_back_as_they_were_by_slug(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply([NEWS, ALL])
        work.feeds.apply([ALL, NEWS])
    with storage.read() as work:
        assert work.feeds.all() == [ALL, NEWS]


def test_a_feed_that_was_renamed_keeps_its_id_and_its_history(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply([NEWS])
        history = work.histories.lock("news")
    with storage.begin() as work:
        work.feeds.apply([replace(NEWS, slug="docks", previous_slugs=("news",))])
        work.feeds.apply([renamed := replace(NEWS, slug="harbour", previous_slugs=("news", "docks"))])
    with storage.read() as work:
        assert work.feeds.all() == [renamed]
        assert [work.feeds.renamed(slug) for slug in ("news", "docks", "harbour", "x")] == ["harbour"] * 2 + [None] * 2
        instance = work.meta.instance()
        assert work.histories.of(["harbour"])["harbour"].id == history.id
    assert renamed.id(instance) == NEWS.id(instance)


def test_a_changed_definition_replaces_the_old_one(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply([NEWS])
        work.feeds.apply([replace(NEWS, title="News")])
        assert [feed.title for feed in work.feeds.all()] == ["News"]


def test_a_document_comes_back_as_it_was(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.store([document(body=b"<rss>\xe6\x96\xb0</rss>" * 1000), document(format=FeedFormat.ATOM)])
    with storage.read() as work:
        assert work.feeds.get("news", FeedFormat.RSS) == document(body=b"<rss>\xe6\x96\xb0</rss>" * 1000)
        assert work.feeds.get("news", FeedFormat.JSON) is None
        assert work.feeds.get("other", FeedFormat.RSS) is None


def test_storing_replaces_and_changes_the_version(storage: SqlStorage) -> None:
    versions = []
    for body in (b"1", b"2"):
        with storage.begin() as work:
            work.feeds.store([document(body=body)])
            work.feeds.store([])
            versions.append(work.feeds.version())
    with storage.read() as work:
        stored = work.feeds.get("news", FeedFormat.RSS)
        assert stored
        assert stored.body == b"2"
        assert work.feeds.version() == versions[1] > versions[0] > 0


def test_a_feed_left_out_goes_with_its_documents_and_is_remembered(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply([NEWS, ALL])
        work.feeds.store([document(), document("everything"), document("source/blog")])
        before = work.feeds.version()
        work.feeds.apply([ALL])
        assert work.feeds.version() > before
    with storage.read() as work:
        assert isinstance(work.feeds, SqlFeedDocuments)
        assert work.feeds.all() == [ALL]
        assert work.feeds.get("news", FeedFormat.RSS) is None
        assert work.feeds.get("everything", FeedFormat.RSS)
        assert work.feeds.get("source/blog", FeedFormat.RSS), "a source's feed is not defined and stays"
        assert [work.feeds.was(slug) for slug in ("news", "everything", "never")] == [True, False, False]
        assert work.feeds.removed() == ["news"]


def test_a_feed_that_comes_back_is_no_longer_gone(storage: SqlStorage) -> None:
    with storage.begin() as work:
        work.feeds.apply([NEWS])
        work.feeds.apply([])
        work.feeds.apply([NEWS])
        assert work.feeds.all() == [NEWS]
        assert isinstance(work.feeds, SqlFeedDocuments)
        assert not work.feeds.was("news")
