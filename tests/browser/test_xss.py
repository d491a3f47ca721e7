"""Hostile markup through the sanitiser and into a real browser: what runs before does nothing after.

The same harness shows the markup as it came (most of it runs, so the harness can see it) and as it was made harmless,
both as documents and as what a feed reader puts into a page of its own, without any policy that would hold it back.
"""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from playwright.sync_api import Browser, Frame, Page, expect
from starlette.types import Receive, Scope, Send

from publisher.pipeline.publish import Site as PublisherSite
from publisher.pipeline.subscribe import Subscribing
from publisher.sources.pages.sanitize import clean
from publisher.storage.database import open_storage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from publisher.web.outbox import Outbox
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PATIENCE, follow
from tests.browser.test_outbox import mail_frame, put
from tests.browser.vectors import VECTORS
from tests.fakes import FakeClock, no_feed
from tests.unit.sources.site import Answer, Site

pytestmark = pytest.mark.browser

BASE = "https://reader.example/article"

# In every window, before anything of it runs: dialogs say that they were called, and in which frame of ours.
WATCH = """
for (const name of ["alert", "confirm", "prompt", "print"])
  window[name] = () => {
    let frame = window;
    try { while (frame !== top && frame.parent !== top) frame = frame.parent } catch {}
    let place = "?";
    try { place = frame.frameElement ? frame.frameElement.dataset.place : "top" } catch {}
    console.log("RAN " + place);
  };
"""

# Shows each text in a frame of its own, as a document and then as what a script puts into a page, and does what a
# reader does: points and clicks. Gives what in the trees could do harm.
SHOW = """
async ([texts, sandbox, pause]) => {
  const harmful = (place, body) => {
    const found = [];
    for (const element of body.querySelectorAll("*")) {
      if (/^(script|style|form|input|button|iframe|object|embed|link|meta|base|svg|template)$/i.test(element.localName))
        found.push(place + " <" + element.localName + ">");
      for (const { name, value } of element.attributes)
        if (/^(on|style$|srcdoc|formaction|ping|xlink)/i.test(name)
            || (/^(href|src|cite|poster|action|data)$/.test(name) && !/^(https?:|mailto:|tel:|#)/.test(value)))
          found.push(place + " " + name + "=" + value);
    }
    return found;
  };
  const poke = (body) => {
    // Links that lead away may do so.
    for (const element of [...body.querySelectorAll("*")].filter((any) => !/^https?:/.test(any.protocol)))
      for (const kind of ["mouseover", "pointerover", "focus", "click"])
        element.dispatchEvent(new MouseEvent(kind, { bubbles: false, cancelable: true }));
  };
  const frames = await Promise.all(texts.map(([place, text]) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.dataset.place = place;
    if (sandbox) frame.sandbox = "allow-scripts allow-same-origin allow-forms";
    frame.srcdoc = text;
    frame.onload = () => resolve([frame, text]);
    setTimeout(frame.onload, 30000);
    document.body.append(frame);
  })));
  const found = [];
  for (const [frame, text] of frames) {
    const place = frame.dataset.place;
    if (!frame.contentDocument?.body) continue;
    found.push(...harmful(place, frame.contentDocument.body));
    poke(frame.contentDocument.body);
    if (!frame.contentDocument?.body) continue;
    frame.contentDocument.body.innerHTML = text;
    found.push(...harmful(place, frame.contentDocument.body));
    poke(frame.contentDocument.body);
  }
  await new Promise((resolve) => setTimeout(resolve, pause));
  for (const [frame] of frames) frame.remove();
  return found;
}
"""


@dataclass
class Harness:
    """A page without a policy, off line, and what happened in it."""

    page: Page
    ran: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def show(self, texts: Sequence[str], *, sandbox: bool = False) -> list[str]:
        """Show the texts; gives what in their trees could do harm."""
        found: list[str] = []
        for start in range(0, len(texts), 100):
            batch = [[f"{place}", texts[place]] for place in range(start, min(start + 100, len(texts)))]
            # What is shown as it came gets time to run.
            found += self.page.evaluate(SHOW, [batch, sandbox, 1500 if sandbox else 100])
        return found

    def strangers(self) -> list[tuple[str, str]]:
        """Requests of other kinds than for an article's own pictures and films."""
        return [(kind, url) for kind, url in self.asked if kind not in ("image", "media")]


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    """A page without any policy; nothing else is there."""
    found = scope["path"] == "/"
    headers = [(b"content-type", b"text/html")]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>reader</title><body></body>"})


@pytest.fixture
def harness(chromium: Browser, serve: Callable[[Any], str]) -> Iterator[Harness]:
    """In a browser of its own, for which there are no other hosts."""
    away = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, away])
    context = browser.new_context()
    context.add_init_script(WATCH)
    harness = Harness(context.new_page())
    harness.page.goto(serve(reader) + "/")
    harness.page.on("console", lambda told: told.text.startswith("RAN ") and harness.ran.add(told.text[4:]))
    harness.page.on("request", lambda asked: harness.asked.append((asked.resource_type, asked.url)))
    yield harness
    browser.close()


def cleaned() -> list[str]:
    return [clean(vector, BASE) for vector in VECTORS]


def test_the_harness_sees_what_runs(harness: Harness) -> None:
    """Shown as it came, a good part of the collection runs here and now, or sends requests."""
    sample = VECTORS[::7]
    assert len(harness.show(sample, sandbox=True)) > len(sample)
    assert len(harness.ran) > len(sample) / 4
    assert harness.strangers()


def test_nothing_of_hundreds_of_attacks_runs_in_a_feed_reader(harness: Harness) -> None:
    assert len(VECTORS) >= 500
    texts = cleaned()
    assert harness.show(texts) == []
    assert {VECTORS[int(place)] for place in harness.ran if place.isdigit()} == set()
    assert (harness.ran, harness.strangers()) == (set(), [])
    assert harness.page.title() == "reader"


def test_nothing_runs_when_all_stand_in_one_mail(
    page: Page, tmp_path: Path, storage: Any, serve: Callable[[Any], str], stranger: Any
) -> None:
    """As a template that shows whole articles would mail them, in the outbox page of the real program."""
    ran, asked = watched(page)
    address = serve_outbox(storage, tmp_path / "outbox", serve)
    body = "".join(f"<div>{text}</div>" for text in cleaned()).replace("https://evil.example", stranger.address)
    put(tmp_path / "outbox", "all of them", f"<!doctype html><h1 id=heading>All</h1>{body}")
    page.goto(address)
    follow(page, "all of them")
    frame = mail_frame(page)
    assert frame.locator("#heading").inner_text() == "All"
    poke(frame)
    assert (ran, stranger.paths, page.title()) == ([], [], "all of them")
    assert [url for url in asked if not url.startswith(address.partition("/outbox")[0])] == []


CONFIG = """
[site]
title = "Hostile"
base_url = "http://127.0.0.1:8080"
first_digest = true
[database]
url = "sqlite:///publisher.db"
[mail]
transport = "outbox"
outbox = "outbox"
[fetch]
allow_private = ["{host}"]
[[source]]
name = "hostile"
kind = "feed"
url = "{url}/feed.json"
rights = "own"
full_text = false
[[feed]]
slug = "news"
title = "News"
[[newsletter]]
slug = "daily"
title = "Daily"
from = "Daily <news@post.example>"
cadences = ["immediate"]
"""


def hostile_feed() -> bytes:
    """A JSON Feed of ten entries that carry the whole collection, in every field there is."""
    items = []
    for start in range(10):
        # Each vector alone is shown in the tests above; here a quarter of them goes the whole way.
        own = VECTORS[start::40]
        items.append(
            {
                "id": f"urn:x:{start}",
                "url": f"https://reader.example/{start}",
                "title": f"{start} {own[0]}",
                "summary": own[1],
                "content_html": f"<p>text</p>{''.join(own)}",
                "authors": [{"name": own[2]}],
                "tags": [own[3], own[4]],
                "image": "javascript:alert(1)",
                "date_published": f"2026-01-0{start % 9 + 1}T00:00:00Z",
            }
        )
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "<script>", "items": items}).encode()


def test_nothing_runs_at_the_end_of_the_whole_road(
    page: Page, harness: Harness, tmp_path: Path, serve: Callable[[Any], str]
) -> None:
    """A hostile feed, collected, published, composed and delivered: its mail in the outbox, and our feeds of it."""
    site = Site()
    site.pages["/feed.json"] = Answer(hostile_feed(), headers={"Content-Type": "application/feed+json"})
    try:
        (tmp_path / "publisher.toml").write_text(CONFIG.format(host=site.host, url=site.url))
        publisher(tmp_path, "subscriber", "add", "reader@example.org", "--newsletter", "daily", "--confirmed")
        publisher(tmp_path, "run", "--once")
    finally:
        site.close()
    storage = open_storage(f"sqlite:///{tmp_path}/publisher.db")
    try:
        address = serve_outbox(storage, tmp_path / "outbox", serve)
        home = address.partition("/outbox")[0]
        ran, asked = watched(page)
        page.goto(address)
        page.locator("main a[href*='/outbox/']").first.click()
        frame = mail_frame(page)
        expect(frame.locator("body")).to_contain_text("alert(1)", timeout=PATIENCE)
        poke(frame)
        assert ran == []
        assert [url for url in asked if not url.startswith(home)] == []
        entries = published(home)
    finally:
        storage.close()
    assert len(entries) == 10
    assert all("<p>text</p>" in entry for entry in entries)
    assert harness.show(entries) == []
    assert (harness.ran, harness.strangers()) == (set(), [])


def published(home: str) -> list[str]:
    """The HTML of each entry as feed readers get it; in all three formats the same."""
    with urllib.request.urlopen(f"{home}/feeds/news.json") as answer:
        found = [item["content_html"] for item in json.load(answer)["items"]]
    for kind, name in (
        ("atom", "{http://www.w3.org/2005/Atom}content"),
        ("rss", "{http://purl.org/rss/1.0/modules/content/}encoded"),
    ):
        with urllib.request.urlopen(f"{home}/feeds/news.{kind}") as answer:
            assert [element.text for element in etree.fromstring(answer.read()).iter(name)] == found
    return found


def publisher(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "publisher", *arguments], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def serve_outbox(storage: Any, folder: Path, serve: Callable[[Any], str]) -> str:
    """The outbox page of the real web application over a folder of mails."""
    box = Outbox(folder, "T0ken")
    site = PublisherSite("Harbour Light", "http://127.0.0.1:8080")
    templates = Templates([shipped_templates()])
    return (
        serve(build_web(storage, templates, site, Services(Subscribing(storage, FakeClock()), no_feed), box)) + box.path
    )


def watched(page: Page) -> tuple[list[str], list[str]]:
    """What runs in a page, and what it asks for."""
    ran: list[str] = []
    asked: list[str] = []
    page.context.add_init_script(WATCH)
    page.on("console", lambda told: ran.append(told.text) if told.text.startswith("RAN ") else None)
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    # What the policy forbids is never sent.
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: request.failure == "csp" or asked.append(request.url))
    return ran, asked


def poke(frame: Frame) -> None:
    """Point at everything and click what is no link: links open windows of their own, another test follows them."""
    frame.evaluate(
        """() => { for (const element of document.querySelectorAll("body *:not(a)"))
             for (const kind of ["mouseover", "pointerover", "focus", "click"])
               element.dispatchEvent(new MouseEvent(kind, { bubbles: false })) }"""
    )
    frame.page.wait_for_timeout(300)
    assert not re.search(r"javascript:|vbscript:", " ".join(links(frame)), re.IGNORECASE)


def links(frame: Frame) -> list[str]:
    found = frame.evaluate("""() => [...document.querySelectorAll("a[href]")].map((link) => link.protocol)""")
    return [str(link) for link in found]
