"""How the program puts things into words, for the operator."""

import re

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 source, 2 sources, 3 deliveries."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def without_addresses(text: str) -> str:
    """A text of somebody else (a server's reply) as it may stand in logs: each mail address is blotted out."""
    return _ADDRESS.sub("…@…", text)
