"""What the entries of one reading mean to the articles that are stored: the part of collecting that decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.domain import identity
from publisher.domain.article import (
    ArticleChange,
    Entry,
    KnownArticle,
    decide_change,
    within_reservations,
)
from publisher.domain.source import Guids, Source, StoredSource
from publisher.pipeline.ports import Reading, Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reading changes, and what its guids turned out to be."""

    changes: Sequence[ArticleChange]
    guids: Guids


def finder(storage: Storage, source_id: int) -> Callable[[Sequence[str]], Mapping[str, KnownArticle]]:
    """Answers a reader which of some keys are stored: under that name, or as another address of the same page."""

    def known(keys: Sequence[str]) -> Mapping[str, KnownArticle]:
        names = {key: (key, named) if (named := identity.address(key)) else (key,) for key in keys}
        with storage.read() as work:
            found = work.articles.known(
                source_id, list(dict.fromkeys(name for each in names.values() for name in each))
            )
        return {key: found[name] for key, each in names.items() for name in reversed(each) if name in found}

    return known


def judge(work: UnitOfWork, stored: StoredSource, reading: Reading) -> Judgement:
    """What the entries mean, and which keys stay a backlog: named by the first listing or a page of older articles,
    not read yet."""
    source = stored.source
    guids = reading.guids or stored.state.guids
    entries = [_within_reservations(entry, source, reading) for entry in reading.entries]
    found = work.articles.known(source.id, identity.asked_names(entries))
    identified = identity.identify(entries, found, guids, reading.listed)
    backlog = _backlog(work, stored, reading)
    changes = [
        _named(decide_change(named.known, named.entry, backlog=backlog.covers(named.entry.key)), named, found)
        for named in identified.entries
    ]
    backlog.leave(work, source.id, {entry.key for entry in entries} | {named.entry.key for named in identified.entries})
    return Judgement(changes, identified.guids)


def _within_reservations(entry: Entry, source: Source, reading: Reading) -> Entry:
    reserved = reading.reservations | entry.content.reservations
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
