"""The log: one line per event on stderr, as text on a terminal, as JSON elsewhere, and nothing in it that is secret.

Lines of the libraries go the same way, from warnings up.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from publisher.settings import LogConfig

_QUIET = (
    "alembic",
    "apscheduler",
    "asyncio",
    "httpcore2",
    "httpx2",
    "premailer",
    "cssutils",
    "CSSUTILS",
    "trafilatura",
)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=/*]+@[\w\[][\w.:\]-]*")
_URL_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{22}(?=[\s?#&\"'>]|$)")


def configure(config: LogConfig, stream: TextIO | None = None) -> None:
    """Set up logging for this process. Called once, by the command that runs."""
    stream = stream or sys.stderr
    as_json = config.format == "json" or (config.format == "auto" and not stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _plain_exceptions, redact]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*ending, renderer]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("publisher").setLevel(config.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def _plain_exceptions(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A traceback as text, so that `redact` sees it."""
    return structlog.processors.format_exc_info(logger, method, event)


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Strike addresses, passwords and link tokens out of everything that is logged above DEBUG."""
    if event.get("level") == "debug":
        return event
    return {key: _struck(value) for key, value in event.items()}


def _struck(value: Any) -> Any:
    match value:
        case str():
            return without_addresses(value)
        case list() | tuple():
            return [_struck(item) for item in value]
        case dict():
            return {key: _struck(item) for key, item in value.items()}
        case BaseException():
            return without_addresses(str(value))
        case _:
            return value


def without_addresses(text: str) -> str:
    """The text with e-mail addresses, passwords in URLs and our 22-character tokens struck out."""
    text = _URL_PASSWORD.sub("***@", text)
    text = _ADDRESS.sub("<address>", text)
    return _TOKEN.sub("<token>", text)
