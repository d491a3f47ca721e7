"""Text that stands on a page only inside its scripts: the JSON that a program in the browser would make the page from
(`__NEXT_DATA__`, `window.__INITIAL_STATE__ = …`, `JSON.parse("…")`), and the `articleBody` of JSON-LD.

No script is run: what is not JSON is passed over.
"""

import json
import re
from collections.abc import Iterator
from html import escape, unescape

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages import jsonld, sanitize
from publisher.sources.text.charset import printable

_START = re.compile(r"(?:^|[=(:,]|return)\s*(?=[{\[])|JSON\.parse\(\s*(?=[\"'])")
_MOST_STARTS = 40
_LARGEST = 4_000_000
"""Characters of a script that are looked at."""

_DEEPEST, _MOST_VALUES = 40, 60_000
_PROSE = re.compile(r"[。!?！？;；]|[.,]\s|，|<p[\s>]", re.IGNORECASE)
_SHORT = 40
"""Columns under which a text in a list of texts is no paragraph (but a title, a name)."""

_ENOUGH, _LONGEST_ENOUGH = 200, 100
"""Columns that a text, and its longest paragraph, must have to be taken for an article's: titles are shorter."""

_ELSEWHERE = re.compile(
    r"comment|repl(y|ies)|recommend|related|relate|hot|rank|nav|menu|footer|config|i18n|locale|messages|seo|advert"
    r"|copyright|license|privacy|cookie|style|css|script",
    re.IGNORECASE,
)


def body(root: HtmlElement, thing: jsonld.Json) -> HtmlElement | None:
    """The article that a page's data holds, as elements; `thing` is what JSON-LD says of it. None when there is none.

    Strings at the same place of a list belong together: the paragraphs of a text.
    """
    groups: dict[str, list[str]] = {}
    for place, text in _texts(root):
        if not _ELSEWHERE.search(place) and (columns(text) >= _SHORT or place in groups):
            groups.setdefault(place, []).append(text)
    found = [*groups.values(), *([text] for text in _of_json_ld(thing))]
    best = max(found, key=_weight, default=[])
    if _weight(best) < _ENOUGH or max(columns(_plain(text)) for text in best) < _LONGEST_ENOUGH:
        return None
    return sanitize.parse_fragment("".join(_as_html(text) for text in dict.fromkeys(best)))


def _of_json_ld(thing: jsonld.Json) -> list[str]:
    value = thing.get("articleBody")
    return [value] if isinstance(value, str) else []


def _weight(texts: list[str]) -> int:
    return sum(columns(_plain(text)) for text in dict.fromkeys(texts) if _PROSE.search(text))


def _plain(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def _as_html(text: str) -> str:
    if re.search(r"<(p|br|div|h\d|ul|section)[\s/>]", text, re.IGNORECASE):
        return text
    if re.search(r"&lt;p[\s&]", text):
        return unescape(text)
    return "".join(f"<p>{escape(line.strip())}</p>" for line in text.splitlines() if line.strip())


def _texts(root: HtmlElement) -> Iterator[tuple[str, str]]:
    """All texts in the JSON of a page's scripts, each with its place: the keys on the way to it."""
    left = _MOST_VALUES
    for number, script in enumerate(root.iter("script")):
        for value in _values(script.text or "", "json" in (script.get("type") or "")):
            stack: list[tuple[str, object, int]] = [(str(number), value, 0)]
            while stack and left > 0:
                left -= 1
                place, item, depth = stack.pop()
                match item:
                    case str() if len(item) >= _SHORT // 4:
                        yield place, printable(item)
                    case list() if depth < _DEEPEST:
                        stack.extend((f"{place}[]", inner, depth + 1) for inner in reversed(item))
                    case dict() if depth < _DEEPEST:
                        stack.extend((f"{place}.{key}", inner, depth + 1) for key, inner in reversed(item.items()))
                    case _:
                        pass


def _values(source: str, is_json: bool) -> Iterator[object]:
    """The JSON values in a script: it is one, or assigns or parses some."""
    source = source[:_LARGEST].strip()
    if is_json:
        if (whole := _decoded(source, 0)) is not None:
            yield whole[0]
        return
    place, starts = 0, 0
    while starts < _MOST_STARTS and (start := _START.search(source, place)):
        starts += 1
        found = _decoded(source, start.end())
        place = start.end() + 1
        if found is not None:
            value, place = found
            if isinstance(value, str):
                inner = _decoded(value, 0)
                value = inner[0] if inner else None
            yield value


def _decoded(source: str, place: int) -> tuple[object, int] | None:
    try:
        return json.JSONDecoder(strict=False).raw_decode(source, place)
    except (ValueError, RecursionError):
        return None
