"""Which articles current documents show, and which pages the rest makes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.archive import PAGE_ENTRIES, Member, Page, to_close, versions, window

START = datetime(2026, 1, 1, tzinfo=UTC)

members = st.lists(
    st.builds(
        Member,
        article_id=st.integers(1, 200),
        live=st.booleans(),
        announced=st.booleans(),
        dated=st.integers(0, 9).map(lambda days: START + timedelta(days=days)),
        joined=st.integers(1, 9),
    ),
    unique_by=lambda member: member.article_id,
    max_size=180,
)


def member(number: int, *, dated: int = 0, joined: int = 1, announced: bool = True) -> Member:
    return Member(article_id=number, live=True, announced=announced, dated=START + timedelta(days=dated), joined=joined)


def ids(found: list[Member]) -> list[int]:
    return [one.article_id for one in found]


def test_what_came_late_with_an_old_date_is_shown_in_its_place() -> None:
    late = member(9, dated=0, joined=5)
    earlier = [member(number, dated=number, joined=1) for number in range(1, 5)]
    assert ids(window([*earlier, late], [], 3)) == [4, 3, 9]


def test_of_a_backlog_only_what_is_new_enough_is_shown() -> None:
    news = [member(1, dated=5), member(2, dated=4)]
    backlog = [member(3, dated=9, announced=False), member(4, dated=1, announced=False)]
    assert ids(window(news, backlog, 3)) == [3, 1, 2]


@given(members, st.integers(1, 40))
def test_a_window_is_never_longer_than_its_limit_and_has_nothing_twice(found: list[Member], limit: int) -> None:
    shown = ids(window([m for m in found if m.announced], [m for m in found if not m.announced][:10], limit))
    assert len(shown) == len(set(shown)) <= limit


@given(members, st.sets(st.integers(1, 200)))
def test_nothing_is_in_neither_and_no_page_is_longer_than_allowed(found: list[Member], shown: set[int]) -> None:
    pages = to_close(found, shown)
    paged = [article for page in pages for article in page]
    assert len(paged) == len(set(paged))
    assert {member.article_id for member in found if member.live} <= shown | set(paged)
    assert all(1 <= len(page) <= PAGE_ENTRIES for page in pages)
    assert not pages or set(paged) == {member.article_id for member in found}


def test_pages_are_of_one_size_and_in_the_order_of_arrival() -> None:
    found = [member(number, joined=1, dated=200 - number) for number in range(1, 121)]
    pages = to_close(found, [])
    assert [len(page) for page in pages] == [40, 40, 40]
    assert pages[0][0] == 120


def test_a_version_changes_with_what_its_page_says_and_with_all_before_it() -> None:
    pages = [Page(number, f"said {number}", 0, "") for number in (1, 2, 3)]
    before = versions("head", pages, "")
    after = versions("head", [pages[0], Page(2, "other", 0, ""), pages[2]], "")
    assert before[1] == after[1]
    assert before[2] != after[2]
    assert before[3] != after[3]
    assert set(before.values()).isdisjoint(versions("other", pages, "").values())
    assert versions("head", pages[1:], before[1]) == {2: before[2], 3: before[3]}
    assert versions("head", [Page(1, "said 1", 1, "")], "")[1] != before[1]
