"""What is written is read again as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.toml import Value, written

texts = st.text(st.characters(exclude_categories=("Cs",)))


@given(texts | st.lists(texts) | st.dictionaries(st.sampled_from(["item", "date", "article_body"]), texts))
def test_a_toml_parser_reads_what_was_written(value: Value) -> None:
    assert tomllib.loads(f"key = {written(value)}") == {"key": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('海风 "x" \\', '"海风 \\"x\\" \\\\"'),
        ("a\x7fb\u202ec\U000e0001", '"a\\u007fb\\u202ec\\U000e0001"'),
        (["a", "b"], '["a", "b"]'),
        ({"item": "ul > li", "date": "i"}, '{ item = "ul > li", date = "i" }'),
    ],
)
def test_it_shows_what_it_holds(value: Value, text: str) -> None:
    assert written(value) == text
