"""`publisher web`: the site served from its database, without the schedule."""

import typer

from publisher.cli.console import say
from publisher.cli.context import built, settings_of


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(web)


def web(context: typer.Context) -> None:
    """Serve pages and feeds from the database, and nothing else: quicker than `publisher run`, which may run elsewhere.

    What the configuration defines is taken up by `publisher run`. Several may serve one database behind a proxy, each
    on its port (PUBLISHER__WEB__PORT). Ctrl-C ends it.
    """
    # The web server is for this command alone: the others start without it.
    from publisher.cli.site import site_of
    from publisher.web.worker import serve_until_told

    settings = settings_of(context)
    with built(settings) as application:
        say(f"Serving {settings.site.base_url}/ at {settings.web.host}:{settings.web.port}. Ctrl-C ends it.")
        serve_until_told(site_of(application), settings.web.host, settings.web.port, settings.web.trusted_proxies)
