"""Sources come from a list of feeds, go into one, and go away; the configuration is never left half changed."""

import io
import sys
from pathlib import Path

import pytest

from publisher.domain.feed import FeedFormat
from publisher.sources import opml
from publisher.storage.database import open_storage
from tests.unit.cli.conftest import Run

LIST = """<opml version="1.0"><body>
<outline text="科技"><outline text="Ada &amp; Co" xmlUrl="https://ada.example/rss"/>
<outline text="阮一峰" xmlUrl="http://www.ruan.example/atom.xml"/></outline>
<outline text="Ada &amp; Co" xmlUrl="https://other.example/rss"/>
<outline text="broken" xmlUrl="nothing"/></body></opml>"""


@pytest.fixture
def listed(site: Path) -> Path:
    file = site / "feeds.opml"
    file.write_text(LIST, encoding="utf-8")
    return file


@pytest.mark.parametrize("command", ["import", "export", "remove"])
def test_each_command_explains_itself(run: Run, command: str) -> None:
    assert "Example: publisher source" in run("source", command, "--help").out


def test_a_list_is_shown_as_stanzas_to_paste(run: Run, site: Path, listed: Path) -> None:
    before = (site / "publisher.toml").read_text()
    result = run("source", "import", "feeds.opml")
    assert result.code == 0
    assert (
        '[[source]]\nname = "ada-co"\ntitle = "Ada & Co"\nkind = "feed"\nurl = "https://ada.example/rss"\n'
        in result.out
    )
    assert 'tags = ["科技"]\nrights = "quote"\n' in result.out
    assert 'name = "ruan-example"' in result.out
    assert 'name = "ada-co-2"' in result.out
    assert "broken: 'nothing' is no address" in result.err
    assert "3 sources: paste them into publisher.toml, or add --write" in result.err
    assert (site / "publisher.toml").read_text() == before


def test_a_list_is_written_into_the_configuration_once(run: Run, site: Path, listed: Path) -> None:
    before = (site / "publisher.toml").read_text()
    assert "3 sources added" in run("source", "import", "feeds.opml", "--write").out
    assert (site / "publisher.toml").read_text().startswith(before)
    assert "4 sources" in run("check").out
    again = run("source", "import", "feeds.opml", "--write")
    assert "Ada & Co: is there already, as source ada-co" in again.err
    assert "holds no feed that is not there already" in again.err


def test_a_list_comes_from_standard_input_too(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LIST.encode())))
    assert 'name = "ada-co"' in run("source", "import", "-").out


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("none.opml", None, "publisher: FILE none.opml: can't be read: No such file or directory\n"),
        ("x.opml", "<rss/>", "publisher: x.opml: is no list of feeds: its root element is <rss>, not <opml>\n"),
    ],
)
def test_what_is_no_list_is_one_line(run: Run, site: Path, name: str, text: str | None, line: str) -> None:
    if text is not None:
        (site / name).write_text(text)
    result = run("source", "import", name)
    assert (result.code, result.err) == (2, line)


def test_what_is_exported_can_be_imported(run: Run, site: Path, listed: Path) -> None:
    run("source", "import", "feeds.opml", "--write")
    result = run("source", "export", "out.opml")
    assert "wrote out.opml: 3 sources" in result.err
    assert "left out: notes" in result.err
    feeds = opml.parse((site / "out.opml").read_bytes()).feeds
    assert [(feed.title, feed.tags) for feed in feeds] == [
        ("Ada & Co", ("科技",)),
        ("阮一峰", ("科技",)),
        ("Ada & Co", ()),
    ]
    assert (
        run("source", "export").out.encode() == (site / "out.opml").read_bytes()
        or "<opml" in run("source", "export").out
    )
    assert run("source", "export", "no/such/folder").code == 2


def test_a_removed_source_leaves_its_articles(run: Run, site: Path, listed: Path) -> None:
    run("collect", "--once")
    result = run("source", "remove", "notes")
    assert result.code == 0
    assert "source notes is out; its articles stay (--with-articles hides them)" in result.out
    assert "[[source]]" not in (site / "publisher.toml").read_text()
    assert run("status").out.startswith("2 articles, 0 sources")
    run("publish", "--once")
    assert "2 articles hidden" in run("source", "remove", "notes", "--with-articles").out
    assert run("source", "remove", "notes", "--with-articles").code == 2


def test_a_source_goes_with_its_articles_when_asked(run: Run, site: Path) -> None:
    run("collect", "--once")
    assert "source notes is out; 2 articles hidden" in run("source", "remove", "notes", "--with-articles").out
    run("publish", "--once")
    with open_storage(f"sqlite:///{site}/publisher.db").read() as work:
        document = work.feeds.get("news", FeedFormat.RSS)
    assert document is not None
    assert b"ferry" not in document.body


def test_what_still_names_a_source_is_told_and_nothing_changes(run: Run, site: Path) -> None:
    file = site / "publisher.toml"
    text = file.read_text().replace('slug = "news"', 'slug = "news"\nsources = ["notes"]')
    file.write_text(text + 'not = { sources = ["notes"] }\n')
    before = file.read_text()
    run("collect", "--once")
    result = run("source", "remove", "notes", "--with-articles")
    assert result.code == 2
    lines = file.read_text().splitlines()
    first, last = (number for number, line in enumerate(lines, start=1) if "sources" in line)
    remedy = "take it out of here first; nothing was changed"
    assert result.err == (
        f'publisher: publisher.toml:{first}: feed[0] "news".sources = "notes": {remedy}\n'
        f'publisher: publisher.toml:{last}: newsletter[0] "daily".not.sources = "notes": {remedy}\n'
    )
    assert file.read_text() == before
    assert run("status").out.startswith("2 articles, 1 source")


def test_an_unknown_source_is_told_with_the_nearest(run: Run, site: Path) -> None:
    result = run("source", "remove", "note")
    assert (result.code, result.err) == (2, "publisher: no source 'note'; did you mean \"notes\"?\n")


def test_a_source_that_is_pushed_is_not_collected_and_says_where_to_push(
    run: Run, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER__SOURCE__DESK__TOKEN", "a-token-of-twenty-letters")
    with (site / "publisher.toml").open("a") as file:
        file.write('\n[[source]]\nname = "desk"\nkind = "push"\n')
    assert run("collect", "--once").code == 0
    for command in (("collect", "--once", "desk"), ("source", "try", "desk")):
        result = run(*command)
        assert result.code in (1, 2)
        assert "POST articles to /api/sources/desk/articles" in result.err
    assert '"failures": 0' in run("status", "--json").out
