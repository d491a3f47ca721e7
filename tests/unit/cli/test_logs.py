"""The log is one line per event, and holds no address, password or token."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from publisher.cli.logs import configure, without_addresses
from publisher.settings import LogConfig


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, ours = root.handlers[:], root.level, logging.getLogger("publisher").level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("publisher").setLevel(ours)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_elsewhere_than_on_a_terminal_the_log_is_json() -> None:
    stream = io.StringIO()
    configure(LogConfig("auto", "info"), stream)
    structlog.get_logger("publisher.x").info("collect", what="source 港口", outcome="2 new")
    structlog.get_logger("publisher.x").debug("hidden")
    (line,) = lines(stream)
    assert line.pop("timestamp")
    assert line == {"event": "collect", "what": "source 港口", "outcome": "2 new", "level": "info"}
    assert "港口" in stream.getvalue()


def test_on_a_terminal_it_is_text() -> None:
    stream = Terminal()
    configure(LogConfig("auto", "info"), stream)
    structlog.get_logger("publisher.x").warning("collect", what="source a")
    assert "collect" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_form_may_be_chosen() -> None:
    stream = Terminal()
    configure(LogConfig("json", "warning"), stream)
    structlog.get_logger("publisher.x").info("hidden")
    structlog.get_logger("publisher.x").warning("shown")
    assert [line["event"] for line in lines(stream)] == ["shown"]


def test_libraries_go_the_same_way_from_warnings_up() -> None:
    stream = io.StringIO()
    configure(LogConfig("json", "debug"), stream)
    logging.getLogger("publisher.web").info("not ready: %s", "no disk")
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.error").warning("odd request")
    logging.getLogger("apscheduler.scheduler").warning("missed")
    assert [line["event"] for line in lines(stream)] == ["not ready: no disk", "odd request"]


def test_addresses_are_struck_out_everywhere_in_an_event() -> None:
    stream = io.StringIO()
    configure(LogConfig("json", "debug"), stream)
    log = structlog.get_logger("publisher.x")
    try:
        raise ValueError("no such user <ada@example.org>")
    except ValueError as error:
        log.exception(
            "550 ada@example.org unknown", error=error, several=["bo@example.org"], deep={"a": "cy@b.example"}
        )
    logging.getLogger("other").error("lost mail for ada@example.org")
    assert "ValueError" in stream.getvalue()
    for word in ("ada@", "bo@", "cy@"):
        assert word not in stream.getvalue()


def test_debug_shows_what_is_there() -> None:
    stream = io.StringIO()
    configure(LogConfig("json", "debug"), stream)
    structlog.get_logger("publisher.x").debug("RCPT TO ada@example.org")
    assert "ada@example.org" in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("delivery 7: address dead: 550 <ada@example.org>", "delivery 7: address dead: 550 <<address>>"),
        ("postgresql://me:geheim@db.example/p", "postgresql://***@db.example/p"),
        ("GET /unsubscribe/AQAAAAAAqQiQHrxzwc86cg", "GET /unsubscribe/<token>"),
        ("用户@例子.广告 rests", "<address> rests"),
        ("https://blog.example.org/a-long-slug-of-an-article", "https://blog.example.org/a-long-slug-of-an-article"),
        ("source a-name-of-22-characters", "source a-name-of-22-characters"),
        ("2 new, 0 edited of 14 articles", "2 new, 0 edited of 14 articles"),
    ],
)
def test_what_is_struck_out_of_a_text(text: str, shown: str) -> None:
    assert without_addresses(text) == shown
