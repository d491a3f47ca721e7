"""`publisher run`: the whole road, at once and then by schedule, with the web server beside it."""

import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from publisher.cli.check import check_templates
from publisher.cli.context import Context, context_of, example_site, opened_as_runner
from publisher.cli.signals import Signals
from publisher.errors import ConfigError
from publisher.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do one round and exit: 0, or 1 naming what failed.")] = False,
) -> None:
    """Collect, publish, compose and deliver; then stay, serve the feeds and go on by schedule.

    Ctrl-C ends it (a second one at once). SIGHUP takes up a changed configuration without a restart.
    """
    # The web server and the scheduler are for this command alone: the others start without them.
    from publisher.cli.runner import Runner

    chosen = context_of(context)
    settings, stop = checked(chosen), threading.Event()
    with opened_as_runner(settings, stop) as application, Signals() as signals, ExitStack() as listeners:
        listeners.enter_context(example_site(settings))
        runner = Runner(application, stop, lambda: checked(chosen))
        if not once:
            runner.serve(listeners)
        runner.run(signals, once=once)


def checked(context: Context) -> Settings:
    """The settings, with templates that work."""
    settings = context.settings()
    if faults := check_templates(settings):
        raise ConfigError(faults)
    return settings
