"""How a page is made: a template filled in the reader's language, and a short clear page for each error."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Scope

from publisher.errors import TemplateError
from publisher.i18n import translator
from publisher.pipeline.publish import Site
from publisher.templating import Templates
from publisher.web.negotiation import best_language

LANGUAGES = ("en", "zh-CN")

_ERRORS = {
    410: ("No longer here", "What was at this address is no longer published."),
    404: ("Nothing here", "There is no page at this address. Perhaps the link was cut short on its way."),
    405: ("That can't be done here", "This address takes no such request."),
    429: ("Too much at once", "Many ask for this at the same moment. Please try again in a few seconds."),
    503: ("Not now", "The database does not answer. Please try again in a minute."),
}
_FAILURE = ("Something went wrong", "The fault is ours and has been noted. Please try again later.")


class Pages:
    """Makes the pages of a site."""

    def __init__(self, templates: Templates, site: Site, *, searchable: bool = True) -> None:
        self.templates = templates
        self.site = site
        self._searchable = searchable
        self.root = urlsplit(site.base_url).path.rstrip("/")
        """What stands before each path when the site lives below a path of its host."""
        own = best_language(site.language, LANGUAGES)
        self._languages = (own, *(language for language in LANGUAGES if language != own))

    def page(
        self,
        reader: HTTPConnection,
        name: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """The page of a template (`web/<name>.html.jinja`). Raises TemplateError."""
        body = self.render(name, reader.headers.get("accept-language"), **values)
        return HTMLResponse(body, status, {"Vary": "Accept-Language", **(headers or {})})

    def render(self, name: str, accept_language: str | None = None, **values: object) -> str:
        """The page in the language that is asked for, else the site's. Raises TemplateError."""
        speaker = translator(best_language(accept_language, self._languages))
        return self.templates.render(
            f"web/{name}.html.jinja",
            _=speaker.gettext,
            language=speaker.tag,
            root=self.root,
            site=self.site,
            searchable=self._searchable,
            **values,
        )

    def error(self, scope: Scope, status: int, headers: Mapping[str, str] | None = None, *, hint: str = "") -> Response:
        """The page of an error, with a sentence of its own as `hint`; plain text when even that page has a fault."""
        title, usual = error_text(status)
        sentence = hint or usual
        try:
            return self.page(
                HTTPConnection(scope), "error", status=status, headers=headers, title=title, sentence=sentence
            )
        except TemplateError:
            return PlainTextResponse(f"{title}. {sentence}\n", status, headers)


def error_text(status: int) -> tuple[str, str]:
    """The title of an error's page, and what it says."""
    return _ERRORS.get(status, _FAILURE if status >= 500 else (HTTPStatus(status).phrase, ""))
