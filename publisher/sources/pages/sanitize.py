"""HTML from outside made harmless: an allow-list, absolute addresses, no tracking; and HTML as plain text.

The tree is put in order first (addresses, lazy images, pixels), then nh3 has the last word about what stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import groupby
from operator import itemgetter
from urllib.parse import unquote

import nh3
from lxml import etree, html
from lxml.html import HtmlElement

from publisher.sources.pages import images
from publisher.sources.text import urls
from publisher.sources.text.charset import parsable

ID_PREFIX = "a-"
"""What ids and names of an article start with, so that they can't meet those of our own pages."""

_PLACE = f"#{ID_PREFIX}"


def _names(listed: str) -> set[str]:
    return set(listed.split())


_MATHML = _names(
    "math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder "
    "mover munderover mmultiscripts mprescripts mtable mlabeledtr mtr mtd menclose semantics annotation"
)
_TAGS = _MATHML | _names(
    "h1 h2 h3 h4 h5 h6 p br hr div section blockquote q cite pre code kbd samp var tt ul ol li dl dt dd "
    "table caption colgroup col thead tbody tfoot tr th td figure figcaption picture source img audio video track "
    "a abbr b strong i em u s strike del ins mark small sub sup span bdi bdo dfn time wbr data address center "
    "ruby rb rt rp rtc details summary"
)
_REMOVED_WITH_CONTENT = _names(
    "script style noscript template iframe frame frameset object embed applet form button select textarea option "
    "svg canvas title head link meta base noembed noframes"
)
# The parser of the tree reads markup in them where browsers read text: they become what they look like.
_RAW = _names("xmp listing plaintext")
_TIDIED = _RAW | {"img"}
"""What is looked at even where it has no attributes."""
_MATH_ATTRIBUTES = _names(
    "display displaystyle scriptlevel mathvariant mathsize linethickness stretchy fence separator form largeop "
    "movablelimits accent accentunder columnalign rowalign rowspan columnspan notation"
)
_ATTRIBUTES = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "source": {"src", "srcset", "sizes", "media", "type"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster", "width", "height"},
    "track": {"src", "kind", "srclang", "label"},
    "td": {"colspan", "rowspan", "headers", "align"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr", "align"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "time": {"datetime"},
    "data": {"value"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "details": {"open"},
    "bdo": {"dir"},
} | {tag: _MATH_ATTRIBUTES for tag in _MATHML}

_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_REMOVED_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer",
    id_prefix=ID_PREFIX,
)

_NO_TEXT = {"script", "style", "template", "noscript", "rp", "rt", "head"}
_PARAGRAPHS = _names(
    "p div section article main header footer aside nav blockquote pre figure figcaption ul ol dl table h1 h2 h3 h4 "
    "h5 h6 hr address details summary body form fieldset center"
)
_KEPT_SPACE, _PARAGRAPH, _LINE, _CELL = "\x1f", "\x01", "\x02", "\x03"
"""A space of preformatted text, and the ends of paragraphs, lines and table cells on their way; no document holds these
characters."""

_LINES = {"li", "dt", "dd", "tr", "caption", "br"}
_OPENING = dict.fromkeys(_PARAGRAPHS, _PARAGRAPH) | dict.fromkeys(_LINES, _LINE) | {"li": f"{_LINE}- "}
_CLOSING = dict.fromkeys(_PARAGRAPHS, _PARAGRAPH) | dict.fromkeys(_LINES - {"br"}, _LINE) | {"td": _CELL, "th": _CELL}
_CLEAN_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?:[^">]|"[^"]*")*>')
_NEEDS_CARE = re.compile(r"<(?:pre|" + "|".join(sorted(_NO_TEXT)) + r")[ >]")
"""What has a say on the text inside: few texts hold any."""
_MARKS = _OPENING | {f"/{tag}": mark for tag, mark in _CLOSING.items()}
_INSIDE = dict.fromkeys(_NO_TEXT, "hidden") | {"pre": "pre"}
_NO_PAGE = re.compile(r"(mailto|tel):", re.IGNORECASE)
_RETURNS = re.compile(r"[\r\x0b]+")


def parse_fragment(markup: str) -> HtmlElement:
    """A `<div>` with the parsed markup; anything parses."""
    return _parsed(markup, html.HTMLParser)  # type: ignore[return-value]


def _parsed(markup: str, parser: Callable[..., etree.HTMLParser]) -> etree._Element:
    # Bytes in an encoding that the parser is told: lxml refuses a str with an XML declaration.
    data = b"<html><body><div>" + parsable(markup).encode("utf-8") + b"</div></body></html>"
    root = etree.fromstring(data, parser(encoding="utf-8", remove_comments=True, remove_pis=True))
    body = root.find("body")
    children = list(body if body is not None else root)
    if len(children) == 1 and _is_ours(children[0]) and not children[0].tail:
        return children[0]
    holder = parser().makeelement("div")
    for child in children:
        # The parser may close our div early; what follows belongs to it all the same.
        if _is_ours(child) and len(holder) == 0 and not holder.text:
            holder.text = child.text
            holder.extend(list(child))
            _append_text(holder, child.tail)
        else:
            holder.append(child)
    return holder


def _is_ours(element: etree._Element) -> bool:
    return element.tag == "div" and not element.attrib


def clean(markup: str, base: str | None, page: str | None = None) -> str:
    """Markup from outside, harmless and with absolute addresses; addresses without a base are dropped.

    `page` is where it stands, if that is another address than its base: links to places on it that are in the markup
    lead there.
    """
    # Without lxml.html, whose elements are made in Python, one by one.
    return clean_tree(_parsed(markup, etree.HTMLParser), base, page) if markup.strip() else ""


def clean_tree(root: etree._Element, base: str | None, page: str | None = None) -> str:
    """The inside of an element, made harmless. The tree is changed."""
    page = urls.untracked((page or base or "").partition("#")[0])
    for element in list(root.iter(etree.Element)):
        if element.tag in _REMOVED_WITH_CONTENT and element is not root:
            _drop(element)
        elif element.attrib or element.tag in _TIDIED:
            _tidy_element(element, base, page)
    _keep_places(root, page)
    root.tag = "div"
    root.attrib.clear()
    inner = etree.tostring(root, method="html", encoding="unicode", with_tail=False)
    return _CLEANER.clean(inner.removeprefix("<div>").removesuffix("</div>")).strip()


def _drop(element: etree._Element) -> None:
    """Take an element with all that is in it out of its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _keep_places(root: etree._Element, page: str) -> None:
    """Links to places in the text stay, if those are in it; others lead to the page, where one is known."""
    within = [link for link in root.iter("a") if (link.get("href") or "").startswith(_PLACE)]
    if not within:
        return
    places = {place for element in root.iter(etree.Element) if (place := element.get("id"))}
    for link in within:
        place = (link.get("href") or "").removeprefix(_PLACE)
        if place not in places and unquote(place) not in places:
            _set(link, "href", f"{page}#{place}" if page else None)


def _tidy_element(element: etree._Element, base: str | None, page: str = "") -> None:
    """Make the addresses of one element absolute, wake lazy images, remove what only counts visitors."""
    if element.tag == "img" and images.is_pixel(element):
        _drop(element)
        return
    if element.tag in _RAW:
        element.tag = "pre"
    if element.tag == "img":
        images.wake(element)
    elif element.tag == "source":
        images.wake_set(element)
    for name in ("href", "src", "poster", "cite"):
        if (value := element.get(name)) is not None:
            _set(element, name, link(base, value, page) if name == "href" else urls.absolute(base, value))
    _tidy_names(element)
    if (value := element.get("srcset")) is not None:
        _set(element, "srcset", urls.srcset(base, value) or None)
    if element.tag == "img" and not element.get("src") and not element.get("srcset"):
        _drop(element)


def _tidy_names(element: etree._Element) -> None:
    """Names of places as ids, and table cells that refer to ids; nh3 puts the prefix before the ids themselves."""
    if element.tag == "a" and element.get("name") and not element.get("id"):
        element.set("id", element.get("name") or "")
    if headers := element.get("headers"):
        element.set("headers", " ".join(ID_PREFIX + name for name in headers.split()))


def link(base: str | None, reference: str, page: str = "") -> str | None:
    """Where a link leads: an absolute address, a mail address or telephone number, or a place in the text itself.

    Without the parameters that only tell who sent a reader there.
    """
    reference = reference.strip()
    if reference.startswith("#") and len(reference) > 1:
        return _PLACE + reference[1:]
    if _NO_PAGE.match(reference):
        return reference
    if (url := urls.absolute(base, reference)) is None:
        return None
    target, _, place = url.partition("#")
    if place and page and urls.untracked(target) == page:
        return _PLACE + place
    return urls.untracked(url)


def _set(element: etree._Element, name: str, value: str | None) -> None:
    if value:
        element.set(name, value)
    else:
        del element.attrib[name]


def _append_text(holder: etree._Element, text: str | None) -> None:
    if not text:
        return
    if len(holder):
        holder[-1].tail = (holder[-1].tail or "") + text
    else:
        holder.text = (holder.text or "") + text


def to_text(markup: str) -> str:
    """HTML as plain text: paragraphs parted by an empty line, list items by a line with a dash, table cells by tabs.

    Never put to work on text that is no HTML: "a < b" would lose its end.
    """
    if not markup.strip():
        return ""
    # Without lxml.html, whose elements are made in Python, one by one.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return tree_to_text(etree.fromstring(b"<html><body>" + parsable(markup).encode() + b"</body></html>", parser))


def clean_to_text(markup: str) -> str:
    """The same for what `clean` gave, which need not be parsed for it: its tags are balanced and written one way."""
    if _NEEDS_CARE.search(markup):
        return _laid_out((pre, unescape(text)) for pre, text in _runs(_pieces_of_clean(markup)))
    return _laid_out([(False, unescape(_CLEAN_TAG.sub(_mark, markup)))])


def _mark(tag: re.Match[str]) -> str:
    return _MARKS.get(tag[1] + tag[2], "")


def tree_to_text(root: etree._Element) -> str:
    """The text of an element, as `to_text` does."""
    return _laid_out(_runs(_pieces(root)))


_Piece = tuple[bool, str]
"""A text or what a tag means to it, and whether it is preformatted."""


def _pieces_of_clean(markup: str) -> Iterator[_Piece]:
    inside = {"pre": 0, "hidden": 0}
    parts = iter(_CLEAN_TAG.split(markup))
    yield False, next(parts)
    for closes, tag, text in zip(parts, parts, parts, strict=True):
        if tag in _INSIDE:
            inside[_INSIDE[tag]] += -1 if closes else 1
        mark = (_CLOSING if closes else _OPENING).get(tag, "")
        yield inside["pre"] > 0, mark if inside["hidden"] else mark + text


def _pieces(root: etree._Element) -> Iterator[_Piece]:
    """The texts in reading order. Walks without recursion."""
    inside = {"pre": 0, "hidden": 0}
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = str(element.tag)
        if event == "start":
            if tag in _INSIDE:
                inside[_INSIDE[tag]] += 1
            mark = _OPENING.get(tag, "")
            text = element.text
        else:
            if event == "end" and tag in _INSIDE:
                inside[_INSIDE[tag]] -= 1
            mark = _CLOSING.get(tag, "")
            text = None if element is root else element.tail
        yield inside["pre"] > 0, mark + text if text and not inside["hidden"] else mark


def _runs(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """The pieces that follow one another as one, preformatted or not."""
    for pre, run in groupby(pieces, itemgetter(0)):
        yield pre, "".join(text for _, text in run)


def _laid_out(runs: Iterable[_Piece]) -> str:
    """A text as paragraphs and lines, with each white space as one blank; in preformatted text blanks are kept."""
    text = "".join(_preformatted(run) if pre else " ".join(run.split()) for pre, run in runs)
    blocks = []
    for block in text.replace(_CELL, "\t").replace(_LINE, "\n").split(_PARAGRAPH):
        lines = [line.strip(" \t") for line in block.split("\n")]
        if joined := lines[0] if len(lines) == 1 else "\n".join(filter(None, lines)):
            blocks.append(joined)
    return "\n\n".join(blocks).replace(_KEPT_SPACE, " ")


def _preformatted(text: str) -> str:
    return _RETURNS.sub(" ", text.replace(" ", _KEPT_SPACE))
