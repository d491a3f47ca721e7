"""When two addresses lead to the same page, and which of their parameters only tell who sent a reader there.

For comparing only: what comes out is no address to fetch or to show.
"""

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

_TRACKING = re.compile(
    r"utm_\w+|[gd]clid|gclsrc|[gw]braid|fbclid|fb_(action|ref|source)\w*|msclkid|yclid|twclid|ttclid|li_fat_id|igshid"
    r"|igsh|mc_[ce]id|mkt_tok|_hs(enc|mi)|hsctatracking|vero_(id|conv)|oly_(enc|anon)_id|wt[._]?(mc|zmc)\w*|at_medium"
    r"|at_campaign\w*|ns_(campaign|mchannel|source|linkname|fee)|cmp(id)?|spm|scm|_ga|_gl|wickedid|trk(campaign|info)?"
    r"|share_(token|source|from|medium|plat|tag|times|iid)|isappinstalled|ref_(src|url)|referr?er|s_cid|smid|ncid|ocid",
    re.IGNORECASE,
)
"""Names of parameters that follow readers."""

_SESSION = re.compile(r"jsessionid|phpsessid|aspsessionid\w*|session_?id|sessid|cfid|cftoken|zenid|oscsid", re.I)

_SHARED_FROM = re.compile(r"from=(timeline|singlemessage|groupmessage)", re.IGNORECASE)

_SENT_FROM = re.compile(
    r"(from|source|ref|src)=(rss\d?|feed|atom|newsletter|twitter|facebook|weibo|wechat|weixin|qq|share|social|homepage"
    r"|mobile)|(amp|isamp|mobile|is_mobile)=(1|true|yes)?|(amp|_?rss)|outputtype=amp|_?rss=1?|print=(1|true|yes)",
    re.IGNORECASE,
)
"""Parameters that choose another dress for the same page, or say where its link stood."""

_HOST_PREFIX = re.compile(r"(www\d?|m|mobile|wap|3g|4g|touch|amp|h5)\.(?=[^.]+\.)")
_INNER_MOBILE = re.compile(r"(?<=\.)m\.(?=[^.]+\.)")
_AMP_CACHE = re.compile(r"^/(?:amp/|[cvir]/)(?:s/)?((?:[^/]+\.)+[a-z]{2,}(?:[/:].*)?)$", re.IGNORECASE)
_AMP_PATH = re.compile(r"(?<=.)(/amp|\.amp(?=\.html?$|$))/?|^/amp(?=/.)", re.IGNORECASE)
_INDEX = re.compile(r"/(index|default)\.(x?html?|shtml|php\d?|aspx?|jspx?|cfm)$", re.IGNORECASE)
_PATH_SESSION = re.compile(rf";(?:{_SESSION.pattern})=[^/;]*", re.IGNORECASE)
_SLASH = re.compile("%2[fF]")
_NOTHING_TO_ESCAPE = re.compile(r"[\w.~-]*", re.ASCII)
_PATH_SAFE = ":@!$&'()*+,;=~"
_QUERY_SAFE = ":@!$'()*,;/?~"


def tracks(parameter: str) -> bool:
    """Whether a parameter (`name=value` or `name`) only tells who sent a reader there."""
    return bool(_TRACKING.fullmatch(parameter.partition("=")[0]) or _SHARED_FROM.fullmatch(parameter))


@lru_cache(maxsize=4096)
def same_page(url: str) -> str:
    """What is equal for all addresses of one page; empty for what is no http(s) address.

    Left out are the scheme, default ports, `www.` and mobile hosts, AMP's hosts, paths and parameters, index files,
    trailing slashes, tracking and session parameters, the order of the others, and fragments that are no routes.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    if (host.endswith(".ampproject.org") or _is_search(host)) and (cached := _AMP_CACHE.match(parts.path)):
        return same_page(f"https://{cached[1]}" + (f"?{parts.query}" if parts.query else ""))
    place = _host(host) + (f":{port}" if port not in (None, 80, 443) else "")
    query = _query(parts.query)
    route = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    return f"{place}{_path(parts.path)}" + (f"?{query}" if query else "") + route


def _is_search(host: str) -> bool:
    """Whether a host may be a search engine's, which show AMP pages below `/amp/s/`."""
    return re.fullmatch(r"(www\.)?(google|bing)(\.[a-z]{2,3}){1,2}", host) is not None


def _host(host: str) -> str:
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode("ascii")
    host = host.lower()
    stripped = _HOST_PREFIX.sub("", host, count=1) if _HOST_PREFIX.match(host) else host
    return _INNER_MOBILE.sub("", stripped, count=1)


def _path(path: str) -> str:
    path = _PATH_SESSION.sub("", path)
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            # An encoded slash or percent sign is no slash: both stay encoded.
            kept.append("%2F".join(map(_escaped_part, _SLASH.split(part))))
    joined = "/" + "/".join(kept)
    joined = _AMP_PATH.sub("", joined, count=1) or "/"
    return _INDEX.sub("", joined).rstrip("/")


def _escaped_part(part: str) -> str:
    return part if _NOTHING_TO_ESCAPE.fullmatch(part) else quote(unquote_to_bytes(part), safe=_PATH_SAFE)


def _query(query: str) -> str:
    return "&".join(
        sorted("=".join(map(_escaped, part.split("=", 1))) for part in query.split("&") if part and not _is_noise(part))
    )


def _is_noise(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    return tracks(parameter) or bool(_SESSION.fullmatch(name) or _SENT_FROM.fullmatch(parameter))


def _escaped(text: str) -> str:
    """Escapes written one way; as bytes, since not every site writes UTF-8."""
    return quote(unquote_to_bytes(text.replace("+", "%20")), safe=_QUERY_SAFE)
