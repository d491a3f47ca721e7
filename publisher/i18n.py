"""What we say in whose language: gettext catalogues, and dates as they are written there.

The messages in the code and the templates are the English ones; a catalogue stands in
`locale/<language>/LC_MESSAGES/publisher.po` and is compiled when it is first used.
"""

import gettext
import io
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = {"zh": ("zh_Hans", "zh-CN")}
"""By primary language: the folder of its catalogue, and the tag (RFC 5646) of what is written there."""

Width = Literal["full", "long", "medium", "short"]


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language. `tag` is what to write into `lang` attributes."""

    tag: str
    _locale: Locale
    _catalogue: gettext.NullTranslations

    def gettext(self, message: str, /, **values: object) -> str:
        """The message in this language, with `%(name)s` filled in where there are values."""
        text = self._catalogue.gettext(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """The form of the message for a number, with `%(number)s` and the other values filled in."""
        return self._catalogue.ngettext(singular, plural, number) % {"number": number, **values}

    def date(self, at: datetime, zone: ZoneInfo, width: Width = "long") -> str:
        """The day of an instant in a zone: November 24, 2026; 2026年11月24日."""
        return format_date(at.astimezone(zone).date(), width, self._locale)

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        """Hour and minute of an instant in a zone."""
        return format_time(at.astimezone(zone).time(), "short", locale=self._locale)


@lru_cache(maxsize=64)
def translator(language: str) -> Translator:
    """The translator for a language tag (RFC 5646): by its primary language, else English."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    if primary in CATALOGUES:
        folder, tag = CATALOGUES[primary]
        return Translator(tag, Locale.parse(tag, sep="-"), _catalogue(folder))
    locale = _locale(language) if primary == "en" else Locale("en")
    return Translator(str(locale).replace("_", "-"), locale, gettext.NullTranslations())


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _catalogue(folder: str) -> gettext.NullTranslations:
    with (Path(__file__).parent / "locale" / folder / "LC_MESSAGES" / "publisher.po").open("rb") as file:
        catalogue = read_po(file, locale=folder)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
