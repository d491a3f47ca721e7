"""The outbox in a real browser: mails look as they are, and do nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from publisher.domain.delivery import OutgoingMessage
from publisher.mail.transport.outbox import OutboxTransport
from publisher.pipeline.publish import Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.outbox import Outbox
from tests.browser.conftest import PATIENCE, follow
from tests.fakes import FakeClock, no_feed

pytestmark = pytest.mark.browser

HOSTILE = """<!doctype html>
<html><head>
<title>hostile</title>
<base href="STRANGER/base/">
<meta http-equiv="refresh" content="0;url=STRANGER/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src * 'unsafe-inline'">
<link rel="stylesheet" href="STRANGER/style.css">
<link rel="prefetch" href="STRANGER/prefetch">
<link rel="icon" href="STRANGER/icon">
<style>@import url(STRANGER/import.css); body { background: url(STRANGER/background.png) } h1 { color: #a00000 }
@font-face { font-family: x; src: url(STRANGER/font.woff) } p { font-family: x }</style>
<script>window.ran = 1; document.title = "ran"; top.document.title = "ran"; alert(1); fetch("STRANGER/fetch")</script>
<script src="STRANGER/script.js"></script>
</head><body onload="alert('onload')" background="STRANGER/old.png">
<h1 id="heading">Shown as it is</h1>
<p id="text">海风 <img src="STRANGER/pixel.gif" onerror="window.ran = 2; alert(2)"><img src="x" onerror="alert(3)"></p>
<svg onload="alert(4)"><script>alert(5)</script><image href="STRANGER/svg.png"/><use href="STRANGER/use.svg#x"/></svg>
<video src="STRANGER/video.mp4" poster="STRANGER/poster.png" autoplay onerror="alert(6)"></video>
<object data="STRANGER/object"></object><embed src="STRANGER/embed">
<iframe src="STRANGER/frame"></iframe><iframe srcdoc="<script>alert(7); top.document.title = 'ran'</script>"></iframe>
<iframe src="javascript:alert(8)"></iframe>
<a id="script-link" href="javascript:alert(9);top.document.title='ran'">run</a>
<a id="data-link" href="data:text/html,<script>alert(10)</script>">run</a>
<a id="ping-link" href="#here" ping="STRANGER/ping">ping</a>
<a id="top-link" target="_top" href="STRANGER/top">top</a>
<form id="form" action="STRANGER/form" method="post"><input name="q" autofocus onfocus="alert(11)">
<button id="send" formaction="STRANGER/formaction">send</button></form>
<details open ontoggle="alert(12)"><summary>x</summary></details>
<div style="background:url(STRANGER/inline.png)">x</div>
<a id="link" rel="opener" href="STRANGER/link">an ordinary link</a>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(13)&gt;"></table></math>
</body></html>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def outbox(storage: SqlStorage, folder: Path, serve: Callable[[Any], str]) -> str:
    site = Site("Harbour Light", "http://127.0.0.1:8080")
    box = Outbox(folder, "T0ken")
    templates = Templates([shipped_templates()])
    return (
        serve(build_web(storage, templates, site, Services(Subscribing(storage, FakeClock()), no_feed), box)) + box.path
    )


def put(folder: Path, subject: str, html: str) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Harbour Light <news@harbour.example>"
    message["To"] = "reader@example.org"
    message["Subject"] = subject
    message["Date"] = datetime(2026, 11, 24, 8, tzinfo=UTC)
    message["Message-ID"] = "<1@harbour.example>"
    message.set_content("Only text, 海风\n")
    message.add_alternative(html, subtype="html")
    outgoing = OutgoingMessage(1, message["Message-ID"], "b@harbour.example", "r@example.org", message.as_bytes())
    list(OutboxTransport(folder).session().send(iter([outgoing])))


def mail_frame(page: Page) -> Frame:
    handle = page.locator("iframe.mail").element_handle()
    frame = handle and handle.content_frame()
    assert frame is not None
    return frame


def test_a_mail_is_found_in_the_list_and_shown_in_three_ways(page: Page, folder: Path, outbox: str) -> None:
    put(folder, "海风与港口", "<!doctype html><h1 style='color:#a00000'>在 HTML 中</h1>")
    page.goto(outbox)
    follow(page, "海风与港口")
    assert page.title() == "海风与港口"
    heading = mail_frame(page).locator("h1")
    assert heading.inner_text() == "在 HTML 中"
    assert heading.evaluate("e => getComputedStyle(e).color") == "rgb(160, 0, 0)"
    follow(page, "Text")
    assert "Only text, 海风" in page.locator("pre").inner_text()
    follow(page, "Source")
    assert "Message-ID: <1@harbour.example>" in page.locator("pre").inner_text()


@pytest.mark.parametrize("framed", [True, False], ids=["in its frame", "opened alone"])
def test_a_hostile_mail_does_nothing(page: Page, folder: Path, outbox: str, stranger: Any, framed: bool) -> None:
    put(folder, "hostile", HOSTILE.replace("STRANGER", stranger.address))
    dialogs: list[str] = []
    page.context.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(outbox)
    follow(page, "hostile")
    if not framed:
        page.goto(page.url + "/html")
    frame = mail_frame(page) if framed else page.main_frame
    assert frame.locator("#heading").inner_text() == "Shown as it is"
    for target in ("#script-link", "#data-link", "#ping-link", "#send"):
        frame.locator(target).click()
    page.wait_for_timeout(700)
    # The windows that links opened: blank, or the mail itself once more.
    for window in page.context.pages[1:]:
        window.wait_for_load_state()
        assert window.title() in ("", "hostile")
    assert dialogs == []
    assert stranger.paths == []
    assert page.title() == "hostile"
    assert page.url.startswith(outbox)


def test_a_link_opens_a_window_of_its_own_and_tells_nothing_of_us(
    page: Page, folder: Path, outbox: str, stranger: Any
) -> None:
    put(folder, "hostile", HOSTILE.replace("STRANGER", stranger.address))
    page.goto(outbox)
    follow(page, "hostile")
    with page.context.expect_page() as opened:
        mail_frame(page).locator("#link").click()
    expect(opened.value).to_have_title("stranger", timeout=PATIENCE)
    assert opened.value.evaluate("window.opener") is None
    assert opened.value.evaluate("document.referrer") == ""
    assert stranger.paths == ["/link"]
    assert "referer" not in dict(stranger.asked)["/link"]
    assert page.url.startswith(outbox)


@pytest.mark.parametrize("width", [375, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_window(page: Page, folder: Path, outbox: str, width: int, scheme: Any) -> None:
    put(folder, "A subject that is long and has no end, " + "verylongword" * 12, "<!doctype html><p>x</p>")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(outbox)
    for view in ("", "?view=text", "?view=source"):
        if view == "":
            follow(page, "A subject")
        else:
            page.goto(page.url.partition("?")[0] + view)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
