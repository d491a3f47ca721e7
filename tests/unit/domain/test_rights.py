"""Rights: the table of what each use may show, whatever a site reserves."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publisher.domain.article import (
    Article,
    ArticleState,
    Content,
    Revision,
    SourceCredit,
    columns,
    within_reservations,
    within_rights,
)
from publisher.domain.rights import NONE, Reservations, Use
from publisher.domain.source import Rights

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTENT = Content(
    title="Tram",
    summary="The tram to the harbour runs again. " * 12,
    html="<p>Long</p>",
    text="Long " * 100,
    image="https://example.org/i.png",
)

NOARCHIVE = Reservations(noarchive=True)
NOSNIPPET = Reservations(nosnippet=True)
TEN = Reservations(max_snippet=10)
NO_EXCERPT = Reservations(max_snippet=0)
NO_SEARCH = Reservations(signals=(("ai-train", True), ("search", False)))
NO_TRAINING = Reservations(signals=(("ai-train", False), ("search", True)))
MINED = Reservations(tdm=True)
LICENCE = Reservations(licence="https://example.org/terms.xml")


def state(rights: Rights, reserved: Reservations) -> ArticleState:
    article = Article(
        id=1,
        guid="urn:uuid:1",
        source_id=1,
        key="k",
        url="https://example.org/1",
        canonical_url=None,
        first_seen=NOW,
        first_seq=1,
    )
    revision = Revision(seq=1, content=replace(CONTENT, reservations=reserved), at=NOW, changed_at=NOW)
    return ArticleState(article, revision, SourceCredit(1, "post", "Post", "https://example.org", rights))


def seen(shown: ArticleState | None) -> str:
    if shown is None:
        return "nothing"
    content = shown.revision.content
    assert content.title == "Tram"
    assert (shown.source.title, shown.article.link) == ("Post", "https://example.org/1")
    if content.html:
        assert content == replace(CONTENT, reservations=content.reservations)
        return "whole"
    assert (content.text, content.image, content.enclosures) == ("", None, ())
    assert columns(content.summary) <= 200
    size = len(content.summary)
    return "title" if not size else "ten characters" if size <= 10 else "quotation"


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize("rights", [Rights.OWN, Rights.LICENSED])
@pytest.mark.parametrize("reserved", [NONE, NOARCHIVE, NOSNIPPET, TEN, NO_SEARCH, MINED, LICENCE])
def test_what_is_ours_or_licensed_is_shown_whole(rights: Rights, reserved: Reservations, use: Use) -> None:
    assert seen(within_rights(state(rights, reserved), use)) == "whole"


@pytest.mark.parametrize(
    ("reserved", "current", "lasting"),
    [
        (NONE, "quotation", "quotation"),
        (NOARCHIVE, "quotation", "nothing"),
        (NOSNIPPET, "title", "title"),
        (NO_EXCERPT, "title", "title"),
        (TEN, "ten characters", "ten characters"),
        (NO_SEARCH, "title", "title"),
        (NO_TRAINING, "quotation", "quotation"),
        (MINED, "quotation", "quotation"),
        (LICENCE, "quotation", "quotation"),
        (NOARCHIVE | NOSNIPPET, "title", "nothing"),
    ],
)
@pytest.mark.parametrize("use", Use)
def test_a_quotation_keeps_within_what_its_site_reserves(
    reserved: Reservations, current: str, lasting: str, use: Use
) -> None:
    expected = lasting if use in (Use.ARCHIVE, Use.EXPORT) else current
    assert seen(within_rights(state(Rights.QUOTE, reserved), use)) == expected


def test_of_two_signs_the_stricter_holds_and_all_evidence_is_kept() -> None:
    host = Reservations(max_snippet=90, signals=(("search", False),), licence="https://a.example", evidence=("robots",))
    page = Reservations(max_snippet=50, noarchive=True, signals=(("search", True),), evidence=("meta", "robots"))
    assert host | page == Reservations(
        noarchive=True,
        max_snippet=50,
        signals=(("search", True),),
        licence="https://a.example",
        evidence=("robots", "meta"),
    )
    assert NONE | page == page | NONE == page


def test_where_mining_is_reserved_the_text_of_a_quoted_article_is_not_kept() -> None:
    content = replace(CONTENT, text="The text begins here and goes on.", reservations=MINED)
    for given, kept in (("What the site tells", "What the site tells"), ("The text begins…", "")):
        stored = within_reservations(replace(content, summary=given), Rights.QUOTE)
        assert (stored.title, stored.summary, stored.html, stored.text) == ("Tram", kept, "", "")
    assert within_reservations(content, Rights.LICENSED) == content
    assert within_reservations(CONTENT, Rights.QUOTE) == CONTENT


def test_a_reservation_is_part_of_what_a_reader_sees_and_its_evidence_is_not() -> None:
    found = replace(CONTENT, reservations=replace(NOSNIPPET, evidence=("X-Robots-Tag: nosnippet",)))
    moved = replace(CONTENT, reservations=replace(NOSNIPPET, evidence=("<meta>",)))
    assert found.fingerprint() == moved.fingerprint() != CONTENT.fingerprint()
