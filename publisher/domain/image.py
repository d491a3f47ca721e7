"""Images of articles: which an article shows, which hosts keep theirs for themselves, and how an article looks with
copies of our own in their place. Pure: no network, no file.

Markup here is always what `sources.pages.sanitize` gave: attributes in quotes, addresses absolute.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html import escape, unescape
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from publisher.domain.article import ArticleState, Content, Enclosure
from publisher.domain.source import Rights

MOST_IMAGES = 40
"""How many images of one article are looked after; the rest is left as it is in feeds, and out of pages."""

COPY_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""What copies are, by the extension of their name."""

ImageKey = tuple[int, str]
"""An image as one source shows it: the source's number and the address."""

HostKey = tuple[int, str]
"""A host that a source has images on."""


class ImageState(StrEnum):
    """What became of an image: `wanted` until it was asked for, `broken` what is none or can't be had, `gone` what is
    away (404, 410)."""

    WANTED = "wanted"
    FINE = "fine"
    BROKEN = "broken"
    GONE = "gone"


class Hotlinking(StrEnum):
    """Whether a host gives its images to readers of other places: `unknown` until it was tried."""

    UNKNOWN = "unknown"
    ALLOWED = "allowed"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file that was made of an image; `length` in bytes."""

    name: str
    type: str
    width: int
    height: int
    length: int


@dataclass(frozen=True, slots=True)
class LocalImage:
    """A copy of an image as we serve it: `url` is absolute, `path` the same without scheme and host."""

    url: str
    path: str
    name: str
    type: str
    width: int
    height: int
    length: int


@dataclass(frozen=True, slots=True)
class KnownImages:
    """What is known of the images of some articles: the copies, the largest first, and the hosts that protect
    theirs."""

    copies: Mapping[ImageKey, Sequence[LocalImage]] = field(default_factory=dict)
    protected: frozenset[HostKey] = frozenset()

    def copy(self, state: ArticleState, url: str, width: int | None = None) -> LocalImage | None:
        """The copy of an image: the largest, or the smallest that is at least so wide."""
        made = self.copies.get((state.source.id, url), ())
        wide = [one for one in made if one.width >= width] if width else []
        return wide[-1] if wide else made[0] if made else None

    def is_protected(self, state: ArticleState, url: str) -> bool:
        """Whether readers elsewhere would not see an image."""
        return bool(self.protected) and (state.source.id, image_host(url)) in self.protected


def may_copy(rights: Rights) -> bool:
    """Whether images of a source may be copied: what is only quoted is shown without images anyway."""
    return rights is not Rights.QUOTE


def image_host(url: str) -> str:
    """The host of an image with its port, as it is told from others."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


# --- what an article shows ---------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)(img|source|picture|video|audio|track)\b((?:\s+[^\s=>\"]+(?:=\"[^\"]*\")?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([^\s=>\"]+)(?:=\"([^\"]*)\")?")
_CANDIDATE = re.compile(r"(\S+?)(?:\s+([0-9.]+)[wxh])?\s*(?:,\s+|,?$)")
_EMPTIED = re.compile(r"<(picture|figure|p|a)(?:\s+[^\s=>\"]+(?:=\"[^\"]*\")?)*\s*>\s*</\1>")


def image_addresses(content: Content) -> tuple[str, ...]:
    """The images that an article shows, the lead one first, each once; of one in several sizes the one in `src`."""
    found = [content.image, *(file.url for file in content.enclosures if file.type.startswith("image/"))]
    found += _in_markup(content.html)
    shown = dict.fromkeys(url for url in found if url and url.startswith(("http://", "https://")))
    return tuple(shown)[:MOST_IMAGES]


def _in_markup(html: str) -> Iterator[str | None]:
    for _, tag, attributes in _TAG.findall(html):
        values = _attributes(attributes)
        if tag == "img":
            yield _shown(values)
        elif tag == "video":
            yield values.get("poster")


def _attributes(written: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(written)}


def _shown(attributes: Mapping[str, str]) -> str | None:
    """The address of an image: in `src`, else the largest in `srcset`."""
    if source := attributes.get("src"):
        return source
    sizes = [(float(size or 1), url) for url, size in _candidates(attributes.get("srcset", ""))]
    return max(sizes)[1] if sizes else None


def _candidates(srcset: str) -> list[tuple[str, str]]:
    """Address and size of each candidate of a `srcset` that has been made absolute: no comma is in an address."""
    return [(url, size) for url, size in _CANDIDATE.findall(srcset) if url.strip(",")]


# --- how it is shown ---------------------------------------------------------------------------------------------


def lead_image(state: ArticleState, images: KnownImages, width: int | None = None) -> LocalImage | None:
    """Our copy of an article's lead image, or None where there is none or rights forbid it.

    The largest, or with a `width` in pixels the smallest that is at least so wide.
    """
    content = state.revision.content
    if content.image is None or not may_copy(state.source.rights):
        return None
    return images.copy(state, content.image, width)


def without_hotlinks(state: ArticleState, images: KnownImages) -> ArticleState:
    """The article for readers elsewhere: images that their hosts protect are our copies, or left out.

    A state without any comes back as it is.
    """
    if not any(source == state.source.id for source, _ in images.protected):
        return state
    content = state.revision.content
    files = [_unprotected(state, images, file) for file in content.enclosures]
    image, lead = content.image, None
    if image is not None and images.is_protected(state, image):
        lead = images.copy(state, image)
        image = lead.url if lead else None
    kept = tuple(file for file in files if file is not None)
    if lead is not None and lead.url not in {file.url for file in kept}:
        # So that documents say its type and length.
        kept = (*kept, Enclosure(lead.url, lead.type, lead.length))
    html = _rewritten(content.html, _Elsewhere(state, images))
    changed = replace(content, html=html, image=image, enclosures=kept)
    return replace(state, revision=replace(state.revision, content=changed))


def _unprotected(state: ArticleState, images: KnownImages, file: Enclosure) -> Enclosure | None:
    if not file.type.startswith("image/") or not images.is_protected(state, file.url):
        return file
    copy = images.copy(state, file.url)
    return Enclosure(copy.url, copy.type, copy.length) if copy else None


def with_local_images(state: ArticleState, images: KnownImages, *, absolute: bool = False) -> ArticleState:
    """The article for our own pages (and, `absolute`, for mails), that load nothing from other hosts: each image is our
    copy or left out, films and sounds are links. Its lead image is that of `lead_image`; enclosures stay, as links."""
    content = state.revision.content
    lead = lead_image(state, images)
    image = None if lead is None else lead.url if absolute else lead.path
    html = _rewritten(content.html, _Here(state, images, absolute=absolute))
    changed = replace(content, html=html, image=image)
    return replace(state, revision=replace(state.revision, content=changed))


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Writes the tags of images for feeds: only what is protected changes."""

    state: ArticleState
    images: KnownImages

    def tag(self, name: str, attributes: dict[str, str]) -> str | None:
        """The tag in its new form; None when it stays as it is."""
        if name == "video":
            return self._video(attributes)
        if name not in ("img", "source"):
            return None
        shown = _shown(attributes) if name == "img" else None
        addresses = [url for url, _ in _candidates(attributes.get("srcset", ""))] + ([shown] if shown else [])
        if not any(self.images.is_protected(self.state, url) for url in addresses):
            return None
        if shown is None:
            return ""
        if not self.images.is_protected(self.state, shown):
            return _written(name, {"src": shown, **_without(attributes, "src", "srcset", "sizes")})
        copy = self.images.copy(self.state, shown)
        return _img(attributes, copy, copy.url) if copy else ""

    def _video(self, attributes: dict[str, str]) -> str | None:
        poster = attributes.get("poster", "")
        if not poster or not self.images.is_protected(self.state, poster):
            return None
        copy = self.images.copy(self.state, poster)
        kept = {**attributes, "poster": copy.url} if copy else _without(attributes, "poster")
        return _written("video", kept)

    def end(self, name: str) -> str | None:
        """The same for an end tag."""
        return None


@dataclass(frozen=True, slots=True)
class _Here:
    """Writes them for pages of our own: nothing comes from other hosts."""

    state: ArticleState
    images: KnownImages
    absolute: bool

    def tag(self, name: str, attributes: dict[str, str]) -> str | None:
        """The tag in its new form."""
        if name in ("video", "audio", "source") and attributes.get("src"):
            return _link(attributes["src"])
        shown = _shown(attributes) if name == "img" else None
        copy = self.images.copy(self.state, shown) if shown and may_copy(self.state.source.rights) else None
        return _img(attributes, copy, copy.url if self.absolute else copy.path) if copy else ""

    def end(self, name: str) -> str | None:
        """No end tag of theirs stays."""
        return ""


def _rewritten(html: str, writer: _Elsewhere | _Here) -> str:
    """The markup with its tags written anew, without what they left empty."""

    def write(match: re.Match[str]) -> str:
        closes, name, attributes = match.groups()
        new = writer.end(name) if closes else writer.tag(name, _attributes(attributes))
        return match.group() if new is None else new

    written = _TAG.sub(write, html)
    while written != html:
        html, written = written, _EMPTIED.sub("", written)
    return written


def _img(attributes: dict[str, str], copy: LocalImage, address: str) -> str:
    """An image that is a copy of ours, in the size that was declared, else in its own."""
    kept = _without(attributes, "src", "srcset", "sizes")
    size = {} if kept.get("width") or kept.get("height") else {"width": str(copy.width), "height": str(copy.height)}
    return _written("img", {"src": address, **kept, **size})


def _link(url: str) -> str:
    name = unquote(PurePosixPath(urlsplit(url).path).name) or urlsplit(url).netloc
    return f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(name)}</a> '


def _written(tag: str, attributes: Mapping[str, str]) -> str:
    said = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{said}>"


def _without(attributes: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in names}
