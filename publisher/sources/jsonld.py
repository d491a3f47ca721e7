"""What a page says of itself in JSON-LD (schema.org): the object that describes the article."""

import json
import re
from collections.abc import Iterator
from html import unescape

from lxml.html import HtmlElement

from publisher.sources.charset import printable

Json = dict[str, "object"]

_ARTICLE = re.compile(r"(Article|BlogPosting|Posting|Report|Review|Recipe|HowTo|QAPage)$")
_PAGE = {"WebPage", "ItemPage", "VideoObject", "CreativeWork"}
_LIMIT = 2_000


def article(root: HtmlElement) -> Json:
    """The first object that is an article, else the first that is a page; empty when there is none."""
    pages: list[Json] = []
    for thing in _things(root):
        kinds = texts(thing.get("@type"))
        if any(_ARTICLE.search(kind) for kind in kinds):
            return thing
        if any(kind in _PAGE for kind in kinds):
            pages.append(thing)
    return pages[0] if pages else {}


def texts(value: object) -> list[str]:
    """The texts of a value that may be one, several, or an object with a name."""
    match value:
        case str():
            text = " ".join(printable(unescape(value)).split())
            return [text] if text else []
        case list():
            return [text for item in value[:100] for text in texts(item) if not isinstance(item, list)]
        case {"name": name}:
            return texts(name)
        case {"@value": inner}:
            return texts(inner)
        case _:
            return []


def addresses(value: object) -> list[str]:
    """The addresses of images and pages: texts, or objects with `url` or `contentUrl`."""
    match value:
        case str():
            return [value.strip()] if value.strip() else []
        case list():
            return [address for item in value[:100] for address in addresses(item) if not isinstance(item, list)]
        case {"url": inner} | {"contentUrl": inner} | {"@id": inner}:
            return addresses(inner) if not isinstance(inner, dict) else []
        case _:
            return []


def _things(root: HtmlElement) -> Iterator[Json]:
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            queue: list[object] = [_parsed(script.text or "")]
            for _ in range(_LIMIT):
                if not queue:
                    break
                match queue.pop(0):
                    case list() as items:
                        queue[:0] = items
                    case dict() as thing:
                        queue[:0] = [thing[key] for key in ("@graph", "mainEntity") if key in thing]
                        yield thing
                    case _:
                        pass


def _parsed(text: str) -> object:
    text = re.sub(r"^\s*(<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(-->|//\s*\]\]>|\]\]>)\s*$", "", text).strip().rstrip(";")
    try:
        # Not strict: line breaks inside strings are a common mistake.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
