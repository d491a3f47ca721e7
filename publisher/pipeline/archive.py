"""The archives of feeds (RFC 5005, section 4): who joined a feed and when, and the pages that nobody can miss.

Judged are only the articles that changed since the last time, so that a new article costs what the feeds that it is in
cost. A selection that is defined anew is judged against everything that is stored.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from publisher.domain.archive import OPEN_PAGE, Judged, Member, Page, fingerprint, to_close, versions, window
from publisher.domain.article import ArticleState
from publisher.domain.feed import UNANNOUNCED_LIMIT, Feed
from publisher.domain.selection import Selection
from publisher.pipeline.ports import History, Storage, UnitOfWork

_SEQS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed whose history is kept. `head` is a fingerprint of what all pages say of it, `shape` one of all that they
    depend on besides its articles."""

    feed: Feed
    head: str
    shape: str


@dataclass(frozen=True, slots=True)
class Archivist:
    """Keeps the histories of feeds."""

    storage: Storage

    def follow(self, kept: Sequence[Kept]) -> Mapping[str, History]:
        """Bring histories up to date; how they stand then, by slug."""
        slugs = [one.feed.slug for one in kept]
        with self.storage.read() as work:
            upto = work.articles.latest_seq()
            known = work.histories.of(slugs)
        behind: dict[int, dict[int, Kept]] = defaultdict(dict)
        reshaped = []
        for one in kept:
            history = known.get(one.feed.slug)
            if history is None or history.wanted != _wanted(one.feed):
                self._fill(one)
                continue
            if history.judged_seq < upto:
                behind[history.judged_seq][history.id] = one
            if history.shape != one.shape:
                reshaped.append(one)
        for after, group in behind.items():
            self._catch_up(group, after, upto)
        for one in reshaped:
            self._reshape(one)
        with self.storage.read() as work:
            return work.histories.of(slugs)

    def _fill(self, one: Kept) -> None:
        """Judge everything that is stored: read first, then one transaction."""
        with self.storage.read() as work:
            upto = work.articles.latest_seq()
            live = list(work.articles.members(one.feed.selection))
        with self.storage.begin() as work:
            history = work.histories.lock(one.feed.slug)
            left = work.histories.without(history.id, [judged.article_id for judged in live])
            pages = set(left.pages)
            for start in range(0, len(live), _SEQS_AT_A_TIME):
                some = live[start : start + _SEQS_AT_A_TIME]
                pages |= work.histories.judge(history.id, some, joined=upto).pages
            _arrange(work, one, history.id, pages)
            changed = max(history.changed_seq, upto)
            wanted = _wanted(one.feed)
            work.histories.note(replace(history, wanted=wanted, shape=one.shape, judged_seq=upto, changed_seq=changed))

    def _catch_up(self, group: Mapping[int, Kept], after: int, upto: int) -> None:
        """Judge what changed, some at a time, for histories that stand at the same number."""
        for start in range(after, upto, _SEQS_AT_A_TIME):
            end = min(start + _SEQS_AT_A_TIME, upto)
            with self.storage.read() as work:
                changed = work.articles.changed(start, end)
                states = work.articles.states(changed, upto)
                keeping = work.histories.keeping(list(group), changed)
            for number, one in group.items():
                judged = _judged(one.feed.selection, states.values())
                if number in keeping or any(each.live for each in judged):
                    self._take_in(one, judged, end)
        with self.storage.begin() as work:
            work.histories.unconcerned([one.feed.slug for one in group.values()], upto)

    def _take_in(self, one: Kept, judged: Sequence[Judged], upto: int) -> None:
        with self.storage.begin() as work:
            history = work.histories.lock(one.feed.slug)
            effect = work.histories.judge(history.id, judged, joined=upto)
            if effect.changed:
                _arrange(work, one, history.id, effect.pages)
                history = replace(history, changed_seq=max(history.changed_seq, upto))
            work.histories.note(replace(history, judged_seq=max(history.judged_seq, upto)))

    def _reshape(self, one: Kept) -> None:
        """What all pages say has changed, or how much current documents show."""
        with self.storage.begin() as work:
            history = work.histories.lock(one.feed.slug)
            _arrange(work, one, history.id, [page.number for page in work.histories.pages(history.id)])
            work.histories.note(replace(history, shape=one.shape))


def shown_now(work: UnitOfWork, history_id: int, limit: int) -> list[int]:
    """The articles that current documents show, newest first by date."""
    return [member.article_id for member in _window(work, history_id, limit)]


def shown_in_page(work: UnitOfWork, history: History, number: int) -> list[ArticleState]:
    """The live entries of a page as they were judged, newest first by date; without what was hidden since."""
    ids = [member.article_id for member in work.histories.in_page(history.id, number) if member.live]
    hidden = work.articles.hidden(ids)
    states = work.articles.states([article for article in ids if article not in hidden], history.judged_seq)
    return sorted(states.values(), key=lambda state: (state.dated, state.article.id), reverse=True)


def _window(work: UnitOfWork, history_id: int, limit: int) -> list[Member]:
    announced = work.histories.announced(history_id, limit)
    backlog = work.histories.backlog(history_id, min(UNANNOUNCED_LIMIT, limit))
    return window(announced, backlog, limit)


def _arrange(work: UnitOfWork, one: Kept, history_id: int, changed: Collection[int]) -> None:
    """Close pages where something would be in no document else, and give new versions to those that changed and to
    all that come after."""
    shown = [member.article_id for member in _window(work, history_id, one.feed.limit)]
    last = work.histories.last_page(history_id)
    next_number = last.number + 1 if last else 1
    closing = dict(enumerate(to_close(work.histories.in_page(history_id, OPEN_PAGE), shown), start=next_number))
    work.histories.close(history_id, closing)
    numbers = sorted({*changed, *closing})
    if numbers:
        _give_versions(work, history_id, one.head, numbers)


def _give_versions(work: UnitOfWork, history_id: int, head: str, changed: Sequence[int]) -> None:
    before = work.histories.page(history_id, changed[0] - 1)
    stored = {page.number: page for page in work.histories.pages(history_id, after=changed[0] - 1)}
    said = work.histories.said(history_id, changed)
    pages = {number: replace(page, said=said.get(number, page.said)) for number, page in stored.items()}
    pages |= {number: Page(number, said[number], 0, "") for number in changed if number not in stored}
    found = versions(head, [pages[number] for number in sorted(pages)], before.version if before else "")
    now = [replace(page, version=found[number]) for number, page in sorted(pages.items())]
    work.histories.save(history_id, [page for page in now if page != stored.get(page.number)])


def _judged(selection: Selection, states: Iterable[ArticleState]) -> list[Judged]:
    return [
        Judged(
            article_id=state.article.id,
            live=state.revision.visible and selection.matches(state),
            announced=state.revision.announced,
            dated=state.dated,
        )
        for state in states
    ]


def _wanted(feed: Feed) -> str:
    return fingerprint(asdict(replace(feed.selection, age=Selection().age)))
