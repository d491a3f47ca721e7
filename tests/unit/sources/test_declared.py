"""What a page declares for machines: meta, JSON-LD, microdata, scripts."""

import time

import pytest
from lxml import html

from publisher.sources.pages import jsonld, microdata, page, scripts
from publisher.sources.pages.declared import Declared
from publisher.sources.pages.metadata import Reader
from publisher.sources.pages.page import parse_text


def ld(text: str) -> html.HtmlElement:
    return parse_text(f'<html><head><script type="application/ld+json">{text}</script></head><body></body></html>')


def body(markup: str) -> html.HtmlElement:
    return parse_text(f"<html><body>{markup}</body></html>")


def test_meta_is_found_under_any_of_its_names_in_any_case_and_with_blanks() -> None:
    declared = Declared(
        parse_text('<meta property="weibo: article:create_at" content=" a  b "><meta name=PubDate content=c>')
    )
    assert declared.meta("pubdate", "WEIBO:article:create_at") == ["c", "a b"]
    assert declared.named("pubdate") == [("pubdate", "c")]
    assert declared.meta("none") == []


class TestJsonLd:
    def test_an_article_is_found_before_the_page_that_holds_it(self) -> None:
        thing = jsonld.article(
            ld('[{"@type":"WebPage","name":"p"},{"@graph":[{"@type":"NewsArticle","headline":"h"}]}]')
        )
        assert thing["headline"] == "h"

    def test_what_is_named_by_id_is_looked_up(self) -> None:
        thing = jsonld.article(
            ld(
                '{"@graph":[{"@type":"Article","author":{"@id":"#a"},"publisher":[{"@id":"#p"}],"image":{"@id":"#none"}},'
                '{"@type":"Person","@id":"#a","name":"Ana Ruiz"},{"@type":"Organization","@id":"#p","name":"Post"}]}'
            )
        )
        assert jsonld.texts(thing["author"]) == ["Ana Ruiz"]
        assert jsonld.is_person(thing["author"])
        assert jsonld.texts(thing["publisher"]) == ["Post"]
        assert not jsonld.is_person(thing["publisher"])
        assert jsonld.addresses(thing["image"]) == ["#none"]

    def test_a_thing_without_type_counts_when_it_is_dated(self) -> None:
        assert jsonld.article(ld('{"title":"t","pubDate":"2026-09-07"}'))["title"] == "t"
        assert jsonld.article(ld('{"title":"t"}')) == {}

    def test_breadcrumbs_leave_the_page_itself_out(self) -> None:
        steps = '{"name":"Home"},{"item":{"name":"Harbour"}},{"name":"The page"},5'
        root = ld(f'{{"@type":"BreadcrumbList","itemListElement":[{steps}]}}')
        assert jsonld.breadcrumbs(root) == ["Home", "Harbour"]
        assert jsonld.breadcrumbs(ld("{}")) == []

    @pytest.mark.parametrize("kind", ["name", "@value"])
    def test_nesting_ends_somewhere(self, kind: str) -> None:
        value: object = "x"
        for _ in range(400):
            value = {kind: value}
        assert jsonld.texts(value) == []

    def test_addresses_of_deep_things_are_none(self) -> None:
        value: object = "x"
        for _ in range(40):
            value = [{"url": value}]
        assert jsonld.addresses(value) == []
        assert jsonld.addresses([{"contentUrl": "a"}, " b ", "", {"url": {}}, 5]) == ["a", "b"]

    def test_who_is_a_person(self) -> None:
        assert jsonld.is_person([{"@type": ["Thing", "Person"]}])
        assert not jsonld.is_person([])
        assert not jsonld.is_person("Ana")


class TestMicrodata:
    def test_an_article_with_what_it_holds(self) -> None:
        root = body(
            '<div itemscope itemtype="https://schema.org/WebSite"><b itemprop=name>Site</b></div>'
            '<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop=headline>Tides</h1>'
            "<span itemprop=author itemscope><b itemprop=name>Ana</b></span>"
            "<span itemprop=author itemscope><b itemprop=name>Bo</b></span>"
            '<time itemprop="datePublished dateModified" datetime=2026-09-07>today</time>'
            "<meta itemprop=image content=/i.png><a itemprop=url href=/a>here</a><a itemprop=section href=/s>Sea</a>"
            "<p itemprop=articleBody>Long</p><aside><i itemprop=headline>Other</i></aside></div>"
        )
        item = microdata.article(root)
        assert item == {
            "headline": "Tides",
            "author": [{"name": "Ana"}, {"name": "Bo"}],
            "datePublished": "2026-09-07",
            "dateModified": "2026-09-07",
            "image": "/i.png",
            "url": "/a",
            "section": "Sea",
        }

    def test_properties_without_any_item_are_the_page_s(self) -> None:
        assert microdata.article(body("<b itemprop=author>Ana</b>")) == {"author": "Ana"}

    def test_items_that_are_no_article_are_not_it(self) -> None:
        assert microdata.article(body("<div itemscope itemtype=x><b itemprop=author>Ana</b></div>")) == {}
        assert microdata.article(body("<p>nothing</p>")) == {}

    def test_items_in_items_end_somewhere(self) -> None:
        root = body("<div itemscope itemtype=/Article>" + "<div itemprop=a itemscope>" * 100)
        deepest: object = microdata.article(root)
        depth = 0
        while isinstance(deepest, dict) and deepest:
            deepest, depth = deepest["a"], depth + 1
        assert depth < 20


class TestScripts:
    def test_dates_under_names_of_publishing(self) -> None:
        root = body(
            '<script>var ct = "1788759825"; x={"create_time": "2026-09-01", "pubDate":"2026-09-07T13:43:45Z"}</script>'
        )
        assert scripts.dates(root) == ["1788759825", "2026-09-01", "2026-09-07T13:43:45Z"]
        assert scripts.publishing(root) == ["1788759825", "2026-09-07T13:43:45Z"]

    def test_names_count_where_all_scripts_agree(self) -> None:
        one = '<script>{"source":"灯埠日报","author":"林小满"}</script>'
        assert scripts.source(body(one + one)) == "灯埠日报"
        assert scripts.author(body(one)) == "林小满"
        assert scripts.source(body(one + '<script>source: "别的报"</script>')) is None
        assert scripts.source(body('<script>"source":"pc_detail"</script>')) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>" + "pub" * 300_000 + "</script>",
        "<div class=crumbs>" * 250 + "<a>x</a>" * 20_000,
        "<h1>t</h1><p>" + "<b>文字</b>," * 20_000,
        "<h1>t</h1><p>" + "(记者" * 100_000,
        "<title>" + "a - b | " * 100_000 + "</title>",
    ],
    ids=["script", "crumbs", "runs", "brackets", "title"],
)
def test_pages_made_to_keep_us_busy_are_read_all_the_same(hostile: str) -> None:
    parsed = page.parse(f"<html><body>{hostile}".encode())
    began = time.process_time()
    Reader(parsed, None, None).read(list(page.text_nodes(parsed.root)))
    # Squares of these sizes would take minutes.
    assert time.process_time() - began < 60
