"""Sitemaps (sitemaps.org 0.9): addresses of pages, with the news and image extensions; indexes, text and gzip too.

`parse` is pure: it fetches nothing. What becomes of the pages is in `sitemap_reader`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from io import BytesIO

from lxml import etree

from publisher.sources import dates
from publisher.sources.http.decompress import BadEncoding, decompressed
from publisher.sources.text import charset, urls

MAX_BYTES = 50 * 1024 * 1024
"""How large one sitemap may be once it is unpacked."""

MAX_URLS = 50_000
"""How many addresses one sitemap may name; those behind are passed over."""

_TITLE_LIMIT = 500
_IMAGES = 20
_GZIP = b"\x1f\x8b"
_FEEDS = frozenset(("rss", "feed", "RDF", "channel"))
_PAGE = re.compile(rb"<(!doctype\s+)?html\b", re.IGNORECASE)
_W3C = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?")


class NotASitemap(ValueError):
    """A document that is no sitemap; the message says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapUrl:
    """One page that a sitemap names. `lastmod` is as it was written, `modified` what it means.

    Title, language, keywords and `published` come from the news extension, `images` from the image extension.
    """

    url: str
    lastmod: str = ""
    modified: datetime | None = None
    title: str = ""
    published: datetime | None = None
    language: str | None = None
    keywords: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    @property
    def newest(self) -> datetime | None:
        """The date to order by: when it was published, else when it changed last."""
        return self.published or self.modified


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapLink:
    """One sitemap that an index names."""

    url: str
    lastmod: str = ""
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapDocument:
    """A sitemap (`urls`) or an index (`sitemaps`), each address once, in the document's order.

    `cut` when it names more than `MAX_URLS` or breaks off; `outside` counts addresses that are no http(s) ones.
    """

    urls: tuple[SitemapUrl, ...] = ()
    sitemaps: tuple[SitemapLink, ...] = ()
    cut: bool = False
    outside: int = 0


def parse(data: bytes, url: str | None = None, zone: dates.Zone = UTC) -> SitemapDocument:
    """Read a sitemap or an index: XML, one address a line, either also as gzip. Raises NotASitemap.

    `url` makes relative addresses absolute, `zone` is that of dates which name none.
    """
    data = _unpacked(data)
    start = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<" or start[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return _parse_xml(data, url, zone)
    return _parse_text(data, url)


def _unpacked(data: bytes) -> bytes:
    if data[:2] == _GZIP:
        whole = bytearray()
        try:
            for piece in decompressed(iter([data]), "gzip", MAX_BYTES):
                whole += piece
                if len(whole) > MAX_BYTES:
                    break
        except BadEncoding as error:
            raise NotASitemap(str(error)) from error
        data = bytes(whole)
    if len(data) > MAX_BYTES:
        raise NotASitemap(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    if not data.strip():
        raise NotASitemap("it is empty")
    return data


# --- XML ---------------------------------------------------------------------------------------------------------


def _parse_xml(data: bytes, base: str | None, zone: dates.Zone) -> SitemapDocument:
    pages: dict[str, SitemapUrl] = {}
    sitemaps: dict[str, SitemapLink] = {}
    outside, cut = 0, False
    try:
        for element in _entries(data):
            if len(pages) + len(sitemaps) >= MAX_URLS:
                cut = True
                break
            address = urls.absolute(base, _text(element, "loc"))
            if address is None:
                outside += 1
            elif _name(element) == "url":
                pages.setdefault(address, _page(element, address, base, zone))
            else:
                lastmod = _text(element, "lastmod")[:40]
                link = SitemapLink(url=address, lastmod=lastmod, modified=_moment(lastmod, zone))
                sitemaps.setdefault(address, link)
    except etree.XMLSyntaxError as error:
        if not pages and not sitemaps:
            is_page = _PAGE.search(data[:2000])
            raise NotASitemap("it is an HTML page" if is_page else f"it is broken XML ({_one_line(error)})") from error
        cut = True
    return SitemapDocument(urls=tuple(pages.values()), sitemaps=tuple(sitemaps.values()), cut=cut, outside=outside)


def _entries(data: bytes) -> Iterator[etree._Element]:
    """The `<url>` and `<sitemap>` elements, one after the other; each is forgotten once it was given out."""
    # Entities are left as they stand, nothing is loaded, and no document of ours is deeper than a few elements.
    events = etree.iterparse(
        BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False
    )
    root: etree._Element | None = None
    for event, element in events:
        if root is None:
            root = element
            _check_root(root)
        elif event == "end" and element.getparent() is root:
            if _name(element) in ("url", "sitemap"):
                yield element
            element.clear()
            del root[: root.index(element) + 1]


def _check_root(root: etree._Element) -> None:
    name = _name(root)
    if name in ("urlset", "sitemapindex"):
        return
    if name in _FEEDS:
        raise NotASitemap('it is a feed: write kind = "feed"')
    raise NotASitemap("it is an HTML page" if name.lower() == "html" else f"its root element is <{name[:40]}>")


def _page(element: etree._Element, address: str, base: str | None, zone: dates.Zone) -> SitemapUrl:
    lastmod = _text(element, "lastmod")[:40]
    news = next((child for child in element if _name(child) == "news"), None)
    publication = None if news is None else next((child for child in news if _name(child) == "publication"), None)
    images = [
        found
        for child in element
        if _name(child) == "image" and (found := urls.absolute(base, _text(child, "loc"))) is not None
    ]
    return SitemapUrl(
        url=address,
        lastmod=lastmod,
        modified=_moment(lastmod, zone),
        title=_text(news, "title")[:_TITLE_LIMIT],
        published=_moment(_text(news, "publication_date")[:40], zone),
        language=_text(publication, "language")[:20] or None,
        keywords=_keywords(_text(news, "keywords")),
        images=tuple(dict.fromkeys(images[:_IMAGES])),
    )


def _name(element: etree._Element) -> str:
    """An element's name without its namespace: some sites name a wrong one, none, or one of no meaning."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def _text(element: etree._Element | None, name: str) -> str:
    """The text of the first child of this name, on one line."""
    if element is None:
        return ""
    for child in element:
        if _name(child) == name:
            return charset.one_line("".join(str(part) for part in child.itertext()))
    return ""


def _keywords(text: str) -> tuple[str, ...]:
    words = (word.strip() for word in re.split(r"[,，;；、]", text[:2000]))
    return tuple(dict.fromkeys(word for word in words if word))[:20]


def _moment(text: str, zone: dates.Zone) -> datetime | None:
    """A W3C date (ISO 8601), which is what the standard asks for; other forms as far as they are read."""
    if not text:
        return None
    if _W3C.fullmatch(text):
        try:
            read = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
            read = read if len(text) > 10 else datetime.combine(read.date(), time())
            return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    moment = dates.parse(text, dates.Context(None, zone))
    return moment.at if moment else None


# --- plain text --------------------------------------------------------------------------------------------------


def _parse_text(data: bytes, base: str | None) -> SitemapDocument:
    if not charset.is_text(data[:4096]):
        raise NotASitemap("it is neither XML nor text")
    pages: dict[str, SitemapUrl] = {}
    outside, cut = 0, False
    for line in charset.decode(data).text.splitlines():
        if len(pages) >= MAX_URLS:
            cut = True
            break
        if not (line := line.strip()):
            continue
        address = urls.absolute(None, line) if len(line) <= 2048 else None
        if address is None:
            outside += 1
        else:
            pages.setdefault(address, SitemapUrl(url=address))
    if outside > len(pages):
        raise NotASitemap("it is text, but not a list of addresses")
    return SitemapDocument(urls=tuple(pages.values()), cut=cut, outside=outside)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:120]
