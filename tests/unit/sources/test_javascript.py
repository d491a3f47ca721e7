"""Pages that are empty without a browser are recognised; those that say something never are."""

from pathlib import Path

import pytest

from publisher.sources.pages.javascript import needs_javascript
from publisher.sources.pages.page import parse

SCRIPT = "<script src=/main.js></script>"
EMPTY = "its content is put into an empty page by a script"
SAYS_SO = "it says so itself"
PROVE = "it asks visitors to prove"


def reason(body: str, head: str = "<title>Quay</title>") -> str | None:
    return needs_javascript(parse(f"<html><head>{head}</head><body>{body}</body></html>".encode()))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f'<div id="root"></div>{SCRIPT}', EMPTY),
        (f'<div id="app"><div class="loading">Loading…</div></div>{SCRIPT}', EMPTY),
        ('<app-root></app-root><script type="module" src="m.js"></script>', EMPTY),
        (f'<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{{}}</script>{SCRIPT}', EMPTY),
        (f"<noscript>You need to enable JavaScript to run this app.</noscript><div id=main></div>{SCRIPT}", SAYS_SO),
        (f"<p>Please turn on JavaScript and reload the page.</p>{SCRIPT}", SAYS_SO),
        (f"<noscript>本网站需要启用 JavaScript 才能正常浏览</noscript><div id=main></div>{SCRIPT}", SAYS_SO),
        (f"<noscript>很抱歉，请开启浏览器的JavaScript后再访问</noscript>{SCRIPT}", SAYS_SO),
        (f"<p>Hello</p>{SCRIPT * 4}", "4 scripts, and hardly any text"),
        (f"<h1>Checking your browser before accessing quay.example</h1>{SCRIPT}", PROVE),
        (f"<p>安全验证</p><p>请完成下方验证</p>{SCRIPT}", PROVE),
    ],
)
def test_what_needs_a_browser_says_why(body: str, expected: str) -> None:
    assert expected in (reason(body) or "nothing was said")


def test_a_challenge_is_known_by_its_title_too() -> None:
    assert PROVE in (reason(f"<div></div>{SCRIPT}", "<title>Just a moment...</title>") or "")


STORY = "<p>The ferry that leaves at seven left at eight, and nobody on the quay could say why. </p>" * 8


@pytest.mark.parametrize(
    "body",
    [
        f'<noscript>Please enable JavaScript for comments.</noscript><div id="root">{STORY}</div>{SCRIPT * 9}',
        f'<div id="app"></div><article>{STORY}</article>{SCRIPT}',
        f"<article><h1>Just a moment: how ferries wait</h1>{STORY}</article>{SCRIPT}",
        f"<p>今日潮汐</p><ul>{'<li><a href=/a>大潮提前到来</a>' * 10}</ul>{SCRIPT * 5}",
        '<div id="root"></div>',
        f'<div id="app"><img src="/poster.png"></div>{SCRIPT}',
        "<p>404</p>",
        "",
    ],
)
def test_what_shows_something_is_left_in_peace(body: str) -> None:
    assert reason(body) is None


def test_no_page_of_the_corpus_raises_a_false_alarm(corpus: Path) -> None:
    pages = [*corpus.rglob("*.html"), *corpus.rglob("*.htm")]
    assert len(pages) > 50
    assert {page.name: why for page in pages if (why := needs_javascript(parse(page.read_bytes())))} == {}
