"""The page with older articles is found by what links say, and by numbers."""

import pytest

from publisher.sources.lists.paging import next_page
from publisher.sources.pages import page


@pytest.mark.parametrize(
    ("here", "markup", "expected"),
    [
        ("/news/", "<link rel=next href='/news/page/2/'>", "/news/page/2/"),
        ("/news/", "<a rel='nofollow next' href='?page=2'>more</a>", "/news/?page=2"),
        ("/list.html", "<a href='/about'>关于</a><a href='list_2.html'>下一页</a>", "/list_2.html"),
        ("/list.html", "<a href='list_2.html'>[下页 »]</a>", "/list_2.html"),
        ("/", "<a href='/page/2'>« Older posts</a>", "/page/2"),
        ("/", "<a href='/page/2'>»</a>", "/page/2"),
        ("/", "<b>1</b> <a href='/?page=2'>2</a> <a href='/?page=3'>3</a>", "/?page=2"),
        ("/?page=2", "<a href='/?page=1'>1</a> <a href='/?page=3'>3</a>", "/?page=3"),
        ("/news/page/4/", "<a href='/news/page/3/'>3</a> <a href='/news/page/5/'>5</a>", "/news/page/5/"),
        ("/list_2.html", "<a href='list_3.html'>3</a>", "/list_3.html"),
        ("/", "<a href='/a/next-generation-of-boats'>Next generation of boats</a>", None),
        ("/", "<a href='/top/2'>2</a>", None),
        ("/news/", "<a href='/sports/?page=2'>2</a>", None),
        ("/", "<a rel=next href='https://other.example/page/2'>next</a>", None),
        ("/", "<a rel=next href='#more'>next</a><a href='javascript:more()'>下一页</a>", None),
    ],
)
def test_the_next_page(here: str, markup: str, expected: str | None) -> None:
    found = next_page(page.parse(f"<body>{markup}</body>".encode(), f"https://post.example{here}"))
    assert found == (expected and f"https://post.example{expected}")


def test_a_page_without_an_address_has_none() -> None:
    assert next_page(page.parse(b"<a rel=next href='https://post.example/2'>next</a>")) is None
