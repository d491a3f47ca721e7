"""What the operator is told stays open until it is settled."""

from datetime import UTC, datetime, timedelta

from publisher.pipeline.ports import Notice
from publisher.storage.database import SqlStorage
from tests.unit.storage.made import put_source

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_a_source_has_one_open_notice_of_a_kind(storage: SqlStorage) -> None:
    source_id = put_source(storage, "blog")
    with storage.begin() as work:
        assert work.notices.tell(source_id, "flood", "40 at once", NOW)
        assert not work.notices.tell(source_id, "flood", "50 at once", NOW + timedelta(hours=1))
        assert work.notices.tell(source_id, "list", "another list", NOW)
    with storage.read() as work:
        assert work.notices.open() == [
            Notice(source="blog", kind="flood", text="50 at once", at=NOW),
            Notice(source="blog", kind="list", text="another list", at=NOW),
        ]


def test_a_settled_notice_is_gone_and_may_come_again(storage: SqlStorage) -> None:
    source_id = put_source(storage, "blog")
    with storage.begin() as work:
        work.notices.tell(source_id, "flood", "40 at once", NOW)
        assert work.notices.close(source_id, "flood", NOW)
        assert not work.notices.close(source_id, "flood", NOW)
        assert work.notices.open() == []
        assert work.notices.tell(source_id, "flood", "again", NOW)
    with storage.read() as work:
        assert [notice.text for notice in work.notices.open()] == ["again"]
