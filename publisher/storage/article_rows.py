"""Articles as rows: the queries that read them whole, and what rows are as values of the domain, and back."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select

from publisher.domain.article import (
    Article,
    ArticleState,
    Content,
    Enclosure,
    Entry,
    KnownArticle,
    New,
    Revision,
    SourceCredit,
    Withheld,
)
from publisher.domain.packing import pack, unpack
from publisher.domain.rights import NONE
from publisher.domain.source import Rights, SourceKind
from publisher.storage.encoding import read_reservations
from publisher.storage.lists import each_dialect
from publisher.storage.schema import article, article_name, article_revision, source

NOT_NUMBERED = 0
"""The `seq` of an article that was inserted and has not got its number yet, in the same transaction."""

SOURCE_URL = case((source.c.kind == SourceKind.FOLDER.value, ""), else_=source.c.url).label("source_url")
"""`Source.public_url` of a source's row."""

STATES = select(
    article.c.id,
    article.c.guid,
    article.c.source_id,
    article.c.source_key,
    article.c.url,
    article.c.canonical_url,
    article.c.first_seen,
    article.c.first_seq,
    article.c.dated,
    article.c.story_id,
    article.c.gone_at,
    article.c.withheld,
    *(column for column in article_revision.c if column.name not in ("article_id", "hash", "evidence")),
    source.c.name.label("source_name"),
    source.c.title.label("source_title"),
    SOURCE_URL,
    source.c.rights,
).select_from(
    article_revision.join(article, article.c.id == article_revision.c.article_id).join(
        source, source.c.id == article.c.source_id
    )
)
KNOWN = each_dialect(
    lambda among_values: (
        select(
            article,
            article_name.c.name,
            article_revision.c.hash,
            article_revision.c.published,
            article_revision.c.title,
        )
        .select_from(article_name)
        .join(article, article.c.id == article_name.c.article_id)
        .join(article_revision, article_revision.c.seq == article.c.seq)
        .where(article_name.c.source_id == bindparam("source"), among_values(article_name.c.name))
    )
)
CURRENT = STATES.where(article_revision.c.seq == article.c.seq)

JUDGED = select(
    *(article.c[name] for name in ("id", "dated", "announced")),
    *(article_revision.c[name] for name in ("tags", "authors", "language")),
    source.c.name.label("source_name"),
).select_from(
    article.join(article_revision, article_revision.c.seq == article.c.seq).join(
        source, source.c.id == article.c.source_id
    )
)
JUDGED_WITH_TEXT = JUDGED.add_columns(*(article_revision.c[name] for name in ("title", "summary", "text")))

NOTHING: Mapping[str, Any] = {
    "hash": "",
    "title": "",
    "authors": (),
    "tags": (),
    "summary": "",
    "html": pack(""),
    "text": pack(""),
    "image": None,
    "enclosures": (),
    "original_url": None,
    "source": None,
    "section": None,
    "evidence": {},
    "reservations": None,
}
"""What the revisions of a deleted article hold."""


def article_values(source_id: int, change: New, now: datetime) -> dict[str, Any]:
    """The columns of an article that is new."""
    return {
        "guid": uuid.uuid4().urn,
        "source_id": source_id,
        "source_key": change.entry.key,
        "url": change.entry.url,
        "canonical_url": change.entry.canonical_url,
        "first_seen": now,
        "first_seq": NOT_NUMBERED,
        "seq": NOT_NUMBERED,
        "dated": change.entry.content.published or now,
        "visible": True,
        "announced": change.announced,
        "held": change.held,
        "read_at": now,
        "hint": change.entry.hint,
        "etag": change.entry.validators_etag,
        "last_modified": change.entry.validators_last_modified,
    }


def revision_values(entry: Entry, now: datetime) -> dict[str, Any]:
    """The columns of a revision, but for its flags and its number."""
    content = entry.content
    return {
        "at": now,
        "changed_at": now,
        "hash": content.fingerprint(),
        "title": content.title,
        "authors": content.authors,
        "tags": content.tags,
        "language": content.language,
        "published": content.published,
        "updated": content.updated,
        "summary": content.summary,
        "html": content.packed[0],
        "text": content.packed[1],
        "image": content.image,
        "enclosures": [[enclosure.url, enclosure.type, enclosure.length] for enclosure in content.enclosures],
        "original_url": content.original_url,
        "source": content.source,
        "section": content.section,
        "evidence": dict(entry.evidence),
        "reservations": content.reservations.said() if content.reservations != NONE else None,
    }


def read_known(row: Any) -> KnownArticle:
    """What is known of an article, from a row of `KNOWN`."""
    return KnownArticle(
        id=row.id,
        key=row.source_key,
        seq=row.seq,
        fingerprint=row.hash,
        hint=row.hint,
        first_seen=row.first_seen,
        read_at=row.read_at,
        published=row.published,
        visible=row.visible,
        announced=row.announced,
        etag=row.etag,
        last_modified=row.last_modified,
        url=row.url,
        title=row.title,
        missing=row.missing,
        gone_at=row.gone_at,
        withheld=row.withheld and Withheld(row.withheld),
    )


def read_to_judge(row: Any, *, with_text: bool) -> ArticleState:
    """As much of an article as selections ask for."""
    content = Content(title="", tags=tuple(row.tags), authors=tuple(row.authors), language=row.language)
    if with_text:
        content = replace(content, title=row.title, summary=row.summary, text=unpack(row.text))
    return ArticleState(
        Article(id=row.id, guid="", source_id=0, key="", url="", canonical_url=None, first_seen=row.dated, first_seq=0),
        Revision(seq=0, content=content, at=row.dated, changed_at=row.dated),
        SourceCredit(0, row.source_name, "", "", Rights.OWN),
    )


def read_state(row: Any) -> ArticleState:
    """An article at a revision, from a row of `STATES`."""
    content = Content(
        title=row.title,
        authors=tuple(row.authors),
        tags=tuple(row.tags),
        language=row.language,
        published=row.published,
        updated=row.updated,
        summary=row.summary,
        html=unpack(row.html),
        text=unpack(row.text),
        image=row.image,
        enclosures=tuple(Enclosure(*values) for values in row.enclosures),
        original_url=row.original_url,
        source=row.source,
        section=row.section,
        reservations=read_reservations(row.reservations),
    )
    return ArticleState(
        Article(
            id=row.id,
            guid=row.guid,
            source_id=row.source_id,
            key=row.source_key,
            url=row.url,
            canonical_url=row.canonical_url,
            first_seen=row.first_seen,
            first_seq=row.first_seq,
            story_id=row.story_id,
            gone_at=row.gone_at,
            withheld=row.withheld and Withheld(row.withheld),
        ),
        Revision(
            seq=row.seq,
            content=content,
            at=row.at,
            changed_at=row.changed_at,
            visible=row.visible,
            announced=row.announced,
        ),
        _credit(row),
    )


def _credit(row: Any) -> SourceCredit:
    """Where an article came from."""
    title = row.source_title or row.source_name
    return SourceCredit(row.source_id, row.source_name, title, row.source_url, Rights(row.rights))
