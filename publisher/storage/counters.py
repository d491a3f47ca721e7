"""Numbers in commit order."""

from sqlalchemy import Connection, bindparam, select, update

from publisher.storage.schema import counter

# Made once: they run whenever something is stored, and to make them costs more than that.
_TAKE = (
    update(counter)
    .where(counter.c.name == bindparam("of"))
    .values(last=counter.c.last + bindparam("count"))
    .returning(counter.c.last)
)
_LATEST = select(counter.c.last).where(counter.c.name == bindparam("of"))


def take(connection: Connection, name: str, count: int = 1) -> int:
    """Take the next numbers; the last of them.

    The row stays locked until the transaction ends, so numbers appear in the order of commits and a reader who saw
    one never later meets a smaller one. Take this lock last, and hold it briefly.
    """
    return int(connection.execute(_TAKE, {"of": name, "count": count}).scalar_one())


def latest(connection: Connection, name: str) -> int:
    """The last number that was taken and is committed (or was taken here)."""
    return int(connection.execute(_LATEST, {"of": name}).scalar_one())
