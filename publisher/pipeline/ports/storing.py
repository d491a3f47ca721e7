"""The database: all repositories on one transaction."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from publisher.domain.token import Keyring
from publisher.pipeline.ports.archiving import Histories
from publisher.pipeline.ports.collecting import Articles, Notices, Sources, Stories
from publisher.pipeline.ports.composing import Editions, Newsletters, Subscriptions
from publisher.pipeline.ports.delivering import Deliveries
from publisher.pipeline.ports.hosts import Hosts
from publisher.pipeline.ports.hubs import HubSubscriptions
from publisher.pipeline.ports.images import Images
from publisher.pipeline.ports.pinging import Pings
from publisher.pipeline.ports.publishing import FeedDocuments

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a step: what it did, and how it ended."""

    step: str
    at: datetime
    took: timedelta
    outcome: str
    failed: bool = False


class Runs(Protocol):
    """The log of steps."""

    def add(self, run: Run) -> None:
        """Note one run."""
        ...

    def latest(self) -> list[Run]:
        """The last run of each step."""
        ...


class Meta(Protocol):
    """What is true of this instance as a whole."""

    def instance(self) -> uuid.UUID:
        """The instance's id, minted with the database."""
        ...

    def keyring(self) -> Keyring:
        """The keys for links and suppression, minted with the database."""
        ...

    def get(self, name: str) -> str | None:
        """A remembered word."""
        ...

    def set(self, name: str, value: str) -> None:
        """Remember a word."""
        ...


class UnitOfWork(Protocol):
    """The repositories on one transaction."""

    @property
    def sources(self) -> Sources: ...
    @property
    def articles(self) -> Articles: ...
    @property
    def stories(self) -> Stories: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def hubs(self) -> HubSubscriptions: ...
    @property
    def pings(self) -> Pings: ...
    @property
    def hosts(self) -> Hosts: ...
    @property
    def images(self) -> Images: ...
    @property
    def feeds(self) -> FeedDocuments: ...
    @property
    def histories(self) -> Histories: ...
    @property
    def newsletters(self) -> Newsletters: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def editions(self) -> Editions: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def meta(self) -> Meta: ...


class Storage(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """One transaction: committed (durably) at the end, rolled back by an exception. Keep it short."""
        ...

    def share(self, job: Callable[[UnitOfWork], Result]) -> Result:
        """Run a job in a transaction that it may share with jobs of other threads, and return once it is durable.

        What the job raises takes back only its own part. For many small jobs: a commit costs the same for all.
        """
        with self.begin() as work:
            return job(work)

    def later(self, job: Callable[[UnitOfWork], object]) -> None:
        """Run a job soon, together with others, without waiting for it: for what may be lost in a crash.

        It is durable once `settle` returns, which raises what the job did.
        """
        self.share(job)

    def settle(self) -> None:
        """Wait until the jobs for later are durable; raises what one of them raised."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that only reads; it takes no writer's lock."""
        ...

    @property
    def ledger(self) -> Deliveries:
        """Deliveries outside `begin()`: each call is its own short transaction, as the ledger needs it."""
        ...
