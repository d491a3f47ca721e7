"""The errors that people meet: each message is a sentence that says what, where and what to do.

Bad input exits with 2, a failed step with 1. Nothing here is caught to hide it.
"""

from dataclasses import dataclass
from datetime import timedelta


class PublisherError(Exception):
    """Something an operator can mend; shown as one line, never as a traceback."""

    exit_code = 1


class UsageError(PublisherError):
    """Input that can't be used: the message names the field, the value and the remedy."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the configuration: where it stands, what was read, and what to write instead."""

    file: str
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        shown = f" = {_in_line(self.value)}" if self.value else ""
        return f"{self.file}: {_in_line(self.key)}{shown}: {_in_line(self.remedy)}"


def _in_line(text: str) -> str:
    """What was read may be long and hold line ends; a fault is one line."""
    line = " ".join(text[:1000].split())
    return line if len(line) <= 400 else f"{line[:399]}…"


class ConfigError(UsageError):
    """The configuration has faults; all of them are reported at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class SourceError(PublisherError):
    """A source could not be read; other sources are not touched by it.

    `status` is that of HTTP, `gone` a 410; `postponed` is our own waiting, no fault of the source.
    """

    def __init__(
        self,
        source: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        gone: bool = False,
        postponed: bool = False,
    ):
        super().__init__(f"source {source}: {reason}")
        self.source = source
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.gone = gone
        self.postponed = postponed


class AddressError(PublisherError):
    """An address that somebody typed can't be fetched, or offers nothing."""

    def __init__(self, url: str, reason: str):
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class TransportError(PublisherError):
    """No session with a relay could be had, or the run must stop (authentication)."""

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: timedelta | None = None):
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after


class TemplateError(PublisherError):
    """A template can't be read or rendered; the message names file and line."""

    exit_code = 2


class StorageError(PublisherError):
    """The database can't be opened or written; the message names the remedy."""


class BusyError(PublisherError):
    """Another process is the runner of this database."""
