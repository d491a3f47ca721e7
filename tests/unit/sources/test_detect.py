"""The list of articles is found on pages that are built differently, and its rule gives it again.

`tests/data/lists` holds the pages, in English and Chinese, and in `truth.json` what a reader sees on each.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.source import SourceKind
from publisher.sources import listing
from publisher.sources.dates import Context
from publisher.sources.lists.listed import read
from publisher.sources.pages import page
from tests.unit.sources.site import NOW, source

LISTS = Path(__file__).parents[2] / "data" / "lists"
TRUTH = json.loads((LISTS / "truth.json").read_text(encoding="utf-8"))

KNOWN_FAULTS = {
    # The first article stands alone above the list, in other elements than the rest.
    "zh_headline": (10, 10),
    # A paragraph of links before the first day is built as the articles are.
    "en_flat_days": (10, 11),
}
"""How many right lines are found, and how many in all, where not just the right ones are."""


def when(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def detect(name: str) -> list[listing.Candidate]:
    return listing.detect((LISTS / f"{name}.html").read_bytes(), TRUTH[name]["url"], now=NOW)


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_titles_addresses_and_dates_of_the_best_list_are_those_that_a_reader_sees(name: str) -> None:
    expected = {(title, url, when(date)) for title, url, date in TRUTH[name]["items"]}
    best = detect(name)[0]
    found = {(item.title, item.url, item.published) for item in best.items}
    right, all_found = KNOWN_FAULTS.get(name, (len(expected), len(expected)))
    assert (len(expected & found), len(found)) == (right, all_found), expected ^ found


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_the_rule_applied_by_the_listing_reader_gives_the_same_lines(name: str) -> None:
    found = page.parse((LISTS / f"{name}.html").read_bytes(), TRUTH[name]["url"])
    for candidate in detect(name):
        lines = [line for line in read(found, candidate.selectors, Context(NOW)).found if line.title]
        assert tuple(lines) == candidate.items


def test_whole_pages_are_found_with_at_least_twelve_constructions_in_both_languages() -> None:
    names = set(TRUTH) - set(KNOWN_FAULTS)
    assert len([name for name in names if name.startswith("zh")]) >= 6
    assert len([name for name in names if name.startswith("en")]) >= 6


TEXT = "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough. " * 4
RELATED = "<ul>" + "".join(f"<li><a href='/2026/story-{n}.html'>Another story of number {n}</a></li>" for n in range(9))


@pytest.mark.parametrize(
    "markup",
    [
        f"<title>The dredger left the harbour at six - Post</title><h1>The dredger left the harbour at six</h1>"
        f"<p>{TEXT}</p><div class=more>{RELATED}</ul></div>",
        f"<meta property=og:type content=article><p>{TEXT}</p>{RELATED}</ul>",
        f"<title>News</title><div><p>{TEXT}</p><p>{TEXT}</p></div>{RELATED}</ul>",
        "<title>Quay</title>"
        + "".join(f"<p>{TEXT[:90]} <a href='/x-{n}-y-z'>as we wrote here once</a> {TEXT}</p>" for n in range(5)),
        "<title>Empty</title><p>Nothing</p>",
        "<nav><ul>" + "".join(f"<li><a href='/{n}/'>Sec {n}</a></li>" for n in "abcdef") + "</ul></nav>",
        "",
    ],
)  # fmt: skip
def test_an_article_a_menu_and_nothing_give_no_list(markup: str) -> None:
    assert listing.detect(markup.encode(), "https://post.example/2026/dredger.html", now=NOW) == []


def test_without_an_address_links_stay_as_the_page_writes_them() -> None:
    (best,) = listing.detect(f"<title>x</title>{RELATED}</ul>".encode())
    assert best.items[0].url == "/2026/story-0.html"


def test_a_list_that_json_ld_names_is_the_best() -> None:
    two = "".join(
        f"<div class={name}>"
        + "".join(f"<p><a href='/{name}/{n}000'>A title of some length {name} {n}</a></p>" for n in range(6))
        + "</div>"
        for name in ("one", "two")
    )
    named = [{"@type": "ListItem", "url": f"https://post.example/two/{n}000"} for n in range(6)]
    data = json.dumps({"@type": "CollectionPage", "mainEntity": {"@type": "ItemList", "itemListElement": named}})
    markup = f"<body><section>{two}</section><script type='application/ld+json'>{data}</script></body>"
    best = listing.detect(markup.encode(), "https://post.example/")[0]
    assert {item.url.split("/")[3] for item in best.items} == {"two"}


LINE = "<li><a href='/a/{0}'>A story about thing {0}</a> <i>2026-11-0{1}</i></li>"
BOX = f"<div class=box><ul>{LINE * 200}</ul></div>"


@pytest.mark.parametrize(
    "markup",
    [
        "<ul>" + "".join(LINE.format(n, n % 9 + 1) for n in range(50_000)),
        "".join(f"<a href='/a/{n}'>A story about thing {n}</a>" for n in range(20_000)),
        "<div>" * 100_000 + "<a href=/a/1234>A title of some width here</a>",
        "".join(BOX.format(n, n % 9 + 1) for n in range(100)),
    ],
    ids=["list", "flat", "nested", "boxes"],
)
def test_time_is_bounded_on_pages_that_are_made_to_take_it(markup: str) -> None:
    began = time.process_time()
    listing.detect(markup.encode(), "https://post.example/", now=NOW)
    assert time.process_time() - began < 60


BROKEN = (
    *("<", ">", '"', "</ul>", "<table>", "</div>", '<a href="//[x">', "\0"),
    *('<a href="http://h:99999/2026">', "<p class='a\"b:[]'>", "<x:y<z>"),
)


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(TRUTH)),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(BROKEN), st.integers(0, 40)), min_size=1, max_size=30),
    st.sampled_from([None, "https://post.example/l", "nonsense", "http://[::1"]),
)
def test_broken_markup_never_raises(name: str, breaks: list[tuple[float, str, int]], url: str | None) -> None:
    markup = (LISTS / f"{name}.html").read_text(encoding="utf-8")
    for place, text, cut in breaks:
        at = int(place * len(markup))
        markup = markup[:at] + text + markup[at + cut :]
    listing.detect(markup.encode(), url, now=NOW)


@pytest.mark.parametrize("folder", ["lists/zh", "pages/zh", "pages/en"])
def test_real_lists_are_found_and_real_articles_are_none(corpus: Path, folder: str) -> None:
    files = [*corpus.glob(f"{folder}/*.html"), *corpus.glob(f"{folder}/*/source.html")]
    assert files
    with_list = {
        file.parent.name if file.name == "source.html" else file.stem
        for file in files
        if listing.detect(file.read_bytes(), "https://www.site.example/", now=NOW)
    }
    # The section page of a newspaper stands among the English articles.
    assert with_list == ({file.stem for file in files} if folder == "lists/zh" else with_list & {"nytimes-5"})


def test_a_detected_rule_makes_a_source(site, desk) -> None:  # type: ignore[no-untyped-def]
    name = "zh_days"
    site.html("/roll/", (LISTS / f"{name}.html").read_text(encoding="utf-8"))
    selectors = detect(name)[0].selectors
    reading = desk.read(source(SourceKind.LISTING, f"{site.url}/roll/", selectors=selectors))
    assert reading.listed == tuple(url for _, url, _ in TRUTH[name]["items"])
