"""Telling WebSub hubs that feeds changed (W3C WebSub, section 6): beside the road, and again when a hub did not listen.

The document leaves open how a publisher tells its hub; all hubs there are take a form of `hub.mode=publish` and
`hub.url`. What is to be told stands in the database since the documents do, so no end of the process loses it.
"""

from dataclasses import dataclass
from datetime import timedelta

from publisher.domain.backoff import doubled
from publisher.pipeline.hubs import post
from publisher.pipeline.ports import Clock, Fetcher, Ping, Storage

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
TRIES = 12
"""How often a hub is told of a change: over a day; subscribers poll, too."""


@dataclass(frozen=True, slots=True)
class PingReport:
    """What a hub was told, and how it answered; `failed` when it refused."""

    hub: str
    topic: str
    outcome: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Pinger:
    """What telling needs. `hubs` are those that are told now; what waits for others is forgotten."""

    storage: Storage
    fetcher: Fetcher
    clock: Clock
    hubs: tuple[str, ...] = ()

    def ping(self) -> list[PingReport]:
        """Tell the hubs what is due. One that refuses is not asked for anything more this time."""
        with self.storage.read() as work:
            due = work.pings.due(self.clock())
        if not due:
            return []
        with self.storage.begin() as work:
            work.pings.keep(self.hubs)
        reports: list[PingReport] = []
        silent: set[str] = set()
        for ping in due:
            if ping.hub in self.hubs and ping.hub not in silent:
                reports.append(report := self._tell(ping))
                silent |= {ping.hub} if report.failed else set()
        return reports

    def _tell(self, ping: Ping) -> PingReport:
        refusal = post(self.fetcher, ping.hub, {"hub.mode": "publish", "hub.url": ping.topic}, named=True)
        given_up = ping.failures + 1 >= TRIES
        with self.storage.begin() as work:
            if not refusal or given_up:
                work.pings.done(ping)
            else:
                work.pings.later(ping, self.clock() + doubled(FIRST_RETRY, ping.failures, LONGEST_RETRY), refusal)
        if refusal:
            return PingReport(ping.hub, ping.topic, f"{refusal}{'; given up' if given_up else ''}", failed=True)
        return PingReport(ping.hub, ping.topic, "told")
