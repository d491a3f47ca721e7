"""Changes of the configuration file by commands: sources are added at its end, or taken out with their comments.

The file is the operator's: all else in it stays as it is, to the letter. What a change makes is checked before the file
is replaced, at once and whole.
"""

import itertools
import os
import re
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from publisher.domain import toml
from publisher.errors import ConfigError, Fault, UsageError
from publisher.settings import load
from publisher.settings.config import Settings
from publisher.settings.reading import read

_HEADER = re.compile(r"\s*\[+\s*([A-Za-z0-9_\"'-]+)")
_SOURCE = re.compile(r"\s*\[\[\s*source\s*\]\]\s*(#.*)?")


def stanza(keys: Mapping[str, toml.Value]) -> str:
    """A `[[source]]` to paste; keys without a value are left out."""
    lines = [f"{key} = {toml.written(value)}" for key, value in keys.items() if value]
    return "\n".join(["[[source]]", *lines, ""])


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number behind it that makes it one that no source has."""
    numbered = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(one for one in numbered if one not in taken)


def with_stanzas(text: str, stanzas: Sequence[str]) -> str:
    """The configuration with some sources more, at its end."""
    return "\n".join([text.rstrip("\n"), "", *stanzas]) if text.strip() else "\n".join(stanzas)


def without_source(text: str, name: str) -> str:
    """The configuration without one source: its lines, and the comment that stands right above them.

    Raises UsageError when the lines can't be told, naming them as far as they are known.
    """
    before = tomllib.loads(text)
    number = next((n for n, item in enumerate(before.get("source", [])) if item.get("name") == name), None)
    if number is None:
        raise UsageError(f"source {name!r} does not stand in this file: take it out where it is defined (a variable)")
    lines = text.splitlines(keepends=True)
    starts = [place for place, line in enumerate(lines) if _SOURCE.fullmatch(line.rstrip("\r\n"))]
    if number >= len(starts):
        raise UsageError(f"source {name!r} is not written as a [[source]] of its own: take it out by hand")
    start, end = _first_line(lines, starts[number]), _last_line(lines, starts[number])
    after = "".join([*lines[:start], *lines[end:]])
    left = [item for item in before["source"] if item.get("name") != name]
    try:
        same = {"source": [], **tomllib.loads(after)} == {**before, "source": left}
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise UsageError(f"source {name!r} can't be taken out safely: look at lines {start + 1} to {end}, by hand")
    return after


def check_unnamed(file: Path, name: str, environ: Mapping[str, str]) -> None:
    """Raises ConfigError with every feed and newsletter that names a source, at its line of the file as it is."""
    raw = read(file, environ)
    faults = [
        raw.fault((table, number, *where), "take it out of here first; nothing was changed", name)
        for table in ("feed", "newsletter")
        for number, item in raw.items(table)
        for where, choice in ((("sources",), item), (("not", "sources"), item.get("not")))
        if isinstance(choice, Mapping) and name in choice.get("sources", ())
    ]
    if faults:
        raise ConfigError(faults)


@contextmanager
def prepared(file: Path, text: str, environ: Mapping[str, str]) -> Iterator["Change"]:
    """A change of a configuration file that was checked: `Change.make()` replaces the file.

    Raises ConfigError with the faults that the change would make; nothing is changed then.
    """
    file = file.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".toml", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        os.chmod(name, file.stat().st_mode & 0o777)
    except OSError as error:
        raise UsageError(f"{file}: can't be changed: {error.strerror}") from None
    draft_file = Path(name)
    try:
        yield Change(file, draft_file, _checked(draft_file, file, environ))
    finally:
        draft_file.unlink(missing_ok=True)


class Change:
    """A checked change; `settings` are those that it leads to."""

    def __init__(self, file: Path, draft: Path, settings: Settings) -> None:
        self.settings = settings
        self._file = file
        self._draft = draft
        self._before = file.read_bytes()
        self._made = False

    def make(self) -> None:
        """Replace the file."""
        try:
            os.replace(self._draft, self._file)
        except OSError as error:
            raise UsageError(f"{self._file}: can't be changed: {error.strerror}") from None
        self._made = True

    def take_back(self) -> None:
        """Put the file back as it was, if it was replaced."""
        if not self._made:
            return
        self._draft.write_bytes(self._before)
        os.replace(self._draft, self._file)


def _checked(draft: Path, file: Path, environ: Mapping[str, str]) -> Settings:
    try:
        return load(draft, environ)
    except ConfigError as error:
        faults = [
            Fault(one.file.replace(str(draft), str(file)), one.key, one.value, one.remedy) for one in error.faults
        ]
        raise ConfigError(faults) from None


def _first_line(lines: Sequence[str], header: int) -> int:
    """Where the comment right above a header begins; a line of dashes is a heading of more than that."""
    start = header
    while start > 0 and lines[start - 1].lstrip().startswith("#") and "---" not in lines[start - 1]:
        start -= 1
    return start


def _last_line(lines: Sequence[str], header: int) -> int:
    """The line behind a source and the empty lines after it: comments that follow belong to what comes next."""
    end = header + 1
    while end < len(lines):
        match = _HEADER.match(lines[end])
        if match and not re.match(r"\s*\[+\s*source\s*\.", lines[end]):
            break
        end += 1
    while end > header + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    return end
