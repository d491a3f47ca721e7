"""`publisher source`: where articles come from."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from publisher.app import trial_fetcher, try_source
from publisher.cli import finding
from publisher.cli.console import complain, say, show, show_json, show_table
from publisher.cli.context import example_site, now, opened, settings_of, source_of
from publisher.cli.evidence import show_evidence
from publisher.cli.status import next_look, outcome_of
from publisher.domain.article import Entry, shorten
from publisher.domain.source import Source
from publisher.errors import SourceError
from publisher.pipeline.ports import Reading
from publisher.pipeline.release import release
from publisher.pipeline.wording import counted
from publisher.sources.kinds import build_readers

app = typer.Typer(no_args_is_help=True, help="The sources that articles come from.")
finding.add_to(app)
Json = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Explain = Annotated[bool, typer.Option("--explain", help="Each field with where it was found, and how sure that is.")]

Fresh = Annotated[bool, typer.Option("--fresh", help="Ask the site again for what was got a moment ago.")]


@app.command("list")
def list_sources(context: typer.Context, as_json: Json = False) -> None:
    """List the sources: when each was read, how that ended, and when it is read next."""
    with opened(settings_of(context)) as application, application.storage.read() as work:
        rows = [
            {
                "source": stored.source.name,
                "kind": stored.source.kind.value,
                "address": stored.source.url,
                "rights": stored.source.rights.value,
                "checked": stored.state.checked_at,
                "outcome": outcome_of(stored),
                "failures": stored.state.failures,
                "next": next_look(stored),
            }
            for stored in work.sources.all()
        ]
    show(rows, as_json=as_json, empty="No source is defined: add a [[source]] to the configuration.")


@app.command("release")
def release_(
    context: typer.Context,
    name: str,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave them unannounced: stored and searchable, not mailed.")
    ] = False,
) -> None:
    """Announce the articles of a flood that was held back: feeds show them, and the next editions mail them.

    A look that brings many new articles with known titles or old dates is held back (see `publisher status`).

    Example: publisher source release blog
    """
    with opened(settings_of(context)) as application:
        source_of(application.settings, name)
        with application.storage.read() as work:
            stored = work.sources.get(name)
        number = release(application.storage, stored.source.id, now, announce=not keep) if stored else 0
    done = "left unannounced" if keep else "announced"
    say(f"source {name}: {counted(number, 'article')} {done}" if number else f"source {name}: nothing is held back")


@app.command("try")
def try_(
    context: typer.Context, name: str, as_json: Json = False, explain: Explain = False, fresh: Fresh = False
) -> None:
    """Read a source and show what would be stored; nothing is.

    Reads the list and its article pages just as `collect` does the first time, and leaves out what a site reserves.
    What was got a moment ago is used again (see `reuse` under fetch), so that another try with other selectors costs
    the site nothing.

    Example: publisher source try blog --explain
    """
    settings = settings_of(context)
    if fresh:
        settings = replace(settings, reuse=timedelta(0))
    source = source_of(settings, name)
    with example_site(settings, may_run=True), trial_fetcher(settings, now) as fetcher:
        reading = try_source(source, build_readers(), fetcher, now)
    if as_json:
        show_json([_entry(entry) for entry in reading.entries])
    else:
        for entry in reading.entries if explain else ():
            _explain(source, entry)
        _show(source, reading)
    for problem in reading.problems:
        complain(problem)
    if not reading.entries:
        raise SourceError(name, "gives no article: look at its url and selectors")


def _entry(entry: Entry) -> dict[str, Any]:
    content = entry.content
    return {
        "key": entry.key,
        "url": entry.url,
        "canonical_url": entry.canonical_url,
        "title": content.title,
        "authors": content.authors,
        "source": content.source,
        "section": content.section,
        "tags": content.tags,
        "language": content.language,
        "published": content.published,
        "updated": content.updated,
        "summary": content.summary,
        "image": content.image,
        "original_url": content.original_url,
        "reservations": content.reservations.words(),
        "text": content.text,
        "html": content.html,
        "evidence": dict(entry.evidence),
    }


def _explain(source: Source, entry: Entry) -> None:
    """One article, field by field with its evidence."""
    zone = ZoneInfo(source.timezone)
    say(entry.url)
    fields = {
        name: value.astimezone(zone) if isinstance(value, datetime) else value for name, value in _entry(entry).items()
    }
    show_evidence(fields, {**entry.evidence, "reservations": "; ".join(entry.content.reservations.evidence)})


def _show(source: Source, reading: Reading) -> None:
    zone = ZoneInfo(source.timezone)
    rows = [
        (
            shorten(entry.content.title, 60),
            entry.content.published.astimezone(zone) if entry.content.published else "",
            entry.content.authors,
            entry.content.tags,
            entry.content.language or "",
            len(entry.content.text),
            entry.url,
        )
        for entry in reading.entries
    ]
    show_table(("title", "published", "authors", "tags", "language", "characters", "address"), rows)
    say(
        f"source {source.name}: {counted(len(reading.entries), 'article')} read of {len(reading.listed)} listed, "
        f"{len(reading.problems)} not read. Nothing was stored."
    )
