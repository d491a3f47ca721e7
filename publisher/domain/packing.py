"""Large texts, compressed as they are kept."""

import zlib


def pack(text: str) -> bytes:
    """A large text, compressed."""
    return zlib.compress(text.encode("utf-8", "replace"))


def unpack(packed: bytes) -> str:
    """The text again."""
    return zlib.decompress(packed).decode("utf-8")
