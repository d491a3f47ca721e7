"""Slots become editions, and editions become digests and rows: when, for whom, and what is said when nothing is."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from publisher.domain.article import New
from publisher.domain.delivery import Worker
from publisher.domain.edition import EditionState, Rendering
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.schedule import Slot, parse_cadence
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import Rights, Source, SourceKind
from publisher.domain.subscription import MailFormat
from publisher.errors import TemplateError, UsageError
from publisher.pipeline import compose as compose_module
from publisher.pipeline.compose import NOTHING_FRESH, Composer, EditionReport, aligned_slot
from publisher.pipeline.ports import RenderRequest, Storage, SubscribeRequest
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from tests.fakes import FakeClock, PlainRenderer, entry

NEWS = Newsletter(
    slug="news",
    title="News",
    sender=Mailbox("news@example.org"),
    selection=Selection(tags=Terms(("trams", "buses")), age=timedelta(days=60)),
    cadences=(parse_cadence("immediate"), parse_cadence("daily")),
    hour=time(7),
    timezone="Europe/Berlin",
)


class World:
    """A site with one source and one newsletter, and hands to move it with."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.clock = FakeClock(datetime(2026, 11, 24, 0, tzinfo=UTC))
        self.renderer = PlainRenderer()
        self.define(NEWS)
        with storage.begin() as work:
            source = Source(name="s", kind=SourceKind.FEED, url="https://example.org/", rights=Rights.OWN)
            work.sources.apply([source], self.clock())
            self.source = work.sources.all()[0].source
        self.composer = Composer(storage, self.renderer, Site("Site", "https://example.org"), self.clock)
        self.composer.align_slots()

    def define(self, newsletter: Newsletter) -> None:
        with self.storage.begin() as work:
            work.newsletters.apply([newsletter])
            self.newsletter = work.newsletters.all()[0]

    def article(self, key: str, *tags: str, **content: object) -> None:
        with self.storage.begin() as work:
            said = entry(key, tags=tags or ("trams",), **content)
            work.articles.store(self.source.id, [New(said, announced=True)], self.clock())

    def reader(self, name: str, cadence: str = "daily", **more: object) -> int:
        asked = {"language": "en", "timezone": "UTC", "confirmed": True, **more}
        request = SubscribeRequest(
            address=f"{name}@example.org",
            newsletter_id=self.newsletter.id,
            cadence=cadence,
            **asked,  # type: ignore[arg-type]
        )
        return Subscribing(self.storage, self.clock).subscribe(request).id

    def tick(self, **later: float) -> list[EditionReport]:
        """Compose after a while; without the word that nothing is fresh for the immediate readers."""
        self.clock.pass_by(**later)
        return [report for report in self.composer.compose() if report.edition_id or report.cadence != "immediate"]

    def slot(self, cadence: str) -> Slot:
        with self.storage.read() as work:
            [slot] = [slot for slot in work.newsletters.slots() if slot.cadence == cadence]
        return slot

    def states(self) -> list[str]:
        with self.storage.read() as work:
            return [edition.state.value for edition in work.editions.in_states(EditionState)]

    def mails(self) -> list[str]:
        """The text of every digest, in the order they were made."""
        with self.storage.read() as work:
            editions = work.editions.in_states(EditionState)
            digests = [digest for edition in editions for digest in work.editions.digests(edition.id)]
        return ["".join(map(str, digest.rendering.text)) for digest in digests if digest.rendering]

    def due(self) -> list[datetime]:
        """When what waits is due, found by claiming it."""
        far = self.clock() + timedelta(days=9)
        window = self.storage.ledger.claim(Worker("w", "b"), "default", 50, far, far)
        return [delivery.due_at for delivery in window.deliveries] if window else []


@pytest.fixture
def world(storage: Storage) -> World:
    return World(storage)


class TestImmediate:
    def test_an_edition_is_cut_when_there_is_something_fresh(self, world: World) -> None:
        world.reader("ana", "immediate")
        assert [report.outcome for report in world.composer.compose()] == [NOTHING_FRESH]
        world.article("a")
        world.article("b", "planes")
        [report] = world.tick(minutes=1)
        assert (report.deliveries, report.outcome) == (1, "1 delivery in 1 variant")
        assert world.mails() == ["a"]

    def test_a_gap_keeps_the_next_one_away(self, world: World) -> None:
        world.reader("ana", "immediate")
        world.article("a")
        world.tick()
        world.article("b")
        assert world.tick(minutes=5) == []
        world.tick(minutes=10)
        assert world.mails() == ["a", "b"]

    def test_who_wants_other_topics_gets_nothing_and_adding_one_later_floods_nobody(self, world: World) -> None:
        number = world.reader("ana", "immediate", topics=("buses",))
        world.article("a", "trams")
        assert world.tick() == []
        with world.storage.begin() as work:
            subscription = work.subscriptions.get(number)
            assert subscription
            work.subscriptions.update(replace(subscription, topics=("buses", "trams")))
        world.article("b", "trams")
        world.tick(minutes=1)
        assert world.mails() == ["b"]

    def test_it_is_due_at_once_whatever_the_hour(self, world: World) -> None:
        world.reader("ana", "immediate", hour=8 * 60)
        world.article("a")
        world.tick()
        assert world.due() == [world.clock()]


class TestDays:
    def test_an_edition_is_cut_at_the_newsletters_hour(self, world: World) -> None:
        world.reader("ana")
        world.article("a")
        assert world.tick(hours=5) == []
        [report] = world.tick(hours=1, minutes=3)
        assert report.deliveries == 1
        assert world.due() == [datetime(2026, 11, 24, 6, tzinfo=UTC)]
        assert world.tick(hours=1) == []
        assert world.slot("daily").next_due == datetime(2026, 11, 25, 6, tzinfo=UTC)

    def test_mail_is_due_at_the_readers_own_hour(self, world: World) -> None:
        world.reader("ana", timezone="Asia/Shanghai", hour=19 * 60)
        world.article("a")
        world.tick(hours=7)
        assert world.due() == [datetime(2026, 11, 24, 11, tzinfo=UTC)]

    def test_nothing_fresh_is_skipped_and_said(self, world: World) -> None:
        world.reader("ana")
        [report] = world.tick(hours=7)
        assert (report.outcome, report.deliveries) == (NOTHING_FRESH, 0)
        assert world.states() == ["skipped"]

    def test_slots_missed_in_a_downtime_become_one_edition(self, world: World) -> None:
        world.reader("ana")
        world.article("a")
        [report] = world.tick(days=5, hours=7)
        assert report.deliveries == 1
        assert world.states() == ["approved"]
        assert world.tick() == []

    def test_a_slot_missed_too_long_ago_waits_for_a_word(self, world: World) -> None:
        world.define(replace(NEWS, cadences=(parse_cadence("weekly"),)))
        world.composer.align_slots()
        world.reader("ana", "weekly")
        world.article("a")
        world.clock.now = datetime(2026, 12, 2, 12, tzinfo=UTC)  # a Wednesday
        [report] = world.tick()
        assert "waits for a word" in report.outcome
        assert world.states() == ["draft"]
        assert world.due() == []

    def test_a_slot_that_comes_while_a_draft_waits_is_passed_over(self, world: World) -> None:
        self.test_a_slot_missed_too_long_ago_waits_for_a_word(world)
        world.article("b")
        [report] = world.tick(days=7)
        assert "still open" in report.outcome
        [draft] = world.composer._editions({EditionState.DRAFT})
        assert world.composer.discard(draft)
        assert not world.composer.discard(draft)
        world.clock.now = datetime(2026, 12, 14, 7, tzinfo=UTC)
        world.tick()
        assert world.mails()[-1] == "b\na"

    def test_a_skipped_edition_covers_its_articles(self, world: World) -> None:
        self.test_a_slot_missed_too_long_ago_waits_for_a_word(world)
        [draft] = world.composer._editions({EditionState.DRAFT})
        assert world.composer.skip(draft)
        world.clock.now = datetime(2026, 12, 7, 7, tzinfo=UTC)
        world.tick()
        assert world.states() == ["skipped", "skipped"]

    @pytest.mark.parametrize(
        ("hour", "night", "slots"),
        [
            # The clocks go forward: 02:30 does not exist and becomes 03:00.
            (time(2, 30), datetime(2026, 3, 28, 12, tzinfo=UTC), ["2026-03-29T01:00", "2026-03-30T00:30"]),
            # The clocks go back: 02:30 comes twice, and the first one counts.
            (time(2, 30), datetime(2026, 10, 24, 12, tzinfo=UTC), ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ],
    )
    def test_each_day_has_one_edition_across_a_change_of_the_clock(
        self, storage: Storage, hour: time, night: datetime, slots: list[str]
    ) -> None:
        world = World(storage)
        world.clock.now = night
        world.define(replace(NEWS, hour=hour, cadences=(parse_cadence("daily"),)))
        with storage.begin() as work:
            work.newsletters.put_slot(aligned_slot(world.newsletter, NEWS.cadences[1], None, night))
        world.reader("ana")
        for half_hour in range(96):
            world.article(f"a{half_hour}")
            world.tick(minutes=30)
        with storage.read() as work:
            cuts = [edition.cut_at for edition in work.editions.in_states(EditionState)]
        assert cuts == [datetime.fromisoformat(slot).replace(tzinfo=UTC) for slot in slots]
        sent = [title for mail in world.mails() for title in mail.split("\n")]
        assert len(sent) == len(set(sent)) == (cuts[1] - night) // timedelta(minutes=30)


class TestSlots:
    def test_a_changed_hour_or_zone_reckons_the_slot_anew(self, world: World) -> None:
        world.define(replace(NEWS, hour=time(9), timezone="Asia/Shanghai"))
        world.composer.align_slots()
        assert world.slot("daily").next_due == datetime(2026, 11, 24, 1, tzinfo=UTC)

    def test_an_hour_moved_on_after_the_cut_is_the_next_slot(self, world: World) -> None:
        world.tick(hours=7)
        world.define(replace(NEWS, hour=time(9)))
        world.composer.align_slots()
        assert world.slot("daily").next_due == datetime(2026, 11, 24, 8, tzinfo=UTC)

    def test_a_slot_is_cut_once_by_whoever_comes_first(self, world: World) -> None:
        slot = world.slot("daily")
        with world.storage.begin() as work:
            assert work.newsletters.move_slot(slot, slot.next_due + timedelta(days=1), cut=slot.next_due)
        with world.storage.begin() as work:
            assert not work.newsletters.move_slot(slot, slot.next_due + timedelta(days=1), cut=slot.next_due)


class TestVariants:
    def test_readers_alike_share_a_variant(self, world: World) -> None:
        for name, more in {
            "a": {},
            "b": {},
            "c": {"language": "zh-CN"},
            "d": {"format": MailFormat.TEXT},
            "e": {"topics": ("buses",)},
            "f": {"topics": ("planes",)},
        }.items():
            world.reader(name, **more)
        world.article("tram")
        world.article("bus", "buses")
        [report] = world.tick(hours=7)
        assert (report.deliveries, report.outcome) == (5, "5 deliveries in 4 variants")
        assert sorted(world.mails()) == ["bus", "bus\ntram", "bus\ntram", "bus\ntram"]

    def test_old_articles_are_covered_but_not_mailed(self, world: World) -> None:
        world.reader("ana")
        world.article("old")
        world.define(replace(NEWS, selection=replace(NEWS.selection, age=timedelta(hours=2))))
        assert world.tick(hours=7)[0].outcome == NOTHING_FRESH

    def test_quotes_stay_quotes_in_mail(self, world: World) -> None:
        seen: list[RenderRequest] = []

        class Watching(PlainRenderer):
            def render(self, request: RenderRequest) -> Rendering:
                seen.append(request)
                return super().render(request)

        with world.storage.begin() as work:
            work.sources.apply([replace(world.source, rights=Rights.QUOTE)], world.clock())
        world.composer = replace(world.composer, renderer=Watching())
        world.reader("ana")
        world.article("a", html="<p>all</p>", text="all " * 200)
        world.tick(hours=7)
        [request] = seen
        [state] = request.articles
        assert state.revision.content.html == ""
        assert len(state.revision.content.summary) <= 200


class TestCrashes:
    def test_a_template_fault_leaves_the_edition_composing_and_the_next_tick_goes_on(self, world: World) -> None:
        class Broken(PlainRenderer):
            def render(self, request: RenderRequest) -> Rendering:
                raise TemplateError("body.html.jinja:3: no such name")

        world.reader("ana")
        world.article("a")
        whole = world.composer
        world.composer = replace(whole, renderer=Broken())
        with pytest.raises(TemplateError):
            world.tick(hours=7)
        assert world.states() == ["composing"]
        assert world.due() == []
        world.composer = whole
        [report] = world.tick()
        assert report.deliveries == 1
        assert world.states() == ["approved"]

    def test_a_crash_between_two_chunks_resumes_at_the_cursor(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(compose_module, "CHUNK", 2)
        for number in range(5):
            world.reader(f"reader{number}")
        world.article("a")
        chunks: list[bool] = []
        fill_chunk = Composer._fill_chunk

        def die_after_two(*args: object) -> bool:
            if len(chunks) == 2:
                raise KeyboardInterrupt
            chunks.append(fill_chunk(*args))  # type: ignore[arg-type]
            return chunks[-1]

        monkeypatch.setattr(Composer, "_fill_chunk", die_after_two)
        with pytest.raises(KeyboardInterrupt):
            world.tick(hours=7)
        monkeypatch.setattr(Composer, "_fill_chunk", fill_chunk)
        world.article("b")
        [report] = world.tick()
        assert report.deliveries == 5
        assert world.mails() == ["a"]

    def test_an_edition_of_a_newsletter_no_longer_defined_rests(self, world: World) -> None:
        self.test_a_template_fault_leaves_the_edition_composing_and_the_next_tick_goes_on(world)
        world.article("b")
        with world.storage.begin() as work:
            work.editions.cut(world.newsletter.id, "daily", world.clock(), work.articles.latest_seq(), hold=False)
            work.newsletters.apply([])
        assert world.tick() == []
        world.define(NEWS)
        assert [report.deliveries for report in world.tick()] == [1]

    def test_an_edition_discarded_while_it_is_rendered_stays_discarded(self, world: World) -> None:
        class Interrupted(PlainRenderer):
            def render(self, request: RenderRequest) -> Rendering:
                [edition] = whole._editions({EditionState.COMPOSING})
                assert whole.discard(edition)
                return super().render(request)

        world.reader("ana")
        world.article("a")
        whole = world.composer
        world.composer = replace(whole, renderer=Interrupted())
        [report] = world.tick(hours=7)
        assert report.outcome == "ended by another hand"
        assert world.states() == ["discarded"]
        assert world.due() == []


class TestByHand:
    def test_send_cuts_for_all_cadences_at_once(self, world: World) -> None:
        world.reader("ana", "immediate")
        world.reader("bob", "daily", hour=20 * 60)
        world.article("a")
        report = world.composer.send_now(world.newsletter)
        assert report.deliveries == 2
        assert world.due() == [world.clock(), world.clock()]
        assert world.tick(hours=7)[-1].outcome == NOTHING_FRESH

    def test_send_covers_what_waited_as_a_draft(self, world: World) -> None:
        TestDays().test_a_slot_missed_too_long_ago_waits_for_a_word(world)
        world.article("b")
        assert world.composer.send_now(world.newsletter).deliveries == 1
        assert world.states() == ["discarded", "approved"]
        assert world.mails()[-1] == "b\na"

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_discarded_drafts_give_all_back_in_either_order(self, world: World, order: tuple[int, int]) -> None:
        number = world.reader("ana", "immediate")
        drafts = []
        for key, cadence in (("a", "immediate"), ("b", "daily")):
            world.article(key)
            with world.storage.begin() as work:
                subscription = work.subscriptions.get(number)
                assert subscription
                work.subscriptions.update(replace(subscription, cadence=cadence))
                seq = work.articles.latest_seq()
                drafts.append(work.editions.cut(world.newsletter.id, cadence, world.clock(), seq, hold=True))
            assert world.composer.fill(drafts[-1]).deliveries == 1
        for place in order:
            assert world.composer.discard(drafts[place])
        assert world.composer.send_now(world.newsletter).deliveries == 1
        assert world.mails()[-1] == "b\na"

    def test_a_preview_stores_nothing(self, world: World) -> None:
        with pytest.raises(UsageError, match="no article matches"):
            world.composer.preview(world.newsletter, None, "en")
        world.article("a")
        number = world.reader("ana")
        world.article("b")
        with world.storage.read() as work:
            subscription = work.subscriptions.get(number)
        assert world.composer.preview(world.newsletter, None, "en").text == ("b\na",)
        assert world.composer.preview(world.newsletter, subscription, "en").text == ("b",)
        assert world.states() == []
        world.tick(hours=7)
        with world.storage.read() as work:
            subscription = work.subscriptions.get(number)
        assert world.composer.preview(world.newsletter, subscription, "en").text == ("b\na",)
