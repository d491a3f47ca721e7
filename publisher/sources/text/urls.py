"""Addresses found in documents: made absolute, safe to give on, and comparable."""

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from publisher.domain.addresses import tracks

_SPACES = re.compile(r"[\t\r\n]+")
_STRIPPED = "".join(map(chr, range(0x21))) + "\x7f\xa0\u3000\ufeff\u200b"
"""What may stand around an address by mistake: controls and blanks (WHATWG URL, section 4.4), and their like."""
_UNSAFE = re.compile(r"[\x00-\x20\"<>\\^`{|}\x7f-\x9f]")

_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(\s+[^,\s][^,]*)?(?=,|\s|$)")

_PATH = r"(?:/(?![./])[\w~%!$&'()*+,=:@.-]*)"
_REST = r"(?:\?[\w~%!$&'()*+,=:@./?-]+)?(?:#[\w~%=:@./-]+)?"
_ORIGIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?=[/?#]|$)", re.ASCII)
_PATH_IN_ORDER = re.compile(f"{_PATH}+{_REST}", re.ASCII)
_IN_ORDER = re.compile(f"{_ORIGIN.pattern}{_PATH}*{_REST}", re.ASCII)
"""An address that is absolute already, or a path below its origin, with nothing to mend: most are."""


def absolute(base: str | None, reference: str | None) -> str | None:
    """The http(s) address that a reference stands for; None when it is none (`javascript:`, `data:`, no base)."""
    if reference and _IN_ORDER.fullmatch(reference):
        return reference
    if reference and base and _PATH_IN_ORDER.fullmatch(reference) and (origin := _ORIGIN.match(base)):
        return origin.group() + reference
    reference = _SPACES.sub("", reference or "").strip(_STRIPPED)
    if not reference:
        return None
    try:
        joined = urljoin(base or "", reference)
        parts = urlsplit(joined)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return None
    return _UNSAFE.sub(lambda match: quote(match.group()), joined)


def untracked(url: str) -> str:
    """The address without the parameters that tell who sent a reader there; everything else stays as it is."""
    if "?" not in url:
        return url
    before, _, fragment = url.partition("#")
    page, _, query = before.partition("?")
    kept = "&".join(parameter for parameter in query.split("&") if not tracks(parameter))
    return url if kept == query else page + (f"?{kept}" if kept else "") + (f"#{fragment}" if fragment else "")


def normalised(url: str) -> str:
    """The address by which a page is told from others: no fragment, host in lower case, no default port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}.get(parts.scheme)
    if parts.port is not None and parts.port != default:
        host = f"{host}:{parts.port}"
    if parts.username is not None:
        host = f"{parts.netloc.rpartition('@')[0]}@{host}"
    return urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))


def srcset(base: str | None, value: str) -> str:
    """A `srcset` (HTML, section 4.8.4.2.1) with absolute addresses; candidates that have none are left out.

    An address may hold commas, so candidates are split as the standard says: at white space, not at commas.
    """
    kept = []
    for match in _CANDIDATE.finditer(value):
        if url := absolute(base, match.group(1)):
            descriptor = " ".join((match.group(2) or "").split())
            kept.append(f"{url.replace(',', '%2C')} {descriptor}".strip())
    return ", ".join(kept)


def largest(base: str | None, value: str) -> str | None:
    """The address of the largest candidate of a `srcset`."""
    best: tuple[float, str] | None = None
    for candidate in srcset(base, value).split(", "):
        url, _, descriptor = candidate.partition(" ")
        size = float(found.group()) if (found := re.match(r"\d{1,6}(\.\d{1,4})?", descriptor)) else 1.0
        if url and (best is None or size > best[0]):
            best = size, url
    return best[1] if best else None
