"""Brings the schema of a database to that of this program, and mints what every instance has of its own."""

import secrets
import shutil
import sqlite3
import uuid
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from publisher.errors import StorageError
from publisher.storage import schema
from publisher.storage.faults import shown

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 7_305_808_869_232_650
"""One number for all: on PostgreSQL two programs that start together migrate one after the other."""


def migrate(engine: Engine, reader: Engine, migrations: Path = MIGRATIONS) -> None:
    """Bring the schema up to date; when it is already it is only read, and no writer's lock is taken.

    Raises StorageError when the database is newer than this program, or the disk has no room for the backup that
    is made (on SQLite) before an older one is changed.
    """
    config = _config(migrations)
    scripts = ScriptDirectory.from_config(config)
    with reader.connect() as connection:
        before = _revision(connection, scripts, engine)
    if before == scripts.get_current_head():
        return
    if before is not None and engine.dialect.name == "sqlite":
        _back_up(engine, f"before-{scripts.get_current_head()}")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        # Asked again under the lock: another program may have been first.
        before = _revision(connection, scripts, engine)
        if before == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if before is None:
            _mint(connection)


def is_current(connection: Connection) -> bool:
    """Whether the schema is still the one that this program works with."""
    head = ScriptDirectory.from_config(_config(MIGRATIONS)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config


def _revision(connection: Connection, scripts: ScriptDirectory, engine: Engine) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StorageError(
            f"{shown(engine.url)}: it was written by a newer publisher (schema {revision}, this one knows "
            f"{scripts.get_current_head()}): install that version, or restore a backup"
        )
    return revision


def _back_up(engine: Engine, suffix: str) -> None:
    """Copy a database to a file beside it, when there is room for the copy and for the migration."""
    path = Path(engine.url.database or "")
    needed, free = path.stat().st_size * 2, shutil.disk_usage(path.parent).free
    if free < needed:
        raise StorageError(
            f"{shown(engine.url)}: migrating needs {needed >> 20} MiB of free space beside it, "
            f"there are {free >> 20}: make room and run it again"
        )
    copy = path.with_name(f"{path.name}.{suffix}")
    copy.touch(mode=0o600)
    old, new = sqlite3.connect(path), sqlite3.connect(copy)
    try:
        old.backup(new)
    finally:
        new.close()
        old.close()


def _mint(connection: Connection) -> None:
    """The instance's id, its keys, and the counters."""
    minted = {
        "instance_id": str(uuid.uuid4()),
        "signing_key:1": secrets.token_hex(32),
        "suppression_key": secrets.token_hex(32),
    }
    connection.execute(schema.meta.insert(), [{"name": name, "value": value} for name, value in minted.items()])
    connection.execute(schema.counter.insert(), [{"name": name, "last": 0} for name in ("seq", "feeds")])
