"""The history of feeds: which articles are in each, and the pages of its archive."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from publisher.domain.archive import OPEN_PAGE, Judged, Member, Page, fingerprint
from publisher.domain.article import Tombstone
from publisher.pipeline.ports import Effect, Histories, History
from publisher.storage.article_rows import SOURCE_URL
from publisher.storage.lists import among
from publisher.storage.schema import (
    IS_AWAY,
    IS_BACKLOG,
    IS_NEWS,
    article,
    article_revision,
    feed_entry,
    feed_history,
    feed_page,
    source,
)

_MEMBER = select(*(feed_entry.c[name] for name in Member.__dataclass_fields__))
_PAGE = select(feed_page.c.number, feed_page.c.said, feed_page.c.touched, feed_page.c.version)
_ENTRY = feed_entry.alias()
_FLAGS = ("live", "announced", "dated")

# What an entry says comes from these: its content's hash, when that changed, its addresses, and where it is from.
_SAID = (
    select(
        feed_entry.c.page,
        article.c.guid,
        article.c.url,
        article.c.canonical_url,
        article.c.first_seen,
        article_revision.c.hash,
        article_revision.c.changed_at,
        source.c.name,
        source.c.kind,
        source.c.title,
        SOURCE_URL,
        source.c.rights,
    )
    .select_from(
        feed_entry.join(article, article.c.id == feed_entry.c.article_id)
        .join(article_revision, article_revision.c.seq == article.c.seq)
        .join(source, source.c.id == article.c.source_id)
    )
    .where(feed_entry.c.live)
    .order_by(feed_entry.c.page, feed_entry.c.article_id)
)


class SqlHistories(Histories):
    """Histories on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert

    def of(self, slugs: Sequence[str]) -> Mapping[str, History]:
        """Those that there are."""
        query = select(feed_history).where(among(self._connection, feed_history.c.slug, slugs))
        return {row.slug: History(**row._mapping) for row in self._connection.execute(query)}

    def lock(self, slug: str) -> History:
        """One to change, made when there is none."""
        fresh = {"slug": slug, "wanted": "", "shape": "", "judged_seq": 0, "changed_seq": 0}
        self._connection.execute(self._insert(feed_history).values(**fresh).on_conflict_do_nothing())
        query = select(feed_history).where(feed_history.c.slug == slug).with_for_update()
        return History(**self._connection.execute(query).one()._mapping)

    def note(self, history: History) -> None:
        """Remember how one stands now."""
        values = {name: getattr(history, name) for name in ("wanted", "shape", "judged_seq", "changed_seq")}
        self._connection.execute(update(feed_history).where(feed_history.c.id == history.id).values(**values))

    def unconcerned(self, slugs: Sequence[str], seq: int) -> None:
        """Note that no revision up to `seq` makes a difference to these."""
        where = among(self._connection, feed_history.c.slug, slugs), feed_history.c.judged_seq < seq
        self._connection.execute(update(feed_history).where(*where).values(judged_seq=seq))

    def keeping(self, history_ids: Sequence[int], article_ids: Sequence[int]) -> frozenset[int]:
        """Those of some histories that any of these articles is or was in."""
        found = select(feed_entry.c.history_id).distinct().where(*self._of(history_ids, article_ids))
        return frozenset(self._connection.execute(found).scalars())

    def _of(self, history_ids: Sequence[int], article_ids: Sequence[int]) -> tuple[Any, Any]:
        """Conditions that the primary key answers."""
        entry = feed_entry.c
        return (
            among(self._connection, entry.history_id, history_ids),
            among(self._connection, entry.article_id, article_ids),
        )

    def judge(self, history_id: int, judged: Sequence[Judged], joined: int) -> Effect:
        """Take in articles that are live, and note what became of those that were taken in before."""
        ids = [one.article_id for one in judged]
        where = feed_entry.c.history_id == history_id, among(self._connection, feed_entry.c.article_id, ids)
        known = {row.article_id: row for row in self._connection.execute(select(feed_entry).where(*where))}
        new = [
            {"history_id": history_id, "page": OPEN_PAGE, "joined": joined, **_values(one)}
            for one in judged
            if one.live and one.article_id not in known
        ]
        if new:
            self._connection.execute(insert(feed_entry), new)
        pages: set[int] = set()
        changed = bool(new)
        differing = []
        for one in judged:
            row = known.get(one.article_id)
            if row is None or not (row.live or one.live):
                continue
            changed = True
            pages.add(row.page)
            if any(getattr(row, name) != getattr(one, name) for name in _FLAGS):
                differing.append({f"new_{name}": value for name, value in _values(one).items()})
        self._change(history_id, differing)
        return Effect(changed, frozenset(pages - {OPEN_PAGE}))

    def _change(self, history_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            where = feed_entry.c.history_id == history_id, feed_entry.c.article_id == bindparam("new_article_id")
            flags = {name: bindparam(f"new_{name}", type_=feed_entry.c[name].type) for name in _FLAGS}
            self._connection.execute(update(feed_entry).where(*where).values(**flags), rows)

    def without(self, history_id: int, live: Sequence[int]) -> Effect:
        """Note that of all articles only these are still live."""
        stays = set(live)
        query = select(feed_entry.c.article_id, feed_entry.c.page).where(
            feed_entry.c.history_id == history_id, feed_entry.c.live
        )
        gone = {row.article_id: row.page for row in self._connection.execute(query) if row.article_id not in stays}
        where = feed_entry.c.history_id == history_id, among(self._connection, feed_entry.c.article_id, list(gone))
        self._connection.execute(update(feed_entry).where(*where).values(live=False))
        return Effect(bool(gone), frozenset(gone.values()) - {OPEN_PAGE})

    def touch(self, article_ids: Sequence[int]) -> None:
        """Have the pages with these articles take new versions."""
        histories = list(self._connection.execute(select(feed_history.c.id)).scalars())
        entry = feed_entry.c
        query = select(entry.history_id, entry.page).distinct().where(*self._of(histories, article_ids), entry.live)
        found = sorted(tuple(row) for row in self._connection.execute(query))
        where = feed_page.c.history_id == bindparam("of"), feed_page.c.number == bindparam("at")
        if found:
            touched = update(feed_page).where(*where).values(touched=feed_page.c.touched + 1)
            self._connection.execute(touched, [{"of": history, "at": page} for history, page in found])
        # Another shape: versions are reckoned anew.
        changed = among(self._connection, feed_history.c.id, sorted({history for history, _ in found}))
        self._connection.execute(update(feed_history).where(changed).values(shape=""))

    # --- what is in it -------------------------------------------------------------------------------------------

    def announced(self, history_id: int, limit: int) -> list[Member]:
        """The live announced articles that joined last."""
        entry = feed_entry.c
        query = _MEMBER.where(entry.history_id == history_id, IS_NEWS)
        order = entry.joined.desc(), entry.dated.desc(), entry.article_id.desc()
        return self._members(query.order_by(*order).limit(limit))

    def backlog(self, history_id: int, limit: int) -> list[Member]:
        """The live unannounced articles that are newest by date."""
        query = _MEMBER.where(feed_entry.c.history_id == history_id, IS_BACKLOG)
        order = feed_entry.c.dated.desc(), feed_entry.c.article_id.desc()
        return self._members(query.order_by(*order).limit(limit))

    def in_page(self, history_id: int, number: int) -> list[Member]:
        """The articles of a page, live or not, by number."""
        # In two, so that the index has all that the inner one asks for: else SQLite takes the key for the better way,
        # and reads the whole history.
        entry = _ENTRY.c
        ids = select(entry.article_id).where(entry.history_id == history_id, entry.page == number)
        query = _MEMBER.where(feed_entry.c.history_id == history_id, feed_entry.c.article_id.in_(ids))
        return self._members(query.order_by(feed_entry.c.article_id))

    def _members(self, query: Any) -> list[Member]:
        return [Member(**row._mapping) for row in self._connection.execute(query)]

    def taken_down(self, history_id: int, limit: int) -> list[Tombstone]:
        """The articles that nobody may see any more, those first that were taken down last."""
        query = (
            select(article.c.guid, article_revision.c.at)
            .select_from(feed_entry.join(article, article.c.id == feed_entry.c.article_id))
            .join(article_revision, article_revision.c.seq == article.c.seq)
            .where(feed_entry.c.history_id == history_id, IS_AWAY, ~article.c.visible)
            .order_by(article.c.seq.desc())
            .limit(limit)
        )
        return [Tombstone(row.guid, row.at) for row in self._connection.execute(query)]

    def count(self, history_id: int) -> int:
        """How many live articles there are."""
        query = select(func.count()).where(feed_entry.c.history_id == history_id, feed_entry.c.live)
        return self._connection.execute(query).scalar_one()

    # --- its pages -----------------------------------------------------------------------------------------------

    def close(self, history_id: int, pages: Mapping[int, Sequence[int]]) -> None:
        """Make pages of articles that were in none."""
        for number, articles in pages.items():
            where = feed_entry.c.history_id == history_id, among(self._connection, feed_entry.c.article_id, articles)
            self._connection.execute(update(feed_entry).where(*where).values(page=number))

    def said(self, history_id: int, numbers: Sequence[int]) -> Mapping[int, str]:
        """Fingerprints of what the live entries of some pages say."""
        where = feed_entry.c.history_id == history_id, among(self._connection, feed_entry.c.page, numbers)
        found = dict.fromkeys(numbers, fingerprint())
        rows = self._connection.execute(_SAID.where(*where), execution_options={"yield_per": 1000})
        for number, entries in groupby(rows, key=lambda row: row.page):
            found[number] = fingerprint(*(tuple(row)[1:] for row in entries))
        return found

    def pages(self, history_id: int, after: int = 0) -> list[Page]:
        """The closed pages above a number, in their order."""
        query = _PAGE.where(feed_page.c.history_id == history_id, feed_page.c.number > after)
        return [Page(*row) for row in self._connection.execute(query.order_by(feed_page.c.number))]

    def page(self, history_id: int, number: int) -> Page | None:
        """One closed page."""
        query = _PAGE.where(feed_page.c.history_id == history_id, feed_page.c.number == number)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Page(*row)

    def last_page(self, history_id: int) -> Page | None:
        """The newest closed page."""
        query = _PAGE.where(feed_page.c.history_id == history_id).order_by(feed_page.c.number.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Page(*row)

    def save(self, history_id: int, pages: Sequence[Page]) -> None:
        """Store pages, new ones too."""
        if pages:
            added = self._insert(feed_page)
            values = {name: added.excluded[name] for name in ("said", "touched", "version")}
            statement = added.on_conflict_do_update(index_elements=["history_id", "number"], set_=values)
            rows = [
                {
                    "history_id": history_id,
                    "number": page.number,
                    "said": page.said,
                    "touched": page.touched,
                    "version": page.version,
                }
                for page in pages
            ]
            self._connection.execute(statement, rows)


def _values(judged: Judged) -> dict[str, Any]:
    return {name: getattr(judged, name) for name in ("article_id", *_FLAGS)}
