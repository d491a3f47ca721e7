"""Who runs: on SQLite one process, which holds a lock of the operating system; on PostgreSQL as many as you like."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from publisher.errors import BusyError, StorageError
from publisher.storage.database import SqlStorage


@contextmanager
def runner_lock(storage: SqlStorage) -> Iterator[None]:
    """Be the runner of this database while the block runs; raises BusyError, naming the runner, when there is one.

    The lock is on `<database>.lock` and ends with the process, however that ends. On PostgreSQL claims are leases,
    and nothing is locked.
    """
    if storage.path is None:
        yield
        return
    path = Path(f"{storage.path}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(f"{path}: it can't be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            runner = os.pread(descriptor, 200, 0).decode("ascii", "replace").strip() or "another process"
            raise BusyError(
                f"database {storage.path}: {runner} runs on it already; stop that one first, or leave the work to it"
            ) from error
        started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} (since {started})\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
