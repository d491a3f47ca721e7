"""What commands print: tables and JSON on stdout, progress and complaints on stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

WIDE = 500
"""Columns of a table that nobody's terminal limits."""


def stdout() -> Console:
    """Where answers go. In a pipe nothing is cut to the width of a terminal that isn't there."""
    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDE)


def stderr() -> Console:
    """Where progress and complaints go."""
    return Console(file=sys.stderr, highlight=False, width=None if sys.stderr.isatty() else WIDE)


def say(text: str) -> None:
    """One line of an answer, exactly as it is."""
    stdout().print(Text(text), soft_wrap=True)


def complain(text: str) -> None:
    """One line on stderr that says what went wrong."""
    stderr().print(Text(f"publisher: {text}"), soft_wrap=True)


def inform(text: str) -> None:
    """One line on stderr beside an answer that goes into a file or a pipe."""
    stderr().print(Text(text), soft_wrap=True)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "", empty: str = "") -> None:
    """Rows under headings; `empty` is what to say when there are none."""
    if not rows and empty:
        say(empty)
        return
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    stdout().print(table)


def show_json(value: Any) -> None:
    """A value for other programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def show(rows: Sequence[Mapping[str, object]], *, as_json: bool, empty: str) -> None:
    """A list, as a table or as JSON; the keys of the first row are the headings."""
    if as_json:
        show_json(rows)
    else:
        columns = list(rows[0]) if rows else []
        show_table([column.replace("_", " ") for column in columns], [list(row.values()) for row in rows], empty=empty)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value, key=str) if isinstance(value, (set, frozenset)) else str(value)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} {value:%z}" if value.utcoffset() else f"{value:%Y-%m-%d %H:%M} UTC"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


Advance = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@contextmanager
def progress() -> Iterator[Advance]:
    """A bar for each thing that takes long, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True) as bars:
        tasks = {}

        def advance(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield advance
