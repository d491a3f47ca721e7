"""How values become columns: times, JSON, and text from outside."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

Number = BigInteger().with_variant(Integer, "sqlite")
"""An id or a count. SQLite's own row numbers only work for a column that is called INTEGER."""


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class UtcTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, microseconds kept, sortable. Text on SQLite, timestamptz on PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = _aware(value).astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class OutsideText(TypeDecorator[str]):
    """Text that came from outside: without what PostgreSQL (NUL) or UTF-8 (lone surrogates) can't hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class JsonText(TypeDecorator[Any]):
    """A small value as JSON, readable in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone: instants are aware")
    return value


def json_text(value: Any) -> str:
    """A value as `JsonText` writes it, for statements that are run without SQLAlchemy."""
    return clean(_COMPACT.encode(value))


def clean(text: str) -> str:
    """The text without NUL, and with a question mark for each lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=64)
def sqlite_time(value: datetime) -> str:
    """An instant as `UtcTime` writes it on SQLite, for statements that are run without SQLAlchemy."""
    return _aware(value).astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")


def writer(kind: TypeEngine[Any], dialect: str) -> Callable[[Any], Any] | None:
    """What turns a value (not None) into what a column of some kind holds; None where that is the value itself."""
    match kind:
        case OutsideText():
            return clean
        case JsonText():
            return json_text
        case UtcTime():
            return sqlite_time if dialect == "sqlite" else _aware
        case _:
            return None


def read_sqlite_time(text: str) -> datetime:
    """The instant again."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
