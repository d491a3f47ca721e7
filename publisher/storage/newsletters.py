"""Newsletters: their definitions and their slots."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Update, insert, select, update

from publisher.domain.newsletter import Newsletter
from publisher.domain.schedule import Slot
from publisher.pipeline.ports import Newsletters
from publisher.storage.definitions import apply_definitions, defined
from publisher.storage.encoding import newsletter_json, read_newsletter
from publisher.storage.schema import newsletter
from publisher.storage.schema import slot as slots


class SqlNewsletters(Newsletters):
    """Newsletters on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, newsletters: Sequence[Newsletter]) -> None:
        """Make the stored definitions these, by slug; one left out is kept with its subscribers, and rests."""
        apply_definitions(self._connection, newsletter, {each.slug: newsletter_json(each) for each in newsletters})

    def all(self) -> list[Newsletter]:
        """All that are defined, by slug, with their ids."""
        return [read_newsletter(row.id, row.slug, row.definition) for row in defined(self._connection, newsletter)]

    def get(self, newsletter_id: int) -> Newsletter | None:
        """One by its number, also when it is no longer defined."""
        row = self._connection.execute(select(newsletter).where(newsletter.c.id == newsletter_id)).one_or_none()
        return None if row is None else read_newsletter(row.id, row.slug, row.definition)

    def slots(self) -> list[Slot]:
        """The slots of the newsletters that are defined."""
        query = (
            select(slots)
            .join(newsletter, newsletter.c.id == slots.c.newsletter_id)
            .where(newsletter.c.state == "active")
            .order_by(slots.c.next_due, slots.c.newsletter_id, slots.c.cadence)
        )
        return [
            Slot(row.newsletter_id, row.cadence, row.next_due, row.last_cut) for row in self._connection.execute(query)
        ]

    def put_slot(self, slot: Slot) -> None:
        """Create or replace a slot."""
        values = {"next_due": slot.next_due, "last_cut": slot.last_cut}
        if not self._connection.execute(_one(slot).values(**values)).rowcount:
            key = {"newsletter_id": slot.newsletter_id, "cadence": slot.cadence}
            self._connection.execute(insert(slots).values(**key, **values))

    def move_slot(self, slot: Slot, next_due: datetime, *, cut: datetime | None) -> bool:
        """Move a slot on if it still is due when `slot` says: two who try get one True."""
        values = {"next_due": next_due} | ({"last_cut": cut} if cut else {})
        moved = self._connection.execute(_one(slot).where(slots.c.next_due == slot.next_due).values(**values))
        return moved.rowcount == 1


def _one(slot: Slot) -> Update:
    return update(slots).where(slots.c.newsletter_id == slot.newsletter_id, slots.c.cadence == slot.cadence)
