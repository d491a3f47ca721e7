"""Near-duplicates, measured on pairs: reprints are found, and nothing else is taken for one."""

import itertools
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher.domain import stories
from publisher.domain.words import is_cjk

DATA = tomllib.loads((Path(__file__).parents[2] / "data" / "stories.toml").read_text(encoding="utf-8"))
ARTICLES: dict[str, dict[str, Any]] = {one["name"]: one for one in DATA["article"]}


def whole(article: dict[str, Any]) -> str:
    return "\n".join(article["paragraphs"])


def is_chinese(article: dict[str, Any]) -> bool:
    return is_cjk(article["title"][0])


def reprinted(article: dict[str, Any]) -> str:
    if is_chinese(article):
        return f"来源：滨江晚报 记者 何立\n编者按：本文原载于滨江晚报。\n{whole(article)}\n（责任编辑：孙悦）"
    text = whole(article)
    return (
        f"By our own correspondent, Harbour Post\nHARBOUR CITY (HP) - {text}\nThis report first appeared in the Post."
    )


def edited(article: dict[str, Any]) -> str:
    text = whole(article)
    for before, after in article["edited"]:
        assert before in text
        text = text.replace(before, after)
    return text


def kept(article: dict[str, Any], share: float) -> str:
    paragraphs = article["paragraphs"]
    return "\n".join(paragraphs[: max(1, round(share * len(paragraphs)))])


def without_middle(article: dict[str, Any]) -> str:
    paragraphs = article["paragraphs"]
    return "\n".join((*paragraphs[:2], *paragraphs[3:]))


def digested(article: dict[str, Any]) -> str:
    """The first two paragraphs with a by-line and a last sentence of the paper's own."""
    more = "更多内容请看本报今日第三版。" if is_chinese(article) else "Read the whole story in our weekend edition."
    return f"{reprinted({**article, 'paragraphs': article['paragraphs'][:2]})}\n{more}"


SAME: dict[str, Callable[[dict[str, Any]], str]] = {
    "the same": whole,
    "reprinted": reprinted,
    "edited": edited,
    "reprinted and edited": lambda article: reprinted({**article, "paragraphs": edited(article).split("\n")}),
    "the first two thirds": lambda article: kept(article, 0.66),
    "the first half": lambda article: kept(article, 0.5),
    "the first third": lambda article: kept(article, 0.34),
    "without a paragraph": without_middle,
    "the beginning, digested": digested,
}


@dataclass(frozen=True)
class Pair:
    name: str
    one: str
    two: str


def same_pairs() -> Iterator[Pair]:
    for name, article in ARTICLES.items():
        for kind, made in SAME.items():
            yield Pair(f"{name}, {kind}", whole(article), made(article))
        yield Pair(
            f"{name}, edited and cut", reprinted(article), kept({"paragraphs": edited(article).split("\n")}, 0.5)
        )


def other_pairs() -> Iterator[Pair]:
    for name, article in ARTICLES.items():
        yield Pair(f"{name}, rewritten", whole(article), article["rewritten"])
        yield Pair(f"{name}, translated", whole(article), article["translated"])
    for one, two in itertools.combinations(ARTICLES.values(), 2):
        yield Pair(f"{one['name']} and {two['name']}", whole(one), whole(two))
        # The same frame of a paper around different articles.
        yield Pair(f"{one['name']} and {two['name']}, one paper", reprinted(one), reprinted(two))
    for number, notice in enumerate(DATA["notice"]):
        filled = [notice["form"].format(*values) for values in notice["filled"]]
        for one_text, two_text in itertools.combinations(filled, 2):
            yield Pair(f"notice {number}", one_text, two_text)


def found(pair: Pair) -> bool:
    """Whether a pair is found as storage finds it: by a band that both have, and then by the texts."""
    if not set(stories.sketch(pair.one)) & set(stories.sketch(pair.two)):
        return False
    return stories.is_same_story(stories.told(pair.one), stories.told(pair.two))


@pytest.mark.parametrize("pair", list(other_pairs()), ids=lambda pair: pair.name)
def test_what_only_looks_alike_is_no_story(pair: Pair) -> None:
    assert not stories.is_same_story(stories.told(pair.one), stories.told(pair.two))


def test_reprints_are_found() -> None:
    pairs = list(same_pairs())
    missed = [pair.name for pair in pairs if not found(pair)]
    assert len(pairs) == 70
    assert len(missed) <= 0.1 * len(pairs), missed
    # A text that was only cut, or got another frame, is never missed.
    assert [name for name in missed if not name.endswith(("digested", "edited and cut"))] == []


def test_short_texts_are_never_compared() -> None:
    assert stories.sketch("Watch the film here. It is worth it.") == ()
    assert stories.sketch("") == ()
    one = stories.told("Watch the film here. It is worth it.")
    assert not stories.is_same_story(one, one)


def test_a_sketch_is_stored_in_few_bytes_and_stays() -> None:
    bands = stories.sketch(whole(ARTICLES["tram"]))
    assert stories.unpack(stories.pack(bands)) == bands
    assert len(stories.pack(bands)) == 176
    # Stored sketches must be found again by later versions of the program.
    assert (
        stories.sketch("the quick brown fox jumps over the lazy dog " * 9)[:2]
        == stories.sketch("The quick brown fox jumps over the lazy dog. " * 9)[:2]
    )
