"""The repositories on one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection

from publisher.pipeline.ports import UnitOfWork
from publisher.storage.articles import SqlArticles
from publisher.storage.deliveries import SqlDeliveries
from publisher.storage.editions import SqlEditions
from publisher.storage.feeds import SqlFeedDocuments
from publisher.storage.histories import SqlHistories
from publisher.storage.hosts import SqlHosts
from publisher.storage.hubs import SqlHubSubscriptions
from publisher.storage.images import SqlImages
from publisher.storage.lists import sqlite
from publisher.storage.newsletters import SqlNewsletters
from publisher.storage.notices import SqlNotices
from publisher.storage.pings import SqlPings
from publisher.storage.remembered import SqlMeta, SqlRuns
from publisher.storage.sources import SqlSources
from publisher.storage.stories import SqlStories
from publisher.storage.subscriptions import SqlSubscriptions


class SqlUnitOfWork(UnitOfWork):
    """The repositories on one transaction, each made when it is first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of a transaction of SQLite that an exception takes back without the rest."""
        own = sqlite(self._connection)
        own.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.is_open:
                own.execute("ROLLBACK TO part")
                own.execute("RELEASE part")
            raise
        own.execute("RELEASE part")

    @property
    def is_open(self) -> bool:
        """Whether it goes on: SQLite ends a transaction by itself when the disk is full or fails."""
        return sqlite(self._connection).in_transaction

    @cached_property
    def sources(self) -> SqlSources:
        return SqlSources(self._connection)

    @cached_property
    def articles(self) -> SqlArticles:
        return SqlArticles(self._connection)

    @cached_property
    def stories(self) -> SqlStories:
        return SqlStories(self._connection)

    @cached_property
    def notices(self) -> SqlNotices:
        return SqlNotices(self._connection)

    @cached_property
    def hubs(self) -> SqlHubSubscriptions:
        return SqlHubSubscriptions(self._connection)

    @cached_property
    def pings(self) -> SqlPings:
        return SqlPings(self._connection)

    @cached_property
    def hosts(self) -> SqlHosts:
        return SqlHosts(self._connection)

    @cached_property
    def images(self) -> SqlImages:
        return SqlImages(self._connection)

    @cached_property
    def feeds(self) -> SqlFeedDocuments:
        return SqlFeedDocuments(self._connection)

    @cached_property
    def histories(self) -> SqlHistories:
        return SqlHistories(self._connection)

    @cached_property
    def newsletters(self) -> SqlNewsletters:
        return SqlNewsletters(self._connection)

    @cached_property
    def subscriptions(self) -> SqlSubscriptions:
        return SqlSubscriptions(self._connection, self.meta.keyring)

    @cached_property
    def editions(self) -> SqlEditions:
        return SqlEditions(self._connection)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        return SqlDeliveries(self._connection)

    @cached_property
    def runs(self) -> SqlRuns:
        return SqlRuns(self._connection)

    @cached_property
    def meta(self) -> SqlMeta:
        return SqlMeta(self._connection)
