"""Documents that were got a moment ago, used again: who tries selectors does not make a site pay for each attempt.

They are kept as files, one a document, no longer than they are of use and no more than `MOST_BYTES` in all.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from publisher.domain.source import Validators
from publisher.pipeline.ports import Clock, Fetched, Fetcher, FetchRequest, FetchResult

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 2000
_SUFFIX = ".document"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What stands at the head of a file, before the body."""

    at: datetime
    fetched: Fetched


_KEPT = TypeAdapter(_Kept)


@dataclass(frozen=True, slots=True)
class StoredDocuments:
    """A folder of documents. A file that can't be read or written is as good as none: the network is asked."""

    folder: Path
    lifetime: timedelta
    clock: Clock

    def get(self, request: FetchRequest) -> Fetched | None:
        """What was got for this request within the lifetime."""
        try:
            head, _, body = self._file(request).read_bytes().partition(b"\n")
            kept = _KEPT.validate_json(head)
            if not timedelta(0) <= self.clock() - kept.at <= self.lifetime:
                return None
            return replace(kept.fetched, body=zlib.decompress(body))
        except (OSError, ValueError, zlib.error):
            return None

    def put(self, request: FetchRequest, fetched: Fetched) -> None:
        """Keep a document; nobody else on this machine may read it, as its site may have shown it to us alone."""
        headers = {name: value for name, value in fetched.headers.items() if name != "set-cookie"}
        head = _KEPT.dump_json(_Kept(self.clock(), replace(fetched, body=b"", headers=headers)))
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(head + b"\n" + zlib.compress(fetched.body, 1))
            os.replace(name, self._file(request))
            self._prune()

    def _file(self, request: FetchRequest) -> Path:
        asked = json.dumps([request.url, request.accept, request.source, request.obey_robots])
        return self.folder / (hashlib.sha256(asked.encode()).hexdigest()[:40] + _SUFFIX)

    def _prune(self) -> None:
        """Remove what is of no use any more, and of the rest the oldest, until it is little enough."""
        size, now = 0, self.clock().timestamp()
        for place, (written, length, name) in enumerate(sorted(self._files(), reverse=True)):
            size += length
            too_old = now - written > max(self.lifetime.total_seconds(), 60.0)
            if size > MOST_BYTES or place >= MOST_FILES or too_old:
                with contextlib.suppress(OSError):
                    os.unlink(name)

    def _files(self) -> Iterator[tuple[float, int, str]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat()
                    yield found.st_mtime, found.st_size, entry.path


@dataclass(frozen=True, slots=True)
class ReusingFetcher(Fetcher):
    """Gives a document that was got a moment ago; asks for all others and, with `keep`, keeps what came."""

    fetcher: Fetcher
    documents: StoredDocuments
    keep: bool = True

    def fetch(self, request: FetchRequest) -> FetchResult:
        """Get one document, from the folder or from its server."""
        if request.form is not None:
            return self.fetcher.fetch(request)
        if request.validators == Validators() and (found := self.documents.get(request)) is not None:
            return found
        result = self.fetcher.fetch(request)
        if self.keep and isinstance(result, Fetched):
            self.documents.put(request, result)
        return result
