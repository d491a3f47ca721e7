"""Numbers in commit order."""

from sqlalchemy import Connection, select, update

from publisher.storage.schema import counter


def take(connection: Connection, name: str, count: int = 1) -> int:
    """Take the next numbers; the last of them.

    The row stays locked until the transaction ends, so numbers appear in the order of commits and a reader who saw
    one never later meets a smaller one. Take this lock last, and hold it briefly.
    """
    statement = update(counter).where(counter.c.name == name).values(last=counter.c.last + count)
    return int(connection.execute(statement.returning(counter.c.last)).scalar_one())


def latest(connection: Connection, name: str) -> int:
    """The last number that was taken and is committed (or was taken here)."""
    return int(connection.execute(select(counter.c.last).where(counter.c.name == name)).scalar_one())
