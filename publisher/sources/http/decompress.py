"""Undoes content codings (RFC 9110, section 8.4.1) piece by piece, so that a bomb is met before it goes off."""

import zlib
from collections.abc import Iterable, Iterator

import brotli

PIECE = 64 * 1024
"""No piece that is given out is much larger than this, whatever one byte of input unfolds to."""


MAX_CODINGS = 3
"""Nobody needs more than one; a tower of them is an attack."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says."""


class TooLarge(Exception):
    """What a coding unfolds to is larger than the body may be, though the body inside may not be."""


def decompressed(pieces: Iterator[bytes], coding: str, limit: int) -> Iterator[bytes]:
    """The body in small pieces, some of them empty; codings are undone from the last to the first.

    No coding may unfold to more than `limit` bytes, or what one packs for the next could keep us busy for ever.
    """
    names = [part.strip().lower() for part in coding.split(",") if part.strip()]
    if len(names) > MAX_CODINGS:
        raise BadEncoding(f"the body is coded {len(names)} times over")
    for place, name in enumerate(reversed(names)):
        if place:
            pieces = _within(pieces, limit)
        match name:
            case "gzip" | "x-gzip":
                pieces = _gunzip(pieces)
            case "br":
                pieces = _unbrotli(pieces)
            case "identity":
                pass
            case _:
                raise BadEncoding(f"the body is coded as {name!r}, which was not asked for")
    return pieces


def _within(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        yield piece


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Members in a row (RFC 1952, section 2.2); what follows the last as padding is left."""
    inflater, begun = zlib.decompressobj(16 + zlib.MAX_WBITS), False
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                if inflater.eof:
                    if not waiting.lstrip(b"\0"):
                        break
                    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
                begun = True
                yield inflater.decompress(waiting, PIECE)
                waiting = inflater.unconsumed_tail or inflater.unused_data
    except zlib.error as error:
        raise BadEncoding("the body is broken gzip") from error
    if begun and not inflater.eof:
        raise BadEncoding("the gzip body ends too early")


def _unbrotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unfolder, begun = brotli.Decompressor(), False
    try:
        for piece in pieces:
            begun = begun or bool(piece)
            out = unfolder.process(piece, output_buffer_limit=PIECE)
            # It says that it can take more while it still has much to give, so it is asked until it has not.
            while out:
                yield out
                out = b"" if unfolder.is_finished() else unfolder.process(b"", output_buffer_limit=PIECE)
            yield b""
    except brotli.error as error:
        raise BadEncoding("the body is broken brotli") from error
    if begun and not unfolder.is_finished():
        raise BadEncoding("the brotli body ends too early")
