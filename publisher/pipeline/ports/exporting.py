"""Where an export writes the site: a folder of files."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Written(StrEnum):
    """What writing did to a file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class SiteFiles(Protocol):
    """Files below one folder, of which only those that an export wrote are ever replaced or removed.

    Each is written beside its place and moved there. Whatever was not put, linked or kept is removed by `finish`.
    Raises StorageError.
    """

    def keep(self, file: str, mark: str | None = None) -> bool:
        """Leave a file as it is that an earlier export wrote, and with this mark if one is given; False when there is
        none."""
        ...

    def read(self, file: str) -> bytes:
        """What a file holds that was kept."""
        ...

    def put(self, file: str, body: bytes, at: datetime | None, mark: str | None = None) -> Written:
        """Write one, and of a text its compressed siblings. `at` is when it changed, now when that isn't known; one
        that changed is always younger than it was. The mark, a word, says what it was made of."""
        ...

    def link(self, file: str, target: str) -> Written:
        """Make one name lead to another file, which may come later."""
        ...

    def note(self, name: str, lines: Iterator[str]) -> None:
        """Write something for whoever serves the files; it is no part of the site."""
        ...

    def finish(self) -> int:
        """Remove what earlier exports wrote and this one didn't; how many files that were."""
        ...
