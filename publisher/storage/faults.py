"""What databases complain of, said in one line with its remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError, OperationalError

from publisher.errors import StorageError

# Each: what SQLite says, and what it means to an operator.
_SQLITE = (
    ("database or disk is full", "the disk is full: free some space and run it again"),
    ("unable to open database file", "it can't be opened: check that its folder may be written by this user"),
    ("readonly database", "it may not be written: check the owner and the rights of the file and its folder"),
    ("database is locked", "another process is writing for too long: try again, or look which one it is"),
    ("disk I/O error", "the disk reports an error: look at its health, then restore a backup"),
    ("malformed", "the file is damaged: restore a backup"),
    ("not a database", "the file is no SQLite database: name another one at [database] url"),
)


# Other errors are mistakes in statements and values.
_OF_THE_MACHINE = (sqlite3.DatabaseError, sqlite3.OperationalError, DatabaseError, OperationalError)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn what the machine refuses (disk, rights, network, server) into a StorageError; bugs pass through."""
    try:
        yield
    except (sqlite3.DatabaseError, DatabaseError) as error:
        remedy = _remedy(url, str(getattr(error, "orig", error))) if type(error) in _OF_THE_MACHINE else None
        if remedy is None:
            raise
        raise StorageError(f"{shown(url)}: {remedy}") from error


def shown(url: URL) -> str:
    """A database's name for messages, without its password."""
    if url.get_backend_name() == "sqlite":
        return f"database {url.database}"
    return f"PostgreSQL {url.render_as_string(hide_password=True)}"


def _remedy(url: URL, reason: str) -> str | None:
    """What to do; None for a complaint of SQLite's that is none of the machine's (it calls bad SQL by that name)."""
    reason = " ".join(reason.split())
    if url.get_backend_name() == "sqlite":
        return next((remedy for sign, remedy in _SQLITE if sign in reason), None)
    if "does not exist" in reason and "database" in reason:
        return "the database does not exist: make it with createdb"
    if "connection" in reason or "resolve" in reason:
        return f"no connection: see that the server runs and that [database] url is right ({reason[:200]})"
    return reason
