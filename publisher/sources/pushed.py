"""Articles that are pushed to us: the JSON of our API, read field by field into entries that are harmless.

The fields are those of `publisher extract --json`. Whatever is wrong is said in one line: which article, which field,
what it holds, and what to write instead.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from html import escape

from publisher.domain.article import Content, Entry, shorten
from publisher.domain.source import Source
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetcher, Reading, ReadRequest, SourceReader
from publisher.sources import articles
from publisher.sources.entries import SUMMARY_COLUMNS, with_tags
from publisher.sources.folder import first_image, markdown, opaque_url
from publisher.sources.pages import sanitize
from publisher.sources.pages.languages import spoken
from publisher.sources.text import charset, urls

MOST_ARTICLES = 100
"""How many articles one request may hold."""

_TEXTS = {"id": 1000, "title": 1000, "section": 200, "source": 300, "summary": 10_000}
_BODIES = ("html", "markdown", "text")
_LISTS = ("authors", "tags")
_TIMES = ("published", "updated")
_ADDRESSES = ("url", "canonical_url", "original_url", "image")
_PASSED_OVER = ("images", "evidence", "reservations")
"""What `extract --json` prints and a push needs not say."""

FIELDS = (*_TEXTS, *_BODIES, *_LISTS, *_TIMES, *_ADDRESSES, "language", "announce", *_PASSED_OVER)

_LONGEST_LIST = 50
_LONGEST_NAME = 200
_LONGEST_URL = 2048
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

Json = Mapping[str, object]


class BadArticle(ValueError):
    """What was pushed can't be taken; the message names article, field, value and remedy."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """An article that was pushed. `announce` is false for a backlog: stored, not mailed."""

    entry: Entry
    announce: bool = True


class PushReader(SourceReader):
    """A source that is pushed is never read; who asks all the same is told where to push to."""

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Raises SourceError, always."""
        name = request.source.name
        raise SourceError(name, f"it is pushed, not read: POST articles to /api/sources/{name}/articles")


def read(body: bytes, source: Source, now: datetime) -> list[Pushed]:
    """The articles of a request's body: one object, a list of them, or `{"articles": [...]}`. Raises BadArticle.

    `now` bounds dates: none lies more than a day ahead. Dates without a zone are in the source's.
    """
    items = _items(body)
    reader = _Reader(source, now)
    found: dict[str, Pushed] = {}
    for number, item in enumerate(items):
        where = f"article {number}: " if len(items) > 1 else ""
        try:
            pushed = reader.read(item)
        except BadArticle as error:
            raise BadArticle(f"{where}{error}") from None
        if pushed.entry.key in found:
            raise BadArticle(f"{where}id = {_shown(pushed.entry.key)}: stands here twice; send each article once")
        found[pushed.entry.key] = pushed
    return list(found.values())


def key_of(text: str) -> str:
    """The key of an article that is named by its id, or by its address."""
    url = urls.absolute(None, text)
    return urls.normalised(urls.untracked(url)) if url and "://" in text else text.strip()


def _items(body: bytes) -> Sequence[object]:
    try:
        root = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadArticle(f"the body is not UTF-8 (byte {error.start}): send it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadArticle(f"the body is no JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except (ValueError, RecursionError):
        raise BadArticle("the body is no JSON that can be read: it is nested too deep, or holds huge numbers") from None
    if isinstance(root, dict) and "articles" in root:
        if extra := root.keys() - {"articles"}:
            raise BadArticle(f"{_in_line(min(extra))}: unknown beside articles; put it into each article")
        root = root["articles"]
    items = root if isinstance(root, list) else [root]
    if not items:
        raise BadArticle("articles = []: holds nothing; send at least one article")
    if len(items) > MOST_ARTICLES:
        raise BadArticle(f"articles: {len(items)} at once; send at most {MOST_ARTICLES} in one request")
    return items


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the articles of one source."""

    source: Source
    now: datetime

    def read(self, item: object) -> Pushed:
        """One article."""
        if not isinstance(item, dict):
            raise BadArticle(f"{_shown(item)}: write an object with fields such as id, title and html")
        for name in item:
            if name not in FIELDS:
                near = get_close_matches(name[:80], FIELDS, n=1)
                remedy = f"did you mean {near[0]}?" if near else _known_fields()
                raise BadArticle(f"{_in_line(name)}: unknown field; {remedy}")
        url = _address(item, "url")
        key = _text(item, "id") or (key_of(url) if url else "")
        if not key:
            raise BadArticle("id: is missing; give an id or a url, by which the article is known again")
        announce = item.get("announce")
        if announce is not None and not isinstance(announce, bool):
            raise BadArticle(f"announce = {_shown(announce)}: write true or false")
        link = url or opaque_url(self.source.name, key)
        entry = Entry(
            key=key,
            url=link,
            content=self._content(item, url),
            canonical_url=_address(item, "canonical_url"),
            evidence={"pushed": next((name for name in _BODIES if item.get(name)), "none")},
        )
        return Pushed(entry, announce is not False)

    def _content(self, item: Json, url: str | None) -> Content:
        title = _text(item, "title")
        if not title:
            raise BadArticle("title: is missing; write the article's title as text")
        base = url or self.source.url or None
        markup = sanitize.clean(_body(item), base, url)
        text = sanitize.to_text(markup)
        published, updated = (self._time(item, name) for name in _TIMES)
        return Content(
            title=title,
            authors=_list(item, "authors"),
            tags=with_tags(_list(item, "tags"), self.source),
            language=_language(item) or spoken(self.source.language, text or title) or self.source.language,
            published=published,
            updated=updated if published is None or updated is None or updated > published else None,
            summary=shorten(_text(item, "summary") or text, SUMMARY_COLUMNS),
            html=markup,
            text=text,
            image=_address(item, "image") or first_image(markup),
            original_url=_address(item, "original_url"),
            source=_text(item, "source") or None,
            section=_text(item, "section") or None,
        )

    def _time(self, item: Json, name: str) -> datetime | None:
        """A date in ISO 8601; without a zone in the source's."""
        value = item.get(name)
        if value is None or value == "":
            return None
        remedy = "write it in ISO 8601, such as 2026-11-24T08:00:00+08:00"
        try:
            read = datetime.fromisoformat(value) if isinstance(value, str) else None
            if read is not None and read.tzinfo is None:
                read = read.replace(tzinfo=articles.zone_of(self.source))
            at = None if read is None else read.astimezone(UTC)
        except (ValueError, OverflowError):
            at = None
        if at is None:
            raise BadArticle(f"{name} = {_shown(value)}: is no date; {remedy}")
        if not _EARLIEST <= at <= self.now + timedelta(days=1):
            raise BadArticle(f"{name} = {_shown(value)}: lies before 1900 or more than a day ahead; {remedy}")
        return at


def _body(item: Json) -> str:
    """The body as HTML, not yet made harmless: of html, markdown and text the first that is there."""
    for name in _BODIES:
        value = item.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise BadArticle(f"{name} = {_shown(value)}: write text in quotes")
        value = charset.printable(value)
        match name:
            case "html":
                return value
            case "markdown":
                return str(markdown().render(value))
            case _:
                return "".join(f"<p>{part}</p>" for part in _paragraphs(value))
    return ""


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        if part := part.strip():
            yield escape(part, quote=False).replace("\n", "<br>")


def _text(item: Json, name: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadArticle(f"{name} = {_shown(value)}: write text in quotes")
    text = charset.one_line(value)
    if len(text) > _TEXTS[name]:
        raise BadArticle(f"{name} = {_shown(value)}: {len(text)} characters; write at most {_TEXTS[name]}")
    return text


def _list(item: Json, name: str) -> tuple[str, ...]:
    value = item.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise BadArticle(f'{name} = {_shown(value)}: write a list of texts: ["one", "two"]')
    if len(value) > _LONGEST_LIST:
        raise BadArticle(f"{name}: {len(value)} of them; write at most {_LONGEST_LIST}")
    parts = [charset.one_line(part) for part in value]
    if too_long := next((part for part in parts if len(part) > _LONGEST_NAME), None):
        raise BadArticle(f"{name} = {_shown(too_long)}: write at most {_LONGEST_NAME} characters each")
    return tuple(dict.fromkeys(part for part in parts if part))


def _address(item: Json, name: str) -> str | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    url = urls.absolute(None, value) if isinstance(value, str) and len(value) <= _LONGEST_URL else None
    if url is None:
        raise BadArticle(f"{name} = {_shown(value)}: write a whole address that begins with http:// or https://")
    return urls.untracked(url)


def _language(item: Json) -> str | None:
    value = item.get("language")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise BadArticle(f"language = {_shown(value)}: is no language tag; write en, zh-CN, pt-BR")
    return value


def _known_fields() -> str:
    return f"known are {', '.join(name for name in FIELDS if name not in _PASSED_OVER)}"


def _in_line(name: str) -> str:
    """The name of a field as it was sent, short and on one line."""
    return " ".join(name[:80].split()) + ("…" if len(name) > 80 else "")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"
