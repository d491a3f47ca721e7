"""When a listing's rule has lost its list, and when a new one is to be believed."""

from dataclasses import replace

import pytest

from publisher.domain.listing import ListingMemory, accepted, is_back, is_short, is_trusted, seen


@pytest.mark.parametrize(
    ("lines", "usual", "short"), [(0, 0, True), (0, 20, True), (9, 20, True), (10, 20, False), (3, 0, False)]
)
def test_a_rule_lost_its_list_when_it_yields_nothing_or_under_half_the_usual(
    lines: int, usual: int, short: bool
) -> None:
    assert is_short(lines, ListingMemory(usual=usual)) is short


@pytest.mark.parametrize(
    ("stored", "again", "new", "trusted"),
    [
        (200, 20, 80, True),
        (200, 19, 80, False),
        (8, 8, 0, True),
        (8, 7, 0, False),
        (8, 7, 1, True),
        (8, 3, 5, False),
        (8, 4, 9, True),
        (1, 1, 0, True),
        (0, 0, 12, False),
        (0, 5, 0, False),
    ],
)
def test_a_new_rule_is_trusted_when_it_finds_twenty_known_articles_or_all_again(
    stored: int, again: int, new: int, trusted: bool
) -> None:
    assert is_trusted(again, new, ListingMemory(usual=stored, known=stored)) is trusted


def test_what_is_usual_grows_at_once_and_shrinks_slowly() -> None:
    memory = seen(ListingMemory(), 20, 18)
    assert (memory.usual, memory.known) == (20, 18)
    assert seen(memory, 30, 30).usual == 30
    assert seen(memory, 12, 12).usual == 18


def test_an_accepted_proposal_is_the_rule_and_learns_what_is_usual_anew() -> None:
    memory = ListingMemory(rule={"item": "li"}, proposal={"item": "tr"}, usual=20, known=20, pages=5)
    taken = accepted(memory)
    assert taken == ListingMemory(rule={"item": "tr"}, pages=5, earlier={"item": "li"}, earlier_usual=20)
    again = accepted(replace(taken, proposal={"item": "p"}, usual=9))
    assert (again.rule, again.earlier, again.earlier_usual) == ({"item": "p"}, {"item": "li"}, 20)


def test_the_rule_before_is_back_with_half_of_what_was_usual() -> None:
    memory = ListingMemory(earlier={"item": "li"}, earlier_usual=20)
    assert [is_back(lines, memory) for lines in (0, 9, 10)] == [False, False, True]
