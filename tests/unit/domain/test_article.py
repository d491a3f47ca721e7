"""What changed in an article, and how much of it may be shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import (
    Article,
    ArticleState,
    Content,
    Edited,
    Enclosure,
    Entry,
    KnownArticle,
    New,
    Revision,
    SourceCredit,
    Unchanged,
    columns,
    shorten,
)
from publisher.domain.change import decide_change
from publisher.domain.source import Rights

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
CONTENT = Content(
    title="Tram", published=NOW, html="<p>Long</p>", text="Long " * 100, image="https://example.org/i.png"
)
ENTRY = Entry(key="k", url="https://example.org/1", content=CONTENT)


def known(content: Content = CONTENT) -> KnownArticle:
    return KnownArticle(
        id=1,
        key="k",
        seq=1,
        fingerprint=content.fingerprint(),
        hint="",
        first_seen=NOW,
        read_at=NOW,
        published=content.published,
        visible=True,
        announced=True,
    )


def state(rights: Rights = Rights.OWN, *, changed_at: datetime = NOW, content: Content = CONTENT) -> ArticleState:
    article = Article(
        id=1,
        guid="urn:uuid:1",
        source_id=1,
        key="k",
        url="https://example.org/1",
        canonical_url="https://example.org/one",
        first_seen=NOW,
        first_seq=1,
    )
    revision = Revision(seq=1, content=content, at=changed_at, changed_at=changed_at)
    return ArticleState(article, revision, SourceCredit(1, "post", "Post", "https://example.org", rights))


def test_an_unknown_entry_is_new_and_of_a_backlog_it_is_not_announced() -> None:
    assert decide_change(None, ENTRY, backlog=False) == New(ENTRY, announced=True)
    assert decide_change(None, ENTRY, backlog=True) == New(ENTRY, announced=False)


def test_the_same_content_is_no_edit() -> None:
    assert isinstance(decide_change(known(), ENTRY, backlog=False), Unchanged)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Trams"},
        {"tags": ("x",)},
        {"html": "<p>x</p>"},
        {"enclosures": (Enclosure("https://e.org/a.mp3"),)},
        {"source": "The Post"},
        {"section": "The Post"},
    ],
)
def test_what_a_reader_sees_makes_an_edit(change: dict[str, object]) -> None:
    edited = replace(ENTRY, content=replace(CONTENT, **change))
    assert isinstance(decide_change(known(), edited, backlog=False), Edited)


def test_a_source_is_not_taken_for_a_section_and_one_that_is_missing_leaves_the_hash_as_it_was() -> None:
    source, section = (replace(CONTENT, **{name: "Post"}).fingerprint() for name in ("source", "section"))
    assert source != section
    stored_before_sources_were_read = "29efc37cfde17161408607b2821ff28570e45d6faee8e3ece429bda1675c25bb"
    assert CONTENT.fingerprint() == stored_before_sources_were_read


def test_a_date_once_resolved_is_kept() -> None:
    an_hour_later = replace(ENTRY, content=replace(CONTENT, published=NOW + timedelta(hours=1)))
    change = decide_change(known(), an_hour_later, backlog=False)
    assert isinstance(change, Unchanged)
    assert change.entry.content.published == NOW


def test_a_date_found_later_is_an_edit() -> None:
    undated = replace(CONTENT, published=None)
    assert isinstance(decide_change(known(undated), ENTRY, backlog=False), Edited)


def test_links_go_to_the_canonical_address() -> None:
    assert state().article.link == "https://example.org/one"


def test_an_undated_article_is_as_old_as_its_first_sight() -> None:
    assert state(content=replace(CONTENT, published=None)).dated == NOW


@pytest.mark.parametrize(
    ("changed", "updated", "expected"),
    [
        (0, None, -5),  # never edited: its date
        (3, None, 3),  # edited here: when that was seen
        (3, 1, 1),  # the source says when
        (0, -9, -5),  # never before its date
    ],
)
def test_updated_moves_only_with_a_change_that_matters(changed: int, updated: int | None, expected: int) -> None:
    def day(days: int) -> datetime:
        return NOW + timedelta(days=days)

    content = replace(CONTENT, published=day(-5), updated=None if updated is None else day(updated))
    assert state(changed_at=day(changed), content=content).updated == day(expected)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short", 10, "short"),
        ("  two\n lines ", 20, "two lines"),
        ("a sentence that is too long", 15, "a sentence…"),
        ("unbreakableword", 8, "unbreak…"),
        ("预见下一个未知的世界", 10, "预见下一…"),
        ("预见下，一个未知", 7, "预见下…"),
    ],
)
def test_texts_are_cut_by_display_width(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(), st.integers(min_value=2, max_value=80))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    assert columns(shorten(text, limit)) <= limit
