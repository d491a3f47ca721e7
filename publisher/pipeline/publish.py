"""The second stretch: revisions become feed documents.

A document is written again when an article in its feed changed, and its tags and times move only with its bytes.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from publisher.domain.article import ArticleState, shorten, within_rights
from publisher.domain.feed import (
    NEWSLETTER_FEEDS,
    SOURCE_FEEDS,
    UNANNOUNCED_LIMIT,
    Feed,
    FeedFormat,
    implied_feed,
    source_feed,
)
from publisher.domain.pages import ListAddress, quoted
from publisher.domain.rights import Use
from publisher.pipeline.images import shown_elsewhere
from publisher.pipeline.ports import Channel, Clock, FeedDocument, FeedWriter, Run, Standing, Storage, UnitOfWork

EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""The age of a feed that never had an article."""


SUMMARY_COLUMNS = 400
"""How long a summary is that a feed without full texts makes of a text; a CJK character counts two."""

_CHANGES_AT_A_TIME = 500

# In sanitised markup: attributes are quoted, and whatever stands in quotes is no end of a tag.
_IMAGE = re.compile(r"<(?:img|source|/?picture)(?:\s+[^\s=>]+(?:=\"[^\"]*\")?)*\s*/?>")

Credits = Sequence[tuple[object, ...]]

FEED_STYLE = "/static/feed.css"
"""What makes a feed a page in a browser."""

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


Editions = Callable[[UnitOfWork, str], tuple[Feed, list[ArticleState]] | None]
"""The feed that a slug of a newsletter names, with its editions as entries."""


@dataclass(frozen=True, slots=True)
class FeedPublisher:
    """What publishing needs."""

    storage: Storage
    writer: FeedWriter
    site: Site
    clock: Clock
    editions: Editions | None = None

    def feeds(self, work: UnitOfWork) -> list[Feed]:
        """The named feeds, and one of each source."""
        return [*work.feeds.all(), *(source_feed(stored.source) for stored in work.sources.all())]

    def publish(self) -> list[FeedReport]:
        """Bring the documents of the named feeds up to date. Leaves a row when something changed.

        What it costs is the revisions since the last time, judged for each feed, and the feeds that they are in.
        """
        began = self.clock()
        with self.storage.begin() as work:
            feeds = work.feeds.all()
            work.feeds.keep([feed.slug for feed in feeds])
        with self.storage.read() as work:
            upto = work.articles.latest_seq()
            standing = work.feeds.standing()
            credits = _credits(work)
            shapes = {feed.slug: self._shape(feed, credits) for feed in feeds}
            stale = _stale(work, feeds, standing, shapes, upto)
        reports = [
            self._rebuild(feed, shapes[feed.slug])
            if feed.slug in stale
            else FeedReport(feed.slug, feed.title, standing[feed.slug].items, changed=False)
            for feed in feeds
        ]
        self._note([feed.slug for feed in feeds if feed.slug not in stale], reports, upto, began)
        return reports

    def implied(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        """A document of a feed that is not stored: of a source, a tag, an author, a language, a search, of all, or of a
        newsletter's editions.

        None when the slug names none of them, or none of its articles is known.
        """
        with self.storage.read() as work:
            found = self._entries(work, slug)
            if found is None or not (found[1] or slug.startswith((SOURCE_FEEDS, NEWSLETTER_FEEDS))):
                return None
            feed, items = found
            upto, feed_id = work.articles.latest_seq(), feed.id(work.meta.instance())
            items = shown_elsewhere(work, items, self.site.base_url)
        return self._document(_channel(feed, feed_id, items, self.site), format, None, upto=upto, shape="")

    def _entries(self, work: UnitOfWork, slug: str) -> tuple[Feed, list[ArticleState]] | None:
        if slug.startswith(NEWSLETTER_FEEDS):
            return self.editions(work, slug) if self.editions else None
        feed = self._implied_feed(work, slug)
        return (feed, current_items(work, feed)) if feed else None

    def _implied_feed(self, work: UnitOfWork, slug: str) -> Feed | None:
        if slug.startswith(SOURCE_FEEDS):
            stored = work.sources.get(slug.removeprefix(SOURCE_FEEDS))
            return source_feed(stored.source) if stored else None
        return implied_feed(slug, self.site.title)

    def _rebuild(self, feed: Feed, shape: str) -> FeedReport:
        """Write one feed's documents: read and write first, then one short transaction."""
        with self.storage.read() as work:
            upto = work.articles.latest_seq()
            old = {format: work.feeds.get(feed.slug, format) for format in FeedFormat}
            items = shown_elsewhere(work, current_items(work, feed), self.site.base_url)
            feed_id = feed.id(work.meta.instance())
        channel = _channel(feed, feed_id, items, self.site)
        documents = [self._document(channel, format, old[format], upto=upto, shape=shape) for format in FeedFormat]
        with self.storage.begin() as work:
            work.feeds.store(documents)
        changed = any(_etag(old[document.format]) != document.etag for document in documents)
        return FeedReport(feed.slug, feed.title, len(items), changed)

    def _note(self, current: Sequence[str], reports: Sequence[FeedReport], upto: int, began: datetime) -> None:
        changed = sum(report.changed for report in reports)
        with self.storage.begin() as work:
            work.feeds.right_until(current, upto)
            if changed:
                outcome = f"{changed} of {len(reports)} feeds changed"
                work.runs.add(Run("publish", began, self.clock() - began, outcome))

    def _shape(self, feed: Feed, credits: Credits) -> str:
        """A fingerprint of all that a feed's documents depend on besides its articles."""
        parts = json.dumps([asdict(feed), asdict(self.site), credits], default=str, sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

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
            items=len(channel.items),
        )


def _etag(document: FeedDocument | None) -> str:
    return document.etag if document is not None else ""


def _stale(
    work: UnitOfWork, feeds: Sequence[Feed], standing: Mapping[str, Standing], shapes: Mapping[str, str], upto: int
) -> set[str]:
    """The feeds whose documents must be written anew: another shape, or an article in it changed."""
    by_seq: dict[int, list[Feed]] = {}
    stale = set()
    for feed in feeds:
        stands = standing.get(feed.slug)
        if stands is None or stands.shape != shapes[feed.slug]:
            stale.add(feed.slug)
        else:
            by_seq.setdefault(stands.built_seq, []).append(feed)
    for built_seq, group in by_seq.items():
        for states in _states_before_and_after(work, built_seq, upto):
            stale |= {feed.slug for feed in group if any(feed.selection.matches(state) for state in states)}
            group = [feed for feed in group if feed.slug not in stale]
    return stale


def _states_before_and_after(work: UnitOfWork, after: int, upto: int) -> Iterator[list[ArticleState]]:
    """The articles that changed, as they stood and as they stand, some at a time."""
    changed = work.articles.changed(after, upto)
    for start in range(0, len(changed), _CHANGES_AT_A_TIME):
        some = changed[start : start + _CHANGES_AT_A_TIME]
        yield [state for seq in (after, upto) for state in work.articles.states(some, seq).values()]


def _credits(work: UnitOfWork) -> Credits:
    """What documents say of the sources themselves, and may show of them."""
    sources = (stored.source for stored in work.sources.all())
    return [(source.name, source.title, source.url, source.rights) for source in sources]


def current_items(work: UnitOfWork, feed: Feed) -> list[ArticleState]:
    """What a feed shows now, newest first by date; of a backlog at most `UNANNOUNCED_LIMIT`."""
    announced = work.articles.current(feed.selection, limit=feed.limit, announced=True)
    backlog = work.articles.current(feed.selection, limit=min(UNANNOUNCED_LIMIT, feed.limit), announced=False)
    newest = sorted([*announced, *backlog], key=lambda state: (state.dated, state.article.id), reverse=True)
    return newest[: feed.limit]


def _channel(feed: Feed, feed_id: str, items: list[ArticleState], site: Site) -> Channel:
    allowed = (within_rights(state, Use.FEED) for state in items)
    shown = tuple(_as_chosen(state, feed) for state in allowed if state is not None)
    return Channel(
        id=feed_id,
        slug=feed.slug,
        title=feed.title,
        description=feed.description or f"{feed.title} · {site.title}",
        language=feed.language or site.language,
        home_url=site.base_url + quoted(ListAddress(feed.slug)),
        self_urls=self_urls(feed, site),
        items=shown,
        updated=max((state.updated for state in shown), default=EPOCH),
        style=f"{urlsplit(site.base_url).path}{FEED_STYLE}",
    )


def _as_chosen(state: ArticleState, feed: Feed) -> ArticleState:
    """The article as the feed wants its items: with the full text or a summary alone, with images or without."""
    content = state.revision.content
    if not feed.full:
        summary = content.summary or shorten(content.text, SUMMARY_COLUMNS)
        content = replace(content, html="", text="", summary=summary)
    if not feed.images:
        files = tuple(file for file in content.enclosures if not file.type.startswith("image/"))
        content = replace(content, html=_IMAGE.sub("", content.html), image=None, enclosures=files)
    return replace(state, revision=replace(state.revision, content=content))


def self_urls(feed: Feed, site: Site) -> Mapping[FeedFormat, str]:
    """The addresses of a feed's three documents."""
    return {format: site.base_url + feed.path(format) for format in FeedFormat}
