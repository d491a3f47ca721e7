"""The second stretch: revisions become feed documents.

A document is written again when an article in its feed changed, and its tags and times move only with its bytes.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from publisher.domain.article import ArticleState, within_rights
from publisher.domain.feed import UNANNOUNCED_LIMIT, Feed, FeedFormat, source_feed
from publisher.domain.rights import Use
from publisher.pipeline.ports import Channel, Clock, FeedDocument, FeedWriter, Run, Storage, UnitOfWork

EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""The age of a feed that never had an article."""


COLLECTOR_PATH = "/collector"
"""The page that our User-Agent points webmasters to: who collects what, and how to opt out."""


@dataclass(frozen=True, slots=True)
class Site:
    """What feeds and mails say of the place they come from; `base_url` has no slash at its end."""

    title: str
    base_url: str
    language: str | None = None
    timezone: str = "UTC"
    legal: str = ""


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What publishing did to one feed: how many items it shows, and whether its bytes changed."""

    slug: str
    title: str
    items: int
    changed: bool


@dataclass(frozen=True, slots=True)
class FeedPublisher:
    """What publishing needs."""

    storage: Storage
    writer: FeedWriter
    site: Site
    clock: Clock

    def feeds(self, work: UnitOfWork) -> list[Feed]:
        """The named feeds, and one of each source."""
        return [*work.feeds.all(), *(source_feed(stored.source) for stored in work.sources.all())]

    def publish(self) -> list[FeedReport]:
        """Bring the documents of all feeds up to date. Leaves a row when something changed."""
        began = self.clock()
        with self.storage.begin() as work:
            feeds = self.feeds(work)
            work.feeds.keep([feed.slug for feed in feeds])
        reports = [self.publish_feed(feed) for feed in feeds]
        changed = sum(report.changed for report in reports)
        if changed:
            with self.storage.begin() as work:
                outcome = f"{changed} of {len(reports)} feeds changed"
                work.runs.add(Run("publish", began, self.clock() - began, outcome))
        return reports

    def publish_feed(self, feed: Feed) -> FeedReport:
        """Bring one feed up to date: read and write first, then one short transaction."""
        shape = feed_shape(feed, self.site)
        with self.storage.read() as work:
            upto = work.articles.latest_seq()
            old = {format: work.feeds.get(feed.slug, format) for format in FeedFormat}
            items = current_items(work, feed)
            if all(_is_current(work, document, feed, shape, upto) for document in old.values()):
                return FeedReport(feed.slug, feed.title, len(items), changed=False)
            feed_id = feed.id(work.meta.instance())
        channel = _channel(feed, feed_id, items, self.site)
        documents = [self._document(channel, format, old[format], upto=upto, shape=shape) for format in FeedFormat]
        with self.storage.begin() as work:
            work.feeds.store(documents)
        changed = any(_etag(old[document.format]) != document.etag for document in documents)
        return FeedReport(feed.slug, feed.title, len(items), changed)

    def _document(
        self, channel: Channel, format: FeedFormat, old: FeedDocument | None, *, upto: int, shape: str
    ) -> FeedDocument:
        body = self.writer.write(channel, format)
        tag = hashlib.sha256(body).hexdigest()[:32]
        etag = f'"{tag}"'
        last_modified = max((state.revision.at for state in channel.items), default=EPOCH).replace(microsecond=0)
        if old is not None and old.etag == etag:
            last_modified = old.last_modified
        elif old is not None and last_modified <= old.last_modified:
            # What changed was no article of the feed (one left it, a new title): that is now.
            last_modified = max(self.clock().replace(microsecond=0), old.last_modified + timedelta(seconds=1))
        return FeedDocument(
            slug=channel.slug,
            format=format,
            body=body,
            body_gzip=gzip.compress(body, mtime=0),
            etag=etag,
            etag_gzip=f'"{tag}-gzip"',
            last_modified=last_modified,
            built_seq=upto,
            shape=shape,
        )


def _etag(document: FeedDocument | None) -> str:
    return document.etag if document is not None else ""


def _is_current(work: UnitOfWork, document: FeedDocument | None, feed: Feed, shape: str, upto: int) -> bool:
    """Whether a document says what it should: same shape, and no article in its feed changed since."""
    if document is None or document.shape != shape:
        return False
    changed = work.articles.changed(document.built_seq, upto)
    return not any(
        feed.selection.matches(state)
        for seq in (document.built_seq, upto)
        for state in work.articles.states(changed, seq).values()
    )


def current_items(work: UnitOfWork, feed: Feed) -> list[ArticleState]:
    """What a feed shows now, newest first by date; of a backlog at most `UNANNOUNCED_LIMIT`."""
    announced = work.articles.current(feed.selection, limit=feed.limit, announced=True)
    backlog = work.articles.current(feed.selection, limit=min(UNANNOUNCED_LIMIT, feed.limit), announced=False)
    newest = sorted([*announced, *backlog], key=lambda state: (state.dated, state.article.id), reverse=True)
    return newest[: feed.limit]


def _channel(feed: Feed, feed_id: str, items: list[ArticleState], site: Site) -> Channel:
    shown = tuple(shown for state in items if (shown := within_rights(state, Use.FEED)) is not None)
    return Channel(
        id=feed_id,
        slug=feed.slug,
        title=feed.title,
        description=feed.description or f"{feed.title} · {site.title}",
        language=feed.language or site.language,
        home_url=f"{site.base_url}/",
        self_urls=self_urls(feed, site),
        items=shown,
        updated=max((state.updated for state in shown), default=EPOCH),
    )


def self_urls(feed: Feed, site: Site) -> Mapping[FeedFormat, str]:
    """The addresses of a feed's three documents."""
    return {format: site.base_url + feed.path(format) for format in FeedFormat}


def feed_shape(feed: Feed, site: Site) -> str:
    """A fingerprint of all that a document depends on besides its articles."""
    parts = json.dumps([asdict(feed), asdict(site)], default=str, sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
