"""How well bodies of real pages are found, by the truths written down for them and by what the corpus expects."""

import json
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.sources.extract import Extracted
from publisher.sources.pages import sanitize

TRUTHS = json.loads((Path(__file__).parents[1] / "data" / "truth" / "zh-bodies.json").read_text(encoding="utf-8"))
Read = Callable[[str], Extracted]

WORD = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]+",
)


@pytest.fixture(scope="module")
def chinese(corpus_page: Read) -> dict[str, Extracted]:
    """Every Chinese page, read once."""
    return {name: corpus_page(f"zh/{name}") for name in TRUTHS}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def faults(truth: dict, text: str) -> Iterator[str]:
    """What is wrong with a body: its ends, its length, strangers in it."""
    body, head, tail = squeezed(text), squeezed(truth["head"]), squeezed(truth["tail"])
    if not 0 <= body.find(head) <= 12:
        yield f"begins {body[:30]}"
    end = body.rfind(tail)
    if end < 0 or len(body) - end - len(tail) > 12:
        yield f"ends {body[-30:]}"
    if abs(len(body) / truth["chars"] - 1) > 0.15:
        yield f"{len(body)} characters for {truth['chars']}"
    yield from (f"holds {phrase}" for phrase in truth["never"] if squeezed(phrase) in body)


def test_chinese_bodies_are_whole_and_clean(chinese: dict[str, Extracted]) -> None:
    wrong = {name: found for name in TRUTHS if (found := list(faults(TRUTHS[name], chinese[name].text)))}
    assert len(wrong) <= 0.06 * len(TRUTHS), wrong


def test_images_of_chinese_bodies_are_counted_right(chinese: dict[str, Extracted]) -> None:
    wrong = {
        name: (len(chinese[name].images), TRUTHS[name]["images"])
        for name in TRUTHS
        if len(chinese[name].images) != TRUTHS[name]["images"]
    }
    assert len(wrong) <= 0.08 * len(TRUTHS), wrong


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text)
    return Counter(tuple(words[place : place + 4]) for place in range(max(1, len(words) - 3)))


def test_english_bodies_agree_with_what_a_reader_view_should_show(corpus: Path, corpus_page: Read) -> None:
    """The F1 of the means of precision and recall over shingles of four words. Two pages are lists of links, no
    articles; without them it is 0.98."""
    precision, recall = [], []
    for folder in sorted((corpus / "pages" / "en").iterdir()):
        expected = shingles(sanitize.to_text((folder / "expected.html").read_text(encoding="utf-8")))
        found = shingles(corpus_page(f"en/{folder.name}/source.html").text)
        common = (expected & found).total()
        precision.append(common / max(1, found.total()))
        recall.append(common / max(1, expected.total()))
    means = statistics.mean(precision), statistics.mean(recall)
    assert 2 * means[0] * means[1] / sum(means) >= 0.96, means
