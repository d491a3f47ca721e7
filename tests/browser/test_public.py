"""Pages of articles, lists and feeds in a real browser: they fit, load nothing from elsewhere, run nothing, and an
accessibility checker has nothing to say."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from publisher.domain.article import New
from publisher.domain.edition import EditionState, Variant
from publisher.domain.feed import Feed
from publisher.domain.newsletter import Mailbox, Newsletter
from publisher.domain.source import Rights, Source, SourceKind
from publisher.domain.subscription import MailFormat
from publisher.feeds.documents import FeedDocumentWriter
from publisher.feeds.pages import HtmlPages
from publisher.pipeline.newsletter_feeds import EditionEntries
from publisher.pipeline.ports import SeqRange
from publisher.pipeline.publish import FeedPublisher, Site
from publisher.pipeline.subscribe import Subscribing
from publisher.storage.database import SqlStorage
from publisher.templating import Templates, shipped_templates
from publisher.web.app import Services, build_web
from tests.browser.conftest import Stranger
from tests.browser.test_xss import cleaned, poke, watched
from tests.browser.vectors import RUN, VECTORS
from tests.fakes import FakeClock, entry

pytestmark = pytest.mark.browser

TEXT = """<p>Every six minutes the gauge sends one reading.</p><h2 id="a-how">How</h2>
<p lang="zh-CN">港务局<ruby>潮汐<rp>(</rp><rt>cháoxī</rt><rp>)</rp></ruby>读数。</p>
<table title="<table>"><tr><th scope="col">Hour</th>{columns}</tr><tr><td>07:00</td>{levels}</tr></table>
<pre><code>level = mean(readings[-10:])  # a line that is longer than a telephone is wide, and breaks</code></pre>
<math display="block"><mfrac><mi>a</mi><mn>2</mn></mfrac></math>
<p>averylongwordthatgoesonandonwithoutanyspaceinwhichabrowsercouldbreakitwhichhappensinaddressesandinsomelanguages</p>""".format(
    columns="".join(f'<th scope="col">Level&nbsp;{number}</th>' for number in range(20)),
    levels="<td>3.2&nbsp;m</td>" * 20,
)


def fill(storage: SqlStorage) -> None:
    clock = FakeClock()
    with storage.begin() as work:
        own = Source(name="own", kind=SourceKind.FEED, url="https://own.example/", title="Our own", rights=Rights.OWN)
        other = Source(name="other", kind=SourceKind.FEED, url="https://other.example/", title="The Other")
        work.sources.apply([own, other], clock())
        work.feeds.apply(
            [Feed(slug="news", title="All news", description="Everything"), Feed(slug="晚间", title="晚间")]
        )
        work.newsletters.apply([Newsletter(slug="digest", title="The digest", sender=Mailbox("n@light.example"))])
        numbers = {stored.source.name: stored.source.id for stored in work.sources.all()}
        whole = entry(
            "whole", title="The gauge", html=TEXT, summary="One reading.", authors=("Ana Ruiz",), tags=("海",)
        )
        chinese = entry("zh", title="潮汐表开放数据", html="<p>水位上涨。</p>", language="zh-CN", authors=("林小满",))
        seqs: SeqRange = work.articles.store(numbers["own"], [New(whole, True), New(chinese, True)], clock())
        work.articles.store(numbers["other"], [New(entry("quoted", summary="A line of it."), True)], clock())
        newsletter = work.newsletters.all()[0]
        edition = work.editions.cut(newsletter.id, "daily", clock(), seqs.upto, hold=False)
        work.editions.add_digests(edition.id, [Variant(((1, 1), (2, 2)), "en", MailFormat.HTML)])
        work.editions.change_state(edition, EditionState.APPROVED)
        approved = work.editions.get(edition.id)
        assert approved is not None
        work.editions.change_state(approved, EditionState.SENT)


@pytest.fixture
def address(storage: SqlStorage, serve: Callable[[Any], str]) -> str:
    fill(storage)
    site = Site("Harbour Light", "http://127.0.0.1:8080")
    templates, clock = Templates([shipped_templates()]), FakeClock()
    feeds = FeedPublisher(storage, FeedDocumentWriter(), site, clock, EditionEntries(HtmlPages(templates, site), site))
    feeds.publish()
    return serve(build_web(storage, templates, site, Services(Subscribing(storage, clock), feeds.implied)))


PATHS = [
    "/",
    "/feeds/",
    "/feeds/all/",
    "/articles/1/",
    "/articles/2/",
    "/articles/3/",
    "/search?q=潮汐",
    "/editions/1/",
]
PATHS += ["/feeds/newsletter/digest/", "/articles/99/"]


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1000, "light")])
def test_every_page_fits_is_accessible_and_asks_nobody_else(page: Page, address: str, width: int, scheme: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path in PATHS:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        found = [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]
        assert found == [], path
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_the_accessibility_checker_finds_faults_where_there_are_some(page: Page, address: str) -> None:
    page.goto(f"{address}/articles/1/")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=/x><a href=/x></a>')")
    found = {one["id"] for one in Axe().run(page).response["violations"]}
    assert {"image-alt", "link-name"} <= found


def test_a_search_is_asked_for_in_its_form(page: Page, address: str) -> None:
    page.goto(f"{address}/search")
    page.get_by_role("searchbox").fill("潮汐")
    with page.expect_navigation():
        page.get_by_role("button", name="Search").click()
    assert page.get_by_role("link", name="潮汐表开放数据", exact=True).is_visible()
    assert page.get_by_role("searchbox").input_value() == "潮汐"


@pytest.mark.parametrize("name", ["news.rss", "news.atom", "newsletter/digest.atom"])
def test_a_feed_opened_in_a_browser_says_what_it_is_and_shows_its_entries(page: Page, address: str, name: str) -> None:
    """It stays XML: no reader that a browser serves gets anything else."""
    response = page.goto(f"{address}/feeds/{name}")
    assert response is not None
    assert response.headers["content-type"] == "application/xml; charset=utf-8"
    root = page.evaluate("document.documentElement.localName")
    assert root in ("rss", "feed")
    shown = "channel" if root == "rss" else "feed"
    hint = page.evaluate(f"getComputedStyle(document.querySelector('{shown}'), '::before').content")
    assert "copy the address of this page into your reader" in hint
    title = page.locator("item > title, entry > title").first
    assert title.is_visible()
    assert page.locator("id, guid, content, encoded").first.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_nothing_of_hundreds_of_attacks_runs_on_the_page_of_an_article(
    page: Page, storage: SqlStorage, address: str, stranger: Stranger
) -> None:
    body = "".join(f"<div>{text}</div>" for text in cleaned()).replace("https://evil.example", stranger.address)
    said = {"title": VECTORS[0], "summary": VECTORS[1], "authors": tuple(VECTORS[2:9]), "section": f"</script>{RUN}"}
    with storage.begin() as work:
        source = next(stored.source for stored in work.sources.all() if stored.source.name == "own")
        hostile = entry("hostile", html=body, tags=tuple(VECTORS[9:40]), image=f"{stranger.address}/lead.png", **said)
        work.articles.store(source.id, [New(hostile, True)], FakeClock()())
    ran, asked = watched(page)
    page.goto(f"{address}/articles/4/")
    assert page.get_by_role("heading", level=1).first.inner_text()
    poke(page.main_frame)
    page.goto(f"{address}/feeds/all/")
    poke(page.main_frame)
    assert (ran, stranger.paths) == ([], [])
    assert [url for url in asked if not url.startswith(address)] == []
