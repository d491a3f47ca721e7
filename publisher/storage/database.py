"""The way in: `open_storage`, and the transactions in which everything else happens."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from publisher.errors import StorageError
from publisher.pipeline.ports import Deliveries, Storage, UnitOfWork
from publisher.storage.faults import explained, shown
from publisher.storage.ledger import PostgresLedger, SqliteLedger, Transaction
from publisher.storage.migrate import migrate
from publisher.storage.sharing import SharedCommits
from publisher.storage.unit import SqlUnitOfWork

Result = TypeVar("Result")

THREADS = 16
"""How many threads may use one storage at once."""

READER_CACHE = 256
"""Kilobytes of the database that each reading connection keeps: the system keeps the file's pages for all of them."""

BUSY_TIMEOUT = 15
"""Seconds to wait for another process that writes to the same SQLite file."""


class WriterLock:
    """Lets one thread of this process write to SQLite at a time; a second transaction inside one is a bug."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is inside a writing transaction already")
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *exception: object) -> None:
        self._owner = None
        self._lock.release()


class SqlStorage(Storage):
    """A database that was opened. Threads share it; each transaction has a connection of its own."""

    def __init__(
        self,
        engine: Engine,
        reader: Engine,
        lock: AbstractContextManager[None],
        ledger: Callable[[Transaction, Transaction], SqliteLedger | PostgresLedger],
    ) -> None:
        self.url = engine.url
        self._engine = engine
        self._reader = reader
        self._lock = lock
        self._ledger = ledger(self.begin, self.read)
        # Connections of PostgreSQL commit side by side, and its server writes them to the disk together.
        self._shared = SharedCommits(self.begin) if self.path else None

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """One transaction, committed durably at the end; on SQLite the only one that writes.

        Raises StorageError when the disk or the server refuses.
        """
        with self._lock, explained(self.url), self._engine.begin() as connection:
            yield SqlUnitOfWork(connection)

    def share(self, job: Callable[[UnitOfWork], Result]) -> Result:
        """Run a job in a transaction that it may share with jobs of other threads; durable when this returns."""
        if self._shared is None:
            return super().share(job)
        with explained(self.url):
            return self._shared.run(job)

    def later(self, job: Callable[[UnitOfWork], object]) -> None:
        """Run a job soon, together with others, without waiting for it."""
        if self._shared is None:
            super().later(job)
        else:
            self._shared.later(job)

    def settle(self) -> None:
        """Wait until the jobs for later are durable; raises what one of them raised."""
        if self._shared is not None:
            with explained(self.url):
                self._shared.settle()

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A transaction that only reads, from one moment of the database; it waits for no writer."""
        with self.look() as connection:
            yield SqlUnitOfWork(connection)

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """The connection of such a transaction, for `storage.queries`."""
        with explained(self.url), self._reader.begin() as connection:
            yield connection

    def connect(self) -> Connection:
        """A connection whose statements each commit by themselves; close it."""
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @property
    def ledger(self) -> Deliveries:
        """Deliveries outside `begin()`: each call is its own short transaction."""
        return self._ledger

    def close(self) -> None:
        """Close all connections; on SQLite the last one to close brings the log back into the file."""
        self._ledger.close()
        self._reader.dispose()
        self._engine.dispose()


def open_storage(url: str) -> SqlStorage:
    """Open a database by its URL, make it when it is new, and bring its schema up to date.

    `sqlite:///file` or `postgresql://user@host/name`. Raises StorageError, in one line with its remedy, when it can't
    be opened or was written by a newer program.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        backend = ""
    match backend:
        case "sqlite":
            return _open_sqlite(parsed.set(drivername="sqlite"))
        case "postgresql" | "postgres":
            return _open_postgres(parsed.set(drivername="postgresql+psycopg"))
        case _:
            raise StorageError("[database] url: write sqlite:///path/of/a/file or postgresql://user@host/name")


# --- SQLite ------------------------------------------------------------------------------------------------------


def _open_sqlite(url: URL) -> SqlStorage:
    if not url.database or url.database == ":memory:":
        raise StorageError("[database] url: a database in memory is forgotten at the end: name a file, sqlite:///file")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # It will hold keys and addresses. SQLite gives its log the same rights.
            path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"{shown(url)}: it can't be made: {error.strerror}: {error.filename}") from error
    url = url.set(database=str(path.absolute()))
    writer = _sqlite_engine(url, "BEGIN IMMEDIATE", pool_size=1)
    reader = _sqlite_engine(url, "BEGIN DEFERRED", pool_size=THREADS, read_only=True)
    with explained(url):
        quick = _connect_sqlite(url, "NORMAL")
        _keep_a_log(quick)
        migrate(writer, reader)
    lock = WriterLock()
    return SqlStorage(writer, reader, lock, partial(SqliteLedger, lock=lock, connection=quick, url=url))


def _sqlite_engine(url: URL, begin: str, *, pool_size: int, read_only: bool = False) -> Engine:
    """Connections of one kind: the writer's, or the readers'."""
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        creator=lambda: _connect_sqlite(url, "FULL", read_only=read_only),
    )

    # sqlite3 would begin by itself, too late and never IMMEDIATE.
    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _connect_sqlite(url: URL, synchronous: str, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection without transactions of its own, that any thread may use (one at a time)."""
    connection = sqlite3.connect(
        url.database or "", timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    for pragma in ("foreign_keys=ON", f"synchronous={synchronous}", f"query_only={'ON' if read_only else 'OFF'}"):
        connection.execute(f"PRAGMA {pragma}")
    if read_only:
        connection.execute(f"PRAGMA cache_size=-{READER_CACHE}")
    return connection


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Write-ahead logging, so that readers and the writer don't wait for each other; the file remembers it.

    When several programs open a new file at once SQLite may refuse without waiting.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def _open_postgres(url: URL) -> SqlStorage:
    # READ COMMITTED: who waited for the counter's row must see the number that was committed meanwhile.
    engine = create_engine(url, isolation_level="READ COMMITTED", pool_size=THREADS, pool_pre_ping=True)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with explained(url):
        migrate(engine, reader)
    return SqlStorage(engine, reader, nullcontext(), partial(PostgresLedger, engine=engine))
