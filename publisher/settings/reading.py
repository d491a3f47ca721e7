"""Reads the configuration file and the variables laid over it, and knows where each key stands."""

import json
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from publisher.errors import ConfigError, Fault, UsageError
from publisher.settings.tables import LIST_TABLES, PREFIX, Document
from publisher.settings.values import did_you_mean

ENVIRONMENT = "environment"
_SECRET_FILE = re.compile(rf"{PREFIX}(?:RELAY__\w+?__PASSWORD|SOURCE__\w+?__(?:COOKIE|PROXY|TOKEN)|DATABASE__URL)_FILE")
_SECRET_KEY = re.compile(r"pass|secret|token|key|credential|cookie|header|proxy", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^/\s]*@")

Location = tuple[str | int, ...]
"""Where a value stands: table, number in a list of tables, key, and what is below it."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What was read, before it is judged. Lists of tables are tables by number here, as in variables."""

    file: Path
    text: str
    tables: Mapping[str, Any]
    environ: Mapping[str, str]
    faults: tuple[Fault, ...] = ()

    def items(self, table: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The tables of a list with their numbers; what is no table is left out."""
        held = self.tables.get(table)
        if not isinstance(held, Mapping):
            return []
        return [(number, item) for number, item in held.items() if isinstance(item, Mapping)]

    def value(self, table: str, key: str) -> Any:
        """One value of a single table, or None."""
        held = self.tables.get(table)
        return held.get(key) if isinstance(held, Mapping) else None

    def fault(self, where: Location, remedy: str, value: object = None) -> Fault:
        """A fault of the value at a place: in the variable that set it, else in the file at its line."""
        shown = show(where, value)
        variable = self.variable(where)
        if variable:
            return Fault(ENVIRONMENT, variable, shown, remedy)
        line = line_of(self.text, where)
        return Fault(f"{self.file}:{line}" if line else str(self.file), self.key(where), shown, remedy)

    def key(self, where: Location) -> str:
        """The place as people read it: `source[1] "blog".url`."""
        head, *rest = where
        key = str(head)
        if head in LIST_TABLES and rest:
            key += f"[{rest.pop(0)}]"
            name = item_name(self.tables[str(head)].get(str(where[1])))
            key += f' "{name}"' if name else ""
        for part in rest:
            key += f"[{part}]" if isinstance(part, int) else f".{part}"
        return key

    def variable(self, where: Location) -> str:
        """The variable that set the value at a place, or nothing."""
        places = [where[:length] for length in range(len(where), 0, -1)]
        if where[0] in LIST_TABLES and len(where) > 1:
            name = item_name(self.tables[str(where[0])].get(str(where[1])))
            places += [(where[0], _word(name), *place[2:]) for place in places if len(place) > 2]
        for place in places:
            variable = PREFIX + "__".join(map(str, place)).upper()
            for spelling in (variable, f"{variable}_FILE"):
                if spelling in self.environ:
                    return spelling
        return ""


def read(file: Path, environ: Mapping[str, str]) -> Raw:
    """Read a file and lay the variables over it.

    Raises UsageError when the file can't be read, ConfigError when it is no TOML.
    """
    text = _text(file)
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_fault(file, error)]) from None
    except (RecursionError, ValueError):
        remedy = "it is nested too deep, or holds a number that is no number of anything; write it plainly"
        raise ConfigError([Fault(str(file), "TOML", "", remedy)]) from None
    faults: list[Fault] = []
    for name in LIST_TABLES:
        held = tables.pop(name, [])
        if isinstance(held, list):
            tables[name] = _numbered(held)
        else:
            line = line_of(text, (name,))
            where = f"{file}:{line}" if line else str(file)
            faults.append(Fault(where, name, "", f"write its header with double brackets: [[{name}]]"))
    ours = {name.upper(): value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    values = _with_files(ours, file.parent, faults)
    faults += [*_unknown_sections(values), *_one_underscore(environ)]
    merged = merge(tables, by_number(Variables(values)(), tables, faults))
    return Raw(file, text, merged, ours, tuple(faults))


class Variables(EnvSettingsSource):
    """Variables as a source of pydantic-settings, from the mapping that was handed in."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in values.items()}
        super().__init__(Document)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._values

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        """Lists and tables in JSON; a list of plain words also with commas."""
        text = str(value).strip()
        if text[:1] in ("[", "{"):
            try:
                return json.loads(text)
            except ValueError:
                return text
        if field is not None and typing.get_origin(field.annotation) is list:
            return [word.strip() for word in text.split(",") if word.strip()]
        return value


def by_number(laid: dict[str, Any], tables: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Variables that name a table of a list by its name, `PUBLISHER__RELAY__MAIN__…`, under its number."""
    for table in LIST_TABLES:
        held, items = laid.get(table), tables.get(table, {})
        if isinstance(held, list):
            laid[table] = _numbered(held)
        if not isinstance(held, dict):
            continue
        numbers = {_word(item_name(item)): number for number, item in items.items()}
        for word in [word for word in held if not word.isdigit()]:
            item = held.pop(word)
            if word in numbers:
                number = numbers[word]
                held[number] = merge(held.get(number, {}), item)
            else:
                variable = f"{PREFIX}{table}__{word}".upper()
                remedy = f"no [[{table}]] has this name; {did_you_mean(word, filter(None, numbers))}"
                faults.append(Fault(ENVIRONMENT, variable, "", remedy))
    return laid


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees of tables as one; where both have a value, the one above counts."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def item_name(item: object) -> str:
    """The name or slug of one table of a list, as far as it has one."""
    name = (item.get("name") or item.get("slug")) if isinstance(item, Mapping) else None
    return name if isinstance(name, str) and name.isprintable() else ""


def show(where: Sequence[str | int], value: object) -> str:
    """A value as a fault may show it: short, and nothing that could be a secret."""
    if value is None or isinstance(value, Mapping):
        return ""
    if where[0] != "feed" and any(_SECRET_KEY.search(str(part)) for part in where):
        return "(hidden)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = _URL_PASSWORD.sub(r"\1***@", text)
    return text if len(text) <= 80 else text[:79] + "…"


def line_of(text: str, where: Location) -> int:
    """The line on which a key stands, or its table's header; 0 when that can't be told."""
    head, *rest = map(str, where)
    number = int(rest.pop(0)) if head in LIST_TABLES and rest and rest[0].isdigit() else 0
    header = re.compile(rf"\s*\[+\s*{re.escape(head)}\s*\]+\s*(#.*)?")
    lines = text.splitlines()
    starts = [place for place, line in enumerate(lines) if header.fullmatch(line)]
    if number >= len(starts):
        return 0
    start = starts[number]
    if not rest:
        return start + 1
    key = re.compile(rf"""\s*(\[\s*{re.escape(head)}\.)?["']?{re.escape(rest[0])}["']?\s*[=.\]]""")
    other = re.compile(rf"\s*\[+(?!\s*{re.escape(head)}\.)")
    for place in range(start + 1, len(lines)):
        if other.match(lines[place]):
            break
        if key.match(lines[place]):
            return place + 1
    return start + 1


def _numbered(items: list[Any]) -> dict[str, Any]:
    return {str(number): item for number, item in enumerate(items)}


def _word(name: str) -> str:
    """A name as it is spelled in a variable."""
    return re.sub(r"[^a-z0-9]", "_", name.lower())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file; `publisher init` writes one") from None
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}") from None


def _syntax_fault(file: Path, error: tomllib.TOMLDecodeError) -> Fault:
    line = re.search(r"at line (\d+)", str(error))
    reason = re.sub(r" \(at .*\)$", "", str(error))
    where = f"{file}:{line[1]}" if line else f"{file} (at its end)"
    return Fault(where, "TOML", "", f"{reason[:1].lower()}{reason[1:]}")


def _with_files(values: Mapping[str, str], folder: Path, faults: list[Fault]) -> dict[str, str]:
    """The variables with each `…_FILE` of a secret replaced by what its file holds."""
    read_in: dict[str, str] = {}
    for name, value in values.items():
        if not _SECRET_FILE.fullmatch(name):
            read_in.setdefault(name, value)
            continue
        try:
            read_in[name.removesuffix("_FILE")] = secret_in(folder / value)
        except ValueError as error:
            faults.append(Fault(ENVIRONMENT, name, json.dumps(value), str(error)))
            read_in[name.removesuffix("_FILE")] = ""
    return read_in


def secret_in(file: Path) -> str:
    """What a file of one secret holds, without the newline at its end; ValueError when it can't be read."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"the file can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None


def _one_underscore(environ: Mapping[str, str]) -> Iterator[Fault]:
    """Variables that were meant for us, but would be passed over for want of an underscore.

    Kubernetes sets some that look like it (PUBLISHER_WEB_PORT=tcp://…) where a service is named after us.
    """
    begin = PREFIX.removesuffix("_")
    for name, value in environ.items():
        if value.startswith("tcp://") or "_SERVICE_" in name or "_TCP" in name:
            continue
        section, _, rest = name.upper().removeprefix(begin).partition("_")
        if name.upper().startswith(begin) and rest and section.lower() in Document.model_fields:
            word, _, key = rest.strip("_").partition("_")
            rest = f"{word}__{key.strip('_')}" if section.lower() in LIST_TABLES and key else rest.strip("_")
            yield Fault(ENVIRONMENT, name, "", f"write two underscores: {PREFIX}{section}__{rest}")


def _unknown_sections(values: Mapping[str, str]) -> list[Fault]:
    known = Document.model_fields
    faults = []
    for name in values:
        section = name.removeprefix(PREFIX).split("__")[0].lower()
        if section not in known:
            faults.append(Fault(ENVIRONMENT, name, "", f"no such section; {did_you_mean(section, known)}"))
    return faults
