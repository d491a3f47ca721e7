"""Folders of Markdown and HTML files: a blog's own drafts, or what another program writes.

A file has no public address. Its article gets the `link` of its front matter, else an opaque name of the form
`urn:publisher:<source>:<path>`: a path of this machine never leaves it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from publisher.domain.article import Content, Entry, shorten
from publisher.domain.source import Source
from publisher.errors import SourceError
from publisher.pipeline.ports import Fetcher, Reading, ReadRequest, SourceReader
from publisher.sources import articles, dates
from publisher.sources.entries import SUMMARY_COLUMNS, fingerprint, with_tags
from publisher.sources.extract import Extracted, extract
from publisher.sources.pages import sanitize
from publisher.sources.pages.languages import spoken
from publisher.sources.pages.names import names
from publisher.sources.pages.tags import split_tags
from publisher.sources.text import charset, urls

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 10_000

_MARKDOWN = (".md", ".markdown")
_HTML = (".html", ".htm")
_MATTER = frozenset(("title", "authors", "tags", "language", "published", "updated", "summary", "image"))
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)


class BadFile(Exception):
    """A file that can't be read as an article; the message says why."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A file's front matter and its body as HTML, not yet made harmless."""

    matter: Mapping[str, object] = field(default_factory=dict)
    html: str = ""


class FolderReader(SourceReader):
    """Reads folders, with their subfolders. Hidden files and links that lead out are left alone."""

    def __init__(self) -> None:
        self._markdown = markdown()

    def read(self, request: ReadRequest, fetcher: Fetcher) -> Reading:
        """Read the files that are new or changed; `fetcher` is not used."""
        source, root = request.source, Path(request.source.url)
        if not root.is_dir():
            raise SourceError(source.name, f"{root} is not a folder that can be read")
        files, problems = _files(source, root)
        known = request.known(list(files))
        entries, listed = [], []
        for key, path in files.items():
            try:
                data = _bytes(path)
                hint = fingerprint(data.hex(), source.tags, source.language, source.timezone)
                if key not in known or known[key].hint != hint:
                    entry = self._entry(key, path, data, hint, request)
                    if entry is None:
                        continue
                    entries.append(entry)
                listed.append(key)
            except (BadFile, OSError) as error:
                problems.append(f"{key}: {_reason(error)}")
        return Reading(entries=tuple(entries), listed=tuple(listed), problems=tuple(problems), changed=True)

    def _entry(self, key: str, path: Path, data: bytes, hint: str, request: ReadRequest) -> Entry | None:
        """The article of a file; None for a draft."""
        source = request.source
        if not data.strip():
            raise BadFile("it is empty")
        if not charset.is_text(data):
            raise BadFile("it is not text")
        if path.suffix.lower() in _HTML:
            article = self._extracted(data, None, request)
            if article.canonical_url:
                # Its relative addresses are those of the page that it will be.
                article = self._extracted(data, article.canonical_url, request)
            if not article.text and not article.images:
                raise BadFile("no article was found in it")
            content = articles.content_of(article, source, title=_title_from(key))
            link, evidence = article.canonical_url, article.evidence
        else:
            written = self._written(data)
            if written.matter.get("draft") is True:
                return None
            content = _content(key, written, source, request.now)
            link = _link(written.matter)
            evidence = {name: "front matter" for name in written.matter if name in _MATTER}
            if not (content.text or content.image or link):
                raise BadFile("it has no text")
        url = link or opaque_url(source.name, key)
        return Entry(key=key, url=url, content=content, canonical_url=link, hint=hint, evidence=evidence)

    def _extracted(self, data: bytes, url: str | None, request: ReadRequest) -> Extracted:
        zone = articles.zone_of(request.source)
        return extract(data, url, zone=zone, now=request.now, selectors=request.source.selectors)

    def _written(self, data: bytes) -> _Written:
        text = charset.decode(data).text
        matter: dict[object, object] = {}
        if match := _FRONT_MATTER.match(text):
            try:
                matter = yaml.safe_load(match.group(1)) or {}
            except (yaml.YAMLError, ValueError, RecursionError) as error:
                raise BadFile(f"its front matter is not YAML ({' '.join(str(error).split())})") from error
            if not isinstance(matter, dict):
                raise BadFile("its front matter is not a list of keys and values")
            text = text[match.end() :]
        return _Written({str(name).lower(): value for name, value in matter.items()}, self._markdown.render(text))


def markdown() -> MarkdownIt:
    """Reads CommonMark with tables, footnotes and strike-through."""
    # Raw HTML is left on: what is written in Markdown passes the same allow-list as everything else.
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


def opaque_url(source: str, key: str) -> str:
    """The name of an article that has no address: unique, stable, and silent about this machine."""
    return f"urn:publisher:{quote(source, safe='')}:{quote(key)}"


def first_image(markup: str) -> str | None:
    """The address of the first image in clean markup that has one."""
    images = sanitize.parse_fragment(markup).iter("img") if "<img" in markup else ()
    return next((image.get("src") for image in images if image.get("src")), None)


def _files(source: Source, root: Path) -> tuple[dict[str, Path], list[str]]:
    """The article files by their relative paths, in order, and what is wrong with some."""
    home = root.resolve()
    files: dict[str, Path] = {}
    problems: list[str] = []
    for path in _walk(root):
        key = path.relative_to(root).as_posix()
        if not path.resolve().is_relative_to(home):
            problems.append(f"{key}: it is a link that leads out of the folder")
        elif path.is_file():
            files[key] = path
        if len(files) > MAX_FILES:
            raise SourceError(source.name, f"{root} holds more than {MAX_FILES} articles")
    return dict(sorted(files.items())), problems


def _walk(root: Path) -> Iterator[Path]:
    # Links to folders are not followed, so there is no way out and no circle.
    for folder, subfolders, files in os.walk(root, followlinks=False):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in _MARKDOWN + _HTML:
                yield Path(folder) / name


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise BadFile(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return path.read_bytes()


def _content(key: str, written: _Written, source: Source, now: datetime) -> Content:
    matter = written.matter
    link = _link(matter)
    root = sanitize.parse_fragment(written.html)
    title = _text(matter.get("title"))
    heading = root.find("h1")
    if heading is not None and root.index(heading) == 0:
        shown = " ".join(heading.text_content().split())
        if not title or shown == title:
            title = title or shown
            heading.drop_tree()
    markup = sanitize.clean_tree(root, link)
    text = sanitize.to_text(markup)
    image = urls.absolute(link, _text(matter.get("image")))
    return Content(
        title=title or _title_from(key),
        authors=_names(matter.get("authors") or matter.get("author")),
        tags=with_tags(_tags(matter.get("tags") or matter.get("keywords")), source),
        language=_text(matter.get("language") or matter.get("lang"))
        or spoken(source.language, text)
        or source.language,
        published=_date(matter.get("date") or matter.get("published"), source, now),
        updated=_date(matter.get("updated") or matter.get("lastmod"), source, now),
        summary=_text(matter.get("summary") or matter.get("description")) or shorten(text, SUMMARY_COLUMNS),
        html=markup,
        text=text,
        image=image or first_image(markup),
    )


def _link(matter: Mapping[str, object]) -> str | None:
    return urls.absolute(None, _text(matter.get("link") or matter.get("url")))


def _text(value: object) -> str:
    return charset.one_line(str(value)) if isinstance(value, str | int | float) else ""


def _names(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = [_text(item.get("name") if isinstance(item, dict) else item) for item in values]
    return tuple(dict.fromkeys(name for text in texts for name in names(text)))


def _tags(value: object) -> tuple[str, ...]:
    parts = [_text(item) for item in value] if isinstance(value, list) else split_tags(_text(value))
    return tuple(dict.fromkeys(part for part in parts if part))


def _date(value: object, source: Source, now: datetime) -> datetime | None:
    """A date of front matter, which YAML may have read already; without a zone it is in the source's."""
    if isinstance(value, datetime | date):
        value = value.isoformat()
    moment = dates.parse(_text(value), articles.context_of(source, now))
    return moment.at if moment else None


def _title_from(key: str) -> str:
    """A title for a file that has none: its name without date and hyphens."""
    stem = re.sub(r"^\d{4}-\d\d-\d\d[-_]", "", Path(key).stem)
    return " ".join(re.split(r"[-_\s]+", stem)).strip() or Path(key).stem


def _reason(error: Exception) -> str:
    return (error.strerror or "it can't be read") if isinstance(error, OSError) else str(error)
