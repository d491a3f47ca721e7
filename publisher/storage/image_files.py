"""The files of copies of images: in a folder, each under the hash of its bytes, so that none ever changes."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from publisher.errors import StorageError
from publisher.pipeline.ports import ImageFiles

_NAME = re.compile(r"[0-9a-f]{32}\.(jpg|png|webp)")


class ImageFolder(ImageFiles):
    """A folder of copies. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, body: bytes) -> None:
        """Write one, whole or not at all. Raises StorageError."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{name[:2]}-", delete=False) as file:
                try:
                    file.write(body)
                    # A temporary file is for its maker alone; these are for a web server, too.
                    os.fchmod(file.fileno(), 0o644)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(file.name, path)
                except BaseException:
                    os.unlink(file.name)
                    raise
        except OSError as error:
            raise StorageError(f"[images] folder: {path} can't be written: {error.strerror}") from error

    def get(self, name: str) -> bytes | None:
        """Read one; None when there is none of this name."""
        try:
            return self._path(name).read_bytes() if _NAME.fullmatch(name) else None
        except OSError:
            return None

    def remove(self, names: Sequence[str]) -> None:
        """Delete some. One that is gone already is no fault."""
        for name in names:
            try:
                self._path(name).unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"[images] folder: {name} can't be deleted: {error.strerror}") from error

    def all(self) -> Mapping[str, datetime]:
        """All of them, with when they were written; and what interrupted writing left."""
        found = {}
        for path in (*self._folder.glob("??/*"), *self._folder.glob("??/.*")):
            try:
                if path.is_file():
                    found[path.name] = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except OSError:  # somebody else removed it just now
                continue
        return found

    def _path(self, name: str) -> Path:
        return self._folder / name.strip(".")[:2] / name
