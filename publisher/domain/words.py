"""The tokeniser: one for the search index and for selections, so that both agree on what a word is.

NFKC and casefold; letters and digits of alphabetic scripts run together, a CJK character stands alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST_TERM = 64
"""Longer ones are cut: an index has limits, and one that only narrows need not know the rest."""

_CJK = (
    r"\u2e80-\u303f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+")
_CJK_CHARACTER = re.compile(rf"[{_CJK}]")
_WORD = re.compile(r"\w+")
_FROM_CJK_ON = re.compile("[\u2e80-\U0003ffff]")
_PUNCTUATION = re.compile(r"[\u3000-\u3004\u3008-\u3020\u3030\u30fb]")


def fold(text: str) -> str:
    """The text as it is compared: compatibility forms united, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """The tokens of a text in their order: words of alphabetic scripts, single CJK characters."""
    folded = fold(text)
    if not has_cjk(folded):
        return _WORD.findall(folded)
    return [token for token in _TOKEN.findall(folded) if not _PUNCTUATION.match(token)]


def index_terms(text: str) -> Iterable[str]:
    """The terms to index: every token (at most its beginning), and each two neighbouring CJK characters as one more."""
    tokens = words(text)
    terms = _with_pairs(tokens) if has_cjk(text) else dict.fromkeys(tokens)
    return terms if max(map(len, tokens), default=0) <= LONGEST_TERM else (term[:LONGEST_TERM] for term in terms)


def _with_pairs(tokens: list[str]) -> Iterator[str]:
    previous = ""
    for token in tokens:
        yield token
        if previous and is_cjk(token) and is_cjk(previous):
            yield previous + token
        previous = token


def has_cjk(text: str) -> bool:
    """Whether a text may hold CJK characters: quick, and sure when it says no."""
    return not text.isascii() and _FROM_CJK_ON.search(text) is not None


def is_cjk(token: str) -> bool:
    """Whether a token is a single CJK character."""
    return len(token) == 1 and not token.isascii() and _CJK_CHARACTER.match(token) is not None


def contains(text_words: list[str], phrase: str) -> bool:
    """Whether the phrase's tokens stand in the text, next to one another and in order."""
    wanted = words(phrase)
    if not wanted:
        return False
    first, length = wanted[0], len(wanted)
    return any(
        token == first and text_words[place : place + length] == wanted for place, token in enumerate(text_words)
    )
