"""Article pages behind a source: those over several pages are read as one, within the budget."""

import pytest

from publisher.domain.source import SourceKind
from publisher.sources.articles import Pages, ReadPage
from tests.unit.sources.site import NOW, Answer, source

SENTENCES = (
    "On day {n} the dredger left the harbour at six in the morning, and by noon it was deep enough for the ferry.",
    "Nobody had expected that on day {n}, and the harbour master bought the whole crew of the boat their lunch.",
    "What remained on day {n} was a bank of sand on the eastern side, which the herons found and kept for good.",
)


def text(n):
    return "".join(f"<p>{sentence.format(n=n)}</p>" for sentence in SENTENCES)


def markup(n, pager=""):
    return (
        f"<html lang=en><head><title>The harbour mouth reopens</title></head><body><nav><a href=/>Home</a></nav>"
        f"<article>"
        f"<h1>The harbour mouth reopens</h1>{text(n)}<div class=pager>{pager}</div></article></body></html>"
    )


def anchor(href, says="Next page"):
    return f'<a href="{href}">{says}</a>'


@pytest.fixture
def pages(site, desk):
    return Pages(source(SourceKind.LISTING, f"{site.url}/"), desk.fetcher, NOW)


def days(outcome):
    assert isinstance(outcome, ReadPage)
    return [n for n in range(1, 20) if f"On day {n} " in outcome.article.text]


def test_the_pages_of_an_article_are_joined(site, pages):
    site.html("/a.html", markup(1, anchor("/a_2.html", "下一页")))
    site.html("/a_2.html", markup(2, anchor("/a_3.html", "下一页") + anchor("/a.html", "上一页")))
    site.html("/a_3.html", markup(3, anchor("/a_2.html", "上一页")))
    outcome = pages.read(f"{site.url}/a.html")
    assert days(outcome) == [1, 2, 3]
    assert outcome.article.title == "The harbour mouth reopens"
    assert outcome.article.text.count("harbour mouth reopens") == 0
    assert "上一页" not in outcome.article.text
    assert site.paths() == ["/a.html", "/a_2.html", "/a_3.html"]
    assert (pages.left, pages.problems) == (47, [])


def test_the_next_article_is_another_one(site, pages):
    site.html("/41", markup(1, anchor("/42") + '<a rel="next" href="/43">A storm</a>'))
    assert days(pages.read(f"{site.url}/41")) == [1]
    assert site.paths() == ["/41"]


def test_a_pager_of_comments_adds_nothing(site, pages):
    site.html("/a", markup(1, anchor("/a?page=2", "2")))
    site.html("/a?page=2", markup(1, anchor("/a?page=3", "3")))
    assert days(pages.read(f"{site.url}/a")) == [1]
    assert site.paths() == ["/a", "/a?page=2"]


def test_a_page_that_cant_be_read_ends_the_article_and_is_told(site, pages):
    site.html("/a", markup(1, anchor("/a/2")))
    site.html("/a/2", markup(2, anchor("/a/3")))
    site.pages["/a/3"] = Answer(b"", 404)
    assert days(pages.read(f"{site.url}/a")) == [1, 2]
    (problem,) = pages.problems
    assert problem.startswith(f"{site.url}/a/3: ")
    assert problem.endswith(f"so {site.url}/a ends at page 2")
    assert not pages.unfinished


@pytest.mark.parametrize(
    ("answer", "unfinished"),
    [
        (Answer(b"", 503), True),
        (Answer(b"", 410), False),
        (Answer(b"%PDF", headers={"Content-Type": "application/pdf"}), False),
    ],
)
def test_what_may_pass_is_tried_again_at_the_next_look(site, pages, answer, unfinished):
    site.html("/a", markup(1, anchor("/a/2")))
    site.pages["/a/2"] = answer
    assert days(pages.read(f"{site.url}/a")) == [1]
    assert pages.unfinished is unfinished
    assert len(pages.problems) == 1


def test_an_article_that_the_budget_would_cut_waits_whole(site, pages):
    for name in "ab":
        site.html(f"/{name}", markup(1, anchor(f"/{name}/2")))
        site.html(f"/{name}/2", markup(2, anchor(f"/{name}/3")))
        site.html(f"/{name}/3", markup(3))
    pages.left = 4
    assert days(pages.read(f"{site.url}/a")) == [1, 2, 3]
    assert pages.read(f"{site.url}/b") is None
    assert pages.unfinished


def test_the_first_article_of_a_look_is_cut_rather_than_never_read(site, pages):
    site.html("/a", markup(1, anchor("/a/2")))
    pages.left = 1
    assert days(pages.read(f"{site.url}/a")) == [1]
    assert pages.unfinished


def test_no_article_has_endless_pages(site, pages):
    site.html("/a", markup(1, anchor("/a/2")))
    for n in range(2, 20):
        site.html(f"/a/{n}", markup(n, anchor(f"/a/{n + 1}")))
    assert days(pages.read(f"{site.url}/a")) == list(range(1, 11))
