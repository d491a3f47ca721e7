"""What commands begin with: the configuration, and the application on its database."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from publisher.app import Application, add_example_readers, apply_definitions, build, take_over
from publisher.cli.logs import configure
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import Source
from publisher.errors import PublisherError, UsageError
from publisher.settings import Settings, load
from publisher.settings.values import did_you_mean
from publisher.sources.text import urls
from publisher.storage.database import open_storage
from publisher.storage.runner import runner_lock
from publisher.web.example import build_example
from publisher.web.serve import Server

DEFAULTS = (Path("config/publisher.toml"), Path("publisher.toml"))


def now() -> datetime:
    """The clock of the whole program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the command."""

    config: Path | None

    def file(self) -> Path:
        """The configuration to read."""
        if self.config is not None:
            return self.config
        for file in DEFAULTS:
            if file.is_file():
                return file
        raise UsageError(
            f"there is neither {DEFAULTS[0]} nor {DEFAULTS[1]} here: `publisher init` writes one, "
            "`publisher --config FILE` names another"
        )

    def settings(self) -> Settings:
        """The settings, checked; the log is set up by them."""
        settings = load(self.file(), os.environ)
        configure(settings.log)
        return settings


def context_of(context: typer.Context) -> Context:
    """The options before the command."""
    found = context.find_object(Context)
    assert found is not None
    return found


def settings_of(context: typer.Context) -> Settings:
    """The settings of a command."""
    return context_of(context).settings()


@contextmanager
def built(settings: Settings) -> Iterator[Application]:
    """The application on its open database, as that is."""
    with (
        closing(open_storage(settings.database)) as storage,
        closing(build(settings, storage, clock=now, stop=threading.Event())) as application,
    ):
        yield application


@contextmanager
def opened(settings: Settings) -> Iterator[Application]:
    """The same, with the configuration's definitions stored."""
    with built(settings) as application:
        apply_definitions(application)
        yield application


@contextmanager
def opened_as_runner(settings: Settings, stop: threading.Event) -> Iterator[Application]:
    """The same, as the one process that runs steps on this database.

    What a runner before this one left in the middle is put right first. Raises BusyError when there is one now.
    """
    with (
        closing(open_storage(settings.database)) as storage,
        runner_lock(storage),
        closing(build(settings, storage, clock=now, stop=stop)) as application,
    ):
        apply_definitions(application)
        if settings.example is not None:
            add_example_readers(application)
        take_over(application)
        yield application


@contextmanager
def example_site(settings: Settings, *, may_run: bool = False) -> Iterator[str | None]:
    """The example site on its port while the configuration names it; its address.

    With `may_run` a port in use is taken for a runner that serves it already.
    """
    if settings.example is None:
        yield None
        return
    server = Server(build_example(settings.example.folder), "127.0.0.1", settings.example.port, "example.port")
    try:
        server.start()
    except PublisherError:
        if not may_run:
            raise
    try:
        yield server.address
    finally:
        server.stop()


def bytes_of(file: str, most: int = -1) -> bytes:
    """What FILE holds, or standard input where it is `-`, at most so many bytes of that; raises UsageError."""
    try:
        return sys.stdin.buffer.read(most) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"FILE {file}: can't be read: {error.strerror}") from None


def check_address(url: str) -> None:
    """Raises UsageError for a `--url` that is no http(s) address; it may be left out."""
    if url and urls.absolute(None, url) is None:
        raise UsageError(f"--url {url!r}: is no address; write one such as https://blog.example.org/page")


def source_of(settings: Settings, name: str) -> Source:
    """The configured source of this name; raises UsageError with the nearest one."""
    sources = {source.name: source for source in settings.sources}
    if name not in sources:
        raise UsageError(f"no source {name!r}; {did_you_mean(name, sources)}")
    return sources[name]


def newsletter_of(application: Application, slug: str) -> Newsletter:
    """The stored newsletter of this slug; raises UsageError with the nearest one."""
    with application.storage.read() as work:
        newsletters = {one.slug: one for one in work.newsletters.all()}
    if slug not in newsletters:
        raise UsageError(f"no newsletter {slug!r}; {did_you_mean(slug, newsletters)}")
    return newsletters[slug]
