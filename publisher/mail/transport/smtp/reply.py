"""Replies of an SMTP server (RFC 5321, section 4.2), read from bytes that come in any portions."""

import re
from dataclasses import dataclass

LONGEST_LINE = 4096
"""More than any server sends (RFC 5321, section 4.5.3.1.5 allows 512)."""
LONGEST_REPLY = 64 * 1024
SHOWN = 500

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A code, and the texts of its lines as they came."""

    code: int
    lines: tuple[bytes, ...] = (b"",)

    @property
    def text(self) -> str:
        """The lines joined by spaces, without control characters, at most `SHOWN` characters."""
        return _shown(b" ".join(self.lines))

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class ReplyReader:
    """Cuts replies out of a stream."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._code = b""
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._rest = self._rest + data if self._rest else data

    def next_reply(self) -> Reply | None:
        """The next whole reply; raises ValueError when what came is none."""
        while True:
            line, newline, rest = self._rest.partition(b"\n")
            if len(line) > LONGEST_LINE:
                raise ValueError("the relay sent an endless line")
            if not newline:
                return None
            self._rest = rest
            reply = self._take(line.removesuffix(b"\r"))
            if reply is not None:
                return reply

    def _take(self, line: bytes) -> Reply | None:
        match = _LINE.fullmatch(line)
        if match is None or self._code not in (b"", match[1]):
            raise ValueError(f"the relay sent what is no SMTP reply: {_shown(line)[:80]!r}")
        code, dash, text = match.groups(b"")
        if dash != b"-" and not self._lines:
            return Reply(int(code), (text,))
        self._size += len(line)
        if self._size > LONGEST_REPLY:
            raise ValueError("the relay sent an endless reply")
        self._lines.append(text)
        self._code = code
        if dash == b"-":
            return None
        reply = Reply(int(code), tuple(self._lines))
        self._lines, self._code, self._size = [], b"", 0
        return reply


def _shown(text: bytes) -> str:
    """Bytes of the server as a line that may be stored and printed."""
    shown = text[: 4 * SHOWN].decode("utf-8", "replace")
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    return shown[:SHOWN].strip()
