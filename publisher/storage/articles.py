"""Articles and their revisions. Revisions are numbered in commit order; everything is made ready before the number."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)

from publisher.domain.archive import Judged
from publisher.domain.article import (
    ArticleChange,
    ArticleState,
    Edited,
    Entry,
    KnownArticle,
    New,
    Revision,
    Unchanged,
    Withheld,
)
from publisher.domain.change import Missing
from publisher.domain.names import address, number
from publisher.domain.selection import Selection
from publisher.domain.source import Rights
from publisher.pipeline.ports import Articles, Labels, MarkedArticle, SeqRange
from publisher.storage.article_rows import (
    CURRENT,
    JUDGED,
    JUDGED_WITH_TEXT,
    KNOWN,
    NOT_NUMBERED,
    NOTHING,
    STATES,
    article_values,
    read_known,
    read_state,
    read_to_judge,
    revision_values,
)
from publisher.storage.counters import latest, take
from publisher.storage.lists import Insertion, among, each_dialect, many, sqlite, values_for
from publisher.storage.schema import (
    IS_HELD,
    article,
    article_band,
    article_image,
    article_name,
    article_revision,
    image,
    source,
)
from publisher.storage.selection import narrowed, terms_of, write_terms

_NAME = "INSERT INTO article_name (source_id, name, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ANY = "SELECT 1 FROM article_name WHERE source_id = ? LIMIT 1"
_NUMBER = f"UPDATE article SET seq = ?, first_seq = coalesce(nullif(first_seq, {NOT_NUMBERED}), ?) WHERE id = ?"

_PAGE = 50
"""How many candidates of a selection are judged at a time, at least."""

_STREAMED = 500
"""How many rows of a long answer are fetched at a time."""

_MARKING = [
    article.c[name] for name in ("id", "visible", "seq", "url", "canonical_url", "story_id", "withheld", "dated")
]
_SET_LATER = ("id", "missing", "gone_at", "story_id", "sketch", "withheld")
_ADD = Insertion(
    article,
    (column for column in article.c if column.name not in _SET_LATER),
    "ON CONFLICT DO NOTHING",
)
_ADDED = each_dialect(
    lambda among_values: select(article.c.id, article.c.key_hash).where(
        article.c.source_id == bindparam("source"),
        among_values(article.c.key_hash),
        article.c.seq == NOT_NUMBERED,
    )
)
_REVISE = Insertion(article_revision, article_revision.c)
_BEFORE = article.alias()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A revision that lacks only its number."""

    article_id: int
    values: Mapping[str, Any]


class SqlArticles(Articles):
    """Articles on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- what is known -------------------------------------------------------------------------------------------

    def known(self, source_id: int, names: Sequence[str]) -> Mapping[str, KnownArticle]:
        """What a source's stored articles are by these names: keys, addresses, titles."""
        if not names or not self._has_any(source_id):
            return {}
        by_number = {number(name): name for name in names}
        asked = {"source": source_id, "values": values_for(self._connection, by_number)}
        found = self._connection.execute(KNOWN[self._connection.dialect.name], asked)
        return {by_number[row.name]: read_known(row) for row in found}

    def _has_any(self, source_id: int) -> bool:
        """Whether a source may have articles: none at its first look, when most is asked for."""
        if self._connection.dialect.name != "sqlite":
            return True
        return sqlite(self._connection).execute(_ANY, (source_id,)).fetchone() is not None

    def latest_seq(self) -> int:
        """The highest number that is committed; 0 when there is none."""
        return latest(self._connection, "seq")

    def changed(self, after: int, upto: int) -> list[int]:
        """Articles with a revision above `after` and up to `upto`."""
        seq = article_revision.c.seq
        query = select(article_revision.c.article_id).distinct().where(seq > after, seq <= upto)
        return list(self._connection.execute(query.order_by(article_revision.c.article_id)).scalars())

    def states(self, article_ids: Sequence[int], seq: int) -> Mapping[int, ArticleState]:
        """The articles as they stood at `seq`; those first seen later are left out."""
        if not article_ids:
            return {}
        then = (
            select(func.max(article_revision.c.seq))
            .where(among(self._connection, article_revision.c.article_id, article_ids))
            .where(article_revision.c.seq <= seq)
            .group_by(article_revision.c.article_id)
        )
        rows = self._connection.execute(STATES.where(article_revision.c.seq.in_(then)))
        return {row.id: read_state(row) for row in rows}

    def current(
        self,
        selection: Selection,
        *,
        limit: int,
        announced: bool | None = None,
        after_id: int = 0,
        before_id: int | None = None,
    ) -> list[ArticleState]:
        """Visible articles of a selection in their current state, newest first by date, at most `limit`."""
        query = CURRENT.where(article.c.visible, *narrowed(self._connection, selection))
        if announced is not None:
            query = query.where(article.c.announced.is_(announced))
        if after_id:
            query = query.where(article.c.id > after_id)
        if before_id is not None:
            stands = select(_BEFORE.c.dated, _BEFORE.c.id).where(_BEFORE.c.id == before_id)
            query = query.where(tuple_(article.c.dated, article.c.id) < stands.scalar_subquery())
        query = query.order_by(article.c.dated.desc(), article.c.id.desc()).limit(max(limit, _PAGE))
        matches: list[ArticleState] = []
        page = self._connection.execute(query).all()
        while page:
            matches += [state for state in map(read_state, page) if selection.matches(state)]
            if len(matches) >= limit:
                break
            page = self._connection.execute(query.where(_older_than(page[-1]))).all()
        return matches[:limit]

    def members(self, selection: Selection) -> Iterator[Judged]:
        """All visible articles of a selection, by number: while the transaction lasts."""
        with_text = bool(selection.words or selection.every)
        query = (
            (JUDGED_WITH_TEXT if with_text else JUDGED)
            .where(article.c.visible, *narrowed(self._connection, selection))
            .order_by(article.c.id)
        )
        for row in self._connection.execute(query, execution_options={"yield_per": _STREAMED}):
            if selection.matches(read_to_judge(row, with_text=with_text)):
                yield Judged(article_id=row.id, live=True, announced=row.announced, dated=row.dated)

    def hidden(self, article_ids: Sequence[int]) -> frozenset[int]:
        """Those of some articles that nobody may see."""
        where = among(self._connection, article.c.id, article_ids)
        return frozenset(self._connection.execute(select(article.c.id).where(where, ~article.c.visible)).scalars())

    def spans(self, length: int) -> Mapping[int, tuple[int, datetime]]:
        """The spans of so many numbers, from 1, that have visible articles which may be shown whole."""
        span = ((article.c.id - 1) // length + 1).label("span")
        each = _whole(span, article_revision.c.changed_at).subquery()
        query = select(each.c.span, func.count(), func.max(each.c.changed_at)).group_by(each.c.span)
        return {span: (count, newest) for span, count, newest in self._connection.execute(query.order_by(each.c.span))}

    def in_span(self, length: int, span: int) -> list[tuple[int, datetime]]:
        """Those articles of one span, by number, each with when its content changed last."""
        inside = article.c.id > (span - 1) * length, article.c.id <= span * length
        query = _whole(article.c.id, article_revision.c.changed_at).where(*inside).order_by(article.c.id)
        return [(number, changed_at) for number, changed_at in self._connection.execute(query)]

    def marked(self, after: int, limit: int) -> list[MarkedArticle]:
        """The articles whose number is above one, in the order of their numbers, at most so many."""
        query = select(*_MARKING).where(article.c.id > after).order_by(article.c.id).limit(limit)
        rows = self._connection.execute(query).all()
        if not rows:
            return []
        inside = article_image.c.article_id.between(rows[0].id, rows[-1].id)
        shown = select(article_image.c.article_id, image.c.id, image.c.state, image.c.copies).join_from(
            article_image, image
        )
        images: dict[int, list[str]] = {}
        for found in self._connection.execute(shown.where(inside).order_by(image.c.id)):
            images.setdefault(found.article_id, []).append(repr(tuple(found)))
        return [MarkedArticle(row.id, row.visible, _mark(row, images.get(row.id, ()))) for row in rows]

    def labels(self) -> Iterator[Labels]:
        """What visible articles are labelled with: while the transaction lasts."""
        revision = article_revision.c
        query = select(revision.tags, revision.authors, revision.language).where(article.c.visible)
        joined = query.select_from(article.join(article_revision, revision.seq == article.c.seq))
        for row in self._connection.execute(joined, execution_options={"yield_per": _STREAMED}):
            yield Labels(tuple(row.tags), tuple(row.authors), row.language)

    def find(self, reference: str) -> list[ArticleState]:
        """The articles that a person means by a number, a guid or an address."""
        query = CURRENT.order_by(article.c.id)
        if reference.isascii() and reference.isdigit() and len(reference) < 19:
            query = query.where(article.c.id == int(reference))
        elif named := address(reference):
            # By source, since the index begins with it.
            found = select(article_name.c.article_id).select_from(source.join(article_name))
            query = query.where(article.c.id.in_(found.where(article_name.c.name == number(named))))
        else:
            query = query.where(article.c.guid == reference)
        return [read_state(row) for row in self._connection.execute(query)]

    def history(self, article_id: int) -> list[Revision]:
        """All revisions of an article, the oldest first."""
        query = STATES.where(article.c.id == article_id).order_by(article_revision.c.seq)
        return [read_state(row).revision for row in self._connection.execute(query)]

    def count(self) -> int:
        """How many articles are stored."""
        return self._connection.execute(select(func.count()).select_from(article)).scalar_one()

    # --- what is new ---------------------------------------------------------------------------------------------

    def store(self, source_id: int, changes: Sequence[ArticleChange], now: datetime) -> SeqRange:
        """Store new articles and edits; `Unchanged` only notes that it was read.

        What another worker stored meanwhile is left as it is. Takes the counter's lock: call it last.
        """
        by_hash = {_key_hash(change.entry.key): change for change in changes if isinstance(change, New)}
        drafts = self._insert(source_id, by_hash, now)
        drafts += self._edit({change.known.id: change.entry for change in changes if isinstance(change, Edited)}, now)
        self._note_read([change for change in changes if not isinstance(change, New)], now)
        self._name(source_id, {change.known.id: change.names for change in changes if not isinstance(change, New)})
        return self._number(drafts)

    def miss(self, missing: Sequence[Missing], now: datetime) -> SeqRange:
        """Note that pages were found away; those to be hidden get a revision that is not visible."""
        rows = [
            {"article": one.known.id, "new_missing": one.looks, "new_gone_at": now if one.gone else None}
            for one in sorted(missing, key=lambda one: one.known.id)
        ]
        if rows:
            self._update(rows, missing=_new("missing"), gone_at=func.coalesce(article.c.gone_at, _new("gone_at")))
        return self.flag([one.known.id for one in missing if one.hidden], now, visible=False)

    def regain(self, articles: Sequence[KnownArticle], now: datetime) -> SeqRange:
        """Note that pages are there again; an article that was hidden for that becomes visible."""
        where = among(self._connection, article.c.id, [one.id for one in articles])
        self._connection.execute(update(article).where(where).values(missing=0, gone_at=None))
        back = [one.id for one in articles if one.gone_at is not None and one.withheld is None]
        return self.flag(back, now, visible=True)

    def withhold(self, article_id: int, withheld: Withheld | None, now: datetime) -> SeqRange:
        """Note the operator's word on an article, with a revision that is visible or not."""
        numbers = self.flag([article_id], now, visible=withheld is None)
        where = article.c.id == article_id, article.c.withheld.is_distinct_from(Withheld.DELETED.value)
        self._connection.execute(update(article).where(*where).values(withheld=withheld and withheld.value))
        if withheld is Withheld.DELETED:
            revised = article_revision.c.article_id == article_id
            self._connection.execute(update(article_revision).where(revised).values(**NOTHING))
            forgotten = {
                "hint": "",
                "etag": None,
                "last_modified": None,
                "held": False,
                "story_id": None,
                "sketch": b"",
            }
            self._connection.execute(update(article).where(article.c.id == article_id).values(**forgotten))
            self._connection.execute(delete(article_band).where(article_band.c.article_id == article_id))
            write_terms(self._connection, {article_id: ""})
        return numbers

    def held(self, source_id: int) -> list[int]:
        """The articles of a source that a flood brought and that nobody has released."""
        query = select(article.c.id).where(article.c.source_id == source_id, IS_HELD)
        return list(self._connection.execute(query.order_by(article.c.id)).scalars())

    def let_go(self, article_ids: Sequence[int]) -> None:
        """Hold these back no longer."""
        where = among(self._connection, article.c.id, article_ids)
        self._connection.execute(update(article).where(where).values(held=False))

    def flag(
        self,
        article_ids: Sequence[int],
        now: datetime,
        *,
        visible: bool | None = None,
        announced: bool | None = None,
    ) -> SeqRange:
        """Make a new revision of each article whose flags differ, all else as it is."""
        flags = {name: flag for name, flag in (("visible", visible), ("announced", announced)) if flag is not None}
        differing = [
            _Draft(row.article_id, {**row._mapping, **flags, "at": now})
            for row in self._locked(article_ids)
            if any(getattr(row, name) != flag for name, flag in flags.items())
        ]
        if differing:
            self._connection.execute(
                update(article)
                .where(among(self._connection, article.c.id, [draft.article_id for draft in differing]))
                .values(**flags)
            )
        return self._number(differing)

    def _insert(self, source_id: int, by_hash: Mapping[str, New], now: datetime) -> list[_Draft]:
        if not by_hash:
            return []
        rows = [article_values(source_id, change, now) | {"key_hash": key} for key, change in by_hash.items()]
        _ADD.run(self._connection, rows)
        asked = {"source": source_id, "values": values_for(self._connection, by_hash)}
        added = self._connection.execute(_ADDED[self._connection.dialect.name], asked)
        ids = {row.key_hash: row.id for row in added}
        made = {ids[key]: change for key, change in by_hash.items() if key in ids}
        write_terms(self._connection, {id: terms_of(change.entry.content) for id, change in made.items()})
        self._name(source_id, {id: (change.entry.key, *change.names) for id, change in made.items()})
        return [
            _Draft(id, revision_values(change.entry, now) | {"visible": True, "announced": change.announced})
            for id, change in made.items()
        ]

    def _name(self, source_id: int, names: Mapping[int, Collection[str]]) -> None:
        """Note by what names articles are known; a name that another article has stays with that one."""
        rows = {
            (named := number(name)): (source_id, named, article_id)
            for article_id, found in reversed(list(names.items()))
            for name in found
        }
        many(self._connection, _NAME, [rows[key] for key in sorted(rows)])

    def _edit(self, entries: Mapping[int, Entry], now: datetime) -> list[_Draft]:
        rows = [row for row in self._locked(entries) if row.hash != entries[row.article_id].content.fingerprint()]
        if not rows:
            return []
        edits = [
            {
                "article": row.article_id,
                "new_url": entries[row.article_id].url,
                "new_canonical_url": entries[row.article_id].canonical_url,
                "new_dated": entries[row.article_id].content.published,
            }
            for row in rows
        ]
        dated = func.coalesce(_new("dated"), article.c.first_seen)
        self._update(edits, url=_new("url"), canonical_url=_new("canonical_url"), dated=dated)
        write_terms(self._connection, {row.article_id: terms_of(entries[row.article_id].content) for row in rows})
        return [
            _Draft(
                row.article_id,
                revision_values(entries[row.article_id], now) | {"visible": row.visible, "announced": row.announced},
            )
            for row in rows
        ]

    def _note_read(self, changes: Sequence[Edited | Unchanged], now: datetime) -> None:
        """Note that pages were read, with their validators and the line that listed them."""
        rows = [
            {
                "article": change.known.id,
                "new_hint": change.entry.hint,
                "new_etag": change.entry.validators_etag,
                "new_last_modified": change.entry.validators_last_modified,
            }
            for change in sorted(changes, key=lambda change: change.known.id)
        ]
        if rows:
            values = {name: _new(name) for name in ("hint", "etag", "last_modified")}
            self._update(rows, read_at=now, **values)

    def _update(self, rows: Sequence[Mapping[str, Any]], **values: Any) -> None:
        """Update the articles that the rows name as `article`."""
        self._connection.execute(update(article).where(article.c.id == bindparam("article")).values(**values), rows)

    def _locked(self, article_ids: Collection[int]) -> Sequence[Row[Any]]:
        """The current revisions of some articles, their rows locked in one order, before the counter is.

        Those that were deleted stay as they are, and are left out.
        """
        if not article_ids:
            return []
        query = (
            select(article_revision)
            .join(article, article.c.seq == article_revision.c.seq)
            .where(among(self._connection, article.c.id, article_ids))
            .where(article.c.withheld.is_distinct_from(Withheld.DELETED.value))
            .order_by(article.c.id)
        )
        locks = select(article.c.id).where(among(self._connection, article.c.id, article_ids)).order_by(article.c.id)
        self._connection.execute(locks.with_for_update())
        return self._connection.execute(query).all()

    def _number(self, drafts: Sequence[_Draft]) -> SeqRange:
        """The last step of a transaction: numbers in commit order, since the counter's row stays locked until then."""
        if not drafts:
            return SeqRange(self.latest_seq(), self.latest_seq())
        upto = take(self._connection, "seq", len(drafts))
        after = upto - len(drafts)
        rows = [
            {**draft.values, "article_id": draft.article_id, "seq": seq}
            for seq, draft in enumerate(drafts, start=after + 1)
        ]
        _REVISE.run(self._connection, rows)
        many(self._connection, _NUMBER, [(row["seq"], row["seq"], row["article_id"]) for row in rows])
        return SeqRange(after, upto)


def _new(name: str) -> BindParameter[Any]:
    """The parameter `new_…` of an update of a column."""
    return bindparam(f"new_{name}", type_=article.c[name].type)


def _key_hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _mark(row: Any, images: Iterable[str]) -> str:
    return hashlib.sha256("\n".join((repr(tuple(row)), *images)).encode("utf-8", "replace")).hexdigest()[:32]


def _whole(*columns: Any) -> Select[Any]:
    """What is to be known of visible articles that may be shown whole."""
    return (
        select(*columns)
        .select_from(
            article.join(article_revision, article_revision.c.seq == article.c.seq).join(
                source, source.c.id == article.c.source_id
            )
        )
        .where(article.c.visible, source.c.rights != Rights.QUOTE.value)
    )


def _older_than(row: Any) -> Any:
    last = tuple_(literal(row.dated, article.c.dated.type), literal(row.id, article.c.id.type))
    return tuple_(article.c.dated, article.c.id) < last
