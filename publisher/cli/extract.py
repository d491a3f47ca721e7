"""`publisher extract`: what the program reads out of one page."""

from typing import Annotated

import typer

from publisher.cli.console import say, show_json, show_table
from publisher.cli.context import bytes_of, check_address, now
from publisher.cli.evidence import show_evidence
from publisher.sources.extract import extract as extract_article

_LONG = ("text", "html", "evidence")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(extract)


def extract(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved page, or - for standard input.")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The address that the page came from.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="The fields only, each with where it was found, and how sure that is.")
    ] = False,
) -> None:
    """Show the article in a saved page: title, authors, tags, date, language, text and HTML.

    Dates are in the page's own zone, as far as it can be known.

    Example: publisher extract page.html --url https://blog.example.org/page --json
    """
    check_address(url)
    data = bytes_of(file)
    found = extract_article(data, url or None, now=now())
    if as_json:
        show_json(found.as_dict())
        return
    fields = {**found.as_dict(), "reservations": found.reservations.words()}
    if explain:
        show_evidence(fields, {**found.evidence, "reservations": "; ".join(found.reservations.evidence)})
        return
    show_table(("field", "value"), [(name, value) for name, value in fields.items() if name not in _LONG])
    say(found.text)
