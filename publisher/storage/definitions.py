"""What feeds and newsletters share: definitions by slug, as JSON, that are made those of the configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

from publisher.storage.encoding import Json


def apply_definitions(connection: Connection, table: Table, definitions: Mapping[str, Json]) -> list[str]:
    """Make a table's definitions these, by slug, writing only what changed.

    One left out is kept with state `removed`; returns the slugs of those left out this time.
    """
    stored = {row.slug: row for row in connection.execute(select(table).with_for_update())}
    for slug, definition in definitions.items():
        row = stored.pop(slug, None)
        if row is None:
            values = {"slug": slug, "definition": definition, "origin": "file", "state": "active"}
            connection.execute(insert(table).values(**values))
        elif row.state != "active" or row.definition != json.loads(json.dumps(definition)):
            changed = update(table).where(table.c.id == row.id)
            connection.execute(changed.values(definition=definition, state="active"))
    left_out = [row for row in stored.values() if row.origin == "file" and row.state == "active"]
    if left_out:
        removed = update(table).where(table.c.id.in_([row.id for row in left_out]))
        connection.execute(removed.values(state="removed"))
    return [row.slug for row in left_out]


def defined(connection: Connection, table: Table) -> Sequence[Row[Any]]:
    """The rows that are defined now, by slug."""
    return connection.execute(select(table).where(table.c.state == "active").order_by(table.c.slug)).all()
