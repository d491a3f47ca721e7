"""What comes to us by itself: articles that are pushed, and what WebSub hubs bring. It is stored as what is collected.

A push is answered once it is stored. What a hub brings is kept first, since hubs don't wait, and looked at by the next
`collect`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from publisher.domain.article import ArticleChange, Edited, Entry, New
from publisher.domain.source import SourceKind, StoredSource, Validators
from publisher.errors import SourceError
from publisher.pipeline.collect import Each, FetcherFor, SourceReport, report_of
from publisher.pipeline.judging import finder, judge
from publisher.pipeline.ports import (
    Clock,
    Fetched,
    Fetcher,
    FetchRequest,
    FetchResult,
    HubContent,
    Readers,
    Reading,
    ReadRequest,
    Storage,
    UnitOfWork,
)

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""How much of what hubs brought is looked at in one round."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one pushed article: `new`, `edited` or `unchanged`."""

    key: str
    result: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """What receiving needs."""

    storage: Storage
    readers: Readers
    fetcher: Fetcher
    clock: Clock

    # --- pushed articles -----------------------------------------------------------------------------------------

    def pushed(self, name: str) -> StoredSource | None:
        """The source of this name that articles may be pushed to."""
        with self.storage.read() as work:
            stored = work.sources.get(name)
        return stored if stored is not None and stored.source.kind is SourceKind.PUSH else None

    def push(self, stored: StoredSource, entries: Sequence[Entry], *, backlog: Collection[str] = ()) -> list[Receipt]:
        """Store pushed articles: new ones are announced, but those of the `backlog`; what is known becomes a revision
        where it says something else, and is shown again where it was hidden."""
        now = self.clock()
        reading = Reading(
            entries=tuple(entries), listed=tuple(entry.key for entry in entries), older=tuple(sorted(backlog))
        )

        def store(work: UnitOfWork) -> list[Receipt]:
            judgement = judge(work, _as_listed(stored), reading, now)
            changes = judgement.changes
            receipts = [Receipt(change.entry.key, _result(change)) for change in changes]
            outcome = f"{_count(receipts, 'new')} new, {_count(receipts, 'edited')} edited of {len(receipts)} pushed"
            state = replace(
                stored.state,
                checked_at=now,
                listed_at=stored.state.listed_at or now,
                failures=0,
                failing_since=None,
                outcome=outcome,
            )
            work.sources.finish(stored.source.id, state)
            judgement.store(work, stored.source.id, now)
            hidden = [change.known.id for change in changes if not isinstance(change, New) and not change.known.visible]
            if hidden:
                work.articles.flag(hidden, now, visible=True)
            return receipts

        return self.storage.share(store)

    def hide(self, stored: StoredSource, key: str) -> bool:
        """Hide a pushed article everywhere; False when there is none of this key. As often as it is asked."""
        with self.storage.begin() as work:
            known = work.articles.known(stored.source.id, [key]).get(key)
            if known is None:
                return False
            work.articles.flag([known.id], self.clock(), visible=False)
            return True

    # --- what hubs brought ---------------------------------------------------------------------------------------

    def take_in(self, each: Each) -> list[SourceReport]:
        """Look at what hubs brought since the last time: each as if its feed had been fetched."""
        with self.storage.read() as work:
            waiting = work.hubs.waiting(AT_ONCE)
            if not waiting:
                return []
            defined = {stored.source.id: stored for stored in work.sources.all()}
        by_source: dict[int, list[HubContent]] = {}
        for content in waiting:
            by_source.setdefault(content.source_id, []).append(content)
        for source_id in by_source.keys() - defined.keys():
            self._drop(by_source[source_id])

        def look(stored: StoredSource) -> SourceReport:
            reports = [self._look(stored, content) for content in by_source[stored.source.id]]
            return replace(
                reports[-1],
                new=sum(report.new for report in reports),
                edited=sum(report.edited for report in reports),
                listed=sum(report.listed for report in reports),
            )

        return list(each(look, [defined[source_id] for source_id in by_source if source_id in defined]))

    def _drop(self, contents: Sequence[HubContent]) -> None:
        with self.storage.begin() as work:
            for content in contents:
                work.hubs.done(content.id)

    def _look(self, stored: StoredSource, content: HubContent) -> SourceReport:
        source = stored.source
        request = ReadRequest(
            source=source,
            validators=Validators(),
            known=finder(self.storage, source.id),
            now=self.clock(),
            guids=stored.state.guids,
        )
        brought = _Brought(content, source.url, FetcherFor(self.fetcher, source.name))
        try:
            reading = self.readers[source.kind].read(request, brought)
        except SourceError as error:
            # The feed itself is as good as before: only what the hub brought is thrown away.
            log.warning("what a hub brought can't be read", source=source.name, reason=error.reason)
            self._drop([content])
            return SourceReport(source=source.name, problems=(f"what its hub brought: {error.reason}",))
        return self._store(stored, reading, content)

    def _store(self, stored: StoredSource, reading: Reading, content: HubContent) -> SourceReport:
        now = self.clock()

        def store(work: UnitOfWork) -> SourceReport:
            judgement = judge(work, _as_listed(stored), reading, now)
            work.hubs.done(content.id)
            judgement.store(work, stored.source.id, now)
            return report_of(stored, reading, judgement)

        return self.storage.share(store)


@dataclass(slots=True)
class _Brought(Fetcher):
    """Answers for a feed's address with what its hub brought; the pages behind it are fetched as ever."""

    content: HubContent
    url: str
    fetcher: Fetcher

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document."""
        if request.url != self.url:
            return self.fetcher.fetch(request)
        content = self.content
        return Fetched(url=content.topic, body=content.body, media_type=content.media_type, charset=content.charset)


def _as_listed(stored: StoredSource) -> StoredSource:
    """The source as one whose backlog is known: what comes by itself is news."""
    if stored.state.listed_at is not None:
        return stored
    return replace(stored, state=replace(stored.state, listed_at=datetime.min.replace(tzinfo=UTC)))


def _result(change: ArticleChange) -> str:
    match change:
        case New():
            return "new"
        case Edited():
            return "edited"
        case _:
            return "unchanged"


def _count(receipts: Sequence[Receipt], result: str) -> int:
    return sum(receipt.result == result for receipt in receipts)
