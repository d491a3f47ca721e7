"""`publisher check`: every fault of the configuration and its templates at once."""

import typer

from publisher.app import checked_templates
from publisher.cli.console import say
from publisher.cli.context import settings_of
from publisher.errors import ConfigError, Fault
from publisher.mail.render import DigestRenderer
from publisher.pipeline.wording import counted
from publisher.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(context: typer.Context) -> None:
    """Check the configuration and the templates: every fault at once, each with its remedy.

    Exits with 0 when there is none, else with 2. Nothing is fetched, stored or sent.
    """
    settings = settings_of(context)
    if faults := check_templates(settings):
        raise ConfigError(faults)
    say(
        f"{settings.file}: no faults. {counted(len(settings.sources), 'source')}, "
        f"{counted(len(settings.feeds), 'feed')}, {counted(len(settings.newsletters), 'newsletter')}; "
        f"mail goes to {settings.mail.transport}."
    )


def check_templates(settings: Settings) -> list[Fault]:
    """All faults of the templates: those of syntax, and those that show when each newsletter's look is filled."""
    try:
        templates = checked_templates(settings)
    except ConfigError as error:
        return error.faults
    renderer = DigestRenderer(templates)
    return [
        Fault(str(settings.file), f'newsletter "{newsletter.slug}".template', f'"{newsletter.template}"', remedy)
        for newsletter in settings.newsletters
        for remedy in renderer.check(newsletter)
    ]
