"""Messages: headers that providers ask for, parts that parse back whole, and nothing injected from outside."""

import email
import email.policy
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import ArticleState, Content
from publisher.domain.delivery import Delivery, OutgoingMessage, Recipient
from publisher.domain.edition import Digest, RecipientSlot, Rendering, Segments, SlotKind, Variant
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.subscription import MailFormat
from publisher.domain.token import Keyring, verify
from publisher.errors import PublisherError, UsageError
from publisher.mail.message import KEPT, DigestMessageWriter
from publisher.mail.render import DigestRenderer
from publisher.mail.slots import fill
from publisher.pipeline.ports import RenderRequest

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
KEYS = Keyring({1: b"k" * 32}, b"s" * 32)
ADDRESS_SLOT = RecipientSlot("address", SlotKind.TEXT)
NEWSLETTER = Newsletter(
    slug="quay",
    title="灯埠每日新闻",
    sender=Mailbox("quay@news.example.org", "灯埠 Daily"),
    id=1,
    timezone="Asia/Shanghai",
)


def delivery(number: int = 7, address: str = "reader@example.com") -> Delivery:
    return Delivery(
        id=number,
        edition_id=3,
        newsletter_id=1,
        subscription_id=1000 + number,
        digest_id=5,
        address=address,
        due_at=NOW,
    )


def digest(
    subject: Segments = ("A subject",),
    text: Segments = ("Hello ", ADDRESS_SLOT, "\n"),
    html: Segments = (),
    number: int = 5,
) -> Digest:
    format = MailFormat.HTML if html else MailFormat.TEXT
    return Digest(number, 3, Variant(((1, 1),), "zh-CN", format), Rendering(subject, text, html))


@pytest.fixture
def writer() -> DigestMessageWriter:
    return DigestMessageWriter(KEYS, "https://news.example.org", lambda: NOW)


def parse(message: OutgoingMessage) -> EmailMessage:
    """The message as a receiver reads it; anything the parser complains of is a fault."""
    check_lines(message.data)
    parsed = email.message_from_bytes(message.data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
        for _, value in part.items():
            assert value.defects == ()
    return parsed


def check_lines(data: bytes) -> None:
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert data.isascii()
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, lines[len(head) :])) <= 76
    assert max(map(len, head)) <= 998


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


# --- headers -----------------------------------------------------------------------------------------------------


def test_a_message_has_the_headers_that_providers_ask_for(writer: DigestMessageWriter) -> None:
    newsletter = replace(NEWSLETTER, reply_to=Mailbox("editor@example.org"))
    message = writer.write(delivery(), newsletter, digest(html=("<p>Hi</p>",)))
    parsed = parse(message)
    headers = dict(parsed.items())
    url = re.fullmatch(r"<(https://news\.example\.org/unsubscribe/([\w-]{22}))>", headers.pop("List-Unsubscribe"))
    assert url
    assert verify(KEYS, "unsubscribe", url[2]) == 1007
    assert headers.pop("Message-ID") == message.message_id
    assert re.fullmatch(r"<[0-9a-f]{32}@news\.example\.org>", message.message_id)
    assert headers.pop("Content-Type").startswith("multipart/alternative")
    assert headers == {
        "From": "灯埠 Daily <quay@news.example.org>",
        "Reply-To": "editor@example.org",
        "To": "reader@example.com",
        "Subject": "A subject",
        "Date": "Tue, 24 Nov 2026 07:00:00 +0000",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "灯埠每日新闻 <quay.news.example.org>",
        "Feedback-ID": "3:quay:digest:news.example.org",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "zh-CN",
        "MIME-Version": "1.0",
    }
    assert len(parsed.items()) == len(headers) + 3
    assert (message.envelope_from, message.envelope_to) == ("quay@news.example.org", "reader@example.com")
    assert message.delivery_id == 7


def test_message_id_is_the_same_at_each_attempt_and_differs_between_deliveries(writer: DigestMessageWriter) -> None:
    later = DigestMessageWriter(KEYS, "https://elsewhere.example", lambda: NOW + timedelta(days=1))
    first = writer.write(delivery(7), NEWSLETTER, digest()).message_id
    assert later.write(replace(delivery(7), attempts=3), NEWSLETTER, digest()).message_id == first
    assert writer.write(delivery(8), NEWSLETTER, digest()).message_id != first


def test_same_delivery_at_the_same_time_is_the_same_message(writer: DigestMessageWriter) -> None:
    again = DigestMessageWriter(KEYS, "https://news.example.org/", lambda: NOW)
    asked = digest(html=("<p>", ADDRESS_SLOT, "</p>"))
    assert writer.write(delivery(), NEWSLETTER, asked) == again.write(delivery(), NEWSLETTER, asked)


def test_unsubscribing_by_mail_is_offered_where_an_address_takes_it() -> None:
    writer = DigestMessageWriter(
        KEYS, "https://news.example.org", lambda: NOW, unsubscribe_address="unsubscribe@news.example.org"
    )
    data = writer.write(delivery(), NEWSLETTER, digest()).data
    field = re.search(rb"^List-Unsubscribe: <(\S+)>,\r\n <(mailto:\S+)>\r\n", data, re.M)
    assert field
    token = field[1].rpartition(b"/")[2]
    assert field[2] == b"mailto:unsubscribe@news.example.org?subject=unsubscribe%20" + token


def test_a_very_long_unsubscribe_link_stays_in_one_piece() -> None:
    base = "https://" + "a-very-long-name." * 6 + "example.org/newsletters"
    message = DigestMessageWriter(KEYS, base, lambda: NOW).write(delivery(), NEWSLETTER, digest())
    assert re.search(rb"^List-Unsubscribe: <" + base.encode() + rb"/unsubscribe/[\w-]{22}>\r\n", message.data, re.M)


def test_a_site_with_a_chinese_name_is_named_in_ascii() -> None:
    message = DigestMessageWriter(KEYS, "https://例子.测试", lambda: NOW).write(delivery(), NEWSLETTER, digest())
    assert b"List-Unsubscribe: <https://xn--fsqu00a.xn--0zwm56d/unsubscribe/" in message.data
    assert b"<quay.xn--fsqu00a.xn--0zwm56d>" in message.data


@pytest.mark.parametrize("base_url", ["", "news.example.org", "ftp://news.example.org", "https://"])
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(UsageError, match="is no web address"):
        DigestMessageWriter(KEYS, base_url, lambda: NOW)


def test_a_slug_in_chinese_is_escaped_in_ids(writer: DigestMessageWriter) -> None:
    parsed = parse(writer.write(delivery(), replace(NEWSLETTER, slug="日报"), digest()))
    assert parsed["List-Id"].endswith("<%E6%97%A5%E6%8A%A5.news.example.org>")


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?evil?=",
        "a\r\nBcc: victim@example.com",
        'The "Post", Inc.',
        "灯埠每日新闻\u2028\x00 周刊",
        "<x@example.com>",
    ],
)
def test_a_newsletters_name_stays_what_it_is(writer: DigestMessageWriter, name: str) -> None:
    newsletter = replace(NEWSLETTER, title=name, sender=Mailbox("quay@news.example.org", name))
    parsed = parse(writer.write(delivery(), newsletter, digest()))
    shown = " ".join(name.replace("\x00", "").split())
    assert parsed["From"].addresses[0].display_name == shown
    assert "Bcc" not in parsed
    assert [key for key in parsed if key == "From"] == ["From"]


@pytest.mark.parametrize(
    "subject", ["=?utf-8?q?evil?=", "One\r\nBcc: victim@example.com", "守灯人写下的一万个夜晚" * 6, ""]
)
def test_a_subject_stays_what_it_is(writer: DigestMessageWriter, subject: str) -> None:
    parsed = parse(writer.write(delivery(), NEWSLETTER, digest((subject,))))
    assert parsed["Subject"] == " ".join(subject.split())
    assert "Bcc" not in parsed


def test_a_subject_with_a_slot_is_written_for_each_recipient(writer: DigestMessageWriter) -> None:
    asked = digest(("灯埠：", RecipientSlot("address", SlotKind.HEADER)))
    for address in ("one@example.com", "two@example.com"):
        parsed = parse(writer.write(delivery(address=address), NEWSLETTER, asked))
        assert parsed["Subject"] == f"灯埠：{address}"


# --- addresses ---------------------------------------------------------------------------------------------------


def test_a_chinese_domain_is_written_in_ascii(writer: DigestMessageWriter) -> None:
    message = writer.write(delivery(address="reader@例子.测试"), NEWSLETTER, digest())
    assert message.envelope_to == "reader@xn--fsqu00a.xn--0zwm56d"
    assert parse(message)["To"] == "reader@xn--fsqu00a.xn--0zwm56d"


@pytest.mark.parametrize(
    "address", ["读者@example.com", "a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "nobody"]
)
def test_an_address_that_mail_cannot_carry_is_an_error_of_this_delivery(
    writer: DigestMessageWriter, address: str
) -> None:
    with pytest.raises(UsageError, match="address"):
        writer.write(delivery(address=address), NEWSLETTER, digest())


def test_a_sender_that_mail_cannot_carry_is_an_error(writer: DigestMessageWriter) -> None:
    with pytest.raises(UsageError, match="before the @"):
        writer.write(delivery(), replace(NEWSLETTER, sender=Mailbox("灯埠@example.org")), digest())


def test_a_digest_without_rendering_is_an_error(writer: DigestMessageWriter) -> None:
    with pytest.raises(PublisherError, match="digest 5 is not rendered yet"):
        writer.write(delivery(), NEWSLETTER, replace(digest(), rendering=None))


# --- bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["english", "chinese"])
def test_a_digest_is_read_back_whole(
    request: pytest.FixtureRequest, renderer: DigestRenderer, writer: DigestMessageWriter, which: str
) -> None:
    asked: RenderRequest = request.getfixturevalue(which)
    rendering = renderer.render(asked)
    parsed = parse(writer.write(delivery(), asked.newsletter, Digest(5, 3, asked.variant, rendering)))
    url = str(parsed["List-Unsubscribe"])[1:-1]
    recipient = Recipient(address="reader@example.com", unsubscribe_url=url)
    assert parsed["Subject"] == fill(rendering.subject, recipient)
    assert body(parsed, "plain") == fill(rendering.text, recipient)
    assert body(parsed, "html") == fill(rendering.html, recipient)
    assert f'href="{url}"' in body(parsed, "html")
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_text_mail_has_one_part(writer: DigestMessageWriter) -> None:
    parsed = parse(writer.write(delivery(), NEWSLETTER, digest()))
    assert parsed.get_content_type() == "text/plain"
    assert parsed.get_content_charset() == "utf-8"
    assert body(parsed, "plain") == "Hello reader@example.com\n"


BODY = st.text(
    st.sampled_from("ab =.\n-_中𠮷é<&") | st.characters(codec="utf-8", exclude_characters="\r"), max_size=300
)
LOCAL = st.text("abcdefghij0123456789.+-", min_size=1, max_size=30).map(lambda text: f"a{text}a".replace("..", "."))


@given(BODY, BODY, BODY, LOCAL.filter(lambda local: ".." not in local))
def test_any_text_is_read_back_whole(before: str, after: str, html: str, local: str) -> None:
    writer = DigestMessageWriter(KEYS, "https://news.example.org", lambda: NOW)
    asked = digest(text=(before, ADDRESS_SLOT, after), html=(f"<p>{html}", RecipientSlot("address", SlotKind.HTML)))
    message = writer.write(delivery(address=f"{local}@example.com"), NEWSLETTER, asked)
    check_lines(message.data)
    parsed = email.message_from_bytes(message.data, policy=email.policy.default)
    parts = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in parsed.iter_parts()]  # type: ignore
    assert parts == [f"{before}{local}@example.com{after}", f"<p>{html}{local}@example.com"]


def test_the_boundary_stands_in_no_body(writer: DigestMessageWriter) -> None:
    first = writer.write(delivery(), NEWSLETTER, digest(html=("<p>Hi</p>",)))
    boundary = parse(first).get_boundary()
    again = digest(text=(f"--{boundary}\n--{boundary}--\n", ADDRESS_SLOT), html=(f"\n--{boundary}--\n",))
    parsed = parse(writer.write(delivery(), NEWSLETTER, again))
    assert body(parsed, "plain").startswith(f"--{boundary}\n")
    assert len(list(parsed.iter_parts())) == 2


# --- what is kept ------------------------------------------------------------------------------------------------


def test_what_is_kept_of_a_digest_follows_its_newsletter_and_rendering(writer: DigestMessageWriter) -> None:
    writer.write(delivery(), NEWSLETTER, digest(("Old",)))
    assert parse(writer.write(delivery(), NEWSLETTER, digest(("New",))))["Subject"] == "New"
    renamed = replace(NEWSLETTER, sender=Mailbox("other@example.org"))
    assert parse(writer.write(delivery(), renamed, digest(("New",))))["From"] == "other@example.org"


def test_many_digests_and_threads_share_one_writer(writer: DigestMessageWriter) -> None:
    faults: list[str] = []

    def write(start: int) -> None:
        for number in range(start, start + 3 * KEPT):
            message = writer.write(
                delivery(number), NEWSLETTER, digest((f"Subject {number % 50}",), number=number % 50)
            )
            if f"Subject: Subject {number % 50}\r\n".encode() not in message.data:
                faults.append(str(number))

    threads = [threading.Thread(target=write, args=(start,)) for start in range(0, 40, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(writer._frames) == KEPT


def test_the_corpus_headline_arrives_whole(
    renderer: DigestRenderer,
    writer: DigestMessageWriter,
    requested: Callable[..., RenderRequest],
    article: Callable[..., ArticleState],
) -> None:
    content = Content(
        title="2500亿订单,27%持股,OpenAI微软达成重磅协议",
        authors=("预见大模型",),
        tags=("顶级公司", "AI服务器", "算力"),
        language="zh-CN",
        text="10月28日,OpenAI和微软正式签署" + "新的合作协议。" * 200,
    )
    asked = requested((article(1, content, url="https://ai.example/article/940"),), "zh-CN")
    parsed = parse(writer.write(delivery(), NEWSLETTER, Digest(5, 3, asked.variant, renderer.render(asked))))
    assert parsed["Subject"] == content.title
    for kind in ("plain", "html"):
        for said in (content.title, "预见大模型", "10月28日,OpenAI和微软正式签署", "https://ai.example/article/940"):
            assert said in body(parsed, kind)
    assert all(f"#{tag}" in body(parsed, "html") for tag in content.tags)
