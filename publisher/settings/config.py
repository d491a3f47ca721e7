"""What the configuration comes to: frozen values of the rooms below, with every path absolute."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from publisher.domain.delivery import Relay
from publisher.domain.feed import Feed
from publisher.domain.newsletter import Newsletter
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Source, SourceKind
from publisher.pipeline.image_keeper import ImagesConfig
from publisher.pipeline.publish import COLLECTOR_PATH, Site
from publisher.settings.checks import is_local
from publisher.settings.reading import secret_in
from publisher.settings.requests import check_headers, parse_headers
from publisher.settings.tables import (
    Choosing,
    Document,
    ExampleTable,
    FeedTable,
    NewsletterTable,
    RelayTable,
    SourceTable,
)
from publisher.sources.http.manners import host_of
from publisher.sources.http.options import FetchConfig, SourceOptions
from publisher.sources.pages.languages import home_zone

_SQLITE = "sqlite:///"
_PORTS = {"none": 25, "starttls": 587, "implicit": 465}


SITEMAP_FIRST = 50
"""How many articles of a sitemap's first listing are taken, unless the operator says: it may name a whole archive."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where pages and feeds are served."""

    host: str
    port: int
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailConfig:
    """How digests leave: by `smtp` through the relays, or as files into the `outbox`."""

    transport: Literal["outbox", "smtp"]
    outbox: Path
    window: int
    relays: tuple[Relay, ...]


@dataclass(frozen=True, slots=True)
class ExampleConfig:
    """The example site: its port on loopback, and the folder that it is."""

    port: int
    folder: Path


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What is told, and how; `auto` is text on a terminal and JSON elsewhere."""

    format: Literal["auto", "console", "json"]
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration. `templates` is the operator's own folder, `example` is set while the
    example site is served, `threads` is how many sources are read side by side, `processes` how many processes beside
    this one read feeds (None: by the number of processors), `cache` is where documents are kept that `source discover`
    and `source try` got, to be used again within `reuse`, `image_folder` is where copies of images are kept.
    `callback_base` is where WebSub hubs reach us, empty when they can't or must not."""

    file: Path
    site: Site
    first_digest: bool
    templates: Path | None
    database: str = field(repr=False)
    web: WebConfig
    mail: MailConfig
    fetch: FetchConfig
    cache: Path
    reuse: timedelta
    images: ImagesConfig
    image_folder: Path
    threads: int
    processes: int | None
    example: ExampleConfig | None
    log: LogConfig
    sources: tuple[Source, ...]
    push_tokens: Mapping[str, str] = field(repr=False)
    callback_base: str
    feeds: tuple[Feed, ...]
    newsletters: tuple[Newsletter, ...]


def build(document: Document, file: Path) -> Settings:
    """The values of a configuration that has been checked. Paths are relative to the file's folder."""
    folder = file.resolve().parent
    site = document.site
    base_url = site.base_url or own_address(document.web.host, document.web.port)
    return Settings(
        file=file.resolve(),
        site=Site(site.title, base_url, site.language, site.timezone, site.legal, tuple(document.websub.hubs)),
        first_digest=site.first_digest,
        templates=folder / site.templates if site.templates else None,
        database=database_url(document.database.url.get_secret_value(), folder),
        web=WebConfig(document.web.host, document.web.port, tuple(document.web.trusted_proxies)),
        mail=MailConfig(
            document.mail.transport,
            (folder / document.mail.outbox).resolve(),
            document.mail.window,
            tuple(_relay(relay, folder) for relay in document.relay.values()),
        ),
        fetch=FetchConfig(
            contact=document.fetch.contact or (base_url + COLLECTOR_PATH if site.base_url else ""),
            allow_private=tuple(document.fetch.allow_private),
            spacing=document.fetch.spacing,
            budget=document.fetch.budget,
            groups={
                host_of(source.url): source.rate_group
                for source in document.source.values()
                if source.url and source.rate_group
            },
            hint_limit=document.fetch.hint_limit,
            sources={
                source.name: options
                for source in document.source.values()
                if (options := _options(source, folder)) is not None
            },
        ),
        cache=(folder / document.fetch.cache).resolve(),
        reuse=document.fetch.reuse,
        images=ImagesConfig(
            probe=document.images.probe,
            copy=document.images.copies,
            budget=document.images.budget,
            limit=document.images.megabytes * 1_000_000,
        ),
        image_folder=(folder / document.images.folder).resolve(),
        threads=document.fetch.threads,
        processes=document.fetch.processes,
        example=_example(document.example, folder) if document.example else None,
        log=LogConfig(document.log.format, document.log.level),
        sources=tuple(_source(source, site.timezone, folder) for source in document.source.values()),
        push_tokens={
            source.name: _secret(source.token, source.token_file, folder)
            for source in document.source.values()
            if source.kind is SourceKind.PUSH
        },
        callback_base=base_url if document.fetch.websub and site.base_url and not is_local(base_url) else "",
        feeds=tuple(_feed(feed) for feed in document.feed.values()),
        newsletters=tuple(_newsletter(newsletter, site.timezone) for newsletter in document.newsletter.values()),
    )


def until_restart(fresh: Settings, running: Settings) -> Settings:
    """Fresh settings for a process that runs: its database, its listeners and its log stay as they are."""
    site = fresh.site
    if site.base_url == own_address(fresh.web.host, fresh.web.port):
        site = replace(site, base_url=own_address(running.web.host, running.web.port))
    return replace(
        fresh, site=site, database=running.database, web=running.web, example=running.example, log=running.log
    )


def own_address(host: str, port: int) -> str:
    """The address under which the web server answers by itself."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def database_url(url: str, folder: Path) -> str:
    """The database's URL with the path of a SQLite file made absolute."""
    path = url.removeprefix(_SQLITE)
    return f"{_SQLITE}{(folder / path).resolve()}" if url.startswith(_SQLITE) else url


def sqlite_file(url: str) -> Path | None:
    """The file of a database's URL; None when a server holds it."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def _example(table: ExampleTable, folder: Path) -> ExampleConfig:
    return ExampleConfig(table.port, (folder / table.folder).resolve())


def _relay(table: RelayTable, folder: Path) -> Relay:
    return Relay(
        name=table.name,
        host=table.host,
        port=table.port or _PORTS[table.tls],
        tls=table.tls,
        user=table.user,
        password=_secret(table.password, table.password_file, folder),
        connections=table.connections,
        in_doubt=table.in_doubt,
        timeout=table.timeout,
        verify=table.verify,
        ca_file=str(folder / table.ca_file) if table.ca_file else "",
    )


def _secret(secret: SecretStr, file: str, folder: Path) -> str:
    """A secret that is written down, or stands in a file of its own."""
    written = secret.get_secret_value()
    return secret_in(folder / file) if file and not written else written


def _source(table: SourceTable, timezone: str, folder: Path) -> Source:
    is_folder = table.kind is SourceKind.FOLDER
    return Source(
        name=table.name,
        kind=table.kind,
        url=str((folder / (table.path or "")).resolve()) if is_folder else table.url or "",
        title=table.title,
        language=table.language,
        timezone=table.timezone or home_zone(table.language) or timezone,
        tags=tuple(table.tags),
        interval=table.interval,
        rights=table.rights,
        selectors=table.selectors,
        full_text=table.full_text,
        on_gone=table.on_gone,
        first_limit=table.first_limit or (SITEMAP_FIRST if table.kind is SourceKind.SITEMAP else None),
        include=tuple(table.include),
        exclude=tuple(table.exclude),
        disabled=table.disabled,
    )


def _options(table: SourceTable, folder: Path) -> SourceOptions | None:
    """What the requests of a source carry; None when nothing was set."""
    headers = check_headers({name: value.get_secret_value() for name, value in table.headers.items()})
    if table.headers_file:
        headers |= parse_headers(secret_in(folder / table.headers_file))
    # White space around a field's value is no part of it (RFC 9110, section 5.5).
    cookie = _secret(table.cookie, table.cookie_file, folder).strip()
    proxy = _secret(table.proxy, table.proxy_file, folder).strip()
    if not table.url or not (headers or cookie or proxy):
        return None
    return SourceOptions(url=table.url, headers=tuple(headers.items()), cookie=cookie, proxy=proxy)


def _selection(table: Choosing) -> Selection:
    return Selection(
        sources=Terms(tuple(table.sources), tuple(table.unwanted.sources)),
        tags=Terms(tuple(table.tags), tuple(table.unwanted.tags)),
        authors=Terms(tuple(table.authors), tuple(table.unwanted.authors)),
        languages=Terms(tuple(table.languages), tuple(table.unwanted.languages)),
        words=Terms(tuple(table.words), tuple(table.unwanted.words)),
        age=table.age,
    )


def _feed(table: FeedTable) -> Feed:
    return Feed(
        slug=table.slug,
        title=table.title,
        selection=_selection(table),
        description=table.description,
        language=table.language,
        limit=table.limit,
        full=table.full,
        images=table.images,
        tombstones=table.tombstones,
        previous_slugs=tuple(table.previous_slugs),
    )


def _newsletter(table: NewsletterTable, timezone: str) -> Newsletter:
    return Newsletter(
        slug=table.slug,
        title=table.title,
        sender=table.sender,
        reply_to=table.reply_to,
        description=table.description,
        selection=_selection(table),
        cadences=tuple(table.cadences),
        hour=table.hour,
        timezone=table.timezone or timezone,
        languages=tuple(table.locales),
        template=table.template,
        limit=table.limit,
    )
