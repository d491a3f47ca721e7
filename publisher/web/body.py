"""The body of a request, read no further than it may be long."""

from starlette.requests import Request


class TooLarge(Exception):
    """The body is longer than its limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; raises TooLarge as soon as it is known to be."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
        raise TooLarge
    whole = bytearray()
    async for piece in request.stream():
        whole += piece
        if len(whole) > limit:
            raise TooLarge
    return bytes(whole)
