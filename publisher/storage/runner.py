"""Who runs the steps: one process for a database. Other commands may write at any time."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from publisher.errors import BusyError, StorageError
from publisher.storage.database import SqlStorage
from publisher.storage.faults import explained, shown

_ADVISORY_LOCK = 0x7075_6272_756E
"""The number of the runner's lock on PostgreSQL, among the advisory locks of its database."""

_RUNNER = text(
    "SELECT activity.application_name FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)"
    " WHERE held.locktype = 'advisory' AND held.granted AND held.database = (SELECT oid FROM pg_database"
    " WHERE datname = current_database()) AND (CAST(held.classid AS bigint) << 32 | CAST(held.objid AS bigint)) = :lock"
)


@contextmanager
def runner_lock(storage: SqlStorage) -> Iterator[None]:
    """Be the runner of this database while the block runs; raises BusyError, naming the runner, when there is one.

    The lock ends with the process, however that ends. A lost connection to PostgreSQL loses the lock too; claims of
    the ledger are leases there, so that two runners would disturb but not repeat each other.
    """
    with _lock_file(storage, storage.path) if storage.path else _lock_postgres(storage):
        yield


def _this_process() -> str:
    return f"process {os.getpid()} (since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC)"


def _busy(storage: SqlStorage, runner: str) -> BusyError:
    name = str(storage.path or shown(storage.url))
    return BusyError(f"database {name}: {runner} runs on it already; stop that one first, or leave the work to it")


@contextmanager
def _lock_file(storage: SqlStorage, database: Path) -> Iterator[None]:
    path = Path(f"{database}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(f"{path}: it can't be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            runner = os.pread(descriptor, 200, 0).decode("ascii", "replace").strip() or "another process"
            raise _busy(storage, runner) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_this_process()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _lock_postgres(storage: SqlStorage) -> Iterator[None]:
    """A lock of the session, on a connection that does nothing else; its name in the server tells who runs."""
    with explained(storage.url):
        connection = storage.connect()
    try:
        with explained(storage.url):
            name = f"{_this_process()} on {socket.gethostname()}"[:63]
            connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name})
            lock = {"lock": _ADVISORY_LOCK}
            if not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), lock).scalar_one():
                runner = connection.execute(_RUNNER, lock).scalar_one_or_none()
                raise _busy(storage, runner or "another process")
        yield
    finally:
        # Not back into the pool: closing the session is what ends the lock.
        connection.invalidate()
        connection.close()
