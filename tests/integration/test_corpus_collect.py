"""Every real page, listing and feed of the corpus passes through without a crash."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.domain.source import SourceKind
from publisher.errors import SourceError
from publisher.sources.extract import extract
from publisher.sources.http.fetch import FetchConfig, HttpFetcher
from tests.unit.sources.site import Answer, Desk, Site, source

CORPUS = Path(os.environ.get("PUBLISHER_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def names(pattern: str) -> list[str]:
    """The corpus' files by name; one absent name where there is no corpus, so that the test says why it skips."""
    return sorted(str(path.relative_to(CORPUS)) for path in CORPUS.glob(pattern)) or ["absent"]


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


@pytest.fixture
def desk(site):
    fetcher = HttpFetcher(FetchConfig(allow_private=(site.host,)))
    yield Desk(fetcher)
    fetcher.close()


FRAGMENT = "005-unescape-html-entities"
"""A page of one word, without a title."""


@pytest.mark.parametrize("name", [*names("pages/zh/*.html"), *names("pages/en/*/source.html")])
def test_a_page_becomes_an_article(corpus_page, name):
    article = corpus_page(name.removeprefix("pages/"))
    assert (article.title and len(article.text) > 60) or FRAGMENT in name
    assert "<script" not in article.html
    assert 'src="/' not in article.html
    assert article.published is None or article.published < NOW.replace(day=26)


@pytest.mark.parametrize("name", names("lists/zh/*.html"))
def test_a_listing_yields_its_links(corpus, site, desk, name):
    site.pages["/"] = Answer((corpus / name).read_bytes(), headers={"Content-Type": "text/html"})
    reading = desk.read(source(SourceKind.LISTING, f"{site.url}/", selectors={"item": "li, tr, div.List-item"}))
    assert reading.listed
    extract((corpus / name).read_bytes(), f"{site.url}/")


NO_FEEDS = {
    "feeds/odd/illformed-rss_empty_document.xml",
}
"""Empty documents of their kind: nothing to recognise a feed by."""


@pytest.mark.parametrize("name", names("feeds/*/*"))
def test_a_feed_is_read_or_refused_in_one_line(corpus, site, desk, name):
    site.pages["/feed"] = Answer((corpus / name).read_bytes())
    feed = source(SourceKind.FEED, f"{site.url}/feed", full_text=False)
    if name in NO_FEEDS:
        with pytest.raises(SourceError, match=r"^source news: http://[^\n]+$"):
            desk.read(feed)
        return
    reading = desk.read(feed)
    assert all(entry.key and entry.url and entry.content.title for entry in reading.entries)
    assert not reading.problems
    assert reading.entries or "real" not in name or "malformed" in name
