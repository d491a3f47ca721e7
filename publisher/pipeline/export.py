"""The whole public site as files: what others lead to is written first, what nothing leads to any more goes last.

Articles are taken some at a time; of all that is written only names stay in memory.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from publisher.domain.edition import EditionState
from publisher.domain.feed import (
    NEWSLETTER_FEEDS,
    Feed,
    FeedFormat,
    is_implied,
    names_feed,
    newsletter_feed,
    source_feed,
)
from publisher.domain.files import file_of, has_files
from publisher.domain.pages import (
    FEEDS_OPML,
    ROBOTS,
    ArticleAddress,
    EditionAddress,
    FeedsAddress,
    ListAddress,
    PageAddress,
    path_of,
    quoted,
)
from publisher.domain.rights import Use
from publisher.domain.source import silent_since
from publisher.domain.token import Keyring, is_signed, sign
from publisher.pipeline.images import IMAGES_PATH, PURPOSE
from publisher.pipeline.pages import PagePublisher
from publisher.pipeline.ports import (
    Absence,
    FeedDocument,
    ImageFiles,
    MarkedArticle,
    Page,
    SiteFiles,
    Storage,
    UnitOfWork,
    Written,
)
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.sitemap import SitemapPublisher

BLOCK = 500
"""How many articles are looked for at a time."""

_REFERENCE = re.compile(
    rb"/(?:(articles|editions)/([1-9][0-9]{0,17})/"
    rb"|images/([A-Za-z0-9_-]{15})/([0-9a-f]{32}\.[a-z]{3,4}))"
)
"""What a document may lead to that must be there before it."""


@dataclass(slots=True)
class ExportReport:
    """How many files of each kind were written and how, how many were removed, and which names have no files."""

    written: dict[str, Counter[Written]] = field(default_factory=dict)
    removed: int = 0
    left_out: list[str] = field(default_factory=list)

    def add(self, kind: str, written: Written) -> None:
        """Count one."""
        self.written.setdefault(kind, Counter())[written] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Writes one site. `still` are pages and files that others make, by their paths; `slugs` are the feeds of tags,
    authors and languages to write. `program` is another text once pages are written in another way.

    What a file is made of stands beside it as a mark, and one whose mark is the same is neither made nor compressed
    again.
    """

    storage: Storage
    feeds: FeedPublisher
    pages: PagePublisher
    images: ImageFiles
    still: Mapping[str, Page]
    slugs: "Slugs"
    program: str
    tell: Callable[[str, int, int], None] = lambda what, done, total: None

    def export(self, files: SiteFiles) -> ExportReport:
        """Bring the files up to date. Raises StorageError."""
        return _Export(self, files).run()


@dataclass(frozen=True, slots=True)
class Slugs:
    """The feeds that have files; those of names that can't be files, or are less used than others, are left out."""

    shown: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def choose_slugs(storage: Storage, names: int) -> Slugs:
    """All feeds: named ones, of sources, newsletters and languages, of everything, and of the `names` tags and as many
    authors that most articles have."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in ("language", "tag", "author")}
    with storage.read() as work:
        defined = [feed.slug for feed in work.feeds.all()]
        defined += [source_feed(stored.source).slug for stored in work.sources.all()]
        defined += [newsletter_feed(newsletter).slug for newsletter in work.newsletters.all()]
        for labels in work.articles.labels():
            counts["tag"].update(set(labels.tags))
            counts["author"].update(set(labels.authors))
            if labels.language:
                counts["language"].update({labels.language, labels.language.partition("-")[0]})
    slugs = [*defined, "all"]
    shown = [slug for slug in slugs if has_files(slug)]
    left_out = [slug for slug in slugs if not has_files(slug)]
    for kind, found in counts.items():
        most = _most(kind, found)
        shown += [slug for slug in most if has_files(slug)][:names]
        left_out += [slug for slug in most[:names] if not has_files(slug)]
    return Slugs(tuple(shown), tuple(left_out))


def _most(kind: str, found: Counter[str]) -> list[str]:
    """The feeds of names, those of most articles first."""
    wanted = filter(names_feed, found)
    return [f"{kind}/{name}" for name in sorted(wanted, key=lambda name: (-found[name], name))]


class _Export:
    """One export under way."""

    def __init__(self, made: Exporter, files: SiteFiles) -> None:
        self._made = made
        self._files = files
        self._site: Site = made.feeds.site
        self._sitemap = SitemapPublisher(made.storage, self._site)
        self._report = ExportReport(left_out=list(made.slugs.left_out))
        self._there: set[PageAddress] = set()
        self._images: set[str] = set()
        self._hidden: list[int] = []
        with made.storage.read() as work:
            self._keyring: Keyring = work.meta.keyring()
            around = tuple(_surroundings(work, made.feeds.clock()))
        instance = sign(self._keyring, "export", 0)
        self._around = _mark(instance, made.program, self._site, made.slugs.shown, *around)
        self._all = self._around
        """The mark of what any article may be on: lists, feeds, editions."""

    def run(self) -> ExportReport:
        """All of it, in an order in which nothing leads to what isn't there."""
        still = dict(self._made.still)
        front = still.pop("/", None)
        self._articles()
        self._editions()
        for path, page in still.items():
            self._put("other", path, page)
        slugs = self._made.slugs.shown
        for done, slug in enumerate(slugs, start=1):
            self._feed(slug)
            self._made.tell("feeds", done, len(slugs))
        self._page("lists", FeedsAddress(), self._around)
        self._put("feeds", FEEDS_OPML, self._made.pages.outline())
        if front is not None:
            self._put("other", "/", front)
        for path in self._sitemap.paths():
            self._put("other", path, self._sitemap.page(path))
        self._put("other", ROBOTS, self._sitemap.robots())
        self._files.note("moved.map", self._moved())
        self._files.note("gone.map", self._gone())
        self._report.removed = self._files.finish()
        return self._report

    # --- pages

    def _articles(self) -> None:
        with self._made.storage.read() as work:
            total = work.articles.count()
        marks = hashlib.sha256(self._around.encode())
        for done, one in enumerate(self._marked(), start=1):
            marks.update(one.mark.encode())
            if one.visible:
                self._page("articles", ArticleAddress(one.number), _mark(self._around, one.mark))
            else:
                self._hidden.append(one.number)
            if done % BLOCK == 0:
                self._made.tell("articles", done, max(done, total))
        self._all = marks.hexdigest()

    def _marked(self) -> Iterator[MarkedArticle]:
        """All articles, in short transactions."""
        after = 0
        while True:
            with self._made.storage.read() as work:
                found = work.articles.marked(after, BLOCK)
            if not found:
                return
            yield from found
            after = found[-1].number

    def _editions(self) -> None:
        with self._made.storage.read() as work:
            sent = [edition.id for edition in work.editions.in_states([EditionState.SENT])]
        for number in sent:
            self._page("editions", EditionAddress(number), self._all)

    def _page(self, kind: str, address: PageAddress, mark: str | None = None) -> None:
        """Write a page unless it was, or is there with its mark; without one it came while the export runs."""
        if address in self._there:
            return
        # Before it is written: two editions may lead to each other, and each leads to itself.
        if not isinstance(address, ListAddress):
            self._there.add(address)
        if mark is None or not self._keep(kind, path_of(address), mark):
            self._put(kind, path_of(address), self._made.pages.page(address, Use.EXPORT), mark)

    # --- feeds

    def _feed(self, slug: str) -> None:
        for format in FeedFormat:
            self._document(slug, format)
        for address in self._made.pages.addresses(slug):
            self._page("lists", address, self._all)

    def _document(self, slug: str, format: FeedFormat) -> None:
        """A feed's current document, and before it the archive that it leads to, the oldest page first."""
        feed = Feed(slug=slug, title="")
        mark = self._all if is_implied(slug) else None
        kept = mark is not None and self._keep("feeds", unquote(feed.path(format)), mark)
        current = None if kept else self._current(slug, format)
        if current is None and not kept:
            return
        pages = self._archive(slug)
        if pages:
            # The page that is to come is the current document until then.
            to_come = max(pages) + 1
            self._link(unquote(feed.archive_path(format, to_come)), unquote(feed.path(format)))
        for number, version in pages.items():
            path = unquote(feed.archive_path(format, number, version))
            self._archived(slug, number, version, format, path)
            self._link(unquote(feed.archive_path(format, number)), path)
        if current is not None:
            self._put_bytes("feeds", unquote(feed.path(format)), current.body, current.last_modified, mark)

    def _current(self, slug: str, format: FeedFormat) -> FeedDocument | None:
        if is_implied(slug):
            return self._made.feeds.implied(slug, format)
        with self._made.storage.read() as work:
            return work.feeds.get(slug, format)

    def _archive(self, slug: str) -> dict[int, str]:
        """The pages of a feed's archive with their versions, the oldest first."""
        if slug.startswith(NEWSLETTER_FEEDS):
            return {}
        with self._made.storage.read() as work:
            history = work.histories.of([slug]).get(slug)
            pages = work.histories.pages(history.id) if history else []
        return {page.number: page.version for page in pages}

    def _archived(self, slug: str, number: int, version: str, format: FeedFormat, path: str) -> None:
        """A page of an archive. What it says in a version stays, so one that is there is not made again."""
        if self._keep("archives", path):
            return
        document = self._made.feeds.archived(slug, number, format)
        if document is not None and document.shape == version:
            self._put_bytes("archives", path, document.body, document.last_modified)

    # --- files

    def _keep(self, kind: str, path: str, mark: str | None = None) -> bool:
        """Leave a file that is there, and with this mark if one is given."""
        kept = self._files.keep(file_of(path), mark)
        if kept:
            self._refer(self._files.read(file_of(path)), pages=kind != "articles")
            self._report.add(kind, Written.SAME)
        return kept

    def _put(self, kind: str, path: str, page: Page | Absence, mark: str | None = None) -> None:
        if not isinstance(page, Absence):
            self._put_bytes(kind, path, page.body, page.last_modified, mark)

    def _put_bytes(self, kind: str, path: str, body: bytes, at: datetime | None, mark: str | None = None) -> None:
        self._refer(body, pages=kind != "articles")
        self._report.add(kind, self._files.put(file_of(path), body, at, mark))

    def _link(self, path: str, target: str) -> None:
        self._report.add("archives", self._files.link(file_of(path), file_of(target)))

    def _refer(self, body: bytes, *, pages: bool = True) -> None:
        """Write the images that a document shows, and those of the `pages` that it leads to which came meanwhile."""
        for kind, number, token, name in _REFERENCE.findall(body):
            if name:
                self._image(token.decode(), name.decode())
            elif pages and kind == b"articles":
                self._page("articles", ArticleAddress(int(number)))
            elif pages:
                self._page("editions", EditionAddress(int(number)))

    def _image(self, token: str, name: str) -> None:
        file = file_of(str(PurePosixPath(IMAGES_PATH, token, name)))
        if file in self._images or not is_signed(self._keyring, PURPOSE, name, token):
            return
        self._images.add(file)
        if self._files.keep(file):
            self._report.add("images", Written.SAME)
        elif (body := self._made.images.get(name)) is not None:
            self._report.add("images", self._files.put(file, body, None))

    # --- for the server's configuration

    def _moved(self) -> Iterator[str]:
        """The former addresses of feeds that were renamed, with the present ones."""
        with self._made.storage.read() as work:
            renamed = [
                (before, feed.slug)
                for feed in work.feeds.all()
                for before in feed.previous_slugs
                if before != feed.slug
            ]
        for before, now in renamed:
            yield _mapped(self._decoded(path_of(ListAddress(before))), self._root + quoted(ListAddress(now)))
            for format in FeedFormat:
                path = Feed(slug=before, title="").path(format)
                yield _mapped(self._decoded(unquote(path)), self._root + Feed(slug=now, title="").path(format))
            yield _mapped(self._below(before), f"{self._root}{quoted(ListAddress(now))}$below")

    def _gone(self) -> Iterator[str]:
        """The addresses of what was there, and is no more."""
        for number in self._hidden:
            yield _mapped(self._decoded(path_of(ArticleAddress(number))), "1")
        with self._made.storage.read() as work:
            removed = [slug for slug in work.feeds.removed() if work.feeds.renamed(slug) is None]
        for slug in removed:
            yield _mapped(self._decoded(path_of(ListAddress(slug))), "1")
            for format in FeedFormat:
                yield _mapped(self._decoded(unquote(Feed(slug=slug, title="").path(format))), "1")
            yield _mapped(self._below(slug), "1")

    def _below(self, slug: str) -> str:
        """A pattern for the archive and the older pages of a feed."""
        return f"~^{re.escape(self._decoded(path_of(ListAddress(slug))))}(?<below>archive/.+|before-[0-9]+/)$"

    @property
    def _root(self) -> str:
        return urlsplit(self._site.base_url).path

    def _decoded(self, path: str) -> str:
        return unquote(self._root) + path


def _surroundings(work: UnitOfWork, now: datetime) -> Iterator[object]:
    """What pages and feeds tell besides articles."""
    yield from work.feeds.all()
    yield from work.newsletters.all()
    for stored in work.sources.all():
        yield stored.source
        yield silent_since([stored], now)
    yield sorted(work.images.protected())
    yield from work.editions.in_states([EditionState.SENT])


def _mark(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(repr, parts)).encode("utf-8", "replace")).hexdigest()[:32]


def _mapped(path: str, value: str) -> str:
    """A line of a map of nginx."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" "{value}";'
