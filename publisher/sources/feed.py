"""Feeds of every kind become entries: RSS, Atom, RDF, CDF by `xml_feed`, JSON Feed by `json_feed`."""

import hashlib
from dataclasses import replace
from http import HTTPStatus

from publisher import __version__
from publisher.domain.article import Content, Entry, KnownArticle, shorten
from publisher.domain.rights import NONE
from publisher.domain.source import Source, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, NotModified, Reading, ReadRequest, SourceReader
from publisher.sources import articles
from publisher.sources.articles import Pages, ReadPage, Unread
from publisher.sources.extract import Extracted
from publisher.sources.feeds import drafts, websub
from publisher.sources.feeds.drafts import Drafts, FeedBytes
from publisher.sources.feeds.feed_values import MAX_ITEMS, FeedDocument, NotAFeed
from publisher.sources.work import Work, WorkEnded, at_once

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
SHORT = 500
"""An entry with less text than this is a summary, and its page is asked for the whole."""


class FeedReader(SourceReader):
    """Reads feeds, and the pages of new entries that give only a summary (where the source asks for full text)."""

    def __init__(self, work: Work = at_once) -> None:
        """`work` does what takes long and needs nothing but its arguments, perhaps in another process."""
        self._work = work

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the feed. Entries that are known and say what they said are left out."""
        source = request.source
        result = articles.get(source, fetcher, request.validators, ACCEPT)
        if isinstance(result, NotModified):
            return articles.unchanged(result)
        digest = _digest(result, source)
        if digest == request.digest:
            # What gives no validators says the same all day long.
            return articles.unchanged(result)
        said = self._read(result, request)
        document = said.feed
        identified = request.identify(said.entries)
        pages = Pages(source, fetcher, request.now)
        listed = {named.entry.key: named for named in identified.entries}
        wanted = (listed[key] for key in request.wanted(listed))
        entries = [_titled(found) for named in wanted if (found := _decided(named.entry, named.known, pages))]
        hub, topic = websub.declared(result.headers, result.url, document.hub, document.topic)
        return Reading(
            entries=tuple(entries),
            listed=tuple(listed),
            hub=hub,
            topic=topic,
            guids=identified.guids,
            validators=Validators() if pages.unfinished else result.validators,
            digest=None if pages.unfinished else digest,
            hints=replace(result.hints, ttl=document.ttl, skip_hours=document.skip_hours, skip_days=document.skip_days),
            problems=(*_left_out(document), *pages.problems),
            # A feed that goes on listing an article knows better than a 404 of its page.
            missing={key: status for key, status in pages.missing.items() if status == HTTPStatus.GONE},
            moved_to=result.moved_to,
            reservations=result.reservations,
        )

    def _read(self, result: Fetched, request: ReadRequest) -> Drafts:
        source, given = request.source, FeedBytes(result.body, result.url, result.charset)
        context = articles.context_of(source, request.now)
        try:
            return self._work(drafts.read, given, source, context, to_store=request.first)
        except NotAFeed as error:
            raise SourceError(source.name, f"{source.url} is no feed: {error}") from error
        except WorkEnded as error:
            raise SourceError(source.name, f"{source.url}: {error}") from error


def _digest(result: Fetched, source: Source) -> str:
    """A hash of all that decides what a document says: where it stands, how it is read, and which program reads it."""
    signs = result.reservations.signs() if result.reservations != NONE else None
    said = f"{__version__}\n{source}\n{result.url}\n{result.charset}\n{signs}\n"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass") + result.body).hexdigest()


def _left_out(document: FeedDocument) -> list[str]:
    if not document.left:
        return []
    return [f"it lists {document.left + MAX_ITEMS:,} entries, of which the first {MAX_ITEMS:,} were read"]


def _decided(draft: Entry, known: KnownArticle | None, pages: Pages) -> Entry | None:
    """What to return of an entry: nothing when it is known and unchanged, so that a full text stays."""
    if known is not None and known.hint == draft.hint:
        return None
    wants_page = pages.source.full_text and len(draft.content.text) < SHORT and draft.url.startswith("http")
    if not wants_page or draft.url == pages.source.url:
        return draft
    otherwise = "it keeps the text it has" if _is_settled(known) else "its text is the feed's own"
    match pages.read(draft.url, otherwise=otherwise, known=known):
        case ReadPage(article) as page:
            return (
                _with_page(draft, page, pages.source)
                if len(article.text) > len(draft.content.text)
                else replace(draft, content=replace(draft.content, reservations=article.reservations))
            )
        case Unread(_, lasting):
            return _without_page(draft, known, pages, lasting=lasting)
        case None:
            return None
        case _:
            return draft


def _with_page(draft: Entry, page: ReadPage, source: Source) -> Entry:
    """An entry with the text of its page."""
    return replace(
        draft,
        content=_completed(draft.content, page.article, source),
        canonical_url=page.article.canonical_url,
        validators_etag=page.validators.etag,
        validators_last_modified=page.validators.last_modified,
        evidence={**page.article.evidence, **draft.evidence},
    )


def _is_settled(known: KnownArticle | None) -> bool:
    """Whether an article has the text that it shall have: an empty hint says that its page is still wanted."""
    return known is not None and bool(known.hint)


def _titled(entry: Entry) -> Entry:
    """An entry without a title is called by how it begins, else by its address."""
    content = entry.content
    if content.title:
        return entry
    return replace(entry, content=replace(content, title=shorten(content.text or entry.url, 80)))


def _without_page(draft: Entry, known: KnownArticle | None, pages: Pages, *, lasting: bool) -> Entry | None:
    """An entry whose page failed is its summary, and (for a while) its page is tried again at the next look.

    An empty hint says so: it never equals what the feed says. One that has its full text keeps it.
    """
    if _is_settled(known):
        return None
    young = known is None or pages.now - known.first_seen < articles.YOUNG
    return replace(draft, hint="") if young and not lasting else draft


def _completed(content: Content, article: Extracted, source: Source) -> Content:
    """The feed's word on everything but the text; the page fills what the feed leaves open."""
    return replace(
        content,
        title=content.title or article.title,
        authors=content.authors or article.authors,
        tags=articles.tags_or(content, article.tags, source),
        language=article.language or content.language,
        published=content.published or article.published,
        updated=content.updated or article.updated,
        summary=content.summary or article.summary,
        html=article.html,
        text=article.text,
        image=content.image or article.image,
        original_url=article.original_url,
        source=content.source or article.source,
        section=article.section,
        reservations=article.reservations,
    )
