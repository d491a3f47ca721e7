"""Strings and addresses made fit for documents: what stands here lets no input lose a whole feed."""

import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit

import idna

# Controls but tab, newline and return (DEL and C1 are only discouraged: XML 1.0, section 2.2), surrogates and
# noncharacters. Those beyond the BMP are legal and stay: with them in the set the search is 14 times as slow.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_RETURN = re.compile("\r\n?")
_SPACE = re.compile("[ \t\n\u2028\u2029]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z0-9][\w!#$&^.+-]*/[a-z0-9][\w!#$&^.+-]*", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"[\w.~!$&'()*+,;=-]+", re.ASCII)
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# RFC 3986, section 3.3 and 3.4: what may stand unescaped in a path, and besides in a query or fragment.
_PATH = "/:@!$&'()*+,;=~-._%"
_QUERY = _PATH + "?"


def clean(text: str) -> str:
    """The text without characters that XML can't hold or discourages; line ends are newlines."""
    return _RETURN.sub("\n", _UNFIT.sub("", text))


def line(text: str) -> str:
    """The text cleaned, on one line. Spaces of other kinds (U+3000, U+00A0) stay within it."""
    return _SPACE.sub(" ", clean(text)).strip()


def language_tag(language: str | None) -> str | None:
    """A language tag in the shape of RFC 5646, or None when it hasn't that shape."""
    tag = (language or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def media_type(declared: str) -> str:
    """A media type without its parameters, or "" when it is none (RFC 6838, section 4.2)."""
    bare = declared.partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else ""


def web_address(url: str | None) -> str | None:
    """The absolute http or https address as a URI (RFC 3986), or None when it is none.

    Internationalised ones (RFC 3987) are mapped: readers of RSS know URIs only. One that is a URI stays as it is.
    """
    try:
        parts = urlsplit(clean(url or "").strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        authority = _authority(parts)
    except ValueError:  # a port or an IPv6 address that is none, or a name that can't be looked up (idna.IDNAError)
        return None
    return parts._replace(
        netloc=authority,
        path=_escaped(parts.path, _PATH),
        query=_escaped(parts.query, _QUERY),
        fragment=_escaped(parts.fragment, _QUERY),
    ).geturl()


def _authority(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{ipaddress.IPv6Address(host)}]"
    elif not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    elif not _HOST.fullmatch(host):
        raise ValueError(f"no host: {host}")
    user, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port is None else f":{parts.port}"
    return f"{_escaped(user, _PATH)}{at}{host}{port}"


def _escaped(part: str, safe: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", part), safe=safe)
