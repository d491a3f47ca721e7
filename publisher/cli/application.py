"""The root of the command line: its options, and the nouns below it."""

from pathlib import Path
from typing import Annotated

import typer

from publisher import __version__
from publisher.cli import (
    article,
    check,
    extract,
    feed,
    init,
    newsletter,
    run,
    source,
    source_files,
    status,
    steps,
    subscriber,
    web,
)
from publisher.cli.context import Context

app = typer.Typer(
    name="publisher",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    # Markup would eat what stands in brackets: [[source]], [fetch].
    rich_markup_mode=None,
    epilog="Begin with publisher init, then publisher run.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"publisher {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The configuration; without it config/publisher.toml, then publisher.toml.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Collect new articles on a schedule, publish them as RSS, Atom and JSON feeds, and mail them as a digest."""
    context.obj = Context(config)


run.add_to(app)
web.add_to(app)
steps.add_to(app)
check.add_to(app)
status.add_to(app)
init.add_to(app)
extract.add_to(app)
source_files.add_to(source.app)
app.add_typer(source.app, name="source")
app.add_typer(article.app, name="article")
app.add_typer(feed.app, name="feed")
app.add_typer(newsletter.app, name="newsletter")
app.add_typer(subscriber.app, name="subscriber")
