"""`publisher collect`, `publish`, `compose`, `deliver`: one step of the road, once."""

import threading
from contextlib import nullcontext
from typing import Annotated

import typer

from publisher.app import build_engine
from publisher.cli.console import complain, progress, show_table
from publisher.cli.context import example_site, opened_as_runner, settings_of
from publisher.engine.local import Line
from publisher.errors import UsageError

Once = Annotated[bool, typer.Option("--once", help="Do it once and exit; `publisher run` goes on by schedule.")]


def add_to(app: typer.Typer) -> None:
    """Add the four commands."""
    for command in (collect, publish, compose, deliver):
        app.command()(command)


def collect(context: typer.Context, once: Once = False) -> None:
    """Read the sources that are due and store what is new or edited."""
    _run(context, "collect", once)


def publish(context: typer.Context, once: Once = False) -> None:
    """Write the feed documents whose articles changed."""
    _run(context, "publish", once)


def compose(context: typer.Context, once: Once = False) -> None:
    """Cut and fill the editions whose time has come."""
    _run(context, "compose", once)


def deliver(context: typer.Context, once: Once = False) -> None:
    """Send the mail that is due."""
    _run(context, "deliver", once)


def _run(context: typer.Context, step: str, once: bool) -> None:
    if not once:
        raise UsageError(f"write `publisher {step} --once`; `publisher run` does all steps by schedule")
    settings, stop = settings_of(context), threading.Event()
    with opened_as_runner(settings, stop) as application, progress() as advance:
        engine = build_engine(application, stop, advance)
        with example_site(settings) if step == "collect" else nullcontext():
            lines = engine.run(step)
    show_lines({step: lines})
    fail_if_failed({step: lines})


def show_lines(lines: dict[str, list[Line]]) -> None:
    """What the steps did, in a table."""
    rows = [
        (step, line.subject, line.outcome)
        for step, done in lines.items()
        for line in done or [Line("", "nothing was due", idle=True)]
    ]
    show_table(("step", "what", "how it ended"), rows)


def fail_if_failed(lines: dict[str, list[Line]]) -> None:
    """Name what failed and exit with 1."""
    failed = [f"{step}: {line.subject}: {line.outcome}" for step, done in lines.items() for line in done if line.failed]
    for line in failed:
        complain(line)
    if failed:
        raise typer.Exit(1)
