"""Editions of a newsletter, their rendered variants, and what may happen to them."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from publisher.domain.article import ArticleState
from publisher.domain.subscription import MailFormat


class EditionState(StrEnum):
    """composing → draft → approved → sending → sent; or skipped (articles covered), discarded (not covered)."""

    COMPOSING = "composing"
    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({EditionState.COMPOSING, EditionState.DRAFT})
TRANSITIONS: dict[EditionState, frozenset[EditionState]] = {
    EditionState.COMPOSING: frozenset(
        {EditionState.DRAFT, EditionState.APPROVED, EditionState.SKIPPED, EditionState.DISCARDED}
    ),
    EditionState.DRAFT: frozenset({EditionState.APPROVED, EditionState.SKIPPED, EditionState.DISCARDED}),
    EditionState.APPROVED: frozenset({EditionState.SENDING, EditionState.SENT, EditionState.CANCELLED}),
    EditionState.SENDING: frozenset({EditionState.SENT, EditionState.CANCELLED}),
    EditionState.SENT: frozenset(),
    EditionState.SKIPPED: frozenset(),
    EditionState.DISCARDED: frozenset(),
    EditionState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """newsletter × cadence × cut instant. `cursor` is the last subscription composed; `hold` makes it a draft."""

    id: int
    newsletter_id: int
    cadence: str
    cut_at: datetime
    now_seq: int
    state: EditionState
    cursor: int = 0
    hold: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """What makes two rendered mails of an edition differ: the articles (id, seq) in order, language, format."""

    articles: tuple[tuple[int, int], ...]
    language: str
    format: MailFormat

    @property
    def key(self) -> str:
        """A short name that is unique within the edition."""
        return hashlib.sha256(json.dumps([self.articles, self.language, self.format]).encode()).hexdigest()[:32]


class SlotKind(StrEnum):
    """Where a recipient's value stands, and so how it is escaped."""

    TEXT = "text"
    HTML = "html"
    URL = "url"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class RecipientSlot:
    """A place in a rendering that is filled for each recipient: `name` is the attribute of `recipient`."""

    name: str
    kind: SlotKind


Segments = tuple[str | RecipientSlot, ...]


@dataclass(frozen=True, slots=True)
class Rendering:
    """One variant of an edition as static text and typed slots; `html` is empty for text-only mails."""

    subject: Segments
    text: Segments
    html: Segments = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """A variant of an edition, with its rendering once it is frozen."""

    id: int
    edition_id: int
    variant: Variant
    rendering: Rendering | None = None


def reading_order(states: list[ArticleState]) -> list[ArticleState]:
    """The order of an edition: newest first by date, the article's number as the last word."""
    return sorted(states, key=lambda state: (state.dated, state.article.id), reverse=True)
