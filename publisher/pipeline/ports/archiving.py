"""What is remembered of the history of feeds: which articles are in them, in which pages of their archives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from publisher.domain.archive import Judged, Member, Page
from publisher.domain.article import Tombstone


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How a feed's history stands. `wanted` is a fingerprint of the selection that articles were judged by, `shape`
    one of what its pages say besides their entries.

    All revisions up to `judged_seq` were judged; the last that made a difference to the feed was at `changed_seq`.
    """

    id: int
    slug: str
    wanted: str
    shape: str
    judged_seq: int
    changed_seq: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What judging articles did: whether the feed is another now, and the closed pages that say something else."""

    changed: bool
    pages: frozenset[int] = frozenset()


class Histories(Protocol):
    """Histories of feeds, by slug."""

    def of(self, slugs: Sequence[str]) -> Mapping[str, History]:
        """Those that there are."""
        ...

    def lock(self, slug: str) -> History:
        """One to change, made when there is none: nobody else changes it until the transaction ends."""
        ...

    def note(self, history: History) -> None:
        """Remember how one stands now."""
        ...

    def unconcerned(self, slugs: Sequence[str], seq: int) -> None:
        """Note that no revision up to `seq` makes a difference to these."""
        ...

    def keeping(self, history_ids: Sequence[int], article_ids: Sequence[int]) -> frozenset[int]:
        """Those of some histories that any of these articles is or was in."""
        ...

    def judge(self, history_id: int, judged: Sequence[Judged], joined: int) -> Effect:
        """Take in articles that are live, and note what became of those that were taken in before."""
        ...

    def without(self, history_id: int, live: Sequence[int]) -> Effect:
        """Note that of all articles only these are still live."""
        ...

    def touch(self, article_ids: Sequence[int]) -> None:
        """Have the pages with these articles take new versions, for something that their revisions don't tell."""
        ...

    # --- what is in it

    def announced(self, history_id: int, limit: int) -> list[Member]:
        """The live announced articles that joined last."""
        ...

    def backlog(self, history_id: int, limit: int) -> list[Member]:
        """The live unannounced articles that are newest by date."""
        ...

    def in_page(self, history_id: int, number: int) -> list[Member]:
        """The articles of a page, live or not, by number."""
        ...

    def taken_down(self, history_id: int, limit: int) -> list[Tombstone]:
        """The articles that nobody may see any more, those first that were taken down last."""
        ...

    def count(self, history_id: int) -> int:
        """How many live articles there are."""
        ...

    # --- its pages

    def close(self, history_id: int, pages: Mapping[int, Sequence[int]]) -> None:
        """Make pages of articles that were in none."""
        ...

    def said(self, history_id: int, numbers: Sequence[int]) -> Mapping[int, str]:
        """Fingerprints of what the live entries of some pages say."""
        ...

    def pages(self, history_id: int, after: int = 0) -> list[Page]:
        """The closed pages above a number, in their order."""
        ...

    def page(self, history_id: int, number: int) -> Page | None:
        """One closed page."""
        ...

    def last_page(self, history_id: int) -> Page | None:
        """The newest closed page."""
        ...

    def save(self, history_id: int, pages: Sequence[Page]) -> None:
        """Store pages, new ones too."""
        ...
