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
# Of two letters only those that stand for a language (ISO 639-1, with former ones) are tags of RFC 5646.
_TWO_LETTERS = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io
    is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk
    ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc
    sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve
    vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905
)
_MEDIA_TYPE = re.compile(r"[a-z0-9][\w!#$&^.+-]*/[a-z0-9][\w!#$&^.+-]*", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"[\w.~!$&'()*+,;=-]+", re.ASCII)
# An address that is a URI already, of the plain kind that nearly all are: nothing in it is to be mapped.
_PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"(?:/(?:[\w/:@!$&'()*+,;=~.-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[\w/:@!$&'()*+,;=~.?-]|%[0-9A-Fa-f]{2})+)?"
    r"(?:#(?:[\w/:@!$&'()*+,;=~.?-]|%[0-9A-Fa-f]{2})+)?",
    re.ASCII,
)
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# RFC 3986, section 3.3 and 3.4: what may stand unescaped in a path, and besides in a query or fragment.
_PATH = "/:@!$&'()*+,;=~-._%"
_QUERY = _PATH + "?"


def clean(text: str) -> str:
    """The text without characters that XML can't hold or discourages; line ends are newlines."""
    # What is printable holds nothing of either; most short texts are, and it is told sooner.
    return text if text.isprintable() else _RETURN.sub("\n", _UNFIT.sub("", text))


def line(text: str) -> str:
    """The text cleaned, on one line. Spaces of other kinds (U+3000, U+00A0) stay within it."""
    return _SPACE.sub(" ", clean(text)).strip()


def language_tag(language: str | None) -> str | None:
    """A language tag in the shape of RFC 5646, or None when it hasn't that shape or is of no language."""
    tag = (language or "").strip().replace("_", "-")
    primary = tag.partition("-")[0].lower()
    return tag if _LANGUAGE.fullmatch(tag) and (len(primary) > 2 or primary in _TWO_LETTERS) else None


def media_type(declared: str) -> str:
    """A media type without its parameters, or "" when it is none (RFC 6838, section 4.2)."""
    bare = declared.partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else ""


def web_address(url: str | None) -> str | None:
    """The absolute http or https address as a URI (RFC 3986), or None when it is none.

    Internationalised ones (RFC 3987) are mapped: readers of RSS know URIs only. One that is a URI stays as it is.
    """
    if url and _PLAIN_ADDRESS.fullmatch(url):
        return url
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


def rooted(url: str) -> str:
    """The address with the path that it has when it names none (RFC 3986, section 6.2.3)."""
    parts = urlsplit(url)
    return url if parts.path else parts._replace(path="/").geturl()


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
