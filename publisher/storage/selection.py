"""The evaluator of selections in SQL. It only narrows: its candidates hold every match; `Selection.matches` decides.

Each article's current state has a set of terms in `article_index`: the words of its text (`domain.words`), and its
tags, authors and language ranges behind a prefix. What a selection excludes is left to Python.
"""

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    and_,
    bindparam,
    column,
    literal,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from publisher.domain.article import Content
from publisher.domain.selection import Selection, language_ranges
from publisher.domain.words import LONGEST_TERM, fold, index_terms
from publisher.storage.schema import article, source

Phrase = frozenset[str]
"""Terms that all must be there."""

_NO_WORD = re.compile(r"\W+")

_index = table("article_index", column("article_id", BigInteger), column("terms", ARRAY(Text)))
_fts = table("article_index", column("rowid", BigInteger), column("terms", String))


def terms_of(content: Content) -> str:
    """The terms under which an article is found, with blanks between them: none holds one."""
    names = {
        *(_named("t", tag) for tag in content.tags),
        *(_named("a", author) for author in content.authors),
        *(_named("l", language) for language in language_ranges(content.language)),
    }
    return " ".join((content.terms, *sorted(names)))


def write_terms(connection: Connection, terms: Mapping[int, str]) -> None:
    """Make these the terms of some articles."""
    if not terms:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("REPLACE INTO article_index (rowid, terms) VALUES (?, ?)", list(terms.items()))
    else:
        statement = text(
            "INSERT INTO article_index (article_id, terms) VALUES (:id, :terms) "
            "ON CONFLICT (article_id) DO UPDATE SET terms = excluded.terms"
        )
        found = [{"id": article_id, "terms": found.split()} for article_id, found in terms.items()]
        connection.execute(statement, found)


def narrowed(connection: Connection, selection: Selection) -> list[ColumnElement[bool]]:
    """Conditions on `article` that every match of the selection fulfils."""
    conditions: list[ColumnElement[bool]] = []
    if selection.sources:
        names = connection.execute(select(source.c.id, source.c.name))
        conditions.append(article.c.source_id.in_([id for id, name in names if selection.sources.admit({fold(name)})]))
    fields = list(_fields(selection))
    if fields:
        conditions.append(article.c.id.in_(_found(connection, fields)))
    return conditions


def _fields(selection: Selection) -> Iterable[list[Phrase]]:
    """For each field that asks for something its alternatives, of which one must be there."""
    for prefix, terms in (("t", selection.tags), ("a", selection.authors), ("l", selection.languages)):
        if terms.any_of:
            yield [frozenset({_named(prefix, term)}) for term in terms.any_of]
    if selection.words.any_of:
        # A phrase without a word is found nowhere.
        yield [phrase for phrase in map(_phrase, selection.words.any_of) if phrase]
    for wanted in selection.every:
        yield [phrase for phrase in [_phrase(wanted)] if phrase]


def _phrase(words: str) -> Phrase:
    return frozenset(index_terms(words))


def _found(connection: Connection, fields: list[list[Phrase]]) -> Select[tuple[int]]:
    if connection.dialect.name == "sqlite":
        if not all(fields):
            return select(_fts.c.rowid).where(literal(False))
        query = " AND ".join(f"({' OR '.join(map(_fts_phrase, field))})" for field in fields)
        return select(_fts.c.rowid).where(text("article_index MATCH :terms").bindparams(bindparam("terms", query)))
    return select(_index.c.article_id).where(and_(*(or_(literal(False), *map(_contains, field)) for field in fields)))


def _fts_phrase(phrase: Phrase) -> str:
    return "(" + " AND ".join(f'"{term}"' for term in sorted(phrase)) + ")"


def _contains(phrase: Phrase) -> ColumnElement[bool]:
    return _index.c.terms.contains(sorted(phrase))


def _named(prefix: str, name: str) -> str:
    """A whole name as one term; names that differ in their punctuation share one."""
    return f"{prefix}:{_NO_WORD.sub('_', fold(name))}"[:LONGEST_TERM]
