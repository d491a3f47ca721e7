"""What the tests of this room put into a database."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from publisher.domain.article import Content, Edited, Entry, New
from publisher.domain.delivery import NewDelivery
from publisher.domain.edition import Edition, EditionState, Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Source, SourceKind
from publisher.domain.subscription import MailFormat, Subscription
from publisher.pipeline.ports import SeqRange, SubscribeRequest
from publisher.storage.database import SqlStorage

NOW = datetime(2026, 11, 24, 7, 30, 0, 123456, UTC)


def source(name: str = "blog", **fields: object) -> Source:
    """A feed."""
    made = Source(name=name, kind=SourceKind.FEED, url=f"https://{name}.example/feed")
    return replace(made, **fields)  # type: ignore[arg-type]


def entry(key: str, **fields: object) -> Entry:
    """An article of a source, its title the key unless another is given."""
    content = Content(**({"title": key} | fields))  # type: ignore[arg-type]
    return Entry(key=key, url=f"https://blog.example/{key}", content=content)


def put_source(storage: SqlStorage, name: str = "blog") -> int:
    """Define one more source; its number."""
    with storage.begin() as work:
        defined = [stored.source for stored in work.sources.all() if stored.source.name != name]
        work.sources.apply([*defined, source(name)], NOW)
        stored = work.sources.get(name)
        assert stored
        return stored.source.id


def put_articles(storage: SqlStorage, *entries: Entry, announced: bool = True, at: datetime = NOW) -> SeqRange:
    """Store new articles of the source `blog`, or edits of known ones."""
    with storage.begin() as work:
        stored = work.sources.get("blog")
    source_id = stored.source.id if stored else put_source(storage)
    with storage.begin() as work:
        known = work.articles.known(source_id, [each.key for each in entries])
        changes = [
            Edited(known[each.key], each) if each.key in known else New(each, announced=announced) for each in entries
        ]
        return work.articles.store(source_id, changes, at)


def newsletter(slug: str = "news") -> Newsletter:
    """A newsletter."""
    return Newsletter(slug=slug, title=slug.title(), sender=Mailbox(f"{slug}@post.example", slug.title()))


def put_newsletter(storage: SqlStorage, slug: str = "news") -> int:
    """Define one more newsletter; its number."""
    with storage.begin() as work:
        others = [each for each in work.newsletters.all() if each.slug != slug]
        work.newsletters.apply([*others, newsletter(slug)])
        return next(each.id for each in work.newsletters.all() if each.slug == slug)


def request(address: str, newsletter_id: int, **fields: object) -> SubscribeRequest:
    """A confirmed subscription to be made."""
    made = SubscribeRequest(
        address=address, newsletter_id=newsletter_id, language="en", timezone="UTC", cadence="daily", confirmed=True
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def put_subscriptions(
    storage: SqlStorage, newsletter_id: int, *names: str, through_seq: int = 0, **fields: object
) -> list[Subscription]:
    """Subscribe people of one domain."""
    with storage.begin() as work:
        return [
            work.subscriptions.add(request(f"{name}@people.example", newsletter_id, **fields), NOW, through_seq)
            for name in names
        ]


VARIANT = Variant((), "en", MailFormat.HTML)


@dataclass(frozen=True)
class Mailing:
    """An edition with one delivery for each subscription, by the subscriber's name."""

    newsletter_id: int
    edition: Edition
    subscriptions: dict[str, Subscription]


WAYS: dict[EditionState, tuple[EditionState, ...]] = {
    EditionState.COMPOSING: (),
    **{
        state: (EditionState.APPROVED, state)
        for state in (EditionState.SENDING, EditionState.SENT, EditionState.CANCELLED)
    },
}
"""The states on the way from composing, where it is more than one step."""


def put_mailing(
    storage: SqlStorage,
    *names: str,
    state: EditionState = EditionState.APPROVED,
    due_at: datetime = NOW,
    variant: Variant = VARIANT,
    slug: str = "news",
) -> Mailing:
    """An edition that is cut now, filled and brought into a state; the subscribers are made when they are new."""
    newsletter_id = put_newsletter(storage, slug)
    made = put_subscriptions(storage, newsletter_id, *names)
    with storage.begin() as work:
        last = work.editions.latest(newsletter_id, "daily")
        cut_at = last.cut_at + timedelta(days=1) if last else NOW
        edition = work.editions.cut(newsletter_id, "daily", cut_at, work.articles.latest_seq(), hold=False)
        digests = work.editions.add_digests(edition.id, [variant])
        rows = [NewDelivery(each.id, variant.key, due_at, each.through_seq) for each in made]
        assert work.deliveries.add(edition.id, rows, digests) == len(rows)
        work.subscriptions.advance([each.id for each in made], edition.now_seq)
        for step in WAYS.get(state, (state,)):
            assert work.editions.change_state(edition, step)
            edition = replace(edition, state=step)
        return Mailing(newsletter_id, edition, dict(zip(names, made, strict=True)))
