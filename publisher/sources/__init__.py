"""Reads what others write: feeds, listings and folders, over HTTP or from disk, into entries that are harmless."""

from publisher.domain.source import SourceKind
from publisher.pipeline.ports import Readers
from publisher.sources.feed import FeedReader
from publisher.sources.folder import FolderReader
from publisher.sources.listing import ListingReader


def build_readers() -> Readers:
    """A reader for each kind of source."""
    return {
        SourceKind.FEED: FeedReader(),
        SourceKind.LISTING: ListingReader(),
        SourceKind.FOLDER: FolderReader(),
    }
