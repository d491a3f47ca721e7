"""What three answers tell of a host's images."""

import pytest

from publisher.domain.hotlink import Answer, Denied, Seen, alike, judge
from publisher.domain.image import Hotlinking

TIDE = Seen("a", 0x0F0F_F0F0_1234_5678, 1200, 800)
PACKED_ANEW = Seen("b", 0x0F0F_F0F0_1234_5679, 1200, 800)
SMALLER = Seen("c", 0x0F0F_F0F0_1234_5678, 600, 400)
PLACEHOLDER = Seen("d", 0xFFFF_0000_FFFF_0000, 1200, 800)
TINY = Seen("e", TIDE.look, 60, 40)
FORBIDDEN = Denied("the server says 403 Forbidden")
BUSY = Denied("the server says 503 Service Unavailable", telling=False)


@pytest.mark.parametrize(
    ("own", "nobody", "reader", "state"),
    [
        (TIDE, TIDE, TIDE, "allowed"),
        (TIDE, PACKED_ANEW, SMALLER, "allowed"),
        (TIDE, TIDE, FORBIDDEN, "protected"),
        (TIDE, FORBIDDEN, TIDE, "protected"),
        (TIDE, TIDE, PLACEHOLDER, "protected"),
        (TIDE, PLACEHOLDER, PLACEHOLDER, "protected"),
        (TIDE, TIDE, TINY, "protected"),
        # Only one who names no page is let in: its own pages send no Referer.
        (FORBIDDEN, TIDE, FORBIDDEN, "protected"),
        (FORBIDDEN, TIDE, TIDE, "allowed"),
        # A server that was busy said nothing about who may see its images.
        (TIDE, TIDE, BUSY, "unknown"),
        (TIDE, BUSY, FORBIDDEN, "protected"),
        (FORBIDDEN, FORBIDDEN, FORBIDDEN, "unknown"),
        (BUSY, BUSY, BUSY, "unknown"),
    ],
)
def test_a_host_protects_its_images_when_a_reader_does_not_see_what_its_own_page_shows(
    own: Answer, nobody: Answer, reader: Answer, state: str
) -> None:
    assert judge(own, nobody, reader).state == Hotlinking(state)


def test_the_evidence_says_who_was_kept_out_and_how() -> None:
    assert judge(TIDE, TIDE, FORBIDDEN).evidence == ("with the Referer of a feed reader: the server says 403 Forbidden")
    assert judge(TIDE, TINY, TIDE).evidence == "with no Referer: another picture (60 × 40 for 1200 × 800 pixels)"
    assert judge(FORBIDDEN, BUSY, BUSY).evidence == "no picture comes at all: the server says 403 Forbidden"


def test_pictures_are_alike_however_they_are_packed() -> None:
    assert alike(TIDE, Seen("a", 0, 1, 1))
    assert alike(TIDE, PACKED_ANEW)
    assert not alike(TIDE, PLACEHOLDER)
