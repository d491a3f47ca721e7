"""Which article of a source an entry is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain import identity, names
from publisher.domain.article import Content, Entry, KnownArticle
from publisher.domain.identity import Identified, identify
from publisher.domain.source import Guids

MONDAY = datetime(2026, 11, 23, 7, 13, 5, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
LONG = "The council agreed to build a new tram line to the harbour before the summer. " * 4


def entry(key: str, link: str = "", title: str = "Tram", **said: object) -> Entry:
    canonical = said.pop("canonical", None)
    url = link if link.startswith("http") or not link else f"https://example.org{link}"
    content = Content(title=title, **said)  # type: ignore[arg-type]
    return Entry(key=key, url=url or "https://example.org/", content=content, canonical_url=canonical)  # type: ignore[arg-type]


def stored(*entries: Entry) -> dict[str, KnownArticle]:
    """What storage finds for articles that were stored from these entries, one after the other."""
    found: dict[str, KnownArticle] = {}
    for number, one in enumerate(entries, start=1):
        known = KnownArticle(
            id=number,
            key=one.key,
            seq=number,
            fingerprint=one.content.fingerprint(),
            hint="",
            first_seen=MONDAY,
            read_at=MONDAY,
            published=one.content.published,
            visible=True,
            announced=True,
            url=one.url,
            title=one.content.title,
        )
        for name in identity.asked_names([one]):
            found.setdefault(name, known)
    return found


def told(*entries: Entry, known: dict[str, KnownArticle], guids: Guids = Guids.STABLE) -> Identified:
    return identify(entries, known, guids)


BEFORE = entry("guid-1", "/tram", "A new tram for the harbour", published=MONDAY)

SAME = {
    "the same guid": entry("guid-1", "/tram", "A new tram for the harbour", published=MONDAY),
    "the same guid, another title": entry("guid-1", "/tram", "Harbour tram comes in May", published=MONDAY),
    "the same guid, moved": entry("guid-1", "/2026/tram", "A new tram for the harbour", published=MONDAY),
    "the same guid, retitled and moved": entry("guid-1", "/may", "Harbour: rails in May", published=MONDAY),
    "the same guid, retitled a little and moved, undated": entry("guid-1", "/may", "A tram for the harbour in May"),
    "another guid at the same address": entry("guid-9", "/tram", "A new tram for the harbour", published=MONDAY),
    "another guid at the same page": entry("guid-9", "http://www.example.org/tram/?utm_source=x", BEFORE.content.title),
    "no guid at the same address": entry("https://example.org/tram", "/tram", "Something else altogether"),
    "its canonical address": entry(
        "guid-9", "/amp/x/1", "A new tram for the harbour", canonical="https://example.org/tram"
    ),
    "another address with title and exact time": entry("guid-9", "/x", "A new tram for the harbour", published=MONDAY),
}

OTHER = {
    "another guid, address and title": entry("guid-9", "/boat", "A boat", published=MONDAY),
    "the same title on another day": entry("guid-9", "/x", "A new tram for the harbour", published=TUESDAY),
    "the same title, undated": entry("guid-9", "/x", "A new tram for the harbour"),
    "the same guid for another article": entry("guid-1", "/boat", "A boat", published=TUESDAY),
    "the same guid for another article, undated": entry("guid-1", "/boat", "Boats sail again"),
    "the same address for another issue": entry("guid-9", "/tram", "Another issue", published=TUESDAY),
    "a canonical address that is everybody's": entry("guid-9", "/x", "Boats", canonical="https://example.org/tram"),
}


@pytest.mark.parametrize("case", SAME)
def test_an_entry_is_a_stored_article_by(case: str) -> None:
    [named] = told(SAME[case], known=stored(BEFORE)).entries
    assert named.known is not None, case
    assert named.entry.key == "guid-1"


@pytest.mark.parametrize("case", OTHER)
def test_an_entry_is_no_stored_article_with(case: str) -> None:
    [named] = told(OTHER[case], known=stored(BEFORE)).entries
    assert named.known is None, case
    assert named.entry.key not in stored(BEFORE)


def test_the_same_text_under_the_same_title_is_one_article_unless_it_is_dated_far_apart() -> None:
    before = entry("guid-1", "/a", text=LONG, published=MONDAY)
    again = entry("guid-2", "/b", text=f"  {LONG.upper()}\n", published=MONDAY + timedelta(hours=5))
    assert told(again, known=stored(before)).entries[0].known
    undated = replace(again, content=replace(again.content, published=None))
    assert told(undated, known=stored(before)).entries[0].known
    next_week = replace(again, content=replace(again.content, published=MONDAY + timedelta(days=7)))
    assert told(next_week, known=stored(before)).entries[0].known is None


@pytest.mark.parametrize("change", [{"text": LONG.replace("summer", "winter")}, {"title": "Boats"}, {"text": "Short."}])
def test_another_text_or_title_or_too_short_a_text_is_not_the_same(change: dict[str, str]) -> None:
    before = entry("guid-1", "/a", **{"text": LONG, **({"text": "Short."} if change.get("text") == "Short." else {})})
    after = replace(before, key="guid-2", url="https://example.org/b", content=replace(before.content, **change))
    assert told(after, known=stored(before)).entries[0].known is None


class TestGuidsThatChange:
    FEED = tuple(entry(f"first-{number}", f"/{number}", f"Story number {number}") for number in range(5))

    def again(self, times: str) -> list[Entry]:
        return [replace(one, key=f"{times}-{number}") for number, one in enumerate(self.FEED)]

    def test_they_are_recognised_and_bring_nothing_new(self) -> None:
        seen = told(*self.again("second"), known=stored(*self.FEED))
        assert seen.guids is Guids.CHANGING
        assert [one.known and one.known.id for one in seen.entries] == [1, 2, 3, 4, 5]
        assert [one.entry.key for one in seen.entries] == [one.key for one in self.FEED]

    def test_then_new_articles_are_keyed_by_their_address_and_no_guid_is_a_name(self) -> None:
        new = entry("third-9", "/9", "Story number 9")
        seen = told(new, *self.again("third"), known=stored(*self.FEED), guids=Guids.CHANGING)
        assert seen.guids is Guids.CHANGING
        assert seen.entries[0].entry.key == "https://example.org/9"
        assert not any("third" in name for one in seen.entries for name in one.names)

    def test_a_feed_without_links_is_recognised_by_its_text(self) -> None:
        before = [entry(f"a{n}", title=f"Note {n}", text=f"{n} {LONG}") for n in range(3)]
        after = [replace(one, key=f"b{n}") for n, one in enumerate(before)]
        seen = told(*after, known=stored(*before))
        assert [one.known and one.known.id for one in seen.entries] == [1, 2, 3]

    def test_short_notes_without_links_are_recognised_by_title_and_date(self) -> None:
        before = [entry(f"a{n}", title=f"Note {n}", published=MONDAY.replace(minute=0, second=0)) for n in range(3)]
        seen = told(*(replace(one, key=f"b{n}") for n, one in enumerate(before)), known=stored(*before))
        assert [one.known and one.known.id for one in seen.entries] == [1, 2, 3]
        undated = [replace(one, content=replace(one.content, published=None)) for one in before]
        again = [replace(one, key=f"b{n}") for n, one in enumerate(undated)]
        assert not any(one.known for one in told(*again, known=stored(*undated)).entries)
        assert all(one.known for one in told(*again, known=stored(*undated), guids=Guids.CHANGING).entries)

    def test_one_that_changed_among_many_that_stay_is_no_habit(self) -> None:
        seen = told(*self.FEED[:4], replace(self.FEED[4], key="other"), known=stored(*self.FEED))
        assert seen.guids is Guids.STABLE
        assert len([one for one in seen.entries if one.known]) == 5


class TestGuidsThatRepeat:
    def test_different_articles_under_one_guid_are_kept_apart(self) -> None:
        feed = [entry("0", f"/{n}", f"Story {n}") for n in range(3)]
        seen = told(*feed, known={})
        assert len({one.entry.key for one in seen.entries}) == 3
        again = told(*feed, known=stored(*(one.entry for one in seen.entries)))
        assert [one.known and one.known.id for one in again.entries] == [1, 2, 3]

    def test_positions_as_guids_do_not_turn_one_article_into_another(self) -> None:
        before = [entry(str(n), f"/{name}", f"About {name}") for n, name in enumerate(("tram", "boat", "bridge"))]
        after = [entry(str(n), f"/{name}", f"About {name}") for n, name in enumerate(("castle", "tram", "boat"))]
        seen = told(*after, known=stored(*before))
        assert [one.known and one.known.title for one in seen.entries] == [None, "About tram", "About boat"]
        assert seen.entries[0].entry.key not in {"0", "1", "2"}

    def test_the_same_entry_twice_is_one(self) -> None:
        assert len(told(entry("1", "/a"), entry("1", "/a"), entry("1", "/a#top"), known={}).entries) == 1


def test_entries_that_share_a_page_but_not_a_guid_or_title_are_several() -> None:
    log = [entry(f"v{n}", f"/releases.html#v{n}", f"Release {n}") for n in range(3)]
    seen = told(*log, known={})
    assert len(seen.entries) == 3
    assert not any(name.startswith("url:") for one in seen.entries for name in one.names)


def test_of_two_addresses_the_one_that_is_stored_counts() -> None:
    before = entry("https://example.org/a", "/a")
    mobile = entry("https://m.example.org/a?x=1", "https://m.example.org/a?x=1", canonical="https://example.org/a")
    seen = told(mobile, before, known=stored(before))
    assert [one.entry.url for one in seen.entries] == ["https://example.org/a"]
    assert identify([mobile], stored(before), Guids.STABLE, listed=["https://example.org/a"]).entries == ()
    [moved] = identify([mobile], stored(before), Guids.STABLE).entries
    assert moved.known is not None


def test_two_new_addresses_of_one_article_are_one() -> None:
    one = entry("https://www.example.org/a", "https://www.example.org/a")
    two = entry("https://m.example.org/a/", "https://m.example.org/a/")
    assert len(told(one, two, known={}).entries) == 1


def test_a_name_is_64_bits_that_stay() -> None:
    assert names.number("guid-1") == names.number("guid-1") != names.number("guid-2")
    assert -(2**63) <= names.number("\ud800") < 2**63
