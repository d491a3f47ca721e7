"""CSS selectors are applied right, and fast whatever the page."""

import time

import pytest
from lxml import html
from lxml.cssselect import CSSSelector

from publisher.sources.text.selecting import BadSelector, select

PAGE = html.document_fromstring(
    "<body><main id=m class='a b'><h2>One</h2><ul class=x><li class='i first'><a href=/1>1</a><p><b>x</b></p></li>"
    "<li class=i><div><a href=/2 class=t>2</a></div></li></ul><dl><dt><a href=/3>3</a></dt><dd>three</dd><dt>4</dt>"
    "<dd class=x>four</dd><dd>five</dd></dl></main><div class=a><ul><li class=i><a href=/5>5</a></li></ul></div></body>"
)


@pytest.mark.parametrize(
    "css",
    [
        *("li", "li.i", "#m li", "#m > ul > li.i a", "main.a ul.x li > a", ".a li", "div.a > ul > li a", "dt + dd"),
        *("dt ~ dd", "main dt + dd.x", "h2 + ul li:not(.first) a", "li:nth-of-type(2) a", "ul:has(p) > li", ".x, .t"),
        *("dl > dt + dd, li a", "h2 ~ dl dd", "body > main li a:first-child", "a[href='/5']", "* > b", "li div a.t"),
    ],
)
def test_a_selector_matches_what_the_standard_translation_matches(css: str) -> None:
    assert select(PAGE, {"item": css}, "item") == CSSSelector(css, translator="html")(PAGE)


def test_inside_an_item_all_of_the_selector_must_be_inside_or_beside() -> None:
    item = PAGE.find(".//li")
    assert select(item, {"": "ul a"}, "") == []
    assert [found.text for found in select(item, {"": "li.i a"}, "")] == ["1"]
    assert [found.text for found in select(PAGE.find(".//dt"), {"": "dt + dd"}, "")] == ["three"]


def test_what_is_no_selector_is_told_with_its_key() -> None:
    with pytest.raises(BadSelector, match=r"selector item = 'li\[' is not valid CSS"):
        select(PAGE, {"item": "li["}, "item")


def test_many_matches_in_many_boxes_take_no_time_by_their_square() -> None:
    box = f"<div class=box><ul>{'<li><a href=/1>One</a></li>' * 200}</ul></div>"
    small, large = (html.document_fromstring(f"<body>{box * n}</body>") for n in (10, 100))

    def took(page: html.HtmlElement) -> float:
        began = time.process_time()
        assert len(select(page, {"item": "div.box li a"}, "item")) in (2000, 20000)
        return time.process_time() - began

    # The best of some, since another process may have had the caches in between. The square would be a hundredfold.
    assert min(took(large) for _ in range(5)) < 60 * max(min(took(small) for _ in range(5)), 0.005)
