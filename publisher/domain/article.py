"""Articles and their revisions: what one piece of writing says, and what changed in it."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from publisher.domain.names import ENOUGH_TEXT, address, title_name
from publisher.domain.packing import pack
from publisher.domain.rights import NONE, Reservations, Use, allowance, may_keep_text
from publisher.domain.source import Rights
from publisher.domain.words import fold, index_terms

_NOT_PLAIN = re.compile("[\u0300-\U0010ffff]")
"""Characters that may take another number of columns than one."""


class Withheld(StrEnum):
    """The operator's word on an article that nobody shall see: it can be taken back of one that is `hidden`; of one
    that is `deleted` nothing is left but that it was there."""

    HIDDEN = "hidden"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an article (RFC 4287, section 4.2.7.2); `length` in bytes, 0 when unknown."""

    url: str
    type: str = ""
    length: int = 0


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a reader sees of an article. `html` is sanitised, with absolute URLs; dates are aware UTC or unknown.

    `original_url` is the address that a reprint names as its original, `source` the paper or site it names (来源);
    `section` is the part of the site or paper that it stands in.
    """

    title: str
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    summary: str = ""
    html: str = ""
    text: str = ""
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    original_url: str | None = None
    source: str | None = None
    section: str | None = None
    reservations: Reservations = NONE

    def fingerprint(self) -> str:
        """A hash of everything a reader sees; two contents with the same hash are the same state."""
        return self._fingerprint

    def work_out(self) -> None:
        """The same of what it says."""
        _ = self.text_name, self.title_name, self._fingerprint, self.terms, self.packed

    @cached_property
    def title_name(self) -> str | None:
        """The title as a name (see `names`)."""
        return title_name(self.title)

    @cached_property
    def text_name(self) -> str | None:
        """Title and text as a name; None for a text that is too short to be one."""
        return f"text:{self.told}" if columns(self.text[:ENOUGH_TEXT]) >= ENOUGH_TEXT else None

    @cached_property
    def terms(self) -> str:
        """The words under which it is found (see `words.index_terms`), each once, with blanks between them."""
        return " ".join(dict.fromkeys(index_terms(f"{self.title}\n{self.summary}\n{self.text}")))

    @cached_property
    def packed(self) -> tuple[bytes, bytes]:
        """`html` and `text`, compressed."""
        return pack(self.html), pack(self.text)

    @cached_property
    def told(self) -> str:
        """A hash of title and text as they are compared: whatever their white space and their case."""
        told = "".join(fold(f"{self.title}\n{self.text}").split())
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def _fingerprint(self) -> str:
        seen: list[object] = [
            self.title,
            self.authors,
            self.tags,
            self.language,
            self.published and self.published.isoformat(),
            self.updated and self.updated.isoformat(),
            self.summary,
            self.html,
            self.text,
            self.image,
            [(enclosure.url, enclosure.type, enclosure.length) for enclosure in self.enclosures],
            self.original_url,
        ]
        # Only where there is one: the hashes of articles stored before these were read still hold.
        seen += [{name: value} for name in ("source", "section") if (value := getattr(self, name)) is not None]
        if self.reservations != NONE:
            # What may be shown is part of what is seen.
            seen.append(self.reservations.signs())
        return hashlib.sha256(json.dumps(seen, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An article as a source gives it. `key` names it within the source for ever; `hint` is a fingerprint of the
    line that listed it; `evidence` says for each field where it was found."""

    key: str
    url: str
    content: Content
    canonical_url: str | None = None
    validators_etag: str | None = None
    validators_last_modified: str | None = None
    hint: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)

    def work_out(self) -> None:
        """Work out what storing it asks for: who reads for another process brings it along, since it takes long."""
        _ = self.key_address, self.addresses
        self.content.work_out()

    @cached_property
    def address(self) -> str | None:
        """Its address as a name (see `names`)."""
        return address(self.url)

    @cached_property
    def key_address(self) -> str | None:
        """Its key as a name of that kind, where it is an address."""
        return address(self.key)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses as names."""
        return tuple(dict.fromkeys(name for name in (self.address, address(self.canonical_url)) if name))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """What is stored of an article that a source names again. `url` and `title` are its current ones.

    `missing` counts the looks in a row that found its page away; `gone_at` is when it was taken for gone.
    """

    id: int
    key: str
    seq: int
    fingerprint: str
    hint: str
    first_seen: datetime
    read_at: datetime
    published: datetime | None
    visible: bool
    announced: bool
    etag: str | None = None
    last_modified: str | None = None
    url: str = ""
    title: str = ""
    missing: int = 0
    gone_at: datetime | None = None
    withheld: Withheld | None = None


@dataclass(frozen=True, slots=True)
class New:
    """An article that was not known. `announced` is false for a backlog: stored, not mailed. `held` marks one that a
    flood brought. `names` are all that it is known by within its source (see `identity`)."""

    entry: Entry
    announced: bool
    held: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """A known article that says something else now; its flags stay as they are."""

    known: KnownArticle
    entry: Entry
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A known article that was read and says the same."""

    known: KnownArticle
    entry: Entry
    names: tuple[str, ...] = ()


ArticleChange = New | Edited | Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One piece of writing. `guid` (urn:uuid) was minted once and never changes.

    Articles of several sources that tell one story have one `story_id`; `gone_at` is when its page was taken for gone.
    """

    id: int
    guid: str
    source_id: int
    key: str
    url: str
    canonical_url: str | None
    first_seen: datetime
    first_seq: int
    story_id: int | None = None
    gone_at: datetime | None = None
    withheld: Withheld | None = None

    @property
    def link(self) -> str:
        """The address to give to readers."""
        return self.canonical_url or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of an article, numbered by `seq` in commit order and stored at `at`.

    `changed_at` is when its content was first stored: a revision that only changes flags keeps it.
    """

    seq: int
    content: Content
    at: datetime
    changed_at: datetime
    visible: bool = True
    announced: bool = True


@dataclass(frozen=True, slots=True)
class SourceCredit:
    """What every use of an article says of where it came from, and what its rights allow."""

    id: int
    name: str
    title: str
    url: str
    rights: Rights


@dataclass(frozen=True, slots=True)
class ArticleState:
    """An article as it stood at some `seq`."""

    article: Article
    revision: Revision
    source: SourceCredit

    @property
    def dated(self) -> datetime:
        """When it was published, or, of an undated article, first seen."""
        return self.revision.content.published or self.article.first_seen

    @property
    def updated(self) -> datetime:
        """When it last changed in a way that matters (RFC 4287, section 4.2.15), never before `dated`.

        What the source says, else when an edit was seen; an article never edited is as old as its date.
        """
        edited = self.revision.changed_at > self.article.first_seen
        return max(self.revision.content.updated or (self.revision.changed_at if edited else self.dated), self.dated)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An article that was taken away, and when (RFC 6721, section 3)."""

    guid: str
    at: datetime


def within_rights(state: ArticleState, use: Use) -> ArticleState | None:
    """The state that a use may show: whole, a quotation, or None when it must be left out."""
    content = state.revision.content
    allowed = allowance(state.source.rights, content.reservations, use)
    if not allowed.shown:
        return None
    if allowed.whole:
        return state
    summary = shorten(content.summary or content.text, allowed.columns) if allowed.columns else ""
    quoted = replace(
        content,
        summary=summary if len(summary) <= allowed.characters else f"{summary[: allowed.characters - 1].rstrip()}…",
        html="",
        text="",
        image=None,
        enclosures=(),
    )
    return replace(state, revision=replace(state.revision, content=quoted))


def within_reservations(content: Content, rights: Rights) -> Content:
    """What may be stored of a content: without its text, and a summary taken from it, when mining is reserved."""
    if may_keep_text(rights, content.reservations):
        return content
    begins = " ".join(content.text.split())
    own = not begins.startswith(content.summary.rstrip("…"))
    return replace(content, summary=content.summary if own else "", html="", text="", enclosures=())


def columns(text: str) -> int:
    """The display width of a text: wide and full-width characters count two, combining ones none."""
    return len(text) if text.isascii() else len(text) + sum(map(_more_than_one, _NOT_PLAIN.findall(text)))


def _more_than_one(char: str) -> int:
    """How many columns a character takes beside the usual one."""
    return -1 if unicodedata.combining(char) else 1 if unicodedata.east_asian_width(char) in "WF" else 0


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut to `limit` columns with an ellipsis, at a word's end where there is one."""
    text = " ".join(text.split())
    # A column takes four characters at the most, or it is no text for people; counting a whole book takes long.
    if len(text) <= 4 * limit and columns(text) <= limit:
        return text
    cut = text[: limit - 1] if text[:limit].isascii() else _fitting(text, limit - 1)
    space = cut.rfind(" ")
    if space > len(cut) * 2 // 3 and not text[len(cut) : len(cut) + 1].isspace():
        cut = cut[:space]
    return cut.rstrip(" ,.;:，。；：、") + "…"


def _fitting(text: str, limit: int) -> str:
    """The longest beginning of a text that is no wider than `limit` columns."""
    if columns(text[:limit]) == limit < columns(text[: limit + 1]):
        return text[:limit]
    width = 0
    for place, char in enumerate(text):
        width += columns(char)
        if width > limit:
            return text[:place]
    return text
