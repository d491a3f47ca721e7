"""What commands print is whole in a pipe, and moves on a terminal only."""

import io
import sys

import pytest

from publisher.cli.console import progress, show, show_table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    address = "https://example.org/" + "a-long-way/" * 20
    show_table(("address", "what"), [(address, "港口" * 40)])
    shown = capsys.readouterr().out
    assert address in shown
    assert "港口" * 40 in shown


def test_markup_in_a_cell_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"title": "[bold]not markup[/bold]"}], as_json=False, empty="")
    assert "[bold]not markup[/bold]" in capsys.readouterr().out


def test_progress_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress() as advance:
        advance("deliver", 1, 3)
        advance("deliver", 3, 3)
    assert "deliver" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()


def test_elsewhere_progress_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as advance:
        advance("deliver", 1, 3)
    assert capsys.readouterr() == ("", "")
