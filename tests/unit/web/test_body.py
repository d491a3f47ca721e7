"""A body is read no further than its limit, whatever its sender says of its length."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.types import Message

from publisher.web.body import TooLarge, read_body


def read(pieces: Sequence[bytes], limit: int, declared: str = "") -> tuple[bytes, int]:
    """The body, and how many pieces were left unread."""
    waiting: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return waiting.pop(0)

    headers = [(b"content-length", declared.encode())] if declared else []
    reading = read_body(Request({"type": "http", "headers": headers}, receive), limit)
    with ThreadPoolExecutor(1) as thread:
        # A loop of its own: in this thread one may be running, for a browser of other tests.
        return thread.submit(asyncio.run, reading).result(), len(waiting)


def test_a_body_within_its_limit_is_whole() -> None:
    assert read([b"ab", b"cd"], 4) == (b"abcd", 0)
    assert read([], 4) == (b"", 0)
    assert read([b"ab"], 4, "nonsense") == (b"ab", 0)


@pytest.mark.parametrize(
    ("pieces", "declared"), [([b"abc", b"de"], ""), ([b"abc", b"de"], "2"), ([], "5"), ([], "9" * 40)]
)
def test_a_longer_one_is_refused(pieces: list[bytes], declared: str) -> None:
    with pytest.raises(TooLarge):
        read(pieces, 4, declared)
