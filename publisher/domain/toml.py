"""Values as they are written in the configuration (TOML 1.0), for stanzas to paste and files to change."""

import json
from collections.abc import Mapping, Sequence

Value = str | Sequence[str] | Mapping[str, str]


def written(value: Value) -> str:
    """A basic string, an array, or an inline table of bare keys."""
    match value:
        case str():
            # The escapes of JSON are those of TOML; beside them nothing that a terminal would hide or obey.
            return "".join(map(_visible, json.dumps(value, ensure_ascii=False)))
        case Mapping():
            return "{ " + ", ".join(f"{key} = {written(text)}" for key, text in value.items()) + " }"
        case _:
            return f"[{', '.join(map(written, value))}]"


def _visible(char: str) -> str:
    if char.isprintable() or char == "\u3000":
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
