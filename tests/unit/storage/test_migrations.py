"""Migrations make the schema that the code speaks of, and leave an older database's copy beside it."""

import shutil
import sqlite3
from collections import namedtuple
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

from publisher.errors import StorageError
from publisher.storage import database, migrate, schema
from publisher.storage.database import SqlStorage, open_storage
from tests.unit.storage.made import put_newsletter

NEXT = '''"""One more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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
    (folder / "versions" / "0005_one_more.py").write_text(NEXT)
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
    with pytest.raises(StorageError, match=r"a newer publisher \(schema 0005, this one knows 0004\)") as error:
        open_storage(empty_url)
    assert "\n" not in str(error.value)


def test_an_older_sqlite_file_is_copied_before_it_is_changed(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "publisher.db"
    storage = open_storage(f"sqlite:///{path}")
    put_newsletter(storage, "kept")
    migrate.migrate(storage._engine, storage._reader, newer)
    storage.close()
    copy = sqlite3.connect(f"{path}.before-0005")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004",)]
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
    (broken / "versions" / "0005.py").write_text(NEXT + "    op.execute('SELECT * FROM nowhere')\n")
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


def row_of(table: Table) -> dict[str, object]:
    """One row of any table: a one of its kind in each column that must have a value."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = {int: 1, float: 1.0, bool: True, datetime: now, bytes: b"1", dict: {}, str: "1"}
    return {
        column.name: made[column.type.python_type]
        for column in table.columns
        if not column.nullable and column.server_default is None
    }


def test_a_database_of_the_schema_before_is_upgraded_with_its_rows(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before"
    shutil.copytree(migrate.MIGRATIONS, before)
    max((before / "versions").glob("0*.py")).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(database, "migrate", partial(migrate.migrate, migrations=before))
        older = open_storage(empty_url)
    tables = MetaData()
    tables.reflect(older._engine)
    apart = ("alembic", "meta", "counter", "article_index", "delivery_rest")
    filled = [table for table in tables.sorted_tables if not table.name.startswith(apart)]
    with older._engine.begin() as connection:
        for table in filled:
            connection.execute(table.insert().values(row_of(table)))
    older.close()
    storage = open_storage(empty_url)
    with storage.look() as connection:
        counts = {table.name: connection.execute(select(func.count()).select_from(table)).scalar() for table in filled}
    storage.close()
    assert set(counts.values()) == {1}, counts
