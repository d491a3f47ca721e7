"""Finds the articles of other sources that tell the same story in the same words, soon after articles were stored.

Outside the transactions that store: the texts are compared between a short one that reads and a short one that writes.
What is announced comes first; a backlog is compared little by little, and what is old not at all.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from publisher.domain import stories
from publisher.domain.stories import Told
from publisher.pipeline.ports import Clock, Placed, Storage, Unplaced

WINDOW = timedelta(days=14)
"""How long an article is compared with those that come."""

AT_ONCE = 50
"""Articles of one transaction."""

ANNOUNCED_A_ROUND = 1000
OTHERS_A_ROUND = 100

CANDIDATES = 8
"""How many articles one is compared with at most."""

FORGOTTEN_A_ROUND = 200


@dataclass(frozen=True, slots=True)
class StoryFinder:
    """Compares articles that were not compared yet."""

    storage: Storage
    clock: Clock

    def find(self) -> int:
        """Drop what is old, and place some of the articles that wait. Returns how many joined a story."""
        with self.storage.read() as work:
            if not any(work.stories.unplaced(announced=announced, limit=1) for announced in (True, False)):
                return 0
        self._forget()
        placed = [
            *self._find(announced=True, most=ANNOUNCED_A_ROUND),
            *self._find(announced=False, most=OTHERS_A_ROUND),
        ]
        return sum(one.alike is not None for one in placed)

    def _find(self, *, announced: bool, most: int) -> Iterator[Placed]:
        for _ in range(0, most, AT_ONCE):
            with self.storage.read() as work:
                waiting = work.stories.unplaced(announced=announced, limit=AT_ONCE)
            if not waiting:
                break
            placed = self._placed(waiting)
            with self.storage.begin() as work:
                work.stories.place(placed)
            yield from placed
            if len(waiting) < AT_ONCE:
                break

    def _placed(self, waiting: Sequence[Unplaced]) -> list[Placed]:
        young = self.clock() - WINDOW
        sketches = {one.id: stories.sketch(one.text) if one.first_seen >= young else () for one in waiting}
        comparing = _Comparing(waiting, sketches)
        with self.storage.read() as work:
            found = {
                one.id: work.stories.sharing(sketches[one.id], one.source_id, CANDIDATES) if sketches[one.id] else []
                for one in waiting
            }
            texts = work.stories.texts(sorted({id for ids in found.values() for id in ids}))
        # The oldest first: a story has the number of its first article.
        return [comparing.place(one, found[one.id], texts) for one in sorted(waiting, key=lambda one: one.id)]

    def _forget(self) -> None:
        with self.storage.begin() as work:
            work.stories.forget(self.clock() - WINDOW, FORGOTTEN_A_ROUND)


@dataclass(slots=True)
class _Comparing:
    """Articles that are placed together: they are compared with one another, too."""

    waiting: Sequence[Unplaced]
    sketches: Mapping[int, tuple[int, ...]]
    _by_band: dict[int, list[Unplaced]] = field(default_factory=dict)
    _told: dict[int, Told] = field(default_factory=dict)

    def place(self, one: Unplaced, found: Sequence[int], texts: Mapping[int, str]) -> Placed:
        bands = self.sketches[one.id]
        near = {other.id: other.text for other in self._near(one, bands)}
        for band in bands:
            self._by_band.setdefault(band, []).append(one)
        candidates = {**{id: texts[id] for id in found if id in texts}, **near}
        alike = next((id for id, text in candidates.items() if self._is_same(one, id, text)), None)
        return Placed(one.id, bands, alike)

    def _near(self, one: Unplaced, bands: Sequence[int]) -> list[Unplaced]:
        shared = Counter(
            other for band in bands for other in self._by_band.get(band, ()) if other.source_id != one.source_id
        )
        return [other for other, _ in shared.most_common(CANDIDATES)]

    def _is_same(self, one: Unplaced, other_id: int, text: str) -> bool:
        return stories.is_same_story(self._as_told(one.id, one.text), self._as_told(other_id, text))

    def _as_told(self, article_id: int, text: str) -> Told:
        if article_id not in self._told:
            self._told[article_id] = stories.told(text)
        return self._told[article_id]
