"""Header fields: what went in is what a reader sees, on lines of the right length, and never a second header."""

import email
import email.policy
import re
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.newsletter import Mailbox
from publisher.errors import UsageError
from publisher.mail.headers import ascii_address, mailbox_field, named_field, text_field
from publisher.mail.text import one_line

LONG = "Regulators 批准了 “the largest” ☃ IPO of the year, and twelve other stories that were worth a longer subject"
HOSTILE = [
    "plain words",
    "",
    "双方正式签署协议，“算力”成为新的货币；业内人士认为，这标志着竞争从模型本身转向生态系统主导权之争。",
    LONG,
    LONG * 4,
    "=?utf-8?q?evil?=",
    "a =?utf-8?b?ZXZpbA==?= b",
    "a\r\nBcc: victim@example.com",
    "a\x0bb\x00c\x85d\u2028e",
    "x" * 300,
    "two  spaces",
    "emoji 👩‍🚀🌠 and é",
    "ends with a backslash \\",
    "word " * 60,
]


def parsed(field: str) -> email.message.EmailMessage:
    message = email.message_from_bytes(f"{field}\r\n".encode("ascii"), policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    assert len(message.items()) == 1, field
    return message


def check_lines(field: str) -> None:
    assert field.endswith("\r\n")
    lines = field.removesuffix("\r\n").split("\r\n")
    assert all(line.startswith(" ") for line in lines[1:])
    assert not any(line.isspace() or not line for line in lines)
    assert "\r" not in "".join(lines)
    assert "\n" not in "".join(lines)
    assert max(map(len, lines)) <= 76, lines
    assert max(map(len, re.findall(r"=\?\S*\?=", field)), default=0) <= 75


@pytest.mark.parametrize("value", HOSTILE)
def test_a_subject_is_read_back_as_it_was_written(value: str) -> None:
    field = text_field("Subject", value)
    check_lines(field)
    assert parsed(field)["Subject"] == one_line(value)


@given(st.text(max_size=300))
def test_any_subject_is_read_back_as_it_was_written(value: str) -> None:
    field = text_field("Subject", value)
    check_lines(field)
    assert parsed(field)["Subject"] == one_line(value)


@pytest.mark.parametrize(
    "name", [*HOSTILE, 'The "Post", Inc.', "a@b.example", "Post (daily)", "O'Brien", "<a@b.example>,"]
)
def test_a_name_is_read_back_as_it_was_written(name: str) -> None:
    field = mailbox_field("From", Mailbox("post@news.example.org", name))
    check_lines(field)
    (address,) = parsed(field)["From"].addresses
    assert address.addr_spec == "post@news.example.org"
    if field.count("=?") > 1:
        # The standard library's parser leaves the space between two encoded words, which RFC 2047, 6.2, takes away.
        phrase = field.removeprefix("From: ").rpartition("<")[0]
        assert str(make_header(decode_header(phrase))).strip() == one_line(name)
    else:
        assert address.display_name == one_line(name)


def test_a_list_id_is_never_encoded() -> None:
    field = named_field("List-Id", "灯埠每日新闻", "quay." + "very-long-name." * 4 + "example.org")
    assert f"\r\n <quay.{'very-long-name.' * 4}example.org>" in field


@pytest.mark.parametrize(
    ("address", "ascii_form"),
    [
        ("reader@example.com", "reader@example.com"),
        (" o'brien+news@Example.COM ", "o'brien+news@Example.COM"),
        ("reader@例子.测试", "reader@xn--fsqu00a.xn--0zwm56d"),
        ("reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_has_its_domain_in_ascii(address: str, ascii_form: str) -> None:
    assert ascii_address(address) == ascii_form


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "@example.com",
        "reader@",
        "读者@example.com",
        "reader@exa mple.com",
        "reader@-例-.example",
        "a@b@example.com",
        "reader@example..com",
        ".reader@example.com",
        "reader@example.com\r\nRCPT TO:<x@example.com>",
        "reader@example.com>",
        '"a b"@example.com',
        "reader@[127.0.0.1]",
        "a" * 250 + "@example.com",
    ],
)
def test_an_address_that_mail_cannot_carry_is_refused_without_telling_it(address: str) -> None:
    with pytest.raises(UsageError, match="address") as caught:
        ascii_address(address)
    assert not address or address not in str(caught.value)
