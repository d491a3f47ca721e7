"""`publisher collect`, `publish`, `images`, `compose`, `deliver`: one step of the road, once."""

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated

import typer

from publisher.app import build_engine, resting, tend_images
from publisher.cli.console import complain, progress, show_table
from publisher.cli.context import example_site, opened_as_runner, settings_of, source_of
from publisher.domain.source import SourceKind
from publisher.engine.local import Line
from publisher.errors import UsageError

Once = Annotated[bool, typer.Option("--once", help="Do it once and exit; `publisher run` goes on by schedule.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (collect, publish, images, compose, deliver):
        app.command()(command)


def collect(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Look at these sources now, due or not.")
    ] = None,
    once: Once = False,
) -> None:
    """Read the sources that are due, or those that are named, and store what is new or edited.

    A source that failed is left alone for an hour, twice as long each time, at most for a day; name it to look now.

    Example: publisher collect --once blog
    """
    _run(context, "collect", once, names or ())


def publish(context: typer.Context, once: Once = False) -> None:
    """Write the feed documents whose articles changed."""
    _run(context, "publish", once)


def images(context: typer.Context, once: Once = False) -> None:
    """Copy images that may be copied, and see which hosts keep theirs from readers elsewhere."""
    _run(context, "images", once)


def compose(context: typer.Context, once: Once = False) -> None:
    """Cut and fill the editions whose time has come."""
    _run(context, "compose", once)


def deliver(context: typer.Context, once: Once = False) -> None:
    """Send the mail that is due."""
    _run(context, "deliver", once)


def _run(context: typer.Context, step: str, once: bool, sources: Sequence[str] = ()) -> None:
    if not once:
        raise UsageError(f"write `publisher {step} --once`; `publisher run` does all steps by schedule")
    settings, stop = settings_of(context), threading.Event()
    for name in sources:
        if source_of(settings, name).kind is SourceKind.PUSH:
            raise UsageError(f"source {name!r} is pushed, not read: POST articles to /api/sources/{name}/articles")
    with opened_as_runner(settings, stop) as application, progress() as advance:
        engine = build_engine(application, stop, advance, sources)
        with example_site(settings) if step in ("collect", "images") else nullcontext():
            lines = tend_images(engine.run) if step == "images" else engine.run(step)
        if step == "collect" and not sources:
            lines += resting(application, lines)
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
