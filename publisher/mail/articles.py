"""Articles as digests show them: short, cleaned, with dates in the newsletter's zone."""

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from publisher.domain.article import ArticleState, Content, shorten
from publisher.domain.words import is_cjk, words
from publisher.i18n import Translator
from publisher.mail.text import one_line, web_link

TITLE_COLUMNS = 200
SUMMARY_COLUMNS = 240
NAME_COLUMNS = 60
TAG_COLUMNS = 30
TAGS = 4
AUTHORS = 3

_WORDS_A_MINUTE = 230
_CHARACTERS_A_MINUTE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestArticle:
    """One article in a digest's template; everything is plain text on one line.

    `url` is empty when a reader can't follow the article's address; `minutes` to read it is 0 when its text is not
    known; `cjk` tells whether it is written in Chinese, Japanese or Korean characters.
    """

    title: str
    url: str
    summary: str
    source: str
    authors: str
    date: str
    tags: tuple[str, ...]
    minutes: int
    language: str
    cjk: bool


def digest_article(state: ArticleState, translator: Translator, zone: ZoneInfo) -> DigestArticle:
    """The article for a digest in the translator's language."""
    content = state.revision.content
    title = shorten(one_line(content.title), TITLE_COLUMNS) or translator.gettext("(untitled)")
    names = [shorten(one_line(name), NAME_COLUMNS) for name in content.authors[:AUTHORS]]
    tags = [shorten(one_line(tag), TAG_COLUMNS) for tag in content.tags[:TAGS]]
    return DigestArticle(
        title=title,
        url=web_link(state.article.link),
        summary=_summary(content, title),
        source=shorten(one_line(state.source.title or state.source.name), NAME_COLUMNS),
        authors=translator.gettext(", ").join(name for name in names if name),
        date=translator.date(state.dated, zone, "medium"),
        tags=tuple(tag for tag in tags if tag),
        minutes=reading_minutes(content.text),
        language=one_line(content.language or "")[:35],
        cjk=any(map(is_cjk, words(title))),
    )


def reading_minutes(text: str) -> int:
    """How long an adult reads at it, rounded up; 0 for no text."""
    found = words(text)
    characters = sum(map(is_cjk, found))
    return math.ceil(characters / _CHARACTERS_A_MINUTE + (len(found) - characters) / _WORDS_A_MINUTE)


def _summary(content: Content, title: str) -> str:
    """The article's own summary, else how its text begins; never its title once more."""
    for told in (content.summary, content.text):
        summary = one_line(told).removeprefix(title).lstrip()
        if summary:
            return shorten(summary, SUMMARY_COLUMNS)
    return ""
