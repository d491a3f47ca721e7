"""`publisher source discover`, `detect` and `heal`: from an address or a page to the lists of articles on it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from publisher.app import trial_fetcher
from publisher.cli.console import complain, inform, say, show_json, show_table
from publisher.cli.context import bytes_of, check_address, example_site, now, opened, settings_of, source_of
from publisher.domain import toml
from publisher.domain.article import shorten
from publisher.domain.listing import ListingMemory, accepted
from publisher.domain.source import Source
from publisher.errors import AddressError, SourceError, UsageError
from publisher.pipeline.wording import counted
from publisher.settings import Settings
from publisher.settings.editing import free_name, stanza
from publisher.sources import listing
from publisher.sources.discover import Discovery, FoundSource
from publisher.sources.discover import discover as discover_at
from publisher.sources.lists.detect import Candidate
from publisher.sources.lists.healing import HEALED, LOST
from publisher.sources.lists.listed import Line

SAMPLE = 5
"""How many lines of a candidate are shown."""

Json = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("discover")(discover)
    app.command("detect")(detect)
    app.command("heal")(heal)


def discover(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A page, a feed or a sitemap.")],
    as_json: Json = False,
) -> None:
    """Find what articles a site offers: its feeds, the list on the page, its news sitemap. Nothing is stored.

    Shows the best three with samples, and the [[source]] to paste into the configuration.

    Example: publisher source discover https://blog.example.org/
    """
    settings = settings_of(context)
    address = url if "://" in url else f"https://{url}"
    with example_site(settings, may_run=True), trial_fetcher(settings, now) as fetcher:
        found = discover_at(address, fetcher, now(), ZoneInfo(settings.site.timezone))
    found = _named_apart(found, settings)
    if as_json:
        show_json(_discovery(found, settings))
    elif found.found:
        _show_discovery(found, settings)
    for note in found.notes:
        complain(note)
    if not found.found:
        raise AddressError(found.url, "no feed, list or sitemap was found; give the page that lists its articles")


def _named_apart(found: Discovery, settings: Settings) -> Discovery:
    """The sources with names that no other has."""
    taken = {source.name for source in settings.sources}
    named = [replace(one, source=replace(one.source, name=free_name(one.source.name, taken))) for one in found.found]
    return replace(found, found=tuple(named))


def _stanza(source: Source, settings: Settings) -> str:
    """The table to paste into the configuration."""
    return stanza(
        {
            "name": source.name,
            "kind": source.kind.value,
            "url": source.url,
            "title": source.title,
            "language": source.language or "",
            "timezone": source.timezone if source.timezone != settings.site.timezone else "",
            "rights": source.rights.value,
            "selectors": source.selectors,
        }
    ).rstrip("\n")


def _discovery(found: Discovery, settings: Settings) -> dict[str, Any]:
    return {
        "url": found.url,
        "requests": found.requests,
        "notes": found.notes,
        "candidates": [
            {
                "kind": one.source.kind.value,
                "url": one.source.url,
                "title": one.source.title,
                "language": one.source.language,
                "evidence": one.evidence,
                "score": one.score,
                "selectors": dict(one.source.selectors),
                "articles": len(one.items),
                "items": _items(one.items),
                "stanza": _stanza(one.source, settings),
            }
            for one in found.found
        ],
    }


def _show_discovery(found: Discovery, settings: Settings) -> None:
    for number, one in enumerate(found.found, start=1):
        _show_sample(f"{number}. {one.source.kind.value}: {one.source.url}", _said(one), one.items, settings)
    for number, one in enumerate(found.found, start=1):
        say(f"\n# {number}: {_said(one)}\n{_stanza(one.source, settings)}")
    inform(f"\n{counted(found.requests, 'request')}; nothing was stored. Paste one of these into {settings.file}.")


def _said(one: FoundSource) -> str:
    return f"{one.evidence}, {counted(len(one.items), 'article')}"


def _show_sample(title: str, said: str, items: Sequence[Line], settings: Settings) -> None:
    zone = ZoneInfo(settings.site.timezone)
    rows = [
        (shorten(item.title, 70), item.published.astimezone(zone) if item.published else "", item.url)
        for item in items[:SAMPLE]
    ]
    show_table(("title", "published", "address"), rows, title=f"{title} ({said})")


def detect(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved page, or - for standard input.")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The address that the page came from.")] = "",
    as_json: Json = False,
) -> None:
    """Find the list of articles in a saved page, without selectors. An article's own page gives none.

    Example: publisher source detect page.html --url https://blog.example.org/ --json
    """
    del context
    check_address(url)
    data = bytes_of(file)
    found = listing.detect(data, url or None, now=now())
    if as_json:
        show_json(_items(found[0].items) if found else [])
        return
    if not found:
        say("No list of articles was found.")
    for number, candidate in enumerate(found, start=1):
        _show_candidate(number, candidate)


def _show_candidate(number: int, candidate: Candidate) -> None:
    rows = [(shorten(item.title, 70), item.published or "", item.url) for item in candidate.items]
    show_table(("title", "published", "address"), rows, title=f"{number}. {counted(len(rows), 'article')}")
    say(f"score {candidate.score:g}: selectors = {toml.written(candidate.selectors)}\n")


def _items(items: Sequence[Line]) -> list[dict[str, Any]]:
    return [{"title": item.title, "url": item.url, "published": item.published} for item in items]


def heal(
    context: typer.Context,
    name: str,
    accept: Annotated[bool, typer.Option("--accept", help="Read the source by the proposed selectors.")] = False,
    as_json: Json = False,
) -> None:
    """Show by what selectors a listing is read, and the proposal when it lost its list; --accept takes that.

    Selectors in the configuration are never changed: they are tried first at each look, and what is accepted here
    stands in for them (or those found before) while they yield nothing or under half of what was usual. Closes the
    notice of a list that was found again.

    Example: publisher source heal blog --accept
    """
    settings = settings_of(context)
    source = source_of(settings, name)
    with opened(settings) as application, application.storage.begin() as work:
        stored = work.sources.get(name)
        memory = (stored.state.listing if stored else None) or ListingMemory()
        if accept and not memory.proposal:
            raise UsageError(f"source {name}: nothing is proposed")
        if accept and stored:
            memory = accepted(memory)
            work.sources.finish(stored.source.id, replace(stored.state, listing=memory, next_check=None))
            work.notices.close(stored.source.id, LOST, now())
        if stored:
            work.notices.close(stored.source.id, HEALED, now())
    _show_memory(source, memory, as_json=as_json)
    if memory.proposal and not as_json:
        _show_proposal(source, memory, settings)


def _show_proposal(source: Source, memory: ListingMemory, settings: Settings) -> None:
    """What the proposed selectors find on the page as it is now."""
    with example_site(settings, may_run=True), trial_fetcher(settings, now) as fetcher:
        try:
            lines = listing.lines_by(source, memory.proposal, fetcher, now())
        except SourceError as error:
            complain(f"what the proposal finds can't be shown: {error}")
        else:
            _show_sample("The proposal finds", counted(len(lines), "article"), lines, settings)
    say(f"`publisher source heal {source.name} --accept` takes the proposal.")


def _show_memory(source: Source, memory: ListingMemory, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "source": source.name,
                "configured": dict(source.selectors),
                "found": dict(memory.rule),
                "proposed": dict(memory.proposal),
                "earlier": dict(memory.earlier),
                "usual": memory.usual,
            }
        )
        return
    for label, selectors in (
        ("in the configuration", source.selectors),
        ("found by itself or accepted", memory.rule),
        ("in use before that", memory.earlier),
        ("proposed", memory.proposal),
    ):
        if selectors:
            say(f"{label}: selectors = {toml.written(selectors)}")
    if not (source.selectors or memory.rule or memory.proposal):
        say("No selectors are known yet: the list is looked for at the first look.")
