"""How the commands show an article field by field: its value, where that was found and how sure it is."""

from collections.abc import Mapping

from publisher.cli.console import show_table
from publisher.domain.article import shorten

_LONG = ("key", "url", "text", "html", "evidence")
_SHOWN = 60


def show_evidence(fields: Mapping[str, object], evidence: Mapping[str, str]) -> None:
    """A table of the fields that have a value; long texts are left out, others cut."""
    rows = [
        (name, shorten(value, _SHOWN) if isinstance(value, str) else value, evidence.get(name, ""))
        for name, value in fields.items()
        if name not in _LONG and value
    ]
    rows += [(name, "", evidence[name]) for name in ("body", "encoding") if name in evidence]
    show_table(("field", "value", "found in"), rows)
