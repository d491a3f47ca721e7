"""The second stretch: revisions become feed documents.

A document is written again when an article in its feed changed, and its tags and times move only with its bytes.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from publisher.domain.archive import fingerprint
from publisher.domain.article import ArticleState, shorten, within_rights
from publisher.domain.feed import (
    NEWSLETTER_FEEDS,
    SEARCH_FEEDS,
    SOURCE_FEEDS,
    UNANNOUNCED_LIMIT,
    Feed,
    FeedFormat,
    implied_feed,
    is_implied,
    source_feed,
)
from publisher.domain.pages import ListAddress, quoted
from publisher.domain.rights import Use
from publisher.domain.selection import Selection
from publisher.domain.source import StoredSource, silent_since
from publisher.domain.words import fold
from publisher.i18n import translator
from publisher.pipeline.archive import Archivist, Kept, shown_in_page, shown_now
from publisher.pipeline.images import shown_elsewhere
from publisher.pipeline.ports import (
    Channel,
    Clock,
    FeedDocument,
    FeedWriter,
    History,
    Run,
    Standing,
    Storage,
    UnitOfWork,
)

EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""The age of a feed that never had an article."""


SUMMARY_COLUMNS = 400
"""How long a summary is that a feed without full texts makes of a text; a CJK character counts two."""

ARCHIVE_FORM = 2
"""Raised when documents of archives come to say something that readers should read all of them again for: each gets
another address by it."""

# In sanitised markup: attributes are quoted, and whatever stands in quotes is no end of a tag.
_IMAGE = re.compile(r"<(?:img|source|/?picture)(?:\s+[^\s=>]+(?:=\"[^\"]*\")?)*\s*/?>")

FEED_STYLE = "/static/feed.css"
"""What makes a feed a page in a browser."""

SILENT = "silent_sources"
"""The word by which it is remembered which sources can't be read for long."""

FEED_IMAGE = "/static/feed.png"
"""What stands for a feed in readers that show a picture of each."""

COLLECTOR_PATH = "/collector"
"""The page that our User-Agent points webmasters to: who collects what, and how to opt out."""


@dataclass(frozen=True, slots=True)
class Site:
    """What feeds and mails say of the place they come from; `base_url` has no slash at its end. `hubs` are WebSub hubs
    that are told when a named feed changed, and that its readers may subscribe at."""

    title: str
    base_url: str
    language: str | None = None
    timezone: str = "UTC"
    legal: str = ""
    hubs: tuple[str, ...] = ()


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
        """Bring the documents and the archives of the named feeds up to date. Leaves a row when something changed.

        What it costs is the revisions since the last time, judged for each feed, and the feeds that they are in.
        """
        began = self.clock()
        with self.storage.begin() as work:
            feeds = work.feeds.all()
            work.feeds.keep([feed.slug for feed in feeds])
        with self.storage.read() as work:
            sources = work.sources.all()
        histories = self._follow(feeds, sources)
        self._tell_silence(sources)
        with self.storage.read() as work:
            standing = work.feeds.standing()
            shapes = {feed.slug: self._shape(work, feed, histories[feed.slug], sources) for feed in feeds}
        reports = [
            self._rebuild(feed, histories[feed.slug], shapes[feed.slug])
            if _is_stale(standing.get(feed.slug), histories[feed.slug], shapes[feed.slug])
            else FeedReport(feed.slug, feed.title, standing[feed.slug].items, changed=False)
            for feed in feeds
        ]
        self._note(reports, began)
        return reports

    def _tell_silence(self, sources: Sequence[StoredSource]) -> None:
        """Have copies of feeds that are not stored made anew when a source fell silent for long, or was heard again."""
        silent = [one.source.name for one in sources if silent_since([one], self.clock()) is not None]
        with self.storage.read() as work:
            if fingerprint(silent) == work.meta.get(SILENT):
                return
        with self.storage.begin() as work:
            work.meta.set(SILENT, fingerprint(silent))
            work.feeds.rewrite([])

    def _follow(self, feeds: Sequence[Feed], sources: Sequence[StoredSource]) -> Mapping[str, History]:
        kept = []
        for feed in feeds:
            # What all pages say, and besides it what their entries say of sources, and how many current documents show.
            said = asdict(replace(feed, selection=Selection(), limit=0, tombstones=False))
            head = fingerprint(ARCHIVE_FORM, said, self.site.title, self.site.base_url, self.site.language)
            kept.append(Kept(feed, head, fingerprint(head, feed.limit, _credits(feed, sources))))
        return Archivist(self.storage).follow(kept)

    def implied(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        """A document of a feed that is not stored: of a source, a tag, an author, a language, a search, of all, or of a
        newsletter's editions.

        None when the slug names none of them, or no article ever was in it; a search may wait for its first. Whoever
        asks for one first has its archive begun; searches and editions have none.
        """
        if slug.startswith(NEWSLETTER_FEEDS):
            return self._of_editions(slug, format)
        feed, history = self._implied_history(slug)
        if feed is None:
            return None
        with self.storage.read() as work:
            items = current_items(work, feed, history)
            if not (items or history or slug.startswith(SEARCH_FEEDS)):
                return None
            upto = history.judged_seq if history else work.articles.latest_seq()
            channel = self._channel(work, feed, items, history)
        return self._document(channel, format, None, upto=upto, shape="")

    def _of_editions(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        with self.storage.read() as work:
            found = self.editions(work, slug) if self.editions else None
            if found is None:
                return None
            upto, channel = work.articles.latest_seq(), self._channel(work, *found, None)
        return self._document(channel, format, None, upto=upto, shape="")

    def _implied_history(self, slug: str) -> tuple[Feed | None, History | None]:
        """The feed that a slug names without being defined, with its history brought up to date, where it has one."""
        with self.storage.read() as work:
            feed = public_feed(work, slug, self.site.title) if is_implied(slug) else None
            sources = work.sources.all() if feed is not None else []
            begun = feed is not None and bool(work.histories.of([slug]))
            begin = feed is not None and not slug.startswith(SEARCH_FEEDS)
            if feed is not None and begin and not begun:
                begin = slug.startswith(SOURCE_FEEDS) or bool(work.articles.current(feed.selection, limit=1))
        return feed, self._follow([feed], sources)[slug] if feed is not None and begin else None

    def archive_version(self, slug: str, number: int) -> str | None:
        """The version that a page of an archive has now; empty for the page that is to come, None for no page."""
        feed, history = self._archived(slug)
        if feed is None or history is None:
            return None
        with self.storage.read() as work:
            page = work.histories.page(history.id, number)
            last = work.histories.last_page(history.id)
        if page is None:
            return "" if number == (last.number if last else 0) + 1 else None
        return page.version

    def archive_url(self, slug: str, number: int, version: str, format: FeedFormat) -> str:
        """The address of a page in a version; of the current document when it is empty."""
        feed = Feed(slug=slug, title="")
        return self.site.base_url + (feed.archive_path(format, number, version) if version else feed.path(format))

    def archived(self, slug: str, number: int, format: FeedFormat) -> FeedDocument | None:
        """A document of a page of a feed's archive as it is now, in the version that its `shape` is.

        Made from what is stored whenever it is asked for.
        """
        feed, history = self._archived(slug)
        if feed is None or history is None:
            return None
        with self.storage.read() as work:
            page = work.histories.page(history.id, number)
            if page is None:
                return None
            items = shown_in_page(work, history, number)
            before = work.histories.page(history.id, number - 1)
            channel = self._channel(work, feed, items, history, Use.ARCHIVE)
        channel = replace(
            channel,
            self_urls=_archive_urls(feed, self.site, number, page.version),
            prev_archive=_archive_urls(feed, self.site, number - 1, before.version) if before else {},
            next_archive=_archive_urls(feed, self.site, number + 1),
            current=self_urls(feed, self.site),
            archive=True,
        )
        return self._document(channel, format, None, upto=history.judged_seq, shape=page.version)

    def _archived(self, slug: str) -> tuple[Feed | None, History | None]:
        if is_implied(slug):
            return self._implied_history(slug)
        with self.storage.read() as work:
            return public_feed(work, slug, self.site.title), work.histories.of([slug]).get(slug)

    def _rebuild(self, feed: Feed, history: History, shape: str) -> FeedReport:
        """Write one feed's documents: read and write first, then one short transaction."""
        with self.storage.read() as work:
            old = {format: work.feeds.get(feed.slug, format) for format in FeedFormat}
            items = current_items(work, feed, history)
            channel = self._channel(work, feed, items, history)
            deleted = work.histories.taken_down(history.id, feed.limit) if feed.tombstones else []
            channel = replace(channel, hubs=self.site.hubs, deleted=tuple(deleted))
        documents = [
            self._document(channel, format, old[format], upto=history.judged_seq, shape=shape) for format in FeedFormat
        ]
        with self.storage.begin() as work:
            work.feeds.store(documents)
            if self.site.hubs and _is_news(items, old):
                work.pings.ask(self.site.hubs, list(self_urls(feed, self.site).values()), self.clock())
        changed = any(_etag(old[document.format]) != document.etag for document in documents)
        return FeedReport(feed.slug, feed.title, len(items), changed)

    def _note(self, reports: Sequence[FeedReport], began: datetime) -> None:
        changed = sum(report.changed for report in reports)
        if changed:
            outcome = f"{changed} of {len(reports)} feeds changed"
            with self.storage.begin() as work:
                work.runs.add(Run("publish", began, self.clock() - began, outcome))

    def _shape(self, work: UnitOfWork, feed: Feed, history: History, sources: Sequence[StoredSource]) -> str:
        """A fingerprint of all that a feed's documents depend on besides its articles."""
        last = work.histories.last_page(history.id)
        notice = notice_of(feed, sources, self.site, self.clock())
        return fingerprint(asdict(feed), asdict(self.site), history.shape, last and last.version, notice)

    def _channel(
        self,
        work: UnitOfWork,
        feed: Feed,
        items: Sequence[ArticleState],
        history: History | None,
        use: Use = Use.FEED,
    ) -> Channel:
        last = work.histories.last_page(history.id) if history else None
        shown = shown_elsewhere(work, list(items), self.site.base_url)
        channel = _channel(feed, feed.id(work.meta.instance()), shown, self.site, use)
        before = _archive_urls(feed, self.site, last.number, last.version) if last else {}
        notice = notice_of(feed, work.sources.all(), self.site, self.clock()) if use is Use.FEED else ""
        return replace(channel, prev_archive=before, notice=notice)

    def _document(
        self, channel: Channel, format: FeedFormat, old: FeedDocument | None, *, upto: int, shape: str
    ) -> FeedDocument:
        body = self.writer.write(channel, format)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
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
            last_modified=last_modified,
            built_seq=upto,
            shape=shape,
            items=len(channel.items),
        )


def _etag(document: FeedDocument | None) -> str:
    return document.etag if document is not None else ""


def _is_news(items: Sequence[ArticleState], old: Mapping[FeedFormat, FeedDocument | None]) -> bool:
    """Whether an announced article is new in a feed, or changed: what was never announced is told to nobody."""
    seen = min((document.built_seq if document else 0 for document in old.values()), default=0)
    return any(state.revision.announced and state.revision.seq > seen for state in items)


def _is_stale(stands: Standing | None, history: History, shape: str) -> bool:
    """Whether a feed's documents must be written anew: another shape, or an article in it changed."""
    return stands is None or stands.shape != shape or stands.built_seq < history.changed_seq


def _own(feed: Feed, sources: Sequence[StoredSource]) -> list[StoredSource]:
    """The sources that a feed has articles from, or would have."""
    return [stored for stored in sources if feed.selection.sources.admit({fold(stored.source.name)})]


def _credits(feed: Feed, sources: Sequence[StoredSource]) -> list[tuple[str, ...]]:
    """What the documents of a feed say of its sources themselves, and may show of them."""
    own = (stored.source for stored in _own(feed, sources))
    return [(source.name, source.title, source.public_url, source.rights) for source in own]


def public_feed(work: UnitOfWork, slug: str, site_title: str) -> Feed | None:
    """The feed of articles that a slug names: one that is defined, of a source, or implied."""
    if slug.startswith(SOURCE_FEEDS):
        stored = work.sources.get(slug.removeprefix(SOURCE_FEEDS))
        return source_feed(stored.source) if stored else None
    if is_implied(slug):
        return implied_feed(slug, site_title)
    return next((feed for feed in work.feeds.all() if feed.slug == slug), None)


def notice_of(feed: Feed, sources: Sequence[StoredSource], site: Site, now: datetime) -> str:
    """What a reader should know of a feed: that none of its sources can be read, and since when. Else empty."""
    since = silent_since(_own(feed, sources), now)
    if since is None:
        return ""
    speaks = translator(feed.language or site.language or "en")
    date = speaks.date(since, ZoneInfo(site.timezone))
    return speaks.gettext("Nothing new since %(date)s: its sources can't be read.", date=date)


def current_items(work: UnitOfWork, feed: Feed, history: History | None = None) -> list[ArticleState]:
    """What a feed shows now, newest first by date; of a backlog at most `UNANNOUNCED_LIMIT`.

    With a history those that joined the feed last, without one those that are newest by date.
    """
    if history is not None:
        ids = shown_now(work, history.id, feed.limit)
        states = work.articles.states(ids, work.articles.latest_seq()).values()
        found = [state for state in states if state.revision.visible and feed.selection.matches(state)]
    else:
        found = work.articles.current(feed.selection, limit=feed.limit, announced=True)
        found += work.articles.current(feed.selection, limit=min(UNANNOUNCED_LIMIT, feed.limit), announced=False)
    return sorted(found, key=lambda state: (state.dated, state.article.id), reverse=True)[: feed.limit]


def _channel(feed: Feed, feed_id: str, items: Sequence[ArticleState], site: Site, use: Use) -> Channel:
    allowed = (within_rights(state, use) for state in items)
    shown = tuple(_credited(_as_chosen(state, feed), site) for state in allowed if state is not None)
    return Channel(
        id=feed_id,
        slug=feed.slug,
        title=feed.title,
        description=feed.description or (feed.title if site.title in feed.title else f"{feed.title} · {site.title}"),
        language=feed.language or site.language,
        home_url=site.base_url + quoted(ListAddress(feed.slug)),
        self_urls=self_urls(feed, site),
        items=shown,
        updated=max((state.updated for state in shown), default=EPOCH),
        style=f"{urlsplit(site.base_url).path}{FEED_STYLE}",
        tags_url=site.base_url + quoted(ListAddress("tag")),
        image=site.base_url + FEED_IMAGE,
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


def _credited(state: ArticleState, site: Site) -> ArticleState:
    """The article with an address of its source: one that isn't on the web has its page here."""
    if state.source.url:
        return state
    page = site.base_url + quoted(ListAddress(SOURCE_FEEDS + state.source.name))
    return replace(state, source=replace(state.source, url=page))


def self_urls(feed: Feed, site: Site) -> Mapping[FeedFormat, str]:
    """The addresses of a feed's three documents."""
    return {format: site.base_url + feed.path(format) for format in FeedFormat}


def _archive_urls(feed: Feed, site: Site, number: int, version: str = "") -> Mapping[FeedFormat, str]:
    return {format: site.base_url + feed.archive_path(format, number, version) for format in FeedFormat}
