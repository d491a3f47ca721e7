"""The seams of the road: what the steps need of the rooms around them, in the steps' own words.

`storage`, `sources`, `feeds` and `mail` implement these by name, so that the type checker holds them to it. All
times are aware UTC.
"""

from collections.abc import Callable
from datetime import datetime

from publisher.pipeline.ports.archiving import Effect, Histories, History
from publisher.pipeline.ports.collecting import (
    Articles,
    Labels,
    MarkedArticle,
    Notice,
    Notices,
    Placed,
    SeqRange,
    Sources,
    Stories,
    Unplaced,
)
from publisher.pipeline.ports.composing import (
    Editions,
    Newsletters,
    Renderer,
    RenderRequest,
    SubscribeRequest,
    Subscriptions,
)
from publisher.pipeline.ports.delivering import Deliveries, MessageWriter, Queue, Session, Transport
from publisher.pipeline.ports.exporting import SiteFiles, Written
from publisher.pipeline.ports.hosts import HostFile, Hosts
from publisher.pipeline.ports.hubs import HubContent, HubSubscriptions
from publisher.pipeline.ports.images import (
    ImageFiles,
    ImageHost,
    ImageReader,
    Images,
    KnownImage,
    NoPicture,
    Picture,
)
from publisher.pipeline.ports.pages import (
    Absence,
    ArticlePage,
    EditionPage,
    EditionsPage,
    EditionText,
    FeedsPage,
    ListPage,
    Page,
    PageWriter,
)
from publisher.pipeline.ports.pinging import Ping, Pings
from publisher.pipeline.ports.publishing import Channel, FeedDocument, FeedDocuments, FeedWriter, Standing
from publisher.pipeline.ports.reading import (
    Fetched,
    Fetcher,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
    Readers,
    Reading,
    ReadRequest,
    Refused,
    SourceReader,
)
from publisher.pipeline.ports.storing import Meta, Run, Runs, Storage, UnitOfWork

Clock = Callable[[], datetime]

__all__ = [
    "Absence",
    "ArticlePage",
    "Articles",
    "Channel",
    "Clock",
    "Deliveries",
    "EditionPage",
    "EditionText",
    "Editions",
    "EditionsPage",
    "Effect",
    "FeedDocument",
    "FeedDocuments",
    "FeedWriter",
    "FeedsPage",
    "FetchRequest",
    "FetchResult",
    "Fetched",
    "Fetcher",
    "Gone",
    "Histories",
    "History",
    "HostFile",
    "Hosts",
    "HubContent",
    "HubSubscriptions",
    "ImageFiles",
    "ImageHost",
    "ImageReader",
    "Images",
    "KnownImage",
    "Labels",
    "ListPage",
    "MarkedArticle",
    "MessageWriter",
    "Meta",
    "Newsletters",
    "NoPicture",
    "NotModified",
    "Notice",
    "Notices",
    "Page",
    "PageWriter",
    "Picture",
    "Ping",
    "Pings",
    "Placed",
    "Queue",
    "ReadRequest",
    "Readers",
    "Reading",
    "Refused",
    "RenderRequest",
    "Renderer",
    "Run",
    "Runs",
    "SeqRange",
    "Session",
    "SiteFiles",
    "SourceReader",
    "Sources",
    "Standing",
    "Storage",
    "Stories",
    "SubscribeRequest",
    "Subscriptions",
    "Transport",
    "UnitOfWork",
    "Unplaced",
    "Written",
]
