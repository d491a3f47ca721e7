"""Programs that people read feeds with, driven as people drive them: subscribe, look again, and what they show then."""

import calendar
import os
import shutil
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar

import feedparser

from tests.conftest import missing


@dataclass(frozen=True, order=True)
class Shown:
    """An entry as a client shows it; its author where the client has room for one."""

    title: str
    author: str
    published: datetime


class Client(ABC):
    """One reader of one feed, with a folder of its own."""

    programs: ClassVar[tuple[str, ...]] = ()
    nobody: ClassVar[Mapping[str, str]] = {"rss": "", "atom": ""}
    """What it shows, by format, as the author of an entry without one. The keys are what it reads."""
    first_condition: ClassVar[int | None] = 2
    """Which of its looks is the first that asks for what is new alone (RFC 9110, section 13.1.2); None for no look."""
    follows: ClassVar[bool] = True
    """Whether it finds a feed that was renamed."""
    remembers: ClassVar[bool] = False
    """Whether it asks at the new address from then on."""
    keeps_former: ClassVar[bool] = False
    """Whether it shows an edit beside what was there before."""

    def __init__(self, folder: Path, url: str) -> None:
        for program in self.programs:
            if not shutil.which(program):
                missing(f"{program} is not installed")
        self.folder, self.url = folder, url

    @abstractmethod
    def look(self) -> bool:
        """Look at the feed; False when the client says that it could not."""

    @abstractmethod
    def shown(self) -> list[Shown]:
        """All entries that it has, in any order."""

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        names = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
        environment = {**names, "TERM": "dumb", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, timeout=120)


class Newsboat(Client):
    """It reloads without its screen; what it shows then is in its cache."""

    programs = ("newsboat",)
    # What it learns at the first look it notes of a feed that it has not stored yet.
    first_condition = 3

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        (folder / "urls").write_text(f"{url}\n")

    def look(self) -> bool:
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        options = ("-u", "urls", "-c", "cache.db", "-C", os.devnull, "-l", "2", "-d", "log")
        return self.run("newsboat", *options, "-x", "reload").returncode == 0 and "Error" not in log.read_text()

    def shown(self) -> list[Shown]:
        with sqlite3.connect(self.folder / "cache.db") as cache:
            rows = cache.execute("SELECT title, author, pubDate FROM rss_item").fetchall()
        return [Shown(title, author, datetime.fromtimestamp(date, UTC)) for title, author, date in rows]


class Sfeed(Client):
    """As it comes: without conditions, and without redirects."""

    programs = ("sfeed_update", "curl")
    nobody: ClassVar[Mapping[str, str]] = {"rss": "", "atom": "Harbour News"}
    first_condition = None
    follows = False
    keeps_former = True
    fetch: ClassVar[str] = ""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        rc = f'sfeedpath="$HOME/feeds"\n{self.fetch}\nfeeds() {{\n\tfeed one "{url}"\n}}\n'
        (folder / "sfeedrc").write_text(rc)

    def look(self) -> bool:
        return self.run("sfeed_update", "sfeedrc").returncode == 0

    def shown(self) -> list[Shown]:
        lines = [line.split("\t") for line in (self.folder / "feeds" / "one").read_text().splitlines()]
        return [Shown(line[1], line[6], datetime.fromtimestamp(int(line[0]), UTC)) for line in lines]


class PoliteSfeed(Sfeed):
    """With a `fetch` of one's own, as its manual page shows: with conditions, and redirects are followed."""

    # curl compares with a file that isn't there yet: with an empty tag.
    first_condition = 1
    follows = True
    fetch = (
        'fetch() {\n\tcurl -L -f -s -m 60 --etag-save "$HOME/etag.new" --etag-compare "$HOME/etag" "$2" '
        '&& if [ -s "$HOME/etag.new" ]; then mv "$HOME/etag.new" "$HOME/etag"; fi\n}'
    )


class Rss2Email(Client):
    """It mails each entry, into a Maildir here; with `reply-changes` an edit is a mail of its own.

    In RSS alone, as each of its looks starts a Python; in Atom it shows the same, and the feed's title for nobody.
    """

    programs = ("r2e",)
    nobody: ClassVar[Mapping[str, str]] = {"rss": "<author>"}
    remembers = True
    keeps_former = True

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        settings = {
            "email-protocol": "maildir",
            "maildir-path": str(folder / "mail"),
            "maildir-mailbox": "in",
            "name-format": "{author}",
            "date-header": "True",
            "date-header-order": "issued",
            "reply-changes": "True",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        (folder / "cfg").write_text("\n".join(["[DEFAULT]", *lines, ""]))
        for name in ("cur", "new", "tmp"):
            (folder / "mail" / "in" / name).mkdir(parents=True)
        assert self.r2e("add", "one", url, "me@post.example").returncode == 0

    def r2e(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return self.run("r2e", "-c", "cfg", "-d", "data", *command)

    def look(self) -> bool:
        done = self.r2e("run")
        return done.returncode == 0 and b"[ERROR]" not in done.stderr

    def shown(self) -> list[Shown]:
        files = (self.folder / "mail" / "in" / "new").iterdir()
        mails = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
        return [
            Shown(mail["Subject"], mail["From"].addresses[0].display_name, mail["Date"].datetime.replace(tzinfo=UTC))
            for mail in mails
        ]


class Library(Client):
    """The Python library `reader`, with its database."""

    nobody: ClassVar[Mapping[str, str]] = {"rss": "", "atom": "", "json": ""}

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        # Installed beside it, as `reader` still asks for a module that Python 3 has no more.
        from reader import UpdateError, make_reader

        self._failed = UpdateError
        self._reader = make_reader(str(folder / "reader.db"))
        self._reader.add_feed(url)

    def look(self) -> bool:
        # By name: of all feeds it looks at those alone whose hour has come.
        try:
            self._reader.update_feed(self.url)
        except self._failed:
            return False
        return True

    def shown(self) -> list[Shown]:
        return [
            Shown(entry.title or "", entry.authors[0].name or "" if entry.authors else "", _some(entry.published))
            for entry in self._reader.get_entries()
        ]


class Feedparser(Client):
    """What a few lines with feedparser do, as its documentation tells: tags, moves, and entries by id."""

    remembers = True

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self._entries: dict[str, Any] = {}
        self._tags: dict[str, Any] = {}

    def look(self) -> bool:
        read = feedparser.parse(self.url, **self._tags)
        if read.status == 301:
            self.url = read.href
        if read.status >= 400:
            return False
        if read.status != 304:
            self._tags = {"etag": read.get("etag"), "modified": read.get("modified")}
            self.take(read)
        return True

    def take(self, read: Any) -> None:
        """Keep what a document says."""
        self._entries |= {entry.id: entry for entry in read.entries}

    def shown(self) -> list[Shown]:
        return [
            Shown(entry.title, entry.get("author", ""), datetime.fromtimestamp(calendar.timegm(when), UTC))
            for entry in self._entries.values()
            for when in [entry.published_parsed]
        ]


class Walker(Feedparser):
    """It reads archives, too (RFC 5005, section 4): back to the first document that it has met already."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self._met: set[str] = set()

    def take(self, read: Any) -> None:
        before = [link.href for link in read.feed.links if link.rel == "prev-archive"]
        for url in before:
            if url not in self._met:
                self._met.add(url)
                self.take(feedparser.parse(url))
        # What is newer is said last.
        super().take(read)


def _some(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment


CLIENTS: tuple[type[Client], ...] = (Newsboat, Sfeed, PoliteSfeed, Rss2Email, Library, Feedparser)
