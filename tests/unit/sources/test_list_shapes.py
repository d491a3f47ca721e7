"""Lists that are easily mistaken: for what stands beside them, for rankings, or by their dates."""

from datetime import UTC, datetime

import pytest

from publisher.domain.source import SourceKind
from publisher.sources import listing
from publisher.sources.dates import Context
from publisher.sources.lists import rules
from publisher.sources.lists.numbering import context_for
from publisher.sources.pages import page
from tests.unit.sources.site import NOW, source

SUBJECTS = (
    *("Harbour bridge is approved after long debate", "Ferry services resume after storm damage"),
    *("Local bakery wins the award for its bread", "Libraries will open longer from next week"),
    *("Trade route is mapped beneath the whole bay", "Volunteers plant trees along the old river"),
    *("Budget shortfall is smaller than expected", "Museum opens its exhibition of photographs"),
    *("Fishermen report the largest catch for years", "Tram line is delayed until spring says mayor"),
    *("Hospital adds a clinic for workers by night", "Old lighthouse becomes a public reading room"),
)
SECTIONS = "".join(f"<li><a href='/{name}/'>All of our {name} pages</a></li>" for name in ("home", "sport", "art"))
MENU = f"<nav><ul>{SECTIONS}</ul></nav>"
FOOT = "<footer><a href='/about'>About our paper and staff</a><a href='/law'>Legal notices and imprint</a></footer>"
CLICKED = "".join(f"<li><a href='/story/90{n}'>What everybody has clicked on, number {n}</a></li>" for n in range(8))
RANKING = f"<aside class=sidebar><h3>Most read</h3><ol>{CLICKED}</ol></aside>"


def lines(markup, beside=""):
    return "".join(markup.format(n=n, title=title, day=n + 1) for n, title in enumerate(SUBJECTS)) + beside


def detect(body):
    return listing.detect(f"<title>News</title>{MENU}{body}{FOOT}".encode(), "https://post.example/list/", now=NOW)


def titles(candidate):
    return [item.title for item in candidate.items]


def test_the_link_of_a_line_is_the_one_that_its_title_is_the_text_of():
    rows = lines(
        "<tr class=line><td>{n}.</td><td><a href='vote?id={n}'>^</a></td><td class=title><span class=main>"
        "<a href='https://site{n}.example/p'>{title}</a> (<a href='from?site=site{n}.example'>site{n}.example</a>)"
        "</span></td></tr><tr><td colspan=2></td><td>by <a href='user?id=u{n}'>user{n}</a>"
        "<span class=age><a href='item?id={n}'>{day} hours ago</a></span></td></tr>"
    )
    best = detect(f"<table>{rows}</table>")[0]
    assert [item.url for item in best.items] == [f"https://site{n}.example/p" for n in range(12)]
    assert titles(best) == list(SUBJECTS)
    assert all(item.published for item in best.items)


def test_columns_of_authors_times_and_comments_in_bare_lines_are_no_articles():
    markup = lines(
        "<li><a href='https://site{n}.example/{n}/x.html'>{title}</a> <small>(site{n}.example)</small><br><small>by "
        "<a href='/user?id=u{n}'>user{n}</a> <a href='item?id={n}'>{day} hours ago</a> | "
        "<a href='item?id={n}'>{n} comments</a></small></li>"
    )
    best = detect(f"<ol>{markup}</ol>")[0]
    assert best.selectors["item"] == "ol > li"
    assert titles(best) == list(SUBJECTS)
    assert all(item.published for item in best.items)


def test_a_rule_that_matches_any_link_is_never_one():
    root = page.parse(b"<body><p><a href=/1>a</a></p><i><a href=/2>b</a></i>", None).root
    fit = rules.for_items(root, list(root.iter("a")), lambda _: False)
    assert fit is not None
    assert fit.css not in ("a", "* > a", "* a")


def test_two_columns_of_unlike_parents_are_one_list():
    markup = "<article class=teaser><h2><a href='/story/{n}'>{title}</a></h2><time>2026-11-{day:02d}</time></article>"
    left, right = (
        "".join(markup.format(n=n, title=SUBJECTS[n], day=n + 1) for n in part) for part in (range(6), range(6, 12))
    )
    best = detect(f"<div class=main>{left}</div><p>Between</p><div class=other>{right}</div>")[0]
    assert titles(best) == list(SUBJECTS)
    assert best.selectors["item"] == "article.teaser"


def test_a_ranking_is_no_candidate_beside_the_list_nor_alone():
    markup = "<ul class=posts>" + lines("<li><a href='/story/{n}'>{title}</a></li>") + "</ul>"
    assert [titles(one) for one in detect(markup + RANKING)] == [list(SUBJECTS)]
    assert detect(f"<h1>Ferry late</h1><p>12 Nov 2026. The ferry was late.</p>{RANKING}") == []
    assert detect(RANKING.replace("<aside class=sidebar>", "<div class=hot>").replace("</aside>", "</div>")) == []


def test_recent_comments_are_no_list_though_only_they_are_dated():
    articles = "<ul>" + lines("<li><a href='/story/{n}'>{title}</a></li>") + "</ul>"
    for href in ("/story/{n}#comment-{n}", "/c/{n}"):
        comments = lines(f"<li><a href='{href}'>Somebody said of {{n}} this and that</a> 2026-11-{{day:02d}}</li>")
        best = detect(f"{articles}<h3>Recent comments</h3><ul class=rc>{comments}</ul>")[0]
        assert titles(best) == list(SUBJECTS)


def test_dates_in_bare_text_beside_the_links_are_read_by_the_rule():
    before = detect("<font>" + lines("11/{day:02d}/26 - <a href='n{n}.htm'>{title}</a><br>") + "</font>")[0]
    after = detect("<font>" + lines("<a href='n{n}.htm'>{title}</a> (2026-11-{day:02d})<br>") + "</font>")[0]
    days = [datetime(2026, 11, n + 1, tzinfo=UTC) for n in range(12)]
    assert [item.published for item in before.items] == days
    assert [item.published for item in after.items] == days


def test_text_between_links_of_one_line_dates_none_wrongly():
    best = detect("<p>" + lines("<a href='/story/{n}'>{title}</a> 2026-11-{day:02d} ") + "</p>")
    days = [datetime(2026, 11, n + 1, tzinfo=UTC) for n in range(12)]
    assert all(item.published in (None, day) for one in best for item, day in zip(one.items, days, strict=True))


def test_one_date_that_is_to_come_month_first_makes_all_day_first():
    rows = lines("<tr><td>{day:02d}/11/2026</td><td><a href='/press?id=10{n}'>{title}</a></td></tr>")
    best = detect(f"<table class=t>{rows}</table>")[0]
    assert [item.published for item in best.items] == [datetime(2026, 11, n + 1, tzinfo=UTC) for n in range(12)]


@pytest.mark.parametrize(
    ("dates", "language", "read_as"),
    [
        (["01/11/2026", "13/11/2026"], None, "en-GB"),
        (["01/11/26", "12/11/26"], "en", "en-GB"),
        (["01/11/2026", "10/11/2026"], "en-US", "en-US"),
        (["01/11/2026", "11/13/2026", "12/11/2026"], "en", "en"),
        (["01/11/2026", "13/11/2026"], "de", "de"),
        (["11/11/2026", "13"], None, None),
        ([], None, None),
    ],
)
def test_the_order_of_day_and_month_is_told_by_all_dates_together(dates, language, read_as):
    assert context_for(dates, Context(NOW, language=language)).language == read_as


def test_a_list_in_json_ld_is_read_at_every_look_by_a_listing_without_selectors(site, desk):
    items = ",".join(f'{{"@type":"ListItem","url":"/j/{n}","name":"{SUBJECTS[n]}"}}' for n in range(4))
    site.html("/", f'<script type="application/ld+json">{{"@type":"ItemList","itemListElement":[{items}]}}</script>')
    unread = source(SourceKind.LISTING, f"{site.url}/", selectors={})
    for _ in range(2):
        assert list(desk.read(unread).listed) == [f"{site.url}/j/{n}" for n in range(4)]


def test_a_list_of_products_in_json_ld_and_one_of_short_names_are_none():
    item = '{{"@type":"ListItem","item":{{"@type":"{0}","url":"/p/{1}","name":"{2} {1}"}}}}'
    for kind, name in (("Product", "A very fine winter coat"), ("WebPage", "Art")):
        items = ",".join(item.format(kind, n, name) for n in range(5))
        named = f'{{"@type":"ItemList","itemListElement":[{items}]}}'
        assert detect(f'<script type="application/ld+json">{named}</script>') == []
