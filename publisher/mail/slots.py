"""Places in a rendering that are filled for each recipient.

While a template is rendered, each prints a mark: a name beside a random number of this render. Nobody who wrote an
article can know the number, so no article can forge a mark. The marks are cut out before anything is encoded; where
one stood decides how its value is escaped.
"""

import html
import re
import secrets
from collections.abc import Iterator
from dataclasses import fields
from html.parser import HTMLParser
from urllib.parse import quote

from publisher.domain.delivery import Recipient
from publisher.domain.edition import RecipientSlot, Segments, SlotKind
from publisher.errors import TemplateError
from publisher.mail.text import one_line
from publisher.templating import PrintOnly

NAMES = tuple(field.name for field in fields(Recipient))
"""The attributes of `recipient` in templates."""

_URL_ATTRIBUTES = frozenset({"href", "src", "action", "background", "cite", "formaction", "poster"})


class Marks:
    """The marks of one template's render: `recipient` goes into the template, its output comes back to be cut."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(16)
        self._pattern = re.compile(f"x{self._nonce}x({'|'.join(NAMES)})x")
        self._printed: set[str] = set()
        self.recipient = _Recipient(self)

    def mark(self, name: str) -> str:
        """What stands for a value until it is cut out."""
        self._printed.add(name)
        return f"x{self._nonce}x{name}x"

    def cut(self, text: str, kind: SlotKind) -> Segments:
        """A text or a header in pieces. Raises TemplateError when a mark was changed on its way."""
        names = self._pattern.findall(text)
        return self._cut(text, [RecipientSlot(name, kind) for name in names])

    def cut_html(self, document: str) -> Segments:
        """An HTML document in pieces. Raises TemplateError also for a mark where no value can be escaped."""
        return self._cut(document, list(_slots_in_html(document, self._pattern)))

    def _cut(self, text: str, slots: list[RecipientSlot]) -> Segments:
        pieces = self._pattern.split(text)
        statics, names = pieces[::2], pieces[1::2]
        lost = self._printed - set(names)
        if lost or names != [slot.name for slot in slots] or any(self._nonce in piece.lower() for piece in statics):
            what = ", ".join(f"recipient.{name}" for name in sorted(lost or self._printed))
            raise TemplateError(f"{what} was changed after it was printed: print it as it is")
        segments: list[str | RecipientSlot] = [statics[0]]
        for slot, static in zip(slots, statics[1:], strict=True):
            segments += [slot, static]
        return tuple(segment for segment in segments if segment != "")


class _Recipient(PrintOnly):
    """`recipient` as templates see it."""

    __slots__ = NAMES

    def __init__(self, marks: Marks) -> None:
        for name in NAMES:
            setattr(self, name, _Slot(marks, name))

    def __repr__(self) -> str:
        return "recipient"


class _Slot(PrintOnly):
    __slots__ = ("_marks", "_name")

    def __init__(self, marks: Marks, name: str) -> None:
        self._marks = marks
        self._name = name

    def __str__(self) -> str:
        return self._marks.mark(self._name)

    def __repr__(self) -> str:
        return f"recipient.{self._name}"


class _SlotFinder(HTMLParser):
    """Finds the marks of a document in order, each with its kind."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        super().__init__()
        self._pattern = pattern
        self.found: list[RecipientSlot] = []

    def _find(self, text: str | None, kind: SlotKind) -> None:
        self.found += [RecipientSlot(name, kind) for name in self._pattern.findall(text or "")]

    def _refuse(self, text: str) -> None:
        if match := self._pattern.search(text):
            raise TemplateError(f"recipient.{match[1]} can't stand in a comment, a script or a style sheet")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self._refuse(value or "")
            self._find(value, SlotKind.URL if name in _URL_ATTRIBUTES else SlotKind.HTML)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in ("script", "style"):
            self._refuse(data)
        self._find(data, SlotKind.HTML)

    def handle_comment(self, data: str) -> None:
        self._refuse(data)

    def handle_decl(self, decl: str) -> None:
        self._refuse(decl)

    def handle_pi(self, data: str) -> None:
        self._refuse(data)

    def unknown_decl(self, data: str) -> None:
        self._refuse(data)


def _slots_in_html(document: str, pattern: re.Pattern[str]) -> Iterator[RecipientSlot]:
    finder = _SlotFinder(pattern)
    finder.feed(document)
    finder.close()
    yield from finder.found


def fill_slot(slot: RecipientSlot, recipient: Recipient) -> str:
    """A recipient's value, escaped for where it stands."""
    value = one_line(recipient.value(slot.name, slot.kind))
    match slot.kind:
        case SlotKind.TEXT | SlotKind.HEADER:
            return value
        case SlotKind.HTML:
            return html.escape(value)
        case SlotKind.URL if value.startswith(("https://", "http://", "mailto:")):
            return html.escape(value)
        case SlotKind.URL:
            return quote(value, safe="")


def fill(segments: Segments, recipient: Recipient) -> str:
    """A whole text with one recipient's values: for previews; messages fill encoded pieces."""
    return "".join(segment if isinstance(segment, str) else fill_slot(segment, recipient) for segment in segments)
