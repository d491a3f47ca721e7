"""The operator's file is changed as little as can be, or not at all."""

import tomllib
from pathlib import Path

import pytest

from publisher.errors import ConfigError, UsageError
from publisher.settings.editing import prepared, stanza, with_stanzas, without_source

FILE = """\
[site]
title = "Quay"

# --- sources ---

# The first blog: read often
[[source]]
name = "a"
kind = "feed"
url = "https://a.example/feed"  # its feed
[source.selectors]
article_title = "h1"

# The second blog
[[source]]
name = "b"
kind = "listing"
url = "https://b.example/"
tags = [
  "x",  # [[source]]
]
selectors = { item = "article" }

# --- feeds ---

[[feed]]
slug = "news"
title = "News"
"""
FIRST = FILE[FILE.index("# The first") : FILE.index("# The second")]
SECOND = FILE[FILE.index("# The second") : FILE.index("# --- feeds")]


def test_a_source_goes_with_its_comment_and_all_else_stays_to_the_letter() -> None:
    assert without_source(FILE, "a") == FILE.replace(FIRST, "")
    assert without_source(FILE, "b") == FILE.replace(SECOND, "")
    assert "source" not in tomllib.loads(without_source(without_source(FILE, "a"), "b"))


def test_line_ends_stay_as_they_are() -> None:
    assert without_source(FILE.replace("\n", "\r\n"), "b") == FILE.replace(SECOND, "").replace("\n", "\r\n")


def test_the_last_source_of_a_file_goes_too() -> None:
    text = '[site]\ntitle = "Q"\n\n[[source]]\nname = "a"\nkind = "feed"\nurl = "https://a.example/"\n# the end\n'
    assert without_source(text, "a") == '[site]\ntitle = "Q"\n\n# the end\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('source = [{ name = "a" }]\n', "is not written as a \\[\\[source\\]\\] of its own"),
        ('[site]\nlegal = """\n[[source]]\n"""\n[[source]]\nname = "a"\n', "can't be taken out safely: look at lines"),
        ('[site]\ntitle = "Q"\n', "does not stand in this file"),
    ],
)
def test_what_cannot_be_told_apart_is_left_to_the_operator(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        without_source(text, "a")


def test_stanzas_are_toml_whatever_their_values() -> None:
    keys: dict[str, str | tuple[str, ...]] = {
        "name": "a", "title": 'Q "and" \\ \n\x7f 灯', "kind": "feed", "tags": ("x", 'y"'), "language": ""
    }  # fmt: skip
    [read] = tomllib.loads(stanza(keys))["source"]
    assert read == {name: list(value) if isinstance(value, tuple) else value for name, value in keys.items() if value}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "publisher.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


def test_a_change_is_made_whole_and_keeps_the_rights_of_the_file(file: Path) -> None:
    text = with_stanzas(FILE, [stanza({"name": "c", "kind": "feed", "url": "https://c.example/"})])
    with prepared(file, text, {}) as change:
        assert file.read_text() == FILE
        assert [source.name for source in change.settings.sources] == ["a", "b", "c"]
        change.make()
    assert file.read_text() == text
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_change_can_be_taken_back(file: Path) -> None:
    with prepared(file, without_source(FILE, "a"), {}) as change:
        change.take_back()
        change.make()
        change.take_back()
    assert file.read_text() == FILE
    assert list(file.parent.iterdir()) == [file]


def test_what_a_change_would_break_is_told_by_the_name_of_the_file(file: Path) -> None:
    text = FILE.replace('slug = "news"', 'slug = "news"\nsources = ["a"]')
    with pytest.raises(ConfigError) as error, prepared(file, without_source(text, "a"), {}):
        pass
    assert str(error.value).startswith(f"{file}:")
    assert 'no [[source]] has this name; did you mean "b"?' in str(error.value) or "known are b" in str(error.value)
    assert file.read_text() == FILE
    assert list(file.parent.iterdir()) == [file]


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    with prepared(link, without_source(FILE, "a"), {}) as change:
        change.make()
    assert link.is_symlink()
    assert file.read_text() == without_source(FILE, "a")
