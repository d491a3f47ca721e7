"""Articles and their revisions. Revisions are numbered in commit order; everything is made ready before the number."""

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    Article,
    ArticleChange,
    ArticleState,
    Content,
    Edited,
    Enclosure,
    Entry,
    KnownArticle,
    New,
    Revision,
    SourceCredit,
    Unchanged,
    Withheld,
)
from publisher.domain.change import Missing
from publisher.domain.identity import address, number
from publisher.domain.selection import Selection
from publisher.domain.source import Rights, SourceKind
from publisher.pipeline.ports import Articles, Labels, SeqRange
from publisher.storage.counters import latest, take
from publisher.storage.encoding import read_reservations
from publisher.storage.lists import Insertion, among, each_dialect, many, values_for
from publisher.storage.schema import IS_HELD, article, article_band, article_name, article_revision, source
from publisher.storage.selection import narrowed, terms_of, write_terms
from publisher.storage.types import pack, unpack

_NOT_NUMBERED = 0
"""The `seq` of an article that was inserted and has not got its number yet, in the same transaction."""

_NAME = "INSERT INTO article_name (source_id, name, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_NUMBER = f"UPDATE article SET seq = ?, first_seq = coalesce(nullif(first_seq, {_NOT_NUMBERED}), ?) WHERE id = ?"

_PAGE = 50
"""How many candidates of a selection are judged at a time, at least."""

_STREAMED = 500
"""How many rows of a long answer are fetched at a time."""

_STATES = select(
    article.c.id,
    article.c.guid,
    article.c.source_id,
    article.c.source_key,
    article.c.url,
    article.c.canonical_url,
    article.c.first_seen,
    article.c.first_seq,
    article.c.dated,
    article.c.story_id,
    article.c.gone_at,
    article.c.withheld,
    *(column for column in article_revision.c if column.name not in ("article_id", "hash", "evidence")),
    source.c.name.label("source_name"),
    source.c.kind.label("source_kind"),
    source.c.title.label("source_title"),
    source.c.url.label("source_url"),
    source.c.rights,
).select_from(
    article_revision.join(article, article.c.id == article_revision.c.article_id).join(
        source, source.c.id == article.c.source_id
    )
)
_KNOWN = each_dialect(
    lambda among_values: (
        select(
            article,
            article_name.c.name,
            article_revision.c.hash,
            article_revision.c.published,
            article_revision.c.title,
        )
        .select_from(article_name)
        .join(article, article.c.id == article_name.c.article_id)
        .join(article_revision, article_revision.c.seq == article.c.seq)
        .where(article_name.c.source_id == bindparam("source"), among_values(article_name.c.name))
    )
)
_SET_LATER = ("id", "missing", "gone_at", "story_id", "sketch", "withheld")
_ADD = Insertion(
    article,
    (
        column
        for column in article.c
        if column.name not in ("id", "missing", "gone_at", "story_id", "sketch", "withheld")
    ),
    "ON CONFLICT DO NOTHING",
)
_ADDED = each_dialect(
    lambda among_values: select(article.c.id, article.c.key_hash).where(
        article.c.source_id == bindparam("source"),
        among_values(article.c.key_hash),
        article.c.seq == _NOT_NUMBERED,
    )
)
_REVISE = Insertion(article_revision, article_revision.c)
_BEFORE = article.alias()
_CURRENT = _STATES.where(article_revision.c.seq == article.c.seq)

_JUDGED = select(
    *(article.c[name] for name in ("id", "dated", "announced")),
    *(article_revision.c[name] for name in ("tags", "authors", "language")),
    source.c.name.label("source_name"),
).select_from(
    article.join(article_revision, article_revision.c.seq == article.c.seq).join(
        source, source.c.id == article.c.source_id
    )
)
_JUDGED_WITH_TEXT = _JUDGED.add_columns(*(article_revision.c[name] for name in ("title", "summary", "text")))


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
        if not names:
            return {}
        by_number = {number(name): name for name in names}
        asked = {"source": source_id, "values": values_for(self._connection, by_number)}
        found = self._connection.execute(_KNOWN[self._connection.dialect.name], asked)
        return {by_number[row.name]: _known(row) for row in found}

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
        rows = self._connection.execute(_STATES.where(article_revision.c.seq.in_(then)))
        return {row.id: _state(row) for row in rows}

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
        query = _CURRENT.where(article.c.visible, *narrowed(self._connection, selection))
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
            matches += [state for state in map(_state, page) if selection.matches(state)]
            if len(matches) >= limit:
                break
            page = self._connection.execute(query.where(_older_than(page[-1]))).all()
        return matches[:limit]

    def members(self, selection: Selection) -> Iterator[Judged]:
        """All visible articles of a selection, by number: while the transaction lasts."""
        with_text = bool(selection.words or selection.every)
        query = (
            (_JUDGED_WITH_TEXT if with_text else _JUDGED)
            .where(article.c.visible, *narrowed(self._connection, selection))
            .order_by(article.c.id)
        )
        for row in self._connection.execute(query, execution_options={"yield_per": _STREAMED}):
            if selection.matches(_to_judge(row, with_text=with_text)):
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

    def numbers(self, after: int, limit: int) -> list[tuple[int, bool]]:
        """The numbers above one of articles, in their order, at most so many; each with whether it is visible."""
        query = select(article.c.id, article.c.visible).where(article.c.id > after).order_by(article.c.id).limit(limit)
        return [(number, visible) for number, visible in self._connection.execute(query)]

    def labels(self) -> Iterator[Labels]:
        """What visible articles are labelled with: while the transaction lasts."""
        revision = article_revision.c
        query = select(revision.tags, revision.authors, revision.language).where(article.c.visible)
        joined = query.select_from(article.join(article_revision, revision.seq == article.c.seq))
        for row in self._connection.execute(joined, execution_options={"yield_per": _STREAMED}):
            yield Labels(tuple(row.tags), tuple(row.authors), row.language)

    def find(self, reference: str) -> list[ArticleState]:
        """The articles that a person means by a number, a guid or an address."""
        query = _CURRENT.order_by(article.c.id)
        if reference.isascii() and reference.isdigit() and len(reference) < 19:
            query = query.where(article.c.id == int(reference))
        elif named := address(reference):
            # By source, since the index begins with it.
            found = select(article_name.c.article_id).select_from(source.join(article_name))
            query = query.where(article.c.id.in_(found.where(article_name.c.name == number(named))))
        else:
            query = query.where(article.c.guid == reference)
        return [_state(row) for row in self._connection.execute(query)]

    def history(self, article_id: int) -> list[Revision]:
        """All revisions of an article, the oldest first."""
        query = _STATES.where(article.c.id == article_id).order_by(article_revision.c.seq)
        return [_state(row).revision for row in self._connection.execute(query)]

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
            self._connection.execute(update(article_revision).where(revised).values(**_NOTHING))
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
            write_terms(self._connection, {article_id: set()})
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
        rows = [_article_values(source_id, change, now) | {"key_hash": key} for key, change in by_hash.items()]
        _ADD.run(self._connection, rows)
        asked = {"source": source_id, "values": values_for(self._connection, by_hash)}
        added = self._connection.execute(_ADDED[self._connection.dialect.name], asked)
        ids = {row.key_hash: row.id for row in added}
        made = {ids[key]: change for key, change in by_hash.items() if key in ids}
        write_terms(self._connection, {id: terms_of(change.entry.content) for id, change in made.items()})
        self._name(source_id, {id: (change.entry.key, *change.names) for id, change in made.items()})
        return [
            _Draft(id, _revision_values(change.entry, now) | {"visible": True, "announced": change.announced})
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
                _revision_values(entries[row.article_id], now) | {"visible": row.visible, "announced": row.announced},
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


_NOTHING: Mapping[str, Any] = {
    "hash": "",
    "title": "",
    "authors": (),
    "tags": (),
    "summary": "",
    "html": pack(""),
    "text": pack(""),
    "image": None,
    "enclosures": (),
    "original_url": None,
    "source": None,
    "section": None,
    "evidence": {},
    "reservations": None,
}
"""What the revisions of a deleted article hold."""


def _key_hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _new(name: str) -> BindParameter[Any]:
    """The parameter `new_…` of an update of a column."""
    return bindparam(f"new_{name}", type_=article.c[name].type)


def _article_values(source_id: int, change: New, now: datetime) -> dict[str, Any]:
    return {
        "guid": uuid.uuid4().urn,
        "source_id": source_id,
        "source_key": change.entry.key,
        "url": change.entry.url,
        "canonical_url": change.entry.canonical_url,
        "first_seen": now,
        "first_seq": _NOT_NUMBERED,
        "seq": _NOT_NUMBERED,
        "dated": change.entry.content.published or now,
        "visible": True,
        "announced": change.announced,
        "held": change.held,
        "read_at": now,
        "hint": change.entry.hint,
        "etag": change.entry.validators_etag,
        "last_modified": change.entry.validators_last_modified,
    }


def _revision_values(entry: Entry, now: datetime) -> dict[str, Any]:
    content = entry.content
    return {
        "at": now,
        "changed_at": now,
        "hash": content.fingerprint(),
        "title": content.title,
        "authors": content.authors,
        "tags": content.tags,
        "language": content.language,
        "published": content.published,
        "updated": content.updated,
        "summary": content.summary,
        "html": pack(content.html),
        "text": pack(content.text),
        "image": content.image,
        "enclosures": [[enclosure.url, enclosure.type, enclosure.length] for enclosure in content.enclosures],
        "original_url": content.original_url,
        "source": content.source,
        "section": content.section,
        "evidence": dict(entry.evidence),
        "reservations": content.reservations.said() or None,
    }


def _known(row: Any) -> KnownArticle:
    return KnownArticle(
        id=row.id,
        key=row.source_key,
        seq=row.seq,
        fingerprint=row.hash,
        hint=row.hint,
        first_seen=row.first_seen,
        read_at=row.read_at,
        published=row.published,
        visible=row.visible,
        announced=row.announced,
        etag=row.etag,
        last_modified=row.last_modified,
        url=row.url,
        title=row.title,
        missing=row.missing,
        gone_at=row.gone_at,
        withheld=row.withheld and Withheld(row.withheld),
    )


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


def _to_judge(row: Any, *, with_text: bool) -> ArticleState:
    """As much of an article as selections ask for."""
    content = Content(title="", tags=tuple(row.tags), authors=tuple(row.authors), language=row.language)
    if with_text:
        content = replace(content, title=row.title, summary=row.summary, text=unpack(row.text))
    return ArticleState(
        Article(id=row.id, guid="", source_id=0, key="", url="", canonical_url=None, first_seen=row.dated, first_seq=0),
        Revision(seq=0, content=content, at=row.dated, changed_at=row.dated),
        SourceCredit(0, row.source_name, "", "", Rights.OWN),
    )


def _state(row: Any) -> ArticleState:
    content = Content(
        title=row.title,
        authors=tuple(row.authors),
        tags=tuple(row.tags),
        language=row.language,
        published=row.published,
        updated=row.updated,
        summary=row.summary,
        html=unpack(row.html),
        text=unpack(row.text),
        image=row.image,
        enclosures=tuple(Enclosure(*values) for values in row.enclosures),
        original_url=row.original_url,
        source=row.source,
        section=row.section,
        reservations=read_reservations(row.reservations),
    )
    return ArticleState(
        Article(
            id=row.id,
            guid=row.guid,
            source_id=row.source_id,
            key=row.source_key,
            url=row.url,
            canonical_url=row.canonical_url,
            first_seen=row.first_seen,
            first_seq=row.first_seq,
            story_id=row.story_id,
            gone_at=row.gone_at,
            withheld=row.withheld and Withheld(row.withheld),
        ),
        Revision(
            seq=row.seq,
            content=content,
            at=row.at,
            changed_at=row.changed_at,
            visible=row.visible,
            announced=row.announced,
        ),
        _credit(row),
    )


def _credit(row: Any) -> SourceCredit:
    """Where an article came from. The path of a folder is nobody's business outside."""
    url = "" if row.source_kind == SourceKind.FOLDER else row.source_url
    return SourceCredit(row.source_id, row.source_name, row.source_title or row.source_name, url, Rights(row.rights))
