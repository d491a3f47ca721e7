"""Turns what pydantic refuses into faults in our own words."""

import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from publisher.errors import Fault
from publisher.settings.reading import Location, Raw
from publisher.settings.tables import Document
from publisher.settings.values import did_you_mean

_REMEDIES = {
    "missing": "is missing; add it",
    "string_type": "write text in quotes",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "list_type": 'write a list: ["one", "two"]',
    "dict_type": 'write a table: {{ key = "value" }}',
    "model_type": "write a table with keys, not a single value",
    "model_attributes_type": "write a table with keys, not a single value",
    "too_short": "give at least one",
    "literal_error": "write one of {expected}",
    "enum": "write one of {expected}",
    "greater_than_equal": "write a number of at least {ge}",
    "less_than_equal": "write a number of at most {le}",
    "value_error": "{error}",
}


def faults_of(error: ValidationError, raw: Raw) -> list[Fault]:
    """Each refusal as a fault, in the order of the tables."""
    return [_fault(detail, raw) for detail in error.errors(include_url=False)]


def _fault(detail: Any, raw: Raw) -> Fault:
    where: Location = _as_written(detail["loc"])
    kind: str = detail["type"]
    if kind == "extra_forbidden":
        siblings = keys_at(where[:-1])
        return raw.fault(where, f"unknown {_noun(where)}; {did_you_mean(str(where[-1]), siblings)}")
    if kind == "missing":
        return raw.fault(where, _REMEDIES[kind] + _example(where))
    remedy = _REMEDIES[kind].format(**detail.get("ctx", {})) if kind in _REMEDIES else detail["msg"]
    return raw.fault(where, remedy.replace("'", '"') if kind in ("enum", "literal_error") else remedy, detail["input"])


def _noun(where: Location) -> str:
    return "table" if len(where) == 1 else "key"


def _as_written(where: tuple[str | int, ...]) -> Location:
    """The place without what pydantic adds to it for its own use."""
    return tuple(part for part in where if part != "[key]")


def _example(where: Location) -> str:
    examples = {
        "name": ': name = "blog"',
        "slug": ': slug = "news"',
        "kind": ": feed, listing, sitemap, folder or push",
        "title": ': title = "News"',
        "host": ': host = "mail.example.org"',
        "from": ': from = "News <news@example.org>"',
        "cadences": ': cadences = ["daily", "weekly"]',
    }
    return examples.get(str(where[-1]), "")


def keys_at(where: Location) -> list[str]:
    """The keys that a table at this place may have, as they are written."""
    model: Any = Document
    for part in where:
        if isinstance(part, int) or (isinstance(part, str) and part.isdigit()):
            continue
        field = _fields(model).get(str(part))
        model = _inner(field) if field else None
    return sorted(_fields(model))


def _fields(model: Any) -> Mapping[str, Any]:
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return {}
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _inner(annotation: Any) -> Any:
    """The model inside `X | None`, `dict[str, X]` or `X`."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, dict):
        return next((part for part in typing.get_args(annotation) if _fields(part)), None)
    return annotation
