"""How sources are read: one GET and what comes of it, and what a reader makes of a source."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from publisher.domain import identity
from publisher.domain.article import Entry, KnownArticle
from publisher.domain.identity import Identified
from publisher.domain.listing import ListingMemory
from publisher.domain.rights import NONE, Reservations
from publisher.domain.source import DocumentMemory, Guids, PollHints, Source, SourceKind, Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One GET, or with a `form` a POST of it. `deadline` bounds the whole request with its redirects, `max_bytes` the
    body after decompression.

    `named` tells that the operator wrote the address, not a site.

    `source` is the name of the source that it is for: the owner may have set headers, a cookie or a proxy for it.

    `referer` is the page that the asker claims to be on: empty but for images, whose hosts may ask for one.
    """

    url: str
    accept: str = "*/*"
    validators: Validators = Validators()
    deadline: timedelta = timedelta(seconds=30)
    max_bytes: int = 10 * 1024 * 1024
    obey_robots: bool = True
    named: bool = False
    source: str = ""
    form: Mapping[str, str] | None = None
    referer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A 200. `url` is where it was found after redirects; `moved_to` is set when every hop was permanent.

    `reservations` is what its headers and its host reserve for it.

    `headers` are the response's, names in lower case, several of one name joined by a comma (RFC 9110, section 5.3).
    """

    url: str
    body: bytes
    media_type: str = ""
    charset: str | None = None
    validators: Validators = Validators()
    hints: PollHints = PollHints()
    moved_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    reservations: Reservations = NONE


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304: nothing new; the validators to keep are those of this response, or the ones that were sent.

    `moved_to` is set as in `Fetched`.
    """

    validators: Validators
    hints: PollHints = PollHints()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A 410: it is away for good."""

    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No document: an error status, a broken network, a limit or the address guard. `reason` is one clear line.

    `postponed` when we did not even ask: the host wants rest, or its budget of the day is spent. `forbidden` when
    robots.txt says no, or can't be read.
    """

    reason: str
    status: int | None = None
    retry_after: timedelta | None = None
    postponed: bool = False
    forbidden: bool = False


FetchResult = Fetched | NotModified | Gone | Refused


class Fetcher(Protocol):
    """Gets documents politely and safely; never raises for what a server does."""

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader is asked: look at this source now. `known` answers which of some keys are stored already, by any
    name that the articles have.

    `guids` says what the source's guids are worth. `listing` is what the last look remembered of a listing's shape,
    `documents` what it remembered of the source's further documents; both None at the first look. `limit` is how many
    articles a first look takes at most, `passed` are the keys that it left out: see `wanted`. `first` tells of a
    first look; `digest` is of the document that need not be read again.
    """

    source: Source
    validators: Validators
    known: Callable[[Sequence[str]], Mapping[str, KnownArticle]]
    now: datetime
    listing: ListingMemory | None = None
    guids: Guids = Guids.STABLE
    documents: Mapping[str, DocumentMemory] | None = None
    limit: int | None = None
    passed: frozenset[str] = frozenset()
    first: bool = False
    digest: str | None = None

    def wanted(self, keys: Iterable[str]) -> list[str]:
        """The keys to read: without those that were passed over, and at a first look no more than its limit."""
        return [key for key in dict.fromkeys(keys) if key not in self.passed][: self.limit]

    def identify(self, drafts: Sequence[Entry]) -> Identified:
        """Tell which stored articles some drafts are; each comes back once, under the key it has in storage.

        For sources that give guids: those repeat, and change.
        """
        known = self.known(identity.asked_names(drafts, texts=False))
        if left := [draft for draft in drafts if known.keys().isdisjoint(identity.asked_names([draft], texts=False))]:
            known = {**known, **self.known(identity.asked_texts(left))}
        return identity.identify(drafts, known, self.guids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source gave. `listed` are all keys it names now, read or not; `problems` are pages that failed.

    `entries` holds what was read this time: new articles and known ones that were read again. `older` are keys of a
    backlog that was found on further pages. `listing` is what to remember of a listing's shape; None leaves it as it
    is. `notices` are what to tell the operator, by kind; an empty text settles that notice. `failure` says why there
    was nothing to read: then the look has failed, but what it remembers and tells is kept. `reservations` hold for
    all entries, beside what each says of itself. `guids` is what its guids showed, None when nothing. `missing` are
    known articles by key whose pages are away, with the status (404, 410). `passed` are keys that are never to be read,
    `documents` what to remember of further documents. `hub` and `topic` are what a feed declares for WebSub.
    `digest` tells the document again that was read, None when it must be read again.
    """

    entries: tuple[Entry, ...]
    listed: tuple[str, ...]
    validators: Validators = Validators()
    hints: PollHints = PollHints()
    problems: tuple[str, ...] = ()
    moved_to: str | None = None
    changed: bool = True
    older: tuple[str, ...] = ()
    listing: ListingMemory | None = None
    notices: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    passed: tuple[str, ...] = ()
    documents: Mapping[str, DocumentMemory] | None = None
    hub: str | None = None
    topic: str | None = None
    reservations: Reservations = NONE
    guids: Guids | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    digest: str | None = None


class SourceReader(Protocol):
    """Reads one kind of source."""

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read a source; raises SourceError when it can't be read at all.

        A 304 is a Reading with `changed=False` and no entries.
        """
        ...


Readers = Mapping[SourceKind, SourceReader]
