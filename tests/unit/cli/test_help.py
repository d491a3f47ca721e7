"""What `--help` says of each command is what was written."""

import re
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from publisher.cli.application import app
from tests.unit.cli.conftest import Run


def commands() -> Iterator[tuple[str, ...]]:
    def below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        if isinstance(command, TyperGroup):
            for name, inner in command.commands.items():
                yield from below(inner, (*path, name))

    yield from below(get_command(app), ())


def written(path: tuple[str, ...]) -> list[str]:
    """All help texts of a command and its options."""
    command = get_command(app)
    for name in path:
        assert isinstance(command, TyperGroup)
        command = command.commands[name]
    options = [getattr(parameter, "help", None) for parameter in command.params]
    return [text for text in (command.help, command.epilog, *options) if text]


@pytest.mark.parametrize("path", sorted(commands()), ids=" ".join)
def test_help_shows_every_word_that_was_written(run: Run, path: tuple[str, ...]) -> None:
    shown = re.sub(r"\s+", " ", run(*path, "--help").out)
    for text in written(path):
        for word in text.split():
            assert word in shown, (path, word)


def test_names_in_brackets_are_not_eaten(run: Run) -> None:
    assert "[[source]]" in run("source", "discover", "--help").out
    assert isinstance(app, typer.Typer)
