"""The site as a folder of files: which file is at which path. Pure."""

from publisher.domain.feed import FeedFormat
from publisher.domain.pages import ListAddress, path_of, read_path

INDEX = "index.html"
"""The file of an address without a name of its own."""

TEXTS = frozenset({"html", "rss", "atom", "json", "xml", "opml", "txt", "css", "md"})
"""Extensions of files that are worth compressing."""

CODINGS = {"gzip": ".gz", "br": ".br"}
"""What is added to the name of a file for the same bytes in a coding."""

_LONGEST_SEGMENT = 255
"""Bytes that the name of a file has at most."""

_ROOM = len("-123456789abc.atom.gz")
"""Bytes that are added to the last part of a slug at most."""

_TAKEN = (*(f".{format}" for format in FeedFormat), *CODINGS.values(), f"/{INDEX}")
"""What no part of a slug may end in, or a folder would stand where a file is."""


def file_of(path: str) -> str:
    """The file at a decoded path: `/articles/12/` is `articles/12/index.html`, `/collector` is a folder, too."""
    name = path.lstrip("/")
    last = name.rpartition("/")[2]
    if "." in last:
        return name
    return f"{name.rstrip('/')}/{INDEX}".lstrip("/")


def is_text(file: str) -> bool:
    """Whether a file is worth compressing."""
    return file.rpartition(".")[2] in TEXTS


def has_files(slug: str) -> bool:
    """Whether a feed's slug can be names of files, and their addresses mean this feed and nothing else.

    Tags and names come from outside: `..`, empty parts and too long ones are none.
    """
    if read_path(path_of(ListAddress(slug))) != ListAddress(slug):
        return False
    parts = slug.split("/")
    return all(map(_is_name, parts)) and "archive" not in parts[1:]


def _is_name(part: str) -> bool:
    if part in ("", ".", "..") or f"/{part}".endswith(_TAKEN) or not part.isprintable():
        return False
    try:
        return len(part.encode()) + _ROOM <= _LONGEST_SEGMENT
    except UnicodeEncodeError:
        return False
