"""Feeds that mean harm, or are odd: read within bounds, or refused in one line."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.source import Source, SourceKind, Validators
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetched, Fetcher, FetchRequest, FetchResult, Reading, ReadRequest
from publisher.sources import feed
from publisher.sources.feed import FeedReader
from publisher.sources.feeds import xml_feed
from publisher.sources.feeds.feed_values import MAX_ITEMS, FeedDocument, NotAFeed
from publisher.sources.text import charset
from tests.fakes import START

SOURCE = Source(name="feed", kind=SourceKind.FEED, url="https://feed.example/feed.xml", full_text=False)
BOMB = '<!DOCTYPE x [<!ENTITY a "{}">{}]>'
ITEM = "<item><title>{}</title><link>https://example.org/{}</link></item>"


class Given(Fetcher):
    """Gives one body."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def fetch(self, request: FetchRequest) -> FetchResult:
        return Fetched(url=request.url, body=self.body)


def read(body: str | bytes) -> Reading:
    data = body.encode() if isinstance(body, str) else body
    request = ReadRequest(source=SOURCE, validators=Validators(), known=lambda keys: {}, now=START)
    return FeedReader().read(request, Given(data))


def parsed(body: str | bytes) -> FeedDocument:
    return xml_feed.parse(charset.decode(body.encode() if isinstance(body, str) else body).text)


def rss(inside: str) -> str:
    return f'<rss version="2.0"><channel><title>Blog</title>{inside}</channel></rss>'


def titles(body: str | bytes) -> list[str]:
    return [item.title for item in parsed(body).items]


@pytest.mark.parametrize("value", ["x" * 1000, "&a;&a;&a;"])
def test_entities_are_never_unfolded(value: str) -> None:
    lots = "".join(f'<!ENTITY b{n} "{"&a;" * 50}">' for n in range(50))
    document = parsed(BOMB.format(value, lots) + rss(ITEM.format("&a;" * 1000 + "&b1;" * 1000, 1)))
    assert len(document.items) == 1
    assert len(document.items[0].title) < 10_000


def test_files_are_never_read_by_entities(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    type_of = f'<!DOCTYPE rss [<!ENTITY a SYSTEM "file://{secret}">]>'
    assert "the secret" not in str(parsed(type_of + rss(ITEM.format("&a;", 1))))


def test_html_entities_that_no_one_declared_are_what_their_authors_meant() -> None:
    assert titles('<!DOCTYPE rss SYSTEM "rss.dtd">' + rss(ITEM.format("caf&eacute;", 1))) == ["café"]


@pytest.mark.parametrize(
    "body",
    [
        b"\0\0" + rss(ITEM.format("One", 1)).encode(),
        rss(ITEM.format("O\0n\x08e", 1)),
        "Warning: mysql is away in <b>x.php</b>\n<?xml version='1.0'?>" + rss(ITEM.format("One", 1)),
        "\n\n <?xml version='1.0' encoding='gb2312'?>" + rss(ITEM.format("One", 1)),
        b"\xef\xbb\xbf" + rss(ITEM.format("One", 1)).encode(),
        ("<?xml version='1.0' encoding='utf-16'?>" + rss(ITEM.format("One", 1))).encode("utf-16"),
        rss(ITEM.format("One", 1)) + "<!-- cached --><script>x</script>",
        rss(ITEM.format("One", 1)).removesuffix("</rss>"),
        rss(ITEM.format("One", "1?a=1&b=2")),
        rss("<media:thumbnail url='/x.png'/>" + ITEM.format("One", 1)),
    ],
)
def test_what_stands_around_or_in_a_feed_by_mistake_harms_nothing(body: str | bytes) -> None:
    assert titles(body) == ["One"]


def test_a_feed_of_many_entries_is_read_up_to_a_limit_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (feed, xml_feed):
        monkeypatch.setattr(module, "MAX_ITEMS", 3)
    reading = read(rss("".join(ITEM.format(n, n) for n in range(1004))))
    assert len(reading.listed) == 3
    assert reading.problems == ("it lists 1,004 entries, of which the first 3 were read",)


def test_a_broken_feed_of_many_entries_is_read_up_to_the_same_limit() -> None:
    document = parsed(rss("".join(f"<item><guid>{n}</guid></item>" for n in range(MAX_ITEMS + 3)) + "&broken"))
    assert (len(document.items), document.left) == (MAX_ITEMS, 3)


def test_deep_nesting_is_no_feed_or_a_text() -> None:
    depth = 20_000
    document = parsed(
        rss(f"<item><title>One</title><description>{'<b>' * depth}x{'</b>' * depth}</description></item>")
    )
    assert document.items[0].title == "One"


def test_a_name_without_end_costs_no_more_than_its_length() -> None:
    began = time.process_time()
    parsed(rss(f"<item><title>One</title><author>{'a.' * 200_000}</author></item>") + "&")
    parsed(rss(f"<item><title>One</title><author>{'a.' * 200_000}</author></item>"))
    # The square of it would take minutes.
    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html><body>Not found</body></html>", "an HTML page"),
        ("", "it is empty"),
        ("just words", "no XML of a known kind"),
        ("{", "broken JSON"),
        ('<opml version="2.0"><body/></opml>', "no XML of a known kind"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no XML of a known kind"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_line(body: str | bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        read(body)
    assert "\n" not in str(caught.value)


@given(st.text(st.sampled_from("<>/!?[]-&;#x'\"= \nrssitemtitlelinkfeedentry"), max_size=200))
def test_nothing_but_a_feed_or_no_feed_comes_out_of_anything(text: str) -> None:
    with suppress(NotAFeed):
        assert isinstance(parsed(text), FeedDocument)


@given(st.lists(st.sampled_from(["<rss>", "<channel>", "<item>", "</item>", "<title>", "a", "</title>", "<![CDATA[",
                                 "]]>", "&#xD800;", "&#0;", "<link/>", "</channel>", "</rss>", "<!ENTITY a 'b'>",
                                 "<!DOCTYPE rss [", "]>", '<enclosure length="9' + "9" * 30 + '" url="x"/>',
                                 "<pubDate>1</pubDate>", "<author>@</author>", "\ud800"]), max_size=20))  # fmt: skip
def test_broken_feeds_give_entries_or_one_of_our_own_errors(pieces: list[str]) -> None:
    with suppress(SourceError):
        assert isinstance(read("".join(pieces).encode("utf-8", "surrogatepass")), Reading)
