"""What a look at a source means to the articles that are stored: new, edited, unchanged, missing, or a flood."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.domain import edits
from publisher.domain.article import ArticleChange, Content, Edited, Entry, KnownArticle, New, Unchanged, Withheld
from publisher.domain.source import OnGone, SourceState

LOOKS_TO_BELIEVE = 3
"""Looks in a row that must find a page away (404) before its article is taken for gone; 410 says it at once."""

GONE_STATUS = 410

FLOOD = 10
"""New articles that a look may always bring."""

RECURRING = 0.3
"""The share of new articles with titles that are stored already which makes a flood of many."""

OLD = timedelta(days=2)
"""An article dated so long before the last good look should have been seen then."""


def decide_change(
    known: KnownArticle | None,
    entry: Entry,
    *,
    backlog: bool,
    before: Content | None = None,
    common: Collection[str] = (),
) -> ArticleChange:
    """What a source's entry means: a new article, an edit, or nothing.

    `before` is what a known article says; without it every difference is an edit. `common` are blocks that changed in
    several articles at once. A published date that was once resolved is kept: a page that shows "3 hours ago" is not
    edited every hour. What a reader does not see is no edit, and an article that is lost behind a wall stays as it is.
    One that the operator deleted stays deleted, whatever its source says.
    """
    if known is None:
        return New(entry, announced=not backlog)
    if known.withheld is Withheld.DELETED:
        return Unchanged(known, entry)
    if known.published is not None and entry.content.published != known.published:
        entry = replace(entry, content=replace(entry.content, published=known.published))
    if entry.content.fingerprint() == known.fingerprint:
        return Unchanged(known, entry)
    if before is not None and not _is_edit(before, entry.content, common):
        return Unchanged(known, entry)
    return Edited(known, entry)


def _is_edit(before: Content, after: Content, common: Collection[str]) -> bool:
    if before.reservations.signs() != after.reservations.signs():
        return True
    return edits.differs(before, after, common) and not edits.is_lost(before, after)


# --- pages that are away -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """A known article whose page a look found away, for so many `looks` in a row. `gone` once that is believed,
    `hidden` when nobody shall see it any more."""

    known: KnownArticle
    looks: int
    gone: bool
    hidden: bool


def decide_missing(known: KnownArticle, status: int, on_gone: OnGone) -> Missing:
    """What a 404 or 410 of an article's page means."""
    looks = known.missing + 1
    gone = status == GONE_STATUS or looks >= LOOKS_TO_BELIEVE or known.gone_at is not None
    return Missing(known, looks, gone, hidden=gone and known.visible and on_gone is OnGone.HIDE)


def is_missing(known: KnownArticle) -> bool:
    """Whether the last looks found its page away."""
    return known.missing > 0 or known.gone_at is not None


# --- floods ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What a look brought: of `listed` entries `unknown` are not stored. Of the `new` ones that were read `recurring`
    have a title that is stored already, and `old` are dated before the last good look."""

    listed: int
    unknown: int
    new: int
    recurring: int
    old: int


def is_flood(arrivals: Arrivals) -> bool:
    """Whether so many new articles are rather old ones under new names, or an archive.

    A source that was away for long, and a daily dump, bring many as well, but under new titles and with new dates.
    """
    if arrivals.unknown <= max(FLOOD, arrivals.listed / 2) or not arrivals.new:
        return False
    return arrivals.recurring >= max(3, RECURRING * arrivals.new) or 2 * arrivals.old > arrivals.new


def last_good_look(state: SourceState) -> datetime | None:
    """When the source was last read well; None when that is not known."""
    return state.checked_at if not state.failures else state.changed_at


def is_old(content: Content, state: SourceState) -> bool:
    """Whether an article is dated so early that the last good look should have found it."""
    look = last_good_look(state)
    return look is not None and content.published is not None and content.published < look - OLD
