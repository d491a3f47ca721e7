"""The feed of a newsletter: one entry for each edition that was sent, with its articles as content."""

import uuid
from dataclasses import dataclass

from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.feed import Feed, newsletter_feed
from publisher.domain.pages import EditionAddress, ListAddress, quoted
from publisher.domain.rights import Use
from publisher.domain.source import Rights
from publisher.pipeline.pages import edition_pages, newsletter_of
from publisher.pipeline.ports import EditionPage, PageWriter, UnitOfWork
from publisher.pipeline.publish import Site


@dataclass(frozen=True, slots=True)
class EditionEntries:
    """Makes entries of editions, in the words of the pages' writer."""

    writer: PageWriter
    site: Site

    def __call__(self, work: UnitOfWork, slug: str) -> tuple[Feed, list[ArticleState]] | None:
        """The feed that a slug names, with its entries, the newest first; None when there is no such newsletter."""
        newsletter = newsletter_of(work, slug)
        if newsletter is None:
            return None
        feed, instance = newsletter_feed(newsletter), work.meta.instance()
        return feed, [self._entry(feed, page, instance) for page in edition_pages(work, newsletter, Use.FEED)]

    def _entry(self, feed: Feed, page: EditionPage, instance: uuid.UUID) -> ArticleState:
        """An edition as an article of our own, dated at its cut."""
        edition, text = page.edition, self.writer.text(page)
        credit = SourceCredit(0, feed.slug, feed.title, self.site.base_url + quoted(ListAddress(feed.slug)), Rights.OWN)
        article = Article(
            id=edition.id,
            guid=uuid.uuid5(instance, f"edition:{edition.id}").urn,
            source_id=0,
            key=str(edition.id),
            url=self.site.base_url + quoted(EditionAddress(edition.id)),
            canonical_url=None,
            first_seen=edition.cut_at,
            first_seq=edition.now_seq,
        )
        content = Content(
            title=text.title,
            language=feed.language,
            published=edition.cut_at,
            summary=text.summary,
            html=text.html,
        )
        revision = Revision(seq=edition.now_seq, content=content, at=edition.cut_at, changed_at=edition.cut_at)
        return ArticleState(article, revision, credit)
