"""What stands only in a page's scripts: dates, sources and authors under the names that programs give them.

This is where to look last: a script also tells of other articles, so a name counts only where all of the page agrees.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

_DATE = re.compile(
    r"[\"']?\b(?:\w{0,30}?(?:publish|pub|create|release)\w{0,30}|ct|ptime)[\"']?\s*[:=]\s*[\"']?"
    r"(1\d{9}(?:\d{3})?(?!\d)|20\d\d[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)",
    re.IGNORECASE,
)
_PUBLISHING = re.compile(r"[\"']?(?:\w{0,30}pub|ct\b|ptime\b)", re.IGNORECASE)
_SOURCE = re.compile(
    r"[\"']?\b(?:source|copy_?from|media_?name|origin_?name|src_?name|article_?source|source_?name)[\"']?\s*[:=]\s*"
    r"([\"'])(?P<value>[^\"'\\<>{}]{2,40})\1",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    r"[\"']?\b(?:author_?name|author)[\"']?\s*[:=]\s*([\"'])(?P<value>[^\"'\\<>{}]{2,40})\1", re.IGNORECASE
)
_CJK = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 2_000_000
"""Characters of script that are looked through."""


def publishing(root: HtmlElement) -> list[str]:
    """Those of them that are named for publishing (`publish_time`, `pubDate`, `ct`), not for making or releasing."""
    return [m[1] for text in _scripts(root) for m in _DATE.finditer(text) if _PUBLISHING.match(m.group())]


def dates(root: HtmlElement) -> list[str]:
    """The dates under names such as `publish_time`, `ct` or `pubDate`, as they are written."""
    return [match[1] for text in _scripts(root) for match in _DATE.finditer(text)]


def source(root: HtmlElement) -> str | None:
    """The one source that all scripts name."""
    return _only(root, _SOURCE)


def author(root: HtmlElement) -> str | None:
    """The one author that all scripts name."""
    return _only(root, _AUTHOR)


def _only(root: HtmlElement, pattern: re.Pattern[str]) -> str | None:
    # In these fields programs also keep words of their own ("source": "pc_detail").
    values = {m["value"].strip() for text in _scripts(root) for m in pattern.finditer(text) if _CJK.search(m["value"])}
    return values.pop() if len(values) == 1 else None


def _scripts(root: HtmlElement) -> Iterator[str]:
    left = _LONGEST
    for script in root.iter("script"):
        text = (script.text or "")[:left]
        left -= len(text)
        if text:
            yield text
