"""`publisher article`: what is stored of an article, what it said before, and what changed."""

from typing import Annotated, Any

import typer
from rich.text import Text

from publisher.app import Application
from publisher.cli.console import say, show, show_json, show_table, stdout
from publisher.cli.context import opened, settings_of
from publisher.domain.article import ArticleState, Revision, Withheld, shorten
from publisher.domain.diff import Difference, difference
from publisher.errors import UsageError
from publisher.pipeline.withhold import withhold

app = typer.Typer(no_args_is_help=True, help="The articles that are stored.")
Json = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Which = Annotated[str, typer.Argument(metavar="ARTICLE", help="Its number, its guid, or its address.")]


@app.command("show")
def show_article(context: typer.Context, article: Which, as_json: Json = False) -> None:
    """Show what an article says now, where it is from, and which others tell the same story.

    Example: publisher article show https://example.org/tram
    """
    with opened(settings_of(context)) as application:
        state = _found(application, article)
        told = _shown(application, state)
    if as_json:
        show_json(told)
        return
    text = told.pop("text")
    show_table(("field", "value"), [(name.replace("_", " "), value) for name, value in told.items()])
    say(text)


@app.command("history")
def history(context: typer.Context, article: Which, as_json: Json = False) -> None:
    """List the revisions of an article: when each was stored, and what changed in it.

    Example: publisher article history 12
    """
    with opened(settings_of(context)) as application:
        revisions = _revisions(application, _found(application, article))
    rows = [
        {
            "revision": number,
            "seq": revision.seq,
            "stored": revision.at,
            "visible": revision.visible,
            "announced": revision.announced,
            "title": revision.content.title,
            "changed": _changed(difference(revisions[number - 2], revision)) if number > 1 else "first seen",
        }
        for number, revision in enumerate(revisions, start=1)
    ]
    show(rows, as_json=as_json, empty="")


@app.command("diff")
def diff(
    context: typer.Context,
    article: Which,
    before: Annotated[int | None, typer.Option("--from", help="A revision as `history` numbers it.")] = None,
    after: Annotated[int | None, typer.Option("--to", help="A later one; without it the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two revisions; without numbers, between the last two.

    Example: publisher article diff 12 --from 1
    """
    with opened(settings_of(context)) as application:
        revisions = _revisions(application, _found(application, article))
    newer = _number(after, revisions, "--to", len(revisions))
    older = _number(before, revisions, "--from", max(newer - 1, 1))
    found = difference(revisions[older - 1], revisions[newer - 1])
    if as_json:
        show_json(
            {
                "from": older,
                "to": newer,
                "fields": {one.field: {"before": one.before, "after": one.after} for one in found.fields},
                "text": [f"{line.sign} {line.text}" for line in found.text],
            }
        )
        return
    say(f"revision {older} → {newer}" + (": the same" if found.is_none else ""))
    for one in found.fields:
        _signed("-", f"{one.field}: {one.before}")
        _signed("+", f"{one.field}: {one.after}")
    for line in found.text:
        _signed(line.sign, line.text)


@app.command("hide")
def hide(context: typer.Context, article: Which) -> None:
    """Take an article down: out of feeds, archives, search, pages, drafts and mail that was not sent yet.

    It stays down whatever its source says; `publisher article unhide` brings it back.

    Example: publisher article hide https://example.org/tram
    """
    _withhold(context, article, Withheld.HIDDEN, "hidden: it leaves feeds, pages and mail within a minute")


@app.command("unhide")
def unhide(context: typer.Context, article: Which) -> None:
    """Show an article again that was hidden. It is where it was, and is not mailed again.

    Example: publisher article unhide 12
    """
    _withhold(context, article, None, "shown again")


@app.command("delete")
def delete(
    context: typer.Context,
    article: Which,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Take an article down for good: what it says is erased, in all its revisions and in mails as they were composed.

    That it was there is remembered, so that it is not collected again. Mails that were sent and backups stay as they
    are.

    Example: publisher article delete 12 --yes
    """
    if not yes:
        typer.confirm(f"Delete article {article} for good?", abort=True)
    _withhold(context, article, Withheld.DELETED, "deleted: it leaves feeds, pages and mail within a minute")


def _withhold(context: typer.Context, reference: str, withheld: Withheld | None, done: str) -> None:
    with opened(settings_of(context)) as application:
        state = _found(application, reference)
        changed = withhold(application.storage, state.article.id, withheld, application.clock)
    say(f"article {state.article.id} ({state.source.name}): {done if changed else 'nothing to change'}")


def _found(application: Application, reference: str) -> ArticleState:
    with application.storage.read() as work:
        states = work.articles.find(reference)
    if not states:
        raise UsageError(
            f"no article {reference!r}: name it by number, guid or address (`publisher status` counts them)"
        )
    if len(states) > 1:
        numbers = ", ".join(f"{state.article.id} ({state.source.name})" for state in states)
        raise UsageError(f"{reference} is the address of several articles: choose one by its number: {numbers}")
    return states[0]


def _revisions(application: Application, state: ArticleState) -> list[Revision]:
    with application.storage.read() as work:
        return work.articles.history(state.article.id)


def _number(given: int | None, revisions: list[Revision], option: str, otherwise: int) -> int:
    number = otherwise if given is None else given
    if not 1 <= number <= len(revisions):
        raise UsageError(f"{option} {number}: this article has the revisions 1 to {len(revisions)}")
    return number


def _changed(found: Difference) -> str:
    parts = [one.field for one in found.fields]
    if found.text:
        parts.append("text")
    return ", ".join(parts) or "markup"


def _shown(application: Application, state: ArticleState) -> dict[str, Any]:
    article, revision, content = state.article, state.revision, state.revision.content
    with application.storage.read() as work:
        told = [id for id in work.stories.told(article.story_id) if id != article.id] if article.story_id else []
        others = work.articles.states(told, work.articles.latest_seq())
    return {
        "article": article.id,
        "guid": article.guid,
        "source": state.source.name,
        "rights": state.source.rights.value,
        "reservations": content.reservations.words(),
        "reserved_by": content.reservations.evidence,
        "key": article.key,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": content.title,
        "authors": content.authors,
        "tags": content.tags,
        "language": content.language,
        "published": content.published,
        "updated": content.updated,
        "first_seen": article.first_seen,
        "visible": revision.visible,
        "withheld": article.withheld,
        "announced": revision.announced,
        "gone_since": article.gone_at,
        "story": article.story_id,
        "same_story": [
            f"{other.article.id} {other.source.name}: {shorten(other.revision.content.title, 60)}"
            for _, other in sorted(others.items())
        ],
        "summary": content.summary,
        "text": content.text,
    }


def _signed(sign: str, text: str) -> None:
    style = {"-": "red", "+": "green"}.get(sign, "")
    stdout().print(Text(f"{sign} {text}", style=style), soft_wrap=True)
