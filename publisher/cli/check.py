"""`publisher check`: every fault of the configuration and its templates at once."""

import uuid
from datetime import UTC, datetime

import typer

from publisher.app import checked_templates
from publisher.cli.console import count, say
from publisher.cli.context import settings_of
from publisher.domain.article import Article, ArticleState, Content, Revision, SourceCredit
from publisher.domain.edition import Variant
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import Rights
from publisher.domain.subscription import MailFormat
from publisher.errors import ConfigError, Fault, TemplateError
from publisher.mail.render import DigestRenderer
from publisher.pipeline.ports import RenderRequest
from publisher.pipeline.publish import Site
from publisher.settings import Settings
from publisher.settings.values import did_you_mean
from publisher.templating import Templates


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
        f"{settings.file}: no faults. {count(len(settings.sources), 'source')}, {count(len(settings.feeds), 'feed')}, "
        f"{count(len(settings.newsletters), 'newsletter')}; mail goes to {settings.mail.transport}."
    )


def check_templates(settings: Settings) -> list[Fault]:
    """All faults of the templates: those of syntax, and those that show when each newsletter's look is filled."""
    try:
        templates = checked_templates(settings)
    except ConfigError as error:
        return error.faults
    faults = []
    for newsletter in settings.newsletters:
        key = f'newsletter "{newsletter.slug}".template'
        if f"digest/{newsletter.template}/subject.txt.jinja" not in templates.names():
            remedy = f"no look of this name; {did_you_mean(newsletter.template, looks(templates))}"
            faults.append(Fault(str(settings.file), key, f'"{newsletter.template}"', remedy))
            continue
        for language in newsletter.languages:
            try:
                DigestRenderer(templates).render(sample_request(newsletter, language, settings.site))
            except TemplateError as error:
                faults.append(Fault(str(settings.file), key, f'"{newsletter.template}"', str(error)))
                break
    return faults


def looks(templates: Templates) -> set[str]:
    """The looks that a digest can have: the folders below `digest/`."""
    parts = [name.split("/") for name in templates.names()]
    return {part[1] for part in parts if part[0] == "digest" and len(part) > 2}


def sample_request(newsletter: Newsletter, language: str, site: Site) -> RenderRequest:
    """An edition of two invented articles, to try a look on."""
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    states = tuple(_sample_article(number, at) for number in (1, 2))
    return RenderRequest(
        newsletter=newsletter,
        variant=Variant(tuple((state.article.id, state.revision.seq) for state in states), language, MailFormat.HTML),
        articles=states,
        cut_at=at,
        site_title=site.title,
        site_url=site.base_url,
        legal=site.legal,
    )


def _sample_article(number: int, at: datetime) -> ArticleState:
    url = f"https://example.org/{number}"
    content = Content(
        title="A sample & its <title>",
        authors=("Ada Example",),
        tags=("sample",),
        language="en",
        published=at,
        summary="What a look is tried on.",
        html="<p>What a look is tried on.</p>",
        text="What a look is tried on.",
    )
    return ArticleState(
        Article(
            id=number,
            guid=f"urn:uuid:{uuid.UUID(int=number)}",
            source_id=1,
            key=url,
            url=url,
            canonical_url=None,
            first_seen=at,
            first_seq=number,
        ),
        Revision(seq=number, content=content, at=at, changed_at=at),
        SourceCredit(1, "sample", "Sample", "https://example.org/", Rights.OWN),
    )
