"""A listing is read without selectors, finds its list again after a redesign, and goes on over its older pages."""

import pytest

from publisher.domain.listing import OLDER_PAGES, accepted
from publisher.domain.source import SourceKind
from publisher.errors import SourceError
from publisher.sources.lists.healing import HEALED, LOST
from tests.unit.sources.site import source

TEXT = "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough. " * 3


def title(n):
    return f"The council hears of plan number {n}"


def put_articles(site, numbers):
    for n in numbers:
        site.html(
            f"/news/2026/story-{n}.html", f"<title>{title(n)}</title><h1>{title(n)}</h1><p>{TEXT}</p><p>{TEXT}</p>"
        )


def as_list(numbers, after=""):
    lines = "".join(
        f'<li><a href="/news/2026/story-{n}.html">{title(n)}</a> <i>2026-11-{n % 20 + 1:02d}</i></li>' for n in numbers
    )
    return f"<title>News</title><nav><a href=/about>About us</a></nav><ul class=news>{lines}</ul>{after}"


def as_cards(numbers):
    cards = "".join(
        f'<div class=card><h3><a href="/news/2026/story-{n}.html">{title(n)}</a></h3>'
        f"<time>2026-11-{n % 20 + 1:02d}</time></div>"
        for n in numbers
    )
    return f"<title>News</title><nav><a href=/about>About us</a></nav><main>{cards}</main>"


def unread(site, **selectors):
    return source(SourceKind.LISTING, f"{site.url}/", selectors=selectors)


def listed(reading):
    return [url.rpartition("-")[2].removesuffix(".html") for url in reading.listed]


@pytest.fixture
def news(site):
    put_articles(site, range(1, 13))
    site.html("/", as_list(range(8, 0, -1)))
    return unread(site)


def test_a_listing_without_selectors_is_found_at_the_first_look_and_its_rule_kept(site, desk, news):
    reading = desk.read(news)
    assert listed(reading) == [str(n) for n in range(8, 0, -1)]
    assert len(reading.entries) == 8
    assert desk.listing.rule["item"] == "ul.news > li"
    assert (desk.listing.usual, desk.listing.known) == (8, 8)
    assert desk.told == {}


def test_after_a_redesign_the_list_is_found_again_by_the_known_articles_and_the_operator_is_told(site, desk, news):
    desk.read(news)
    site.html("/", as_cards(range(10, 2, -1)))
    reading = desk.read(news)
    assert listed(reading) == [str(n) for n in range(10, 2, -1)]
    assert [entry.content.title for entry in reading.entries] == [title(10), title(9)]
    assert desk.listing.rule["item"] == "div.card"
    assert "6 known articles of 8" in desk.told[HEALED]
    assert 'item = "div.card"' in desk.told[HEALED]
    desk.read(news)
    assert HEALED in desk.told, "it stays until the operator has seen it"


def test_a_list_without_known_articles_is_proposed_and_not_taken(site, desk, news):
    desk.read(news)
    put_articles(site, range(30, 40))
    site.html("/", as_cards(range(30, 40)))
    with pytest.raises(SourceError, match=r"selector item = 'ul.news > li' matches nothing on it"):
        desk.read(news)
    assert "8 are usual; a list of 10 was found: `publisher source heal news`" in desk.told[LOST]
    assert desk.listing.rule["item"] == "ul.news > li"
    assert desk.listing.proposal["item"] == "div.card"
    desk.listing = accepted(desk.listing)
    assert len(desk.read(news).listed) == 10
    assert desk.told == {}


def test_under_half_the_usual_is_a_lost_list_too(site, desk, news):
    desk.read(news)
    stray = as_list([8, 7]).partition("<ul")[2]
    site.html("/", as_cards(range(8, 0, -1)) + "<ul" + stray)
    assert len(desk.read(news).listed) == 8
    assert desk.listing.rule["item"] == "div.card"


def test_a_list_that_only_got_shorter_is_no_lost_list(site, desk, news):
    desk.read(news)
    site.html("/", as_list([8, 7, 6]))
    assert listed(desk.read(news)) == ["8", "7", "6"]
    assert desk.told == {}
    assert desk.listing.usual < 8


def test_the_operators_selectors_come_first_whatever_stands_in_for_them(site, desk):
    put_articles(site, range(1, 9))
    site.html("/", as_list(range(8, 0, -1)))
    own = unread(site, item="ul.news li")
    desk.read(own)
    assert desk.listing.rule == {}
    site.html("/", as_cards(range(8, 0, -1)))
    assert len(desk.read(own).listed) == 8
    assert "put them into the configuration" in desk.told[HEALED]
    site.html("/", as_list(range(8, 0, -1)))
    desk.read(own)
    assert desk.listing.rule == {}
    assert desk.told == {}


def test_without_selectors_and_without_a_list_the_look_fails_and_says_why(site, desk):
    site.html("/", "<title>x</title><p>Nothing here.</p>")
    with pytest.raises(SourceError, match="no list of articles was found on it"):
        desk.read(unread(site))
    site.html("/", "<div id=root></div><script src=app.js></script>")
    with pytest.raises(SourceError, match="needs JavaScript"):
        desk.read(unread(site))


CLICKED = "".join(
    f"<li><a href='/hot/story-{n}.html'>What everybody has clicked on, number {n}</a> <i>2026-11-1{n}</i></li>"
    for n in range(9)
)


def test_a_side_column_is_not_proposed_while_the_list_is_away(site, desk, news):
    desk.read(news)
    site.html("/", "<title>News</title><p>We are back soon.</p>" + f"<aside><h3>Latest</h3><ol>{CLICKED}</ol></aside>")
    with pytest.raises(SourceError, match="`publisher source heal news` shows"):
        desk.read(news)
    assert desk.listing.proposal == {}
    assert "no other list was found" in desk.told[LOST]


@pytest.mark.parametrize("selectors", [{}, {"item": "ul.news li"}])
def test_the_rule_before_an_accepted_one_comes_back_once_it_yields_again(site, desk, selectors):
    put_articles(site, [*range(1, 10), *range(30, 40)])
    site.html("/", as_list(range(8, 0, -1)))
    news = unread(site, **selectors)
    desk.read(news)
    found = desk.listing.rule
    site.html("/", as_cards(range(30, 40)))
    with pytest.raises(SourceError):
        desk.read(news)
    desk.listing = accepted(desk.listing)
    assert len(desk.read(news).listed) == 10
    stray = as_list([8, 7]).partition("<ul")[2]
    site.html("/", as_cards(range(30, 40)) + "<ul" + stray)
    assert len(desk.read(news).listed) == 10, "strays of the old list don't bring it back"
    both = as_list(range(9, 0, -1)) + as_cards(range(30, 40))
    site.html("/", both)
    assert listed(desk.read(news)) == [str(n) for n in range(9, 0, -1)]
    assert (desk.listing.rule, desk.listing.earlier, desk.listing.earlier_usual) == (found, {}, 0)
    assert desk.listing.usual == 9


class TestOlderPages:
    def test_are_read_one_a_look_as_a_backlog_until_there_are_no_more(self, site, desk):
        put_articles(site, range(1, 12))
        following = "<div class=pager><a href='{}'>下一页</a></div>"
        site.html("/", as_list(range(11, 7, -1), following.format("/index_2.html")), ETag='"1"')
        site.html("/index_2.html", as_list(range(7, 3, -1), following.format("/index_3.html")))
        site.html("/index_3.html", as_list(range(3, 0, -1)))
        first = desk.read(unread(site))
        assert listed(first) == ["11", "10", "9", "8"]
        assert [url[-7:] for url in first.older] == [f"-{n}.html" for n in range(7, 3, -1)]
        assert len(first.entries) == 8
        assert first.validators.etag is None, "the next look needs the list again"
        second = desk.read(unread(site))
        assert len(second.older) == 3
        assert len(second.entries) == 3
        assert (desk.listing.next_page, desk.listing.pages) == (None, 2)
        assert second.validators.etag == '"1"'
        before = len(site.asked)
        third = desk.read(unread(site))
        assert third.older == ()
        assert len(site.asked) == before + 1

    def test_end_after_a_few(self, site, desk):
        put_articles(site, range(1, 60))

        def page(n):
            return as_list(range(4 * n, 4 * n - 4, -1), f"<a rel=next href='/?page={n + 1}'>More</a>")

        site.html("/", page(1))
        for n in range(2, 12):
            site.html(f"/?page={n}", page(n))
        for _ in range(OLDER_PAGES + 2):
            desk.read(unread(site))
        asked = [path for path in site.paths() if path.startswith("/?page")]
        assert asked == [f"/?page={n}" for n in range(2, 2 + OLDER_PAGES)]

    def test_take_no_more_articles_than_the_first_limit(self, site, desk):
        put_articles(site, range(1, 12))
        site.html("/", as_list(range(11, 7, -1), "<a rel=next href='/page/2/'>Older posts</a>"))
        site.html("/page/2/", as_list(range(7, 0, -1)))
        limited = source(SourceKind.LISTING, f"{site.url}/", first_limit=6)
        desk.limit = 6
        assert len(desk.read(limited).older) == 2
        assert desk.listing.next_page is None

    def test_that_are_away_end_the_backlog(self, site, desk):
        put_articles(site, range(1, 9))
        site.html("/", as_list(range(8, 0, -1), "<a rel=next href='/page/2/'>Next</a>"))
        reading = desk.read(unread(site))
        assert desk.listing.next_page is None
        assert reading.problems == (f"{site.url}/page/2/: the server says 404 Not Found",)
