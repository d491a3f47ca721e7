"""What a page says of itself in JSON-LD (schema.org): the object that describes the article."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape

from lxml.html import HtmlElement

from publisher.sources.text import urls
from publisher.sources.text.charset import printable

Json = dict[str, "object"]

_ARTICLE = re.compile(r"(Article|BlogPosting|Posting|Report|Review|Recipe|HowTo|QAPage)$")
_PAGE = {"WebPage", "ItemPage", "VideoObject", "CreativeWork"}
_DATED = ("datePublished", "pubDate")
_LIMIT = 2_000
_DEEPEST = 12
"""How deep a value may lie inside another to be read."""


def article(root: HtmlElement) -> Json:
    """The first object that is an article, else the first that is a page or at least dated; empty when there is none.

    What it only names by its `@id` is looked up among the page's other objects (`@graph`).
    """
    things = list(_things(root))
    by_id = {thing["@id"]: thing for thing in things if isinstance(thing.get("@id"), str)}
    pages: list[Json] = []
    for thing in things:
        kinds = texts(thing.get("@type"))
        if any(_ARTICLE.search(kind) for kind in kinds):
            return _resolved(thing, by_id)
        if any(kind in _PAGE for kind in kinds) or (not kinds and any(key in thing for key in _DATED)):
            pages.append(thing)
    return _resolved(pages[0], by_id) if pages else {}


def breadcrumbs(root: HtmlElement) -> list[str]:
    """The names on the path that leads to the page (`BreadcrumbList`), without the page itself."""
    for thing in _things(root):
        if "BreadcrumbList" in texts(thing.get("@type")) and isinstance(steps := thing.get("itemListElement"), list):
            named = [texts(step) or texts(step.get("item")) for step in steps[:20] if isinstance(step, dict)]
            return [name[0] for name in named[:-1] if name]
    return []


def is_article(root: HtmlElement) -> bool:
    """Whether the page says that it is an article (not only a page)."""
    return any(_ARTICLE.search(kind) for kind in texts(article(root).get("@type")))


def listed(root: HtmlElement, base: str | None) -> frozenset[str]:
    """The addresses of the page's `ItemList`, as far as it has one."""
    found = {url for item in list_items(root) for address in addresses(item) if (url := urls.absolute(base, address))}
    return frozenset(map(urls.normalised, found))


def list_items(root: HtmlElement) -> Iterator[object]:
    """What the page's `ItemList` names: objects, or bare addresses. A `ListItem` gives way to the item inside it, but
    for what only it says."""
    for thing in _things(root):
        if "ItemList" in texts(thing.get("@type")):
            items = thing.get("itemListElement")
            for item in items[:_LIMIT] if isinstance(items, list) else []:
                inner = item.get("item", item) if isinstance(item, dict) else item
                yield {**item, **inner} if isinstance(item, dict) and isinstance(inner, dict) else inner


def may_be_article(thing: Json) -> bool:
    """Whether an object is said to be an article or page, or not said to be anything else."""
    kinds = [kind for kind in texts(thing.get("@type")) if kind != "ListItem"]
    return not kinds or any(_ARTICLE.search(kind) or kind in _PAGE for kind in kinds)


def texts(value: object, depth: int = 0) -> list[str]:
    """The texts of a value that may be one, several, or an object with a name."""
    if depth > _DEEPEST:
        return []
    match value:
        case str():
            text = " ".join(printable(unescape(value)).split())
            return [text] if text else []
        case list():
            items = [item for item in value[:100] if not isinstance(item, list)]
            return [text for item in items for text in texts(item, depth + 1)]
        case {"name": name}:
            return texts(name, depth + 1)
        case {"@value": inner}:
            return texts(inner, depth + 1)
        case _:
            return []


def is_person(value: object) -> bool:
    """Whether a value is, or begins with, an object that is said to be a person."""
    match value:
        case [first, *_]:
            return isinstance(first, dict) and is_person(first)
        case {"@type": kind}:
            return "Person" in texts(kind)
        case _:
            return False


def addresses(value: object, depth: int = 0) -> list[str]:
    """The addresses of images and pages: texts, or objects with `url` or `contentUrl`."""
    if depth > _DEEPEST:
        return []
    match value:
        case str():
            return [value.strip()] if value.strip() else []
        case list():
            items = [item for item in value[:100] if not isinstance(item, list)]
            return [address for item in items for address in addresses(item, depth + 1)]
        case {"url": inner} | {"contentUrl": inner} | {"@id": inner}:
            return addresses(inner, depth + 1) if not isinstance(inner, dict) else []
        case _:
            return []


def _resolved(thing: Json, by_id: Mapping[object, Json]) -> Json:
    """The object with those it refers to in full; one level is what is in use."""

    def full(value: object) -> object:
        match value:
            case {"@id": str(reference), **others} if "name" not in others and reference in by_id:
                return by_id[reference]
            case list():
                return [full(item) if isinstance(item, dict) else item for item in value[:100]]
            case _:
                return value

    return {
        key: full(value) if key in ("author", "creator", "publisher", "image") else value
        for key, value in thing.items()
    }


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
