"""The fresh rule on single cases; the state machine in tests/integration tries it on histories."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.edition import TRANSITIONS, EditionState, Variant, reading_order
from publisher.domain.feed import Feed, FeedFormat, source_feed
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.domain.subscription import MailFormat, is_fresh, wants
from publisher.domain.token import Keyring, address_key, message_key, sign, verify

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
TRAMS = Selection(tags=Terms(("trams",)))


def state(number: int = 1, *, first_seq: int = 5, visible: bool = True, announced: bool = True, tag: str = "trams"):
    article = Article(
        id=number,
        guid=f"urn:uuid:{number}",
        source_id=1,
        key="k",
        url="https://example.org/1",
        canonical_url=None,
        first_seen=NOW,
        first_seq=first_seq,
    )
    revision = Revision(
        seq=9,
        content=Content(title="Tram", tags=(tag,)),
        at=NOW,
        changed_at=NOW,
        visible=visible,
        announced=announced,
    )
    return ArticleState(article, revision, SourceCredit(1, "post", "Post", "https://example.org", Rights.OWN))


@pytest.mark.parametrize(
    ("now", "then", "high_seq", "delivered", "fresh"),
    [
        (state(), None, 0, False, True),  # new
        (state(), state(), 9, False, False),  # matched at the watermark: covered
        (state(visible=False), None, 0, False, False),
        (state(announced=False), None, 0, False, False),
        (state(tag="buses"), None, 0, False, False),
        (state(), state(tag="buses"), 9, False, True),  # a late tag
        (state(), state(visible=False), 9, True, False),  # hidden and shown again after it was sent
        (state(), state(visible=False), 9, False, True),  # hidden before it was ever sent
        (state(), None, 9, True, False),  # given back by a discard, but sent by another edition meanwhile
        (state(), state(announced=False), 9, False, True),  # released
        (None, None, 0, False, False),
    ],
)
def test_fresh_is_what_matches_now_and_did_not_before(now, then, high_seq: int, delivered: bool, fresh: bool) -> None:
    assert is_fresh(now, then, wants(TRAMS, ()), high_seq=high_seq, delivered=lambda: delivered) is fresh


def test_the_look_up_is_spared_for_articles_first_seen_above_the_watermark() -> None:
    def never() -> bool:
        raise AssertionError("asked")

    assert is_fresh(state(first_seq=10), None, wants(TRAMS, ()), high_seq=9, delivered=never)


def test_adding_a_topic_floods_nobody() -> None:
    before = state(tag="trams")
    assert not is_fresh(before, before, wants(Selection(), ("trams",)), high_seq=9, delivered=lambda: False)


def test_ended_editions_go_nowhere() -> None:
    for ended in (EditionState.SENT, EditionState.SKIPPED, EditionState.DISCARDED, EditionState.CANCELLED):
        assert not TRANSITIONS[ended]
    assert EditionState.DISCARDED not in TRANSITIONS[EditionState.APPROVED]


def test_variants_differ_by_articles_language_and_format() -> None:
    articles = [((1, 2),), ((1, 3),), ((1, 2), (4, 5)), ((4, 5), (1, 2))]
    keys = {
        Variant(chosen, language, format).key
        for chosen, language, format in product(articles, ["en", "zh"], MailFormat)
    }
    assert len(keys) == 16
    assert Variant(((1, 2),), "en", MailFormat.HTML).key == Variant(((1, 2),), "en", MailFormat.HTML).key


def test_an_edition_reads_newest_first() -> None:
    old = state(3)
    old = replace(
        old, revision=replace(old.revision, content=replace(old.revision.content, published=NOW.replace(year=2025)))
    )
    assert [s.article.id for s in reading_order([state(1), old, state(2)])] == [2, 1, 3]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("zh", "zh-CN"), ("zh-CN", "zh-CN"), ("zh-Hans-CN", "zh-CN"), ("en_GB", "en"), ("fr", "en"), ("z", "en")],
)
def test_a_newsletter_speaks_the_nearest_of_its_languages(wanted: str, given: str) -> None:
    newsletter = Newsletter(slug="n", title="N", sender=Mailbox("news@example.org"))
    assert newsletter.language_for(wanted) == given
    assert newsletter.sender.domain == "example.org"


def test_feeds_have_three_documents_and_an_id_of_the_instance() -> None:
    import uuid

    feed = Feed(slug="港湾", title="Harbour")
    assert feed.path(FeedFormat.ATOM) == "/feeds/%E6%B8%AF%E6%B9%BE.atom"
    one, two = uuid.UUID(int=1), uuid.UUID(int=2)
    assert feed.id(one) == feed.id(one) != feed.id(two)
    assert {format.media_type.split(";")[0] for format in FeedFormat} == {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
    }
    made = source_feed(Source(name="post", kind=SourceKind.FEED, url="https://example.org/feed"))
    assert (made.slug, made.title, made.selection.sources) == ("source/post", "post", Terms(("post",)))


OLD, NEW = Keyring({1: b"a" * 32}, b"s" * 32), Keyring({1: b"a" * 32, 2: b"b" * 32}, b"s" * 32)


def test_tokens_outlive_the_rotation_of_keys_and_serve_one_purpose() -> None:
    token = sign(OLD, "unsubscribe", 2**40 - 1)
    assert len(token) == 22
    assert verify(NEW, "unsubscribe", token) == 2**40 - 1
    assert verify(NEW, "preferences", token) is None
    assert sign(NEW, "unsubscribe", 7) != sign(OLD, "unsubscribe", 7)
    assert verify(OLD, "unsubscribe", sign(NEW, "unsubscribe", 7)) is None


@pytest.mark.parametrize("token", ["", "x" * 22, "é" * 22, "A" * 21 + "=", "A" * 21 + " ", "A" * 23])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert verify(OLD, "unsubscribe", token) is None


def test_each_changed_character_breaks_a_token() -> None:
    token = sign(OLD, "unsubscribe", 7)
    for place in range(21):
        other = "A" if token[place] != "A" else "B"
        assert verify(OLD, "unsubscribe", token[:place] + other + token[place + 1 :]) is None


def test_names_for_addresses_and_messages_need_the_key() -> None:
    assert address_key(OLD, " Ana@Example.org") == address_key(NEW, "ana@example.org")
    assert address_key(OLD, "ana@example.org") != address_key(Keyring({1: b"a"}, b"t"), "ana@example.org")
    assert message_key(OLD, 1) == message_key(NEW, 1) != message_key(OLD, 2)
    assert "keys" in repr(OLD)
    assert "aaa" not in repr(OLD)
