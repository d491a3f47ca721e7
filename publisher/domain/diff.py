"""The difference between two states of an article, field by field and paragraph by paragraph."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from publisher.domain.article import Content, Revision
from publisher.domain.rights import Reservations

_FIELDS = (
    *("title", "authors", "tags", "language", "published", "updated", "source", "section", "summary", "image"),
    *("enclosures", "original_url", "reservations"),
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that says something else; an empty text says that there was, or is, nothing."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph: `-` was taken away, `+` came, a space stayed."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two states. `text` has the paragraphs of both when the text changed, else none."""

    fields: tuple[FieldChange, ...]
    text: tuple[Line, ...]

    @property
    def is_none(self) -> bool:
        """Whether both say the same."""
        return not self.fields and not self.text


def difference(before: Revision, after: Revision) -> Difference:
    """What changed between two revisions of an article, its flags too."""
    fields = [FieldChange(name, *values) for name, *values in _pairs(before.content, after.content)]
    for name in ("visible", "announced"):
        flags = getattr(before, name), getattr(after, name)
        if flags[0] != flags[1]:
            fields.append(FieldChange(name, *("yes" if flag else "no" for flag in flags)))
    return Difference(tuple(fields), tuple(_lines(before.content, after.content)))


def _pairs(before: Content, after: Content) -> Iterator[tuple[str, str, str]]:
    for name in _FIELDS:
        one, two = _shown(getattr(before, name)), _shown(getattr(after, name))
        if one != two:
            yield name, one, two


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case Reservations():
            return ", ".join(value.words())
        case tuple():
            return ", ".join(str(getattr(item, "url", item)) for item in value)
        case _:
            return str(value)


def _lines(before: Content, after: Content) -> Iterator[Line]:
    one, two = _paragraphs(before), _paragraphs(after)
    if one == two:
        return
    for operation, begin, end, other, other_end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if operation == "equal":
            yield from (Line(" ", text) for text in one[begin:end])
        else:
            yield from (Line("-", text) for text in one[begin:end])
            yield from (Line("+", text) for text in two[other:other_end])


def _paragraphs(content: Content) -> list[str]:
    return [" ".join(line.split()) for line in content.text.splitlines() if line.strip()]
