"""The outbox: one file for each delivery, and a page's view of them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from publisher.domain.delivery import OutgoingMessage, Verdict
from publisher.errors import TransportError
from publisher.mail.transport.outbox import OutboxTransport, list_messages, read_message

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def message(number: int, at: datetime = AT, **headers: str) -> OutgoingMessage:
    written = EmailMessage()
    written["Subject"] = headers.get("subject", f"No. {number}: 中文标题")
    written["From"] = "早报 <news@example.org>"
    written["To"] = f"r{number}@example.net"
    written["Date"] = headers.get("date", format_datetime(at))
    written.set_content("正文\n")
    written.add_alternative("<p>正文</p>\n", subtype="html")
    data = written.as_bytes(policy=written.policy.clone(linesep="\r\n"))
    return OutgoingMessage(number, f"<{number}@example.org>", "news@example.org", f"r{number}@example.net", data)


def send(folder: Path, *batch: OutgoingMessage) -> list[Verdict]:
    session = OutboxTransport(folder).session()
    verdicts = [outcome.verdict for outcome in session.send(iter(batch))]
    session.close()
    return verdicts


def test_each_message_becomes_one_file_of_its_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "outbox"
    batch = [message(1), message(2)]
    assert send(folder, *batch) == [Verdict.SENT] * 2
    files = sorted(folder.iterdir())
    assert sorted(file.read_bytes() for file in files) == sorted(sent.data for sent in batch)
    assert all(file.name.startswith("20260301T083000Z-") and file.suffix == ".eml" for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_message_sent_again_replaces_itself_even_with_another_date(tmp_path: Path) -> None:
    send(tmp_path, message(1), message(1))
    send(tmp_path, message(1, AT + timedelta(hours=2), subject="again"))
    assert [listed.subject for listed in list_messages(tmp_path)] == ["again"]
    assert len(os.listdir(tmp_path)) == 1


def test_next_message_is_taken_only_after_the_outcome_before(tmp_path: Path) -> None:
    taken: list[int] = []

    def watched() -> Iterator[OutgoingMessage]:
        for number in (1, 2):
            taken.append(number)
            yield message(number)

    outcomes = OutboxTransport(tmp_path).session().send(watched())
    assert next(outcomes).delivery_id == 1
    assert taken == [1]


def test_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportError, match=r"the outbox .*file/outbox can't be used: Not a directory"):
        OutboxTransport(tmp_path / "file" / "outbox").session()


def test_message_that_cannot_be_written_is_deferred_and_leaves_no_part(tmp_path: Path) -> None:
    """A directory stands where the file would go."""
    session = OutboxTransport(tmp_path).session()
    next(session.send(iter([message(1)])))
    (name,) = os.listdir(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name / "x").mkdir(parents=True)
    outcome = next(session.send(iter([message(1)])))
    assert outcome.verdict is Verdict.TEMPORARY
    assert outcome.temporary
    assert outcome.reply == f"the outbox {tmp_path} can't be written: Is a directory"
    assert os.listdir(tmp_path) == [name]


def test_full_disk_is_a_clear_reason(tmp_path: Path) -> None:
    """`/dev/full` is a disk without room: the part's name leads there."""
    session = OutboxTransport(tmp_path).session()
    next(session.send(iter([message(1)])))
    (name,) = os.listdir(tmp_path)
    (tmp_path / f".{name[17:49]}.part").symlink_to("/dev/full")
    outcome = next(session.send(iter([message(1)])))
    assert outcome.verdict is Verdict.TEMPORARY
    assert outcome.reply.endswith("can't be written: No space left on device")
    assert os.listdir(tmp_path) == [name]


def test_messages_are_listed_newest_first_with_decoded_headers(tmp_path: Path) -> None:
    send(tmp_path, message(1), message(3, AT + timedelta(hours=2)), message(2, AT + timedelta(hours=1)))
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / ".0123.part").write_text("half a message")
    listed = list_messages(tmp_path)
    assert [line.subject for line in listed] == ["No. 3: 中文标题", "No. 2: 中文标题", "No. 1: 中文标题"]
    assert listed[0].sender == "早报 <news@example.org>"
    assert listed[0].recipient == "r3@example.net"
    assert listed[0].date == AT + timedelta(hours=2)
    assert list_messages(tmp_path, limit=1) == listed[:1]


def test_folder_that_is_not_there_has_no_messages(tmp_path: Path) -> None:
    assert list_messages(tmp_path / "none") == []


def test_message_is_read_in_its_parts(tmp_path: Path) -> None:
    sent = message(1)
    send(tmp_path, sent)
    (line,) = list_messages(tmp_path)
    read = read_message(tmp_path, line.name)
    assert read is not None
    assert read.subject == "No. 1: 中文标题"
    assert read.text == "正文\r\n"
    assert read.html == "<p>正文</p>\r\n"
    assert read.source == sent.data
    assert ("From", "早报 <news@example.org>") in read.headers


@pytest.mark.parametrize(
    "name",
    [
        "../secret.eml",
        "/etc/passwd",
        "",
        ".",
        "20260301T083000Z-0123456789abcdef0123456789abcdef.eml\n",
        "20260301T083000Z-0123456789abcdef0123456789abcdef.eml\0",
        "20260301T083000Z-" + "0" * 32 + ".eml",
        "20260301T083000Z-../../../../../../../etc/passwd.eml",
        "٢٠٢٦٠٣٠١T083000Z-" + "0" * 32 + ".eml",
    ],
)
def test_only_names_of_the_outbox_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_text("secret")
    (tmp_path / "outbox").mkdir()
    assert read_message(tmp_path / "outbox", name) is None


def test_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Subject: secret\r\n\r\nsecret")
    folder = tmp_path / "outbox"
    folder.mkdir()
    name = "20260301T083000Z-" + "0" * 32 + ".eml"
    (folder / name).symlink_to(tmp_path / "secret")
    assert read_message(folder, name) is None
    assert list_messages(folder) == []


ODD = {
    "nothing": b"",
    "no headers": b"hello",
    "no body": b"Subject: x\r\n\r\n",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\r\n\r\n\xe4\xff",
    "broken encoded word": b"Subject: =?utf-8?b?!!!?= =?klingon?q?x?=\r\nFrom: =?utf-8?q?=ff?= <a@\r\n\r\nx",
    "bytes in the subject": b"Subject: \xff\xfe\r\n\r\n\xff",
    "a date that is none": b"Date: yesterday\r\nTo: x\r\n\r\nx",
    "a multipart without parts": b"Content-Type: multipart/alternative; boundary=x\r\n\r\nx",
    "an address that ends early": b'From: "\r\nTo: ,;:<\r\n\r\nx',
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_odd_message_is_listed_and_read_all_the_same(tmp_path: Path, data: bytes) -> None:
    assert send(tmp_path, OutgoingMessage(1, "<odd@example.org>", "", "r@example.net", data)) == [Verdict.SENT]
    (line,) = list_messages(tmp_path)
    read = read_message(tmp_path, line.name)
    assert read is not None
    assert read.source == data
    for shown in (line.subject, line.sender, line.recipient, read.text, read.html):
        shown.encode("utf-8")
