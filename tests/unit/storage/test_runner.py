"""One process runs on a SQLite file; on PostgreSQL as many as you like."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.errors import BusyError, StorageError
from publisher.storage.database import SqlStorage, open_storage
from publisher.storage.runner import runner_lock
from tests.loopback import unmeasured, wait_for

HOLD = """
import sys, time
from publisher.storage.database import open_storage
from publisher.storage.runner import runner_lock
with runner_lock(open_storage(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def sqlite_storage(tmp_path: Path, sqlite_template: Path) -> SqlStorage:
    path = tmp_path / "publisher.db"
    path.write_bytes(sqlite_template.read_bytes())
    return open_storage(f"sqlite:///{path}")


def test_a_second_runner_is_refused_by_the_first_ones_number_until_that_dies(sqlite_storage: SqlStorage) -> None:
    url = f"sqlite:///{sqlite_storage.path}"
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, env=unmeasured())
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    told = rf"process {process.pid} \(since 20..-.*UTC\) runs on it already"
    with pytest.raises(BusyError, match=told) as error, runner_lock(sqlite_storage):
        pass
    assert "\n" not in str(error.value)
    with sqlite_storage.begin() as work:
        work.meta.set("other", "commands may write")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with runner_lock(sqlite_storage):
        assert f"process {os.getpid()} " in Path(f"{sqlite_storage.path}.lock").read_text()
    sqlite_storage.close()


def test_the_lock_is_free_again_after_an_error(sqlite_storage: SqlStorage) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), runner_lock(sqlite_storage):
            raise KeyError
    sqlite_storage.close()


def test_a_lock_file_that_cannot_be_made_is_told(sqlite_storage: SqlStorage) -> None:
    Path(f"{sqlite_storage.path}.lock").mkdir()
    with pytest.raises(StorageError, match=r"\.lock: it can't be written"), runner_lock(sqlite_storage):
        pass
    sqlite_storage.close()


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_on_postgresql_the_server_keeps_the_lock(storage: SqlStorage) -> None:
    url = storage.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, env=unmeasured())
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    told = rf"process {process.pid} \(since 20..-.*UTC\) on .* runs on it already"
    with pytest.raises(BusyError, match=told), runner_lock(storage):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_for(lambda: is_free(storage), "the server noticed the death")
    for _ in range(2):
        with runner_lock(storage), pytest.raises(BusyError), runner_lock(storage):
            pass


def is_free(storage: SqlStorage) -> bool:
    try:
        with runner_lock(storage):
            return True
    except BusyError:
        return False
