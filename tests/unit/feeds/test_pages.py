"""Pages as bytes: images are our copies, cards are wide enough, and texts of any kind do no harm."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from publisher.domain.article import ArticleState
from publisher.domain.feed import Feed
from publisher.domain.image import LocalImage
from publisher.domain.pages import ListAddress
from publisher.domain.rights import Reservations
from publisher.domain.source import Rights
from publisher.feeds.pages import HtmlPages, as_script, robots, with_scrolling
from publisher.pipeline.ports import ArticlePage, ListPage
from publisher.pipeline.publish import Site
from publisher.templating import Templates, shipped_templates
from tests.unit.feeds.samples import state

SITE = Site("海港", "https://pub.example/news", language="zh-CN", timezone="Asia/Shanghai")
PAGES = HtmlPages(Templates([shipped_templates()]), SITE)
FEED = Feed(slug="source/harbour", title="Harbour")
CARD = LocalImage("https://pub.example/news/images/t/a.jpg", "/news/images/t/a.jpg", "a.jpg", "image/jpeg", 640, 360, 9)
anything = st.text(st.characters(exclude_categories=()), max_size=40)


def article(shown: ArticleState, lead: LocalImage | None = None) -> html.HtmlElement:
    return html.document_fromstring(PAGES.article(ArticlePage(shown, FEED, lead)).decode())


def meta(page: html.HtmlElement) -> dict[str, str]:
    return {one.get("property") or one.get("name") or "": one.get("content") or "" for one in page.iter("meta")}


def test_a_card_has_a_picture_with_its_size() -> None:
    page = article(state(image=CARD.path, html="<p>x</p>"), CARD)
    said = meta(page)
    assert (said["og:image"], said["og:image:width"], said["og:image:height"]) == (CARD.url, "640", "360")
    assert said["twitter:card"] == "summary_large_image"
    assert CARD.url in page.xpath("string(//script)")
    assert page.xpath("//main//img/@src") == [CARD.path]


def test_a_lead_image_that_stands_in_the_text_is_not_shown_twice() -> None:
    page = article(state(image=CARD.path, html=f'<p><img src="{CARD.path}" alt=""></p>'), CARD)
    assert page.xpath("//main//img/@src") == [CARD.path]


def test_without_a_picture_the_card_is_a_small_one() -> None:
    said = meta(article(state(summary="s")))
    assert "og:image" not in said
    assert said["twitter:card"] == "summary"


def test_dates_are_those_of_the_site_s_zone_and_language() -> None:
    page = article(state(html="<p>x</p>"))
    assert page.xpath("string(//main//time)") == "2026年11月20日"


@settings(max_examples=40)
@given(title=anything, text=anything, name=anything, rights=st.sampled_from(Rights))
def test_whatever_an_article_says_its_page_has_one_script_and_no_tag_of_its(
    title: str, text: str, name: str, rights: Rights
) -> None:
    hostile = f"</script><script>{name}<img src=x onerror=1>"
    said: dict[str, Any] = {"title": title + hostile, "summary": text + hostile, "authors": (name, hostile)}
    shown = replace(state(tags=(hostile, name), section=hostile, **said), source=replace(state().source, rights=rights))
    body = PAGES.article(ArticlePage(shown, FEED)).decode()
    assert len(re.findall("<script", body)) == len(re.findall("</script", body)) == 1
    assert "<img" not in body
    listed = PAGES.articles(ListPage(FEED, ListAddress(FEED.slug), (shown,))).decode()
    assert "<script" not in listed
    assert "<img" not in listed


@pytest.mark.parametrize(
    ("reserved", "said"),
    [
        (Reservations(), ""),
        (Reservations(noarchive=True, max_snippet=0), "noarchive, max-snippet:0"),
        (Reservations(nosnippet=True, signals=(("search", False),)), "noindex, nosnippet"),
        (Reservations(signals=(("search", True), ("ai-train", False))), ""),
    ],
)
def test_robots_are_asked_what_the_original_asks(reserved: Reservations, said: str) -> None:
    assert robots(reserved) == said


def test_wide_tables_scroll_by_themselves_and_no_attribute_is_taken_for_one() -> None:
    markup = '<p title="<table> </table>">x</p><table title="a>b"><tr><td><table></table></td></tr></table>'
    assert with_scrolling(markup) == (
        '<p title="<table> </table>">x</p><div class="scroll" tabindex="0"><table title="a>b"><tr><td>'
        '<div class="scroll" tabindex="0"><table></table></div></td></tr></table></div>'
    )
    formulas = '<math><mi>a</mi></math><math display="block"><mi>b</mi></math>'
    assert with_scrolling(formulas) == (
        '<math><mi>a</mi></math><div class="scroll" tabindex="0"><math display="block"><mi>b</mi></math></div>'
    )


def test_json_in_a_script_stays_json() -> None:
    written = as_script({"a": "</script>&\u2028", "b": "海"})
    assert "</" not in written
    assert "海" in written
