"""The seams of the road: what the steps need of the rooms around them, in the steps' own words.

`storage`, `sources`, `feeds` and `mail` implement these by name, so that the type checker holds them to it. All
times are aware UTC.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from publisher.domain.article import ArticleChange, ArticleState, Entry, KnownArticle
from publisher.domain.delivery import (
    Delivery,
    DeliveryState,
    NewDelivery,
    Outcome,
    OutgoingMessage,
    Settlement,
    Window,
    Worker,
)
from publisher.domain.edition import Digest, Edition, EditionState, Rendering, Variant
from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.newsletter import Newsletter
from publisher.domain.schedule import Slot
from publisher.domain.selection import Selection
from publisher.domain.source import PollHints, Source, SourceKind, SourceState, StoredSource, Validators
from publisher.domain.subscription import ConsentKind, MailFormat, Subscription
from publisher.domain.token import Keyring

Clock = Callable[[], datetime]

# --- reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One GET. `deadline` bounds the whole request with its redirects, `max_bytes` the body after decompression."""

    url: str
    accept: str = "*/*"
    validators: Validators = Validators()
    deadline: timedelta = timedelta(seconds=30)
    max_bytes: int = 10 * 1024 * 1024
    obey_robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A 200. `url` is where it was found after redirects; `moved_to` is set when every hop was permanent."""

    url: str
    body: bytes
    media_type: str = ""
    charset: str | None = None
    validators: Validators = Validators()
    hints: PollHints = PollHints()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304: nothing new; the validators to keep are those of this response, or the ones that were sent."""

    validators: Validators
    hints: PollHints = PollHints()


@dataclass(frozen=True, slots=True)
class Gone:
    """A 410: it is away for good."""

    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No document: an error status, a broken network, a limit or the address guard. `reason` is one clear line."""

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None


FetchResult = Fetched | NotModified | Gone | Refused


class Fetcher(Protocol):
    """Gets documents politely and safely; never raises for what a server does."""

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader is asked: look at this source now. `known` answers which of some keys are stored already."""

    source: Source
    validators: Validators
    known: Callable[[Sequence[str]], Mapping[str, KnownArticle]]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source gave. `listed` are all keys it names now, read or not; `problems` are pages that failed.

    `entries` holds what was read this time: new articles and known ones that were read again.
    """

    entries: tuple[Entry, ...]
    listed: tuple[str, ...]
    validators: Validators = Validators()
    hints: PollHints = PollHints()
    problems: tuple[str, ...] = ()
    moved_to: str | None = None
    changed: bool = True


class SourceReader(Protocol):
    """Reads one kind of source."""

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read a source; raises SourceError when it can't be read at all.

        A 304 is a Reading with `changed=False` and no entries.
        """
        ...


Readers = Mapping[SourceKind, SourceReader]

# --- storing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeqRange:
    """The numbers that a transaction gave to its revisions: above `after`, up to `upto`; equal when none."""

    after: int
    upto: int


class Sources(Protocol):
    """Definitions of sources and what is remembered of them."""

    def apply(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored definitions those of the configuration; a source left out is kept, but no longer read.

        A changed `kind` or `url` drops the validators and the due time and keeps the articles.
        """
        ...

    def all(self) -> list[StoredSource]:
        """All sources that are defined, by name."""
        ...

    def due(self, now: datetime) -> list[StoredSource]:
        """Those to look at now, the longest waiting first."""
        ...

    def get(self, name: str) -> StoredSource | None:
        """One by its name."""
        ...

    def finish(self, source_id: int, state: SourceState) -> None:
        """Remember how a look ended."""
        ...

    def moved(self, source_id: int, url: str) -> int:
        """Count one more look in a row that found the source moved for good to this address; the new count."""
        ...

    def backlog(self, source_id: int) -> frozenset[str]:
        """Keys that the first successful listing named and whose pages were not read yet."""
        ...

    def set_backlog(self, source_id: int, keys: frozenset[str]) -> None:
        """Replace those keys."""
        ...


class Articles(Protocol):
    """Articles and their revisions. Writing numbers revisions in commit order."""

    def known(self, source_id: int, keys: Sequence[str]) -> Mapping[str, KnownArticle]:
        """What is stored of these keys."""
        ...

    def store(self, source_id: int, changes: Sequence[ArticleChange], now: datetime) -> SeqRange:
        """Store new articles and edits; `Unchanged` only notes that it was read, with its validators and hint.

        Takes the counter's lock, so call it last in a transaction.
        """
        ...

    def flag(
        self,
        article_ids: Sequence[int],
        now: datetime,
        *,
        visible: bool | None = None,
        announced: bool | None = None,
    ) -> SeqRange:
        """Make a new revision of each article whose flags differ, all else as it is."""
        ...

    def latest_seq(self) -> int:
        """The highest number that is committed; 0 when there is none."""
        ...

    def changed(self, after: int, upto: int) -> list[int]:
        """Articles with a revision above `after` and up to `upto`."""
        ...

    def states(self, article_ids: Sequence[int], seq: int) -> Mapping[int, ArticleState]:
        """The articles as they stood at `seq`; those first seen later are left out."""
        ...

    def current(
        self, selection: Selection, *, limit: int, announced: bool | None = None, after_id: int = 0
    ) -> list[ArticleState]:
        """Visible articles of a selection in their current state, newest first by date, at most `limit`."""
        ...

    def by_guid(self, guid: str) -> ArticleState | None:
        """One article in its current state."""
        ...

    def count(self) -> int:
        """How many articles are stored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """One document of a feed, ready to be served. `body_gzip` is the same bytes compressed once.

    `etag` is a strong tag (RFC 9110, section 8.8.3) of the plain bytes; that of the compressed ones is `etag_gzip`.
    """

    slug: str
    format: FeedFormat
    body: bytes
    body_gzip: bytes
    etag: str
    etag_gzip: str
    last_modified: datetime
    built_seq: int
    shape: str = ""


class FeedDocuments(Protocol):
    """Feeds' definitions and documents."""

    def apply(self, feeds: Sequence[Feed]) -> None:
        """Make the stored feeds these; documents of a feed left out are removed."""
        ...

    def all(self) -> list[Feed]:
        """All feeds, by slug."""
        ...

    def get(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        """One document."""
        ...

    def was(self, slug: str) -> bool:
        """Whether there was a feed of this slug, named or of a source, that is no longer defined (410 Gone)."""
        ...

    def keep(self, slugs: Sequence[str]) -> None:
        """Remove the documents of all other feeds."""
        ...

    def store(self, documents: Sequence[FeedDocument]) -> None:
        """Replace documents; the version that `version()` tells changes."""
        ...

    def version(self) -> int:
        """A number that changes whenever a document did; the web compares it before it trusts its copies."""
        ...


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

    def move_cursor(self, edition_id: int, cursor: int) -> None:
        """Note the last subscription composed."""
        ...

    def change_state(self, edition: Edition, state: EditionState, reason: str = "") -> bool:
        """Move to a state that may follow, if the edition still is in the one that `edition` says; False when not."""
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

    def freeze(self, digest_id: int, rendering: Rendering) -> None:
        """Store a rendering."""
        ...


@dataclass(frozen=True, slots=True)
class Queue:
    """How many rows of a lane wait, and when the next is due."""

    ready: int
    next_due: datetime | None


class Deliveries(Protocol):
    """The ledger. Only rows of approved or sending editions are claimed; of paused subscriptions none."""

    def add(self, edition_id: int, rows: Sequence[NewDelivery], digest_ids: Mapping[str, int]) -> int:
        """Insert rows in state pending; a row that exists already is left as it is. How many were inserted."""
        ...

    def delivered(self, subscription_ids: Sequence[int], article_ids: Sequence[int]) -> set[tuple[int, int]]:
        """Which (subscription, article) pairs are in a delivery; cancelled ones and discarded editions don't count."""
        ...

    def discard(self, edition_id: int) -> None:
        """Cancel an open edition's rows and give `from_seq` back to the subscriptions' `through_seq`."""
        ...

    def cancel(self, edition_id: int) -> int:
        """Cancel an edition's pending and deferred rows; how many."""
        ...

    def claim(self, worker: Worker, lane: str, limit: int, now: datetime, until: datetime) -> Window | None:
        """Claim up to `limit` due rows for one connection, durably; None when nothing is due."""
        ...

    def still_wanted(self, token: str, delivery_id: int) -> bool:
        """Look at a claimed row again before MAIL: False when its subscription ended, paused or was suppressed.

        Such a row is cancelled, or (paused) goes back to pending.
        """
        ...

    def settle(self, token: str, outcome: Outcome, settlement: Settlement, now: datetime) -> bool:
        """Write one outcome, committed at once without an fsync of its own; False when the claim was lost.

        Opens its own transaction: never call it inside `begin()`.
        """
        ...

    def release(self, token: str) -> int:
        """Give back what of a window was not started; how many rows. Its own transaction too."""
        ...

    def recover(self, worker: Worker, now: datetime, in_doubt: str, *, expired_only: bool) -> tuple[int, int]:
        """Judge what dead workers left claimed (`domain.delivery.recover`): numbers in doubt and put back.

        With `expired_only` only leases that ended count. Rows in doubt are put back as well when `in_doubt` is
        "resend" (same Message-ID), and counted in the row's `doubts`.
        """
        ...

    def queue(self, lane: str, now: datetime) -> Queue:
        """What waits."""
        ...

    def expire_held(self, now: datetime, before: datetime) -> int:
        """Cancel rows of paused subscriptions that were due before an instant; how many."""
        ...

    def counts(self, edition_id: int | None = None) -> Mapping[DeliveryState, int]:
        """Rows by state."""
        ...

    def doubts(self) -> int:
        """How many times a message was or may have been sent twice."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a step: what it did, and how it ended."""

    step: str
    at: datetime
    took: timedelta
    outcome: str
    failed: bool = False


class Runs(Protocol):
    """The log of steps."""

    def add(self, run: Run) -> None:
        """Note one run."""
        ...

    def latest(self) -> list[Run]:
        """The last run of each step."""
        ...


class Meta(Protocol):
    """What is true of this instance as a whole."""

    def instance(self) -> uuid.UUID:
        """The instance's id, minted with the database."""
        ...

    def keyring(self) -> Keyring:
        """The keys for links and suppression, minted with the database."""
        ...

    def get(self, name: str) -> str | None:
        """A remembered word."""
        ...

    def set(self, name: str, value: str) -> None:
        """Remember a word."""
        ...


class UnitOfWork(Protocol):
    """The repositories on one transaction."""

    @property
    def sources(self) -> Sources: ...
    @property
    def articles(self) -> Articles: ...
    @property
    def feeds(self) -> FeedDocuments: ...
    @property
    def newsletters(self) -> Newsletters: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def editions(self) -> Editions: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def meta(self) -> Meta: ...


class Storage(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """One transaction: committed (durably) at the end, rolled back by an exception. Keep it short."""
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that only reads; it takes no writer's lock."""
        ...

    @property
    def ledger(self) -> Deliveries:
        """Deliveries outside `begin()`: each call is its own short transaction, as the ledger needs it."""
        ...


# --- writing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed with everything that its documents say. `updated` is its newest item's; items are within rights."""

    id: str
    slug: str
    title: str
    description: str
    language: str | None
    home_url: str
    self_urls: Mapping[FeedFormat, str]
    items: tuple[ArticleState, ...]
    updated: datetime
    ttl: timedelta = timedelta(hours=1)


class FeedWriter(Protocol):
    """Writes a feed's documents. Same channel, same bytes."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        """One document in UTF-8."""
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


class MessageWriter(Protocol):
    """Writes whole messages: a rendering, a newsletter's headers and a recipient's values."""

    def write(self, delivery: Delivery, newsletter: Newsletter, digest: Digest) -> OutgoingMessage:
        """The message of one delivery, with the same Message-ID at each attempt."""
        ...


class Session(Protocol):
    """One connection of a transport."""

    def send(self, messages: Iterator[OutgoingMessage]) -> Iterator[Outcome]:
        """Send messages in order and yield each outcome as its reply arrives.

        The next final dot goes out only after the outcome before was taken by the caller. The next message is taken
        from the iterator just before its MAIL. Ends early when the connection breaks or the server says 421: the
        outcomes of all messages taken from the iterator have been yielded by then.
        """
        ...

    def close(self) -> None:
        """End the session (QUIT); never raises."""
        ...


class Transport(Protocol):
    """A way to send: a relay by SMTP, or the outbox."""

    def session(self) -> Session:
        """A new session; raises TransportError when none can be had."""
        ...
