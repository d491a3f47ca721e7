"""`publisher source import`, `export` and `remove`: sources come from lists of feeds, go into one, and go away."""

import os
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from publisher.cli.console import inform, say
from publisher.cli.context import bytes_of, context_of, now, opened, settings_of, source_of
from publisher.domain.selection import Selection, Terms
from publisher.errors import PublisherError, UsageError
from publisher.feeds import opml as lists
from publisher.pipeline.ports import UnitOfWork
from publisher.pipeline.wording import counted
from publisher.settings import Settings
from publisher.settings.editing import check_unnamed, free_name, prepared, stanza, with_stanzas, without_source
from publisher.settings.values import check_slug
from publisher.sources import opml
from publisher.sources.opml import NotOpml, OpmlFeed
from publisher.sources.text import urls

PAGE = 500
"""How many articles are hidden at a time."""


def add_to(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command("import")(import_)
    app.command("export")(export)
    app.command("remove")(remove)


def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="An OPML file, or - for standard input.")],
    write: Annotated[bool, typer.Option("--write", help="Write the sources into the configuration.")] = False,
) -> None:
    """Read a list of feeds (OPML) and print the [[source]] of each, to paste; folders and categories become tags.

    With --write they go to the end of the configuration, once it is checked; a file with faults stays as it was. Feeds
    that are there already are passed over. Rights begin as "quote".

    Example: publisher source import feeds.opml --write
    """
    chosen, settings = context_of(context).file(), settings_of(context)
    try:
        document = opml.parse(bytes_of(file, opml.MAX_BYTES + 1))
    except NotOpml as error:
        raise UsageError(f"{file}: is no list of feeds: {error}") from None
    known = {_same(source.url): source.name for source in settings.sources}
    fresh = [feed for feed in document.feeds if _same(feed.url) not in known]
    for feed in document.feeds:
        if (name := known.get(_same(feed.url))) is not None:
            inform(f"{feed.title or feed.url}: is there already, as source {name}")
    for line in document.left_out:
        inform(line)
    stanzas = [stanza(keys) for keys in _keys(fresh, {source.name for source in settings.sources})]
    if not stanzas:
        inform(f"{file}: holds no feed that is not there already")
        return
    if not write:
        say("\n".join(stanzas).rstrip("\n"))
        inform(f"{counted(len(stanzas), 'source')}: paste them into {chosen}, or add --write")
        return
    text = chosen.read_text(encoding="utf-8-sig")
    with prepared(chosen, with_stanzas(text, stanzas), os.environ) as change:
        change.make()
    say(f"{chosen}: {counted(len(stanzas), 'source')} added. A running publisher takes them up on SIGHUP (kill -HUP).")


def export(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Where to write, or - for standard output.")] = "-",
) -> None:
    """Write the sources as a list that other readers understand (OPML 2.0), with tags as categories.

    Example: publisher source export feeds.opml
    """
    settings = settings_of(context)
    data = lists.write(settings.sources, settings.site.title, now())
    left_out = [source.name for source in settings.sources if not lists.is_listed(source)]
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        try:
            Path(file).write_bytes(data)
        except OSError as error:
            raise UsageError(f"FILE {file}: can't be written: {error.strerror}") from None
        inform(f"wrote {file}: {counted(len(settings.sources) - len(left_out), 'source')}")
    if left_out:
        inform(f"without an address on the web, and so left out: {', '.join(left_out)}")


def remove(
    context: typer.Context,
    name: str,
    with_articles: Annotated[
        bool, typer.Option("--with-articles", help="Hide its articles, too: in feeds, pages and mails to come.")
    ] = False,
) -> None:
    """Take a source out of the configuration, with the comment right above it; its articles stay, unless you say so.

    The rest of the file stays as it is. What still names the source (a feed, a newsletter) is told, and nothing is
    changed then.

    Example: publisher source remove blog --with-articles
    """
    chosen, settings = context_of(context).file(), settings_of(context)
    if with_articles and name not in {source.name for source in settings.sources}:
        _hide_left_behind(settings, name)
        return
    source_of(settings, name)
    check_unnamed(chosen, name, os.environ)
    text = without_source(chosen.read_text(encoding="utf-8-sig"), name)
    with prepared(chosen, text, os.environ) as change, opened(settings) as application:
        try:
            with application.storage.begin() as work:
                hidden = _hide(work, name, application.clock()) if with_articles else 0
                work.sources.apply(change.settings.sources, application.clock())
                change.make()
        except PublisherError:
            # What the database did not keep must not be out of the file either.
            change.take_back()
            raise
    articles = (
        f"{counted(hidden, 'article')} hidden" if with_articles else "its articles stay (--with-articles hides them)"
    )
    say(f"{chosen}: source {name} is out; {articles}. A running publisher takes that up on SIGHUP (kill -HUP).")


def _hide_left_behind(settings: Settings, name: str) -> None:
    """Hide the articles of a source that was taken out before."""
    with opened(settings) as application, application.storage.begin() as work:
        hidden = _hide(work, name, application.clock())
    if not hidden:
        source_of(settings, name)
    say(f"source {name} is out already; {counted(hidden, 'article')} hidden.")


def _hide(work: UnitOfWork, name: str, at: datetime) -> int:
    """Hide all articles of a source; how many that were."""
    hidden = 0
    selection = Selection(sources=Terms((name,)))
    while shown := work.articles.current(selection, limit=PAGE):
        work.articles.flag([state.article.id for state in shown], at, visible=False)
        hidden += len(shown)
    return hidden


def _same(url: str) -> str:
    """What two spellings of one address have in common."""
    return re.sub(r"^https?://(www\.)?", "", urls.normalised(url)).rstrip("/")


def _keys(feeds: Iterable[OpmlFeed], taken: set[str]) -> Iterable[dict[str, str | tuple[str, ...]]]:
    for feed in feeds:
        name = _name(feed, taken)
        taken.add(name)
        yield {
            "name": name,
            "title": feed.title,
            "kind": "feed",
            "url": feed.url,
            "tags": feed.tags,
            "rights": "quote",
        }


def _name(feed: OpmlFeed, taken: set[str]) -> str:
    """A name that stands in addresses: of the title where that is Latin, else of the host."""
    host = (urlsplit(feed.url).hostname or "").removeprefix("www.")
    for text in (feed.title, host):
        slug = "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:60].strip("-")
        if len(slug) >= 3 and (text is host or len(slug) * 2 >= len(text)):
            break
    else:
        slug = "feed"
    check_slug(slug)
    return free_name(slug, taken)
