"""What a page declares of its article for machines: `<meta>` (OpenGraph and all others), JSON-LD and microdata."""

import re
from collections.abc import Iterator
from functools import cached_property

from lxml.html import HtmlElement

from publisher.sources.pages import jsonld, microdata
from publisher.sources.pages.jsonld import Json


class Declared:
    """The declarations of one page."""

    def __init__(self, root: HtmlElement) -> None:
        self._root = root
        self.thing: Json = jsonld.article(root)
        self._meta = _metas(root)

    @cached_property
    def item(self) -> Json:
        """The article in microdata."""
        return microdata.article(self._root)

    def meta(self, *names: str) -> list[str]:
        """The contents of some `<meta>`, in the order of the names."""
        return [value for _, value in self.named(*names)]

    def named(self, *names: str) -> list[tuple[str, str]]:
        """The same, each with its name."""
        return [(name, value) for name in names for value in self._meta.get(name.lower(), ())]

    def like(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """Names and contents of the `<meta>` whose names a pattern finds, in the order of the page."""
        return ((name, value) for name, values in self._meta.items() if pattern.search(name) for value in values)

    def sites(self) -> list[str]:
        """The names that the page gives to its site."""
        names = self.meta("og:site_name", "application-name", "sitename", "twitter:site", "apple-mobile-web-app-title")
        return [*names, *jsonld.texts(self.thing.get("publisher")), *jsonld.texts(self.item.get("publisher"))]


def _metas(root: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        content = " ".join((element.get("content") or "").split())
        # Some write "og:time " and "weibo: article:create_at".
        names = {
            re.sub(r"\s+", "", element.get(key) or "").lower() for key in ("name", "property", "itemprop", "http-equiv")
        }
        for name in names:
            if name and content:
                found.setdefault(name, []).append(content)
    return found
