"""Which reader reads which kind of source."""

from publisher.domain.source import SourceKind
from publisher.pipeline.ports import Readers
from publisher.sources.feed import FeedReader
from publisher.sources.folder import FolderReader
from publisher.sources.listing import ListingReader
from publisher.sources.pushed import PushReader
from publisher.sources.sitemap_reader import SitemapReader


def build_readers() -> Readers:
    """A reader for each kind of source."""
    return {
        SourceKind.FEED: FeedReader(),
        SourceKind.LISTING: ListingReader(),
        SourceKind.SITEMAP: SitemapReader(),
        SourceKind.FOLDER: FolderReader(),
        SourceKind.PUSH: PushReader(),
    }
