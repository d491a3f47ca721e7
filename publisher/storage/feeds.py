"""Feeds: their definitions, and the documents that are served."""

import gzip
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from publisher.domain.feed import SOURCE_FEEDS, Feed, FeedFormat
from publisher.pipeline.ports import FeedDocument, FeedDocuments, Standing
from publisher.storage.counters import latest, take
from publisher.storage.definitions import apply_definitions, defined
from publisher.storage.encoding import feed_json, read_feed
from publisher.storage.lists import among
from publisher.storage.schema import feed, feed_document, feed_history, source

_FIRST_PAGE = 0


class SqlFeedDocuments(FeedDocuments):
    """Feeds on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, feeds: Sequence[Feed]) -> None:
        """Make the stored feeds these; documents of a feed left out are removed, its row is kept."""
        left_out = apply_definitions(self._connection, feed, {each.slug: feed_json(each) for each in feeds})
        self._remove_documents(left_out)
        for each in feeds:
            self._keep_history(each)

    def _keep_history(self, renamed: Feed) -> None:
        """Give a feed that was renamed the history that it had: its archive goes on."""
        history = feed_history.c
        for before in renamed.previous_slugs:
            known = self._connection.execute(select(history.slug).where(history.slug == renamed.slug)).one_or_none()
            if known is None:
                moved = update(feed_history).where(history.slug == before).values(slug=renamed.slug)
                self._connection.execute(moved)

    def all(self) -> list[Feed]:
        """All feeds, by slug."""
        return [read_feed(row.slug, row.definition) for row in defined(self._connection, feed)]

    def was(self, slug: str) -> bool:
        """Whether there was a feed of this slug, named or of a source, that is no longer defined (410 Gone)."""
        table, key = (source, source.c.name) if slug.startswith(SOURCE_FEEDS) else (feed, feed.c.slug)
        where = key == slug.removeprefix(SOURCE_FEEDS)
        return self._connection.execute(select(table.c.state).where(where)).scalar_one_or_none() == "removed"

    def removed(self) -> list[str]:
        """The slugs of all feeds that there were, by slug, named or of a source."""
        feeds = self._connection.execute(select(feed.c.slug).where(feed.c.state == "removed")).scalars()
        sources = self._connection.execute(select(source.c.name).where(source.c.state == "removed")).scalars()
        return sorted([*feeds, *(f"{SOURCE_FEEDS}{name}" for name in sources)])

    def renamed(self, slug: str) -> str | None:
        """The slug that the feed has now which had this one before; None when there is none."""
        return next((each.slug for each in self.all() if slug in each.previous_slugs), None)

    def keep(self, slugs: Sequence[str]) -> None:
        """Remove the documents of all other feeds."""
        stored = set(self._connection.execute(select(feed_document.c.slug).distinct()).scalars())
        self._remove_documents(stored - set(slugs))

    def _remove_documents(self, slugs: Collection[str]) -> None:
        if slugs:
            self._connection.execute(delete(feed_document).where(feed_document.c.slug.in_(slugs)))
            take(self._connection, "feeds")

    def get(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        """One document."""
        where = _key(feed_document) == (slug, format.value, _FIRST_PAGE)
        row = self._connection.execute(select(feed_document).where(where)).one_or_none()
        return None if row is None else _document(row)

    def standing(self) -> Mapping[str, Standing]:
        """How the feeds that have all three documents stand, by slug."""
        columns = feed_document.c
        query = (
            select(columns.slug, func.max(columns["items"]), func.min(columns.shape), func.min(columns.built_seq))
            .where(columns.page == _FIRST_PAGE)
            .group_by(columns.slug)
            .having(func.count() == len(FeedFormat), func.min(columns.shape) == func.max(columns.shape))
        )
        return {slug: Standing(*values) for slug, *values in self._connection.execute(query)}

    def store(self, documents: Sequence[FeedDocument]) -> None:
        """Replace documents, and change the version."""
        if not documents:
            return
        keys = [(document.slug, document.format.value, _FIRST_PAGE) for document in documents]
        self._connection.execute(delete(feed_document).where(_key(feed_document).in_(keys)))
        self._connection.execute(insert(feed_document), [_values(document) for document in documents])
        take(self._connection, "feeds")

    def rewrite(self, slugs: Sequence[str]) -> None:
        """Have the documents of these feeds written at the next publishing, and change the version."""
        if slugs:
            where = among(self._connection, feed_document.c.slug, slugs), feed_document.c.page == _FIRST_PAGE
            self._connection.execute(update(feed_document).where(*where).values(shape=""))
        take(self._connection, "feeds")

    def version(self) -> int:
        """A number that changes whenever a document did."""
        return latest(self._connection, "feeds")


def _key(table: Any) -> Any:
    return tuple_(table.c.slug, table.c.format, table.c.page)


def _values(document: FeedDocument) -> dict[str, Any]:
    return {
        "slug": document.slug,
        "format": document.format.value,
        "page": _FIRST_PAGE,
        "body_gzip": document.body_gzip,
        "etag": document.etag,
        "last_modified": document.last_modified,
        "built_seq": document.built_seq,
        "shape": document.shape,
        "items": document.items,
    }


def _document(row: Any) -> FeedDocument:
    return FeedDocument(
        slug=row.slug,
        format=FeedFormat(row.format),
        body=gzip.decompress(row.body_gzip),
        body_gzip=row.body_gzip,
        etag=row.etag,
        last_modified=row.last_modified,
        built_seq=row.built_seq,
        shape=row.shape,
        items=row._mapping[feed_document.c["items"]],
    )
