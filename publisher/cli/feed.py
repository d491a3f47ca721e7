"""`publisher feed`: what is published, and where."""

from typing import Annotated

import typer

from publisher.cli.console import show
from publisher.cli.context import opened, settings_of
from publisher.cli.export import export
from publisher.domain.feed import FeedFormat
from publisher.pipeline.publish import current_items

app = typer.Typer(no_args_is_help=True, help="The feeds that are published.")
app.command()(export)


@app.command("list")
def list_feeds(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """List all feeds with their addresses: the named ones, and one of each source."""
    settings = settings_of(context)
    with opened(settings) as application, application.storage.read() as work:
        rows = [
            {
                "feed": feed.slug,
                "title": feed.title,
                "items": len(current_items(work, feed)),
                **{format.value: settings.site.base_url + feed.path(format) for format in FeedFormat},
            }
            for feed in application.feeds.feeds(work)
        ]
    show(rows, as_json=as_json, empty="No feed is defined: add a [[feed]] or a [[source]] to the configuration.")
