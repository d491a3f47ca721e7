"""`publisher status`: how things stand, at one look."""

from typing import Annotated, Any

import typer

from publisher.app import Application
from publisher.cli.console import say, show_json, show_table
from publisher.cli.context import opened, settings_of
from publisher.pipeline.wording import counted


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """Say how things stand: sources, newsletters, mail that waits, and how each step ended last."""
    with opened(settings_of(context)) as application:
        standing = _standing(application)
    if as_json:
        show_json(standing)
        return
    say(f"{counted(standing['articles'], 'article')}, {counted(len(standing['sources']), 'source')}")
    for title, empty in (
        ("sources", "No source is defined."),
        ("notices", ""),
        ("newsletters", "No newsletter is defined."),
        ("steps", "No step has run yet: `publisher run` begins."),
    ):
        rows = standing[title]
        if not rows and not empty:
            continue
        columns = [key.replace("_", " ") for key in rows[0]] if rows else []
        show_table(columns, [list(row.values()) for row in rows], title=title, empty=empty)
    say("deliveries: " + (", ".join(f"{n} {state}" for state, n in standing["deliveries"].items()) or "none yet"))
    if standing["sent_twice_at_most"]:
        say(f"messages that may have arrived twice: {standing['sent_twice_at_most']}")


def _standing(application: Application) -> dict[str, Any]:
    with application.storage.read() as work:
        slots = work.newsletters.slots()
        return {
            "articles": work.articles.count(),
            "sources": [
                {
                    "source": stored.source.name,
                    "outcome": stored.state.outcome,
                    "checked": stored.state.checked_at,
                    "next": stored.state.next_check,
                    "failures": stored.state.failures,
                }
                for stored in work.sources.all()
            ],
            "notices": [
                {"source": notice.source, "kind": notice.kind, "since": notice.at, "notice": notice.text}
                for notice in work.notices.open()
            ],
            "newsletters": [
                {
                    "newsletter": newsletter.slug,
                    "subscriptions": work.subscriptions.count_active(newsletter.id),
                    "cadence": slot.cadence,
                    "next": slot.next_due,
                    "last": slot.last_cut,
                }
                for newsletter in work.newsletters.all()
                for slot in slots
                if slot.newsletter_id == newsletter.id
            ],
            "steps": [
                {"step": run.step, "at": run.at, "outcome": run.outcome, "failed": run.failed}
                for run in work.runs.latest()
            ],
            "deliveries": {state.value: number for state, number in work.deliveries.counts().items()},
            "sent_twice_at_most": work.deliveries.doubts(),
        }
