"""What composing reads, stores and renders: newsletters, subscriptions, editions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.domain.article import ArticleState
from publisher.domain.edition import Digest, Edition, EditionState, Rendering, Variant
from publisher.domain.newsletter import Newsletter
from publisher.domain.schedule import Slot
from publisher.domain.subscription import ConsentKind, MailFormat, Subscription


class Newsletters(Protocol):
    """Definitions of newsletters and their slots."""

    def apply(self, newsletters: Sequence[Newsletter]) -> None:
        """Make the stored definitions these, by slug; one left out is kept with its subscribers, and rests."""
        ...

    def all(self) -> list[Newsletter]:
        """All that are defined, by slug, with their ids."""
        ...

    def get(self, newsletter_id: int) -> Newsletter | None:
        """One by its number, also when it is no longer defined."""
        ...

    def slots(self) -> list[Slot]:
        """All slots."""
        ...

    def put_slot(self, slot: Slot) -> None:
        """Create or replace a slot (when the newsletter's days, hour or zone change)."""
        ...

    def move_slot(self, slot: Slot, next_due: datetime, *, cut: datetime | None) -> bool:
        """Move a slot on if it still is due when `slot` says (one conditional UPDATE); False when another was first.

        `cut` sets `last_cut` when an edition was cut.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeRequest:
    """A subscription to be made. `hour` is minutes after midnight in the subscriber's zone, or None."""

    address: str
    newsletter_id: int
    language: str
    timezone: str
    cadence: str
    topics: tuple[str, ...] = ()
    hour: int | None = None
    format: MailFormat = MailFormat.HTML
    confirmed: bool = False
    kind: ConsentKind = ConsentKind.ADDED
    evidence: str = ""


class Subscriptions(Protocol):
    """Subscribers, subscriptions, consent and suppression."""

    def add(self, request: SubscribeRequest, now: datetime, through_seq: int) -> Subscription:
        """Make a subscription, or make an unsubscribed one again; both start at `through_seq` and log consent.

        One that is unconfirmed, active or paused keeps its watermark and takes the new settings.
        """
        ...

    def get(self, subscription_id: int) -> Subscription | None:
        """One by its number."""
        ...

    def find(self, address: str, newsletter_id: int) -> Subscription | None:
        """One by address (in canonical form) and newsletter."""
        ...

    def all(self, newsletter_id: int | None = None, *, after_id: int = 0, limit: int = 1000) -> list[Subscription]:
        """A page of subscriptions in the order of their numbers."""
        ...

    def active(self, newsletter_id: int, cadence: str | None, *, after_id: int, limit: int) -> list[Subscription]:
        """Active subscriptions in the order of their numbers; of one cadence, or of all when None."""
        ...

    def count_active(self, newsletter_id: int) -> int:
        """How many are active."""
        ...

    def update(self, subscription: Subscription) -> None:
        """Write cadence, hour, topics, format, state between active and paused, language and zone."""
        ...

    def advance(self, subscription_ids: Sequence[int], through_seq: int) -> None:
        """Move watermarks (`through_seq`, and `high_seq` where that is higher)."""
        ...

    def lowest_through(self, newsletter_id: int, cadence: str) -> int | None:
        """The smallest watermark of the active subscriptions; None when there are none."""
        ...

    def unsubscribe(self, subscription_id: int, now: datetime, evidence: str) -> bool:
        """End a subscription, log it, and cancel its pending and deferred deliveries; False when it had ended."""
        ...

    def remove(self, address: str, now: datetime) -> bool:
        """Delete a subscriber with all subscriptions; open deliveries are cancelled first."""
        ...

    def suppress(self, address_key: str, reason: str, now: datetime) -> None:
        """Never mail this address again; its pending and deferred deliveries are cancelled.

        `address_key` is `token.address_key`.
        """
        ...

    def suppressed(self, address_key: str) -> bool:
        """Whether an address is on that list."""
        ...


class Editions(Protocol):
    """Editions and their digests."""

    def cut(self, newsletter_id: int, cadence: str, cut_at: datetime, now_seq: int, *, hold: bool) -> Edition:
        """Make an edition in state composing; raises StorageError when there is one of that instant."""
        ...

    def get(self, edition_id: int) -> Edition | None:
        """One by its number."""
        ...

    def in_states(self, states: Iterable[EditionState], newsletter_id: int | None = None) -> list[Edition]:
        """Editions in some states, in the order of their numbers."""
        ...

    def latest(self, newsletter_id: int, cadence: str) -> Edition | None:
        """The last one cut."""
        ...

    def sent(self, newsletter_id: int, *, limit: int) -> list[Edition]:
        """The last ones sent, the newest first."""
        ...

    def articles(self, edition_ids: Sequence[int]) -> Mapping[int, list[int]]:
        """The articles of some editions, of all their digests together, by edition."""
        ...

    def move_cursor(self, edition_id: int, cursor: int) -> None:
        """Note the last subscription composed."""
        ...

    def change_state(self, edition: Edition, state: EditionState, reason: str = "") -> bool:
        """Move to a state that may follow, if the edition still is in the one that `edition` says; False when not.

        One that becomes sent changes the version that `FeedDocuments.version` tells.
        """
        ...

    def add_digests(self, edition_id: int, variants: Sequence[Variant]) -> Mapping[str, int]:
        """Make the digests that do not exist yet, with their articles; ids by variant key."""
        ...

    def digests(self, edition_id: int) -> list[Digest]:
        """The digests of an edition, with renderings where frozen."""
        ...

    def digest(self, digest_id: int) -> Digest | None:
        """One by its number."""
        ...

    def to_mend(self) -> list[Digest]:
        """Digests that open deliveries wait for and that show an article which nobody may see any more."""
        ...

    def showing_hidden(self, digest_ids: Sequence[int]) -> frozenset[int]:
        """Those of some digests that show an article which nobody may see any more."""
        ...

    def erase(self, article_id: int) -> None:
        """Drop what digests with an article were rendered to: all but the record of who got which articles."""
        ...

    def drop(self, digest_id: int) -> None:
        """Remove a digest, unless it was for any delivery."""
        ...

    def freeze(self, digest_id: int, rendering: Rendering) -> None:
        """Store a rendering."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """One variant of an edition to be rendered. Articles are in reading order and within rights."""

    newsletter: Newsletter
    variant: Variant
    articles: tuple[ArticleState, ...]
    cut_at: datetime
    site_title: str
    site_url: str
    legal: str = ""


class Renderer(Protocol):
    """Turns variants into mails with slots."""

    def render(self, request: RenderRequest) -> Rendering:
        """Render one variant; raises TemplateError."""
        ...
