"""The composition root: builds everything below it from the settings, and hands it over.

Nothing below reads the environment, a global or the clock by itself. The web, the scheduler and the command line take
what they need from an `Application`.
"""

import itertools
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from publisher.domain.delivery import Delivery, OutgoingMessage, Recipient, Worker
from publisher.domain.edition import Digest
from publisher.domain.image import Hotlinking
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import Source, StoredSource, Validators
from publisher.domain.subscription import Subscription
from publisher.engine.local import Line, LocalEngine, SideBySide, Step
from publisher.errors import ConfigError, SourceError
from publisher.feeds.documents import FeedDocumentWriter
from publisher.feeds.pages import HtmlPages
from publisher.mail.message import DigestMessageWriter
from publisher.mail.render import DigestRenderer
from publisher.mail.transport.outbox import OutboxTransport
from publisher.mail.transport.smtp import SmtpTransport
from publisher.pipeline.collect import Collector, FetcherFor, SourceReport, end_first_round
from publisher.pipeline.compose import Composer
from publisher.pipeline.deliver import Deliverer, DrainReport
from publisher.pipeline.hubs import Hubs
from publisher.pipeline.image_keeper import HostReport, ImageKeeper
from publisher.pipeline.judging import within_what_is_reserved
from publisher.pipeline.newsletter_feeds import EditionEntries
from publisher.pipeline.pages import PagePublisher
from publisher.pipeline.ping import Pinger
from publisher.pipeline.ports import (
    Clock,
    Fetcher,
    Hosts,
    MessageWriter,
    Readers,
    Reading,
    ReadRequest,
    SubscribeRequest,
    Transport,
)
from publisher.pipeline.publish import FeedPublisher
from publisher.pipeline.receive import Receiver
from publisher.pipeline.subscribe import Subscribing
from publisher.pipeline.wording import counted
from publisher.settings import Settings, sqlite_file
from publisher.sources.apart.pool import Processes, usual_number
from publisher.sources.http.fetch import HttpFetcher
from publisher.sources.http.manners import Forgetful
from publisher.sources.http.reuse import ReusingFetcher, StoredDocuments
from publisher.sources.images import PillowImages
from publisher.sources.kinds import build_readers
from publisher.storage.database import SqlStorage, open_storage
from publisher.storage.hosts import StoredHosts
from publisher.storage.image_files import ImageFolder
from publisher.templating import Templates, check_overrides, shipped_templates

log = structlog.get_logger(__name__)

FIRST_DIGEST = 10
"""How many articles of a fresh database's first round are announced with `site.first_digest`."""

EXAMPLE_READERS = (("reader.en@example.org", "en"), ("reader.zh@example.org", "zh-CN"))
"""Who the example site's digests go to: into the outbox."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything that the steps need, built from one configuration."""

    settings: Settings
    clock: Clock
    storage: SqlStorage
    fetcher: HttpFetcher
    readers: Readers
    reading: Processes
    templates: Templates
    collector: Collector
    receiver: Receiver
    hubs: Hubs
    pinger: Pinger
    feeds: FeedPublisher
    pages: PagePublisher
    images: ImageKeeper
    composer: Composer
    deliverer: Deliverer
    subscribing: Subscribing

    def close(self) -> None:
        """Close what holds connections, but the database, and end the processes that read."""
        self.reading.close()
        self.fetcher.close()


def build(settings: Settings, storage: SqlStorage, *, clock: Clock, stop: threading.Event) -> Application:
    """Build the application on an open database.

    Raises ConfigError when a template can't be used.
    """
    templates = checked_templates(settings)
    fetcher = HttpFetcher(settings.fetch, clock=clock, memory=StoredHosts(storage))
    reading = Processes(usual_number() if settings.processes is None else settings.processes)
    readers = build_readers(reading)
    with storage.read() as work:
        keyring = work.meta.keyring()
    relay = settings.mail.relays[0] if settings.mail.relays else None
    pages = HtmlPages(templates, settings.site)
    composer = Composer(storage, DigestRenderer(templates), settings.site, clock)
    return Application(
        settings=settings,
        clock=clock,
        storage=storage,
        fetcher=fetcher,
        readers=readers,
        reading=reading,
        templates=templates,
        collector=Collector(
            storage,
            readers,
            fetcher,
            clock,
            chance=random.random,
            hint_limit=settings.fetch.hint_limit,
            # What discovery or a trial got a moment ago is a first look's one GET.
            first=ReusingFetcher(fetcher, stored_documents(settings, clock), keep=False),
        ),
        receiver=Receiver(storage, readers, fetcher, clock),
        hubs=Hubs(storage, fetcher, clock, settings.callback_base),
        pinger=Pinger(storage, fetcher, clock, settings.site.hubs),
        feeds=FeedPublisher(storage, FeedDocumentWriter(), settings.site, clock, EditionEntries(pages, settings.site)),
        pages=PagePublisher(storage, pages, settings.site, clock),
        images=ImageKeeper(
            storage=storage,
            reader=PillowImages(),
            files=ImageFolder(settings.image_folder),
            fetcher=fetcher,
            clock=clock,
            config=settings.images,
        ),
        composer=composer,
        deliverer=Deliverer(
            storage=storage,
            transport=transport(settings),
            writer=DigestMessageWriter(keyring, settings.site.base_url, clock),
            clock=clock,
            worker=Worker(f"{socket.gethostname()}:{os.getpid()}", boot_id()),
            chance=random.random,
            in_doubt=relay.in_doubt if relay else "resend",
            window=settings.mail.window,
            stop=stop.is_set,
            mend=composer.mend,
        ),
        subscribing=Subscribing(storage, clock),
    )


def stored_documents(settings: Settings, clock: Clock) -> StoredDocuments:
    """What trying and discovering got a moment ago, and may be used again."""
    return StoredDocuments(settings.cache, settings.reuse, clock)


@contextmanager
def trial_fetcher(settings: Settings, clock: Clock) -> Iterator[Fetcher]:
    """A fetcher for who tries and discovers: it keeps the promises to hosts that the database knows (none is made),
    and asks for no document again that it got a moment ago."""
    file = sqlite_file(settings.database)
    with ExitStack() as stack:
        memory: Hosts = Forgetful()
        if file is None or file.exists():
            memory = StoredHosts(stack.enter_context(closing(open_storage(settings.database))))
        fetcher = stack.enter_context(closing(HttpFetcher(settings.fetch, clock=clock, memory=memory)))
        yield ReusingFetcher(fetcher, stored_documents(settings, clock))


def checked_templates(settings: Settings) -> Templates:
    """The operator's templates before the shipped ones. Raises ConfigError with what is wrong in them."""
    folders = [settings.templates] if settings.templates else []
    templates = Templates([*folders, shipped_templates()])
    if not folders:
        return templates  # The shipped ones are right: to compile each of them takes a quarter of a second.
    found = [fault for folder in folders for fault in check_overrides(folder, shipped_templates())]
    # What can't be read is found by both.
    if faults := [*found, *(fault for fault in templates.check() if fault.file not in {one.file for one in found})]:
        raise ConfigError(faults)
    return templates


def preview_recipient(application: Application, subscription: Subscription | None) -> Recipient:
    """Who a preview is for: a subscriber, or nobody; its unsubscribe link leads nowhere."""
    address = subscription.subscriber.address if subscription else "reader@example.org"
    return Recipient(address=address, unsubscribe_url=f"{application.settings.site.base_url}/unsubscribe/preview")


def transport(settings: Settings) -> Transport:
    """The way out that the settings name."""
    if settings.mail.transport == "smtp":
        return SmtpTransport(settings.mail.relays[0])
    return OutboxTransport(settings.mail.outbox)


def boot_id() -> str:
    """What tells one start of this machine from the next."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


# --- before the first step ---------------------------------------------------------------------------------------


def apply_definitions(application: Application) -> None:
    """Make the stored sources, feeds and newsletters those of the configuration."""
    settings = application.settings
    with application.storage.begin() as work:
        work.sources.apply(settings.sources, application.clock())
        work.feeds.apply(settings.feeds)
        work.newsletters.apply(settings.newsletters)
        work.hosts.forget(application.clock())
    application.composer.align_slots()


def add_example_readers(application: Application) -> None:
    """Subscribe each of the example's readers to the `immediate` newsletter in their language, unless they are."""
    with application.storage.read() as work:
        offered = [one for one in work.newsletters.all() if any(cadence.is_immediate for cadence in one.cadences)]
        if not offered:
            return
        wanted = [
            SubscribeRequest(
                address=address,
                newsletter_id=newsletter.id,
                language=language,
                timezone=newsletter.timezone,
                cadence="immediate",
                confirmed=True,
                evidence="a reader of the example site",
            )
            for address, language in EXAMPLE_READERS
            for newsletter in [_in_language(offered, language)]
            if work.subscriptions.find(address, newsletter.id) is None
        ]
    for request in wanted:
        application.subscribing.subscribe(request)


def _in_language(newsletters: Sequence[Newsletter], language: str) -> Newsletter:
    """The first newsletter that speaks a language before others, else the first of all."""
    return next((one for one in newsletters if one.languages[0] == language), newsletters[0])


def take_over(application: Application) -> None:
    """Put right what a runner that was killed left in the middle.

    On SQLite there is no other runner than us; on PostgreSQL there may be, and only claims that ran out are judged.
    """
    shared = application.storage.path is None
    in_doubt, put_back = application.deliverer.recover(expired_only=shared)
    if in_doubt or put_back:
        log.warning("took over from a runner that was killed", in_doubt=in_doubt, put_back=put_back)


# --- the steps ---------------------------------------------------------------------------------------------------


def build_engine(
    application: Application, stop: threading.Event, progress: Progress, sources: Sequence[str] = ()
) -> LocalEngine:
    """An engine for the steps of an application; `sources` are the only ones to look at, due or not."""
    return LocalEngine(steps(application, progress, sources), threads=application.settings.threads, stop=stop)


def steps(
    application: Application,
    progress: Progress = lambda step, done, total: None,
    sources: Sequence[str] = (),
) -> Mapping[str, Step]:
    """The four stretches of the road, in their order, and the looking after images beside them."""
    return {
        "collect": lambda each: _collect(application, each, progress, sources),
        "publish": lambda each: _publish(application),
        "images": lambda each: _look_after_images(application, each),
        "compose": lambda each: _compose(application),
        "deliver": lambda each: _deliver(application, each, progress),
    }


def _collect(application: Application, each: SideBySide, progress: Progress, names: Sequence[str]) -> Sequence[Line]:
    def told(look: Callable[[StoredSource], SourceReport], sources: Sequence[StoredSource]) -> Iterator[SourceReport]:
        for done, report in enumerate(each(look, sources), start=1):
            progress("collect", done, len(sources))
            yield report

    sources = _named(application, names) if names else application.collector.due()
    lines = [] if names else [_brought_line(report) for report in application.receiver.take_in(each)]
    lines += [_source_line(report) for report in application.collector.collect(sources, told)]
    announce = FIRST_DIGEST if application.settings.first_digest else 0
    announced = end_first_round(application.storage, application.clock, announce=announce)
    if announced:
        lines.append(Line("first round", f"{counted(announced, 'article')} announced, the newest"))
    return lines or [_nothing_due(application, "next look", _looks(application))]


def _named(application: Application, names: Sequence[str]) -> list[StoredSource]:
    with application.storage.read() as work:
        return [stored for name in dict.fromkeys(names) if (stored := work.sources.get(name)) is not None]


def _looks(application: Application) -> list[datetime]:
    with application.storage.read() as work:
        return [one.state.next_check for one in work.sources.all() if one.state.next_check and not one.state.gone]


def _editions(application: Application) -> list[datetime]:
    with application.storage.read() as work:
        defined = {newsletter.id for newsletter in work.newsletters.all()}
        return [slot.next_due for slot in work.newsletters.slots() if slot.newsletter_id in defined]


def _nothing_due(application: Application, what: str, times: Sequence[datetime]) -> Line:
    coming = f"; {what} at {_shown(min(times), application.clock())}" if times else ""
    return Line("", f"nothing was due{coming}", idle=True)


def _shown(at: datetime, now: datetime) -> str:
    """An instant for people: hour and minute, and the day when it is another one."""
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def tend_images(run: Callable[[str], list[Line]]) -> list[Line]:
    """Run the step that looks after images, and after it the one that publishes when there is something to mend."""
    lines = run("images")
    if any(not line.idle for line in lines):
        lines += [line for line in run("publish") if not line.idle]
    return lines


def resting(application: Application, done: Sequence[Line]) -> list[Line]:
    """The sources that failed when they were last looked at and were not looked at again in what was done."""
    subjects = {line.subject for line in done}
    with application.storage.read() as work:
        failing = [one for one in work.sources.all() if one.state.failures or one.state.gone]
    return [
        line for line in (_resting_line(one, application.clock()) for one in failing) if line.subject not in subjects
    ]


def _resting_line(stored: StoredSource, now: datetime) -> Line:
    state = stored.state
    coming = f"next look at {_shown(state.next_check, now)}" if state.next_check and not state.gone else "no more looks"
    name = stored.source.name
    remedy = f"`publisher collect --once {name}` looks now"
    return Line(f"source {name}", f"failed before ({state.outcome}), {coming}; {remedy}", failed=True)


def _source_line(report: SourceReport) -> Line:
    subject = f"source {report.source}"
    if report.failed is not None:
        return Line(subject, report.failed, failed=True)
    if report.not_modified:
        return Line(subject, "not modified", idle=True)
    outcome = f"{report.new} new, {report.edited} edited of {counted(report.listed, 'article')}"
    if report.problems:
        outcome += f"; {len(report.problems)} not read, the first: {report.problems[0]}"
    return Line(subject, outcome, idle=not (report.new or report.edited or report.problems))


def _brought_line(report: SourceReport) -> Line:
    line = _source_line(report)
    return replace(line, outcome=f"{line.outcome}, brought by its hub")


def _publish(application: Application) -> Sequence[Line]:
    return [
        Line(
            f"feed {report.slug}",
            counted(report.items, "item") + ("" if report.changed else " as before"),
            idle=not report.changed,
        )
        for report in application.feeds.publish()
    ]


def _look_after_images(application: Application, each: SideBySide) -> Sequence[Line]:
    report = application.images.tend(each)
    lines = [line for host in report.hosts if (line := _host_line(host)) is not None]
    if report.removed:
        lines.append(Line("images", f"{report.removed} removed that nothing shows"))
    if report.full:
        lines.append(Line("images", "no copies are made: raise [images] megabytes", failed=True))
    return lines


def _host_line(report: HostReport) -> Line | None:
    said = [f"{counted(report.copied, 'image')} copied"] if report.copied else []
    if report.turned is not None:
        said.append(f"{_HOTLINKING[report.turned.state]} ({report.turned.evidence})")
    if report.failed:
        said.append(f"{len(report.failed)} not had, the first: {report.failed[0]}")
    return Line(f"images of {report.source} on {report.host}", "; ".join(said)) if said else None


_HOTLINKING = {
    Hotlinking.ALLOWED: "readers elsewhere see them",
    Hotlinking.PROTECTED: "kept from readers elsewhere, who get our copies",
    Hotlinking.UNKNOWN: "not known whether readers elsewhere see them",
}


def _compose(application: Application) -> Sequence[Line]:
    return [
        Line(f"newsletter {report.newsletter}, {report.cadence}", report.outcome, idle=not report.edition_id)
        for report in application.composer.compose()
    ] or [_nothing_due(application, "next edition", _editions(application))]


def _deliver(application: Application, each: SideBySide, progress: Progress) -> Sequence[Line]:
    settings = application.settings
    if application.storage.path is None:
        take_over(application)
    due = application.storage.ledger.queue(application.deliverer.lane, application.clock()).ready
    writer = Counted(application.deliverer.writer, lambda done: progress("deliver", done, max(due, done)))
    deliverer = replace(application.deliverer, writer=writer)
    connections = settings.mail.relays[0].connections if settings.mail.transport == "smtp" else 1
    began = deliverer.begin()
    report = DrainReport()
    for done in each(lambda _: deliverer.drain(), range(connections), finish=True):
        report.add(done)
    deliverer.end(report, began)
    return [Line(f"mail to {settings.mail.transport}", str(report), report.failed is not None, not report.outcomes)]


class Counted(MessageWriter):
    """Writes by another writer and tells how many messages that were."""

    def __init__(self, writer: MessageWriter, tell: Callable[[int], None]) -> None:
        self._writer = writer
        self._tell = tell
        self._numbers = itertools.count(1)

    def write(self, delivery: Delivery, newsletter: Newsletter, digest: Digest) -> OutgoingMessage:
        """The message of one delivery."""
        message = self._writer.write(delivery, newsletter, digest)
        self._tell(next(self._numbers))
        return message


# --- without the database ----------------------------------------------------------------------------------------


def try_source(source: Source, readers: Readers, fetcher: Fetcher, clock: Clock) -> Reading:
    """Read a source as if for the first time, and store nothing. Raises SourceError."""
    request = ReadRequest(
        source=source, validators=Validators(), known=lambda keys: {}, now=clock(), limit=source.first_limit
    )
    reading = readers[source.kind].read(request, FetcherFor(fetcher, source.name))
    if reading.failure is not None:
        raise SourceError(source.name, reading.failure)
    return replace(reading, entries=tuple(within_what_is_reserved(reading, source)))
