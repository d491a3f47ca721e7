"""What is fresh for many subscriptions at one cut: the rule of `domain.subscription`, asked once per kind of wish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.domain.article import ArticleState
from publisher.domain.selection import Selection
from publisher.domain.subscription import Subscription, is_fresh, wants
from publisher.pipeline.ports import UnitOfWork

Wish = tuple[int, tuple[str, ...]]
"""What subscriptions share that are judged alike: watermark and topics."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The articles that changed since a watermark: as they stand at the cut, and as they stood then."""

    now: Mapping[int, ArticleState]
    then: Mapping[int, ArticleState]


@dataclass(slots=True)
class Freshness:
    """Judges subscriptions at one cut. Keeps what it learnt, so use one for a whole edition.

    `clock` is the instant that the selection's age counts back from.
    """

    selection: Selection
    now_seq: int
    clock: datetime
    _spans: dict[int, _Span] = field(default_factory=dict)
    _candidates: dict[Wish, tuple[ArticleState, ...]] = field(default_factory=dict)
    _kept: dict[tuple[Wish, frozenset[int]], tuple[ArticleState, ...]] = field(default_factory=dict)

    def judge(self, work: UnitOfWork, page: Sequence[Subscription]) -> dict[int, tuple[ArticleState, ...]]:
        """The fresh articles of each subscription, by its number; equal answers are the same object."""
        candidates = {subscription.id: self._wished(work, subscription) for subscription in page}
        repeated = self._delivered(work, page, candidates)
        return {
            subscription.id: self._without(subscription, candidates[subscription.id], repeated) for subscription in page
        }

    def _wished(self, work: UnitOfWork, subscription: Subscription) -> tuple[ArticleState, ...]:
        wish = (subscription.through_seq, subscription.topics)
        if wish not in self._candidates:
            span = self._span(work, subscription.through_seq)
            wanted = wants(self.selection, subscription.topics)
            oldest = self.clock - self.selection.age
            self._candidates[wish] = tuple(
                state
                for article, state in span.now.items()
                if state.article.first_seen >= oldest
                and is_fresh(state, span.then.get(article), wanted, high_seq=0, delivered=lambda: False)
            )
        return self._candidates[wish]

    def _span(self, work: UnitOfWork, through_seq: int) -> _Span:
        if through_seq not in self._spans:
            changed = work.articles.changed(through_seq, self.now_seq) if through_seq < self.now_seq else []
            now = work.articles.states(changed, self.now_seq)
            self._spans[through_seq] = _Span(now, work.articles.states(changed, through_seq))
        return self._spans[through_seq]

    def _delivered(
        self,
        work: UnitOfWork,
        page: Sequence[Subscription],
        candidates: Mapping[int, tuple[ArticleState, ...]],
    ) -> set[tuple[int, int]]:
        """The pairs that a delivery contains already; only what a subscription can have met before is looked up."""
        subscriptions: list[int] = []
        articles: set[int] = set()
        for subscription in page:
            met = [s.article.id for s in candidates[subscription.id] if s.article.first_seq <= subscription.high_seq]
            if met:
                subscriptions.append(subscription.id)
                articles.update(met)
        return work.deliveries.delivered(subscriptions, sorted(articles)) if subscriptions else set()

    def _without(
        self, subscription: Subscription, states: tuple[ArticleState, ...], repeated: set[tuple[int, int]]
    ) -> tuple[ArticleState, ...]:
        drop = frozenset(s.article.id for s in states if (subscription.id, s.article.id) in repeated)
        if not drop:
            return states
        wish = ((subscription.through_seq, subscription.topics), drop)
        if wish not in self._kept:
            self._kept[wish] = tuple(state for state in states if state.article.id not in drop)
        return self._kept[wish]
