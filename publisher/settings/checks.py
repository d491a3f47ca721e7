"""Faults that only show when tables are seen together: names that don't exist, or exist twice, mail that can't leave.

The checks read what was written, not what pydantic made of it, so that a fault elsewhere hides none of theirs.
"""

import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from publisher.domain.source import SourceKind
from publisher.errors import Fault
from publisher.i18n import CATALOGUES
from publisher.settings.reading import Raw, secret_in
from publisher.settings.requests import check_field_value, check_proxy, header_faults, parse_headers
from publisher.settings.values import did_you_mean, parse_mailbox
from publisher.sources.http.manners import host_of
from publisher.sources.text.selecting import BadSelector, select
from publisher.templating import shipped_templates

LISTING_SELECTORS = frozenset({"item", "link", "title", "date", "day", "summary", "author", "tags"})
ARTICLE_SELECTORS = frozenset(
    {"article_title", "article_body", "article_author", "article_date", "article_tags", "article_remove"}
)

SHORTEST_TOKEN = 20
"""How many characters the token of a pushed source has at least."""

_FREEMAIL = """
126.com 139.com 163.com 189.cn aol.com foxmail.com gmail.com gmx.com gmx.de gmx.net googlemail.com hotmail.com
icloud.com live.com mac.com mail.ru me.com msn.com naver.com outlook.com proton.me protonmail.com qq.com
rocketmail.com sina.cn sina.com sohu.com t-online.de web.de yahoo.co.jp yahoo.com yandex.com yandex.ru yeah.net
ymail.com zoho.com
"""
FREEMAIL = frozenset(_FREEMAIL.split())
"""Providers whose DMARC policy or rules leave no room for mail that another server sends in their name."""


def check_together(raw: Raw) -> list[Fault]:
    """All such faults."""
    return [
        *_doubles(raw),
        *_renamed(raw),
        *_unknown_sources(raw),
        *_places(raw),
        *_selectors(raw),
        *_database(raw),
        *_mail(raw),
        *_secrets(raw),
        *_pushed(raw),
        *_requests(raw),
        *_groups(raw),
        *_files(raw),
        *_looks(raw),
        *_locales(raw),
        *_ports(raw),
    ]


def _doubles(raw: Raw) -> Iterator[Fault]:
    for table, key in (("source", "name"), ("relay", "name"), ("feed", "slug"), ("newsletter", "slug")):
        seen: set[str] = set()
        for number, item in raw.items(table):
            name = item.get(key)
            if isinstance(name, str) and name in seen:
                yield raw.fault((table, number, key), "is used twice; give each its own", name)
            elif isinstance(name, str):
                seen.add(name)


def _renamed(raw: Raw) -> Iterator[Fault]:
    """A name leads to one feed only, whether it has it or had it."""
    taken = {item.get("slug"): "another feed's name now" for _, item in raw.items("feed")}
    for number, item in raw.items("feed"):
        before = item.get("previous_slugs")
        for slug in before if isinstance(before, list) else ():
            # A feed that went back to a name has it twice: the first in the list is what its id comes from.
            if slug == item.get("slug"):
                continue
            if isinstance(slug, str) and (why := taken.get(slug)):
                yield raw.fault(("feed", number, "previous_slugs"), f"{slug!r} is {why}; leave it out", slug)
            taken[slug if isinstance(slug, str) else None] = "another feed's former name"


def _unknown_sources(raw: Raw) -> Iterator[Fault]:
    known = [item["name"] for _, item in raw.items("source") if isinstance(item.get("name"), str)]
    for table in ("feed", "newsletter"):
        for number, item in raw.items(table):
            unwanted = item.get("not")
            yield from _named(raw, (table, number, "sources"), item, known)
            if isinstance(unwanted, Mapping):
                yield from _named(raw, (table, number, "not", "sources"), unwanted, known)


def _named(raw: Raw, where: tuple[str, ...], item: Mapping[str, Any], known: list[str]) -> Iterator[Fault]:
    names = item.get("sources")
    for name in names if isinstance(names, list) else []:
        if isinstance(name, str) and name not in known:
            yield raw.fault(where, f"no [[source]] has this name; {did_you_mean(name, known)}", name)


def _places(raw: Raw) -> Iterator[Fault]:
    """A source is read from an address or from a folder, as its kind says."""
    for number, item in raw.items("source"):
        kind = item.get("kind")
        needed, other = ("path", "url") if kind == "folder" else ("url", "path")
        if kind in list(SourceKind):
            if needed not in item and kind != "push":
                yield raw.fault(("source", number, needed), f"is missing; a {kind} is read from its {needed}")
            if other in item:
                yield raw.fault(
                    ("source", number, other), f"a {kind} has no {other}; write {needed} instead", item[other]
                )


_READ_PAGES = frozenset({"feed", "sitemap", "folder", "push"})
"""Kinds whose selectors are for the pages of articles alone."""


def _selectors(raw: Raw) -> Iterator[Fault]:
    for number, item in raw.items("source"):
        given = item.get("selectors", {})
        if not isinstance(given, Mapping):
            continue
        known = ARTICLE_SELECTORS if item.get("kind") in _READ_PAGES else ARTICLE_SELECTORS | LISTING_SELECTORS
        for key, css in given.items():
            where = ("source", number, "selectors", key)
            if key not in known:
                yield raw.fault(where, f"unknown selector; {did_you_mean(key, known)}")
            elif isinstance(css, str) and not is_css(css):
                yield raw.fault(where, 'no valid CSS selector; write one such as "article.story" or "h2 a"', css)
        if item.get("kind") == "listing" and "item" not in given and LISTING_SELECTORS & given.keys():
            remedy = (
                'is missing; write the CSS selector of one line of the list: selectors = { item = "article" }, '
                "or leave out all of these, and the list is found by itself"
            )
            yield raw.fault(("source", number, "selectors", "item"), remedy)


def is_css(text: str) -> bool:
    """Whether a text is a CSS selector that our readers can use."""
    try:
        select(HtmlElement(), {"": text}, "")
    except BadSelector:
        return False
    return bool(text.strip())


def _database(raw: Raw) -> Iterator[Fault]:
    url = raw.value("database", "url")
    if isinstance(url, str) and not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        remedy = "write sqlite:///file.db (relative to this file) or postgresql://user@host/name"
        yield raw.fault(("database", "url"), remedy, url if "@" not in url else None)


def _mail(raw: Raw) -> Iterator[Fault]:
    if raw.value("mail", "transport") != "smtp":
        return
    base_url = raw.value("site", "base_url")
    if not isinstance(base_url, str):
        remedy = (
            "is missing: mail needs links that work elsewhere; write the address under which readers reach this site"
        )
        yield raw.fault(("site", "base_url"), remedy)
    elif is_local(base_url):
        yield raw.fault(
            ("site", "base_url"), 'readers can\'t reach it; mail.transport = "smtp" needs a public one', base_url
        )
    relays = raw.items("relay")
    if not relays:
        yield raw.fault(("mail", "transport"), "needs a [[relay]] with the host that takes the mail", "smtp")
    for number, _ in relays[1:]:
        yield raw.fault(("relay", number), "one relay at a time is used; remove this one")
    for number, item in raw.items("newsletter"):
        domain = sender_domain(item.get("from"))
        if domain in FREEMAIL:
            remedy = f"{domain} lets nobody else send in its name; use an address of a domain of your own"
            yield raw.fault(("newsletter", number, "from"), remedy, item.get("from"))


def _secrets(raw: Raw) -> Iterator[Fault]:
    for number, item in raw.items("relay"):
        name = item.get("password_file")
        if name and item.get("password") and not raw.variable(("relay", number, "password")):
            remedy = "password is given too; keep one of the two, better the file"
            yield raw.fault(("relay", number, "password_file"), remedy, name)
        if isinstance(name, str) and name and not item.get("password"):
            try:
                secret_in(raw.file.parent / name)
            except ValueError as error:
                yield Fault(str(raw.file), raw.key(("relay", number, "password_file")), name, str(error))
        if item.get("user") and "password" not in item and not name:
            yield raw.fault(("relay", number, "password_file"), "is missing; name the file that holds the password")


def _pushed(raw: Raw) -> Iterator[Fault]:
    """A source that is pushed needs a token, which no other kind has; patterns of paths are for sitemaps."""
    for number, item in raw.items("source"):
        kind, token, file = item.get("kind"), item.get("token"), item.get("token_file")
        if kind != "push":
            for key in ("token", "token_file"):
                if item.get(key):
                    yield raw.fault(("source", number, key), 'only a source of kind = "push" has one; remove it')
        elif not token and not file:
            remedy = "is missing; name the file that holds the token which pushes must show (openssl rand -hex 32)"
            yield raw.fault(("source", number, "token_file"), remedy)
        elif token and file and not raw.variable(("source", number, "token")):
            yield raw.fault(
                ("source", number, "token_file"), "token is given too; keep one of the two, better the file"
            )
        elif remedy := _weak_token(raw, token, file):
            yield raw.fault(("source", number, "token" if token else "token_file"), remedy)
        for key in ("include", "exclude"):
            if kind != "sitemap" and item.get(key):
                yield raw.fault(("source", number, key), 'only a source of kind = "sitemap" has it; remove it')


def _weak_token(raw: Raw, token: object, file: object) -> str:
    """What is wrong with a token, or nothing."""
    if not token:
        try:
            token = secret_in(raw.file.parent / str(file))
        except ValueError as error:
            return str(error)
    text = str(token)
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        return f"write at least {SHORTEST_TOKEN} letters and digits without spaces (openssl rand -hex 32 makes them)"
    return ""


def _requests(raw: Raw) -> Iterator[Fault]:
    """What the requests of a source carry: usable, given once, and only where something is requested."""
    judges: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("headers", parse_headers),
        ("cookie", check_field_value),
        ("proxy", check_proxy),
    )
    for number, item in raw.items("source"):
        for key, judge in judges:
            where, file = ("source", number, key), ("source", number, f"{key}_file")
            if item.get("kind") == "folder" and (item.get(key) or item.get(file[2])):
                yield raw.fault(where, "a folder is read from disk: leave it out")
                continue
            if item.get(key) and item.get(file[2]):
                yield raw.fault(file, f"{key} is given too; keep one of the two, better the file")
            try:
                _judge_request(raw, item, key, judge)
            except ValueError as error:
                yield raw.fault(where if item.get(key) else file, str(error))
            if isinstance(given := item.get(key), Mapping):
                faults = header_faults({str(name): str(value) for name, value in given.items()})
                yield from (raw.fault((*where, name), remedy) for name, remedy in faults.items())


def _judge_request(raw: Raw, item: Mapping[str, Any], key: str, judge: Callable[[str], object]) -> None:
    """Raises ValueError for what stands at a key, or in the file that it names"""
    given, file = item.get(key), item.get(f"{key}_file")
    if isinstance(given, str) and given:
        judge(given)
    if isinstance(file, str) and file:
        judge(secret_in(raw.file.parent / file))


def _groups(raw: Raw) -> Iterator[Fault]:
    """A host is in one rate group at most."""
    groups: dict[str, str] = {}
    for number, item in raw.items("source"):
        group, url = item.get("rate_group"), item.get("url")
        if not isinstance(group, str) or not isinstance(url, str):
            continue
        host = host_of(url)
        if groups.setdefault(host, group) != group:
            remedy = f'{host} is in the group "{groups[host]}" already; a host is in one group'
            yield raw.fault(("source", number, "rate_group"), remedy, group)


def _files(raw: Raw) -> Iterator[Fault]:
    for number, item in raw.items("source"):
        path = item.get("path")
        if item.get("kind") == "folder" and isinstance(path, str) and not _is_folder(raw, path):
            yield raw.fault(("source", number, "path"), "there is no such folder (relative to this file)", path)
    for number, item in raw.items("relay"):
        ca_file = item.get("ca_file")
        if isinstance(ca_file, str) and ca_file and not (raw.file.parent / ca_file).is_file():
            yield raw.fault(("relay", number, "ca_file"), "there is no such file (relative to this file)", ca_file)
    if "example" in raw.tables:
        folder = raw.value("example", "folder") or "example"
        if isinstance(folder, str) and not _is_folder(raw, folder):
            yield raw.fault(("example", "folder"), "there is no such folder (relative to this file)", folder)
    templates = raw.value("site", "templates")
    if isinstance(templates, str) and templates and not _is_folder(raw, templates):
        yield raw.fault(("site", "templates"), "there is no such folder (relative to this file)", templates)


def _looks(raw: Raw) -> Iterator[Fault]:
    """A newsletter's look is a folder of templates, ours or the operator's."""
    own = raw.value("site", "templates")
    folders = [shipped_templates(), *([raw.file.parent / own] if isinstance(own, str) and own else [])]
    known = {look.name for folder in folders for look in folder.glob("digest/*/")}
    for number, item in raw.items("newsletter"):
        look = item.get("template")
        if isinstance(look, str) and look not in known:
            yield raw.fault(
                ("newsletter", number, "template"), f"no look of this name; {did_you_mean(look, known)}", look
            )


def _locales(raw: Raw) -> Iterator[Fault]:
    """A mail speaks only languages that there is a catalogue for; without one it would be English."""
    known = {"en": "en", **{primary: tag for primary, (_, tag) in CATALOGUES.items()}}
    for number, item in raw.items("newsletter"):
        locales = item.get("locales")
        for locale in locales if isinstance(locales, list) else []:
            if isinstance(locale, str) and locale.partition("-")[0].lower() not in known:
                remedy = f"the mail's own words exist in {', '.join(known.values())}"
                yield raw.fault(("newsletter", number, "locales"), remedy, locale)


def _ports(raw: Raw) -> Iterator[Fault]:
    if "example" not in raw.tables:
        return
    web, example = raw.value("web", "port") or 8080, raw.value("example", "port") or 8081
    if str(web) == str(example):
        yield raw.fault(("example", "port"), "is the port of [web] too; choose another", example)


def _is_folder(raw: Raw, path: str) -> bool:
    # Not Path.is_dir: that raises for a folder inside one that can't be read.
    return os.path.isdir(raw.file.parent / path)


def is_local(url: str) -> bool:
    """Whether an address leads only to this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def sender_domain(value: object) -> str:
    """The domain of a sender as it was written, in small letters; nothing when it is no address."""
    try:
        return parse_mailbox(value).domain.lower() if isinstance(value, str) else ""
    except ValueError:
        return ""
