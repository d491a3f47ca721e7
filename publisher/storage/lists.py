"""Many values in one parameter, so that a statement's text and plan are the same however many there are; and many
rows at once, by the driver itself."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Connection, Table, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from publisher.storage.types import sqlite_time, writer

Statement = TypeVar("Statement")


def among(connection: Connection, column: ColumnElement[Any], values: Collection[int] | Collection[str]) -> Any:
    """The condition that a column has one of the values."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))


def each_dialect(make: Callable[[Callable[[ColumnElement[Any]], Any]], Statement]) -> Mapping[str, Statement]:
    """A statement for each kind of database, made once: to make one costs more than to run it.

    `make` is given what turns a column into the condition that it has one of the values in the parameter `values`;
    `values_for` makes that.
    """

    def in_sqlite(column: ColumnElement[Any]) -> Any:
        return column.in_(select(func.json_each(bindparam("values")).table_valued("value").c.value))

    def in_postgres(column: ColumnElement[Any]) -> Any:
        return column == any_(bindparam("values", type_=ARRAY(column.type)))

    return {"sqlite": make(in_sqlite), "postgresql": make(in_postgres)}


def values_for(connection: Connection, values: Collection[int] | Collection[str]) -> str | list[Any]:
    """The parameter `values` of such a statement."""
    return json.dumps(list(values)) if connection.dialect.name == "sqlite" else list(values)


def many(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement with `?` for its parameters once for each row, by the driver itself.

    SQLAlchemy takes longer to look at each value than the database to store it: for plain numbers and texts only.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        sqlite(connection).executemany(statement, rows)
    else:
        connection.exec_driver_sql(statement.replace("?", "%s"), list(map(tuple, rows)))


def once(connection: Connection, statement: str, row: tuple[Any, ...]) -> None:
    """The same for one row, with its instants (aware) as `UtcTime` writes them."""
    if connection.dialect.name == "sqlite":
        row = tuple(sqlite_time(value) if isinstance(value, datetime) else value for value in row)
        sqlite(connection).execute(statement, row)
    else:
        many(connection, statement, [row])


def sqlite(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection: SQLAlchemy takes ten times as long for a short statement."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


class Insertion:
    """An `INSERT` of many rows with values of some columns, each as its type writes it.

    By the driver itself, as `many`: SQLAlchemy would look at each row anew. `ending` is what follows the values.
    """

    def __init__(self, table: Table, columns: Iterable[Column[Any]], ending: str = "") -> None:
        inserted = tuple(columns)
        names = [column.name for column in inserted]
        places = ", ".join("?" for _ in inserted)
        self._statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) {ending}"
        self._values = itemgetter(*names)
        self._writers = {
            dialect: [
                (place, write)
                for place, column in enumerate(inserted)
                if (write := writer(column.type, dialect)) is not None
            ]
            for dialect in ("sqlite", "postgresql")
        }

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows, which give values by the names of the columns."""
        writers = self._writers[connection.dialect.name]
        written = [list(self._values(row)) for row in rows]
        for values in written:
            for place, write in writers:
                if values[place] is not None:
                    values[place] = write(values[place])
        many(connection, self._statement, written)
