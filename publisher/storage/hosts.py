"""Other people's hosts: the rest they asked for, how many requests they got today, and what they say of themselves."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from publisher.domain.host import HostState
from publisher.pipeline.ports import HostFile, Hosts, Storage
from publisher.storage.schema import host, host_file

# One statement, so that processes which ask at the same moment count each other's requests too.
_COUNT = text("""
    INSERT INTO host (name, refusals, busy, day, requests) VALUES (:name, 0, 0, :day, 1)
    ON CONFLICT (name) DO UPDATE
       SET requests = CASE WHEN host.day = :day THEN host.requests + 1 ELSE 1 END, day = :day
    RETURNING requests
""")


class SqlHosts(Hosts):
    """Hosts on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Mapping[str, HostState]:
        """All hosts that there is something to remember of, by name."""
        return {
            row.name: HostState(
                name=row.name,
                rest_until=row.rest_until,
                refusals=row.refusals,
                busy=row.busy,
                day=date.fromisoformat(row.day) if row.day else None,
                requests=row.requests,
            )
            for row in self._connection.execute(select(host))
        }

    def save(self, state: HostState) -> None:
        """Remember rest and counts of refusals; the requests of the day are counted by `count`."""
        values = {"rest_until": state.rest_until, "refusals": state.refusals, "busy": state.busy}
        if not self._connection.execute(update(host).where(host.c.name == state.name).values(**values)).rowcount:
            self._connection.execute(insert(host).values(name=state.name, requests=0, **values))

    def count(self, name: str, day: date) -> int:
        """One more request to a host; how many it got that day."""
        return int(self._connection.execute(_COUNT, {"name": name, "day": day.isoformat()}).scalar_one())

    def file(self, url: str) -> HostFile | None:
        """The file as it was read last."""
        row = self._connection.execute(select(host_file).where(host_file.c.url == url)).one_or_none()
        if row is None:
            return None
        return HostFile(url=row.url, until=row.until, text=row.text, refusal=row.refusal)

    def save_file(self, file: HostFile) -> None:
        """Remember it in place of the one before."""
        values = {"text": file.text, "refusal": file.refusal, "until": file.until}
        if not self._connection.execute(update(host_file).where(host_file.c.url == file.url).values(**values)).rowcount:
            self._connection.execute(insert(host_file).values(url=file.url, **values))

    def forget(self, before: datetime) -> None:
        """Drop what is of no use any more: files not to be believed since then, hosts that owe and are owed nothing."""
        self._connection.execute(delete(host_file).where(host_file.c.until < before))
        over = or_(host.c.rest_until.is_(None), host.c.rest_until < before)
        calm = (host.c.refusals == 0, host.c.busy == 0)
        unasked = or_(host.c.day.is_(None), host.c.day < before.date().isoformat())
        self._connection.execute(delete(host).where(over, *calm, unasked))


class StoredHosts(Hosts):
    """The same with a transaction for each call: what the fetcher keeps its promises in. Safe to share."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def all(self) -> Mapping[str, HostState]:
        """All hosts that there is something to remember of, by name."""
        with self._storage.read() as work:
            return work.hosts.all()

    def save(self, state: HostState) -> None:
        """Remember rest and counts of refusals."""
        self._storage.share(lambda work: work.hosts.save(state))

    def count(self, name: str, day: date) -> int:
        """One more request to a host; how many it got that day."""
        return self._storage.share(lambda work: work.hosts.count(name, day))

    def file(self, url: str) -> HostFile | None:
        """The file as it was read last."""
        with self._storage.read() as work:
            return work.hosts.file(url)

    def save_file(self, file: HostFile) -> None:
        """Remember it in place of the one before."""
        self._storage.share(lambda work: work.hosts.save_file(file))

    def forget(self, before: datetime) -> None:
        """Drop what is of no use any more."""
        self._storage.share(lambda work: work.hosts.forget(before))
