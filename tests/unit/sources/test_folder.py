"""Folders of Markdown and HTML files."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.domain.source import SourceKind
from publisher.errors import SourceError
from publisher.sources.folder import opaque_url
from tests.unit.sources.site import source

FRONT = """---
title: Boats & sand
date: 2026-11-20 16:00
updated: 2026-11-21
authors: [Nora Whitlam, {name: Bo Chen}]
tags: [boats, 2026]
summary: In short.
language: en-GB
image: https://post.example/a.jpg
link: https://post.example/boats
---
"""


@pytest.fixture
def folder(tmp_path):
    inner = tmp_path / "writing"
    inner.mkdir()
    return inner


def blog(folder, **fields):
    return source(SourceKind.FOLDER, str(folder), **{"timezone": "Asia/Shanghai", "tags": ("Blog",), **fields})


def test_markdown_with_front_matter(folder, desk):
    (folder / "boats.md").write_text(
        FRONT + "# Boats & sand\n\nHello **world**, [here](more).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "A note.[^1]\n\n[^1]: Below.\n\n<script>x</script>\n\n```\ncode  here\n```\n"
    )
    (entry,) = desk.read(blog(folder)).entries
    content = entry.content
    assert entry.key == "boats.md"
    assert entry.url == entry.canonical_url == "https://post.example/boats"
    assert content.title == "Boats & sand"
    assert content.authors == ("Nora Whitlam", "Bo Chen")
    assert content.tags == ("boats", "2026", "Blog")
    assert content.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert content.updated == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert content.summary == "In short."
    assert content.language == "en-GB"
    assert content.image == "https://post.example/a.jpg"
    assert "<h1>" not in content.html
    assert 'href="https://post.example/more"' in content.html
    for kept in ("<strong>world</strong>", "<td>1</td>", "Below.", "code  here"):
        assert kept in content.html
    assert "script" not in content.html


def test_a_file_without_front_matter_or_link(folder, desk):
    (folder / "2026").mkdir()
    (folder / "2026" / "2026-11-20-harbour_mouth reopens.md").write_text(
        "深圳市今天发布了新的公共交通规划,市民可以提出意见。"
    )
    (folder / "b.md").write_text("# A *heading*\n\nText.")
    first, second = desk.read(blog(folder)).entries
    assert first.key == "2026/2026-11-20-harbour_mouth reopens.md"
    assert first.url == "urn:publisher:news:2026/2026-11-20-harbour_mouth%20reopens.md"
    assert first.canonical_url is None
    assert first.content.title == "harbour mouth reopens"
    assert first.content.language == "zh"
    assert first.content.published is None
    assert second.content.title == "A heading"
    assert second.content.html == "<p>Text.</p>"
    assert str(folder) not in repr(first)


def test_an_html_file_goes_through_the_extractor(folder, desk):
    body = "<p>The dredger left the harbour at six in the morning, and by noon it was deep enough.</p>" * 4
    (folder / "a.html").write_text(
        f"<html><head><title>Boats</title><link rel=canonical href='https://post.example/b'></head><body><nav>Menu</nav>"
        f"<article><h1>Boats</h1>{body}</article></body></html>"
    )
    (folder / "b.htm").write_text("<html><body></body></html>")
    reading = desk.read(blog(folder))
    (entry,) = reading.entries
    assert entry.content.title == "Boats"
    assert "Menu" not in entry.content.text
    assert entry.url == "https://post.example/b"
    assert reading.problems == ("b.htm: no article was found in it",)


def test_drafts_hidden_files_and_other_files_are_left(folder, desk):
    (folder / "draft.md").write_text("---\ndraft: true\n---\nnot yet")
    (folder / ".hidden.md").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "a.md").write_text("x")
    (folder / "picture.png").write_bytes(b"x")
    reading = desk.read(blog(folder))
    assert (reading.entries, reading.listed, reading.problems) == ((), (), ())


def test_links_that_lead_out_are_refused(folder, desk, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.md").write_text("secret")
    (folder / "link.md").symlink_to(secret)
    (folder / "sub").symlink_to(outside)
    (folder / "own.md").write_text("mine")
    (folder / "again.md").symlink_to(folder / "own.md")
    (folder / "dangling.md").symlink_to(folder / "nothing.md")
    reading = desk.read(blog(folder))
    assert reading.listed == ("again.md", "own.md")
    assert reading.problems == ("link.md: it is a link that leads out of the folder",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"---\ntitle: [unclosed\n---\nx", "its front matter is not YAML"),
        (b"---\n- a\n- b\n---\nx", "its front matter is not a list of keys and values"),
        (bytes(range(256)), "it is not text"),
        (bytes(range(1, 256)) * 4, "it is not text"),
        (b"", "it is empty"),
        (b" \n\t\r\n", "it is empty"),
        (b"---\ntitle: Planned\n---\n\n", "it has no text"),
        (b"x" * (5 * 1024 * 1024 + 1), "it is larger than 5 MiB"),
    ],
)
def test_a_broken_file_is_a_problem_and_no_end(folder, desk, data, reason):
    (folder / "a.md").write_bytes(data)
    (folder / "b.md").write_text("fine")
    reading = desk.read(blog(folder))
    assert [entry.key for entry in reading.entries] == ["b.md"]
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith(f"a.md: {reason}")
    assert "\n" not in reading.problems[0]


@pytest.mark.parametrize(
    "data", ["海风与港口".encode("utf-16"), "海风与港口，今天。".encode("gb18030"), b"one \x08 slip"]
)
def test_what_somebody_wrote_is_text_in_whatever_encoding(folder, desk, data):
    (folder / "a.md").write_bytes(data)
    reading = desk.read(blog(folder))
    assert (len(reading.entries), reading.problems) == (1, ())


def test_a_binary_file_called_html_is_a_problem(folder, desk):
    (folder / "a.html").write_bytes(bytes(range(256)))
    reading = desk.read(blog(folder))
    assert (reading.entries, reading.problems) == ((), ("a.html: it is not text",))


def test_a_file_that_only_points_elsewhere_or_shows_a_picture_is_an_article(folder, desk):
    (folder / "a.md").write_text("---\ntitle: Read this\nlink: https://post.example/boats\n---\n")
    (folder / "b.md").write_text("![](https://post.example/a.jpg)\n")
    assert [entry.key for entry in desk.read(blog(folder)).entries] == ["a.md", "b.md"]


def test_an_unreadable_file_is_a_problem(folder, desk, monkeypatch):
    (folder / "a.md").write_text("x")

    # Root, as whom tests often run, reads everything.
    def refused(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert desk.read(blog(folder)).problems == ("a.md: Permission denied",)


def test_an_unchanged_file_is_listed_and_not_read_again(folder, desk):
    (folder / "a.md").write_text("one")
    desk.read(blog(folder))
    again = desk.read(blog(folder))
    assert (again.entries, again.listed) == ((), ("a.md",))
    (folder / "a.md").write_text("two")
    (entry,) = desk.read(blog(folder)).entries
    assert entry.content.text == "two"


@pytest.mark.parametrize(
    "data", ["---\n---\n", "---\ntitle: 5\ntags: a, b\nauthor: 林小满、陈一\ndate: 2026-11-20\n---\n", "", "---\nx"]
)
def test_odd_front_matter(folder, desk, data):
    (folder / "a.md").write_text(data + "Text, at last.")
    (entry,) = desk.read(blog(folder)).entries
    if "tags" in data:
        assert entry.content.title == "5"
        assert entry.content.tags == ("a", "b", "Blog")
        assert entry.content.authors == ("林小满", "陈一")
        assert entry.content.published == datetime(2026, 11, 19, 16, tzinfo=UTC)
    else:
        assert entry.content.title == "a"


def test_a_missing_folder_is_an_error_of_the_source(folder, desk):
    with pytest.raises(SourceError, match="is not a folder that can be read"):
        desk.read(blog(folder / "no"))


def test_opaque_addresses_name_source_and_file_only():
    assert opaque_url("my blog", "a/b c.md") == "urn:publisher:my%20blog:a/b%20c.md"
