"""`publisher subscriber`: who gets what."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated

import typer

from publisher.app import Application
from publisher.cli.console import progress, say, show
from publisher.cli.context import bytes_of, newsletter_of, now, opened, settings_of
from publisher.cli.subscriptions_csv import (
    COLUMNS,
    Defaults,
    Row,
    offered_cadence,
    read_rows,
    split_topics,
    write_rows,
)
from publisher.domain.subscription import ConsentKind, Subscription, SubscriptionState
from publisher.domain.token import canonical_address
from publisher.errors import UsageError
from publisher.pipeline.ports import SubscribeRequest
from publisher.pipeline.subscribe import CHUNK
from publisher.pipeline.wording import counted
from publisher.settings.values import check_language, check_zone, parse_address

PAGE = 1000

app = typer.Typer(no_args_is_help=True, help="Who gets the newsletters.")
Address = Annotated[str, typer.Argument(help="An e-mail address.")]
File = Annotated[str, typer.Argument(metavar="FILE|-", help="A CSV file, or - for standard input or output.")]


@app.command()
def add(
    context: typer.Context,
    address: Address,
    newsletter: Annotated[str, typer.Option("--newsletter", metavar="SLUG", help="Which newsletter.")],
    cadence: Annotated[
        str, typer.Option(metavar="NAME", help="One that the newsletter offers; without it, its first.")
    ] = "",
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Such as Asia/Shanghai; without it, the newsletter's.")
    ] = "",
    language: Annotated[str, typer.Option(metavar="TAG", help="Such as en or zh-CN; without it, the site's.")] = "",
    topics: Annotated[
        str, typer.Option(metavar="T;T", help="Only articles with one of these tags, sources or authors.")
    ] = "",
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="You have this person's consent: mail at once.")
    ] = False,
) -> None:
    """Subscribe an address to a newsletter; one that is subscribed takes the new settings.

    Example: publisher subscriber add ada@example.org --newsletter daily --language en --confirmed
    """
    settings = settings_of(context)
    with opened(settings) as application:
        wanted = newsletter_of(application, newsletter)
        request = SubscribeRequest(
            address=_checked("ADDRESS", address, parse_address),
            newsletter_id=wanted.id,
            language=_checked("--language", language or settings.site.language or "en", check_language),
            timezone=_checked("--timezone", timezone or wanted.timezone, check_zone),
            cadence=_checked("--cadence", cadence, lambda name: offered_cadence(wanted, name)),
            topics=split_topics(topics),
            confirmed=confirmed,
            kind=ConsentKind.ADDED,
            evidence="publisher subscriber add",
        )
        made = application.subscribing.subscribe(request)
    hint = "" if made.state is SubscriptionState.ACTIVE else ": gets no mail before it is confirmed (--confirmed)"
    say(f"{made.subscriber.address}: {newsletter}, {made.cadence}, {made.state}{hint}")


@app.command()
def remove(context: typer.Context, address: Address) -> None:
    """Delete a subscriber with all subscriptions; mail that waits is cancelled.

    Example: publisher subscriber remove ada@example.org
    """
    with opened(settings_of(context)) as application:
        if not application.subscribing.remove(address):
            raise UsageError(f"ADDRESS {address!r}: there is no such subscriber; `publisher subscriber list` shows all")
    say(f"{address} is removed.")


@app.command("list")
def list_subscribers(
    context: typer.Context,
    newsletter: Annotated[str, typer.Option("--newsletter", metavar="SLUG", help="Only of this newsletter.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """List the subscriptions."""
    with opened(settings_of(context)) as application:
        slugs = _slugs(application)
        wanted = newsletter_of(application, newsletter).id if newsletter else None
        rows = [
            {
                "address": one.subscriber.address,
                "newsletter": slugs.get(one.newsletter_id, ""),
                "state": one.state.value,
                "cadence": one.cadence,
                "language": one.subscriber.language,
                "timezone": one.subscriber.timezone,
                "topics": list(one.topics),
            }
            for page in _pages(application, wanted)
            for one in page
        ]
    show(rows, as_json=as_json, empty="Nobody is subscribed: `publisher subscriber add` or `import` begins.")


@app.command("import")
def import_(
    context: typer.Context,
    file: File,
    newsletter: Annotated[str, typer.Option("--newsletter", metavar="SLUG", help="For lines that name none.")] = "",
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="You have the consent of those whose line names no state: mail at once.")
    ] = False,
) -> None:
    """Subscribe the addresses of a CSV file; when a line has a fault, none of them.

    The first line names the columns: address,newsletter,state,cadence,language,timezone,topics. Only the address and
    the newsletter are needed. A line without a state is unconfirmed and gets no mail, unless --confirmed is given. Who
    has unsubscribed here stays so, whatever the file says.

    Example: publisher subscriber import people.csv --newsletter daily --confirmed
    """
    settings = settings_of(context)
    text = _read(file)
    state = SubscriptionState.ACTIVE if confirmed else SubscriptionState.UNCONFIRMED
    with opened(settings) as application, progress() as advance:
        with application.storage.read() as work:
            newsletters = {one.slug: one for one in work.newsletters.all()}
        defaults, lines = Defaults(newsletter, settings.site.language or "en", state), text.count("\n")
        name = "standard input" if file == "-" else file
        rows = read_rows(text, name, newsletters, defaults, lambda line: advance("read", line, lines))
        made, passed = _store(application, rows, lambda done, total: advance("store", done, total))
    say(
        f"{counted(made, 'subscription')} stored"
        + (f", {passed} passed over (unsubscribed or suppressed)" if passed else "")
    )
    waiting = sum(row.state is SubscriptionState.UNCONFIRMED for row in rows)
    if waiting:
        say(f"{counted(waiting, 'line')} unconfirmed: no mail before consent is given (--confirmed, or state active)")


@app.command()
def export(context: typer.Context, file: File) -> None:
    """Write all subscriptions as CSV, in the form that `import` reads; nobody else may read the file.

    Example: publisher subscriber export - > people.csv
    """
    with opened(settings_of(context)) as application:
        slugs = _slugs(application)
        parts = [",".join(COLUMNS) + "\n"]
        for page in _pages(application, None):
            parts.append(write_rows([one for one in page if one.newsletter_id in slugs], slugs))
    text = "".join(parts)
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        _write(file, text)
    except OSError as error:
        raise UsageError(f"FILE {file}: can't be written: {error.strerror}") from None
    say(f"{counted(text.count(chr(10)) - 1, 'subscription')} written to {file}")


def _write(file: str, text: str) -> None:
    """Write a file that holds people's addresses: for its owner only, also when it was there before."""
    with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as written:
        if stat.S_ISREG(os.fstat(written.fileno()).st_mode):
            os.fchmod(written.fileno(), 0o600)
        written.write(text)


def _store(application: Application, rows: list[Row], tell: Callable[[int, int], None]) -> tuple[int, int]:
    """Store the lines; how many, and how many were passed over."""
    ended = {
        (canonical_address(one.subscriber.address), one.newsletter_id)
        for page in _pages(application, None)
        for one in page
        if one.state is SubscriptionState.UNSUBSCRIBED
    }
    left = [row for row in rows if (canonical_address(row.address), row.newsletter.id) not in ended]
    wanted = [row for row in left if row.state is not SubscriptionState.UNSUBSCRIBED]
    made = 0
    for start in range(0, len(wanted), CHUNK):
        tell(start, len(wanted))
        made += application.subscribing.subscribe_all([_request(row) for row in wanted[start : start + CHUNK]])
    for row in left:
        if row.state in (SubscriptionState.PAUSED, SubscriptionState.UNSUBSCRIBED):
            _end(application, row)
    return made, len(rows) - made


def _end(application: Application, row: Row) -> None:
    """Pause a subscription, or end it, as its line says."""
    with application.storage.begin() as work:
        found = work.subscriptions.find(row.address, row.newsletter.id)
        if found is not None and row.state is SubscriptionState.UNSUBSCRIBED:
            work.subscriptions.unsubscribe(found.id, now(), "publisher subscriber import")
        elif found is not None:
            work.subscriptions.update(replace(found, state=row.state))


def _request(row: Row) -> SubscribeRequest:
    return SubscribeRequest(
        address=row.address,
        newsletter_id=row.newsletter.id,
        language=row.language,
        timezone=row.timezone,
        cadence=row.cadence,
        topics=row.topics,
        confirmed=row.state is not SubscriptionState.UNCONFIRMED,
        kind=ConsentKind.IMPORTED,
        evidence="publisher subscriber import",
    )


def _pages(application: Application, newsletter_id: int | None) -> Iterator[list[Subscription]]:
    after = 0
    while True:
        with application.storage.read() as work:
            page = work.subscriptions.all(newsletter_id, after_id=after, limit=PAGE)
        if not page:
            return
        yield page
        after = page[-1].id


def _slugs(application: Application) -> dict[int, str]:
    with application.storage.read() as work:
        return {one.id: one.slug for one in work.newsletters.all()}


def _read(file: str) -> str:
    try:
        return bytes_of(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"FILE {file}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _checked(field: str, text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise UsageError(f"{field} {text!r}: {error}") from None
