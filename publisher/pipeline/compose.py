"""The third stretch: what is fresh for whom becomes editions, digests and rows of the ledger.

An edition is cut at its slot with one `now_seq`, filled in chunks of subscriptions (each transaction inserts the
deliveries *and* moves those watermarks), rendered once per variant, and only then seen by deliver. A crash resumes at
the cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.domain.article import ArticleState, within_rights
from publisher.domain.delivery import NewDelivery
from publisher.domain.edition import OPEN_STATES, Digest, Edition, EditionState, Rendering, Variant, reading_order
from publisher.domain.newsletter import Newsletter
from publisher.domain.rights import Use
from publisher.domain.schedule import (
    IMMEDIATE,
    IMMEDIATE_GAP,
    Cadence,
    Slot,
    due_at,
    is_slot,
    is_stale,
    last_slot,
    next_slot,
)
from publisher.domain.subscription import MailFormat, Subscription
from publisher.errors import UsageError
from publisher.pipeline.fresh import Freshness
from publisher.pipeline.ports import Clock, Renderer, RenderRequest, Run, Storage, UnitOfWork
from publisher.pipeline.publish import Site
from publisher.pipeline.wording import counted

CHUNK = 1000
"""Subscriptions composed in one transaction."""

SEND_NOW = "send"
"""The cadence of an edition that was cut by hand for all active subscriptions."""

NOTHING_FRESH = "nothing fresh for anybody"
TOO_LATE = "its slot was missed too long ago: it waits for a word"


@dataclass(frozen=True, slots=True)
class EditionReport:
    """What became of one edition, in a line for the operator."""

    newsletter: str
    cadence: str
    outcome: str
    edition_id: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Composer:
    """What composing needs."""

    storage: Storage
    renderer: Renderer
    site: Site
    clock: Clock

    # --- when ----------------------------------------------------------------------------------------------------

    def compose(self) -> list[EditionReport]:
        """Resume what a crash left, then cut and fill an edition for each slot that is due. Leaves a row."""
        began = self.clock()
        self.mend()
        newsletters = self.align_slots()
        left = self._editions({EditionState.COMPOSING})
        reports = [self.fill(edition) for edition in left if edition.newsletter_id in newsletters]
        now = self.clock()
        with self.storage.read() as work:
            slots = [slot for slot in work.newsletters.slots() if slot.next_due <= now]
        for slot in slots:
            newsletter = newsletters.get(slot.newsletter_id)
            cadence = newsletter and _cadence(newsletter, slot.cadence)
            if newsletter and cadence:
                reports.append(self._slot(newsletter, cadence, slot))
        if any(report.edition_id for report in reports):
            outcome = "; ".join(f"{report.newsletter} {report.cadence}: {report.outcome}" for report in reports)
            with self.storage.begin() as work:
                work.runs.add(Run("compose", began, self.clock() - began, outcome))
        return reports

    def align_slots(self) -> dict[int, Newsletter]:
        """Give each cadence of each newsletter its slot; reckon anew what is no slot any more."""
        now = self.clock()
        with self.storage.begin() as work:
            newsletters = {newsletter.id: newsletter for newsletter in work.newsletters.all()}
            slots = {(slot.newsletter_id, slot.cadence): slot for slot in work.newsletters.slots()}
            for newsletter in newsletters.values():
                for cadence in newsletter.cadences:
                    slot = slots.get((newsletter.id, cadence.name))
                    aligned = aligned_slot(newsletter, cadence, slot, now)
                    if aligned != slot:
                        work.newsletters.put_slot(aligned)
        return newsletters

    def _slot(self, newsletter: Newsletter, cadence: Cadence, slot: Slot) -> EditionReport:
        if cadence.is_immediate and not self._anything_fresh(newsletter, cadence):
            return EditionReport(newsletter.slug, cadence.name, NOTHING_FRESH)
        edition = self._cut(newsletter, cadence, slot)
        if edition is None:
            return EditionReport(newsletter.slug, cadence.name, "passed over: an edition is still open")
        return self.fill(edition)

    def _cut(self, newsletter: Newsletter, cadence: Cadence, slot: Slot) -> Edition | None:
        now = self.clock()
        if cadence.is_immediate:
            cut_at, next_due = now, now + IMMEDIATE_GAP
        else:
            zone = ZoneInfo(newsletter.timezone)
            cut_at = last_slot(cadence, newsletter.hour, zone, now)
            next_due = next_slot(cadence, newsletter.hour, zone, now)
        with self.storage.begin() as work:
            is_open = _is_open(work, newsletter, cadence)
            moved = work.newsletters.move_slot(slot, next_due, cut=None if is_open else cut_at)
            if is_open or not moved:
                return None
            hold = is_stale(cut_at, now)
            return work.editions.cut(newsletter.id, cadence.name, cut_at, work.articles.latest_seq(), hold=hold)

    def _anything_fresh(self, newsletter: Newsletter, cadence: Cadence) -> bool:
        """Whether an immediate edition would have a delivery; when not, the watermarks move on without one.

        Not asked while an edition is open: what came meanwhile is the next one's.
        """
        with self.storage.read() as work:
            if _is_open(work, newsletter, cadence):
                return True
            low = work.subscriptions.lowest_through(newsletter.id, cadence.name)
            upto = work.articles.latest_seq()
            if low is None or not work.articles.changed(low, upto):
                return False
            freshness = Freshness(newsletter.selection, upto, self.clock())
            ids: list[int] = []
            while page := work.subscriptions.active(
                newsletter.id, cadence.name, after_id=ids[-1] if ids else 0, limit=CHUNK
            ):
                if any(freshness.judge(work, page).values()):
                    return True
                ids += [subscription.id for subscription in page]
        for start in range(0, len(ids), CHUNK):
            with self.storage.begin() as work:
                work.subscriptions.advance(ids[start : start + CHUNK], upto)
        return False

    # --- what ----------------------------------------------------------------------------------------------------

    def fill(self, edition: Edition) -> EditionReport:
        """Compose an edition from its cursor on, render its variants, and let it go (or wait, when on hold)."""
        with self.storage.read() as work:
            newsletter = work.newsletters.get(edition.newsletter_id)
        assert newsletter is not None  # an edition's row refers to it
        freshness = Freshness(newsletter.selection, edition.now_seq, self.clock())
        while self._fill_chunk(edition.id, newsletter, freshness):
            pass
        with self.storage.read() as work:
            digests = work.editions.digests(edition.id)
            deliveries = sum(work.deliveries.counts(edition.id).values())
        report = EditionReport(newsletter.slug, edition.cadence, "", edition.id, deliveries)
        if not digests:
            return self._end(edition, report, EditionState.SKIPPED, NOTHING_FRESH)
        for digest in digests:
            if digest.rendering is None:
                self._freeze(newsletter, edition, digest)
        if edition.hold:
            return self._end(edition, report, EditionState.DRAFT, TOO_LATE)
        outcome = f"{counted(deliveries, 'delivery', 'deliveries')} in {counted(len(digests), 'variant')}"
        return self._end(edition, report, EditionState.APPROVED, outcome)

    def _end(self, edition: Edition, report: EditionReport, state: EditionState, reason: str) -> EditionReport:
        with self.storage.begin() as work:
            current = work.editions.get(edition.id)
            if current is None or not work.editions.change_state(current, state, reason):
                reason = "ended by another hand"
        return EditionReport(report.newsletter, report.cadence, reason, report.edition_id, report.deliveries)

    def _fill_chunk(self, edition_id: int, newsletter: Newsletter, freshness: Freshness) -> bool:
        """One transaction: the next subscriptions after the cursor; False when there are none left."""
        with self.storage.begin() as work:
            edition = work.editions.get(edition_id)
            if edition is None or edition.state is not EditionState.COMPOSING:
                return False
            cadence = None if edition.cadence == SEND_NOW else edition.cadence
            page = work.subscriptions.active(newsletter.id, cadence, after_id=edition.cursor, limit=CHUNK)
            if not page:
                return False
            rows, variants = _plan(newsletter, edition, page, freshness.judge(work, page))
            digest_ids = work.editions.add_digests(edition_id, list(variants.values()))
            work.deliveries.add(edition_id, rows, digest_ids)
            behind = [subscription.id for subscription in page if subscription.through_seq < edition.now_seq]
            work.subscriptions.advance(behind, edition.now_seq)
            work.editions.move_cursor(edition_id, page[-1].id)
            return True

    def _freeze(self, newsletter: Newsletter, edition: Edition, digest: Digest) -> None:
        rendering = self._rendered(newsletter, edition, digest.variant)
        with self.storage.begin() as work:
            work.editions.freeze(digest.id, rendering)

    def _rendered(self, newsletter: Newsletter, edition: Edition, variant: Variant) -> Rendering:
        """What an edition says to those who get a variant of it."""
        with self.storage.read() as work:
            states = work.articles.states([article for article, _ in variant.articles], edition.now_seq)
        articles = [states[article] for article, _ in variant.articles]
        return self._render(newsletter, variant, articles, edition.cut_at)

    def _render(
        self, newsletter: Newsletter, variant: Variant, articles: Sequence[ArticleState], cut_at: datetime
    ) -> Rendering:
        return self.renderer.render(
            RenderRequest(
                newsletter=newsletter,
                variant=variant,
                articles=tuple(shown for state in articles if (shown := within_rights(state, Use.MAIL)) is not None),
                cut_at=cut_at,
                site_title=self.site.title,
                site_url=self.site.base_url,
                legal=self.site.legal,
            )
        )

    # --- what was taken down -------------------------------------------------------------------------------------

    def mend(self) -> int:
        """Take articles that nobody may see any more out of the mails that wait; how many deliveries that changes.

        A mail whose articles are all gone is cancelled.
        """
        with self.storage.read() as work:
            digests = work.editions.to_mend()
        return sum(map(self._mend, digests))

    def _mend(self, digest: Digest) -> int:
        with self.storage.read() as work:
            edition = work.editions.get(digest.edition_id)
            assert edition is not None  # its digest refers to it
            newsletter = work.newsletters.get(edition.newsletter_id)
            assert newsletter is not None  # its edition refers to it
            hidden = work.articles.hidden([article for article, _ in digest.variant.articles])
            left = tuple(pair for pair in digest.variant.articles if pair[0] not in hidden)
        variant = replace(digest.variant, articles=left)
        rendering = self._rendered(newsletter, edition, variant) if left else None
        with self.storage.begin() as work:
            other = None
            if rendering is not None:
                other = work.editions.add_digests(edition.id, [variant])[variant.key]
                work.editions.freeze(other, rendering)
            moved = work.deliveries.redirect(digest.id, other)
            work.editions.drop(digest.id)
        return moved

    # --- by hand -------------------------------------------------------------------------------------------------

    def send_now(self, newsletter: Newsletter) -> EditionReport:
        """Cut one edition for all active subscriptions. Drafts that wait for a word are discarded: it covers them."""
        for edition in self._editions(OPEN_STATES, newsletter.id):
            self.discard(edition)
        with self.storage.begin() as work:
            now_seq = work.articles.latest_seq()
            edition = work.editions.cut(newsletter.id, SEND_NOW, self.clock(), now_seq, hold=False)
        return self.fill(edition)

    def skip(self, edition: Edition) -> bool:
        """End an open edition without mail; its articles count as covered. False when it is no longer open."""
        return self._close(edition, EditionState.SKIPPED, give_back=False)

    def discard(self, edition: Edition) -> bool:
        """End an open edition without mail; its articles are fresh again. False when it is no longer open."""
        return self._close(edition, EditionState.DISCARDED, give_back=True)

    def _close(self, edition: Edition, state: EditionState, *, give_back: bool) -> bool:
        with self.storage.begin() as work:
            current = work.editions.get(edition.id)
            if current is None or current.state not in OPEN_STATES:
                return False
            if give_back:
                work.deliveries.discard(current.id)
            else:
                work.deliveries.cancel(current.id)
            return work.editions.change_state(current, state, f"{state} by hand")

    def preview(self, newsletter: Newsletter, subscription: Subscription | None, language: str) -> Rendering:
        """The mail that would go out now: to a subscription, or (without one) with the newest articles.

        When nothing is fresh for the subscription it shows the newest articles too. Raises UsageError when the
        newsletter has no articles at all.
        """
        now = self.clock()
        with self.storage.read() as work:
            articles: Sequence[ArticleState] = ()
            if subscription:
                freshness = Freshness(newsletter.selection, work.articles.latest_seq(), now)
                articles = freshness.judge(work, [subscription])[subscription.id]
            if not articles:
                articles = work.articles.current(newsletter.selection, limit=min(10, newsletter.limit))
        if not articles:
            raise UsageError(f"newsletter {newsletter.slug}: no article matches it yet; run `publisher collect --once`")
        format = subscription.format if subscription else MailFormat.HTML
        variant = _variant(newsletter, articles, subscription.subscriber.language if subscription else language, format)
        return self._render(newsletter, variant, articles, now)

    def _editions(
        self, states: frozenset[EditionState] | set[EditionState], newsletter: int | None = None
    ) -> list[Edition]:
        with self.storage.read() as work:
            return work.editions.in_states(states, newsletter)


def aligned_slot(newsletter: Newsletter, cadence: Cadence, slot: Slot | None, now: datetime) -> Slot:
    """The slot as it should be: the same one while its time is a slot, else the first after now or the last cut."""
    if cadence.is_immediate:
        return slot or Slot(newsletter.id, cadence.name, now)
    zone = ZoneInfo(newsletter.timezone)
    if slot and is_slot(cadence, newsletter.hour, zone, slot.next_due):
        return slot
    last_cut = slot.last_cut if slot else None
    after = max(now, last_cut) if last_cut else now
    return Slot(newsletter.id, cadence.name, next_slot(cadence, newsletter.hour, zone, after), last_cut)


def _is_open(work: UnitOfWork, newsletter: Newsletter, cadence: Cadence) -> bool:
    return any(edition.cadence == cadence.name for edition in work.editions.in_states(OPEN_STATES, newsletter.id))


def _cadence(newsletter: Newsletter, name: str) -> Cadence | None:
    return next((cadence for cadence in newsletter.cadences if cadence.name == name), None)


def _variant(newsletter: Newsletter, articles: Sequence[ArticleState], language: str, format: MailFormat) -> Variant:
    pairs = tuple((state.article.id, state.revision.seq) for state in articles)
    return Variant(pairs, newsletter.language_for(language), format)


def _plan(
    newsletter: Newsletter,
    edition: Edition,
    page: Sequence[Subscription],
    fresh: dict[int, tuple[ArticleState, ...]],
) -> tuple[list[NewDelivery], dict[str, Variant]]:
    """The rows and the variants of one chunk."""
    rows: list[NewDelivery] = []
    variants: dict[str, Variant] = {}
    known: dict[tuple[int, str, MailFormat], str] = {}
    at_once = edition.cadence in (SEND_NOW, IMMEDIATE)
    for subscription in page:
        articles = fresh[subscription.id]
        if not articles:
            continue
        subscriber = subscription.subscriber
        choice = (id(articles), subscriber.language, subscription.format)
        if choice not in known:
            variant = _variant(newsletter, reading_order(list(articles)), subscriber.language, subscription.format)
            variants[variant.key] = variant
            known[choice] = variant.key
        hour = None if at_once else subscription.hour
        due = due_at(edition.cut_at, hour, ZoneInfo(subscriber.timezone))
        rows.append(NewDelivery(subscription.id, known[choice], due, subscription.through_seq))
    return rows, variants
