"""`publisher status`: how things stand, at one look."""

from datetime import datetime
from typing import Annotated, Any

import typer

from publisher.app import Application
from publisher.cli.console import say, show_json, show_table
from publisher.cli.context import opened, settings_of
from publisher.domain.host import tomorrow
from publisher.domain.image import Hotlinking
from publisher.domain.source import StoredSource
from publisher.pipeline.ports import UnitOfWork
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
        ("hosts", ""),
        ("image_hosts", ""),
        ("hubs", ""),
        ("newsletters", "No newsletter is defined."),
        ("steps", "No step has run yet: `publisher run` begins."),
    ):
        rows = standing[title]
        if not rows and not empty:
            continue
        columns = [key.replace("_", " ") for key in rows[0]] if rows else []
        show_table(columns, [list(row.values()) for row in rows], title=title.replace("_", " "), empty=empty)
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
                    "outcome": outcome_of(stored),
                    "checked": stored.state.checked_at,
                    "next": next_look(stored),
                    "failures": stored.state.failures,
                }
                for stored in work.sources.all()
            ],
            "notices": [
                {"source": notice.source, "kind": notice.kind, "since": notice.at, "notice": notice.text}
                for notice in work.notices.open()
            ],
            "hosts": _hosts(work, application),
            "image_hosts": _image_hosts(work),
            "hubs": _hubs(work),
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


def outcome_of(stored: StoredSource) -> str:
    """How the last look at a source ended, and whether there will be another."""
    if stored.source.disabled:
        return f"disabled; {stored.state.outcome}" if stored.state.outcome else "disabled"
    return "gone for good" if stored.state.gone else stored.state.outcome


def next_look(stored: StoredSource) -> datetime | None:
    """When a source is looked at again; None when it is not, or at the next round."""
    return None if stored.source.disabled or stored.state.gone else stored.state.next_check


def _hubs(work: UnitOfWork) -> list[dict[str, Any]]:
    """The feeds' subscriptions at hubs, as far as something was asked for."""
    names = {stored.source.id: stored.source.name for stored in work.sources.all()}
    return [
        {
            "source": names.get(one.source_id, "(removed)"),
            "hub": one.hub,
            "state": one.state.value,
            "until": one.lease_until,
            "delivered": one.delivered_at,
            "outcome": one.outcome or ("asked" if one.pending else ""),
        }
        for one in work.hubs.all()
        if one.callback
    ]


def _image_hosts(work: UnitOfWork) -> list[dict[str, Any]]:
    """The hosts that don't let readers elsewhere see their images, or of which it is not known yet, and why."""
    names = {stored.source.id: stored.source.name for stored in work.sources.all()}
    return [
        {
            "source": names[one.source_id],
            "host": one.host,
            "images": "protected" if one.state is Hotlinking.PROTECTED else "not known",
            "because": one.evidence,
            "tried": one.checked_at,
            "next": one.next_check,
        }
        for one in work.images.hosts()
        if one.source_id in names and one.checked_at and one.state is not Hotlinking.ALLOWED
    ]


def _hosts(work: UnitOfWork, application: Application) -> list[dict[str, Any]]:
    """The hosts that are left alone: they asked for rest, or had their share of the day."""
    now, budget = application.clock(), application.settings.fetch.budget
    rows = []
    for name, state in sorted(work.hosts.all().items()):
        requests = state.requests if state.day == now.date() else 0
        spent = bool(budget) and requests >= budget
        if state.rests(now) or spent:
            until = max(state.rest_until or now, tomorrow(now) if spent else now)
            why = "asked for rest" if state.rests(now) else f"the budget of {budget} requests a day is spent"
            rows.append({"host": name, "left_alone_until": until, "why": why, "requests_today": requests})
    return rows
