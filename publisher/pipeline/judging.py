"""What the entries of one reading mean to the articles that are stored: the part of collecting that decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.domain import edits, identity
from publisher.domain.article import ArticleChange, Entry, KnownArticle, New, columns, shorten, within_reservations
from publisher.domain.change import Arrivals, Missing, decide_change, decide_missing, is_flood, is_missing, is_old
from publisher.domain.names import ENOUGH_TEXT, address
from publisher.domain.rights import may_keep_text
from publisher.domain.source import Guids, Source, StoredSource
from publisher.domain.words import fold
from publisher.pipeline.ports import Reading, Storage, UnitOfWork
from publisher.pipeline.wording import counted

ENOUGH_TO_JUDGE = 5
"""New articles that must have been read to see whether they are a flood."""

SAME_BODIES = 3
"""Pages of one reading that say the same: none of them is an article."""

SHOWN = 60
"""How many columns of what such pages say are shown."""

FLOOD_NOTICE = "flood"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reading changes, which pages are away or back again, what its guids turned out to be, and what the
    operator should know of it."""

    changes: Sequence[ArticleChange]
    missing: Sequence[Missing]
    back: Sequence[KnownArticle]
    guids: Guids
    problems: tuple[str, ...] = ()

    def store(self, work: UnitOfWork, source_id: int, now: datetime) -> None:
        """Store what was judged: the last of a transaction, since it takes the counter's lock."""
        if self.changes:
            work.articles.store(source_id, self.changes, now)
        if self.missing:
            work.articles.miss(self.missing, now)
        if self.back:
            work.articles.regain(self.back, now)


UNCHANGED = Judgement((), (), (), Guids.STABLE)
"""What a look at a source that gave what it gave before means to its articles."""


def finder(storage: Storage, source_id: int) -> Callable[[Sequence[str]], Mapping[str, KnownArticle]]:
    """Answers a reader which of some keys are stored: under that name, or as another address of the same page."""

    def known(keys: Sequence[str]) -> Mapping[str, KnownArticle]:
        with storage.read() as work:
            return find(work, source_id, keys)

    return known


def find(work: UnitOfWork, source_id: int, keys: Sequence[str]) -> Mapping[str, KnownArticle]:
    """Which of some keys are stored."""
    names = {key: (key, named) if (named := address(key)) else (key,) for key in keys}
    found = work.articles.known(source_id, list(dict.fromkeys(name for each in names.values() for name in each)))
    return {key: found[name] for key, each in names.items() for name in reversed(each) if name in found}


def judge(work: UnitOfWork, stored: StoredSource, reading: Reading, now: datetime) -> Judgement:
    """What the entries mean, and which keys stay a backlog: named by the first listing, a page of older articles, or a
    flood, and not read yet. A reading that is not changed means nothing."""
    source = stored.source
    if not reading.changed:
        return Judgement((), (), (), stored.state.guids)
    entries, problems = _without_stand_ins(within_what_is_reserved(reading, source))
    found = work.articles.known(source.id, identity.asked_names(entries))
    identified = identity.identify(entries, found, reading.guids or stored.state.guids, reading.listed)
    backlog = _backlog(work, stored, reading)
    changes = _changes(work, identified.entries, backlog)
    if not backlog.first:
        changes = _still_held(work, source, changes)
        unread = _flood(work, stored, reading, _announced(changes), found)
        if unread is not None:
            _tell_flood(work, source, changes, reading, now)
            changes = [_held(change) for change in changes]
            backlog = replace(backlog, keys=backlog.keys | unread)
    backlog.leave(work, source.id, {entry.key for entry in entries} | {named.entry.key for named in identified.entries})
    named = [_named(change, one, found) for change, one in zip(changes, identified.entries, strict=True)]
    back = [one.known for one in named if not isinstance(one, New) and is_missing(one.known)]
    return Judgement(named, _missing(work, source, reading), back, identified.guids, problems)


def _without_stand_ins(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries without those whose pages all say the same, as a site answers that has lost them; and a line on each
    such text."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if "body" in entry.evidence and entry.content.text:
            groups.setdefault(_said(entry), []).append(entry)
    alike = [group for group in groups.values() if len(group) >= SAME_BODIES]
    dropped = {entry.key for group in alike for entry in group}
    problems = tuple(
        f"{len(group)} pages say the same, so none is an article: {group[0].url} and others: "
        f"{shorten(group[0].content.text, SHOWN)}"
        for group in alike
    )
    return [entry for entry in entries if entry.key not in dropped], problems


def _said(entry: Entry) -> str:
    """What a page says; a short text only together with its title, since pages of pictures share theirs."""
    text = entry.content.text
    is_long = columns(text[:ENOUGH_TEXT]) >= ENOUGH_TEXT
    return fold(text if is_long else f"{entry.content.title}\n{text}")


def _changes(work: UnitOfWork, entries: Sequence[identity.Named], backlog: "_Backlog") -> list[ArticleChange]:
    """What each entry means, by what the article says now."""
    differing = [
        named.known.id
        for named in entries
        if named.known and named.known.fingerprint != named.entry.content.fingerprint()
    ]
    states = work.articles.states(differing, work.articles.latest_seq()) if differing else {}
    before = {article_id: state.revision.content for article_id, state in states.items()}
    pairs = [(before[one.known.id], one.entry.content) for one in entries if one.known and one.known.id in before]
    common = edits.common_changes(pairs) if len(pairs) >= edits.COMMON else frozenset[str]()
    return [
        decide_change(
            named.known,
            named.entry,
            backlog=backlog.covers(named.entry.key),
            before=before.get(named.known.id) if named.known else None,
            common=common,
        )
        for named in entries
    ]


def _announced(changes: Sequence[ArticleChange]) -> list[New]:
    return [change for change in changes if isinstance(change, New) and change.announced]


def _still_held(work: UnitOfWork, source: Source, changes: list[ArticleChange]) -> list[ArticleChange]:
    """The changes; what of an earlier flood had to wait for its page is held like the rest of it."""
    waited = any(isinstance(change, New) and not change.announced for change in changes)
    if not waited or not work.articles.held(source.id):
        return changes
    return [_held(one) if isinstance(one, New) and not one.announced else one for one in changes]


def _flood(
    work: UnitOfWork, stored: StoredSource, reading: Reading, new: Sequence[New], found: Mapping[str, KnownArticle]
) -> frozenset[str] | None:
    """The keys that a flood named, when the new articles are one."""
    if len(new) <= ENOUGH_TO_JUDGE:
        return None
    unknown = frozenset(reading.listed).difference(find(work, stored.source.id, reading.listed))
    titles = [change.entry.content.title_name for change in new]
    arrivals = Arrivals(
        listed=len(reading.listed),
        unknown=len(unknown),
        new=len(new),
        recurring=sum(title is not None and title in found for title in titles),
        old=sum(is_old(change.entry.content, stored.state) for change in new),
    )
    return unknown if is_flood(arrivals) else None


def _tell_flood(
    work: UnitOfWork, source: Source, changes: Sequence[ArticleChange], reading: Reading, now: datetime
) -> None:
    text = (
        f"{counted(len(_announced(changes)), 'new article')} of {len(reading.listed)} listed look like old ones under "
        f"new addresses, or are dated long ago: they are held back. `publisher source release {source.name}` announces "
        "them, with --keep it leaves them unannounced"
    )
    work.notices.tell(source.id, FLOOD_NOTICE, text, now)


def _held(change: ArticleChange) -> ArticleChange:
    return replace(change, announced=False, held=True) if isinstance(change, New) else change


def _missing(work: UnitOfWork, source: Source, reading: Reading) -> list[Missing]:
    known = work.articles.known(source.id, list(reading.missing)) if reading.missing else {}
    away = reading.missing.items()
    return [decide_missing(known[key], status, source.on_gone) for key, status in away if key in known]


def within_what_is_reserved(reading: Reading, source: Source) -> list[Entry]:
    """The entries as they may be stored, each with all that is reserved for it."""
    return [_within_reservations(entry, source, reading) for entry in reading.entries]


def _within_reservations(entry: Entry, source: Source, reading: Reading) -> Entry:
    reserved = reading.reservations | entry.content.reservations
    if reserved == entry.content.reservations and may_keep_text(source.rights, reserved):
        return entry
    return replace(entry, content=within_reservations(replace(entry.content, reservations=reserved), source.rights))


def _named(change: ArticleChange, named: identity.Named, found: Mapping[str, KnownArticle]) -> ArticleChange:
    """The change with the names that its article has not got yet."""
    names = (*named.names, *identity.told_names(named.entry.content))
    return replace(change, names=tuple(name for name in names if name not in found))


@dataclass(frozen=True, slots=True)
class _Backlog:
    """Keys whose articles are stored without being announced."""

    first: bool
    before: frozenset[str]
    keys: frozenset[str]

    def covers(self, key: str) -> bool:
        return self.first or key in self.keys

    def leave(self, work: UnitOfWork, source_id: int, read: set[str]) -> None:
        """Keep what was not read."""
        left = self.keys - read
        if left != self.before:
            work.sources.set_backlog(source_id, left)


def _backlog(work: UnitOfWork, stored: StoredSource, reading: Reading) -> _Backlog:
    first = stored.state.listed_at is None
    before = frozenset[str]() if first else work.sources.backlog(stored.source.id)
    limit = stored.source.first_limit if first else None
    if limit is not None:
        work.sources.pass_over(stored.source.id, reading.listed[limit:])
    work.sources.pass_over(stored.source.id, reading.passed)
    return _Backlog(first, before, (frozenset(reading.listed[:limit]) if first else before) | frozenset(reading.older))
