"""English by-lines as content management systems write them."""

import pytest

from publisher.sources.extract import extract
from publisher.sources.pages.bylines import is_head_line, read
from publisher.sources.pages.names import names
from publisher.sources.pages.signed import signers


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("By Ana Ruiz on November 12, 2026", ("Ana Ruiz",)),
        ("Posted by Ana Ruiz on 12 Nov 2026", ("Ana Ruiz",)),
        ("By Ana Ruiz, 12 Nov 2026 10:20", ("Ana Ruiz",)),
        ("By Ana Ruiz | Updated November 12, 2026", ("Ana Ruiz",)),
        ("By Ana Ruiz and Tom O\u2019Neil | November 12, 2026 at 6:05 p.m. EST", ("Ana Ruiz", "Tom O\u2019Neil")),
        ("By ANA RUIZ, staff reporter", ("ANA RUIZ",)),
        ("Written by: Ana Ruiz", ("Ana Ruiz",)),
        ("Words by Ana Ruiz, photographs by Tom Lee", ("Ana Ruiz",)),
        ("Story by Ana Ruiz & Tom Lee", ("Ana Ruiz", "Tom Lee")),
        ("Story and photos by Ana Ruiz", ("Ana Ruiz",)),
        ("Author: Ana Ruiz", ("Ana Ruiz",)),
        ("Authors: Ana Ruiz, Tom Lee", ("Ana Ruiz", "Tom Lee")),
        ("by Ana Ruiz", ("Ana Ruiz",)),
        ("BY ANA RUIZ AND TOM O'NEIL", ("ANA RUIZ", "TOM O'NEIL")),
        ("By Ana Ruiz for The Post", ("Ana Ruiz",)),
        ("By Ana Ruiz in Lisbon", ("Ana Ruiz",)),
        ("By Ana Ruiz in Lisbon and Tom Lee in Porto", ("Ana Ruiz", "Tom Lee")),
        ("By Ana Ruiz in New York, Tom Lee in Porto and J. Penhale in Faro", ("Ana Ruiz", "Tom Lee", "J. Penhale")),
        ("By Ana Ruiz in Lisbon and Porto", ("Ana Ruiz",)),
        ("By Ana Ruiz, Tom Lee and Idris Penhale", ("Ana Ruiz", "Tom Lee", "Idris Penhale")),
        ("By Ana Ruiz, Tom Lee, and Idris Penhale", ("Ana Ruiz", "Tom Lee", "Idris Penhale")),
        ("By Ana Ruiz with Tom Lee", ("Ana Ruiz", "Tom Lee")),
        ("By A. B. Ruiz", ("A. B. Ruiz",)),
        ("By J.R.R. Penhale", ("J.R.R. Penhale",)),
        ("By Ana M. Ruiz-Ortega · 12 May 2026", ("Ana M. Ruiz-Ortega",)),
        ("By Siobhan O'Dwyer — November 12, 2026", ("Siobhan O'Dwyer",)),
        ("By Jan van der Berg", ("Jan van der Berg",)),
        ("By Maria de la Cruz, Science Correspondent", ("Maria de la Cruz",)),
        ("By Omar al-Rashid, Middle East editor", ("Omar al-Rashid",)),
        ("By Ludwig von Stein | 3 min read", ("Ludwig von Stein",)),
        ("By Staff", ()),
        ("By Staff Reporter", ()),
        ("By Guest contributor", ()),
        ("Posted by Guest contributor on May 3, 2026", ()),
        ("By night the harbour sleeps", ()),
        ("By The Associated Press", ("The Associated Press",)),
        ("By Ana Ruiz, The Associated Press", ("Ana Ruiz",)),
        ("By Ana Ruiz of The Harbour Post", ("Ana Ruiz",)),
        ("By  Ana Ruiz  and  Tom Lee  November 12, 2026", ("Ana Ruiz", "Tom Lee")),
        ("By  Ana Ruiz  ,  Tom Lee  Updated 3 hours ago", ("Ana Ruiz", "Tom Lee")),
        ("Posted on November 12, 2026 by Ana Ruiz", ("Ana Ruiz",)),
        ("November 12, 2026  |  By Ana Ruiz", ("Ana Ruiz",)),
        ("12 Nov 2026 10:20 by Ana Ruiz", ("Ana Ruiz",)),
        ("Posted by harbourcat at 10:20", ("harbourcat",)),
        ("By April Jones May 3, 2026", ("April Jones",)),
        ("By May Penhale, Thursday 12 November 2026", ("May Penhale",)),
        ("By Martin Luther Ruiz Jr.", ("Martin Luther Ruiz Jr.",)),
        ("By Martin Ruiz, Jr., and Tom Lee", ("Martin Ruiz Jr.", "Tom Lee")),
        ("By Dr. Ana Ruiz, PhD", ("Dr. Ana Ruiz",)),
        ("By Ana Ruiz, Ph.D., Professor of History", ("Ana Ruiz",)),
        ("By Ana Ruiz ana@post.example", ("Ana Ruiz",)),
        ("By Ana Ruiz (@anaruiz)", ("Ana Ruiz",)),
        ("By Ana Ruiz/The Harbour Post", ("Ana Ruiz",)),
        ("By Ana Ruiz, BBC News, Lisbon", ("Ana Ruiz",)),
        ("By Ana Ruiz Published 2 hours ago", ("Ana Ruiz",)),
        ("By Ana Ruiz 3 hours ago", ("Ana Ruiz",)),
        ("By Ana Ruiz - Nov 12, 2026", ("Ana Ruiz",)),
        ("By Zoë Ångström", ("Zoë Ångström",)),
        ("By Ana Ruiz. Photographs by Tom Lee", ("Ana Ruiz",)),
        ("Stand by Ana Ruiz", ()),
        ("A report by the council", ()),
        ("By 2030 The City Will Grow", ()),
        ("By The Numbers", ()),
        ("By Ana Ruiz Senior Reporter", ("Ana Ruiz",)),
        ("By Ana Ruiz, Lisbon", ("Ana Ruiz",)),
        ("By McKenzie DeVito", ("McKenzie DeVito",)),
        ("By Ana Ruiz, 12 May 2026, " + "and more " * 20, ()),
        ("Posted by 4711 at 10:20", ()),
        ("Posted by admin on 3 May 2026", ()),
        ("By " + ", ".join(["Ana Ruiz"] * 3), ("Ana Ruiz",)),
    ],
)
def test_who_signed(line: str, people: tuple[str, ...]) -> None:
    assert signers(line) == people
    assert read([line]).authors == people


@pytest.mark.parametrize("line", ["By 林小满", "by  林小满  2026-05-03"])
def test_an_english_label_before_a_chinese_name(line: str) -> None:
    assert read([line]).authors == ("林小满",)


def test_a_title_in_a_list_of_authors_is_no_author() -> None:
    assert names("Ana Ruiz, staff reporter, Bo Chen") == ("Ana Ruiz", "Bo Chen")


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Words by Ana Ruiz and Tom Lee", True),
        ("Author: Ana Ruiz", True),
        ("By Ana Ruiz in Lisbon, November 12, 2026 at 6:05 p.m.", True),
        ("Published: Thursday 12th November 2026, 18:05 GMT. Updated: 13 November 2026 09:00 GMT", True),
        ("Words by the harbour were few and far between", False),
        ("Story by story the tower rises", False),
        ("On 12 November 2026 the harbour opened a new bridge for ships and people alike", False),
    ],
)
def test_what_is_a_by_line_above_the_text(line: str, is_one: bool) -> None:
    assert is_head_line(line) is is_one


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        ('<div class="by">By Ana Ruiz, 12 Nov 2026 10:20</div>', ("Ana Ruiz",)),
        ('<div class="meta">By Ana Ruiz | Updated November 12, 2026</div>', ("Ana Ruiz",)),
        ('<p>Words by <a href="/a">Ana Ruiz</a> and <a href="/b">Tom Lee</a></p>', ("Ana Ruiz", "Tom Lee")),
        ('<p class="byline">By ANA RUIZ, staff reporter</p>', ("ANA RUIZ",)),
    ],
)
def test_a_by_line_on_a_page(head: str, authors: tuple[str, ...]) -> None:
    text = "The harbour opened its new bridge on Thursday, and hundreds came to see the ships pass below it. "
    article = f"<h1>A bridge opens</h1>{head}<p>{text * 3}</p><p>{text * 4}</p>"
    found = extract(f"<title>A bridge opens</title><article>{article}</article>".encode())
    assert found.authors == authors
    assert found.text.startswith("The harbour opened")
