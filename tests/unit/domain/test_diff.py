"""What changed between two states of an article, for people to read."""

from dataclasses import replace
from datetime import UTC, datetime

from publisher.domain.article import Content, Revision
from publisher.domain.diff import FieldChange, difference
from publisher.domain.rights import Reservations

AT = datetime(2026, 11, 24, tzinfo=UTC)
BEFORE = Revision(seq=1, at=AT, changed_at=AT, content=Content(title="The ferry", text="It is late."))


def test_a_site_that_reserves_something_says_something_else() -> None:
    reserved = Reservations(noarchive=True, tdm=True, evidence=("meta robots: noarchive",))
    after = replace(BEFORE, content=replace(BEFORE.content, reservations=reserved))
    assert difference(BEFORE, after).fields == (FieldChange("reservations", "", "noarchive, tdm-reservation: 1"),)
    moved = replace(after.content, reservations=replace(reserved, evidence=("X-Robots-Tag: noarchive",)))
    assert difference(after, replace(after, content=moved)).is_none


def test_flags_are_told_as_yes_and_no() -> None:
    assert difference(BEFORE, replace(BEFORE, visible=False)).fields == (FieldChange("visible", "yes", "no"),)
