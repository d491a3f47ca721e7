"""Which reader reads which kind of source."""

from publisher.domain.source import SourceKind
from publisher.pipeline.ports import Readers
from publisher.sources.feed import FeedReader
from publisher.sources.folder import FolderReader
from publisher.sources.listing import ListingReader
from publisher.sources.pushed import PushReader
from publisher.sources.sitemap_reader import SitemapReader
from publisher.sources.work import Work, at_once


def build_readers(work: Work = at_once) -> Readers:
    """A reader for each kind of source; `work` does what takes long, perhaps in another process."""
    return {
        SourceKind.FEED: FeedReader(work),
        SourceKind.LISTING: ListingReader(),
        SourceKind.SITEMAP: SitemapReader(),
        SourceKind.FOLDER: FolderReader(),
        SourceKind.PUSH: PushReader(),
    }
