"""`publisher init` writes a configuration that works, from the example or from answers."""

import io
import sys
from pathlib import Path

import pytest

from publisher.domain.source import SourceKind
from publisher.settings import load
from tests.unit.cli.conftest import Run


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_with_yes_it_takes_the_example_site(run: Run, here: Path) -> None:
    result = run("init", "--yes")
    assert result.code == 0, result.err
    assert result.out.startswith("wrote publisher.toml\nwrote example\n")
    settings = load(here / "publisher.toml", {})
    assert settings.database == f"sqlite:///{here}/var/publisher.db"
    assert settings.mail.outbox == here / "var" / "outbox"
    assert settings.example is not None
    assert (settings.example.folder / "index.html").is_file()
    assert run("check").code == 0


def test_it_overwrites_nothing(run: Run, here: Path) -> None:
    (here / "publisher.toml").write_text("mine")
    result = run("init", "--yes")
    assert result.code == 2
    assert "is here already" in result.err
    assert (here / "publisher.toml").read_text() == "mine"


def test_without_anybody_to_ask_it_wants_yes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    result = run("init")
    assert (result.code, "`publisher init --yes`" in result.err) == (2, True)


def test_it_asks_for_a_title_a_feed_and_an_address(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = 'The "Quay"\nrss\n\nblog.example.org\nhttps://blog.example.org/feed\nnobody\nada@example.org\n'
    monkeypatch.setattr(sys, "stdin", Keyboard(answers))
    result = run("init")
    assert result.code == 0, result.err
    assert "write feed or page" in result.err
    assert "write a whole address" in result.err
    assert "var/outbox" in result.out
    assert "no e-mail address" in result.err
    settings = load(here / "publisher.toml", {})
    assert settings.site.title == 'The "Quay"'
    assert settings.sources[0].url == "https://blog.example.org/feed"
    assert settings.example is None
    assert run("subscriber", "list", "--json").out.count("ada@example.org") == 1


def test_empty_answers_take_the_example_under_the_title(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("Our News\n\n\n\n"))
    assert run("init").code == 0
    settings = load(here / "publisher.toml", {})
    assert settings.site.title == "Our News"
    assert settings.example is not None


@pytest.mark.parametrize(("answer", "item"), [("li..\nul.news li", "ul.news li"), ("", "article")])
def test_a_page_without_a_feed_is_read_by_selectors(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, answer: str, item: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(f"News\npage\nhttps://city.example.org/news\n{answer}\n\n"))
    result = run("init")
    assert result.code == 0, result.err
    assert ("no valid CSS selector" in result.err) == bool(answer)
    assert ("is a guess" in result.out) != bool(answer)
    (source,) = load(here / "publisher.toml", {}).sources
    assert (source.kind, source.url) == (SourceKind.LISTING, "https://city.example.org/news")
    assert source.selectors == {"item": item}
    assert "[web]" in (here / "publisher.toml").read_text()
    assert run("check").code == 0
