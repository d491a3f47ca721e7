"""The tables of the configuration file as pydantic models: which keys there are, and what each may hold.

The names are the contract with operators. What the keys mean for the rooms below is in `build`.
"""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from publisher.domain.source import OnGone, Rights, SourceKind
from publisher.settings.values import (
    BaseUrl,
    Days,
    Duration,
    Endpoint,
    FeedSlug,
    Hour,
    Language,
    Line,
    Network,
    Rhythm,
    Sender,
    Slug,
    Url,
    Zone,
)

PREFIX = "PUBLISHER__"
LIST_TABLES = ("relay", "source", "feed", "newsletter")
"""Tables that may come several times: written with double brackets in the file, numbered in variables."""


class Table(BaseModel):
    """What all tables share: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SiteTable(Table):
    """`[site]`: who publishes."""

    title: Line = "publisher"
    base_url: BaseUrl | None = None
    language: Language = "en"
    timezone: Zone = "UTC"
    legal: str = ""
    first_digest: bool = False
    templates: str = ""


class DatabaseTable(Table):
    """`[database]`: where everything is kept."""

    url: SecretStr = SecretStr("sqlite:///var/publisher.db")


class WebTable(Table):
    """`[web]`: where pages and feeds are served."""

    host: Line = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    trusted_proxies: list[Network] = []


class MailTable(Table):
    """`[mail]`: how digests leave."""

    transport: Literal["outbox", "smtp"] = "outbox"
    outbox: str = "var/outbox"
    window: Annotated[int, Field(ge=1, le=1000)] = 50


class RelayTable(Table):
    """`[[relay]]`: a mail server that takes our messages."""

    name: Slug = "default"
    host: Line
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: str = ""
    connections: Annotated[int, Field(ge=1, le=64)] = 2
    in_doubt: Literal["resend", "hold"] = "resend"
    timeout: Duration = timedelta(minutes=5)
    verify: bool = True
    ca_file: str = ""


class FetchTable(Table):
    """`[fetch]`: how we behave on other people's servers."""

    allow_private: list[Endpoint] = []
    contact: str = ""
    spacing: Duration = timedelta(seconds=1)
    budget: Annotated[int, Field(ge=0, le=1_000_000)] = 300
    hint_limit: Duration = timedelta(hours=24)
    cache: str = "var/cache"
    reuse: Duration = timedelta(minutes=15)
    threads: Annotated[int, Field(ge=1, le=64)] = 6
    processes: Annotated[int, Field(ge=0, le=64)] | None = None
    websub: bool = True


class WebsubTable(Table):
    """`[websub]`: hubs that bring our feeds to subscribers at once."""

    hubs: list[Url] = []


class ImagesTable(Table):
    """`[images]`: copies of images, for pages, for mails, and for feeds where hosts keep theirs for themselves."""

    folder: str = "var/images"
    copies: bool = True
    probe: bool = True
    budget: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    megabytes: Annotated[int, Field(ge=1, le=10_000_000)] = 2000


class ExampleTable(Table):
    """`[example]`: the example site of the shipped configuration."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8081
    folder: Line = "example"


class LogTable(Table):
    """`[log]`: what is told, and how."""

    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Choice(Table):
    """The five fields by which articles are chosen."""

    sources: list[Line] = []
    tags: list[Line] = []
    authors: list[Line] = []
    languages: list[Language] = []
    words: list[Line] = []


class Choosing(Choice):
    """A choice with its opposite: `not = { tags = [...] }`."""

    unwanted: Choice = Field(default=Choice(), alias="not")
    age: Days = timedelta(days=14)


class SourceTable(Table):
    """`[[source]]`: where articles come from."""

    name: Slug
    kind: SourceKind
    url: Url | None = None
    path: Line | None = None
    title: str = ""
    language: Language | None = None
    timezone: Zone | None = None
    tags: list[Line] = []
    interval: Duration | None = None
    rights: Rights = Rights.QUOTE
    selectors: dict[str, str] = {}
    full_text: bool = True
    on_gone: OnGone = OnGone.KEEP
    include: list[Line] = []
    exclude: list[Line] = []
    token: SecretStr = SecretStr("")
    token_file: str = ""
    first_limit: Annotated[int, Field(ge=1, le=5000)] | None = None
    disabled: bool = False
    headers: dict[str, SecretStr] = {}
    headers_file: str = ""
    cookie: SecretStr = SecretStr("")
    cookie_file: str = ""
    proxy: SecretStr = SecretStr("")
    proxy_file: str = ""
    rate_group: Slug | None = None


class FeedTable(Choosing):
    """`[[feed]]`: a choice of articles that is published. Without `full` with summaries alone."""

    slug: FeedSlug
    title: Line
    description: str = ""
    language: Language | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 30
    full: bool = True
    images: bool = True
    tombstones: bool = False
    previous_slugs: list[FeedSlug] = []


class NewsletterTable(Choosing):
    """`[[newsletter]]`: a choice of articles that is mailed. `languages` chooses articles, `locales` are the
    languages of the mail's own words."""

    slug: Slug
    title: Line
    sender: Sender = Field(alias="from")
    reply_to: Sender | None = None
    description: str = ""
    cadences: Annotated[list[Rhythm], Field(min_length=1)]
    hour: Hour = time(7, 0)
    timezone: Zone | None = None
    locales: Annotated[list[Language], Field(min_length=1)] = ["en", "zh-CN"]
    template: Line = "cards"
    limit: Annotated[int, Field(ge=1, le=500)] = 30


class Document(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", frozen=True)

    site: SiteTable = SiteTable()
    database: DatabaseTable = DatabaseTable()
    web: WebTable = WebTable()
    mail: MailTable = MailTable()
    fetch: FetchTable = FetchTable()
    websub: WebsubTable = WebsubTable()
    images: ImagesTable = ImagesTable()
    example: ExampleTable | None = None
    log: LogTable = LogTable()
    relay: dict[str, RelayTable] = {}
    source: dict[str, SourceTable] = {}
    feed: dict[str, FeedTable] = {}
    newsletter: dict[str, NewsletterTable] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what it is given: `reading` has laid the variables over the file already, to know each one's place."""
        return (init_settings,)
