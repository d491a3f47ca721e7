"""What a site reserves, read where it says so: response headers, a page's head, robots.txt and /.well-known/.

Each sign is kept as evidence in its own words. What can't be understood reserves nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from protego import Protego

from publisher.domain.rights import NONE, Reservations
from publisher.sources.text import urls

AGENT = "publisher"
WELL_KNOWN = "/.well-known/tdmrep.json"
"""Where a host may keep its TDM reservations (TDMRep, section 4.2)."""

_EVIDENCE_CHARACTERS = 200
_EVIDENCE_SIGNS = 12
_SNIPPET = re.compile(r"max-snippet\s*[:=]\s*(-?\d{1,9})$")
_AGENT_PREFIX = re.compile(r"^\s*([A-Za-z][\w .+/-]{0,60}?)\s*:\s*(.*)$", re.DOTALL)
_DIRECTIVES = ("noarchive", "nosnippet", "none", "all", "noindex", "nofollow", "index", "follow", "unavailable_after")
_SIGNALS = re.compile(r"([a-z-]{1,40})\s*=\s*(yes|no)\b")
_LINE = re.compile(r"^[ \t]*([A-Za-z-]+)[ \t]*:[ \t]*([^#\r\n]*)", re.MULTILINE)


def from_headers(headers: Mapping[str, str]) -> Reservations:
    """What a response says: `X-Robots-Tag`, `tdm-reservation` and `tdm-policy`; names in lower case."""
    tag = headers.get("x-robots-tag", "")
    robots = _robots(_addressed(tag), f"X-Robots-Tag: {tag}")
    return robots | _tdm(headers.get("tdm-reservation"), headers.get("tdm-policy"), "header")


def from_page(root: HtmlElement, base: str | None) -> Reservations:
    """What a page says in `<meta name="robots">` (or one for us alone), `tdm-reservation` and `rel=license`."""
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").strip().lower()
        if name in ("robots", AGENT, "tdm-reservation", "tdm-policy"):
            named[name] = ", ".join(filter(None, (named.get(name), meta.get("content") or "")))
    said = [
        _robots(named.get(name, "").split(","), f'<meta name="{name}" content="{named.get(name)}">')
        for name in ("robots", AGENT)
    ]
    said.append(_tdm(named.get("tdm-reservation"), named.get("tdm-policy"), "meta"))
    said.extend(_licences(root, base))
    return _together(said)


def from_robots(text: str, path: str) -> Reservations:
    """What robots.txt says beside its rules: `License:` (RSL) and the `Content-Signal` of the group that holds for us.

    A `Content-Signal: /path search=no` holds below that path alone.
    """
    said = [
        Reservations(licence=address, evidence=_evidence(f"robots.txt License: {address}"))
        for name, value in _LINE.findall(text)
        if name.lower() == "license" and (address := urls.absolute(None, value.strip()))
    ]
    for value in _signals_for_us(text):
        below, given = _below(value)
        if path.startswith(below) and (signals := _SIGNALS.findall(given.lower())):
            pairs = tuple(sorted((name, word == "yes") for name, word in signals))
            said.append(Reservations(signals=pairs, evidence=_evidence(f"robots.txt Content-Signal: {value}")))
    return _together(said)


def from_well_known(text: str, path: str) -> Reservations:
    """What a host's tdmrep.json says of a path: the first location that matches, `*` and `$` as in robots.txt."""
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):
        return NONE
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, dict) or not isinstance(location := rule.get("location"), str):
            continue
        if _matches(location, path):
            policy = rule.get("tdm-policy")
            reserved = str(rule.get("tdm-reservation"))
            return _tdm(reserved, policy if isinstance(policy, str) else None, f"{WELL_KNOWN} {location}")
    return NONE


def _matches(location: str, path: str) -> bool:
    """Protego knows the pattern's rules; it is asked whether a file with that one rule forbids the path."""
    pattern = location if location.startswith(("/", "*")) else f"/{location}"
    one_line = "".join(char for char in pattern if char.isprintable())
    return not Protego.parse(f"User-agent: *\nDisallow: {one_line}").can_fetch(f"https://host.invalid{path}", "x")


def _together(said: Iterable[Reservations]) -> Reservations:
    return reduce(or_, said, NONE)


def _evidence(sign: str) -> tuple[str, ...]:
    return (" ".join(sign.split())[:_EVIDENCE_CHARACTERS],)


def _robots(directives: Iterable[str], sign: str) -> Reservations:
    """The directives of robots meta that limit what is shown. A negative limit is none, the smallest one holds."""
    words = {" ".join(word.lower().split()) for word in directives}
    limits = [int(match[1]) for word in words if (match := _SNIPPET.match(word)) and int(match[1]) >= 0]
    found = Reservations(
        noarchive=bool(words & {"noarchive", "nocache"}),
        nosnippet="nosnippet" in words,
        max_snippet=min(limits, default=None),
    )
    return found | Reservations(evidence=_evidence(sign)) if found != NONE else NONE


def _addressed(tag: str) -> Iterator[str]:
    """The directives of X-Robots-Tag that speak to all or to us: `googlebot: noarchive` is for somebody else."""
    ours = True
    for part in tag.split(","):
        directive = part
        match = _AGENT_PREFIX.match(part)
        if match and match[1].lower() not in ("max-snippet", "max-image-preview", "max-video-preview", *_DIRECTIVES):
            ours, directive = match[1].lower() in (AGENT, "*"), match[2]
        if ours:
            yield directive


def _tdm(reserved: str | None, policy: str | None, where: str) -> Reservations:
    if (reserved or "").strip() != "1":
        return NONE
    address = urls.absolute(None, (policy or "").strip())
    sign = f"{where}: tdm-reservation 1" + (f", policy {address}" if address else "")
    return Reservations(tdm=True, tdm_policy=address, evidence=_evidence(sign))


def _licences(root: HtmlElement, base: str | None) -> Iterator[Reservations]:
    """`<link rel=license>` in the head speaks of the page; an `<a>` in the text may speak of a photograph."""
    for link in root.iter("link"):
        if "license" in (link.get("rel") or "").lower().split() and (address := urls.absolute(base, link.get("href"))):
            yield Reservations(licence=address, evidence=_evidence(f'<link rel="license" href="{address}">'))
            return


def _signals_for_us(text: str) -> list[str]:
    """The Content-Signal lines of the groups that name us, else of those for all (RFC 9309, section 2.2.1)."""
    for_us: list[str] = []
    for_all: list[str] = []
    agents: set[str] = set()
    open_group = True
    for name, value in ((name.lower(), value.strip()) for name, value in _LINE.findall(text)):
        if name == "user-agent":
            agents = agents if open_group else set()
            agents.add(value.lower())
            open_group = True
            continue
        open_group = False
        if name == "content-signal":
            if AGENT in agents:
                for_us.append(value)
            elif "*" in agents or not agents:
                for_all.append(value)
    return (for_us or for_all)[:_EVIDENCE_SIGNS]


def _below(value: str) -> tuple[str, str]:
    """A Content-Signal's path, `/` when it names none, and its signals."""
    first, _, rest = value.partition(" ")
    return (urlsplit(first).path, rest) if first.startswith("/") else ("/", value)
