"""Addresses of pages, and where lists are cut."""

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import ArticleState
from publisher.domain.pages import (
    FEWEST,
    MOST,
    ArticleAddress,
    EditionAddress,
    FeedsAddress,
    ListAddress,
    PageAddress,
    cut_list,
    cut_page,
    path_of,
    quoted,
    read_path,
)
from tests.unit.feeds.samples import state

ADDRESSES = [
    (ArticleAddress(12), "/articles/12/"),
    (EditionAddress(3), "/editions/3/"),
    (ListAddress("news"), "/feeds/news/"),
    (ListAddress("news", 70), "/feeds/news/before-70/"),
    (ListAddress("tag/港口"), "/feeds/tag/%E6%B8%AF%E5%8F%A3/"),
    (ListAddress("tag/a b?c#d", 5), "/feeds/tag/a%20b%3Fc%23d/before-5/"),
    (ListAddress("tag/../x"), "/feeds/tag%2F..%2Fx/"),
    (FeedsAddress(), "/feeds/"),
]


@pytest.mark.parametrize(("address", "path"), ADDRESSES)
def test_a_page_has_one_address_and_is_found_by_it(address: PageAddress, path: str) -> None:
    assert quoted(address) == path
    assert read_path(unquote(path)) == address


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/articles/", "/articles/0/", "/articles/12", "/articles/x/", "/articles/١/", f"/articles/{'9' * 30}/"),
        *("/articles/1/2/", "/feeds//", "/feeds/a\0b/", "/feeds/a", "/editions/-1/"),
    ],
)
def test_other_paths_are_of_no_page(path: str) -> None:
    assert read_path(path) is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30))
def test_whatever_a_tag_is_called_its_list_is_found(tag: str) -> None:
    address = ListAddress(unicodedata.normalize("NFC", f"tag/{tag}"))
    assert quoted(address).isascii()
    if "/before-" not in tag:
        assert read_path(path_of(address)) == address


def pages(states: list[ArticleState]) -> list[list[int]]:
    """A whole list as its pages, by the numbers of their articles."""
    found = []
    while states:
        page = cut_page(states[: MOST + 1])
        found.append([one.article.id for one in page])
        states = states[len(page) :]
    return found


def test_pages_hold_everything_once_and_are_neither_short_nor_long() -> None:
    numbers = list(range(1000, 0, -1))
    found = pages([state(number) for number in numbers])
    assert [number for page in found for number in page] == numbers
    assert all(FEWEST <= len(page) <= MOST for page in found[:-1])
    assert cut_list(numbers) == [page[-1] for page in found[:-1]]


def test_one_more_article_leaves_most_pages_as_they_are() -> None:
    states = [state(number) for number in range(1000, 0, -1)]
    before = pages(states[1:])
    changed = [page for page in pages(states) if page not in before]
    assert len(changed) <= 3


@pytest.mark.parametrize("count", [0, 1, FEWEST])
def test_a_short_list_is_one_page(count: int) -> None:
    states = [state(number) for number in range(count)]
    assert cut_page(states) == states
    assert cut_list(range(count)) == []
