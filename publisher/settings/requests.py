"""What an owner may set for the requests of one source: header fields, a cookie, a proxy. All of it may be secret, so
no fault shows a value."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
_OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
}
"""Fields that this program sets itself, or never sends."""

_PROXIES = ("http", "https", "socks5", "socks5h")


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Header fields by name (RFC 9110, section 5.1). An underscore stands for a hyphen: variables know no other way.

    Raises ValueError with all faults.
    """
    if faults := header_faults(headers):
        raise ValueError("; ".join(faults.values()))
    return {_field_name(written): check_field_value(value) for written, value in headers.items()}


def header_faults(headers: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with header fields, by the names that have a fault."""
    faults = {}
    for written, value in headers.items():
        try:
            _field_name(written)
            check_field_value(value)
        except ValueError as error:
            faults[written] = str(error)
    return faults


def _field_name(written: str) -> str:
    name = written.replace("_", "-")
    if not _TOKEN.fullmatch(name):
        raise ValueError(f'{written!r} is no name of a header field; write one such as "X-Api-Key"')
    if name.lower() == "cookie":
        raise ValueError("write a cookie with the key cookie or cookie_file")
    if name.lower() in _OURS:
        raise ValueError(f"{name} is set by publisher itself or never sent; leave it out")
    return name


def check_field_value(value: str) -> str:
    """What may stand in a header field: one line, nothing that ends it."""
    if any(ord(char) < 32 or ord(char) == 127 for char in value.strip()) or not value.strip():
        raise ValueError("a header field holds one line of text")
    return value.strip()


def parse_headers(text: str) -> dict[str, str]:
    """Header fields as a file holds them, `Name: value` a line; empty lines and those that begin with # are left out.

    Raises ValueError with all faults.
    """
    headers, faults = {}, []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            faults.append(f"line {number} of the file is no header field; write one a line: Name: value")
        else:
            headers[name.strip()] = value
    if faults:
        raise ValueError("; ".join(faults))
    return check_headers(headers)


def check_proxy(text: str) -> str:
    """The address of a proxy, with a user and a password if it wants them."""
    remedy = "write the address of a proxy, such as http://proxy.example.org:3128 or socks5://127.0.0.1:9050"
    try:
        parts = urlsplit(text)
        known = parts.scheme in _PROXIES and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError(remedy) from None
    if not known or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(remedy)
    return text
