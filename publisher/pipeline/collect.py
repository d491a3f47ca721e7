"""The first stretch: sources are read and what changed in their articles is stored.

For each source all network and parsing comes first, then one short transaction stores the changes, the validators
and the next due time: sources that end at the same moment share its commit, none its fate. A failing source never
holds up another.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.domain.article import Edited, New
from publisher.domain.polling import (
    MOVES_TO_BELIEVE,
    Failure,
    Polling,
    Success,
    after_failure,
    after_success,
    digest_to_skip,
    validators_to_send,
)
from publisher.domain.selection import Selection
from publisher.domain.source import HINT_LIMIT, SourceKind, SourceState, StoredSource
from publisher.errors import SourceError
from publisher.pipeline.hubs import polled
from publisher.pipeline.judging import UNCHANGED, Judgement, finder, judge
from publisher.pipeline.ports import (
    Clock,
    Fetcher,
    FetchRequest,
    FetchResult,
    Readers,
    Reading,
    ReadRequest,
    Run,
    Storage,
    UnitOfWork,
)
from publisher.pipeline.stories import StoryFinder
from publisher.pipeline.wording import counted

FIRST_ROUND = "first_round"
"""The word in meta that tells when the first round of this database ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How the look at one source ended. `failed` is the reason when it could not be read at all."""

    source: str
    new: int = 0
    edited: int = 0
    listed: int = 0
    not_modified: bool = False
    problems: tuple[str, ...] = ()
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Collector:
    """What a look at a source needs.

    `chance` gives numbers in [0, 1) that spread the looks, `hint_limit` is what a server may ask for at most. `first`
    fetches for the first look at a source, when another than `fetcher` shall.
    """

    storage: Storage
    readers: Readers
    fetcher: Fetcher
    clock: Clock
    chance: Callable[[], float] = float
    hint_limit: timedelta = HINT_LIMIT
    first: Fetcher | None = None

    def due(self) -> list[StoredSource]:
        """The sources to look at now."""
        with self.storage.read() as work:
            return work.sources.due(self.clock())

    def collect(self, sources: Sequence[StoredSource], each: "Each") -> list[SourceReport]:
        """Look at some sources; `each` runs the looks, side by side or one by one. Leaves a row."""
        began = self.clock()
        try:
            reports = list(each(self.look, sources))
        finally:
            self.storage.settle()
        if reports:
            StoryFinder(self.storage, self.clock).find()
            failed = [report.source for report in reports if report.failed]
            outcome = (
                f"{counted(len(reports), 'source')}, {sum(report.new for report in reports)} new, "
                f"{sum(report.edited for report in reports)} edited"
            )
            if failed:
                outcome += f"; failed: {', '.join(failed)}"
            with self.storage.begin() as work:
                work.runs.add(Run("collect", began, self.clock() - began, outcome, failed=bool(failed)))
        return reports

    def look(self, stored: StoredSource) -> SourceReport:
        """Read one source and store what it gave: that nothing changed is stored later (see `Storage.settle`)."""
        source = stored.source
        now, first = self.clock(), stored.state.listed_at is None
        request = ReadRequest(
            source=source,
            validators=validators_to_send(stored.state, now),
            known=finder(self.storage, source.id),
            now=now,
            listing=stored.state.listing,
            limit=source.first_limit if first else None,
            passed=self._passed(stored),
            guids=stored.state.guids,
            documents=stored.state.documents,
            first=first,
            digest=digest_to_skip(stored.state, now),
        )
        fetcher = (self.first or self.fetcher) if first else self.fetcher
        try:
            reading = self.readers[source.kind].read(request, FetcherFor(fetcher, source.name))
        except SourceError as error:
            return self._failed(stored, error)
        if reading.failure is not None:
            return self._failed(stored, SourceError(source.name, reading.failure), reading)
        return self._store(stored, _limited(reading, request))

    def _passed(self, stored: StoredSource) -> frozenset[str]:
        if stored.source.first_limit is None or stored.state.listed_at is None:
            return frozenset()
        with self.storage.read() as work:
            return work.sources.passed(stored.source.id)

    def _polling(self) -> Polling:
        return Polling(self.hint_limit, self.chance())

    def _failed(self, stored: StoredSource, error: SourceError, reading: Reading | None = None) -> SourceReport:
        now = self.clock()
        failure = Failure(
            reason=error.reason,
            status=error.status,
            retry_after=error.retry_after,
            gone=error.gone,
            postponed=error.postponed,
        )
        state = after_failure(stored, now, failure, self._polling())
        if reading is not None:
            state = _remembering(state, reading)

        def store(work: UnitOfWork) -> None:
            if reading is not None:
                _tell(work, stored, reading, now)
            if error.gone:
                text = "it is gone for good (410) and no longer looked at: change its url, or remove it"
                work.notices.tell(stored.source.id, "gone", text, now)
            work.sources.finish(stored.source.id, state)

        self.storage.share(store)
        return SourceReport(source=stored.source.name, failed=error.reason)

    def _store(self, stored: StoredSource, reading: Reading) -> SourceReport:
        """Store what one source gave; several sources may share a commit."""
        now, polling = self.clock(), self._polling()

        def store(work: UnitOfWork) -> SourceReport:
            judgement = judge(work, stored, reading, now)
            report = report_of(stored, reading, judgement)
            moved, moves = _moved(work, stored, reading, now)
            look = Success(
                validators=reading.validators,
                hints=reading.hints,
                changed=reading.changed,
                news=bool(report.new or report.edited),
                outcome=_outcome(report) + moves,
                moved_to=moved,
            )
            state = after_success(stored, now, look, polling)
            state = replace(state, guids=judgement.guids)
            if stored.source.kind is SourceKind.FEED:
                rest = polled(work, stored.source.id, reading, new=report.new, now=now)
                state = replace(state, next_check=max(filter(None, (state.next_check, rest)), default=None))
            work.sources.finish(stored.source.id, _remembering(state, reading))
            _tell(work, stored, reading, now)
            if stored.state.gone:
                work.notices.close(stored.source.id, "gone", now)
            judgement.store(work, stored.source.id, now)
            return report

        if reading.changed or reading.moved_to or reading.notices:
            return self.storage.share(store)
        # After a crash it is looked at once more.
        self.storage.later(store)
        return report_of(stored, reading, UNCHANGED)


@dataclass(frozen=True, slots=True)
class FetcherFor(Fetcher):
    """A fetcher on behalf of one source, so that no reader has to say whose requests are made."""

    fetcher: Fetcher
    source: str

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document."""
        return self.fetcher.fetch(replace(request, source=self.source))


Each = Callable[[Callable[[StoredSource], SourceReport], Sequence[StoredSource]], Iterable[SourceReport]]
"""Applies a look to each source; `map` is one, a thread pool's `map` another."""


def report_of(stored: StoredSource, reading: Reading, judgement: Judgement) -> SourceReport:
    """What a reading brought."""
    return SourceReport(
        source=stored.source.name,
        new=sum(isinstance(change, New) for change in judgement.changes),
        edited=sum(isinstance(change, Edited) for change in judgement.changes),
        listed=len(reading.listed),
        not_modified=not reading.changed,
        problems=(*judgement.problems, *reading.problems),
    )


def _tell(work: UnitOfWork, stored: StoredSource, reading: Reading, now: datetime) -> None:
    for kind, text in reading.notices.items():
        if text:
            work.notices.tell(stored.source.id, kind, text, now)
        else:
            work.notices.close(stored.source.id, kind, now)


def _remembering(state: SourceState, reading: Reading) -> SourceState:
    """The state with what the reading wants remembered."""
    documents = reading.documents if reading.documents is not None else state.documents
    digest = reading.digest if reading.changed else state.digest
    return replace(state, listing=reading.listing or state.listing, documents=documents, digest=digest)


def _limited(reading: Reading, request: ReadRequest) -> Reading:
    """A reading without what the source's `first_limit` leaves out, whatever its reader made of that."""
    if request.limit is None and not request.passed:
        return reading
    wanted = frozenset(request.wanted(reading.listed)) | (frozenset(reading.older) - request.passed)
    return replace(reading, entries=tuple(entry for entry in reading.entries if entry.key in wanted))


def _moved(work: UnitOfWork, stored: StoredSource, reading: Reading, now: datetime) -> tuple[str | None, str]:
    """The address to read from now on, when the source has moved for good for long enough; and what the outcome says
    of it."""
    url = reading.moved_to
    if url is None or url == stored.source.url:
        return None, ""
    times = work.sources.moved(stored.source.id, url)
    said = f"; moved for good to {url} (seen {counted(times, 'time')})"
    if times < MOVES_TO_BELIEVE:
        return None, said
    work.sources.move(stored.source.id, url)
    text = f"it moved for good and is read at {url} now: change its url in the configuration"
    work.notices.tell(stored.source.id, "moved", text, now)
    return url, f"{said}: it is read there now"


def _outcome(report: SourceReport) -> str:
    """One line for the operator."""
    if report.not_modified:
        return "not modified"
    outcome = f"{report.new} new, {report.edited} edited of {report.listed}"
    return (
        f"{outcome}; {counted(len(report.problems), 'problem')}: {report.problems[0]}" if report.problems else outcome
    )


def end_first_round(storage: Storage, clock: Clock, *, announce: int) -> int:
    """After the first round that stored something on a fresh database, announce its newest articles.

    `announce` is how many over all sources, 0 for none; later rounds do nothing. Returns how many were announced.
    """
    with storage.begin() as work:
        if work.meta.get(FIRST_ROUND) is not None or not work.articles.count():
            return 0
        work.meta.set(FIRST_ROUND, clock().isoformat())
        newest = work.articles.current(Selection(), limit=announce) if announce else []
        if newest:
            work.articles.flag([state.article.id for state in newest], clock(), announced=True)
        return len(newest)
