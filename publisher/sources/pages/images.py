"""The images of a page: where a lazy one keeps its address, and which belong to the article at all."""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from publisher.sources.text import urls

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-echo", "data-url", "_src", "data-lazy")
"""Where pages keep an image's address until it is scrolled to, the most usual names first."""

_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_PLACEHOLDER = re.compile(
    r"^(data:|about:|#|$)|/(blank|spacer|pixel|transparent|placeholder|lazy|loading|empty|default|1x1|grey|gray)"
    r"[\w.-]*\.(gif|png|svg|jpe?g|webp)",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"\.(jpe?g|png|webp|gif|avif|svg|bmp)(\W|$)|/images?\b|wx_fmt=", re.IGNORECASE)
_ADDRESS = re.compile(r"^(https?:)?/?/?[^\s\"'<>{}]+$")

_DECORATION = re.compile(
    r"(^|[\s_/.-])(qr|qr-?code|ercode|erweima|wx-?code|logo|avatars?|gravatar|icons?|emoji|smil(ey|ies)|badge|sprite"
    r"|share|weixin|wechat|spacer|headimg|def_head|headpic)($|[\s_/.\d-])",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(^|[\s_-])(avatar|author|byline|profile|logo|vcard)($|[\s_-])", re.IGNORECASE)
_PLAYER = re.compile(r"(^|[\s_-])(player|play)($|[\s_-])", re.IGNORECASE)
_SAID = re.compile(r"^\W*(.{0,10}(二维码|logo|头像)|qr ?code|avatar|icon)\W*$", re.IGNORECASE)
_TINY = re.compile(r"(^|;)(width|height):[01](\.\d+)?(px)?(!|;|$)")
_HIDDEN = re.compile(r"(^|;)(display:none|visibility:hidden)(!|;|$)")
_NO_SIZE = re.compile(r"0*[01](\.\d+)?\s*(px)?$", re.IGNORECASE)
_BEACON = re.compile(
    r"/(pixel|beacon|1x1|track(er|ing)?|counter|stat|clear|impression|open)\.(gif|png)\?|/[a-z]\.gif\?"
    r"|/(pixel|beacon|track(er|ing)?|impression|collect|__utm)(\.gif)?\?",
    re.IGNORECASE,
)
_ICON = 48
"""An image declared to be no larger than this in both directions, without a word for it, is an icon."""

_LINE = 20
"""One that is declared no higher (or wider) than this, and stands alone, is a rule between paragraphs."""


def wake(image: etree._Element) -> None:
    """Give a lazy image the address that its script would give it."""
    wake_set(image)
    source = image.get("src") or ""
    asleep = bool(_PLACEHOLDER.search(source))
    for name in _LAZY:
        value = (image.get(name) or "").strip()
        if value and (asleep or _IMAGE.search(value)):
            image.set("src", value)
            return
    if asleep and (found := next(_elsewhere(image), None)):
        image.set("src", found)


def wake_set(element: etree._Element) -> None:
    """The same for the `srcset` of an image or of a `<source>`."""
    for name in _LAZY_SETS:
        if (value := element.get(name)) and not element.get("srcset"):
            element.set("srcset", value)


def _elsewhere(image: etree._Element) -> Iterator[str]:
    """Addresses of an image without one: any `data-` attribute that holds one, the sources of its `<picture>`."""
    for name, value in image.attrib.items():
        if name.startswith("data-") and _ADDRESS.match(value.strip()) and _IMAGE.search(value):
            yield value.strip()
    # The parser may put the image inside a `<source>`, which it does not know as empty.
    picture = next((parent for parent in list(image.iterancestors())[:6] if parent.tag == "picture"), None)
    if picture is not None:
        for source in picture.iter("source"):
            value = source.get("srcset") or source.get("data-srcset") or ""
            # Without a base: the candidates' addresses are made absolute later.
            if candidates := [part.split() for part in re.split(r",\s+", value) if part.split()]:
                yield candidates[-1][0]


def is_pixel(image: etree._Element) -> bool:
    """Whether an image is there to count, not to be seen: it has no size, is hidden, or is called a beacon."""
    style = "".join((image.get("style") or "").split()).lower()
    # Hidden images that a script shows when they come into view are no pixels.
    lazy = any(image.get(name) for name in (*_LAZY, *_LAZY_SETS))
    if _TINY.search(style) or (not lazy and (_HIDDEN.search(style) or image.get("hidden") is not None)):
        return True
    sizes = [(image.get(name) or "").strip() for name in ("width", "height")]
    return all(_NO_SIZE.match(size) for size in sizes) or bool(_BEACON.search(image.get("src") or ""))


def is_decoration(image: HtmlElement) -> bool:
    """Whether an image belongs to the page rather than to what it tells: icons, avatars, codes to scan, rules."""
    if is_pixel(image):
        return True
    said = (image.get("alt") or "").strip()
    named = f"{(image.get('class') or '')[:200]} {(image.get('id') or '')[:100]}"
    if _DECORATION.search(named) or _SAID.match(said) or _DECORATION.search(_file_name(image)):
        return True
    holders = [parent for parent in list(image.iterancestors())[:3] if parent.tag not in ("article", "body", "main")]
    if any(_PERSON.search(f"{(holder.get('class') or '')[:200]}") for holder in holders):
        return True
    sizes = [size for name in ("width", "height") if (size := _declared(image, name)) is not None]
    small = len(sizes) == 2 and max(sizes) <= _ICON
    return not said and (small or any(size <= _LINE for size in sizes))


def in_player(element: HtmlElement, within: HtmlElement) -> bool:
    """Whether an element is part of a player of films or sound: its poster and buttons are no part of the text."""
    for node in (element, *element.iterancestors()):
        if node is within:
            return False
        if _PLAYER.search((node.get("class") or "")[:200]):
            return True
    return False


def _file_name(image: HtmlElement) -> str:
    source = (image.get("src") or "").partition("?")[0]
    return "" if source.startswith("data:") else source[-200:].rpartition("/")[2]


def _declared(image: HtmlElement, name: str) -> int | None:
    value = (image.get(name) or "").strip().removesuffix("px")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None


def addresses(root: HtmlElement) -> tuple[str, ...]:
    """The addresses of all images in a cleaned tree, the largest of each, each once."""
    found = [urls.largest(None, image.get("srcset") or "") or image.get("src") for image in root.iter("img")]
    return tuple(dict.fromkeys(url for url in found if url))
