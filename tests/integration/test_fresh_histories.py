"""The fresh rule on random histories: each subscriber gets each fresh article exactly once.

The model keeps whole snapshots of all articles, where the program keeps numbers of revisions, and decides from what
stood in them. Articles come late, with old dates, are edited, hidden (also out of
mail that waits), released and tagged; subscribers come, go,
pause, change topics, cadence and zone; editions are skipped or discarded; the process dies between any two
transactions and starts again.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from publisher.domain.article import Content, Edited, Entry, New
from publisher.domain.delivery import DEFAULT_LANE, DeliveryState, Outcome, Settlement, Verdict, Worker
from publisher.domain.edition import OPEN_STATES, Edition, EditionState, Rendering
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import parse_cadence
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Source, SourceKind
from publisher.domain.subscription import Subscription, SubscriptionState
from publisher.pipeline import compose
from publisher.pipeline.compose import SEND_NOW, Composer
from publisher.pipeline.ports import Deliveries, Renderer, RenderRequest, Storage, SubscribeRequest, UnitOfWork
from publisher.pipeline.publish import Site
from publisher.storage.database import SqlStorage, open_storage

TAGS = ("a", "b", "c", "x")
SELECTION = Selection(tags=Terms(("a", "b", "c")), age=timedelta(days=14))
CADENCES = ("immediate", "daily", "mon")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
EVERY_STATE = tuple(EditionState)
some_tags = st.sets(st.sampled_from(TAGS), min_size=1, max_size=2)
some_topics = st.one_of(st.just(set()), st.sets(st.sampled_from(TAGS), max_size=2))
some_lives = st.one_of(st.none(), st.none(), st.integers(1, 8))
START = datetime(2026, 10, 23, 12, tzinfo=UTC)
"""A Friday, two days before the clocks go back in Berlin."""


class Killed(Exception):
    """The process died here."""


class PlainRenderer(Renderer):
    """Rendering is not what is looked at here."""

    def render(self, request: RenderRequest) -> Rendering:
        return Rendering(("subject",), (f"{len(request.articles)} articles",))


class Mortal(Storage):
    """A storage that dies after so many writing transactions, before the last one commits."""

    def __init__(self, storage: SqlStorage) -> None:
        self.storage = storage
        self.lives: int | None = None

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with self.storage.begin() as work:
            yield work
            if self.lives is not None:
                self.lives -= 1
                if self.lives <= 0:
                    raise Killed

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self.storage.read()

    @property
    def ledger(self) -> Deliveries:
        return self.storage.ledger


@dataclass(frozen=True)
class Facts:
    """What the model knows of one article at one time."""

    first_seen: datetime
    tags: tuple[str, ...]
    visible: bool
    announced: bool

    def wanted(self, topics: tuple[str, ...]) -> bool:
        chosen = bool({"a", "b", "c"} & set(self.tags))
        return self.visible and self.announced and chosen and (not topics or bool(set(topics) & set(self.tags)))


Snapshot = Mapping[int, Facts]


@dataclass
class Reader:
    """What the model knows of one subscription."""

    id: int
    address: str
    cadence: str
    topics: tuple[str, ...]
    state: str
    through: int
    had: dict[int, set[int]] = field(default_factory=dict)
    """The articles of each edition's delivery that counts."""

    sent: set[int] = field(default_factory=set)
    """The editions whose message has left."""

    def fresh(self, now: Snapshot, covered: Snapshot, at: datetime) -> set[int]:
        got = set().union(*self.had.values()) if self.had else set()
        return {
            article
            for article, facts in now.items()
            if facts.wanted(self.topics)
            and not (article in covered and covered[article].wanted(self.topics))
            and article not in got
            and facts.first_seen >= at - SELECTION.age
        }


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "db.sqlite"
    open_storage(f"sqlite:///{path}").close()
    return path


class Histories(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        # A memory disk where there is one: the machine opens hundreds of databases.
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        path = self.folder / "db.sqlite"
        shutil.copyfile(self.template, path)
        self.storage = Mortal(open_storage(f"sqlite:///{path}"))
        self.now = START
        self.articles: dict[int, Facts] = {}
        self.snapshots: dict[int, Snapshot] = {0: {}}
        self.readers: dict[int, Reader] = {}
        self.ended: dict[int, Edition] = {}
        self.cursors: dict[int, int] = {}
        self.froms: dict[tuple[int, int], int] = {}
        self.keys = 0

    @initialize()
    def set_up(self) -> None:
        newsletter = Newsletter(
            slug="news",
            title="News",
            sender=Mailbox("news@example.org"),
            selection=SELECTION,
            cadences=tuple(parse_cadence(name) for name in CADENCES),
            hour=time(2, 30),
            timezone="Europe/Berlin",
        )
        with self.storage.begin() as work:
            work.sources.apply([Source(name="s", kind=SourceKind.FEED, url="https://example.org/")], self.now)
            work.newsletters.apply([newsletter])
            self.source = work.sources.all()[0].source
            self.newsletter = work.newsletters.all()[0]
        self.composer = Composer(self.storage, PlainRenderer(), Site("Site", "https://example.org"), lambda: self.now)
        self.composer.align_slots()

    def teardown(self) -> None:
        self.storage.storage.close()
        shutil.rmtree(self.folder)

    # --- articles ------------------------------------------------------------------------------------------------

    def remember(self) -> None:
        self.snapshots[self.latest()] = dict(self.articles)

    def latest(self) -> int:
        with self.storage.read() as work:
            return work.articles.latest_seq()

    def waiting(self, reader: Reader, upto: int) -> set[int]:
        return reader.fresh(self.snapshots[upto], self.snapshots[reader.through], self.now)

    @rule(
        tags=some_tags,
        announced=st.sampled_from([True, True, False]),
        age=st.integers(0, 400),
        two=st.booleans(),
    )
    def article_comes(self, tags: set[str], announced: bool, age: int, two: bool) -> None:
        changes = []
        for _ in range(2 if two else 1):
            self.keys += 1
            content = Content(title=str(self.keys), tags=tuple(sorted(tags)), published=self.now - timedelta(days=age))
            changes.append(
                New(Entry(key=str(self.keys), url=f"https://example.org/{self.keys}", content=content), announced)
            )
        with self.storage.begin() as work:
            work.articles.store(self.source.id, changes, self.now)
            known = work.articles.known(self.source.id, [change.entry.key for change in changes])
        for change in changes:
            self.articles[known[change.entry.key].id] = Facts(self.now, tuple(sorted(tags)), True, announced)
        self.remember()

    @precondition(lambda self: self.articles)
    @rule(data=st.data(), tags=some_tags)
    def article_is_edited_or_tagged_late(self, data: st.DataObject, tags: set[str]) -> None:
        article = data.draw(st.sampled_from(sorted(self.articles)[-3:]))
        with self.storage.begin() as work:
            seq = work.articles.latest_seq()
            key = work.articles.states([article], seq)[article].article.key
            known = work.articles.known(self.source.id, [key])[key]
            self.keys += 1
            content = Content(title=f"edited {self.keys}", tags=tuple(sorted(tags)))
            entry = Entry(key=key, url=f"https://example.org/{key}", content=content)
            work.articles.store(self.source.id, [Edited(known, entry)], self.now)
        self.articles[article] = replace(self.articles[article], tags=tuple(sorted(tags)))
        self.remember()

    @precondition(lambda self: self.articles)
    @rule(data=st.data(), visible=st.booleans(), announced=st.sampled_from([True, None]))
    def article_is_hidden_shown_or_released(self, data: st.DataObject, visible: bool, announced: bool | None) -> None:
        article = data.draw(st.sampled_from(sorted(self.articles)[-3:]))
        with self.storage.begin() as work:
            work.articles.flag([article], self.now, visible=visible, announced=announced)
        facts = self.articles[article]
        self.articles[article] = replace(
            facts,
            visible=visible,
            announced=facts.announced if announced is None else announced,
        )
        self.remember()

    # --- subscribers ---------------------------------------------------------------------------------------------

    @rule(
        name=st.integers(0, 2),
        cadence=st.sampled_from(CADENCES),
        topics=some_topics,
        zone=st.sampled_from(ZONES),
    )
    def subscriber_comes_or_comes_back(self, name: int, cadence: str, topics: set[str], zone: str) -> None:
        request = SubscribeRequest(
            address=f"reader{name}@example.org",
            newsletter_id=self.newsletter.id,
            language="en",
            timezone=zone,
            cadence=cadence,
            topics=tuple(sorted(topics)),
            confirmed=True,
        )
        with self.storage.begin() as work:
            made = work.subscriptions.add(request, self.now, work.articles.latest_seq())
        reader = self.readers.get(made.id)
        if reader is None or reader.state == "unsubscribed":
            had, sent = (reader.had, reader.sent) if reader else ({}, set())
            reader = Reader(made.id, request.address, "", (), "active", self.latest(), had, sent)
            self.readers[made.id] = reader
        reader.cadence, reader.topics = made.cadence, made.topics
        assert made.state == reader.state

    def some(self, data: st.DataObject, *states: str) -> Subscription | None:
        ids = sorted(reader.id for reader in self.readers.values() if reader.state in states)
        if not ids:
            return None
        with self.storage.read() as work:
            return work.subscriptions.get(data.draw(st.sampled_from(ids)))

    @rule(data=st.data())
    def subscriber_leaves(self, data: st.DataObject) -> None:
        if subscription := self.some(data, "active", "paused"):
            with self.storage.begin() as work:
                work.subscriptions.unsubscribe(subscription.id, self.now, "link")
            reader = self.readers[subscription.id]
            reader.state = "unsubscribed"
            reader.had = {edition: had for edition, had in reader.had.items() if edition in reader.sent}

    @rule(data=st.data())
    def subscriber_pauses_or_resumes(self, data: st.DataObject) -> None:
        if subscription := self.some(data, "active", "paused"):
            was = subscription.state is SubscriptionState.ACTIVE
            state = SubscriptionState.PAUSED if was else SubscriptionState.ACTIVE
            with self.storage.begin() as work:
                work.subscriptions.update(replace(subscription, state=state))
            self.readers[subscription.id].state = state.value

    @rule(data=st.data(), topics=some_topics, cadence=st.sampled_from(CADENCES), zone=st.sampled_from(ZONES))
    def subscriber_changes_wishes(self, data: st.DataObject, topics: set[str], cadence: str, zone: str) -> None:
        if subscription := self.some(data, "active", "paused"):
            self.change(subscription, topics, cadence, zone)

    def change(self, subscription: Subscription, topics: set[str], cadence: str, zone: str) -> None:
        changed = replace(
            subscription,
            topics=tuple(sorted(topics)),
            cadence=cadence,
            subscriber=replace(subscription.subscriber, timezone=zone),
        )
        with self.storage.begin() as work:
            work.subscriptions.update(changed)
        reader = self.readers[subscription.id]
        reader.topics, reader.cadence = changed.topics, cadence

    # --- editions ------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0, 1, 24, 24, 31, 24 * 8]), lives=some_lives)
    def time_passes_and_a_tick_composes(self, hours: int, lives: int | None) -> None:
        self.now += timedelta(hours=hours, minutes=20)
        with self.storage.read() as work:
            due = {slot.cadence for slot in work.newsletters.slots() if slot.next_due <= self.now}
            # One that a crash left composing is taken up first, and is open no more, unless it waits for a word.
            stay_open = {
                edition.cadence
                for edition in work.editions.in_states(OPEN_STATES)
                if edition.hold or edition.state is not EditionState.COMPOSING
            }
        killed = self.run(lives, self.composer.compose)
        self.mend(killed)
        self.take_editions()
        if killed:
            self.follow_watermarks()
            return
        for cadence in due - stay_open:
            self.nothing_is_left(cadence)

    @rule(lives=some_lives)
    def an_edition_is_sent_by_hand(self, lives: int | None) -> None:
        self.now += timedelta(seconds=1)
        with self.storage.read() as work:
            before = work.editions.in_states(OPEN_STATES)
        self.run(lives, lambda: self.composer.send_now(self.newsletter))
        self.take_back(before)
        self.take_editions()

    @rule(cadence=st.sampled_from(CADENCES))
    def an_edition_is_cut_and_waits_for_a_word(self, cadence: str) -> None:
        self.now += timedelta(seconds=1)
        with self.storage.begin() as work:
            if any(edition.cadence == cadence for edition in work.editions.in_states(OPEN_STATES)):
                return
            edition = work.editions.cut(self.newsletter.id, cadence, self.now, work.articles.latest_seq(), hold=True)
        self.composer.fill(edition)
        self.take_editions()

    @rule(data=st.data(), discard=st.sampled_from([True, True, False]))
    def an_open_edition_is_skipped_or_discarded(self, data: st.DataObject, discard: bool) -> None:
        with self.storage.read() as work:
            editions = work.editions.in_states(OPEN_STATES)
        if editions:
            edition = data.draw(st.sampled_from(editions))
            assert self.composer.discard(edition) if discard else self.composer.skip(edition)
            self.take_back([edition])

    # --- what chance alone brings together too seldom ---------------------------------------------------------------

    @precondition(lambda self: self.articles)
    @rule(data=st.data(), hours=st.sampled_from([1, 24, 24 * 8]))
    def an_article_is_hidden_over_an_edition(self, data: st.DataObject, hours: int) -> None:
        self.article_is_hidden_shown_or_released(data, visible=False, announced=None)
        self.time_passes_and_a_tick_composes(hours, None)
        self.article_is_hidden_shown_or_released(data, visible=True, announced=True)
        self.time_passes_and_a_tick_composes(hours, None)

    @rule(data=st.data(), cadence=st.sampled_from(CADENCES))
    def a_reader_gets_another_edition_while_a_draft_waits(self, data: st.DataObject, cadence: str) -> None:
        if subscription := self.some(data, "active"):
            self.article_comes({"a"}, announced=True, age=0, two=False)
            self.an_edition_is_cut_and_waits_for_a_word(subscription.cadence)
            self.article_comes({"b"}, announced=True, age=0, two=False)
            self.change(subscription, set(), cadence, "UTC")
            self.time_passes_and_a_tick_composes(24, None)
            self.an_open_edition_is_skipped_or_discarded(data, discard=True)

    @rule(limit=st.integers(1, 4))
    def messages_leave(self, limit: int) -> None:
        self.composer.mend()
        self.mend(killed=False)
        ledger, worker = self.storage.ledger, Worker("w", "boot")
        window = ledger.claim(worker, DEFAULT_LANE, limit, self.now, self.now + timedelta(hours=1))
        for delivery in window.deliveries if window else ():
            reader = self.readers[delivery.subscription_id]
            assert reader.state == "active"
            assert all(self.articles[article].visible for article in reader.had[delivery.edition_id])
            assert ledger.still_wanted(window.token, delivery.id)
            ledger.settle(window.token, Outcome(delivery.id, Verdict.SENT), Settlement(DeliveryState.SENT), self.now)
            reader.sent.add(delivery.edition_id)

    # --- holding the two beside each other -----------------------------------------------------------------------

    def run(self, lives: int | None, step: Callable[[], object]) -> bool:
        """Whether the process died in a step that had so many transactions to live."""
        self.storage.lives = lives
        try:
            step()
        except Killed:
            return True
        finally:
            self.storage.lives = None
        return False

    def take_back(self, editions: list[Edition]) -> None:
        """Bring the model up to what became of editions that were open."""
        for edition in editions:
            with self.storage.read() as work:
                now = work.editions.get(edition.id)
            assert now is not None
            if now.state not in (EditionState.DISCARDED, EditionState.SKIPPED):
                continue
            for reader in self.readers.values():
                if reader.had.pop(edition.id, None) and now.state is EditionState.DISCARDED:
                    # Another edition may have given back more already.
                    reader.through = min(reader.through, self.froms[edition.id, reader.id])

    def mend(self, killed: bool) -> None:
        """What nobody may see is in no mail that waits, and is fresh again once it may be seen.

        When the process died, some mails may still be as they were.
        """
        hidden = {article for article, facts in self.articles.items() if not facts.visible}
        for reader in self.readers.values():
            for edition, had in list(reader.had.items()):
                if edition in reader.sent or not had & hidden:
                    continue
                got = articles_that_wait(self.storage.storage, edition, reader.id)
                if killed and got == had:
                    continue
                assert got == had - hidden, (edition, reader)
                reader.had[edition] = got
                reader.through = min(reader.through, self.froms[edition, reader.id])

    def take_editions(self) -> None:
        """Compare what each edition's new part brought with what the model wants, reader by reader."""
        with self.storage.read() as work:
            editions = work.editions.in_states(EVERY_STATE)
        for edition in editions:
            old, new = self.cursors.get(edition.id, 0), edition.cursor
            self.cursors[edition.id] = new
            if old == new:
                continue
            rows = articles_by_subscription(self.storage.storage, edition.id)
            for reader in self.readers.values():
                meant = reader.state == "active" and edition.cadence in (SEND_NOW, reader.cadence)
                if meant and old < reader.id <= new:
                    self.take_delivery(edition, reader, rows.get(reader.id, set()))

    def take_delivery(self, edition: Edition, reader: Reader, got: set[int]) -> None:
        expected = self.waiting(reader, edition.now_seq) if reader.through < edition.now_seq else set()
        assert got == expected, (edition, reader)
        if got:
            reader.had[edition.id] = got
            self.froms[edition.id, reader.id] = reader.through
        reader.through = max(reader.through, edition.now_seq)

    def follow_watermarks(self) -> None:
        """After a crash only the rows tell which immediate readers were moved on without an edition."""
        latest = self.latest()
        for reader in self.readers.values():
            with self.storage.read() as work:
                subscription = work.subscriptions.get(reader.id)
            if subscription and subscription.through_seq == latest != reader.through:
                assert reader.cadence == "immediate"
                assert not self.waiting(reader, latest)
                reader.through = latest

    def nothing_is_left(self, cadence: str) -> None:
        """After a tick that was due, no active reader of that cadence waits for anything."""
        latest = self.latest()
        for reader in self.readers.values():
            if reader.cadence == cadence and reader.state == "active":
                assert not self.waiting(reader, latest), reader
                reader.through = latest

    @invariant()
    def nobody_gets_an_article_twice(self) -> None:
        for reader in self.readers.values():
            got = [article for articles in reader.had.values() for article in articles]
            assert len(got) == len(set(got)), reader

    @invariant()
    def the_watermarks_agree(self) -> None:
        for reader in self.readers.values():
            with self.storage.read() as work:
                subscription = work.subscriptions.get(reader.id)
            assert subscription is not None
            assert (subscription.through_seq, subscription.state) == (reader.through, reader.state), reader


def articles_by_subscription(storage: SqlStorage, edition_id: int) -> dict[int, set[int]]:
    """Each subscription's articles in the rows of an edition, cancelled ones too."""
    with storage.read() as work:
        digests = {digest.id: digest.variant for digest in work.editions.digests(edition_id)}
    with storage.look() as connection:
        rows = connection.execute(
            text("SELECT subscription_id, digest_id FROM delivery WHERE edition_id = :edition"), {"edition": edition_id}
        )
        return {row.subscription_id: {article for article, _ in digests[row.digest_id].articles} for row in rows}


def articles_that_wait(storage: SqlStorage, edition_id: int, subscription_id: int) -> set[int]:
    """What an open delivery carries."""
    with storage.look() as connection:
        rows = connection.execute(
            text(
                "SELECT article_id FROM delivery JOIN digest_article USING (digest_id)"
                " WHERE edition_id = :edition AND subscription_id = :subscription AND state IN ('pending', 'deferred')"
            ),
            {"edition": edition_id, "subscription": subscription_id},
        )
        return {row.article_id for row in rows}


def campaign(template: Path, histories: int, steps: int, *, part: int | None) -> None:
    """So many histories: those of a `part`, the same each time, or (None) by chance."""
    machine = type("Histories", (Histories,), {"template": template})
    if part is not None:
        machine = seed(part)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )


@pytest.mark.parametrize("part", range(4))
def test_each_fresh_article_comes_exactly_once(template: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """A minute of histories, the same each time; the long campaign, by chance, is another's."""
    monkeypatch.setattr(compose, "CHUNK", 2)
    campaign(template, histories=40, steps=30, part=part)


@pytest.mark.parametrize("lives", range(1, 7))
def test_an_edition_that_a_crash_left_is_taken_up_and_the_next_is_cut(
    template: Path, monkeypatch: pytest.MonkeyPatch, lives: int
) -> None:
    """A history that chance brings together once in some thousands."""
    monkeypatch.setattr(compose, "CHUNK", 2)
    machine = type("Histories", (Histories,), {"template": template})()
    try:
        machine.set_up()
        machine.subscriber_comes_or_comes_back(name=0, topics=set(), cadence="immediate", zone="UTC")
        for announced, until in ((True, lives), (False, None)):
            machine.article_comes({"a"}, announced=announced, age=0, two=False)
            machine.time_passes_and_a_tick_composes(0, until)
            machine.nobody_gets_an_article_twice()
            machine.the_watermarks_agree()
    finally:
        machine.teardown()


@pytest.mark.torture
@pytest.mark.parametrize("part", range(20))
def test_each_fresh_article_comes_exactly_once_in_20_000_histories(
    template: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(compose, "CHUNK", 2)
    campaign(template, histories=1000, steps=30, part=None)
