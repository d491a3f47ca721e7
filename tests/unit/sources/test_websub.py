"""Where feeds name their hubs."""

import pytest

from publisher.domain.source import SourceKind
from publisher.sources.feeds.websub import declared, links
from tests.unit.sources.site import Answer, Desk, Site, source

BASE = "https://quay.example/feed"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://hub.example/>; rel="hub", <https://quay.example/feed>; rel="self"', ("https://hub.example/", BASE)),
        ("<https://hub.example/>;rel=hub,</feed>;rel=self", ("https://hub.example/", BASE)),
        (
            '</feed>; title="a, b; c"; rel="self alternate", <https://hub.example/>; REL="HUB"',
            ("https://hub.example/", BASE),
        ),
        ('<https://hub.example/>; rel="hub"', (None, None)),
        ("<javascript:alert(1)>; rel=hub, </feed>; rel=self", (None, None)),
        ("rubbish <<<>; rel", (None, None)),
    ],
)
def test_link_headers_are_read(header: str, expected: tuple[str | None, str | None]) -> None:
    assert declared({"link": header}, BASE) == expected


def test_headers_come_before_the_document_and_the_first_of_several_hubs_counts() -> None:
    header = "<https://one.example/>; rel=hub, <https://two.example/>; rel=hub"
    assert declared({"link": header}, BASE, "https://three.example/", "/feed") == ("https://one.example/", BASE)
    assert declared({}, BASE, "https://three.example/", BASE) == ("https://three.example/", BASE)


def test_a_huge_header_costs_little() -> None:
    assert list(links("<" * 1_000_000)) == []
    assert len(list(links("<a>;rel=b," * 1_000_000))) < 2_000


def test_a_feed_tells_its_hub(site: Site, desk: Desk) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Q</title><id>q</id><link rel="hub" href="https://hub.example/"/>'
        f'<link rel="self" href="{site.url}/feed"/>'
        "<entry><title>A</title><id>a</id><content>text</content></entry></feed>"
    )
    site.pages["/feed"] = Answer(feed.encode())
    reading = desk.read(source(SourceKind.FEED, f"{site.url}/feed", full_text=False))
    assert (reading.hub, reading.topic) == ("https://hub.example/", f"{site.url}/feed")
    site.pages["/feed"] = Answer(feed.encode(), headers={"Link": f"<{site.url}/hub>; rel=hub"})
    reading = desk.read(source(SourceKind.FEED, f"{site.url}/feed", full_text=False))
    assert reading.hub == f"{site.url}/hub"
