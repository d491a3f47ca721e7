"""Definitions, variants and renderings as JSON, and back. A field that an older row lacks takes its default."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from publisher.domain.edition import RecipientSlot, Rendering, Segments, SlotKind, Variant
from publisher.domain.feed import Feed
from publisher.domain.listing import ListingMemory
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.packing import pack, unpack
from publisher.domain.rights import NONE, Reservations
from publisher.domain.schedule import parse_cadence
from publisher.domain.selection import Selection, Terms
from publisher.domain.source import DocumentMemory, OnGone, PollHints, Rights, Source, SourceKind, Validators
from publisher.domain.subscription import MailFormat

Json = dict[str, Any]

_SELECTED = ("sources", "tags", "authors", "languages", "words")


def selection_json(selection: Selection) -> Json:
    """A selection; fields that say nothing are left out."""
    fields: Json = {
        name: {"any_of": terms.any_of, "none_of": terms.none_of}
        for name in _SELECTED
        if (terms := getattr(selection, name))
    }
    every = {"every": selection.every} if selection.every else {}
    return fields | every | {"age": selection.age.total_seconds()}


def read_selection(stored: Json) -> Selection:
    """The selection again."""
    fields: dict[str, Any] = {
        name: Terms(tuple(stored[name]["any_of"]), tuple(stored[name]["none_of"]))
        for name in _SELECTED
        if name in stored
    }
    return Selection(**fields, every=tuple(stored.get("every", ())), age=timedelta(seconds=stored["age"]))


def source_json(source: Source) -> Json:
    """What a source's own columns don't hold."""
    return {
        "language": source.language,
        "timezone": source.timezone,
        "tags": source.tags,
        "interval": source.interval.total_seconds() if source.interval is not None else None,
        "selectors": dict(source.selectors),
        "full_text": source.full_text,
        "first_limit": source.first_limit,
        "on_gone": source.on_gone.value,
        "include": source.include,
        "exclude": source.exclude,
    }


def read_source(row: Any) -> Source:
    """A source from its row."""
    config = row.config
    return Source(
        id=row.id,
        name=row.name,
        kind=SourceKind(row.kind),
        url=row.address or row.url,
        title=row.title,
        rights=Rights(row.rights),
        language=config["language"],
        timezone=config["timezone"],
        tags=tuple(config["tags"]),
        interval=timedelta(seconds=config["interval"]) if config["interval"] is not None else None,
        selectors=config["selectors"],
        full_text=config["full_text"],
        first_limit=config.get("first_limit"),
        disabled=row.state == "disabled",
        on_gone=OnGone(config.get("on_gone", OnGone.KEEP)),
        include=tuple(config.get("include", ())),
        exclude=tuple(config.get("exclude", ())),
    )


def listing_json(memory: ListingMemory) -> Json:
    """What is remembered of a listing's shape."""
    return asdict(memory)


def read_listing(stored: Json) -> ListingMemory:
    """That again."""
    return ListingMemory(**stored)


def documents_json(documents: Mapping[str, DocumentMemory]) -> Json:
    """What is remembered of a source's further documents, by their addresses."""
    return {
        url: [
            memory.lastmod,
            memory.validators.etag,
            memory.validators.last_modified,
            memory.read_at.isoformat() if memory.read_at else None,
        ]
        for url, memory in documents.items()
    }


def read_documents(stored: Json) -> dict[str, DocumentMemory]:
    """That again."""
    return {
        url: DocumentMemory(
            lastmod, Validators(etag, last_modified), datetime.fromisoformat(read_at) if read_at else None
        )
        for url, (lastmod, etag, last_modified, read_at) in stored.items()
    }


def read_reservations(stored: Json | None) -> Reservations:
    """What a site reserved for an article; `Reservations.said` wrote it."""
    if stored is None:
        return NONE
    lists: Json = {
        "signals": tuple((name, bool(value)) for name, value in stored.get("signals", ())),
        "evidence": tuple(stored.get("evidence", ())),
    }
    return Reservations(**(stored | lists))


def wishes_json(wishes: PollHints) -> Json | None:
    """What a feed asks of its readers; None when it asks nothing."""
    if wishes == PollHints():
        return None
    return {
        "ttl": wishes.ttl.total_seconds() if wishes.ttl is not None else None,
        "skip_hours": sorted(wishes.skip_hours),
        "skip_days": sorted(wishes.skip_days),
    }


def read_wishes(stored: Json | None) -> PollHints:
    """The wishes again."""
    if stored is None:
        return PollHints()
    return PollHints(
        ttl=timedelta(seconds=stored["ttl"]) if stored["ttl"] is not None else None,
        skip_hours=frozenset(stored["skip_hours"]),
        skip_days=frozenset(stored["skip_days"]),
    )


def feed_json(feed: Feed) -> Json:
    """A feed's definition without its slug."""
    return {
        "title": feed.title,
        "selection": selection_json(feed.selection),
        "description": feed.description,
        "language": feed.language,
        "limit": feed.limit,
        "full": feed.full,
        "images": feed.images,
        "tombstones": feed.tombstones,
        "previous_slugs": feed.previous_slugs,
    }


def read_feed(slug: str, stored: Json) -> Feed:
    """The feed again."""
    return Feed(
        slug=slug,
        **stored
        | {
            "selection": read_selection(stored["selection"]),
            "previous_slugs": tuple(stored.get("previous_slugs", ())),
        },
    )


def newsletter_json(newsletter: Newsletter) -> Json:
    """A newsletter's definition without its slug and number."""
    return {
        "title": newsletter.title,
        "sender": _mailbox_json(newsletter.sender),
        "reply_to": newsletter.reply_to and _mailbox_json(newsletter.reply_to),
        "description": newsletter.description,
        "selection": selection_json(newsletter.selection),
        "cadences": [cadence.name for cadence in newsletter.cadences],
        "hour": newsletter.hour.isoformat(),
        "timezone": newsletter.timezone,
        "languages": newsletter.languages,
        "template": newsletter.template,
        "limit": newsletter.limit,
    }


def read_newsletter(number: int, slug: str, stored: Json) -> Newsletter:
    """The newsletter again."""
    read: Json = {
        "sender": Mailbox(**stored["sender"]),
        "reply_to": stored["reply_to"] and Mailbox(**stored["reply_to"]),
        "selection": read_selection(stored["selection"]),
        "cadences": tuple(map(parse_cadence, stored["cadences"])),
        "hour": time.fromisoformat(stored["hour"]),
        "languages": tuple(stored["languages"]),
    }
    return Newsletter(id=number, slug=slug, **(stored | read))


def _mailbox_json(mailbox: Mailbox) -> Json:
    return {"address": mailbox.address, "name": mailbox.name}


def variant_json(variant: Variant) -> Json:
    """A variant."""
    return {"articles": variant.articles, "language": variant.language, "format": variant.format}


def read_variant(stored: Json) -> Variant:
    """The variant again."""
    articles = tuple((article, seq) for article, seq in stored["articles"])
    return Variant(articles, stored["language"], MailFormat(stored["format"]))


def pack_rendering(rendering: Rendering) -> bytes:
    """A rendering, compressed."""
    parts = {"subject": rendering.subject, "text": rendering.text, "html": rendering.html}
    return pack(json.dumps({name: list(_segments_json(part)) for name, part in parts.items()}, ensure_ascii=False))


def unpack_rendering(packed: bytes) -> Rendering:
    """The rendering again."""
    return Rendering(**{name: _read_segments(part) for name, part in json.loads(unpack(packed)).items()})


def _segments_json(segments: Segments) -> Iterable[str | Mapping[str, str]]:
    for segment in segments:
        yield segment if isinstance(segment, str) else {"name": segment.name, "kind": segment.kind}


def _read_segments(stored: list[Any]) -> Segments:
    return tuple(
        segment if isinstance(segment, str) else RecipientSlot(segment["name"], SlotKind(segment["kind"]))
        for segment in stored
    )
