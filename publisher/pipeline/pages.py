"""Pages for people: of articles, lists, searches, editions and feeds, rendered to bytes once for the web and for a
folder of files alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from publisher.domain.article import ArticleState, within_rights
from publisher.domain.edition import Edition, EditionState, reading_order
from publisher.domain.feed import (
    NEWSLETTER_FEEDS,
    SEARCH_FEEDS,
    SOURCE_FEEDS,
    Feed,
    implied_feed,
    is_implied,
    newsletter_feed,
    source_feed,
)
from publisher.domain.image import LocalImage, lead_image, with_local_images
from publisher.domain.newsletter import Newsletter
from publisher.domain.pages import (
    MOST,
    ArticleAddress,
    EditionAddress,
    FeedsAddress,
    ListAddress,
    PageAddress,
    cut_list,
    cut_page,
)
from publisher.domain.rights import Use
from publisher.pipeline.images import ImageAddresses, known_images
from publisher.pipeline.ports import (
    Absence,
    ArticlePage,
    Clock,
    EditionPage,
    EditionsPage,
    FeedsPage,
    ListPage,
    Page,
    PageWriter,
    Storage,
    UnitOfWork,
)
from publisher.pipeline.publish import Site, notice_of, public_feed

CARD_WIDTH = 300
"""Pixels that an image must be wide at least to stand on the cards that others show of a page."""

EDITIONS_SHOWN = 50
"""How many editions of a newsletter its page lists, and its feed has."""

LONGEST_QUERY = 200
"""Characters that a search may have."""


@dataclass(frozen=True, slots=True)
class PagePublisher:
    """Makes pages of what is stored now."""

    storage: Storage
    writer: PageWriter
    site: Site
    clock: Clock

    def page(self, address: PageAddress, use: Use = Use.WEB) -> Page | Absence:
        """The page at an address, for the web or for an export. Raises TemplateError."""
        match address:
            case ArticleAddress(number):
                return self._article(number, use)
            case EditionAddress(number):
                return self._edition(number, use)
            case ListAddress():
                return self._list(address, use)
            case FeedsAddress():
                return Page(body=self.writer.feeds(self._feeds()))

    def addresses(self, slug: str) -> list[ListAddress]:
        """All pages of a list, the oldest articles first."""
        with self.storage.read() as work:
            feed = None if slug.startswith(NEWSLETTER_FEEDS) else public_feed(work, slug, self.site.title)
            members = work.articles.members(feed.selection) if feed else ()
            newest_first = sorted(((one.dated, one.article_id) for one in members), reverse=True)
        ends = cut_list([number for _, number in newest_first])
        return [*(ListAddress(slug, end) for end in reversed(ends)), ListAddress(slug)]

    def moved(self, address: PageAddress) -> PageAddress | None:
        """Where a page is now whose feed was renamed."""
        if not isinstance(address, ListAddress):
            return None
        with self.storage.read() as work:
            slug = work.feeds.renamed(address.slug)
        return ListAddress(slug, address.before) if slug else None

    def outline(self) -> Page:
        """All public feeds as a list for feed readers."""
        return Page(body=self.writer.outline(self._feeds()), media_type="text/x-opml; charset=utf-8")

    def search(self, query: str) -> Page:
        """What is found by some words; nothing for no words."""
        query = " ".join(query.split())[:LONGEST_QUERY]
        feed = implied_feed(f"search/{query}", self.site.title)
        states: Sequence[ArticleState] = ()
        if feed is not None:
            with self.storage.read() as work:
                states = work.articles.current(feed.selection, limit=MOST + 1)
        slug = f"search/{query}"
        shown = feed or Feed(slug=slug, title=self.site.title)
        return Page(body=self.writer.articles(_listed(shown, ListAddress(slug), states, Use.WEB, query)))

    def _article(self, number: int, use: Use) -> Page | Absence:
        with self.storage.read() as work:
            found = work.articles.states([number], work.articles.latest_seq()).get(number)
            if found is None:
                return Absence.UNKNOWN
            state = within_rights(found, use) if found.revision.visible else None
            if state is None:
                return Absence.GONE
            stored = work.sources.get(state.source.name)
            state, lead = self._with_images(work, state)
        feed = source_feed(stored.source) if stored else Feed(slug="all", title=self.site.title)
        return Page(body=self.writer.article(ArticlePage(state, feed, lead)), last_modified=found.revision.at)

    def _with_images(self, work: UnitOfWork, state: ArticleState) -> tuple[ArticleState, LocalImage | None]:
        """The article with our copies of its images, and the one for cards."""
        known = known_images(work, [state], ImageAddresses(work.meta.keyring(), self.site.base_url))
        lead = lead_image(state, known)
        return with_local_images(state, known), lead if lead and lead.width >= CARD_WIDTH else None

    def _list(self, address: ListAddress, use: Use) -> Page | Absence:
        with self.storage.read() as work:
            if address.slug.startswith(NEWSLETTER_FEEDS):
                return self._editions(work, address, use)
            feed = public_feed(work, address.slug, self.site.title)
            if feed is None:
                return Absence.GONE if work.feeds.was(address.slug) else Absence.UNKNOWN
            states = work.articles.current(feed.selection, limit=MOST + 1, before_id=address.before)
            notice = notice_of(feed, work.sources.all(), self.site, self.clock())
            # A search may wait for its first article, and what once had one for its next.
            is_feed = (
                not is_implied(feed.slug)
                or feed.slug.startswith((SOURCE_FEEDS, SEARCH_FEEDS))
                or bool(work.histories.of([feed.slug]))
            )
        if not states and not (is_feed and address.before is None):
            return Absence.UNKNOWN
        kind, _, query = feed.slug.partition("/")
        page = _listed(feed, address, states, use, query if kind == "search" else None)
        page = replace(page, notice=notice)
        return Page(body=self.writer.articles(page))

    def _editions(self, work: UnitOfWork, address: ListAddress, use: Use) -> Page | Absence:
        newsletter = newsletter_of(work, address.slug)
        if newsletter is None or address.before is not None:
            return Absence.UNKNOWN
        pages = tuple(edition_pages(work, newsletter, use))
        return Page(body=self.writer.editions(EditionsPage(newsletter, newsletter_feed(newsletter), pages)))

    def _edition(self, number: int, use: Use) -> Page | Absence:
        with self.storage.read() as work:
            edition = work.editions.get(number)
            newsletter = work.newsletters.get(edition.newsletter_id) if edition else None
            if edition is None or newsletter is None or edition.state is not EditionState.SENT:
                return Absence.UNKNOWN
            pages = _with_articles(work, newsletter, [edition], use)
        if not pages:
            return Absence.GONE
        return Page(body=self.writer.edition(pages[0]))

    def _feeds(self) -> FeedsPage:
        with self.storage.read() as work:
            return FeedsPage(
                tuple(work.feeds.all()),
                tuple(map(newsletter_feed, work.newsletters.all())),
                tuple(source_feed(stored.source) for stored in work.sources.all()),
            )


def _listed(feed: Feed, address: ListAddress, states: Sequence[ArticleState], use: Use, query: str | None) -> ListPage:
    page = cut_page(states)
    older = ListAddress(feed.slug, page[-1].article.id) if len(page) < len(states) else None
    shown = (within_rights(state, use) for state in page)
    return ListPage(feed, address, tuple(state for state in shown if state is not None), older, query)


def newsletter_of(work: UnitOfWork, slug: str) -> Newsletter | None:
    """The newsletter whose editions a slug names."""
    name = slug.removeprefix(NEWSLETTER_FEEDS)
    return next((one for one in work.newsletters.all() if one.slug == name), None)


def edition_pages(work: UnitOfWork, newsletter: Newsletter, use: Use) -> list[EditionPage]:
    """The last editions of a newsletter that were sent, with what may be shown of their articles."""
    return _with_articles(work, newsletter, work.editions.sent(newsletter.id, limit=EDITIONS_SHOWN), use)


def _with_articles(
    work: UnitOfWork, newsletter: Newsletter, editions: Sequence[Edition], use: Use
) -> list[EditionPage]:
    """Editions of which something may still be shown: articles as they are now, so that what was taken down is gone."""
    by_edition = work.editions.articles([edition.id for edition in editions])
    numbers = sorted({number for found in by_edition.values() for number in found})
    states = work.articles.states(numbers, work.articles.latest_seq())
    pages = []
    for edition in editions:
        there = [states[number] for number in by_edition[edition.id] if number in states]
        shown = [within_rights(state, use) for state in reading_order(there) if state.revision.visible]
        if any(shown):
            pages.append(EditionPage(newsletter, edition, tuple(state for state in shown if state is not None)))
    return pages
