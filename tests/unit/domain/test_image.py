"""Which images an article shows, and how it looks when some of them are ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.article import ArticleState, Enclosure
from publisher.domain.image import (
    MOST_IMAGES,
    KnownImages,
    LocalImage,
    image_addresses,
    image_host,
    lead_image,
    with_local_images,
    without_hotlinks,
)
from publisher.domain.source import Rights
from publisher.sources.pages.sanitize import clean
from tests.unit.feeds.samples import state

SHUT = "https://img.shut.example"
OPEN = "https://img.open.example"


def local(name: str, width: int = 1200, height: int = 800) -> LocalImage:
    path = f"/images/token/{name}"
    return LocalImage(f"https://us.example{path}", path, name, "image/jpeg", width, height, 4321)


def images(**copies: str) -> KnownImages:
    """What is known when one host protects its images: copies by the file's name there."""
    made = {
        (1, f"{SHUT}/{file}.jpg"): [local(f"{name}.jpg"), local(f"{name}-s.jpg", 600, 400)]
        for file, name in copies.items()
    }
    return KnownImages(made, frozenset({(1, "img.shut.example")}))


def article(html: str = "", **content: object) -> ArticleState:
    return state(html=clean(html, "https://news.example/1"), **content)


def html_of(shown: ArticleState) -> str:
    return shown.revision.content.html


def test_an_article_shows_its_lead_image_its_files_and_those_in_its_text_each_once() -> None:
    shown = article(
        f'<p><img src="{OPEN}/b.png"><img src="{OPEN}/lead.jpg"></p><video src="/film.mp4" poster="{OPEN}/poster.jpg">'
        f'</video><picture><source srcset="{OPEN}/c.webp 2x"><img src="{OPEN}/c.png?a=1&amp;b=2"></picture>',
        image=f"{OPEN}/lead.jpg",
        enclosures=(Enclosure(f"{OPEN}/d.png", "image/png"), Enclosure(f"{OPEN}/talk.mp3", "audio/mpeg")),
    )
    assert image_addresses(shown.revision.content) == tuple(
        f"{OPEN}/{name}" for name in ("lead.jpg", "d.png", "b.png", "poster.jpg", "c.png?a=1&b=2")
    )


def test_an_image_in_several_sizes_alone_is_its_largest() -> None:
    shown = article(f'<img srcset="{OPEN}/s.png 400w, {OPEN}/l.png 1600w, {OPEN}/m.png 800w">')
    assert image_addresses(shown.revision.content) == (f"{OPEN}/l.png",)


def test_of_an_article_with_very_many_images_the_first_are_looked_after() -> None:
    shown = article("".join(f'<img src="{OPEN}/{number}.png">' for number in range(MOST_IMAGES + 9)))
    assert len(image_addresses(shown.revision.content)) == MOST_IMAGES


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://IMG.example/a.png", "img.example"),
        ("http://user:secret@img.example:8080/a.png", "img.example:8080"),
        ("http://[::1]:99/a.png", "[::1]:99"),
    ],
)
def test_a_host_is_known_by_its_name_and_port(url: str, host: str) -> None:
    assert image_host(url) == host


# --- in feeds ----------------------------------------------------------------------------------------------------


def test_an_article_without_protected_images_comes_back_as_it_is() -> None:
    shown = article(f'<p><img src="{OPEN}/a.png" alt=""></p>', image=f"{OPEN}/a.png")
    assert without_hotlinks(shown, KnownImages()) is shown
    assert without_hotlinks(shown, images()).revision.content == shown.revision.content


def test_protected_images_are_our_copies_in_the_text() -> None:
    shown = article(
        f'<p>See <img src="{SHUT}/tide.jpg" srcset="{SHUT}/tide2.jpg 2x" alt="tides &gt; &quot;ebb&quot;" width="400">'
        f'<img src="{OPEN}/a.png" alt=""></p>'
    )
    assert html_of(without_hotlinks(shown, images(tide="one"))) == (
        '<p>See <img src="https://us.example/images/token/one.jpg" alt="tides &gt; &quot;ebb&quot;" width="400">'
        f'<img src="{OPEN}/a.png" alt=""></p>'
    )


def test_protected_images_without_a_copy_are_left_out_with_what_they_leave_empty() -> None:
    shown = article(
        f'<p>Before</p><p><a href="{SHUT}/big.jpg"><img src="{SHUT}/tide.jpg"></a></p><figure><picture>'
        f'<source srcset="{SHUT}/a.webp"><img src="{SHUT}/a.jpg"></picture></figure>'
        f'<figure><img src="{SHUT}/b.jpg"><figcaption>Ebb</figcaption></figure><p>After</p>'
    )
    assert html_of(without_hotlinks(shown, images())) == (
        "<p>Before</p><figure><figcaption>Ebb</figcaption></figure><p>After</p>"
    )


def test_one_that_is_only_larger_on_a_protecting_host_keeps_its_usual_size() -> None:
    shown = article(f'<img src="{OPEN}/a.png" srcset="{SHUT}/a2.png 2x" alt="A">')
    assert html_of(without_hotlinks(shown, images())) == f'<img src="{OPEN}/a.png" alt="A">'


def test_the_poster_of_a_film_is_our_copy_or_left_out() -> None:
    shown = article(
        f'<video src="/f.mp4" controls poster="{SHUT}/p.jpg"></video><video src="/g.mp4" poster="{OPEN}/p">'
    )
    assert 'poster="https://us.example/images/token/one.jpg"' in html_of(without_hotlinks(shown, images(p="one")))
    assert html_of(without_hotlinks(shown, images())).count("poster=") == 1


def test_a_protected_lead_image_is_our_copy_and_its_type_and_length_are_told() -> None:
    content = without_hotlinks(article(image=f"{SHUT}/lead.jpg"), images(lead="one")).revision.content
    assert content.image == "https://us.example/images/token/one.jpg"
    assert content.enclosures == (Enclosure(content.image, "image/jpeg", 4321),)


def test_a_protected_lead_image_without_a_copy_is_left_out() -> None:
    shown = article(
        image=f"{SHUT}/lead.jpg",
        enclosures=(Enclosure(f"{SHUT}/lead.jpg", "image/jpeg", 9), Enclosure(f"{SHUT}/talk.mp3", "audio/mpeg", 7)),
    )
    content = without_hotlinks(shown, images()).revision.content
    assert (content.image, content.enclosures) == (None, (Enclosure(f"{SHUT}/talk.mp3", "audio/mpeg", 7),))


def test_an_enclosed_image_that_is_protected_is_our_copy_once() -> None:
    shown = article(image=f"{SHUT}/lead.jpg", enclosures=(Enclosure(f"{SHUT}/lead.jpg", "image/jpeg", 9),))
    content = without_hotlinks(shown, images(lead="one")).revision.content
    assert content.enclosures == (Enclosure("https://us.example/images/token/one.jpg", "image/jpeg", 4321),)


def test_images_of_another_source_on_the_same_host_stay() -> None:
    others = KnownImages({}, frozenset({(2, "img.shut.example")}))
    shown = article(f'<img src="{SHUT}/tide.jpg">')
    assert without_hotlinks(shown, others) is shown


# --- on our own pages --------------------------------------------------------------------------------------------


def test_on_our_pages_every_image_is_ours_or_left_out() -> None:
    shown = article(
        f'<p><img src="{SHUT}/tide.jpg" alt="Tide"><img src="{OPEN}/a.png"><picture><source srcset="{OPEN}/a.webp">'
        f'<img src="{SHUT}/b.jpg" width="300"></picture></p>'
    )
    assert html_of(with_local_images(shown, images(tide="one", b="two"))) == (
        '<p><img src="/images/token/one.jpg" alt="Tide" width="1200" height="800">'
        '<img src="/images/token/two.jpg" width="300"></p>'
    )


def test_in_mails_their_addresses_are_absolute() -> None:
    shown = with_local_images(
        article(f'<img src="{SHUT}/a.jpg">', image=f"{SHUT}/a.jpg"), images(a="one"), absolute=True
    )
    assert 'src="https://us.example/images/token/one.jpg"' in html_of(shown)
    assert shown.revision.content.image == "https://us.example/images/token/one.jpg"


def test_on_our_pages_films_and_sounds_are_links() -> None:
    shown = article(
        f'<video src="{OPEN}/tide%20film.mp4" poster="{OPEN}/p.jpg">No film</video><audio src="{OPEN}/?a=1"></audio>'
        f'<video controls><source src="{OPEN}/b.webm" type="video/webm"><track src="{OPEN}/b.vtt"></video>'
    )
    assert html_of(with_local_images(shown, images())) == (
        f'<a href="{OPEN}/tide%20film.mp4" rel="noopener noreferrer">tide film.mp4</a> No film'
        f'<a href="{OPEN}/?a=1" rel="noopener noreferrer">img.open.example</a> '
        f'<a href="{OPEN}/b.webm" rel="noopener noreferrer">b.webm</a> '
    )


def test_of_what_is_only_quoted_no_image_is_ours() -> None:
    quoted = state(rights=Rights.QUOTE, html=f'<img src="{SHUT}/a.jpg">', image=f"{SHUT}/a.jpg")
    shown = with_local_images(quoted, images(a="one"))
    assert (html_of(shown), shown.revision.content.image) == ("", None)
    assert lead_image(quoted, images(a="one")) is None


def test_the_lead_image_comes_as_wide_as_is_asked_for() -> None:
    shown, known = article(image=f"{SHUT}/a.jpg"), images(a="one")
    chosen = [lead_image(shown, known, width) for width in (None, 500, 600, 601, 9000)]
    assert [one.width for one in chosen if one] == [1200, 600, 600, 1200, 1200]
    assert lead_image(article(), known) is None
    assert lead_image(article(image=f"{SHUT}/b.jpg"), known) is None


MARKUP = st.lists(
    st.sampled_from(
        ["<p>", "</p>", '<img src="', SHUT, OPEN, "/a.jpg", '"', ' srcset="', " 2x, ", ">", "<picture>", "</picture>",
         "<source ", "<video poster=", "<a href=x>", "</a>", "alt='<img src=x>'", "&quot;", "&amp;", " ", "text", "="]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(MARKUP)
def test_whatever_the_markup_nothing_protected_is_left_to_load(markup: str) -> None:
    cleaned = clean(markup, "https://news.example/1")
    shown = state(html=cleaned)
    for left in (
        html_of(without_hotlinks(shown, images(a="one"))),
        html_of(with_local_images(shown, images(a="one"))),
    ):
        loads = re.findall(r'(?:src|srcset|poster)="([^"]*)"', clean(left, "https://us.example/"))
        assert not any(image_host(url) == image_host(SHUT) for url in loads)
        assert clean(left, "https://us.example/x") is not None


@given(MARKUP)
def test_whatever_the_markup_our_pages_load_from_ourselves_alone(markup: str) -> None:
    shown = with_local_images(state(html=clean(markup, "https://news.example/1")), images(a="one"))
    loads = re.findall(r'<(?:img|source|video|audio|track)\b[^>]*?(?:src|srcset|poster)="([^"]*)"', html_of(shown))
    assert all(url.startswith("/images/token/") for url in loads)
