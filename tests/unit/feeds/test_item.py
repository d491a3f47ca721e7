"""What documents say of an article when it says little, or strange things, itself."""

from datetime import timedelta

import pytest

from publisher.domain.article import Enclosure
from publisher.domain.source import Rights
from publisher.feeds.item import UNTITLED, Credit, clean_channel, item
from tests.unit.feeds.samples import BODY, EARLIER, FOLDER, FULL, SEEN, channel, state


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"title": " A\n title "}, "A title"),
        ({"title": "", "text": "A first sentence. " * 9}, "A first sentence. A first sentence. A first sentence. A…"),
        ({"title": "", "summary": "The summary."}, "The summary."),
        ({"title": "\x00\u3000"}, "news.example"),
        ({"title": "", **FOLDER}, UNTITLED),
    ],
)
def test_title_is_never_empty(said: dict[str, str], shown: str) -> None:
    assert item(state(**said)).title == shown


def test_undated_article_is_dated_when_it_was_first_seen() -> None:
    shown = item(state(**BODY))
    assert shown.published == shown.updated == SEEN.replace(microsecond=0) + timedelta(minutes=1)


def test_an_edit_moves_updated_and_never_published() -> None:
    edited = SEEN + timedelta(days=1)
    shown = item(state(published=EARLIER, edited=edited))
    assert (shown.published, shown.updated) == (EARLIER.replace(microsecond=0), edited.replace(microsecond=0))


def test_what_the_source_says_of_its_update_stands_but_not_before_it_was_published() -> None:
    said = item(state(published=EARLIER, updated=EARLIER + timedelta(hours=1), edited=SEEN + timedelta(days=1)))
    assert said.updated == EARLIER.replace(microsecond=0) + timedelta(hours=1)
    absurd = item(state(published=EARLIER, updated=EARLIER - timedelta(days=1)))
    assert absurd.updated == absurd.published


def test_summary_is_the_articles_else_an_excerpt_of_its_text() -> None:
    assert item(state(summary=" said ", text="text")).summary == "said"
    assert item(state(text="text")).summary == "text"
    long = item(state(text="长" * 5_000_000)).summary
    assert long == "长" * 149 + "…"


def test_text_alone_becomes_paragraphs() -> None:
    shown = item(state(text="one <tag>\r\ntwo\n\n\n & three\n"))
    assert shown.html == "<p>one &lt;tag&gt;<br>two</p><p>&amp; three</p>"
    assert item(state(text="text", html="<p>html</p>")).html == "<p>html</p>"


def test_authors_and_tags_stand_once_and_on_one_line() -> None:
    shown = item(state(authors=(" Ana\n Ruiz ", "", "Ana Ruiz"), tags=("a", "\x00", "b", "a")))
    assert (shown.authors, shown.tags) == (("Ana Ruiz",), ("a", "b"))


def test_original_is_told_only_when_it_is_another_address() -> None:
    assert item(state(original_url="https://news.example/1")).original is None
    assert item(state(original_url="https://origin.example/1")).original == "https://origin.example/1"
    assert item(state(original_url="javascript:x")).original is None


def test_only_web_addresses_become_links_and_credits() -> None:
    assert item(state()).source == Credit("Harbour News 港口新闻", "https://news.example/")
    folder = item(state(**FOLDER))
    assert (folder.link, folder.source) == (None, None)


def test_enclosures_are_on_the_web_once_each_and_typed() -> None:
    shown = item(
        state(
            enclosures=(
                Enclosure("https://news.example/a.MP3", "audio", -1),
                Enclosure("https://news.example/a.MP3", "audio/mpeg", 9),
                Enclosure("file:///etc/passwd"),
                Enclosure("https://news.example/b"),
                Enclosure("https://news.example/c.jpg?d=e.pdf", "", 7),
            )
        )
    )
    assert shown.enclosures == (
        Enclosure("https://news.example/a.MP3", "audio/mpeg", 0),
        Enclosure("https://news.example/b", "application/octet-stream", 0),
        Enclosure("https://news.example/c.jpg?d=e.pdf", "image/jpeg", 7),
    )


@pytest.mark.parametrize(
    ("image", "type"),
    [("a.webp", "image/webp"), ("a.JPG?w=9", "image/jpeg"), ("a.svg", "image/svg+xml"), ("img?id=3", "image/jpeg")],
)
def test_lead_image_is_typed_by_its_name(image: str, type: str) -> None:
    shown = item(state(image=f"https://news.example/{image}"))
    assert shown.media == (Enclosure(f"https://news.example/{image}", type),)


def test_lead_image_that_is_an_enclosure_stands_once() -> None:
    picture = Enclosure("https://news.example/a.png", "image/png", 5)
    shown = item(state(image=picture.url, enclosures=(Enclosure("https://news.example/b.mp3", "audio/mpeg"), picture)))
    assert shown.media == shown.enclosures


def test_quotation_shows_title_link_source_and_summary_only() -> None:
    shown = item(state(rights=Rights.QUOTE, **FULL))
    assert (shown.title, shown.link, shown.summary) == (FULL["title"], "https://news.example/1", FULL["summary"])
    assert shown.source is not None
    assert (shown.html, shown.media) == ("", ())


def test_channel_is_made_fit_too() -> None:
    made = clean_channel(
        channel(
            title=" \x00",
            description="a\nb",
            language="zh_CN",
            home_url="https://例子.example",
            updated=SEEN,
            self_urls={},
        )
    )
    assert (made.title, made.description, made.language) == ("all-news", "a b", "zh-CN")
    assert (made.home_url, made.updated) == ("https://xn--fsqu00a.example", SEEN.replace(microsecond=0))
