"""Slots: no article forges one, none gets lost, each value is escaped for its place, and encoding changes nothing."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.delivery import Recipient
from publisher.domain.edition import RecipientSlot, Segments, SlotKind
from publisher.errors import TemplateError
from publisher.mail.encoding import encode_text
from publisher.mail.slots import Marks, fill, fill_slot

URL = "https://news.example.org/unsubscribe/AQAAAAABl4mJ2m1zv0Gm9w"
RECIPIENT = Recipient(address="o'brien&co@example.com", unsubscribe_url=URL)


def slot(name: str, kind: SlotKind) -> RecipientSlot:
    return RecipientSlot(name, kind)


# --- cutting -----------------------------------------------------------------------------------------------------


def test_a_text_is_cut_at_its_marks() -> None:
    marks = Marks()
    text = f"To {marks.recipient.address}, {marks.recipient.address}: {marks.recipient.unsubscribe_url}"
    address, url = slot("address", SlotKind.TEXT), slot("unsubscribe_url", SlotKind.TEXT)
    assert marks.cut(text, SlotKind.TEXT) == ("To ", address, ", ", address, ": ", url)


def test_a_text_without_slots_is_one_piece() -> None:
    assert Marks().cut("plain", SlotKind.TEXT) == ("plain",)


def test_where_a_mark_stands_in_html_decides_its_kind() -> None:
    marks = Marks()
    recipient = marks.recipient
    html = (
        f'<!DOCTYPE html><html><head><title>{recipient.address}</title></head><body title="{recipient.address}">'
        f"<a href='{recipient.unsubscribe_url}'>&lt;{recipient.address}&gt;</a></body></html>"
    )
    kinds = [segment.kind for segment in marks.cut_html(html) if isinstance(segment, RecipientSlot)]
    assert kinds == [SlotKind.HTML, SlotKind.HTML, SlotKind.URL, SlotKind.HTML]


@pytest.mark.parametrize(
    "html",
    [
        "<!-- {} --><p></p>",
        "<!--[if mso]>{}<![endif]-->",
        "<style>a {{ content: '{}' }}</style>",
        "<script>x = '{}'</script>",
        '<p style="color: {}"></p>',
        '<p onclick="{}"></p>',
        "<!DOCTYPE {}>",
        "<?x {}>",
    ],
)
def test_a_mark_where_no_value_can_be_escaped_is_refused(html: str) -> None:
    marks = Marks()
    with pytest.raises(TemplateError, match=r"recipient\.address can't stand in"):
        marks.cut_html(html.format(marks.recipient.address))


@pytest.mark.parametrize("change", [str.upper, lambda text: text[:-10], lambda text: text[5:], lambda _: ""])
def test_a_mark_that_was_changed_is_refused(change: object) -> None:
    marks = Marks()
    with pytest.raises(TemplateError, match=r"recipient\.address was changed"):
        marks.cut(f"To {change(str(marks.recipient.address))}", SlotKind.TEXT)  # type: ignore[operator]


def test_a_mark_in_a_tag_is_refused() -> None:
    marks = Marks()
    with pytest.raises(TemplateError):
        marks.cut_html(f"<p {marks.recipient.address}=1></p>")


def test_a_mark_of_another_render_is_plain_text() -> None:
    stolen = str(Marks().recipient.unsubscribe_url)
    assert Marks().cut(f"Click {stolen}", SlotKind.TEXT) == (f"Click {stolen}",)


def test_two_renders_never_use_the_same_mark() -> None:
    assert len({str(Marks().recipient.address) for _ in range(100)}) == 100


def test_recipient_as_a_whole_can_only_be_looked_into() -> None:
    recipient = Marks().recipient
    with pytest.raises(TypeError, match="recipient is filled in"):
        bool(recipient)
    assert repr(recipient.address) == "recipient.address"


# --- filling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "filled"),
    [
        ("address", SlotKind.TEXT, "o'brien&co@example.com"),
        ("address", SlotKind.HEADER, "o'brien&co@example.com"),
        ("address", SlotKind.HTML, "o&#x27;brien&amp;co@example.com"),
        ("address", SlotKind.URL, "o%27brien%26co%40example.com"),
        ("unsubscribe_url", SlotKind.URL, URL),
        ("unsubscribe_url", SlotKind.HTML, URL),
    ],
)
def test_a_value_is_escaped_for_where_it_stands(name: str, kind: SlotKind, filled: str) -> None:
    assert fill_slot(slot(name, kind), RECIPIENT) == filled


def test_a_url_with_several_parameters_is_escaped_for_its_attribute() -> None:
    recipient = Recipient(address="a@example.com", unsubscribe_url="https://x.example/?a=1&b='\">")
    assert fill_slot(slot("unsubscribe_url", SlotKind.URL), recipient) == (
        "https://x.example/?a=1&amp;b=&#x27;&quot;&gt;"
    )


def test_no_value_brings_a_line_break() -> None:
    recipient = Recipient(address="a\r\nBcc: b@example.com\u2028\x00", unsubscribe_url=URL)
    assert fill(("To: ", slot("address", SlotKind.HEADER)), recipient) == "To: a Bcc: b@example.com"


# --- encoding ----------------------------------------------------------------------------------------------------

# Whatever stands in a slot is one line.
TEXTS = st.text(st.sampled_from("ab =.\t\n\r,中𠮷é~?_-") | st.characters(codec="utf-8"), max_size=200)
LONG = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 4))
SLOTS = st.builds(RecipientSlot, st.sampled_from("abc"), st.just(SlotKind.TEXT))
SEGMENTS = st.lists(LONG | SLOTS, max_size=9).map(tuple)
VALUES = st.fixed_dictionaries({name: TEXTS for name in "abc"})


def crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


def joined(segments: Segments, values: dict[str, str]) -> bytes:
    """What the receiver must read: neighbouring texts are one text, slots are texts by themselves."""
    pieces, text = [], ""
    for segment in segments:
        if isinstance(segment, str):
            text += segment
        else:
            pieces += [crlf(text), crlf(values[segment.name])]
            text = ""
    return b"".join([*pieces, crlf(text)])


@given(SEGMENTS, VALUES)
def test_decoding_gives_back_the_joined_text(segments: Segments, values: dict[str, str]) -> None:
    for prefix in ("", "中文" * 300, "plain words " * 100):
        text = (prefix, *segments)
        encoded = encode_text(text)
        body = b"".join(encoded.pieces(lambda slot: values[slot.name]))
        decode = base64.b64decode if encoded.name == "base64" else quopri.decodestring
        assert decode(body) == joined(text, values), encoded.name


@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_blank_at_the_end_of_a_line_makes_it_no_longer(length: int, blank: str) -> None:
    encoded = encode_text((f"{'x' * length}{blank}\ny",))
    body = b"".join(encoded.pieces(lambda slot: ""))
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert quopri.decodestring(body) == b"x" * length + blank.encode() + b"\r\ny"


@given(SEGMENTS, VALUES)
def test_lines_are_at_most_76_characters_and_end_with_crlf(segments: Segments, values: dict[str, str]) -> None:
    for prefix in ("", "中文" * 300, "plain words " * 100):
        body = b"".join(encode_text((prefix, *segments)).pieces(lambda slot: values[slot.name]))
        lines = body.split(b"\r\n")
        assert max(map(len, lines)) <= 76
        assert not any(b"\r" in line or b"\n" in line for line in lines)
        assert body.isascii()
        assert not any(line.endswith((b" ", b"\t")) for line in lines)


def test_chinese_is_sent_in_base64_and_english_in_quoted_printable() -> None:
    assert encode_text(("绝版三十年的小书重新付印" * 9,)).name == "base64"
    assert encode_text(("The tide gauge – now open" * 9,)).name == "quoted-printable"


def test_half_a_surrogate_pair_does_not_stop_a_mail() -> None:
    assert b"".join(encode_text(("a\ud800b",)).pieces(lambda _: "")) == b"a?b"


@pytest.mark.parametrize("last", ["x", "é"])
@pytest.mark.parametrize("length", range(70, 80))
def test_a_full_line_before_a_slot_is_broken_once_more(length: int, last: str) -> None:
    segments = ("y" * length + last, RecipientSlot("a", SlotKind.TEXT), " end of a plain text")
    encoded = encode_text(segments)
    body = b"".join(encoded.pieces(lambda slot: "value"))
    assert encoded.name == "quoted-printable"
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert quopri.decodestring(body).decode() == f"{'y' * length}{last}value end of a plain text"
