"""Each command, on a small site: what it prints, what it leaves behind, and how it ends."""

import json
import re
from pathlib import Path

import pytest

from publisher import __version__
from tests.unit.cli.conftest import Run


def steps(run: Run) -> None:
    for step in ("collect", "publish", "images", "compose", "deliver"):
        result = run(step, "--once")
        assert result.code == 0, result.err


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").out
    for noun in ("run", "collect", "check", "status", "init", "extract", "source", "feed", "newsletter", "subscriber"):
        assert f" {noun} " in shown
    assert run("--version").out == f"publisher {__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        "run", "web", "collect", "publish", "images", "compose", "deliver", "check", "status", "init", "extract",
        "source try", "source list", "feed list", "newsletter list", "newsletter preview", "newsletter send",
        "subscriber add", "subscriber remove", "subscriber list", "subscriber import", "subscriber export",
    ],
)  # fmt: skip
def test_each_command_explains_itself(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.code == 0
    assert len(result.out.split("\n")) > 5


def test_without_a_configuration_the_remedy_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("status")
    assert result.code == 2
    assert result.err.startswith("publisher: there is neither config/publisher.toml nor publisher.toml here")
    assert run("--config", "none.toml", "status").err == (
        "publisher: none.toml: there is no such file; `publisher init` writes one\n"
    )


def test_the_configuration_in_config_comes_first(run: Run, site: Path) -> None:
    (site / "config").mkdir()
    (site / "config" / "publisher.toml").write_text('[site]\ntitle = ""')
    result = run("check")
    assert result.code == 2
    assert result.err == 'publisher: config/publisher.toml:2: site.title = "": write one line of text\n'


# --- check -------------------------------------------------------------------------------------------------------


def test_check_counts_what_is_defined(run: Run, site: Path) -> None:
    result = run("check")
    assert (result.code, result.err) == (0, "")
    assert result.out == (f"{site}/publisher.toml: no faults. 1 source, 1 feed, 1 newsletter; mail goes to outbox.\n")


def test_check_tells_all_faults_of_the_configuration(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER__WEB__PORT", "many")
    file = site / "publisher.toml"
    file.write_text(file.read_text().replace('kind = "folder"', 'kind = "fodler"').replace("slug =", "slgu ="))
    result = run("check")
    assert result.code == 2
    lines = result.err.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("publisher: ") for line in lines)
    assert 'publisher: environment: PUBLISHER__WEB__PORT = "many": write a whole number' in lines


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("body.txt.jinja", "{% if %}", "body.txt.jinja: line 1: Expected an expression"),
        ("body.txt.jinja", "{{ recipient.address | upper }}", "a template can only print it"),
        ("subject.txt.jinja", "{{ nothing }}", "'nothing' is undefined"),
    ],
)
def test_check_tries_the_templates(run: Run, site: Path, name: str, text: str, expected: str) -> None:
    folder = site / "own" / "digest" / "cards"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    file = site / "publisher.toml"
    file.write_text(file.read_text().replace("[site]", '[site]\ntemplates = "own"'))
    result = run("check")
    assert result.code == 2
    assert expected in result.err
    assert result.err.count("\n") == 1


def test_check_tells_an_override_that_would_be_passed_over(run: Run, site: Path) -> None:
    (site / "own" / "digest" / "cards" / "body.html.jinja").mkdir(parents=True)
    (site / "own" / "digest" / "plain").mkdir()
    (site / "own" / "digest" / "plain" / "body.txt.jinja").write_text("x")
    file = site / "publisher.toml"
    file.write_text(file.read_text().replace("[site]", '[site]\ntemplates = "own"') + 'template = "plain"\n')
    for command in ("check", "run"):
        result = run(command)
        assert result.code == 2
        assert result.err.splitlines() == [
            f"publisher: {site}/own/digest/cards/body.html.jinja: template: is a folder, not a file",
            f"publisher: {site}/own/digest/plain: template: the look misses body.html.jinja, style.css.jinja, "
            "subject.txt.jinja; copy them from one that is shipped",
        ]


# --- the steps ---------------------------------------------------------------------------------------------------


def test_the_four_steps_walk_the_road_one_by_one(run: Run, site: Path) -> None:
    added = run("subscriber", "add", "ada@example.org", "--newsletter", "daily", "--confirmed")
    assert added.out == "ada@example.org: daily, immediate, active\n"

    collected = run("collect", "--once")
    assert (collected.code, "2 new, 0 edited of 2 articles" in collected.out) == (0, True)
    assert "2 articles announced, the newest" in collected.out
    assert re.search(r"nothing was due; next look at (\S+ )?\d\d:\d\d UTC", run("collect", "--once").out)
    assert "2 articles" in run("collect", "--once", "notes").out

    assert "2 items" in run("publish", "--once").out
    assert "2 items as before" in run("publish", "--once").out
    assert "1 delivery in 1 variant" in run("compose", "--once").out
    assert "1 sent" in run("deliver", "--once").out
    assert "nothing due" in run("deliver", "--once").out
    assert re.search(r"nothing was due; next edition at (\S+ )?\d\d:\d\d UTC", run("compose", "--once").out)
    (mail,) = (site / "outbox").glob("*.eml")
    assert b"ada@example.org" in mail.read_bytes()


def test_no_fresh_article_no_mail_and_the_step_says_so(run: Run, site: Path) -> None:
    run("collect", "--once")
    run("subscriber", "add", "late@example.org", "--newsletter", "daily", "--confirmed")
    assert "nothing fresh for anybody" in run("compose", "--once").out


def test_a_step_wants_once(run: Run, site: Path) -> None:
    result = run("deliver")
    assert (result.code, result.out) == (2, "")
    assert result.err == "publisher: write `publisher deliver --once`; `publisher run` does all steps by schedule\n"


def test_what_failed_is_named_and_the_code_is_1(run: Run, site: Path) -> None:
    (site / "notes").rename(site / "elsewhere")
    (site / "notes").write_text("no folder any more")
    (site / "publisher.toml").write_text((site / "publisher.toml").read_text().replace('path = "notes"', 'path = "."'))
    (site / "publisher.toml").write_text(
        (site / "publisher.toml").read_text()
        + '[[source]]\nname = "gone"\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\n'
    )
    result = run("collect", "--once")
    assert result.code == 1
    assert result.err.startswith("publisher: collect: source gone: ")
    assert "source notes" in result.out

    # It rests now, which is told for as long as it does; named, it is looked at.
    for command in ("collect", "run"):
        again = run(command, "--once")
        assert again.code == 1
        assert re.search(r"source gone: failed before \(.+\), next look at .* UTC; .publisher collect", again.err)
        assert again.err.count("\n") == 1
    looked = run("collect", "--once", "gone")
    assert (looked.code, "failed before" in looked.err, "notes" in looked.out) == (1, False, False)
    assert run("collect", "--once", "notse").err == "publisher: no source 'notse'; did you mean \"notes\"?\n"


# --- lists -------------------------------------------------------------------------------------------------------


def test_lists_come_as_tables_and_as_json(run: Run, site: Path) -> None:
    steps(run)
    run("subscriber", "add", "ada@example.org", "--newsletter", "daily", "--topics", "harbour, tides", "--confirmed")

    (source,) = json.loads(run("source", "list", "--json").out)
    assert (source["source"], source["kind"], source["rights"]) == ("notes", "folder", "own")
    assert source["outcome"] == "2 new, 0 edited of 2"

    feeds = {feed["feed"]: feed for feed in json.loads(run("feed", "list", "--json").out)}
    assert feeds["news"]["rss"] == "http://127.0.0.1:8080/feeds/news.rss"
    assert feeds["source/notes"]["items"] == 2

    (newsletter,) = json.loads(run("newsletter", "list", "--json").out)
    assert (newsletter["newsletter"], newsletter["subscriptions"]) == ("daily", 1)
    assert set(newsletter["next"]) == {"immediate", "daily", "mon,thu"}

    (subscriber,) = json.loads(run("subscriber", "list", "--json").out)
    assert subscriber["topics"] == ["harbour", "tides"]
    assert subscriber["timezone"] == "Asia/Shanghai"

    for noun in ("source", "feed", "newsletter", "subscriber"):
        shown = run(noun, "list")
        assert shown.code == 0
        assert "───" in shown.out
    assert "ada@example.org" in run("subscriber", "list", "--newsletter", "daily").out


def test_empty_lists_say_what_to_do(run: Run, site: Path) -> None:
    (site / "publisher.toml").write_text("")
    assert "add a [[source]]" in run("source", "list").out
    assert "add a [[feed]]" in run("feed", "list").out
    assert "add a [[newsletter]]" in run("newsletter", "list").out
    assert "publisher subscriber add" in run("subscriber", "list").out
    assert json.loads(run("source", "list", "--json").out) == []


def test_status_tells_how_things_stand(run: Run, site: Path) -> None:
    assert "No step has run yet" in run("status").out
    run("subscriber", "add", "ada@example.org", "--newsletter", "daily", "--confirmed")
    steps(run)
    shown = run("status").out
    assert "2 articles, 1 source\n" in shown
    assert "deliveries: 1 sent" in shown
    standing = json.loads(run("status", "--json").out)
    assert standing["deliveries"] == {"sent": 1}
    assert {step["step"] for step in standing["steps"]} == {"collect", "publish", "compose", "deliver"}
    assert not any(step["failed"] for step in standing["steps"])


# --- source try, extract -----------------------------------------------------------------------------------------


def test_trying_a_source_shows_what_would_be_stored_and_stores_nothing(run: Run, site: Path) -> None:
    shown = run("source", "try", "notes")
    assert shown.code == 0
    assert "大潮提前到来" in shown.out
    assert "2 articles read of 2 listed, 0 not read. Nothing was stored." in shown.out
    entries = json.loads(run("source", "try", "notes", "--json").out)
    assert {entry["title"] for entry in entries} == {"The ferry is late", "大潮提前到来"}
    assert not (site / "publisher.db").exists()


def test_trying_a_source_explains_each_field(run: Run, site: Path) -> None:
    (site / "notes" / "page.html").write_text(PAGE)
    shown = run("source", "try", "notes", "--explain").out
    assert 'meta author "Ada Example"; likely' in " ".join(shown.split())


def test_trying_an_unknown_source_names_the_nearest(run: Run, site: Path) -> None:
    assert run("source", "try", "note").err == "publisher: no source 'note'; did you mean \"notes\"?\n"


def test_trying_an_empty_source_fails(run: Run, site: Path) -> None:
    for note in (site / "notes").iterdir():
        note.unlink()
    result = run("source", "try", "notes")
    assert result.code == 1
    assert "source notes: " in result.err


PAGE = """<!DOCTYPE html><html lang="en"><head><title>The ferry is late</title>
<meta name="author" content="Ada Example"></head><body><article><h1>The ferry is late</h1>
<p>The ferry that leaves at seven left at eight, and nobody on the quay could say why it had waited so long.</p>
<p>The harbour office has promised to look into the matter before the end of the week, as it does each time.</p>
</article></body></html>"""


def test_extract_reads_one_page(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    found = json.loads(run("extract", str(tmp_path / "page.html"), "--url", "https://a.example/x", "--json").out)
    assert (found["title"], found["authors"], found["url"]) == (
        "The ferry is late",
        ["Ada Example"],
        "https://a.example/x",
    )
    shown = run("extract", str(tmp_path / "page.html")).out
    assert "Ada Example" in shown
    assert "The ferry that leaves at seven" in shown
    explained = run("extract", str(tmp_path / "page.html"), "--explain").out
    assert 'meta author "Ada Example"; likely' in " ".join(explained.split())
    assert "The harbour office" not in explained, "the text is left out"
    refused = run("extract", str(tmp_path / "page.html"), "--url", "ht!tp")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "publisher: --url 'ht!tp': is no address; write one such as https://blog.example.org/page\n"
    assert run("extract", str(tmp_path / "none.html")).err == (
        f"publisher: FILE {tmp_path}/none.html: can't be read: No such file or directory\n"
    )


# --- newsletters -------------------------------------------------------------------------------------------------


def test_preview_shows_the_mail_and_sends_nothing(run: Run, site: Path) -> None:
    assert "no article matches it yet" in run("newsletter", "preview", "daily").err
    run("subscriber", "add", "zh@example.org", "--newsletter", "daily", "--language", "zh-CN", "--confirmed")
    run("collect", "--once")
    shown = run("newsletter", "preview", "daily")
    assert shown.err == "the newest articles; --as ADDRESS shows what one subscriber would get now\n"
    text = shown.out
    assert text.startswith("Subject: ")
    assert "The ferry is late" in text
    html = run("newsletter", "preview", "daily", "--as", "zh@example.org", "--html").out
    assert html.startswith("<!DOCTYPE html>")
    assert 'lang="zh-CN"' in html
    assert "大潮提前到来" in html
    assert run("newsletter", "preview", "daily", "--as", "no@example.org").code == 2
    assert run("newsletter", "preview", "daily", "--text", "--html").code == 2
    assert 'did you mean "daily"?' in run("newsletter", "preview", "dialy").err
    assert json.loads(run("status", "--json").out)["deliveries"] == {}


def test_send_cuts_an_edition_for_everybody(run: Run, site: Path) -> None:
    run("subscriber", "add", "a@example.org", "--newsletter", "daily", "--confirmed")
    run("subscriber", "add", "b@example.org", "--newsletter", "daily", "--cadence", "daily", "--confirmed")
    run("collect", "--once")
    assert run("newsletter", "send", "daily").out == "newsletter daily: 2 deliveries in 1 variant\n"
    assert "2 sent" in run("deliver", "--once").out
    assert run("newsletter", "send", "daily").out == "newsletter daily: nothing fresh for anybody\n"
