"""Articles that stand on their page only as data for a script."""

import json
import time

import pytest

from publisher.sources.extract import extract

URL = "https://post.example/a"
PARAGRAPHS = [
    "The dredger left the harbour at six in the morning, and by noon the entrance was deep enough for the ferry.",
    "Nobody had expected it before Sunday. The harbour master, who had bet against it, bought the crew their lunch.",
    "What remains is a bank of sand on the eastern side, which the herons have found and do not mean to leave.",
]
HTML = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
TEXT = "\n\n".join(PARAGRAPHS)
BLOCKS = [{"text": paragraph} for paragraph in PARAGRAPHS]
NOISE = {"comments": [{"text": paragraph * 3} for paragraph in PARAGRAPHS], "menu": ["Home", "News"]}


def page(script, body="<div id=root>Loading …</div>"):
    return f"<html><head><title>The harbour mouth reopens</title></head><body>{body}{script}</body></html>".encode()


def data(value):
    return json.dumps({"props": {"pageProps": {"article": value, **NOISE}}})


@pytest.mark.parametrize(
    "script",
    [
        f'<script id="__NEXT_DATA__" type="application/json">{data({"content": HTML})}</script>',
        f'<script id="__NEXT_DATA__" type="application/json">{data({"blocks": BLOCKS})}</script>',
        f"<script>window.__INITIAL_STATE__ = {data({'content': TEXT})};(function(){{}})()</script>",
        f"<script>window.__NUXT__={data({'body': HTML})}</script>",
        f"<script>var state = JSON.parse({json.dumps(data({'body': HTML}))});</script>",
        '<script type="application/ld+json">'
        + json.dumps({"@type": "NewsArticle", "headline": "x", "articleBody": TEXT})
        + "</script>",
        f"<script>window.data = {data({'content': HTML.replace('<', '&lt;').replace('>', '&gt;')})};</script>",
    ],
)
def test_the_text_is_found_in_the_data(script):
    article = extract(page(script), URL)
    assert article.text == TEXT
    assert article.evidence["body"] == "data in a script"


def test_a_text_that_readers_see_is_believed_first():
    seen = "".join(f"<p>Seen: {paragraph}</p>" for paragraph in PARAGRAPHS * 2)
    article = extract(
        page(f"<script>window.x = {data({'content': HTML * 9})}</script>", f"<article>{seen}</article>"), URL
    )
    assert article.text.startswith("Seen: The dredger")
    assert article.evidence["body"] != "data in a script"


def test_titles_of_other_articles_are_no_text():
    titles = [{"title": f"Boats leave, {number} come"} for number in range(200)]
    article = extract(page(f"<script>window.x = {json.dumps({'list': titles})}</script>"), URL)
    assert "Boats leave" not in article.text


def test_what_the_data_holds_is_made_harmless():
    evil = HTML + '<p onclick="x()">Harmless<script>alert(1)</script><img src=x onerror=alert(1)></p>'
    safe = data({"content": evil}).replace("</", "<\\/")
    article = extract(page(f'<script type="application/json">{safe}</script>'), URL)
    assert "alert" not in article.html
    assert "onclick" not in article.html
    assert "Harmless" in article.text


@pytest.mark.parametrize(
    "script",
    [
        "<script>x = " + "[" * 100_000 + "</script>",
        "<script>" + "x={" * 100_000 + "</script>",
        "<script>x = " + json.dumps({"a": ["x" * 20] * 200_000}) + "</script>",
        '<script type="application/json">nothing</script>',
        '<script>x = JSON.parse("not json")</script>',
        "<script>x = JSON.parse('{}')</script>",
    ],
)
def test_hostile_data_costs_little(script):
    began = time.process_time()
    assert len(extract(page(script), URL).text) < 100
    assert time.process_time() - began < 60
