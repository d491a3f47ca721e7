"""Settings: one TOML file and the variables laid over it become the frozen values of the rooms below.

`load` reports every fault at once. A variable is named after its key, `PUBLISHER__MAIL__TRANSPORT`; a table of a list
by its number (from 0) or its name, `PUBLISHER__RELAY__MAIN__HOST`; a secret may stand in a file that
`PUBLISHER__RELAY__0__PASSWORD_FILE` or `PUBLISHER__DATABASE__URL_FILE` names.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from publisher.errors import ConfigError, Fault
from publisher.settings.checks import check_together
from publisher.settings.config import (
    ExampleConfig,
    LogConfig,
    MailConfig,
    Settings,
    WebConfig,
    build,
    sqlite_file,
    until_restart,
)
from publisher.settings.faults import faults_of
from publisher.settings.reading import Raw, read
from publisher.settings.tables import Document

__all__ = ["ExampleConfig", "LogConfig", "MailConfig", "Settings", "WebConfig", "load", "sqlite_file", "until_restart"]


def load(file: Path, environ: Mapping[str, str]) -> Settings:
    """The configuration of a file and of variables.

    Raises ConfigError with all faults, UsageError when the file can't be read.
    """
    raw = read(file, environ)
    document, refused = _judge(raw)
    faults = [*raw.faults, *refused, *check_together(raw)]
    if document is None or faults:
        raise ConfigError(_once(faults))
    return build(document, file)


def _judge(raw: Raw) -> tuple[Document | None, list[Fault]]:
    try:
        return Document.model_validate(raw.tables), []
    except ValidationError as error:
        return None, faults_of(error, raw)


def _once(faults: list[Fault]) -> list[Fault]:
    """One fault for each place: the first says it best."""
    return list({(fault.file, fault.key, fault.value): fault for fault in reversed(faults)}.values())[::-1]
