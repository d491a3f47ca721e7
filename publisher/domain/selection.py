"""Which articles: AND between the fields, OR within one, each with its opposite.

This is the evaluator in Python, and it decides; the one in SQL (`storage.selection`) only narrows.
"""

from dataclasses import dataclass
from datetime import timedelta

from publisher.domain.article import ArticleState
from publisher.domain.words import contains, fold, words


@dataclass(frozen=True, slots=True)
class Terms:
    """One field of a selection: at least one of `any_of` (when given), and none of `none_of`."""

    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.any_of or self.none_of)

    def admit(self, values: set[str]) -> bool:
        """Whether values (folded) pass this field."""
        wanted = {fold(term) for term in self.any_of}
        unwanted = {fold(term) for term in self.none_of}
        return (not wanted or bool(wanted & values)) and not unwanted & values


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A choice of articles. `age` counts from `first_seen` and limits at composing; it is no part of matching.

    Of `words` one phrase must be there, of `every` all: what somebody searches for.
    """

    sources: Terms = Terms()
    tags: Terms = Terms()
    authors: Terms = Terms()
    languages: Terms = Terms()
    words: Terms = Terms()
    every: tuple[str, ...] = ()
    age: timedelta = timedelta(days=14)

    def matches(self, state: ArticleState) -> bool:
        """Whether an article in this state is chosen. Visibility and announcement are not asked here."""
        content = state.revision.content
        return (
            self.sources.admit({fold(state.source.name)})
            and self.tags.admit({fold(tag) for tag in content.tags})
            and self.authors.admit({fold(author) for author in content.authors})
            and self.languages.admit(language_ranges(content.language))
            and self._has_words(state)
        )

    def _has_words(self, state: ArticleState) -> bool:
        if not self.words and not self.every:
            return True
        content = state.revision.content
        text = words(f"{content.title}\n{content.summary}\n{content.text}")
        found = not self.words.any_of or any(contains(text, phrase) for phrase in self.words.any_of)
        return (
            found
            and all(contains(text, phrase) for phrase in self.every)
            and not any(contains(text, phrase) for phrase in self.words.none_of)
        )


def language_ranges(language: str | None) -> set[str]:
    """The language ranges that a tag falls under (RFC 4647, section 3.3.1): zh-Hans-CN under zh and zh-hans too."""
    if not language:
        return set()
    subtags = fold(language).replace("_", "-").split("-")
    return {"-".join(subtags[:length]) for length in range(1, len(subtags) + 1)}


def on_topic(topics: tuple[str, ...], state: ArticleState) -> bool:
    """Whether an article has one of the topics as its tag, source or author; without topics every article has."""
    if not topics:
        return True
    content = state.revision.content
    names = {fold(name) for name in (*content.tags, *content.authors, state.source.name)}
    return any(fold(topic) in names for topic in topics)
