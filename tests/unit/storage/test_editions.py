"""Editions and digests."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from publisher.domain.edition import EditionState, RecipientSlot, Rendering, SlotKind, Variant
from publisher.domain.subscription import MailFormat
from publisher.errors import StorageError
from publisher.storage.database import SqlStorage
from publisher.storage.schema import digest_article
from tests.unit.storage.made import NOW, entry, put_articles, put_newsletter

DAY = timedelta(days=1)
RENDERING = Rendering(
    subject=("新闻: ", RecipientSlot("address", SlotKind.HEADER)),
    text=("Dear reader\n", RecipientSlot("unsubscribe_url", SlotKind.TEXT), ""),
    html=("<a href='", RecipientSlot("unsubscribe_url", SlotKind.URL), "'>", "正文" * 10_000),
)


def test_an_edition_comes_back_as_it_was_cut(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    with storage.begin() as work:
        cut = work.editions.cut(news, "daily", NOW, 7, hold=True)
    assert (cut.newsletter_id, cut.cadence, cut.cut_at, cut.now_seq) == (news, "daily", NOW, 7)
    assert (cut.state, cut.cursor, cut.hold) == (EditionState.COMPOSING, 0, True)
    with storage.read() as work:
        assert work.editions.get(cut.id) == cut
        assert work.editions.get(cut.id + 1) is None


def test_one_instant_of_a_cadence_is_cut_once(storage: SqlStorage) -> None:
    news, other = put_newsletter(storage), put_newsletter(storage, "other")
    with storage.begin() as work:
        work.editions.cut(news, "daily", NOW, 7, hold=False)
        work.editions.cut(news, "weekly", NOW, 7, hold=False)
        work.editions.cut(other, "daily", NOW, 7, hold=False)
    with pytest.raises(StorageError, match="daily edition of 2026-11-24 07:30:00 UTC was cut"), storage.begin() as work:
        work.editions.cut(news, "daily", NOW, 8, hold=False)


def test_the_last_one_and_those_in_some_states(storage: SqlStorage) -> None:
    news, other = put_newsletter(storage), put_newsletter(storage, "other")
    with storage.begin() as work:
        late = work.editions.cut(news, "daily", NOW + DAY, 7, hold=False)
        early = work.editions.cut(news, "daily", NOW, 7, hold=False)
        elsewhere = work.editions.cut(other, "daily", NOW, 7, hold=False)
        assert work.editions.change_state(early, EditionState.DRAFT)
        early = replace(early, state=EditionState.DRAFT)
        assert work.editions.latest(news, "daily") == late
        assert work.editions.latest(news, "weekly") is None
        states = {EditionState.COMPOSING, EditionState.DRAFT}
        assert work.editions.in_states(states) == [late, early, elsewhere]
        assert work.editions.in_states(states, news) == [late, early]
        assert work.editions.in_states({EditionState.DRAFT}) == [early]
        assert work.editions.in_states(set()) == []


def test_a_state_is_changed_only_by_who_knows_the_present_one(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    with storage.begin() as work:
        seen = work.editions.cut(news, "daily", NOW, 7, hold=False)
        assert work.editions.change_state(seen, EditionState.DRAFT, "waits")
        assert not work.editions.change_state(seen, EditionState.APPROVED)
        work.editions.move_cursor(seen.id, 42)
        now = work.editions.get(seen.id)
    assert now == replace(seen, state=EditionState.DRAFT, reason="waits", cursor=42)


def test_digests_are_made_once_with_their_articles(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    put_articles(storage, entry("a"), entry("b"))
    one = Variant(((2, 2), (1, 1)), "zh-CN", MailFormat.HTML)
    two = replace(one, format=MailFormat.TEXT)
    with storage.begin() as work:
        edition = work.editions.cut(news, "daily", NOW, 2, hold=False)
        first = work.editions.add_digests(edition.id, [one])
        both = work.editions.add_digests(edition.id, [one, two, one])
        assert work.editions.add_digests(edition.id, []) == {}
        assert both.keys() == {one.key, two.key}
        assert both[one.key] == first[one.key]
        digests = work.editions.digests(edition.id)
        assert [digest.variant for digest in digests] == [one, two]
        assert work.editions.digest(both[two.key]) == digests[1]
        assert work.editions.digest(999) is None
        rows = work._connection.execute(select(digest_article).order_by(digest_article.c.digest_id)).all()
    assert len(rows) == 4
    assert {(row.article_id, row.seq) for row in rows} == {(1, 1), (2, 2)}


def test_a_rendering_comes_back_as_it_was_frozen(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    variant = Variant((), "en", MailFormat.HTML)
    with storage.begin() as work:
        edition = work.editions.cut(news, "daily", NOW, 2, hold=False)
        number = work.editions.add_digests(edition.id, [variant])[variant.key]
        [digest] = work.editions.digests(edition.id)
        assert digest.rendering is None
        work.editions.freeze(number, RENDERING)
    with storage.read() as work:
        frozen = work.editions.digest(number)
        assert frozen
        assert frozen.rendering == RENDERING


def test_what_was_sent_is_listed_with_its_articles_and_moves_the_version(storage: SqlStorage) -> None:
    news, other = put_newsletter(storage), put_newsletter(storage, "other")
    put_articles(storage, *map(entry, "abc"))
    made = []
    for days, newsletter in enumerate((news, news, news, other)):
        with storage.begin() as work:
            edition = work.editions.cut(newsletter, "daily", NOW + days * DAY, 3, hold=False)
            parts = [((1, 1), (2, 2)), ((2, 2), (3, 3))]
            work.editions.add_digests(edition.id, [Variant(part, "en", MailFormat.HTML) for part in parts])
            work.editions.change_state(edition, EditionState.APPROVED)
            before = work.feeds.version()
            approved = replace(edition, state=EditionState.APPROVED)
            assert work.editions.change_state(approved, EditionState.SENT)
            assert work.feeds.version() == before + 1
            made.append(edition.id)
    first, second, third, _ = made
    with storage.read() as work:
        assert [one.id for one in work.editions.sent(news, limit=9)] == [third, second, first]
        assert [one.id for one in work.editions.sent(news, limit=2)] == [third, second]
        assert work.editions.articles([first, 99]) == {first: [1, 2, 3], 99: []}
        assert work.editions.articles([]) == {}


def test_what_waits_is_not_listed(storage: SqlStorage) -> None:
    news = put_newsletter(storage)
    with storage.begin() as work:
        version = work.feeds.version()
        edition = work.editions.cut(news, "daily", NOW, 3, hold=False)
        work.editions.change_state(edition, EditionState.APPROVED)
        assert work.editions.sent(news, limit=9) == []
        assert work.feeds.version() == version
