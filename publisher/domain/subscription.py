"""Subscribers, their subscriptions, and the fresh rule: what is new for whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from publisher.domain.article import ArticleState
from publisher.domain.selection import Selection, on_topic


class SubscriptionState(StrEnum):
    """unconfirmed → active ⇄ paused → unsubscribed."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


class MailFormat(StrEnum):
    """What a subscriber gets: HTML with a text part, or text alone."""

    HTML = "html"
    TEXT = "text"


class ConsentKind(StrEnum):
    """What a line of the consent log says."""

    IMPORTED = "imported"
    ADDED = "added"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person: an address, the language they read, the zone they live in."""

    id: int = 0
    address: str
    language: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscriber's link to one newsletter.

    `through_seq` is the revision up to which everything is covered; `high_seq` the highest it ever was (a discarded
    edition gives `through_seq` back, but what other editions brought meanwhile must not come again).
    """

    id: int
    subscriber: Subscriber
    newsletter_id: int
    state: SubscriptionState
    cadence: str
    hour: time | None = None
    topics: tuple[str, ...] = ()
    format: MailFormat = MailFormat.HTML
    through_seq: int = 0
    high_seq: int = 0
    made_at: datetime | None = None


def wants(selection: Selection, topics: tuple[str, ...]) -> Callable[[ArticleState | None], bool]:
    """The test of section 4: visible, announced, in the selection and on topic."""

    def test(state: ArticleState | None) -> bool:
        return (
            state is not None
            and state.revision.visible
            and state.revision.announced
            and selection.matches(state)
            and on_topic(topics, state)
        )

    return test


def is_fresh(
    now: ArticleState | None,
    then: ArticleState | None,
    wanted: Callable[[ArticleState | None], bool],
    *,
    high_seq: int,
    delivered: Callable[[], bool],
) -> bool:
    """Whether an article is new for a subscription.

    `now` is its state at the edition's cut, `then` at the subscription's `through_seq`, both judged by the same
    current wishes; so widening them floods nobody. `delivered` (asked last, it costs a look-up) tells whether a
    delivery of this subscription contains it; one first seen above `high_seq` can't have been delivered.
    """
    if not wanted(now) or wanted(then):
        return False
    assert now is not None
    return now.article.first_seq > high_seq or not delivered()
