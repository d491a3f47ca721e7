"""The folder that a site is exported to. What we wrote stands in a list beside it; nothing else is ever touched.

A new file is noted before it comes, so that after a crash, too, it is known for ours.
"""

import fcntl
import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import brotli

from publisher.domain.files import CODINGS, is_text
from publisher.errors import BusyError, StorageError, UsageError
from publisher.pipeline.ports import Clock, SiteFiles, Written

OURS = ".publisher-export"
"""The folder within it that is for us: what we wrote, and what the server's configuration may read."""

_LIST = "files"
_MARKS = "marks"
_COMING = "coming"
_BEGINS = "# What `publisher feed export` wrote, and removes when it is published no longer."

_CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=9),
}


@contextmanager
def site_folder(folder: Path, clock: Clock, *, into_existing: bool = False) -> Iterator["SiteFolder"]:
    """The folder, for one export at a time.

    Raises UsageError for a folder with files in it that no export wrote, unless it may be `into_existing`, BusyError
    while another export writes there, StorageError when it can't be written.
    """
    ours = folder / OURS
    with _told(folder):
        there = folder.is_dir() and any(folder.iterdir())
        if there and not (ours / _LIST).is_file() and not (ours / _COMING).is_file() and not into_existing:
            raise UsageError(
                f"DIR {folder}: it is not empty and no export wrote it; name another, or add --into-existing"
            )
        _make(ours)
        lock = os.open(ours / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"DIR {folder}: another export writes there now; wait for its end") from error
        with _told(folder):
            coming = open(ours / _COMING, "a", encoding="utf-8")  # noqa: SIM115
        with coming:
            yield SiteFolder(folder, clock, coming)
    finally:
        os.close(lock)


class SiteFolder(SiteFiles):
    """The files of one export. Made by `site_folder`."""

    def __init__(self, folder: Path, clock: Clock, coming: IO[str]) -> None:
        self._folder = folder
        self._clock = clock
        self._coming = coming
        self._before = {*_lines(folder / OURS / _LIST), *_lines(folder / OURS / _COMING)}
        self._now: set[str] = set()
        self._marked = self._take_marks()
        self._marks: dict[str, str] = {}

    def keep(self, file: str, mark: str | None = None) -> bool:
        """Leave a file as it is that an earlier export wrote, and with this mark if one is given; False when there is
        none."""
        fits = self._is_ours(file) and (mark is None or self._marked.get(file) == mark)
        if not fits or not self._is_whole(file):
            return False
        self._settle(file, mark)
        return True

    def read(self, file: str) -> bytes:
        """What a file holds that was kept."""
        with _told(self._folder):
            return (self._folder / file).read_bytes()

    def put(self, file: str, body: bytes, at: datetime | None, mark: str | None = None) -> Written:
        """Write one, and of a text its compressed siblings; the mark says what it was made of."""
        place = self._folder / file
        with _told(place):
            before = self._changed_at(file)
            if before is not None and not place.is_symlink() and place.read_bytes() == body and self._is_whole(file):
                self._settle(file, mark)
                return Written.SAME
            self._claim(file)
            now = int(self._clock().timestamp())
            changed = now if at is None else int(at.timestamp())
            if before is not None and changed <= before:
                changed = max(now, before + 1)
            if is_text(file):
                for coding, ending in CODINGS.items():
                    self._write(self._folder / f"{file}{ending}", _CODERS[coding](body), changed)
            self._write(place, body, changed)
        self._settle(file, mark)
        return Written.NEW if before is None else Written.CHANGED

    def link(self, file: str, target: str) -> Written:
        """Make one name lead to another file, and its siblings to that one's."""
        place = self._folder / file
        relative = os.path.relpath(self._folder / target, place.parent)
        with _told(place):
            before = os.readlink(place) if place.is_symlink() else None
            if before == relative and self._is_ours(file):
                self._settle(file)
                return Written.SAME
            self._claim(file)
            for name, leads_to in zip(_names(file), _names(relative), strict=True):
                temporary = self._folder / OURS / "new"
                temporary.unlink(missing_ok=True)
                temporary.symlink_to(leads_to)
                os.replace(temporary, self._folder / name)
        self._settle(file)
        return Written.NEW if before is None else Written.CHANGED

    def note(self, name: str, lines: Iterator[str]) -> None:
        """Write something for whoever serves the files, into our own folder."""
        with _told(self._folder):
            temporary = self._folder / OURS / "new"
            with open(temporary, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
            os.replace(temporary, self._folder / OURS / name)

    def finish(self) -> int:
        """Remove what earlier exports wrote and this one didn't, with the folders that it leaves empty."""
        gone = sorted(self._before, reverse=True)
        for file in gone:
            for name in _names(file):
                _remove(self._folder / name)
            self._prune((self._folder / file).parent)
        self.note(_LIST, iter((_BEGINS, *sorted(self._now))))
        self.note(_MARKS, (f"{mark} {file}" for file, mark in self._marks.items()))
        with _told(self._folder):
            self._coming.truncate(0)
        return len(gone)

    def _take_marks(self) -> dict[str, str]:
        """The marks of the last export. They go at once: of files of one that is cut off nobody knows what they were
        made of."""
        place = self._folder / OURS / _MARKS
        marks = {file: mark for mark, _, file in (line.partition(" ") for line in _lines(place))}
        with _told(place):
            place.unlink(missing_ok=True)
        return marks

    # --- one file

    def _is_ours(self, file: str) -> bool:
        return file in self._before or file in self._now

    def _is_whole(self, file: str) -> bool:
        """Whether a file is there with the siblings of its bytes: each was written with it, and has its time."""
        times = {_mtime(self._folder / name) for name in _names(file)}
        return len(times) == 1 and None not in times

    def _changed_at(self, file: str) -> int | None:
        """When a file changed that is there and ours, in seconds."""
        return _mtime(self._folder / file) if self._is_ours(file) else None

    def _claim(self, file: str) -> None:
        """Make room for a file, and note that it is ours. Raises StorageError for one that isn't."""
        if not self._is_ours(file):
            for name in _names(file):
                if os.path.lexists(self._folder / name):
                    raise StorageError(
                        f"{self._folder / name}: it is not ours, and stands where we write; move it away"
                    )
            self._coming.write(f"{file}\n")
            self._coming.flush()
        _make((self._folder / file).parent)

    def _write(self, place: Path, body: bytes, changed: int) -> None:
        temporary = self._folder / OURS / "new"
        temporary.unlink(missing_ok=True)
        with open(temporary, "wb") as file:
            file.write(body)
            os.fchmod(file.fileno(), 0o644)
        os.utime(temporary, (changed, changed))
        os.replace(temporary, place)

    def _settle(self, file: str, mark: str | None = None) -> None:
        self._before.discard(file)
        self._now.add(file)
        if mark is not None:
            self._marks[file] = mark

    def _prune(self, folder: Path) -> None:
        """Remove a folder and those above it, as far as they are empty."""
        while folder != self._folder:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def _names(file: str) -> list[str]:
    """A file with its siblings."""
    return [file, *(f"{file}{ending}" for ending in CODINGS.values())] if is_text(file) else [file]


def _lines(path: Path) -> list[str]:
    """The files that a list names. What is no name within the folder was not written by us."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise StorageError(
            f"{path}: it can't be read ({error}); remove what it stands beside, or name another"
        ) from error
    return [line for line in lines if line and line[0] not in "#/" and ".." not in Path(line).parts]


def _mtime(path: Path) -> int | None:
    try:
        return int(path.stat().st_mtime)
    except OSError:
        return None


def _make(folder: Path) -> None:
    """Make a folder that a server may read, and those above it."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _remove(path: Path) -> None:
    """Remove a file; one that is gone already, or became a folder, is none of ours."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return
    except OSError as error:
        raise StorageError(f"{path}: it can't be removed: {error.strerror}") from error


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """What goes wrong with a file as one line."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{error.filename or place}: it can't be written: {error.strerror}") from error
