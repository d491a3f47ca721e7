"""The example site is served as a real one would be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from publisher.web.example import build_example


@pytest.fixture
def site(tmp_path: Path, serve: Callable[[ASGIApp], object]):
    (tmp_path / "stories").mkdir()
    (tmp_path / "index.html").write_text("<h1>海风</h1>", encoding="utf-8")
    (tmp_path / "stories" / "one.html").write_text("<h1>one</h1>")
    return serve(build_example(tmp_path))


def test_the_front_page_is_index_html(site) -> None:
    answer = site.ask("/")
    assert (answer.status, answer.text) == (200, "<h1>海风</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_an_unchanged_page_is_a_304(site) -> None:
    first = site.ask("/stories/one.html")
    for condition in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = site.ask("/stories/one.html", condition)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


def test_an_unknown_page_is_a_404_and_nothing_outside_is_reached(site, tmp_path: Path) -> None:
    (tmp_path.parent / "outside.txt").write_text("secret")
    for path in ("/nothing.html", "/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt"):
        assert site.ask(path).status == 404


def test_head_says_the_same_without_the_body(site) -> None:
    answer = site.ask("/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) == len("<h1>海风</h1>".encode())
