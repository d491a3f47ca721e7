"""Digests as people get them: golden files in two languages, and the rules that keep a mail readable everywhere."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from publisher.domain.article import ArticleState, Content, columns
from publisher.domain.delivery import Recipient
from publisher.domain.edition import RecipientSlot, Rendering, Segments, SlotKind
from publisher.domain.subscription import MailFormat
from publisher.errors import TemplateError
from publisher.mail.encoding import encode_text
from publisher.mail.render import HTML_LIMIT, DigestRenderer, inline
from publisher.mail.slots import fill
from publisher.pipeline.ports import RenderRequest
from publisher.templating import Templates, shipped_templates

GOLDEN = Path(__file__).parents[2] / "golden" / "mail"
Requested = Callable[..., RenderRequest]
MakeArticle = Callable[..., ArticleState]


def static(segments: Segments) -> str:
    return "".join(segment for segment in segments if isinstance(segment, str))


class Page(HTMLParser):
    """What a mail's HTML holds: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]

    @property
    def links(self) -> list[str]:
        return self.attributes("href")


@pytest.fixture
def page(renderer: DigestRenderer, english: RenderRequest, recipient: Recipient) -> Page:
    return Page(fill(renderer.render(english).html, recipient))


# --- golden files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_digest_is_as_the_golden_file(
    request: pytest.FixtureRequest, renderer: DigestRenderer, recipient: Recipient, language: str, part: str
) -> None:
    asked = request.getfixturevalue("english" if language == "en" else "chinese")
    written = fill(getattr(renderer.render(asked), part), recipient)
    golden = GOLDEN / f"cards.{language}.{ {'subject': 'subject.txt', 'text': 'txt', 'html': 'html'}[part] }"
    if os.environ.get("PUBLISHER_REWRITE_GOLDEN") == "1":
        golden.write_text(written, encoding="utf-8", newline="\n")
    assert written == golden.read_text(encoding="utf-8")


def test_same_request_gives_the_same_rendering(renderer: DigestRenderer, chinese: RenderRequest) -> None:
    assert renderer.render(chinese) == renderer.render(chinese)


# --- subject -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "count", "subject"),
    [
        ("en", 1, "A"),
        ("en", 2, "A and 1 more"),
        ("en", 5, "A and 4 more"),
        ("zh-CN", 1, "A"),
        ("zh-CN", 5, "A 等 5 篇"),
    ],
)
def test_subject_names_the_first_article(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, language: str, count: int, subject: str
) -> None:
    articles = tuple(article(number, Content(title=chr(64 + number))) for number in range(1, count + 1))
    assert renderer.render(requested(articles, language)).subject == (subject,)


def test_a_long_title_is_cut_by_its_width(renderer: DigestRenderer, requested: Requested, article: MakeArticle) -> None:
    for title in ("守灯人写下的一万个夜晚" * 9, "a long title in English " * 9):
        (subject,) = renderer.render(requested((article(1, Content(title=title)),))).subject
        assert isinstance(subject, str)
        assert 56 <= columns(subject) <= 64
        assert subject.endswith("…")


def test_a_title_brings_no_line_break_into_the_subject(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle
) -> None:
    content = Content(title="One\r\nBcc: victim@example.com\u2028\x00two")
    assert renderer.render(requested((article(1, content),))).subject == ("One Bcc: victim@example.com two",)


# --- text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["english", "chinese"])
def test_text_has_lines_of_72_columns(request: pytest.FixtureRequest, renderer: DigestRenderer, which: str) -> None:
    text = static(renderer.render(request.getfixturevalue(which)).text)
    assert text.count("\n\n\n") == 1, "only where the unsubscribe link will stand"
    for line in text.split("\n"):
        assert columns(line) <= 72 or "://" in line
        assert not line.lstrip().startswith(("。", "，", "、", "；"))
        assert line == line.rstrip()


def test_text_variant_has_no_html(renderer: DigestRenderer, requested: Requested, english: RenderRequest) -> None:
    rendering = renderer.render(requested(english.articles, "en", MailFormat.TEXT))
    assert rendering.html == ()
    assert rendering.text == renderer.render(english).text


def test_dates_are_in_the_newsletters_zone(
    renderer: DigestRenderer, requested: Requested, english: RenderRequest
) -> None:
    late = replace(requested(english.articles, timezone="Pacific/Kiritimati"), cut_at=english.cut_at)
    assert "Tuesday, November 24, 2026" in static(renderer.render(english).text)
    assert "Tuesday, November 24, 2026" in static(renderer.render(late).text)
    late = replace(late, cut_at=english.cut_at + timedelta(hours=3, minutes=30))
    assert "Wednesday, November 25, 2026" in static(renderer.render(late).text)


# --- HTML --------------------------------------------------------------------------------------------------------


def test_html_is_a_whole_document_in_the_readers_language(renderer: DigestRenderer, chinese: RenderRequest) -> None:
    html = static(renderer.render(chinese).html)
    assert html.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    assert '<meta charset="utf-8">' in html
    assert "line-height:1.7" in html


def test_articles_in_another_language_say_so(page: Page) -> None:
    languages = [(tag, attributes["lang"]) for tag, attributes in page.tags if "lang" in attributes]
    assert languages == [("html", "en"), ("h2", "en"), ("p", "en"), ("h2", "zh-CN"), ("p", "zh-CN")]


def test_rules_are_inlined_and_only_what_cannot_be_stays_in_the_head(
    renderer: DigestRenderer, english: RenderRequest, page: Page
) -> None:
    styled = [tag for tag, attributes in page.tags if "style" in attributes]
    assert {"body", "div", "table", "td", "h1", "h2", "p", "a", "b"} <= set(styled)
    html = static(renderer.render(english).html)
    assert "@media (prefers-color-scheme: dark)" in html
    assert "background-color: #14181c !important" in html
    assert "@media (max-width: 480px)" in html
    assert ".masthead {padding" not in html


def test_nothing_is_loaded_and_nothing_fails_in_mail_programs(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"img", "link", "script", "iframe", "form", "video", "svg", "object", "base"}
    assert not page.attributes("src")
    css = "".join(page.attributes("style")) + page.text
    assert not re.search(r"url\(|@import|@font-face|\bflex|\bgrid\b|position:|float:|var\(|calc\(|\drem|rgba?\(", css)
    assert "italic" not in css


def test_tables_are_for_layout_and_the_column_is_fixed_for_outlook(
    renderer: DigestRenderer, english: RenderRequest
) -> None:
    html = static(renderer.render(english).html)
    page = Page(html)
    assert all(attributes.get("role") == "presentation" for tag, attributes in page.tags if tag == "table")
    assert '<!--[if mso]><table role="presentation" width="600"' in html
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 3
    column = next(attributes for tag, attributes in page.tags if attributes.get("class") == "column")
    assert column["width"] == "100%"
    assert "max-width:600px" in (column["style"] or "")


def test_each_article_has_one_link_named_by_its_title(page: Page, recipient: Recipient) -> None:
    assert page.links == [
        "https://post.example/stories/1?a=1&b=2",
        "https://post.example/stories/2?a=1&b=2",
        recipient.unsubscribe_url,
        "https://news.example.org",
    ]
    assert 'Tide gauge & "harbour" mouth: <open> again' in page.text
    assert "A note without a link" in page.text


def test_an_article_that_may_only_be_quoted_shows_its_summary_and_no_reading_time(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle
) -> None:
    html = static(renderer.render(requested((article(1, Content(title="T", summary="Short.")),))).html)
    assert "Short." in html
    assert "min read" not in html


@pytest.mark.parametrize(
    ("content", "shown", "hidden"),
    [
        (Content(title="T", text="First words. " * 60), "First words. First", "First words. " * 30),
        (Content(title="T", summary="T", text="Body."), "Body.", "nothing-of-this"),
        (Content(title="Head", text="Head\nBody text."), ">Body text.<", "Head Body"),
        (Content(title="  "), "(untitled)", "nothing-of-this"),
        (Content(title="T", tags=("open data", "", "b", "c", "d", "e")), "#open\u00a0data", "#d"),
        (Content(title="T", authors=("A", "B", "C", "D")), "A, B, C", "C, D"),
        (Content(title="T", language='x" onload="y'), "lang=", 'onload="y"'),
    ],
)
def test_an_article_is_shown_short_and_whole(
    renderer: DigestRenderer,
    requested: Requested,
    article: MakeArticle,
    content: Content,
    shown: str,
    hidden: str,
) -> None:
    html = static(renderer.render(requested((article(1, content),))).html)
    assert shown in html
    assert hidden not in html


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "urn:x:1", "https:///x", "https://a/" + "x" * 3000]
)
def test_an_address_that_a_reader_cannot_follow_is_no_link(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, link: str
) -> None:
    rendering = renderer.render(requested((article(1, Content(title="T"), url=link),)))
    assert link not in static(rendering.html)
    assert link not in static(rendering.text)


def test_an_article_cannot_break_out_of_its_place(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, recipient: Recipient
) -> None:
    evil = '"><script>alert(1)</script>{{ recipient.address }}{% raw %}<!-- <![endif]--> </td></table>\x00'
    content = Content(
        title=evil, authors=(evil,), tags=(evil,), summary=evil, text=evil, language='"><b>', published=None
    )
    rendering = renderer.render(requested((article(1, content, url=f"https://post.example/{evil}"),)))
    page = Page(fill(rendering.html, recipient))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "{{ recipient.address }}" in page.text
    assert page.links[0].startswith("https://post.example/%22%3E%3Cscript%3E")
    assert [segment.name for segment in rendering.html if isinstance(segment, RecipientSlot)] == [
        "address",
        "unsubscribe_url",
    ]


def test_text_that_looks_like_a_mark_stays_text(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, recipient: Recipient
) -> None:
    title = f"x{'0' * 32}xunsubscribe_urlx"
    rendering = renderer.render(requested((article(1, Content(title=title)),)))
    assert title in fill(rendering.subject, recipient)
    assert title in fill(rendering.text, recipient)
    assert title in fill(rendering.html, recipient)


def test_slots_survive_the_inlining(renderer: DigestRenderer, english: RenderRequest) -> None:
    rendering = renderer.render(english)
    assert [segment for segment in rendering.html if isinstance(segment, RecipientSlot)] == [
        RecipientSlot("address", SlotKind.HTML),
        RecipientSlot("unsubscribe_url", SlotKind.URL),
    ]
    assert [segment for segment in rendering.text if isinstance(segment, RecipientSlot)] == [
        RecipientSlot("address", SlotKind.TEXT),
        RecipientSlot("unsubscribe_url", SlotKind.TEXT),
    ]


# --- size --------------------------------------------------------------------------------------------------------


def many(article: MakeArticle, count: int, text: str) -> tuple[ArticleState, ...]:
    content = Content(title=text * 3, authors=(text,) * 3, tags=(text,) * 4, summary=text * 30, text=text)
    return tuple(article(number, content) for number in range(1, count + 1))


def shown_articles(rendering: Rendering) -> int:
    return static(rendering.html).count("<h2")


def test_no_more_articles_than_the_newsletters_limit(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, recipient: Recipient
) -> None:
    rendering = renderer.render(requested(many(article, 9, "a"), limit=4))
    assert shown_articles(rendering) == 4
    assert "And 5 more articles on Lantern Quay Reader" in static(rendering.html)
    assert "And 5 more articles on Lantern Quay Reader\nhttps://news.example.org\n" in static(rendering.text)
    assert static(rendering.subject) == "aaa and 8 more"


@pytest.mark.parametrize("text", ["word ", "灯埠", "é&<\"' "])
def test_encoded_html_stays_below_what_gmail_shows(
    renderer: DigestRenderer, requested: Requested, article: MakeArticle, text: str
) -> None:
    rendering = renderer.render(requested(many(article, 150, text * 9), "zh-CN", limit=150))
    size = encode_text(rendering.html).size
    assert 80_000 < size <= HTML_LIMIT
    shown = shown_articles(rendering)
    assert f"还有 {150 - shown} 篇文章" in static(rendering.html)
    assert static(rendering.text).count("https://post.example/stories/") == shown


def test_a_template_that_swells_one_article_over_the_limit_is_an_error(
    tmp_path: Path, requested: Requested, article: MakeArticle
) -> None:
    credit = "{% for a in articles %}<a href='{{ a.url }}'>{{ a.source }}</a>{% endfor %}"
    swollen = f"<!DOCTYPE html><html><body>{credit}{{{{ 'word ' * 30000 }}}}</body></html>"
    renderer = overridden(tmp_path, "body.html.jinja", swollen)
    with pytest.raises(TemplateError, match=r"one article makes \d+ bytes of HTML"):
        renderer.render(requested(many(article, 3, "a")))


# --- operators' templates ----------------------------------------------------------------------------------------


def overridden(folder: Path, name: str, text: str) -> DigestRenderer:
    """A renderer with one of the look's files replaced."""
    path = folder / "digest" / "cards" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return DigestRenderer(Templates([folder, shipped_templates()]))


def test_shipped_look_passes_its_check(renderer: DigestRenderer, english: RenderRequest) -> None:
    assert renderer.check(replace(english.newsletter, languages=("en", "en-GB", "zh-CN", "fr"))) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "body.html.jinja",
            "<!DOCTYPE html><p>{{ recipient.address|upper }}</p>",
            "line 1: recipient.address is filled",
        ),
        ("body.html.jinja", "<!DOCTYPE html>\n{% if recipient.address %}{% endif %}", "line 2: recipient.address is"),
        ("body.html.jinja", "<!DOCTYPE html><p><!-- {{ recipient.address }} -->", "can't stand in a comment"),
        ("body.html.jinja", "<!DOCTYPE html>{% set x = recipient.address ~ '' %}{{ x|upper }}", "was changed after"),
        ("body.html.jinja", "<!DOCTYPE html>{{ recipient.phone }}", "no attribute 'phone'"),
        (
            "body.html.jinja",
            "<!DOCTYPE html>{% for a in articles %}<a href='{{ a.url }}'>{{ a.title }}</a>{% endfor %}",
            "leaves out where an article comes from (Example)",
        ),
        (
            "body.html.jinja",
            "<!DOCTYPE html>{% for a in articles %}{{ a.source }} {{ a.url }}{% endfor %}",
            "leaves out the link to an original",
        ),
        ("body.txt.jinja", "{% for a in articles %}{{ a.title }} {{ a.source }}{% endfor %}", "leaves out the link"),
        ("body.html.jinja", "<p>Hello</p>", "it must begin with <!DOCTYPE html>"),
        ("body.txt.jinja", "{{ wrap(recipient.address) }}", "line 1"),
        ("body.txt.jinja", "{{ articles[9].title }}", "line 1"),
        ("subject.txt.jinja", "{{ sbject }}", "'sbject' is undefined"),
        ("style.css.jinja", "a { color red }", "style.css.jinja can't be applied"),
        ("style.css.jinja", "a[ { color: red }", "style.css.jinja can't be applied"),
        ("style.css.jinja", "@media print { @media screen { a { b: c } } }", "style.css.jinja can't be applied"),
    ],
)
def test_a_fault_in_an_own_template_is_told_once(
    tmp_path: Path, english: RenderRequest, name: str, text: str, fault: str
) -> None:
    faults = overridden(tmp_path, name, text).check(english.newsletter)
    assert len(faults) == 1, faults
    assert fault in faults[0]
    assert name.split(".")[0] in faults[0] or "recipient" in faults[0]


def test_a_look_that_is_not_there_is_a_fault(renderer: DigestRenderer, english: RenderRequest) -> None:
    (fault,) = renderer.check(replace(english.newsletter, template="crads"))
    assert "there is no template digest/crads/subject.txt.jinja" in fault


def test_a_subject_may_name_the_recipient(tmp_path: Path, english: RenderRequest, recipient: Recipient) -> None:
    renderer = overridden(tmp_path, "subject.txt.jinja", "News for {{ recipient.address }}\n")
    subject = renderer.render(english).subject
    assert subject == ("News for ", RecipientSlot("address", SlotKind.HEADER))


def test_inlining_keeps_entities_doctype_and_pixel_attributes() -> None:
    html = inline(
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>'
        '<img width="40" height="20" alt="a &amp; b &lt;c&gt;"><a href="/?a=1&amp;b=2">&nbsp;— 𠮷</a></body></html>',
        "img { width: 100%; height: auto } a { color: #123456 } a:hover { color: #654321 }",
    )
    assert html.startswith("<!DOCTYPE html>")
    assert '<img width="40" height="20" alt="a &amp; b &lt;c&gt;" style="width:100%; height:auto">' in html
    assert '<a href="/?a=1&amp;b=2" style="color:#123456">\u00a0— 𠮷</a>' in html
    assert "a:hover {color:#654321 !important}" in html
