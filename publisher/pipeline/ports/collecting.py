"""What collecting stores: sources, their articles, and what the operator is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.domain.archive import Judged
from publisher.domain.article import ArticleChange, ArticleState, KnownArticle, Revision, Withheld
from publisher.domain.change import Missing
from publisher.domain.selection import Selection
from publisher.domain.source import Source, SourceState, StoredSource


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

    def move(self, source_id: int, url: str) -> None:
        """Read a source at another address from now on; the one that the operator wrote is kept beside it.

        Once the operator writes that address, nothing is forgotten; with any other the source is defined anew.
        """
        ...

    def passed(self, source_id: int) -> frozenset[str]:
        """Keys that the first listing named beyond the source's `first_limit`: they are never read."""
        ...

    def pass_over(self, source_id: int, keys: Iterable[str]) -> None:
        """Add to those keys."""
        ...

    def backlog(self, source_id: int) -> frozenset[str]:
        """Keys that the first successful listing named and whose pages were not read yet."""
        ...

    def set_backlog(self, source_id: int, keys: frozenset[str]) -> None:
        """Replace those keys."""
        ...


@dataclass(frozen=True, slots=True)
class Labels:
    """What an article is labelled with: each label makes a feed."""

    tags: tuple[str, ...]
    authors: tuple[str, ...]
    language: str | None


@dataclass(frozen=True, slots=True)
class MarkedArticle:
    """The number of an article, whether it is visible, and a mark that is another one once anything is that its page
    shows: its revision, its addresses, our copies of its images."""

    number: int
    visible: bool
    mark: str


class Articles(Protocol):
    """Articles and their revisions. Writing numbers revisions in commit order."""

    def known(self, source_id: int, names: Sequence[str]) -> Mapping[str, KnownArticle]:
        """What a source's stored articles are by these names (see `domain.identity`): keys, addresses, titles."""
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

    def miss(self, missing: Sequence[Missing], now: datetime) -> SeqRange:
        """Note that pages of articles were found away; those to be hidden get a revision that is not visible."""
        ...

    def regain(self, articles: Sequence[KnownArticle], now: datetime) -> SeqRange:
        """Note that pages are there again; an article that was gone becomes visible, if it was not."""
        ...

    def withhold(self, article_id: int, withheld: Withheld | None, now: datetime) -> SeqRange:
        """Note the operator's word on an article, with a revision that is visible or not; None takes it back.

        Of one that is deleted nothing stays in any of its revisions. Deleting can't be taken back.
        """
        ...

    def held(self, source_id: int) -> list[int]:
        """The articles of a source that a flood brought and that nobody has released."""
        ...

    def let_go(self, article_ids: Sequence[int]) -> None:
        """Hold these back no longer; whether they are announced is another thing (see `flag`)."""
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
        self,
        selection: Selection,
        *,
        limit: int,
        announced: bool | None = None,
        after_id: int = 0,
        before_id: int | None = None,
    ) -> list[ArticleState]:
        """Visible articles of a selection in their current state, newest first by date, at most `limit`.

        Of those first seen after the article `after_id`; those that stand behind the article `before_id` in this order.
        """
        ...

    def members(self, selection: Selection) -> Iterator[Judged]:
        """All visible articles of a selection, by number: while the transaction lasts."""
        ...

    def hidden(self, article_ids: Sequence[int]) -> frozenset[int]:
        """Those of some articles that nobody may see."""
        ...

    def spans(self, length: int) -> Mapping[int, tuple[int, datetime]]:
        """The spans of so many numbers, from 1, that have visible articles which may be shown whole: how many, and
        when the content of one changed last."""
        ...

    def in_span(self, length: int, span: int) -> list[tuple[int, datetime]]:
        """Those articles of one span, by number, each with when its content changed last."""
        ...

    def marked(self, after: int, limit: int) -> list[MarkedArticle]:
        """The articles whose number is above one, in the order of their numbers, at most so many."""
        ...

    def labels(self) -> Iterator[Labels]:
        """What visible articles are labelled with: while the transaction lasts."""
        ...

    def find(self, reference: str) -> list[ArticleState]:
        """The articles that a person means by a number, a guid or an address, in their current state."""
        ...

    def history(self, article_id: int) -> list[Revision]:
        """All revisions of an article, the oldest first."""
        ...

    def count(self) -> int:
        """How many articles are stored."""
        ...


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An article that has not been compared with others yet."""

    id: int
    source_id: int
    first_seen: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """An article with the bands of its sketch (see `domain.stories`), and the article that tells the same story."""

    id: int
    bands: tuple[int, ...]
    alike: int | None = None


class Stories(Protocol):
    """Articles of several sources that tell one story. A story is known by the number of one of its articles."""

    def unplaced(self, *, announced: bool, limit: int) -> list[Unplaced]:
        """Articles that were not compared yet, the newest first."""
        ...

    def sharing(self, bands: Sequence[int], source_id: int, limit: int) -> list[int]:
        """Placed articles of other sources that share bands, those first that share most."""
        ...

    def texts(self, article_ids: Sequence[int]) -> Mapping[int, str]:
        """What some articles say now."""
        ...

    def place(self, articles: Sequence[Placed]) -> None:
        """Store the bands, and join each article to the story of the one that it is like."""
        ...

    def told(self, story_id: int) -> list[int]:
        """The articles of a story."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drop the bands of articles first seen before then, at most so many at once; they keep their story."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about a source that the operator should know or decide. `kind` is one word, `text` one clear line.

    A source has one open notice of a kind at a time.
    """

    source: str
    kind: str
    text: str
    at: datetime


class Notices(Protocol):
    """What the operator is told of sources until it is settled."""

    def tell(self, source_id: int, kind: str, text: str, now: datetime) -> bool:
        """Open a notice, or put its text up to date; True when there was none of this kind."""
        ...

    def close(self, source_id: int, kind: str, now: datetime) -> bool:
        """Settle a notice; False when none of this kind was open."""
        ...

    def open(self) -> list[Notice]:
        """The open notices, the oldest first."""
        ...
