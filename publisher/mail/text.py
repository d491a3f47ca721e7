"""Plain text as mail shows it: cleaned of what can do harm, and wrapped for a fixed width.

Everything that comes from outside passes through `one_line` before it stands in a mail.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import idna

from publisher.domain.article import columns

WIDTH = 72
LONGEST_LINK = 2000
"""Characters; a longer address is not made a link (some clients cut it, and it would swell the mail)."""

# Controls, halves of surrogate pairs, marks that turn the direction of writing, and what is no character at all.
_HARMFUL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

_WIDE = (
    "\u2e80-\u303f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
_ATOM = re.compile(rf"(\s*)([{_WIDE}]|(?:(?![{_WIDE}])\S)+)")
_NEVER_FIRST = frozenset("、。，．：；？！）］｝〉》」』】〕〗〙〛〞”’…‥—～·・ー々％,.!?;:)]}%")
_NEVER_LAST = frozenset("（［｛〈《「『【〔〖〘〚〝“‘￥＄([{$")

# All that may stand in an address as it is (RFC 3986, section 2), and the sign of what is escaped already.
_URL_SAFE = "%:/?#[]@!$&'()*+,;=~"


def one_line(text: str) -> str:
    """The text without line breaks, control characters, and marks that would reverse what follows."""
    return " ".join(_HARMFUL.sub("", text).split())


def wrap(text: str, indent: str = "", first: str | None = None, width: int = WIDTH) -> str:
    """One paragraph in lines of at most `width` columns; a wide character counts two.

    Every line starts with `indent`, the first with `first`. Longer words stay whole. Chinese breaks anywhere but
    before closing and after opening punctuation.
    """
    lines: list[str] = []
    line = indent if first is None else first
    used, empty = columns(line), True
    for space, word in _words(one_line(text)):
        size = columns(word)
        if not empty and used + len(space) + size > width:
            lines.append(line)
            line, used = indent + word, columns(indent) + size
        else:
            space = "" if empty else space
            line, used = line + space + word, used + len(space) + size
        empty = False
    return "\n".join([*lines, line])


def web_link(url: str) -> str:
    """The address in ASCII (RFC 3987, section 3.1) when a reader can follow it: http or https; else an empty string."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > LONGEST_LINK:
            return ""
        host = parts.netloc if parts.netloc.isascii() else idna.encode(parts.netloc, uts46=True).decode()
        link = quote(parts._replace(netloc=host).geturl(), safe=_URL_SAFE)
    except (ValueError, UnicodeError):
        return ""
    return link if len(link) <= LONGEST_LINK else ""


def _words(text: str) -> Iterator[tuple[str, str]]:
    """What must stay on one line, each with the space before it."""
    space, word = "", ""
    for match in _ATOM.finditer(text):
        gap, atom = match.groups()
        if word and not gap and (atom[0] in _NEVER_FIRST or word[-1] in _NEVER_LAST):
            word += atom
            continue
        if word:
            yield space, word
        space, word = gap, atom
    if word:
        yield space, word
