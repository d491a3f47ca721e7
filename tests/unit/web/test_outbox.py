"""The outbox page: opened by its token only, and no mail does anything in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from publisher.domain.delivery import OutgoingMessage
from publisher.mail.transport.outbox import OutboxTransport, list_messages
from publisher.pipeline.ports import Storage
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.outbox import Outbox
from tests.fakes import FakeClock, no_feed

TOKEN = "W4ykzmZ2sRcQ"
SITE = Site("Harbour Light", "http://127.0.0.1:8080", timezone="Asia/Shanghai")


def put(folder: Path, number: int, subject: str, html: str | None, text: str = "in plain text\n") -> str:
    """Write a message as the program does; its file's name."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Harbour Light <news@harbour.example>"
    message["To"] = "reader@example.org"
    message["Subject"] = subject
    message["Date"] = datetime(2026, 11, 24, 8, number, tzinfo=UTC)
    message["Message-ID"] = f"<{number}@harbour.example>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    outgoing = OutgoingMessage(number, message["Message-ID"], "b@harbour.example", "r@example.org", message.as_bytes())
    list(OutboxTransport(folder).session().send(iter([outgoing])))
    return list_messages(folder)[0].name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def client(folder: Path, storage: Storage, serve: Callable[[ASGIApp], object]):
    templates = Templates([shipped_templates()])
    subscribing = Subscribing(storage, FakeClock())
    return serve(build_web(storage, templates, SITE, Services(subscribing, no_feed), Outbox(folder, TOKEN)))


def test_its_address_is_its_token(folder: Path) -> None:
    assert Outbox(folder, TOKEN).path == f"/outbox/{TOKEN}"


def test_an_empty_outbox_says_so(client) -> None:
    answer = client.ask(f"/outbox/{TOKEN}")
    assert answer.status == 200
    assert "no mail has been written yet" in answer.text


def test_the_newest_mail_stands_first(client, folder: Path) -> None:
    put(folder, 1, "The <first> & only", "<p>1</p>")
    put(folder, 2, "海风与港口", "<p>2</p>")
    text = client.ask(f"/outbox/{TOKEN}").text
    assert text.index("海风与港口") < text.index("The &lt;first&gt; &amp; only")
    assert "reader@example.org" in text
    assert "2026-11-24 16:02:00 Asia/Shanghai" in text
    assert 'datetime="2026-11-24T08:02:00+00:00"' in text


@pytest.mark.parametrize("path", ["/outbox", "/outbox/"])
def test_who_forgot_the_token_is_told_where_to_find_it(client, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 404
    assert "`publisher run` prints it when it starts" in answer.text
    assert TOKEN not in answer.text
    assert "令牌" in client.ask(path, {"Accept-Language": "zh"}).text


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", TOKEN.lower(), "%E6%B5%B7", "%FF%00"])
def test_without_the_token_there_is_nothing(client, folder: Path, token: str) -> None:
    name = put(folder, 1, "Secret subject", "<p>secret</p>")
    unknown = client.ask("/no-such-page")
    for path in (f"/outbox/{token}", *(f"/outbox/{token}/{name}{view}" for view in ("", "/html", "/download"))):
        answer = client.ask(path)
        assert (answer.status, answer.text) == (404, unknown.text)


def test_while_mail_is_sent_by_smtp_there_is_no_outbox_page(
    storage: Storage, serve: Callable[[ASGIApp], object]
) -> None:
    client = serve(
        build_web(storage, Templates([shipped_templates()]), SITE, Services(Subscribing(storage, FakeClock()), no_feed))
    )
    assert client.ask(f"/outbox/{TOKEN}").status == 404
    assert client.ask("/outbox").text == client.ask("/no-such-page").text


def test_a_mail_is_shown_in_a_sandboxed_frame(client, folder: Path) -> None:
    name = put(folder, 1, "Hello", "<!doctype html><p>in HTML</p>")
    page = client.ask(f"/outbox/{TOKEN}/{name}")
    assert f'src="/outbox/{TOKEN}/{name}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    framed = client.ask(f"/outbox/{TOKEN}/{name}/html")
    assert framed.text.startswith("<!doctype html><p>in HTML</p>")
    assert framed.headers["content-type"] == "text/html; charset=utf-8"
    directives = [part.strip() for part in framed.headers["content-security-policy"].split(";")]
    for directive in ("default-src 'none'", "img-src data:", "form-action 'none'", "frame-ancestors 'self'"):
        assert directive in directives
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in directives
    assert framed.headers["referrer-policy"] == "no-referrer"


def test_text_and_source_are_shown_as_text(client, folder: Path) -> None:
    name = put(folder, 1, "Hello", "<p>x</p>", "<script>alert(1)</script> 海风\n")
    text = client.ask(f"/outbox/{TOKEN}/{name}?view=text").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 海风" in text
    assert "<script" not in text
    source = client.ask(f"/outbox/{TOKEN}/{name}?view=source").text
    assert "Message-ID: &lt;1@harbour.example&gt;" in source
    assert "<iframe" not in text + source


def test_a_mail_without_html_shows_its_text_and_an_unknown_view_is_the_usual_one(client, folder: Path) -> None:
    name = put(folder, 1, "Hello", None)
    assert "in plain text" in client.ask(f"/outbox/{TOKEN}/{name}").text
    assert "in plain text" in client.ask(f"/outbox/{TOKEN}/{name}?view=nonsense").text
    assert "This mail has no such part." in client.ask(f"/outbox/{TOKEN}/{name}?view=html").text


def test_the_whole_message_can_be_taken_away(client, folder: Path) -> None:
    name = put(folder, 1, "Hello", "<p>x</p>")
    answer = client.ask(f"/outbox/{TOKEN}/{name}/download")
    assert answer.body == (folder / name).read_bytes()
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("name", ["nothing.eml", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "x%00.eml"])
@pytest.mark.parametrize("view", ["", "/html", "/download"])
def test_no_other_file_can_be_read(client, name: str, view: str) -> None:
    assert client.ask(f"/outbox/{TOKEN}/{name}{view}").status == 404
