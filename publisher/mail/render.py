"""Digests: an edition's variant becomes subject, text and HTML by the templates of the newsletter's look.

The HTML's style sheet is inlined by premailer (nobody else imports it), once per variant. Templates get the values
of `_values`; what is different for each recipient is left as slots.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from xml.dom import DOMException
from zoneinfo import ZoneInfo

import cssutils
from lxml import html
from premailer import Premailer

from publisher.domain.article import shorten
from publisher.domain.edition import Rendering, Segments, SlotKind
from publisher.domain.newsletter import Newsletter
from publisher.domain.subscription import MailFormat
from publisher.errors import TemplateError
from publisher.i18n import translator
from publisher.mail.articles import DigestArticle, digest_article
from publisher.mail.encoding import encode_text
from publisher.mail.sample import sample_request
from publisher.mail.slots import Marks
from publisher.mail.text import WIDTH, one_line, wrap
from publisher.pipeline.ports import Renderer, RenderRequest
from publisher.templating import Templates

HTML_LIMIT = 100_000
"""Bytes of encoded HTML; Gmail cuts a message's text at 102,400."""

PREHEADER_COLUMNS = 140

# Attributes that premailer would write from the style sheet over those of the template.
_ATTRIBUTES = ["width", "height", "align", "valign", "bgcolor"]

# cssutils raises DOMException, cssselect RuntimeError or SyntaxError, premailer (nested @media) AttributeError.
_STYLE_FAULTS = (DOMException, AttributeError, RuntimeError, SyntaxError, ValueError)

# cssutils keeps how it takes errors in its module: one thread at a time.
_CSSUTILS = Lock()

# It reports each property it does not know (mso-…) as an error.
cssutils.log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class DigestRenderer(Renderer):
    """Renders digests by `digest/<look>/{subject.txt,body.txt,body.html,style.css}.jinja`."""

    templates: Templates

    def render(self, request: RenderRequest) -> Rendering:
        """One variant: as many articles as the newsletter's limit and the mail's size allow. Raises TemplateError."""
        shown = max(1, min(len(request.articles), request.newsletter.limit))
        while True:
            rendering = self._render(request, shown)
            size = encode_text(rendering.html).size
            if size <= HTML_LIMIT:
                return rendering
            if shown <= 1:
                look = request.newsletter.template
                raise TemplateError(
                    f"template digest/{look}/body.html.jinja: one article makes {size} bytes of HTML, "
                    f"more than the {HTML_LIMIT} that mail programs show: shorten it"
                )
            shown = max(1, min(shown - 1, shown * HTML_LIMIT // size))

    def check(self, newsletter: Newsletter) -> list[str]:
        """Render made-up articles in each of a newsletter's languages; what is wrong with its templates, once each."""
        faults: dict[str, None] = {}
        for language in newsletter.languages:
            try:
                self.render(sample_request(newsletter, language))
            except TemplateError as error:
                faults[str(error)] = None
        return list(faults)

    def _render(self, request: RenderRequest, shown: int) -> Rendering:
        articles = _articles(request, shown)
        values = _values(request, articles)
        look = f"digest/{request.newsletter.template}"
        return Rendering(
            subject=self._subject(f"{look}/subject.txt.jinja", values),
            text=self._text(f"{look}/body.txt.jinja", values, articles),
            html=self._html(look, values, articles) if request.variant.format is MailFormat.HTML else (),
        )

    def _subject(self, name: str, values: dict[str, object]) -> Segments:
        marks = Marks()
        subject = one_line(self.templates.render(name, recipient=marks.recipient, **values))
        return marks.cut(subject, SlotKind.HEADER)

    def _text(self, name: str, values: dict[str, object], articles: Sequence[DigestArticle]) -> Segments:
        marks = Marks()
        text = self.templates.render(name, recipient=marks.recipient, **values)
        segments = marks.cut(text.strip("\n") + "\n", SlotKind.TEXT)
        require_credit(name, articles, text, text)
        return segments

    def _html(self, look: str, values: dict[str, object], articles: Sequence[DigestArticle]) -> Segments:
        marks = Marks()
        style = self.templates.render(f"{look}/style.css.jinja", **values)
        document = self.templates.render(f"{look}/body.html.jinja", recipient=marks.recipient, **values)
        if not document.lstrip().lower().startswith("<!doctype html>"):
            raise TemplateError(f"template {look}/body.html.jinja: it must begin with <!DOCTYPE html>")
        try:
            inlined = inline(document, style)
        except _STYLE_FAULTS as error:
            reason = " ".join(str(error).split())
            raise TemplateError(
                f"template {look}/style.css.jinja can't be applied to body.html.jinja: {reason}"
            ) from error
        segments = marks.cut_html(inlined)
        shown = html.document_fromstring(document)
        links = " ".join(link.get("href", "") for link in shown.iter("a"))
        require_credit(f"{look}/body.html.jinja", articles, shown.text_content(), links)
        return segments


def require_credit(name: str, articles: Sequence[DigestArticle], text: str, links: str) -> None:
    """Every article names its source and links its original, whatever template shows it. Raises TemplateError."""
    squeezed = _squeezed(text)
    for article in articles:
        if _squeezed(article.source) not in squeezed:
            raise TemplateError(
                f"template {name}: it leaves out where an article comes from ({article.source}): "
                "show {{ article.source }} with each article"
            )
        if article.url not in links:
            raise TemplateError(
                f"template {name}: it leaves out the link to an original ({article.url}): "
                "link {{ article.url }} with each article"
            )


def _squeezed(text: str) -> str:
    """Without white space: a template may break lines where it likes."""
    return "".join(text.split())


def inline(document: str, style: str) -> str:
    """The document with the style sheet's rules in `style` attributes, and those for media in its head.

    Raises one of `_STYLE_FAULTS` for a style sheet with errors: premailer alone would drop rules without a word.
    """
    with _CSSUTILS:
        cssutils.CSSParser(raiseExceptions=True, validate=False).parseString(style)
        return _inlined(document, style)


def _inlined(document: str, style: str) -> str:
    inlined: str = Premailer(
        document,
        css_text=style,
        allow_network=False,
        strip_important=False,
        keep_style_tags=False,
        disable_validation=True,
        disable_basic_attributes=_ATTRIBUTES,
    ).transform(pretty_print=False)
    return inlined


def preheader(articles: Sequence[DigestArticle]) -> str:
    """What mail programs show beside the subject: the other titles, or of a single article its summary."""
    others = " · ".join(article.title for article in articles[1:4])
    return shorten(others or articles[0].summary, PREHEADER_COLUMNS)


def _articles(request: RenderRequest, shown: int) -> list[DigestArticle]:
    speaks, zone = translator(request.variant.language), ZoneInfo(request.newsletter.timezone)
    return [digest_article(state, speaks, zone) for state in request.articles[:shown]]


def _values(request: RenderRequest, articles: list[DigestArticle]) -> dict[str, object]:
    """What the templates of a digest can use, beside `recipient`."""
    speaks = translator(request.variant.language)
    zone = ZoneInfo(request.newsletter.timezone)
    wrapped: Callable[..., str] = wrap
    return {
        "_": speaks.gettext,
        "ngettext": speaks.ngettext,
        "language": speaks.tag,
        "newsletter": request.newsletter,
        "date": speaks.date(request.cut_at, zone, "full"),
        "preheader": preheader(articles),
        "articles": articles,
        "total": len(request.articles),
        "more": len(request.articles) - len(articles),
        "site": {"title": request.site_title, "url": request.site_url},
        "legal": request.legal,
        "shorten": shorten,
        "wrap": wrapped,
        "width": WIDTH,
    }
