"""What a feed says of an article, the same in all three formats: cleaned, with everything missing made good.

Two dates: `published` is the article's own, or when it was first seen; it never moves. `updated` is
`ArticleState.updated`: what the source says, else when an edit was seen; so a flag that changes, or the feed being
written again, is no update (RFC 4287, section 4.2.15). Both are in whole seconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from publisher.domain.article import ArticleState, Content, Enclosure, SourceCredit, shorten
from publisher.domain.feed import FeedFormat
from publisher.feeds.clean import clean, language_tag, line, media_type, rooted, web_address
from publisher.pipeline.ports import Channel

UNTITLED = "(untitled)"
TITLE_COLUMNS = 60
SUMMARY_COLUMNS = 300
_EXCERPT_SOURCE = 4096
"""How many characters of a text are looked at for an excerpt of it."""

MEDIA_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "epub": "application/epub+zip",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
"""Types by extension. Not `mimetypes`, whose table is another on each system: same channel, same bytes."""

UNKNOWN_IMAGE = "image/jpeg"
"""The type of a lead image whose address doesn't tell: RSS wants one, and readers look into the bytes anyway."""

UNKNOWN_FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Credit:
    """Where an item comes from: the title of its source and its web address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as documents show it. All addresses are http or https, all text is clean.

    `title`, `summary` and `authors` are plain text, `html` is markup; `source` is None when it has no web address.
    """

    guid: str
    title: str
    link: str | None
    original: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    language: str | None
    published: datetime
    updated: datetime
    summary: str
    html: str
    image: str | None
    enclosures: tuple[Enclosure, ...]
    source: Credit | None

    @property
    def media(self) -> tuple[Enclosure, ...]:
        """The article's own files, then its lead image where it isn't one of them."""
        if self.image is None or self.image in {enclosure.url for enclosure in self.enclosures}:
            return self.enclosures
        return (*self.enclosures, Enclosure(self.image, _type_by_name(self.image) or UNKNOWN_IMAGE))


def clean_channel(channel: Channel) -> Channel:
    """The channel with its own texts and addresses made fit; a title is never empty."""
    return replace(
        channel,
        title=line(channel.title) or channel.slug,
        description=" · ".join(filter(None, map(line, (channel.description, channel.notice)))),
        language=language_tag(channel.language),
        home_url=web_address(channel.home_url) or line(channel.home_url),
        self_urls=_addresses(channel.self_urls),
        prev_archive=_addresses(channel.prev_archive),
        next_archive=_addresses(channel.next_archive),
        current=_addresses(channel.current),
        hubs=tuple(url for hub in channel.hubs if (url := web_address(hub))),
        tags_url=web_address(channel.tags_url) or "",
        image=web_address(channel.image) or "",
        updated=_whole_seconds(channel.updated),
    )


def _addresses(urls: Mapping[FeedFormat, str]) -> Mapping[FeedFormat, str]:
    return {form: address for form, url in urls.items() if (address := web_address(url))}


def items(channel: Channel) -> Iterator[Item]:
    """The channel's items, in its order."""
    return map(item, channel.items)


def item(state: ArticleState) -> Item:
    """One article as documents show it."""
    content = state.revision.content
    link = web_address(state.article.link)
    original = web_address(content.original_url)
    return Item(
        guid=state.article.guid,
        title=_title(content, link),
        link=link,
        original=original if original != link else None,
        authors=_lines(content.authors),
        tags=_lines(content.tags),
        language=language_tag(content.language),
        published=_whole_seconds(state.dated),
        updated=_whole_seconds(state.updated),
        summary=clean(content.summary).strip() or _excerpt(content.text, SUMMARY_COLUMNS),
        html=clean(content.html).strip() or _paragraphs(clean(content.text)),
        image=web_address(content.image),
        enclosures=tuple(_enclosures(content)),
        source=_credit(state.source),
    )


def _title(content: Content, link: str | None) -> str:
    return (
        line(content.title)
        or _excerpt(content.text or content.summary, TITLE_COLUMNS)
        or (link and urlsplit(link).hostname)
        or UNTITLED
    )


def _excerpt(text: str, limit: int) -> str:
    return shorten(clean(text[:_EXCERPT_SOURCE]), limit)


def _paragraphs(text: str) -> str:
    blocks = (block.strip() for block in text.split("\n\n"))
    return "".join(f"<p>{escape(block, quote=False).replace(chr(10), '<br>')}</p>" for block in blocks if block)


def _lines(values: tuple[str, ...]) -> tuple[str, ...]:
    """Each value on one line, once, none empty."""
    return tuple(dict.fromkeys(filter(None, map(line, values))))


def _enclosures(content: Content) -> Iterator[Enclosure]:
    seen = set()
    for enclosure in content.enclosures:
        url = web_address(enclosure.url)
        if url and url not in seen:
            seen.add(url)
            kind = media_type(enclosure.type) or _type_by_name(url) or UNKNOWN_FILE
            yield Enclosure(rooted(url), kind, max(enclosure.length, 0))


def _type_by_name(url: str) -> str:
    name = urlsplit(url).path.rpartition("/")[2]
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def _credit(source: SourceCredit) -> Credit | None:
    url = web_address(source.url)
    return Credit(line(source.title) or line(source.name), rooted(url)) if url else None


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
