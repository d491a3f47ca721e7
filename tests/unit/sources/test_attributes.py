"""Elements of very many attributes, which hold a parser up, and how they are told from text that only looks so."""

import time

import pytest

from publisher.sources.extract import extract
from publisher.sources.listing import detect
from publisher.sources.pages import page, sanitize
from publisher.sources.text.attributes import MOST, bounded

CROWD = " ".join(f'a{number}="x"' for number in range(30_000))


@pytest.mark.parametrize(
    "before",
    [
        "",
        '<!-- <p a=" -->',
        "<!-->",
        "<!-- a --!>",
        "<script>'<p a=\"'</script>",
        '<title><p a=" </title>',
        '<textarea><p a=" </textarea>',
        '<noscript><p a=" </noscript>',
        '<p title="a > b">',
        '<!DOCTYPE html "<p a=">',
        '<?php <p a=" ?>',
    ],
)
def test_no_element_has_more_attributes_than_a_parser_can_bear(before: str) -> None:
    root = page.parse_text(f"{before}<p {CROWD}>the text</p>")
    counts = [len(element.attrib) for element in root.iter()]
    assert max(counts) == MOST
    assert "the text" in page.text_of(root)


@pytest.mark.parametrize(
    "written",
    [
        "<p " + " ".join(f"a{number}" for number in range(5_000)) + ">",
        "<p " + "".join(f'a{number}="x"' for number in range(5_000)) + ">",
        "<p " + " ".join(f"a{number}='>'" for number in range(5_000)) + ">",
        "<p " + " ".join(f'a{number} = "<p>"' for number in range(5_000)) + ">",
        "<p/" + "/".join(f"a{number}" for number in range(5_000)) + ">",
        "<p " + " <b".join(f"a{number}" for number in range(5_000)) + ">",
        "<textarea " + " ".join(f"a{number}=1" for number in range(5_000)) + ">",
        "<p " + " ".join(f"a{number}=1" for number in range(5_000)),
    ],
)
def test_however_the_attributes_are_written(written: str) -> None:
    root = page.parse_text(f"<div>{written}")
    assert max(len(element.attrib) for element in root.iter()) <= MOST


@pytest.mark.parametrize(
    "markup",
    [
        "<p>" + "a b c " * 2_000 + "</p>",
        "<script>if (a <b) " + "c = d; " * 500 + "</script>",
        '<img alt="' + "a = b " * 500 + '">',
        "<!-- <p " + "a " * 500 + ">-->",
        '<p title=">">' + "a < b and " * 500,
        "<p " + "a " * 10 + ">",
    ],
)
def test_text_and_long_values_stay_as_they_are(markup: str) -> None:
    assert bounded(markup) == markup


def test_pages_and_fragments_with_such_elements_take_no_time() -> None:
    markup = f"<html><body><h1>Title</h1><p {CROWD}>Some text.</p></body></html>"
    began = time.process_time()
    extract(markup.encode(), "https://site.example/a")
    detect(markup.encode(), "https://site.example/")
    assert sanitize.clean(markup, "https://site.example/") == "<h1>Title</h1><p>Some text.</p>"
    assert sanitize.to_text(markup) == "Title\n\nSome text."
    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    "begin", ["<p ", "<p " * 190 + ">", '<p a="', "<", "<!--", "<script>", "<title></title>", "='x\""]
)
def test_reading_the_markup_takes_time_in_proportion_to_its_length(begin: str) -> None:
    markup = begin * (1_000_000 // len(begin)) + f"<p {CROWD}>"
    began = time.process_time()
    bounded(markup)
    assert time.process_time() - began < 60


@pytest.mark.parametrize("link", ['<a href="/a/{0}.html">A title number {0}</a> ', '<li><a href="/{0}">Title {0}</a>'])
def test_a_page_of_very_many_links_is_an_index_and_soon_read(link: str) -> None:
    markup = "<html><body>" + "".join(link.format(number) for number in range(30_000))
    began = time.process_time()
    extract(markup.encode(), "https://site.example/")
    assert time.process_time() - began < 60
