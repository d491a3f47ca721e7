"""The writer of feed documents: one door to the three formats."""

from publisher.domain.feed import FeedFormat
from publisher.feeds.jsonfeed import write_json
from publisher.feeds.rss_atom import write_atom, write_rss
from publisher.pipeline.ports import Channel, FeedWriter


class FeedDocumentWriter(FeedWriter):
    """Writes RSS 2.0, Atom 1.0 and JSON Feed 1.1. Holds nothing: one serves all threads."""

    def write(self, channel: Channel, format: FeedFormat) -> bytes:
        """One document in UTF-8; the same channel gives the same bytes, at any time and in any thread."""
        match format:
            case FeedFormat.RSS:
                return write_rss(channel)
            case FeedFormat.ATOM:
                return write_atom(channel)
            case FeedFormat.JSON:
                return write_json(channel)
