"""Doubles for the edges of the pipeline, where a unit test wants to say exactly what comes in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from publisher.domain.article import Content, Entry
from publisher.domain.delivery import Delivery, Outcome, OutgoingMessage, Verdict
from publisher.domain.edition import Digest, Rendering
from publisher.domain.feed import FeedFormat
from publisher.domain.newsletter import Newsletter
from publisher.domain.source import SourceKind
from publisher.errors import TransportError
from publisher.pipeline.ports import (
    FeedDocument,
    Fetcher,
    FetchRequest,
    FetchResult,
    MessageWriter,
    Reading,
    ReadRequest,
    Refused,
    Renderer,
    RenderRequest,
    Session,
    SourceReader,
    Transport,
)

START = datetime(2026, 11, 24, 7, tzinfo=UTC)


@dataclass
class FakeClock:
    """A clock that stands until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def no_feed(slug: str, format: FeedFormat) -> FeedDocument | None:
    """No feed is implied."""
    return None


class NoFetcher(Fetcher):
    """No network at all."""

    def fetch(self, request: FetchRequest) -> FetchResult:
        return Refused(f"{request.url}: no network in this test")


@dataclass
class ScriptedReader(SourceReader):
    """Gives the next of its readings at each look; an exception among them is raised."""

    script: list[Reading | Exception]
    requests: list[ReadRequest] = field(default_factory=list)

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        self.requests.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def readers(self) -> dict[SourceKind, SourceReader]:
        return dict.fromkeys(SourceKind, self)


def entry(key: str, **content: object) -> Entry:
    """An entry whose title is its key, unless told otherwise."""
    said = Content(**{"title": key, "published": START, **content})  # type: ignore[arg-type]
    return Entry(key=key, url=f"https://example.org/{key}", content=said)


def reading(*entries: Entry, listed: tuple[str, ...] = (), **more: object) -> Reading:
    """A reading of these entries, which lists them (and `listed`)."""
    keys = (*(entry.key for entry in entries), *listed)
    return Reading(entries=entries, listed=keys, **more)  # type: ignore[arg-type]


class PlainRenderer(Renderer):
    """Titles, a line each."""

    def render(self, request: RenderRequest) -> Rendering:
        titles = "\n".join(state.revision.content.title for state in request.articles)
        return Rendering((titles.split("\n")[0],), (titles,))


class PlainWriter(MessageWriter):
    """The rendering's text as a message without headers."""

    def write(self, delivery: Delivery, newsletter: Newsletter, digest: Digest) -> OutgoingMessage:
        assert digest.rendering is not None
        text = "".join(str(segment) for segment in digest.rendering.text)
        return OutgoingMessage(
            delivery.id, f"<{delivery.id}@example.org>", newsletter.sender.address, delivery.address, text.encode()
        )


Answer = Callable[[OutgoingMessage], Outcome | None]


def accept(message: OutgoingMessage) -> Outcome:
    """Every message is taken."""
    return Outcome(message.delivery_id, Verdict.SENT, "250 ok")


@dataclass
class FakeTransport(Transport):
    """Answers as told; None breaks the connection with that message in doubt. Keeps what it took."""

    answer: Answer = accept
    refuse: TransportError | None = None
    sent: list[OutgoingMessage] = field(default_factory=list)
    sessions: int = 0

    def session(self) -> Session:
        if self.refuse:
            raise self.refuse
        self.sessions += 1
        return FakeSession(self)


@dataclass
class FakeSession(Session):
    """One connection of a FakeTransport."""

    transport: FakeTransport

    def send(self, messages: Iterator[OutgoingMessage]) -> Iterator[Outcome]:
        for message in messages:
            outcome = self.transport.answer(message)
            if outcome is None:
                yield Outcome(message.delivery_id, Verdict.IN_DOUBT, "connection lost", temporary=True)
                return
            if outcome.verdict is Verdict.SENT:
                self.transport.sent.append(message)
            yield outcome

    def close(self) -> None:
        """Nothing to end."""
