"""What may stand behind a key: durations, hours, zones, addresses; each refusal says what to write instead."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from pydantic import AfterValidator, BeforeValidator

from publisher.domain.feed import RESERVED_SLUGS
from publisher.domain.newsletter import Mailbox
from publisher.domain.schedule import Cadence, parse_cadence
from publisher.feeds.clean import web_address

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw]\s*)+")
_PLAIN_ADDRESS = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
_LONGEST_ADDRESS = 254
_SEPARATOR = re.compile("[-_.]")
_LONGEST_SLUG = 200  # bytes: with an extension it may become the name of a file, of which 255 are the most
_SLUG = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to this one, or nothing when none is near."""
    spellings = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), spellings, n=1, cutoff=0.6)
    return spellings[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A half-sentence that names the nearest known word, else all of them."""
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return f'did you mean "{near}"?'
    return f"known are {', '.join(names)}" if names else "none is defined"


def parse_duration(value: object) -> timedelta:
    """A duration such as `30s`, `15m`, `1h`, `1h30m`, `2d`; a bare 0 needs no unit."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "0":
        return timedelta(0)
    if isinstance(value, bool) or not _DURATION.fullmatch(text):
        raise ValueError('write a number with its unit, in quotes: "30s", "15m", "1h", "1h30m", "2d"')
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
    return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta(0))


def parse_days(value: object) -> timedelta:
    """A number of days, or a duration."""
    if isinstance(value, int) and not isinstance(value, bool):
        return timedelta(days=value)
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        return timedelta(days=int(text))
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError("write a number of days, such as 14") from None


def parse_hour(value: object) -> time:
    """An hour of the day: 7, "7" or "07:30"."""
    if isinstance(value, datetime):
        raise ValueError('write an hour alone: 7 or "07:30"')
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    match = re.fullmatch(r"(\d{1,2})(?::([0-5]\d))?", str(value).strip())
    if isinstance(value, bool) or not match or int(match[1]) > 23:
        raise ValueError('write an hour from 0 to 23, or hours and minutes in quotes: 7 or "07:30"')
    return time(int(match[1]), int(match[2] or 0))


def parse_address(text: str) -> str:
    """An e-mail address as it is written on the wire (RFC 5321); whether its domain answers is not asked."""
    text = text.strip()
    plain = _PLAIN_ADDRESS.fullmatch(text)
    if plain and len(text) <= _LONGEST_ADDRESS:
        return f"{plain[1]}@{_domain(plain[2])}"
    return _validated(text).normalized


@lru_cache(maxsize=10_000)
def _domain(name: str) -> str:
    """A domain as addresses write it: judged once, as a list of readers has few and judging is slow."""
    return _validated(f"x@{name}").domain


def _validated(address: str) -> ValidatedEmail:
    try:
        return validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"no e-mail address: {str(error).rstrip('.')}; write name@example.org") from None


def parse_mailbox(value: object) -> Mailbox:
    """An address with or without a name: `Harbour News <news@example.org>` (RFC 5322, section 3.4)."""
    if isinstance(value, Mailbox):
        return value
    text = str(value)
    if not text.isprintable():
        raise ValueError('write one line: "Name <name@example.org>"')
    name, address = parseaddr(text)
    if not address:
        raise ValueError('write "Name <name@example.org>"')
    mailbox = Mailbox(parse_address(address), name)
    Address(display_name=name, addr_spec=mailbox.address)
    return mailbox


def check_url(text: str) -> str:
    """An absolute http or https address."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"no address ({error}); write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError("write a whole address that begins with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("write the address without a user and a password: it is shown to readers, and kept in logs")
    return text


def check_base_url(text: str) -> str:
    """The site's own address as a URI (RFC 3986), without query and fragment; a slash at its end is dropped.

    Internationalised ones (RFC 3987) are mapped, so that it is written alike wherever it stands.
    """
    check_url(text)
    if urlsplit(text).query or urlsplit(text).fragment:
        raise ValueError(f"write the address without ? and #: {text.partition('?')[0].partition('#')[0]}")
    address = (web_address(text) or "").rstrip("/")
    if not address:
        raise ValueError("write an address such as https://news.example.org")
    if any(part in ("", ".", "..") for part in urlsplit(address).path.split("/")[1:]):
        raise ValueError("write the address without . and .. and without two slashes: clients ask for it without")
    return address


def check_zone(name: str) -> str:
    """A time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        near = nearest(name, available_timezones()) or "Europe/Berlin"
        raise ValueError(f'no time zone; write a name of the IANA list such as "{near}"') from None
    return name


def check_language(tag: str) -> str:
    """A language tag (RFC 5646), such as `en`, `zh-CN` or `pt-BR`."""
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError('no language tag; write "en", "zh-CN", "pt-BR"')
    return tag


def check_slug(text: str) -> str:
    """A name that stands in addresses."""
    if not _SLUG.fullmatch(text):
        raise ValueError('it stands in addresses: write small letters a-z, digits and - only, such as "harbour-news"')
    return text


def check_feed_slug(text: str) -> str:
    """A feed's slug, in any script and composed (NFC), as clients send it: none that the program serves by itself."""
    text = unicodedata.normalize("NFC", text)
    parts = _SEPARATOR.split(text)
    if not all(map(_is_name, parts)) or text != text.lower() or len(text.encode()) > _LONGEST_SLUG:
        raise ValueError(
            "it stands in addresses: write small letters and digits of any script, and - between them, not too long, "
            'such as "harbour-news" or "港口"'
        )
    if text in RESERVED_SLUGS:
        raise ValueError(f"is taken by publisher itself, as are {', '.join(sorted(RESERVED_SLUGS))}; choose another")
    return text


def _is_name(text: str) -> bool:
    """Whether a text has letters, their marks and digits alone."""
    return bool(text) and all(unicodedata.category(char)[0] in "LMN" for char in text)


def check_endpoint(text: str) -> str:
    """A single host and port, as the address guard opens them."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError('write host:port, such as "127.0.0.1:8081"')
    return text


def check_network(text: str) -> str:
    """An address, or a network of them."""
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError('write an address or a network, such as "127.0.0.1" or "10.0.0.0/8"') from None


def check_line(text: str) -> str:
    """Text of one line that isn't empty."""
    if not text.strip() or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("write one line of text")
    return text.strip()


def _cadence(value: object) -> Cadence:
    return value if isinstance(value, Cadence) else parse_cadence(str(value))


def _text_first(parse: Callable[[Any], Any]) -> BeforeValidator:
    return BeforeValidator(parse)


Line = Annotated[str, AfterValidator(check_line)]
Duration = Annotated[timedelta, _text_first(parse_duration)]
Days = Annotated[timedelta, _text_first(parse_days)]
Hour = Annotated[time, _text_first(parse_hour)]
Sender = Annotated[Mailbox, _text_first(parse_mailbox)]
Rhythm = Annotated[Cadence, _text_first(_cadence)]
Url = Annotated[str, AfterValidator(check_url)]
BaseUrl = Annotated[str, AfterValidator(check_base_url)]
Zone = Annotated[str, AfterValidator(check_zone)]
Language = Annotated[str, AfterValidator(check_language)]
Slug = Annotated[str, AfterValidator(check_slug)]
FeedSlug = Annotated[str, AfterValidator(check_feed_slug)]
Network = Annotated[str, AfterValidator(check_network)]
Endpoint = Annotated[str, AfterValidator(check_endpoint)]
