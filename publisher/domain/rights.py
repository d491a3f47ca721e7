"""Rights: what an operator may do with a source's articles, what sites reserve, and what each use may show.

The operator's word stands above the site's signs: a source that is `own` or `licensed` is shown whole, for there is
an agreement. Signs limit what is only quoted. Standards: robots meta and X-Robots-Tag as search engines document
them, the TDM Reservation Protocol (W3C Community Group, 2024), Content-Signal lines and RSL's `License:` in
robots.txt.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from publisher.domain.source import Rights

QUOTE_COLUMNS = 200
"""How much of a summary may be shown of an article we may only quote; a CJK character counts two columns."""


class Use(StrEnum):
    """Where an article is shown: current feeds, mails, web pages, archive documents (RFC 5005), exported files."""

    FEED = "feed"
    MAIL = "mail"
    WEB = "web"
    ARCHIVE = "archive"
    EXPORT = "export"


LASTING = frozenset({Use.ARCHIVE, Use.EXPORT})
"""Uses that keep a copy when the current ones have moved on: what `noarchive` speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservations:
    """What a site reserves for one article. `evidence` are the signs themselves, each with where it stood.

    `max_snippet` is in characters, None without a limit. `tdm` is a reservation against text and data mining, with
    the address of its policy. `licence` is an address that offers terms. `signals` are Content-Signal's words.
    """

    noarchive: bool = False
    nosnippet: bool = False
    max_snippet: int | None = None
    tdm: bool = False
    tdm_policy: str | None = None
    licence: str | None = None
    signals: tuple[tuple[str, bool], ...] = ()
    evidence: tuple[str, ...] = ()

    def __or__(self, other: "Reservations") -> "Reservations":
        """Both together: the stricter of each; of two addresses or signals of a name, `other`'s, the nearer one."""
        limits = [limit for limit in (self.max_snippet, other.max_snippet) if limit is not None]
        return Reservations(
            noarchive=self.noarchive or other.noarchive,
            nosnippet=self.nosnippet or other.nosnippet,
            max_snippet=min(limits, default=None),
            tdm=self.tdm or other.tdm,
            tdm_policy=other.tdm_policy or self.tdm_policy,
            licence=other.licence or self.licence,
            signals=tuple(sorted({**dict(self.signals), **dict(other.signals)}.items())),
            evidence=tuple(dict.fromkeys(self.evidence + other.evidence)),
        )

    def said(self) -> dict[str, Any]:
        """The fields that say something, by name."""
        return {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) is not None and value is not False and value != ()
        }

    def signs(self) -> dict[str, Any]:
        """The same without the evidence: a sign may move from a page to a header and says what it said."""
        return {name: value for name, value in self.said().items() if name != "evidence"}

    def words(self) -> tuple[str, ...]:
        """The reservations as sites write them."""
        said = [name for name, holds in (("noarchive", self.noarchive), ("nosnippet", self.nosnippet)) if holds]
        if self.max_snippet is not None:
            said.append(f"max-snippet:{self.max_snippet}")
        if self.tdm:
            said.append(" ".join(filter(None, ("tdm-reservation: 1", self.tdm_policy))))
        said += [f"{name}={'yes' if holds else 'no'}" for name, holds in self.signals]
        return (*said, *([f"license {self.licence}"] if self.licence else []))


NONE = Reservations()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one use may show of an article beside its title, link, source, authors, tags and dates.

    `shown` is false when it must be left out altogether, `whole` true when nothing is cut. Of a summary at most
    `columns` and `characters` may stand.
    """

    shown: bool = True
    whole: bool = False
    columns: int = QUOTE_COLUMNS
    characters: int = QUOTE_COLUMNS


WHOLE = Allowance(whole=True)
NOTHING = Allowance(shown=False, columns=0, characters=0)
TITLE_ONLY = Allowance(columns=0, characters=0)


def allowance(rights: Rights, reserved: Reservations, use: Use) -> Allowance:
    """What a use may show. `search=no` forbids excerpts as `nosnippet` does (Content-Signal's meaning of search)."""
    if rights is not Rights.QUOTE:
        return WHOLE
    if reserved.noarchive and use in LASTING:
        return NOTHING
    if reserved.nosnippet or reserved.max_snippet == 0 or dict(reserved.signals).get("search") is False:
        return TITLE_ONLY
    return Allowance(characters=min(QUOTE_COLUMNS, reserved.max_snippet or QUOTE_COLUMNS))


def may_keep_text(rights: Rights, reserved: Reservations) -> bool:
    """Whether the text of an article may be stored, searched and compared: not when mining it is reserved."""
    return rights is not Rights.QUOTE or not reserved.tdm
