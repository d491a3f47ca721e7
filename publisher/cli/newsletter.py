"""`publisher newsletter`: what is mailed."""

import sys
from typing import Annotated

import typer

from publisher.app import Application, preview_recipient
from publisher.cli.console import inform, say, show
from publisher.cli.context import newsletter_of, opened, settings_of
from publisher.domain.newsletter import Newsletter
from publisher.domain.subscription import Subscription
from publisher.errors import UsageError
from publisher.mail.slots import fill

app = typer.Typer(no_args_is_help=True, help="The newsletters that are mailed.")
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The newsletter's slug.")]


@app.command("list")
def list_newsletters(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """List the newsletters with their subscriptions and when each cadence comes next."""
    with opened(settings_of(context)) as application, application.storage.read() as work:
        slots = work.newsletters.slots()
        rows = [
            {
                "newsletter": one.slug,
                "title": one.title,
                "from": one.sender.address,
                "subscriptions": work.subscriptions.count_active(one.id),
                "next": {slot.cadence: slot.next_due for slot in slots if slot.newsletter_id == one.id},
                "look": one.template,
            }
            for one in work.newsletters.all()
        ]
    if not as_json:
        rows = [row | {"next": _times(row["next"])} for row in rows]
    show(rows, as_json=as_json, empty="No newsletter is defined: add a [[newsletter]] to the configuration.")


def _times(slots: object) -> str:
    assert isinstance(slots, dict)
    return ", ".join(
        cadence if cadence == "immediate" else f"{cadence} {due:%Y-%m-%d %H:%M} UTC" for cadence, due in slots.items()
    )


@app.command()
def preview(
    context: typer.Context,
    slug: Slug,
    reader: Annotated[str, typer.Option("--as", metavar="ADDRESS", help="What this subscriber would get now.")] = "",
    text: Annotated[bool, typer.Option("--text", help="The text part (this is what comes without --html).")] = False,
    html: Annotated[bool, typer.Option("--html", help="The HTML part, for a file or a browser.")] = False,
) -> None:
    """Show a mail with the newest articles, or with --as the one that a subscriber would get now.

    Nothing is sent, and nothing counts as sent.

    Example: publisher newsletter preview daily --as ada@example.org --html > preview.html
    """
    if text and html:
        raise UsageError("--text and --html: choose one")
    settings = settings_of(context)
    with opened(settings) as application:
        newsletter = newsletter_of(application, slug)
        subscription = _subscription(application, newsletter, reader) if reader else None
        rendering = application.composer.preview(newsletter, subscription, settings.site.language or "en")
        recipient = preview_recipient(application, subscription)
    if not reader:
        inform("the newest articles; --as ADDRESS shows what one subscriber would get now")
    if html:
        if not rendering.html:
            raise UsageError(f"{reader} gets text only: leave --html out")
        sys.stdout.write(fill(rendering.html, recipient))
    else:
        sys.stdout.write(f"Subject: {fill(rendering.subject, recipient)}\n\n{fill(rendering.text, recipient)}")


def _subscription(application: Application, newsletter: Newsletter, address: str) -> Subscription:
    with application.storage.read() as work:
        found = work.subscriptions.find(address, newsletter.id)
    if found is None:
        raise UsageError(f"--as {address!r}: is not subscribed to {newsletter.slug}")
    return found


@app.command()
def send(context: typer.Context, slug: Slug) -> None:
    """Cut one edition now, for all active subscriptions of every cadence.

    The mail goes out with the next delivery: at once while `publisher run` runs, else by `publisher deliver --once`.
    """
    with opened(settings_of(context)) as application:
        report = application.composer.send_now(newsletter_of(application, slug))
    say(f"newsletter {report.newsletter}: {report.outcome}")
