"""What is true of the instance as a whole, and the log of its steps."""

import uuid
from datetime import timedelta

from sqlalchemy import Connection, func, insert, select, update

from publisher.domain.token import Keyring
from publisher.pipeline.ports import Meta, Run, Runs
from publisher.storage.schema import meta
from publisher.storage.schema import run as runs

_SIGNING = "signing_key:"


class SqlMeta(Meta):
    """The words of one database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keyring: Keyring | None = None

    def instance(self) -> uuid.UUID:
        """The instance's id, minted with the database."""
        return uuid.UUID(self._word("instance_id"))

    def keyring(self) -> Keyring:
        """The keys for links and suppression, minted with the database; read once a transaction."""
        if self._keyring is None:
            query = select(meta).where(meta.c.name.startswith(_SIGNING, autoescape=True))
            signing = {
                int(row.name.removeprefix(_SIGNING)): bytes.fromhex(row.value)
                for row in self._connection.execute(query)
            }
            self._keyring = Keyring(signing, bytes.fromhex(self._word("suppression_key")))
        return self._keyring

    def get(self, name: str) -> str | None:
        """A remembered word."""
        return self._connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()

    def set(self, name: str, value: str) -> None:
        """Remember a word."""
        if not self._connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
            self._connection.execute(insert(meta).values(name=name, value=value))

    def _word(self, name: str) -> str:
        return str(self._connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one())


class SqlRuns(Runs):
    """The log of steps on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, run: Run) -> None:
        """Note one run."""
        took = run.took // timedelta(microseconds=1)
        values = {"step": run.step, "at": run.at, "took": took, "outcome": run.outcome, "failed": run.failed}
        self._connection.execute(insert(runs).values(**values))

    def latest(self) -> list[Run]:
        """The last run of each step."""
        last = select(func.max(runs.c.id)).group_by(runs.c.step)
        rows = self._connection.execute(select(runs).where(runs.c.id.in_(last)).order_by(runs.c.id))
        return [Run(row.step, row.at, timedelta(microseconds=row.took), row.outcome, row.failed) for row in rows]
