"""The real pages of the corpus against what we read on them with our own eyes, in tests/data/truth/zh-pages.json.

A title or a source is right when it is one of the accepted forms, authors when an accepted name is among them (or
none are given where none are shown), a date when its day, and where shown its hour and minute, are the page's.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publisher.sources.extract import Extracted, extract

TRUTH = json.loads((Path(__file__).parents[1] / "data" / "truth" / "zh-pages.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REACHED = {"title": 0.97, "authors": 0.95, "source": 0.95, "day": 0.97, "time": 0.97}
"""The share of pages that must stay right."""


def squeezed(text: str | None) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or "")).casefold()


def judged(truth: Mapping[str, Any], article: Extracted) -> dict[str, bool]:
    """Which fields of a page are right."""
    found = {"title": squeezed(article.title) in map(squeezed, truth["title"])}
    for key, given in (("authors", " ".join(article.authors)), ("source", article.source or "")):
        if key in truth:
            said = squeezed(given)
            found[key] = any(squeezed(name) in said for name in truth[key]) if truth[key] else not said
    if "published" in truth:
        shown = str(article.as_dict()["published"])
        found["day"] = shown[:10] == truth["published"][:10]
        if "T" in truth["published"]:
            found["time"] = shown[:16] == truth["published"][:16]
    return found


def test_the_chinese_pages_say_what_we_read_on_them(corpus: Path) -> None:
    right: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for page, truth in TRUTH.items():
        article = extract((corpus / "pages" / "zh" / f"{page}.html").read_bytes(), now=NOW)
        for key, hit in judged(truth, article).items():
            right[key].append(hit)
            if not hit:
                wrong.append(f"{page}: {key} {article.evidence.get(key)}")
            if key == "day" and not hit:
                assert "; sure" not in article.evidence.get("published", ""), f"{page}: wrong, and sure of it"
    shares = {key: sum(hits) / len(hits) for key, hits in right.items()}
    assert all(shares[key] >= least for key, least in REACHED.items()), (shares, wrong)


@pytest.mark.parametrize("page", ["breitbart", "gitlab-blog", "iab-1", "keep-images", "lazy-image-2", "medium-3"])
def test_the_english_pages_keep_their_dates(corpus: Path, page: str) -> None:
    folder = corpus / "pages" / "en" / page
    expected = json.loads((folder / "expected-metadata.json").read_text(encoding="utf-8"))["publishedTime"]
    given = extract((folder / "source.html").read_bytes(), now=NOW).published
    wanted = datetime.fromisoformat(expected)
    assert given is not None
    assert abs((given - (wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC))).total_seconds()) < 60
