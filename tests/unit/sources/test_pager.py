"""Which address is the next page of an article, and which is merely called so."""

import pytest

from publisher.sources.extract import Extracted
from publisher.sources.pages import page
from publisher.sources.pages.pager import follows, pager
from publisher.sources.parts import LONGEST, is_repeated, joined, next_page


@pytest.mark.parametrize(
    ("first", "url", "number"),
    [
        ("https://a.example/news/940.html", "https://a.example/news/940_2.html", 2),
        ("https://a.example/news/940.html", "https://a.example/news/940_3.html", 3),
        ("https://a.example/news/940.html", "https://a.example/news/940-2.html", 2),
        ("https://a.example/news/940_1.html", "https://a.example/news/940_2.html", 2),
        ("https://a.example/news/940_0.html", "https://a.example/news/940_1.html", 2),
        ("https://a.example/news/index.html", "https://a.example/news/index_1.html", 2),
        ("https://a.example/how-it-went/", "https://a.example/how-it-went/2/", 2),
        ("https://a.example/how-it-went", "https://a.example/how-it-went/2", 2),
        ("https://a.example/how-it-went/", "https://a.example/how-it-went/page/3/", 3),
        ("https://a.example/a?id=7", "https://a.example/a?id=7&page=2", 2),
        ("https://a.example/a?id=7&page=1", "https://a.example/a?id=7&page=2", 2),
        ("https://a.example/a", "https://A.example/a?p=2", 2),
    ],
)
def test_the_next_number_of_the_same_address_is_the_next_page(first, url, number):
    assert follows(first, url, number)


@pytest.mark.parametrize(
    ("first", "url", "number"),
    [
        ("https://a.example/news/940.html", "https://a.example/news/941.html", 2),
        ("https://a.example/news/940.html", "https://b.example/news/940_2.html", 2),
        ("https://a.example/news/940.html", "https://a.example/news/940_3.html", 2),
        ("https://a.example/news/940.html", "https://a.example/news/941_2.html", 2),
        ("https://a.example/news/1", "https://a.example/news/2", 2),
        ("https://a.example/hello-world/", "https://a.example/hello-world-2/", 2),
        ("https://a.example/a?id=7", "https://a.example/a?id=8&page=2", 2),
        ("https://a.example/a?page=2", "https://a.example/a?page=2", 2),
        ("https://a.example/a?id=1", "https://a.example/a?id=2", 2),
        ("https://a.example/2026/11/20", "https://a.example/2026/11/21", 2),
        ("https://a.example/story_5.html", "https://a.example/story_6.html", 2),
    ],
)
def test_another_article_is_none(first, url, number):
    assert not follows(first, url, number)


def test_a_page_names_its_further_pages_by_relation_word_and_number():
    markup = (
        '<html><head><link rel="next" href="/a_2.html"></head><body><a href="/b">Home</a>'
        '<a href="/a_3.html">3</a><a href="/a_4.html">下一页</a><a href="https://b.example/a_2.html">Next</a></body></html>'
    )
    found = page.parse(markup.encode(), "https://a.example/a.html")
    assert pager(found) == tuple(f"https://a.example/a_{number}.html" for number in (2, 4, 3))


def part(number, text="", pager=(), image=None):
    image_html = f'<p><img src="{image}"></p>' if image else ""
    url = "https://a.example/a.html" if number == 1 else f"https://a.example/a_{number}.html"
    html = "".join(f"<p>{line}</p>" for line in text.splitlines()) + image_html
    return Extracted(url=url, text=text, html=html, pager=pager, images=(image,) if image else ())


ALL = tuple(f"https://a.example/a_{number}.html" for number in range(2, 30))


def test_the_first_page_may_name_all_or_each_the_next():
    assert next_page([part(1, pager=ALL)]) == ALL[0]
    assert next_page([part(1, pager=ALL), part(2)]) == ALL[1]
    assert next_page([part(1), part(2, pager=ALL)]) == ALL[1]
    assert next_page([part(1, pager=ALL[1:])]) is None
    assert next_page([Extracted(pager=ALL)]) is None


def test_an_article_has_no_more_than_so_many_pages():
    assert next_page([part(number, pager=ALL) for number in range(1, LONGEST + 1)]) is None


def test_a_page_that_says_the_same_again_is_no_further_one():
    first = part(1, "The first line, which is long.\nThe second.")
    assert is_repeated([first], part(2, "The first line, which is long.\nnew"))
    assert is_repeated([first], part(2, ""))
    assert not is_repeated([first], part(2, "The second.\nA third line, which is quite new."))
    assert not is_repeated([first], part(2, "", image="https://a.example/2.jpg"))


def test_joined_pages_are_one_article():
    whole = joined([part(1, "One.", image="https://a.example/1.jpg"), part(2, "Two.", image="https://a.example/2.jpg")])
    assert whole.text == "One.\n\nTwo."
    assert whole.images == ("https://a.example/1.jpg", "https://a.example/2.jpg")
    assert whole.url == "https://a.example/a.html"
    assert whole.evidence["body"].endswith("2 pages")
