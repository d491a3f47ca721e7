"""Markup whose elements have no more attributes than a parser can bear: it compares each with all before it."""

import re
from collections.abc import Iterator

MOST = 200
"""So many attributes of one element stay; those of real pages have a few dozen at most."""

_ATTRIBUTE = r"[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>]*+))?+"
# Each alternative is taken whole, and none goes back: the time is that of reading the text once.
_MARKUP = re.compile(
    # Comments, and what looks like tags in them; the short forms are those of the HTML standard, section 13.2.5.43.
    r"<!--(?:-?+>|.*?(?:--!?>|\Z))|<[!?/][^>]*+"
    # Elements whose content is text, whatever stands in it (section 13.2.6.2); their first tag is read as any other.
    rf"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])(?P<kept>(?:{_ATTRIBUTE}){{0,{MOST}}}+)"
    rf"(?P<cut>(?:{_ATTRIBUTE})*+)[\s/]*+>?+(?P<content>.*?(?:(?=</(?P=raw)[\s/>])|\Z))"
    rf"|<[a-z][^\s/>]*+(?:{_ATTRIBUTE}){{0,{MOST}}}+(?P<rest>(?:{_ATTRIBUTE})*+)",
    re.IGNORECASE | re.DOTALL,
)
_LONG_TAG = re.compile(r"<[a-zA-Z][^>]*+")
_QUOTED_END = re.compile(r"=\s*+(?:\"[^\">]*+>|'[^'>]*+>)")


def bounded(markup: str) -> str:
    """The markup without the attributes of an element that come after its first `MOST`."""
    if not _may_be_crowded(markup):
        return markup
    return "".join(_pieces(markup))


def _may_be_crowded(markup: str) -> bool:
    """Whether a tag is long enough for so many, as far as one can tell without reading its quotes."""
    if len(markup) <= 2 * MOST:
        return False
    longest = max(map(len, _LONG_TAG.findall(markup)), default=0)
    return longest > 2 * MOST or _QUOTED_END.search(markup) is not None


def _pieces(markup: str) -> Iterator[str]:
    place = 0
    for match in _MARKUP.finditer(markup):
        name = "cut" if match["raw"] else "rest"
        if match[name]:
            yield markup[place : match.start(name)]
            place = match.end(name)
    yield markup[place:]
