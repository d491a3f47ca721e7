"""Header fields (RFC 5322, RFC 2047) from values that may come from outside.

The standard library's policy decodes what looks like an encoded word in a value, and encodes what it can't fold, so
names and subjects are encoded here, and what must stay as it is (addresses, links, ids) is never encoded at all.
"""

import re
from email.header import Header

import idna

from publisher.domain.newsletter import Mailbox
from publisher.errors import UsageError
from publisher.mail.text import one_line

WIDTH = 76
"""Columns of a line; an encoded word is at most 75 (RFC 2047, section 2)."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')


def text_field(name: str, value: str) -> str:
    """A field of free text, such as Subject, with its line end."""
    value = one_line(value)
    return f"{name}: {_folded(name, value) if _is_plain(value) else _encoded(name, value)}\r\n"


def mailbox_field(name: str, mailbox: Mailbox) -> str:
    """From or Reply-To. Raises UsageError for an address that mail can't carry."""
    return named_field(name, mailbox.name, ascii_address(mailbox.address))


def named_field(name: str, phrase: str, spec: str) -> str:
    """A field of a name and what it names in angle brackets (RFC 5322, section 3.4; RFC 2919, section 2)."""
    phrase = one_line(phrase)
    if not phrase:
        return f"{name}: <{spec}>\r\n"
    phrase = _phrase(name, phrase)
    last = f"{name}: {phrase}".rpartition("\r\n")[2]
    gap = " " if len(last) + len(spec) + 3 <= WIDTH else "\r\n "
    return f"{name}: {phrase}{gap}<{spec}>\r\n"


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (RFC 5890). Raises UsageError for one that mail can't carry.

    A local part that is not ASCII needs SMTPUTF8 (RFC 6531) at every server on the way.
    """
    local, _, domain = address.strip().rpartition("@")
    if not local.isascii():
        raise UsageError("an address with other than ASCII characters before the @ can't be used: write another one")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as error:
            raise UsageError(f"the domain of an address is no domain name: {error}") from error
    plain = f"{local}@{domain}"
    if len(plain) > 254 or not _ADDRESS.fullmatch(plain):
        raise UsageError("an address is not of the form name@domain (RFC 5321, section 4.1.2): correct it")
    return plain


def _phrase(name: str, phrase: str) -> str:
    if not _is_plain(phrase):
        return _encoded(name, phrase)
    if not _SPECIALS.search(phrase):
        return _folded(name, phrase)
    quoted = '"' + phrase.replace("\\", r"\\").replace('"', r"\"") + '"'
    return quoted if len(quoted) <= WIDTH - len(name) - 2 else _encoded(name, phrase)


def _is_plain(value: str) -> bool:
    """Whether a value can stand as it is: short ASCII words, none of which a reader would decode."""
    return value.isascii() and "=?" not in value and all(len(word) < WIDTH // 2 for word in value.split(" "))


def _folded(name: str, value: str) -> str:
    """The value in lines: broken only at spaces, which unfolding gives back."""
    lines = [""]
    used = len(name) + 2
    for word in value.split(" "):
        gap = " " if used > len(name) + 2 or len(lines) > 1 else ""
        if used + len(gap) + len(word) > WIDTH:
            lines.append(f" {word}")
            used = len(word) + 1
        else:
            lines[-1] += gap + word
            used += len(gap) + len(word)
    return "\r\n".join(lines)


def _encoded(name: str, value: str) -> str:
    return Header(value, "utf-8", maxlinelen=WIDTH - 1, header_name=name).encode(linesep="\r\n")
