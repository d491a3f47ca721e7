"""JSON Feed 1.0 and 1.1 (jsonfeed.org) read into the same values as any other feed."""

import json
from collections.abc import Iterator
from html import escape

from publisher.domain.article import Enclosure
from publisher.sources.feeds.feed_values import MAX_ITEMS, FeedDocument, FeedItem, NotAFeed, paragraphs
from publisher.sources.text.charset import printable

Json = dict[str, object]


def parse(text: str, url: str) -> FeedDocument:
    """Read a JSON Feed; raises NotAFeed."""
    try:
        root = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"it is broken JSON ({error})") from error
    if not isinstance(root, dict) or not isinstance(root.get("items"), list):
        raise NotAFeed("it is JSON, but no JSON Feed (it has no list of items)")
    home = _text(root, "home_page_url")
    authors, language = tuple(_authors(root)), _text(root, "language") or None
    listed = [item for item in root["items"] if isinstance(item, dict)]
    items = [_item(item, authors, home or url) for item in listed[:MAX_ITEMS]]
    return FeedDocument(
        items=tuple(items),
        language=language,
        link=home or None,
        hub=next(_hubs(root), None),
        topic=_address(root, "feed_url") or None,
        left=len(listed) - len(items),
    )


def _hubs(root: Json) -> Iterator[str]:
    """WebSub hubs (JSON Feed 1.1, "Subscribing to Real-time Notifications")."""
    hubs = root.get("hubs")
    for hub in hubs if isinstance(hubs, list) else []:
        if isinstance(hub, dict) and _text(hub, "type").lower() == "websub" and (url := _address(hub, "url")):
            yield url


def _item(item: Json, authors: tuple[str, ...], base: str) -> FeedItem:
    html = _text(item, "content_html")
    if not html and (plain := _text(item, "content_text")):
        html = paragraphs(plain)
    images = (_text(item, "image"), _text(item, "banner_image"))
    tags = item.get("tags")
    return FeedItem(
        id=_text(item, "id"),
        link=_address(item, "url") or _address(item, "external_url"),
        title=_text(item, "title"),
        authors=tuple(_authors(item)) or authors,
        tags=tuple(printable(tag.strip()) for tag in tags if isinstance(tag, str) and tag.strip())
        if isinstance(tags, list)
        else (),
        language=_text(item, "language") or None,
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        summary=escape(_text(item, "summary")),
        html=html,
        base=base,
        images=tuple(image for image in images if image),
        enclosures=tuple(_enclosures(item)),
    )


def _authors(thing: Json) -> Iterator[str]:
    """Version 1.1 has `authors`, 1.0 had `author`."""
    listed = thing.get("authors")
    for author in listed if isinstance(listed, list) else [thing.get("author")]:
        if isinstance(author, dict) and (name := _text(author, "name")):
            yield name


def _enclosures(item: Json) -> Iterator[Enclosure]:
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else []:
        if isinstance(attachment, dict) and (url := _address(attachment, "url")):
            size = attachment.get("size_in_bytes")
            yield Enclosure(url, _text(attachment, "mime_type"), int(size) if isinstance(size, int | float) else 0)


def _address(thing: Json, name: str) -> str:
    value = thing.get(name)
    return printable(value.strip()) if isinstance(value, str) else ""


def _text(thing: Json, name: str) -> str:
    """A text; numbers count (ids often are)."""
    value = thing.get(name)
    if isinstance(value, str):
        return printable(value.strip())
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
