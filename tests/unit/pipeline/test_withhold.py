"""What the operator takes down is gone: from feeds, search and mail that waits; what is deleted is gone for good."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from publisher.domain.article import ArticleState, Edited, New, Unchanged, Withheld
from publisher.domain.change import Missing, decide_change
from publisher.domain.delivery import DeliveryState, OutgoingMessage, Verdict, Worker
from publisher.domain.edition import EditionState
from publisher.domain.feed import Feed, FeedFormat
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import parse_cadence
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.errors import UsageError
from publisher.feeds.documents import FeedDocumentWriter
from publisher.pipeline.compose import Composer
from publisher.pipeline.deliver import Deliverer
from publisher.pipeline.ports import Storage, SubscribeRequest
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.subscribe import Subscribing
from publisher.pipeline.withhold import withhold
from tests.fakes import FakeClock, FakeTransport, PlainRenderer, PlainWriter, accept, entry

SITE = Site("The Post", "https://post.example")
NEWS = Newsletter(
    slug="news",
    title="News",
    sender=Mailbox("news@example.org"),
    selection=Selection(age=timedelta(days=60)),
    cadences=(parse_cadence("immediate"),),
    hour=time(7),
)


class World:
    """A source, a feed of everything and a newsletter with two readers, of whom one wants trams alone."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.clock = storage, FakeClock()
        with storage.begin() as work:
            work.sources.apply(
                [Source(name="blog", kind=SourceKind.FEED, url="https://example.org/", rights=Rights.OWN)], self.clock()
            )
            work.feeds.apply([Feed(slug="news", title="News")])
            work.newsletters.apply([NEWS])
            [stored], [newsletter] = work.sources.all(), work.newsletters.all()
        self.source = stored.source
        self.transport = FakeTransport()
        self.composer = Composer(storage, PlainRenderer(), SITE, self.clock)
        self.composer.align_slots()
        for name, topics in (("ana", ()), ("bo", ("trams",))):
            request = SubscribeRequest(
                address=f"{name}@example.org",
                newsletter_id=newsletter.id,
                cadence="immediate",
                language="en",
                timezone="UTC",
                topics=topics,
                confirmed=True,
            )
            Subscribing(storage, self.clock).subscribe(request)

    def put(self, key: str, *tags: str, **content: object) -> int:
        said = entry(key, title=key, tags=tags, **content)
        with self.storage.begin() as work:
            known = work.articles.known(self.source.id, [key]).get(key)
            work.articles.store(self.source.id, [Edited(known, said) if known else New(said, True)], self.clock())
            return work.articles.known(self.source.id, [key])[key].id

    def withhold(self, article: int, withheld: Withheld | None) -> bool:
        self.clock.pass_by(minutes=1)
        return withhold(self.storage, article, withheld, self.clock)

    def now(self, article: int) -> ArticleState:
        with self.storage.read() as work:
            return work.articles.states([article], work.articles.latest_seq())[article]

    @property
    def step(self) -> Deliverer:
        """Delivering that mends nothing."""
        return Deliverer(
            storage=self.storage,
            transport=self.transport,
            writer=PlainWriter(),
            clock=self.clock,
            worker=Worker("w", "b"),
            chance=lambda: 0.0,
        )

    def deliver(self) -> list[str]:
        """What each reader got, since the last time."""
        step = replace(self.step, window=1, mend=self.composer.mend)
        began = step.begin()
        step.end(step.drain(), began)
        got = [f"{message.envelope_to.partition('@')[0]}: {message.data.decode()}" for message in self.transport.sent]
        self.transport.sent.clear()
        return sorted(got)

    def document(self) -> str:
        FeedPublisher(self.storage, FeedDocumentWriter(), SITE, self.clock).publish()
        with self.storage.read() as work:
            found = work.feeds.get("news", FeedFormat.ATOM)
        assert found is not None
        return found.body.decode()

    def found(self, word: str) -> list[str]:
        with self.storage.read() as work:
            states = work.articles.current(Selection(every=(word,)), limit=9)
        return [state.revision.content.title for state in states]

    def editions(self) -> list[str]:
        with self.storage.read() as work:
            return [edition.state.value for edition in work.editions.in_states(EditionState)]


@pytest.fixture
def world(storage: Storage) -> World:
    return World(storage)


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("word", Withheld)
def test_what_is_taken_down_is_in_no_feed_no_search_and_no_mail_that_waits(world: World, word: Withheld) -> None:
    gone, stays = world.put("gone", text="secret"), world.put("stays", "trams", text="secret")
    assert ">gone<" in world.document()
    world.composer.compose()
    assert world.withhold(gone, word)
    assert not world.withhold(gone, word)
    assert ">gone<" not in world.document()
    assert ">stays<" in world.document()
    assert world.found("secret") == ["stays"]
    assert world.deliver() == ["ana: stays", "bo: stays"]
    assert world.editions() == ["sent"]
    assert world.now(stays).revision.visible


@sqlite_only
def test_a_mail_whose_articles_are_all_gone_is_cancelled_and_says_why(world: World) -> None:
    article = world.put("only", "trams")
    world.composer.compose()
    world.withhold(article, Withheld.HIDDEN)
    assert world.composer.mend() == 2
    assert world.composer.mend() == 0
    assert world.deliver() == []
    with world.storage.read() as work:
        assert work.deliveries.counts() == {DeliveryState.CANCELLED: 2}


@sqlite_only
def test_a_draft_loses_it_too(world: World) -> None:
    gone = world.put("gone")
    world.put("stays")
    with world.storage.begin() as work:
        [newsletter] = work.newsletters.all()
        edition = work.editions.cut(newsletter.id, "immediate", world.clock(), work.articles.latest_seq(), hold=True)
    world.composer.fill(edition)
    world.withhold(gone, Withheld.DELETED)
    world.composer.compose()
    with world.storage.read() as work:
        [digest] = work.editions.digests(edition.id)
    assert digest.rendering is not None
    assert digest.rendering.text == ("stays",)
    assert world.editions() == ["draft"]


@sqlite_only
def test_what_is_taken_down_while_mail_goes_out_is_not_in_the_next_window(world: World) -> None:
    gone = world.put("gone", "trams")
    world.put("stays", "trams")
    world.composer.compose()

    def take_down(message: OutgoingMessage) -> object:
        world.withhold(gone, Withheld.HIDDEN)
        return accept(message)

    world.transport.answer = take_down  # type: ignore[assignment]
    first, second = world.deliver()
    assert {"gone" in first, "gone" in second} == {True, False}
    assert "stays" in first
    assert "stays" in second
    with world.storage.read() as work:
        assert work.deliveries.counts() == {DeliveryState.SENT: 2}


@sqlite_only
def test_a_mail_that_cannot_be_mended_is_not_sent_and_does_not_hold_up_for_ever(world: World) -> None:
    gone = world.put("gone", "trams")
    world.put("stays", "trams")
    world.composer.compose()
    world.withhold(gone, Withheld.HIDDEN)
    assert world.step.drain().outcomes.get(Verdict.SENT, 0) == 0
    assert world.deliver() == ["ana: stays", "bo: stays"]


@sqlite_only
def test_who_got_it_is_known_still_and_it_is_not_mailed_again(world: World) -> None:
    article = world.put("one", "trams")
    world.composer.compose()
    assert len(world.deliver()) == 2
    world.withhold(article, Withheld.HIDDEN)
    world.put("two", "trams")
    world.clock.pass_by(hours=1)
    world.composer.compose()
    assert world.deliver() == ["ana: two", "bo: two"]
    world.withhold(article, None)
    world.clock.pass_by(hours=1)
    world.composer.compose()
    assert world.deliver() == []
    assert ">one<" in world.document()


def test_nothing_of_a_deleted_article_is_left_but_that_it_was_there(world: World) -> None:
    article = world.put("secret", "trams", text="a secret", html="<p>a secret</p>", authors=("Ana",))
    world.put("secret", "trams", text="another secret", html="<p>another secret</p>")
    world.put("stays")
    world.composer.compose()
    world.withhold(article, Withheld.DELETED)
    with world.storage.read() as work:
        history = work.articles.history(article)
        rendered = [
            digest.rendering
            for edition in work.editions.in_states(EditionState)
            for digest in work.editions.digests(edition.id)
        ]
    assert len(history) == 3
    assert {revision.content.title + revision.content.text + revision.content.html for revision in history} == {""}
    assert {revision.content.authors + revision.content.tags for revision in history} == {()}
    assert rendered == [None] * len(rendered)
    assert world.deliver() == ["ana: stays"]
    assert world.now(article).article.withheld is Withheld.DELETED


@sqlite_only
def test_a_deleted_article_is_not_collected_again(world: World) -> None:
    article = world.put("secret")
    world.withhold(article, Withheld.DELETED)
    with world.storage.begin() as work:
        known = work.articles.known(world.source.id, ["secret"])["secret"]
        said = entry("secret", title="A secret")
        assert decide_change(known, said, backlog=False) == Unchanged(known, said)
        work.articles.store(world.source.id, [Edited(known, said)], world.clock())
        work.articles.regain([known], world.clock())
        work.articles.flag([article], world.clock(), visible=True)
    assert world.now(article).revision.content.title == ""
    assert not world.now(article).revision.visible


@sqlite_only
def test_what_is_deleted_is_not_shown_again(world: World) -> None:
    article = world.put("secret")
    world.withhold(article, Withheld.HIDDEN)
    assert world.withhold(article, Withheld.DELETED)
    for word in (None, Withheld.HIDDEN):
        with pytest.raises(UsageError, match=f"article {article} is deleted"):
            world.withhold(article, word)


@sqlite_only
def test_what_is_hidden_stays_so_when_its_page_comes_back(world: World) -> None:
    article = world.put("secret")
    with world.storage.begin() as work:
        known = work.articles.known(world.source.id, ["secret"])["secret"]
        work.articles.miss([Missing(known, 3, gone=True, hidden=True)], world.clock())
    world.withhold(article, Withheld.HIDDEN)
    with world.storage.begin() as work:
        known = work.articles.known(world.source.id, ["secret"])["secret"]
        work.articles.regain([known], world.clock())
    assert not world.now(article).revision.visible
    world.put("secret", text="said anew")
    assert not world.now(article).revision.visible
    assert world.withhold(article, None)
    assert world.now(article).revision.visible


@sqlite_only
def test_what_selects_all_is_judged_without_what_is_hidden(world: World) -> None:
    numbers = [world.put(f"a{number}", "trams") for number in range(3)]
    world.withhold(numbers[1], Withheld.HIDDEN)
    with world.storage.read() as work:
        found = [one.article_id for one in work.articles.members(Selection(tags=Terms(("trams",))))]
        worded = [one.article_id for one in work.articles.members(Selection(every=("a2",)))]
        hidden = work.articles.hidden(numbers)
    assert (found, worded, hidden) == ([numbers[0], numbers[2]], [numbers[2]], frozenset({numbers[1]}))
