"""Whether a host lets readers of other places see its images: judged from what it answered to three askers."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from publisher.domain.image import Hotlinking

READER = "https://reader.example/"
"""The Referer of a feed reader that nobody knows (a name that is nobody's, RFC 2606)."""

RECHECK = timedelta(weeks=4)
"""How long a verdict holds."""

RETRY = timedelta(days=1)
"""How long to wait after a try that told nothing."""

_UNLIKE = 12
"""From how many different bits of 64 on two pictures are not the same one."""


class Asker(StrEnum):
    """Who asks for the image: a browser on the article's own page, a program that names no page, a feed reader on the
    web."""

    OWN_PAGE = "its own page"
    NOBODY = "no Referer"
    READER = "the Referer of a feed reader"


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture came: a hash of its bytes, 64 bits of what it looks like, and its size in pixels."""

    fingerprint: str
    look: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Denied:
    """No picture came. `telling` when the server meant it: not when it was busy, unreachable, or not asked at all."""

    reason: str
    telling: bool = True


Answer = Seen | Denied


@dataclass(frozen=True, slots=True)
class Verdict:
    """What three answers tell of a host, and why."""

    state: Hotlinking
    evidence: str


def judge(own: Answer, nobody: Answer, reader: Answer) -> Verdict:
    """What it makes of the answers to the article's own page, to nobody, and to a reader.

    The picture is what its own page shows. A reader to whom it is denied, or who gets another one (a placeholder, by
    a redirect or not), is kept out.
    """
    picture = next((answer for answer in (own, nobody, reader) if isinstance(answer, Seen)), None)
    if picture is None:
        return Verdict(Hotlinking.UNKNOWN, f"no picture comes at all: {_reason(own)}")
    asked = ((Asker.NOBODY, nobody), (Asker.READER, reader))
    for asker, answer in asked:
        match answer:
            case Denied(reason, telling=True):
                return Verdict(Hotlinking.PROTECTED, f"with {asker}: {reason}")
            case Seen() if not alike(picture, answer):
                size = f"{answer.width} × {answer.height} for {picture.width} × {picture.height} pixels"
                return Verdict(Hotlinking.PROTECTED, f"with {asker}: another picture ({size})")
    for asker, answer in asked:
        if isinstance(answer, Denied):
            return Verdict(Hotlinking.UNKNOWN, f"with {asker}: {answer.reason}")
    return Verdict(Hotlinking.ALLOWED, "the same picture for everybody")


def alike(one: Seen, other: Seen) -> bool:
    """Whether two pictures show the same, though perhaps packed in another way or somewhat smaller."""
    if one.fingerprint == other.fingerprint:
        return True
    smaller, larger = sorted((one.width * one.height, other.width * other.height))
    return smaller * 8 >= larger and (one.look ^ other.look).bit_count() < _UNLIKE


def _reason(answer: Answer) -> str:
    return answer.reason if isinstance(answer, Denied) else ""
