"""Opening a database, and transactions on it."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from publisher.domain.token import address_key
from publisher.errors import StorageError
from publisher.storage.database import SqlStorage, open_storage
from tests.unit.storage.made import NOW, put_newsletter, put_subscriptions


class TestOpening:
    def test_keys_and_instance_are_minted_once(self, empty_url: str) -> None:
        seen = []
        for _ in range(2):
            storage = open_storage(empty_url)
            with storage.read() as work:
                seen.append((work.meta.instance(), work.meta.keyring()))
            storage.close()
        assert seen[0] == seen[1]
        assert len(seen[0][1].signing[1]) == 32
        assert len(seen[0][1].suppression) == 32

    def test_two_that_open_a_new_database_at_once_agree(self, empty_url: str) -> None:
        barrier = threading.Barrier(4)

        def open_it() -> object:
            barrier.wait()
            storage = open_storage(empty_url)
            with storage.read() as work:
                keys = work.meta.keyring()
            storage.close()
            return keys

        with ThreadPoolExecutor(4) as pool:
            first, *others = pool.map(lambda _: open_it(), range(4))
        assert others == [first] * 3

    def test_the_folder_of_a_new_file_is_made(self, tmp_path: Path) -> None:
        open_storage(f"sqlite:///{tmp_path}/deep/down/publisher.db").close()
        assert (tmp_path / "deep" / "down" / "publisher.db").exists()

    def test_nobody_else_may_read_a_new_file(self, tmp_path: Path) -> None:
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        put_newsletter(storage)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        storage.close()
        assert modes.keys() == {"publisher.db", "publisher.db-wal", "publisher.db-shm"}
        assert set(modes.values()) == {0o600}

    def test_a_sqlite_file_keeps_a_log_and_its_references(self, tmp_path: Path) -> None:
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        with storage.look() as connection:
            pragmas = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")]
        storage.close()
        assert pragmas == ["wal", 1]

    def test_a_file_without_a_log_gets_one_when_its_last_reader_has_gone(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / "publisher.db", isolation_level=None, check_same_thread=False)
        for statement in ("CREATE TABLE other (x)", "BEGIN", "SELECT * FROM other"):
            other.execute(statement)
        threading.Timer(0.2, other.close).start()
        open_storage(f"sqlite:///{tmp_path}/publisher.db").close()

    def test_after_closing_the_log_is_in_the_file(self, tmp_path: Path) -> None:
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        put_newsletter(storage)
        storage.close()
        assert [path.name for path in tmp_path.iterdir()] == ["publisher.db"]

    @pytest.mark.parametrize("url", ["", "publisher.db", "mysql://localhost/x", "nonsense://x"])
    def test_a_url_that_is_none_is_refused_with_the_forms_that_are(self, url: str) -> None:
        with pytest.raises(StorageError, match=r"\[database\] url: .*sqlite:///.*postgresql://"):
            open_storage(url)

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
    def test_a_database_in_memory_is_refused(self, url: str) -> None:
        with pytest.raises(StorageError, match="name a file"):
            open_storage(url)


class TestOneLineAndARemedy:
    """What an operator meets: one line each, that says which database, what and what to do."""

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StorageError, match=r"^database .*: it can't be made: .*/file"):
            open_storage(f"sqlite:///{tmp_path}/file/publisher.db")

    def test_a_path_that_cannot_be_opened(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="it can't be opened: check that its folder"):
            open_storage(f"sqlite:///{tmp_path}")

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").write_text("Once upon a time there was a file that was no database at all. " * 20)
        with pytest.raises(StorageError, match=r"x\.db: the file is no SQLite database"):
            open_storage(f"sqlite:///{tmp_path}/x.db")

    def test_a_full_disk(self, tmp_path: Path) -> None:
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        newsletter = put_newsletter(storage)
        self._limit_pages(storage, "page_count")
        with pytest.raises(StorageError, match="the disk is full: free some space") as error, storage.begin() as work:
            work.meta.set("long", "x" * 1_000_000)
        assert "\n" not in str(error.value)
        self._limit_pages(storage, None)
        assert put_subscriptions(storage, newsletter, "ana"), "the database goes on when there is room again"
        storage.close()

    @staticmethod
    def _limit_pages(storage: SqlStorage, to: str | None) -> None:
        with storage.begin() as work:
            pages = work._connection.execute(text(f"PRAGMA {to}")).scalar_one() if to else 1_000_000
            work._connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    def test_another_process_that_writes_for_ever(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("publisher.storage.database.BUSY_TIMEOUT", 0.05)
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        other = sqlite3.connect(tmp_path / "publisher.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another process is writing"), storage.begin():
            pass
        with pytest.raises(StorageError, match="another process is writing"):
            storage.ledger.release("token")
        other.close()
        storage.close()

    def test_no_postgresql_there(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="no connection: see that the server runs") as error:
            open_storage(f"postgresql://me:secret@/news?host={tmp_path}")
        assert "secret" not in str(error.value)
        assert "\n" not in str(error.value)

    @pytest.mark.postgres
    def test_a_database_that_postgresql_does_not_have(self, request: pytest.FixtureRequest) -> None:
        url = request.getfixturevalue("postgres_server").url("nowhere")
        with pytest.raises(StorageError, match="the database does not exist: make it with createdb"):
            open_storage(url.replace("postgresql://", "postgres://"))

    def test_a_mistake_in_a_statement_is_not_explained_away(self, storage: SqlStorage) -> None:
        with pytest.raises(DBAPIError, match="no_such_table"), storage.look() as connection:
            connection.execute(text("SELECT * FROM no_such_table"))


class TestTransactions:
    def test_an_exception_rolls_everything_back(self, storage: SqlStorage) -> None:
        def fail() -> None:
            with storage.begin() as work:
                work.meta.set("x", "1")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        with storage.read() as work:
            assert work.meta.get("x") is None

    def test_a_reader_sees_one_moment_and_waits_for_no_writer(self, storage: SqlStorage) -> None:
        with storage.begin() as work:
            work.meta.set("x", "old")
        with storage.read() as reader:
            assert reader.meta.get("x") == "old"
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._write, storage, "new").result(10)
            assert reader.meta.get("x") == "old"
        with storage.read() as reader:
            assert reader.meta.get("x") == "new"

    @staticmethod
    def _write(storage: SqlStorage, value: str) -> None:
        with storage.begin() as work:
            work.meta.set("x", value)

    def test_a_reader_cannot_write(self, storage: SqlStorage) -> None:
        with pytest.raises(Exception, match=r"read-only|may not be written"), storage.read() as work:
            work.meta.set("x", "1")

    def test_sixteen_threads_use_one_storage(self, storage: SqlStorage) -> None:
        newsletter = put_newsletter(storage)

        def subscribe(thread: int) -> None:
            for number in range(3):
                put_subscriptions(storage, newsletter, f"{thread}-{number}")
                with storage.read() as work:
                    assert work.subscriptions.find(f"{thread}-{number}@people.example", newsletter)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(subscribe, range(16)))
        with storage.read() as work:
            assert work.subscriptions.count_active(newsletter) == 48

    def test_a_transaction_inside_another_is_a_bug_that_is_told(self, tmp_path: Path) -> None:
        storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
        with storage.begin(), pytest.raises(RuntimeError, match="inside a writing transaction"), storage.begin():
            pass
        with storage.begin(), pytest.raises(RuntimeError, match="inside a writing transaction"):
            storage.ledger.release("token")
        storage.close()


def test_a_word_is_remembered(storage: SqlStorage) -> None:
    with storage.begin() as work:
        assert work.meta.get("x") is None
        work.meta.set("x", "1")
        work.meta.set("x", "2")
    with storage.read() as work:
        assert work.meta.get("x") == "2"


def test_a_suppressed_address_is_known_by_its_key_alone(storage: SqlStorage) -> None:
    with storage.begin() as work:
        key = address_key(work.meta.keyring(), "Ana@People.example")
        work.subscriptions.suppress(key, "complaint", NOW)
        work.subscriptions.suppress(key, "again", NOW)
        assert work.subscriptions.suppressed(address_key(work.meta.keyring(), "ana@people.EXAMPLE"))
        assert not work.subscriptions.suppressed(address_key(work.meta.keyring(), "bo@people.example"))
