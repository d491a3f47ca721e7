"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from typing import Any

from publisher.domain.article import Enclosure
from publisher.domain.feed import FeedFormat
from publisher.feeds.item import Item, clean_channel, items
from publisher.pipeline.ports import Channel

VERSION = "https://jsonfeed.org/version/1.1"


def write_json(channel: Channel) -> bytes:
    """The channel as JSON Feed 1.1, in UTF-8. The feed names no authors: an item without any would inherit them."""
    channel = clean_channel(channel)
    document = _present(
        version=VERSION,
        title=channel.title,
        home_page_url=channel.home_url,
        feed_url=channel.self_urls.get(FeedFormat.JSON),
        description=channel.description,
        icon=channel.image,
        language=channel.language,
        # The pages of a feed are its archive's here: JSON Feed knows no other (section "next_url").
        next_url=channel.prev_archive.get(FeedFormat.JSON),
        hubs=[{"type": "WebSub", "url": hub} for hub in channel.hubs],
    )
    document["items"] = [_item(item, channel) for item in items(channel)]
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(item: Item, channel: Channel) -> dict[str, Any]:
    text = "" if item.html else item.summary or item.title
    return _present(
        id=item.guid,
        url=item.link,
        external_url=item.original,
        title=item.title,
        content_html=item.html,
        content_text=text,
        summary=item.summary,
        image=item.image,
        date_published=item.published.isoformat(),
        date_modified=item.updated.isoformat(),
        authors=[{"name": author} for author in item.authors],
        tags=list(item.tags),
        language=item.language if item.language != channel.language else None,
        attachments=[_attachment(enclosure) for enclosure in item.enclosures],
        # An extension (section "Extensions"): the format has no place for where an item comes from.
        _source=item.source and {"title": item.source.title, "url": item.source.url},
    )


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(url=enclosure.url, mime_type=enclosure.type, size_in_bytes=enclosure.length)


def _present(**members: Any) -> dict[str, Any]:
    """The members that say something, in the order given."""
    return {name: value for name, value in members.items() if value}
