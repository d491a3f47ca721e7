"""Near-duplicates: articles of different sources that tell one story in the same words.

A sketch (MinHash in bands) finds candidates; whether two texts are one story is then decided on the texts themselves,
and in doubt they are not. A translation, and the same event in other words, are other articles; so is a notice that
repeats a form with other numbers or names.
"""

import hashlib
import re
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from publisher.domain.words import words

WHOLE_BANDS = 14
HEAD_BANDS = 8
ROWS = 3
"""Minima in a band: two texts share a band with the cube of their likeness (Jaccard), so that unlike ones hardly do.
A text that was cut short is unlike the whole, but begins alike: beginnings have bands of their own."""

HEAD = 64
"""Words of a beginning; of characters twice as many."""

FEWEST = 40
"""Tokens that a text must have to be compared (a CJK character counts half)."""

CONTAINED = 0.7
"""The share of the shorter text's shingles that must stand in the longer one."""

SHORTEST = 0.2
"""How much of the longer text the shorter one must be."""

SAME_FACTS = 0.85
"""The share of the shorter text's numbers and names that must stand in the longer one."""

REPLACED = 0.03
"""Places a token at which words were replaced: above that it is a form that was filled in anew."""

COMPARED = 500
"""Tokens that are compared one by one."""

_FACT = re.compile(
    r"\d+(?:[.,:]\d+)*|[〇零一二两三四五六七八九十百千万亿]{2,}|(?<=[a-z,] )[A-Z][\w'-]+"
    r"|(?:周|星期|礼拜)[一二三四五六日天]"
    r"|[\u4e00-\u9fff]{2,3}[省市县区州镇乡村路街桥港站院校局队科厂]"
)
"""Numbers, words that are capital within a sentence, days, and what Chinese names of places and houses end in."""


@dataclass(frozen=True, slots=True)
class Told:
    """A text as it is compared."""

    tokens: tuple[str, ...]
    facts: Counter[str]
    shingles: frozenset[int]

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to compare."""
        cjk = sum(map(_is_character, self.tokens))
        return len(self.tokens) - cjk / 2 >= FEWEST


def told(text: str) -> Told:
    """A text, ready to be compared."""
    tokens = tuple(words(text))
    return Told(tokens, Counter(_FACT.findall(unicodedata.normalize("NFKC", text))), frozenset(_shingles(tokens)))


def sketch(text: str) -> tuple[int, ...]:
    """The bands of a text, as 64-bit numbers; none of one that is too short to be compared."""
    tokens = words(text)
    if not Told(tuple(tokens), Counter(), frozenset()).is_enough:
        return ()
    shingles = _shingles(tokens)
    head = shingles[: HEAD * (2 if _is_characters(tokens) else 1)]
    return (
        *_bands(b"w", _minima(shingles, WHOLE_BANDS * ROWS)),
        *_bands(b"h", _minima(head, HEAD_BANDS * ROWS)),
    )


def pack(bands: Sequence[int]) -> bytes:
    """A sketch as it is stored."""
    return struct.pack(f"<{len(bands)}q", *bands)


def unpack(packed: bytes) -> tuple[int, ...]:
    """The sketch again."""
    return struct.unpack(f"<{len(packed) // 8}q", packed)


def is_same_story(one: Told, two: Told) -> bool:
    """Whether two texts tell the same story in the same words, one of them perhaps shortened."""
    short, long = sorted((one, two), key=lambda each: len(each.shingles))
    if not short.is_enough or len(short.shingles) < SHORTEST * len(long.shingles):
        return False
    if len(short.shingles & long.shingles) < CONTAINED * len(short.shingles):
        return False
    if (short.facts & long.facts).total() < SAME_FACTS * short.facts.total():
        return False
    return _replaced(short.tokens[:COMPARED], long.tokens) <= REPLACED * min(len(short.tokens), COMPARED)


def _replaced(short: Sequence[str], long: Sequence[str]) -> int:
    """At how many places a few words stand for a few others."""
    matcher = SequenceMatcher(None, short, long[: 4 * COMPARED], autojunk=False)
    return sum(
        operation == "replace" and end - begin <= 8 and other_end - other <= 8
        for operation, begin, end, other, other_end in matcher.get_opcodes()
    )


def _shingles(tokens: Sequence[str]) -> list[int]:
    """Hashes of what stands together: three words, or five characters where texts are written in those."""
    length = 5 if _is_characters(tokens) else 3
    rows = [tokens[place:] for place in range(length)]
    return [zlib.crc32(" ".join(row).encode("utf-8", "surrogatepass")) for row in zip(*rows, strict=False)]


def _is_characters(tokens: Sequence[str]) -> bool:
    return 2 * sum(map(_is_character, tokens)) > len(tokens)


def _is_character(token: str) -> bool:
    return len(token) == 1 and token > "\u2e7f"


def _minima(shingles: Iterable[int], bins: int) -> list[int]:
    """MinHash by one permutation (Li, Owen and Zhang, 2012): the smallest hash in each bin; an empty one borrows."""
    minima: dict[int, int] = {}
    for shingle in shingles:
        # Multiplied, for CRCs of alike texts are alike.
        mixed = (shingle * 0x9E3779B97F4A7C15 + 0x7F4A7C15) & 0xFFFFFFFFFFFFFFFF
        place, value = (mixed >> 40) % bins, mixed & 0xFFFFFFFF
        if value < minima.get(place, 1 << 32):
            minima[place] = value
    filled: list[int] = []
    for place in range(bins):
        distance = next(step for step in range(bins) if (place + step) % bins in minima)
        filled.append(minima[(place + distance) % bins] + (distance << 32))
    return filled


def _bands(kind: bytes, minima: Sequence[int]) -> list[int]:
    bands = []
    for start in range(0, len(minima), ROWS):
        data = struct.pack(f"<B{ROWS}Q", start, *minima[start : start + ROWS])
        digest = hashlib.blake2b(kind + data, digest_size=8).digest()
        bands.append(int.from_bytes(digest, "little", signed=True))
    return bands
