"""Pages that stand in an article's place are neither stored nor take the place of what is stored."""

import pytest

from publisher.domain.source import SourceKind
from tests.unit.sources.site import Answer, source

TEXT = "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough. " * 6
STORY = f"<html><head><title>Dredger</title></head><body><article><h1>Dredger</h1><p>{TEXT}</p></article></body></html>"


def page(title, text):
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )


def listing(site, *paths):
    lines = "".join(f"<li class=i><a href='{path}'>Dredger {path}</a></li>" for path in paths)
    site.html("/list", f"<html><body><ul>{lines}</ul></body></html>")
    return source(SourceKind.LISTING, f"{site.url}/list", selectors={"item": "li.i"})


CASES = {
    "a soft 404": (page("Page not found", "Sorry, the page you are looking for is not here."), "no such article"),
    "一个不存在的页面": (page("页面不存在", "抱歉，您访问的页面不存在。"), "no such article"),
    "a consent wall": (
        page("We value your privacy", "We and our partners use cookies. Accept all cookies?"),
        "consent",
    ),
    "a captcha": (page("访问验证", "您的访问过于频繁，请输入验证码后继续。"), "whether a person"),
    "a paywall": (page("Dredger", "Subscribe to continue reading."), "subscribe or to log in"),
    "an empty page": ("<html><body></body></html>", "no article was found"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_not_read_as_an_article(site, desk, case):
    markup, reason = CASES[case]
    blog = listing(site, "/a")
    site.html("/a", markup)
    reading = desk.read(blog)
    assert reading.entries == ()
    assert reason in reading.problems[0]
    assert reading.missing == {}


def test_a_redirect_to_the_front_page_is_none(site, desk):
    site.html("/", STORY)
    site.pages["/a"] = Answer(status=302, headers={"Location": "/"})
    reading = desk.read(listing(site, "/a"))
    assert reading.entries == ()
    assert "it leads to the front page" in reading.problems[0]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(status=404), 404),
        (Answer(status=410), 410),
        (Answer(page("Page not found", "Sorry.").encode(), headers={"Content-Type": "text/html"}), 404),
        (Answer(page("Just a moment...", "").encode(), headers={"Content-Type": "text/html"}), None),
        (Answer(status=503), None),
    ],
)
def test_a_known_article_whose_page_is_away_is_missed(site, desk, answer, status):
    blog = listing(site, "/a")
    site.html("/a", STORY)
    key = desk.read(blog).entries[0].key
    site.pages["/a"] = answer
    # The line says something else, so the page is asked for.
    site.html("/list", "<html><body><ul><li class=i><a href='/a'>The dredger</a></li></ul></body></html>")
    reading = desk.read(blog)
    assert reading.entries == ()
    assert reading.missing == ({key: status} if status else {})
