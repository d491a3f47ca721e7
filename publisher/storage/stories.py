"""Which articles tell one story: their sketches, the bands by what alike ones are found, and the story of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from publisher.domain import stories
from publisher.domain.packing import unpack
from publisher.pipeline.ports import Placed, Stories, Unplaced
from publisher.storage.lists import among, each_dialect, many, values_for
from publisher.storage.remembered import SqlMeta
from publisher.storage.schema import HAS_NO_SKETCH, article, article_band, article_revision

_ADD_BAND = "INSERT INTO article_band (band, article_id) VALUES (?, ?) ON CONFLICT DO NOTHING"

_FORGOTTEN = "stories_forgotten"
"""The word in meta that says up to which article bands were dropped."""

_SHARING = each_dialect(
    lambda among_values: (
        select(article_band.c.article_id)
        .join(article, article.c.id == article_band.c.article_id)
        .where(among_values(article_band.c.band), article.c.source_id != bindparam("source"))
        .group_by(article_band.c.article_id)
        .order_by(func.count().desc(), article_band.c.article_id)
        .limit(bindparam("most"))
    )
)


class SqlStories(Stories):
    """Stories on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unplaced(self, *, announced: bool, limit: int) -> list[Unplaced]:
        """Articles that were not compared yet, the newest first; answered by an index of these alone."""
        query = (
            select(article.c.id, article.c.source_id, article.c.first_seen, article_revision.c.text)
            .join(article_revision, article_revision.c.seq == article.c.seq)
            .where(HAS_NO_SKETCH, article.c.announced.is_(announced))
            .order_by(article.c.id.desc())
            .limit(limit)
        )
        rows = self._connection.execute(query)
        return [Unplaced(row.id, row.source_id, row.first_seen, unpack(row.text)) for row in rows]

    def sharing(self, bands: Sequence[int], source_id: int, limit: int) -> list[int]:
        """Placed articles of other sources that share bands, those first that share most."""
        asked = {"source": source_id, "most": limit, "values": values_for(self._connection, bands)}
        return list(self._connection.execute(_SHARING[self._connection.dialect.name], asked).scalars())

    def texts(self, article_ids: Sequence[int]) -> Mapping[int, str]:
        """What some articles say now."""
        query = (
            select(article.c.id, article_revision.c.text)
            .join(article_revision, article_revision.c.seq == article.c.seq)
            .where(among(self._connection, article.c.id, article_ids))
        )
        return {row.id: unpack(row.text) for row in self._connection.execute(query)}

    def place(self, articles: Sequence[Placed]) -> None:
        """Store the bands, and join each article to the story of the one that it is like."""
        if not articles:
            return
        rows = [
            {"article": one.id, "bands": stories.pack(one.bands)} for one in sorted(articles, key=lambda one: one.id)
        ]
        statement = update(article).where(article.c.id == bindparam("article")).values(sketch=bindparam("bands"))
        self._connection.execute(statement, rows)
        bands = sorted((band, one.id) for one in articles for band in set(one.bands))
        many(self._connection, _ADD_BAND, bands)
        for one in articles:
            if one.alike is not None:
                self._join(one.id, one.alike)

    def _join(self, article_id: int, alike: int) -> None:
        told = select(func.coalesce(article.c.story_id, article.c.id)).where(article.c.id == alike)
        story_id = self._connection.execute(told).scalar_one()
        joining = article.c.id.in_(sorted({article_id, alike, story_id}))
        self._connection.execute(update(article).where(joining).values(story_id=story_id))

    def told(self, story_id: int) -> list[int]:
        """The articles of a story."""
        query = select(article.c.id).where(article.c.story_id == story_id).order_by(article.c.id)
        return list(self._connection.execute(query).scalars())

    def forget(self, before: datetime, limit: int) -> int:
        """Drop the bands of articles first seen before then. Numbers and times of articles grow together."""
        meta = SqlMeta(self._connection)
        last = int(meta.get(_FORGOTTEN) or 0)
        query = select(article.c.id, article.c.sketch, article.c.first_seen).where(article.c.id > last)
        rows = []
        for row in self._connection.execute(query.order_by(article.c.id).limit(limit)):
            if row.first_seen >= before or row.sketch is None:
                break
            rows.append(row)
        if not rows:
            return 0
        pairs = [{"b": band, "a": row.id} for row in rows for band in set(stories.unpack(row.sketch))]
        if pairs:
            statement = delete(article_band).where(
                article_band.c.band == bindparam("b"), article_band.c.article_id == bindparam("a")
            )
            self._connection.execute(statement, pairs)
        meta.set(_FORGOTTEN, str(rows[-1].id))
        return len(rows)
