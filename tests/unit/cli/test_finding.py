"""`publisher source discover`, `detect` and `heal`."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Run
from tests.unit.sources.site import Answer, Site

LISTS = Path(__file__).parents[2] / "data" / "lists"
TEXT = "On plan {} the council heard {} speakers, and most of them asked for more time to read. " * 4


@pytest.fixture
def paper() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def configured(site: Path, paper: Site) -> Path:
    (site / "publisher.toml").write_text(CONFIG + f'[fetch]\nallow_private = ["{paper.host}"]\n')
    return site


LINE = "<li><a href='/n/story-{0}.html'>The council hears plan {0}</a> <i>2026-11-1{0}</i></li>"
CARD = "<div class=card><h2><a href='/n/story-{0}.html'>The council hears plan {0}</a></h2></div>"


def put(paper: Site, numbers: range, line: str = LINE) -> None:
    paper.html("/", "<title>Post</title><main>" + "".join(line.format(n) for n in numbers) + "</main>")
    for n in numbers:
        text = TEXT.format(n, n * 7, *range(n, n + 6))
        title = f"The council hears plan {n}"
        paper.html(f"/n/story-{n}.html", f"<title>{title}</title><h1>{title}</h1><p>{text}</p>")


def test_detect_prints_the_best_list_as_json_and_all_as_tables(run: Run) -> None:
    page = str(LISTS / "en_dl.html")
    items = json.loads(run("source", "detect", page, "--url", "https://port.example/press", "--json").out)
    assert items[0] == {
        "title": "Rust 1.97 brings shorter build times to large projects",
        "url": "https://port.example/press/2026/400",
        "published": "2026-11-22T00:00:00+00:00",
    }
    shown = run("source", "detect", page, "--url", "https://port.example/press").out
    assert 'selectors = { item = "dl.releases > dd", day = "dl.releases > dt" }' in shown


def test_detect_of_an_article_is_empty_and_of_no_file_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>Nothing</p>")
    assert json.loads(run("source", "detect", str(tmp_path / "a.html"), "--json").out) == []
    assert run("source", "detect", str(tmp_path / "a.html")).out == "No list of articles was found.\n"
    assert run("source", "detect", str(tmp_path / "a.html"), "--url", "ht!tp").code == 2
    result = run("source", "detect", "none.html")
    assert (result.code, result.err) == (2, "publisher: FILE none.html: can't be read: No such file or directory\n")


def test_what_discover_prints_can_be_pasted(run: Run, configured: Path, paper: Site) -> None:
    put(paper, range(1, 8))
    found = json.loads(run("source", "discover", f"{paper.url}/", "--json").out)
    stanza = found["candidates"][0]["stanza"]
    assert found["candidates"][0]["items"][0]["title"] == "The council hears plan 1"
    assert tomllib.loads(stanza)["source"][0]["rights"] == "quote"
    shown = run("source", "discover", f"{paper.url}/")
    assert stanza in shown.out
    assert "nothing was stored" in shown.err
    with (configured / "publisher.toml").open("a") as file:
        file.write(f"\n{stanza}\n")
    assert run("check").code == 0
    assert 'name = "127-0-0-1-2"' in run("source", "discover", f"{paper.url}/").out


def test_discover_of_nothing_says_so(run: Run, configured: Path, paper: Site) -> None:
    paper.html("/", "<p>Nothing</p>")
    result = run("source", "discover", f"{paper.url}/")
    assert result.code == 1
    assert result.err.splitlines()[-1].startswith(f"publisher: {paper.url}/: no feed, list or sitemap was found")
    assert "Paste" not in result.err
    assert run("source", "discover", f"{paper.url}/none").err == (
        f"publisher: {paper.url}/none: the server says 404 Not Found\n"
    )


def test_heal_shows_and_accepts_a_proposal(run: Run, configured: Path, paper: Site) -> None:
    with (configured / "publisher.toml").open("a") as file:
        file.write(f'[[source]]\nname = "post"\nkind = "listing"\nurl = "{paper.url}/"\n')
    assert "No selectors are known yet" in run("source", "heal", "post").out
    put(paper, range(1, 8))
    run("collect", "--once", "post")
    assert run("source", "heal", "post").out.startswith("found by itself or accepted: selectors = { item = ")
    put(paper, range(11, 17), CARD)
    assert run("collect", "--once", "post").code == 1
    [notice] = json.loads(run("status", "--json").out)["notices"]
    assert notice["kind"] == "list-lost"
    known = json.loads(run("source", "heal", "post", "--json").out)
    assert known["proposed"]["item"] == "div.card"
    assert known["usual"] == 7
    shown = run("source", "heal", "post").out
    assert "The proposal finds (6 articles)" in shown
    assert "The council hears plan 11" in shown
    assert "--accept` takes the proposal" in shown
    whole = paper.pages.pop("/")
    away = run("source", "heal", "post", "--json")
    assert (away.code, away.err) == (0, "")
    paper.pages["/"] = whole
    assert 'item = "div.card"' in run("source", "heal", "post", "--accept").out
    assert json.loads(run("status", "--json").out)["notices"] == []
    assert run("collect", "--once", "post").code == 0
    result = run("source", "heal", "post", "--accept")
    assert (result.code, result.err) == (2, "publisher: source post: nothing is proposed\n")


def test_try_shows_what_is_reserved_and_only_what_would_be_stored(run: Run, configured: Path, paper: Site) -> None:
    listing = f'[[source]]\nname = "paper"\nkind = "listing"\nurl = "{paper.url}/"\nselectors = {{ item = "li" }}\n'
    (configured / "publisher.toml").write_text((configured / "publisher.toml").read_text() + listing)
    put(paper, range(1, 4))
    page = paper.pages["/n/story-1.html"]
    assert isinstance(page, Answer)
    headers = {**page.headers, "TDM-Reservation": "1", "X-Robots-Tag": "nosnippet"}
    paper.pages["/n/story-1.html"] = Answer(page.body, headers=headers)
    paper.pages["/robots.txt"] = Answer(b"User-agent: *\nContent-Signal: ai-train=no\n")
    first, second, _ = json.loads(run("source", "try", "paper", "--json").out)
    assert first["reservations"] == ["nosnippet", "tdm-reservation: 1", "ai-train=no"]
    assert (first["text"], first["html"], first["summary"]) == ("", "", "")
    assert second["reservations"] == ["ai-train=no"]
    assert second["text"]
    shown = " ".join(run("source", "try", "paper", "--explain").out.split())
    assert "X-Robots-Tag: nosnippet; header: tdm-reservation 1" in shown
    assert run("collect", "--once", "paper").code == 0
    stored = json.loads(run("article", "show", f"{paper.url}/n/story-1.html", "--json").out)
    assert (stored["rights"], stored["reservations"]) == ("quote", first["reservations"])
