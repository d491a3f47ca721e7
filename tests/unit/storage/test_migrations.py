"""Migrations make the schema that the code speaks of, and leave an older database's copy beside it."""

import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from publisher.errors import StorageError
from publisher.storage import migrate, schema
from publisher.storage.database import SqlStorage, open_storage
from tests.unit.storage.made import put_newsletter

NEXT = '''"""One more."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("machine", sa.Text))
'''


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of a program to come."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, folder)
    (folder / "versions" / "0003_one_more.py").write_text(NEXT)
    return folder


def not_in_metadata(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Leaves out what stands in migrations alone: the search index, a partition, and what they are made of."""
    table = name if kind == "table" else thing.table.name
    return not str(table).startswith(("article_index", "delivery_rest"))


def test_migrating_from_nothing_makes_what_the_metadata_says(storage: SqlStorage) -> None:
    options = {"include_object": not_in_metadata, "compare_type": True}
    with storage.look() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
    assert found == []


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_on_postgresql_the_ledger_is_partitioned_by_edition(storage: SqlStorage) -> None:
    with storage.look() as connection:
        by = connection.execute(text("SELECT pg_get_partkeydef('delivery'::regclass)")).scalar_one()
    assert by == "RANGE (edition_id)"


def test_a_newer_database_is_refused_in_one_line(empty_url: str, newer: Path) -> None:
    storage = open_storage(empty_url)
    migrate.migrate(storage._engine, storage._reader, newer)
    storage.close()
    with pytest.raises(StorageError, match=r"a newer publisher \(schema 0003, this one knows 0002\)") as error:
        open_storage(empty_url)
    assert "\n" not in str(error.value)


def test_an_older_sqlite_file_is_copied_before_it_is_changed(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "publisher.db"
    storage = open_storage(f"sqlite:///{path}")
    put_newsletter(storage, "kept")
    migrate.migrate(storage._engine, storage._reader, newer)
    storage.close()
    copy = sqlite3.connect(f"{path}.before-0003")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    assert copy.execute("SELECT slug FROM newsletter").fetchall() == [("kept",)]
    copy.close()


def test_without_room_for_a_copy_nothing_is_changed(
    tmp_path: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(migrate.shutil, "disk_usage", lambda path: usage(0, 0, 1024))
    with pytest.raises(StorageError, match="free space beside it"):
        migrate.migrate(storage._engine, storage._reader, newer)
    storage.close()
    open_storage(f"sqlite:///{tmp_path}/publisher.db").close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_url: str, tmp_path: Path) -> None:
    storage = open_storage(empty_url)
    put_newsletter(storage, "kept")
    broken = tmp_path / "broken"
    shutil.copytree(migrate.MIGRATIONS, broken)
    (broken / "versions" / "0003.py").write_text(NEXT + "    op.execute('SELECT * FROM nowhere')\n")
    with pytest.raises(Exception, match="nowhere"):
        migrate.migrate(storage._engine, storage._reader, broken)
    storage.close()
    storage = open_storage(empty_url)
    with storage.look() as connection:
        assert "machine" not in {column["name"] for column in inspect(connection).get_columns("run")}
    storage.close()


def test_a_file_that_is_up_to_date_is_opened_without_a_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/publisher.db"
    open_storage(url).close()
    writer = create_engine(url).raw_connection()
    writer.cursor().execute("BEGIN IMMEDIATE")
    open_storage(url).close()
    writer.close()
