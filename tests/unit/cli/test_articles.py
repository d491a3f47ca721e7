"""What is stored of an article can be looked at, with all that it said before."""

import io
import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


@pytest.fixture
def edited(run: Run, site: Path) -> Path:
    """The ferry's note was corrected after it was collected."""
    run("collect", "--once")
    note = site / "notes" / "ferry.md"
    text = note.read_text(encoding="utf-8").replace("at eight", "at nine").replace("[harbour]", "[harbour, ferry]")
    note.write_text(text + "\nNobody waited.\n", encoding="utf-8")
    run("collect", "--once", "notes")
    return site


def number(run: Run, title: str = "ferry") -> str:
    """The number of an article with such a title."""
    for article in "12":
        if title in run("article", "show", article).out:
            return article
    raise AssertionError(title)


def test_an_article_is_shown_by_number_and_guid(run: Run, edited: Path) -> None:
    shown = json.loads(run("article", "show", number(run), "--json").out)
    assert shown["title"] == "The ferry is late"
    assert shown["source"] == "notes"
    assert shown["text"].endswith("Nobody waited.")
    assert (shown["story"], shown["same_story"], shown["gone_since"]) == (None, [], None)
    assert json.loads(run("article", "show", shown["guid"], "--json").out) == shown
    table = run("article", "show", number(run)).out
    assert "The ferry is late" in table
    assert "Nobody waited." in table


def test_its_history_says_what_changed(run: Run, edited: Path) -> None:
    rows = json.loads(run("article", "history", number(run), "--json").out)
    assert [row["changed"] for row in rows][-1] == "tags, summary, text"
    assert rows[0]["changed"] == "first seen"
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)


def test_two_revisions_are_compared(run: Run, edited: Path) -> None:
    lines = run("article", "diff", number(run)).out.splitlines()
    assert "- tags: harbour" in lines
    assert "+ tags: harbour, ferry" in lines
    assert "- The ferry that leaves at seven left at eight." in lines
    assert "+ The ferry that leaves at seven left at nine." in lines
    assert "+ Nobody waited." in lines
    found = json.loads(run("article", "diff", number(run), "--from", "1", "--json").out)
    assert found["fields"]["tags"] == {"before": "harbour", "after": "harbour, ferry"}
    assert "+ Nobody waited." in found["text"]
    same = run("article", "diff", number(run), "--from", "1", "--to", "1")
    assert same.out == "revision 1 → 1: the same\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("show", "99"), "no article '99': name it by number, guid or address"),
        (("show", "https://example.org/none"), "no article 'https://example.org/none'"),
        (("history", "x" * 20), "no article 'xxxx"),
        (("diff", "1", "--from", "7"), "--from 7: this article has the revisions 1 to"),
        (("diff", "1", "--to", "0"), "--to 0: this article has the revisions 1 to"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(run: Run, edited: Path, arguments: tuple[str, ...], expected: str) -> None:
    result = run("article", *arguments)
    assert result.code == 2
    assert result.err.startswith(f"publisher: {expected}")
    assert result.err.count("\n") == 1


def test_what_is_not_held_back_can_not_be_released(run: Run, site: Path) -> None:
    run("collect", "--once")
    assert run("source", "release", "notes").out == "source notes: nothing is held back\n"
    assert run("source", "release", "nots").code == 2


def test_a_flood_is_told_and_released(run: Run, site: Path) -> None:
    run("collect", "--once")
    for day in range(1, 15):
        text = f"---\ntitle: Old note {day}\ndate: 2019-05-{day:02}\n---\nFound in the attic, number {day}.\n"
        (site / "notes" / f"old-{day}.md").write_text(text, encoding="utf-8")
    run("collect", "--once", "notes")
    assert "14 new articles of 16 listed look like old ones" in run("status").out
    assert run("source", "release", "notes", "--keep").out == "source notes: 14 articles left unannounced\n"
    assert "look like old ones" not in run("status").out
    for day in range(1, 21):
        text = f"---\ntitle: Older note {day}\ndate: 2018-05-{day:02}\n---\nFound in the attic, letter {day}.\n"
        (site / "notes" / f"older-{day}.md").write_text(text, encoding="utf-8")
    run("collect", "--once", "notes")
    assert run("source", "release", "notes").out == "source notes: 20 articles announced\n"


def test_an_article_is_taken_down_and_shown_again_or_deleted_for_good(
    run: Run, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = number(run)
    assert f"article {article} (notes): hidden" in run("article", "hide", article).out
    assert json.loads(run("article", "show", article, "--json").out)["withheld"] == "hidden"
    assert "nothing to change" in run("article", "hide", article).out
    assert "shown again" in run("article", "unhide", article).out
    assert json.loads(run("article", "show", article, "--json").out)["visible"] is True
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    unsure = run("article", "delete", article)
    assert (unsure.code, f"Delete article {article}" in unsure.out) == (1, True)
    assert "deleted" in run("article", "delete", article, "--yes").out
    shown = json.loads(run("article", "show", article, "--json").out)
    assert (shown["title"], shown["text"], shown["withheld"]) == ("", "", "deleted")
    assert f"article {article} is deleted" in run("article", "unhide", article).err
    run("collect", "--once", "notes")
    assert json.loads(run("article", "show", article, "--json").out)["title"] == ""
