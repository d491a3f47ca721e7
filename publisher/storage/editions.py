"""Editions, their digests and which articles stand in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from publisher.domain.edition import TRANSITIONS, Digest, Edition, EditionState, Rendering, Variant
from publisher.errors import StorageError
from publisher.pipeline.ports import Editions
from publisher.storage.counters import take
from publisher.storage.encoding import pack_rendering, read_variant, unpack_rendering, variant_json
from publisher.storage.lists import among
from publisher.storage.schema import IS_OPEN, article, delivery, digest, digest_article
from publisher.storage.schema import edition as editions

_SHOWS_HIDDEN = (
    select(digest_article.c.article_id)
    .join(article, article.c.id == digest_article.c.article_id)
    .where(digest_article.c.digest_id == digest.c.id, ~article.c.visible)
    .exists()
)


class SqlEditions(Editions):
    """Editions on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert

    def cut(self, newsletter_id: int, cadence: str, cut_at: datetime, now_seq: int, *, hold: bool) -> Edition:
        """Make an edition in state composing; raises StorageError when there is one of that instant."""
        values = {
            "newsletter_id": newsletter_id,
            "cadence": cadence,
            "cut_at": cut_at,
            "now_seq": now_seq,
            "state": EditionState.COMPOSING.value,
            "cursor": 0,
            "hold": hold,
            "reason": "",
        }
        statement = self._insert(editions).values(**values).on_conflict_do_nothing().returning(editions.c.id)
        number = self._connection.execute(statement).scalar_one_or_none()
        if number is None:
            raise StorageError(
                f"newsletter {newsletter_id}: its {cadence} edition of {cut_at:%Y-%m-%d %H:%M:%S} UTC was cut already"
            )
        made = self.get(number)
        assert made is not None
        return made

    def get(self, edition_id: int) -> Edition | None:
        """One by its number."""
        row = self._connection.execute(select(editions).where(editions.c.id == edition_id)).one_or_none()
        return None if row is None else read_edition(row)

    def in_states(self, states: Iterable[EditionState], newsletter_id: int | None = None) -> list[Edition]:
        """Editions in some states, in the order of their numbers."""
        query = select(editions).where(editions.c.state.in_([state.value for state in states]))
        if newsletter_id is not None:
            query = query.where(editions.c.newsletter_id == newsletter_id)
        return [read_edition(row) for row in self._connection.execute(query.order_by(editions.c.id))]

    def latest(self, newsletter_id: int, cadence: str) -> Edition | None:
        """The last one cut."""
        query = select(editions).where(editions.c.newsletter_id == newsletter_id, editions.c.cadence == cadence)
        last = query.order_by(editions.c.cut_at.desc()).limit(1)
        row = self._connection.execute(last).one_or_none()
        return None if row is None else read_edition(row)

    def sent(self, newsletter_id: int, *, limit: int) -> list[Edition]:
        """The last ones sent, the newest first."""
        where = editions.c.newsletter_id == newsletter_id, editions.c.state == EditionState.SENT.value
        query = select(editions).where(*where).order_by(editions.c.cut_at.desc(), editions.c.id.desc()).limit(limit)
        return [read_edition(row) for row in self._connection.execute(query)]

    def articles(self, edition_ids: Sequence[int]) -> Mapping[int, list[int]]:
        """The articles of some editions, of all their digests together, by edition."""
        query = (
            select(digest.c.edition_id, digest_article.c.article_id)
            .distinct()
            .join(digest_article, digest_article.c.digest_id == digest.c.id)
            .where(among(self._connection, digest.c.edition_id, edition_ids))
            .order_by(digest.c.edition_id, digest_article.c.article_id)
        )
        found: dict[int, list[int]] = {edition_id: [] for edition_id in edition_ids}
        for edition_id, article_id in self._connection.execute(query):
            found[edition_id].append(article_id)
        return found

    def move_cursor(self, edition_id: int, cursor: int) -> None:
        """Note the last subscription composed."""
        self._connection.execute(update(editions).where(editions.c.id == edition_id).values(cursor=cursor))

    def change_state(self, edition: Edition, state: EditionState, reason: str = "") -> bool:
        """Move to a state that may follow, if the edition still is in the one that `edition` says; False when not."""
        if state not in TRANSITIONS[edition.state]:
            return False
        where = (editions.c.id == edition.id, editions.c.state == edition.state.value)
        moved = self._connection.execute(update(editions).where(*where).values(state=state.value, reason=reason))
        if moved.rowcount == 1 and state is EditionState.SENT:
            # It is published too, and the web looks at this number.
            take(self._connection, "feeds")
        return moved.rowcount == 1

    def add_digests(self, edition_id: int, variants: Sequence[Variant]) -> Mapping[str, int]:
        """Make the digests that do not exist yet, with their articles; ids by variant key."""
        if not variants:
            return {}
        by_key = {variant.key: variant for variant in variants}
        rows = [
            {"edition_id": edition_id, "variant_key": key, "variant": variant_json(variant)}
            for key, variant in by_key.items()
        ]
        made = self._insert(digest).on_conflict_do_nothing().returning(digest.c.id, digest.c.variant_key)
        contents = [
            {"digest_id": row.id, "article_id": article, "seq": seq}
            for row in self._connection.execute(made, rows)
            for article, seq in by_key[row.variant_key].articles
        ]
        if contents:
            self._connection.execute(insert(digest_article), contents)
        query = select(digest.c.id, digest.c.variant_key).where(
            digest.c.edition_id == edition_id, among(self._connection, digest.c.variant_key, by_key)
        )
        return {row.variant_key: row.id for row in self._connection.execute(query)}

    def digests(self, edition_id: int) -> list[Digest]:
        """The digests of an edition, with renderings where frozen."""
        query = select(digest).where(digest.c.edition_id == edition_id).order_by(digest.c.id)
        return [_digest(row) for row in self._connection.execute(query)]

    def digest(self, digest_id: int) -> Digest | None:
        """One by its number."""
        row = self._connection.execute(select(digest).where(digest.c.id == digest_id)).one_or_none()
        return None if row is None else _digest(row)

    def to_mend(self) -> list[Digest]:
        """Digests that open deliveries wait for and that show an article which nobody may see any more."""
        unsent = [state.value for state in EditionState if TRANSITIONS[state]]
        waiting = select(delivery.c.id).where(
            delivery.c.edition_id == digest.c.edition_id, delivery.c.digest_id == digest.c.id, IS_OPEN
        )
        query = (
            select(digest)
            .join(editions, editions.c.id == digest.c.edition_id)
            .where(editions.c.state.in_(unsent), _SHOWS_HIDDEN, waiting.exists())
            .order_by(digest.c.id)
        )
        return [_digest(row) for row in self._connection.execute(query)]

    def showing_hidden(self, digest_ids: Sequence[int]) -> frozenset[int]:
        """Those of some digests that show an article which nobody may see any more."""
        query = select(digest.c.id).where(among(self._connection, digest.c.id, digest_ids), _SHOWS_HIDDEN)
        return frozenset(self._connection.execute(query).scalars())

    def erase(self, article_id: int) -> None:
        """Drop what digests with an article were rendered to."""
        found = select(digest_article.c.digest_id).where(digest_article.c.article_id == article_id)
        self._connection.execute(update(digest).where(digest.c.id.in_(found)).values(rendering=None))

    def drop(self, digest_id: int) -> None:
        """Remove a digest, unless it was for any delivery."""
        used = select(delivery.c.id).where(
            delivery.c.edition_id == digest.c.edition_id, delivery.c.digest_id == digest.c.id
        )
        query = select(digest.c.id).where(digest.c.id == digest_id, ~used.exists())
        if self._connection.execute(query).scalar_one_or_none() is not None:
            self._connection.execute(delete(digest_article).where(digest_article.c.digest_id == digest_id))
            self._connection.execute(delete(digest).where(digest.c.id == digest_id))

    def freeze(self, digest_id: int, rendering: Rendering) -> None:
        """Store a rendering."""
        values = {"rendering": pack_rendering(rendering)}
        self._connection.execute(update(digest).where(digest.c.id == digest_id).values(**values))


def read_edition(row: Any) -> Edition:
    """An edition from its row."""
    return Edition(
        id=row.id,
        newsletter_id=row.newsletter_id,
        cadence=row.cadence,
        cut_at=row.cut_at,
        now_seq=row.now_seq,
        state=EditionState(row.state),
        cursor=row.cursor,
        hold=row.hold,
        reason=row.reason,
    )


def _digest(row: Any) -> Digest:
    rendering = None if row.rendering is None else unpack_rendering(row.rendering)
    return Digest(row.id, row.edition_id, read_variant(row.variant), rendering)
