"""What may be pushed, field by field, and what is said of the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.source import Source, SourceKind
from publisher.errors import SourceError
from publisher.sources.pushed import FIELDS, BadArticle, read
from tests.unit.sources.site import NOW, Desk, source

DESK = Source(name="desk", kind=SourceKind.PUSH, url="https://quay.example/", timezone="Asia/Shanghai")
FERRY = {"id": "ferry-1", "url": "https://quay.example/ferry", "title": "The ferry is late", "html": "<p>At eight.</p>"}


def refusal(body: bytes) -> str:
    with pytest.raises(BadArticle) as error:
        read(body, DESK, NOW)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"id": None, "url": None}, "id: is missing; give an id or a url, by which the article is known again"),
        ({"title": " "}, "title: is missing; write the article's title as text"),
        ({"title": 7}, "title = 7: write text in quotes"),
        ({"title": "x" * 1001}, f'title = "{"x" * 78}…: 1001 characters; write at most 1000'),
        ({"ulr": "x"}, "ulr: unknown field; did you mean url?"),
        ({"colour": "x"}, "colour: unknown field; known are id, title, section"),
        ({"url": "javascript:alert(1)"}, 'url = "javascript:alert(1)": write a whole address'),
        ({"image": ["x"]}, 'image = ["x"]: write a whole address'),
        ({"published": "yesterday"}, 'published = "yesterday": is no date; write it in ISO 8601'),
        ({"published": "2126-01-01"}, 'published = "2126-01-01": lies before 1900 or more than a day ahead'),
        ({"updated": 1700000000}, "updated = 1700000000: is no date"),
        ({"published": "0001-01-01T00:00:00+14:00"}, 'published = "0001-01-01T00:00:00+14:00": is no date'),
        ({"language": "english please"}, 'language = "english please": is no language tag; write en, zh-CN'),
        ({"authors": "Ada"}, 'authors = "Ada": write a list of texts: ["one", "two"]'),
        ({"tags": ["x" * 201]}, "tags = "),
        ({"tags": ["x"] * 51}, "tags: 51 of them; write at most 50"),
        ({"html": {}}, "html = {}: write text in quotes"),
        ({"announce": "no"}, 'announce = "no": write true or false'),
    ],
)
def test_what_is_wrong_names_field_value_and_remedy(change: dict[str, object], line: str) -> None:
    assert refusal(json.dumps({**FERRY, **change}).encode()).startswith(line)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"{", "the body is no JSON (line 1, column 2"),
        (b"\xff", "the body is not UTF-8 (byte 0)"),
        (b"[" * 100_000, "the body is no JSON that can be read"),
        (b'{"id": ' + b"9" * 5000 + b"}", "the body is no JSON that can be read"),
        (b"[]", "articles = []: holds nothing"),
        (b"7", "7: write an object with fields such as id, title and html"),
        (json.dumps([{}] * 101).encode(), "articles: 101 at once; send at most 100"),
        (json.dumps([FERRY, FERRY]).encode(), 'id = "ferry-1": stands here twice'),
        (json.dumps([FERRY, {**FERRY, "id": "2", "title": ""}]).encode(), "article 1: title: is missing"),
        (json.dumps({"articles": [], "secret": 1}).encode(), "secret: unknown beside articles"),
    ],
)
def test_a_body_that_is_no_list_of_articles_is_refused(body: bytes, line: str) -> None:
    assert line in refusal(body)


def told(body: bytes) -> str:
    try:
        read(body, DESK, NOW)
    except BadArticle as error:
        return str(error)
    return ""


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=5))


@given(
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(FIELDS), VALUES).map(lambda said: json.dumps(said).encode())
)
def test_only_our_own_error_comes_out_and_in_one_line(body: bytes) -> None:
    assert "\n" not in told(body)


def test_a_source_that_is_pushed_is_never_read(desk: Desk) -> None:
    with pytest.raises(SourceError, match="POST articles to /api/sources/news/articles"):
        desk.read(source(SourceKind.PUSH, ""))
