"""Evidence: where on a page a field was found, what stood there, and how sure one can be of it."""

from dataclasses import dataclass

from publisher.domain.article import shorten

SURE, LIKELY = 0.85, 0.6
_SHOWN = 80
"""How many columns of a page's own words evidence repeats."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`place` where it was found, `said` the page's own words there, `confidence` between 0 and 1, `note` what had to
    be assumed. Its text is what is stored and shown: `by-line "2026-11-20 18:20"; sure`."""

    place: str
    said: str = ""
    confidence: float = 1.0
    note: str = ""

    def __str__(self) -> str:
        said = f' "{shorten(self.said, _SHOWN)}"' if self.said else ""
        word = "sure" if self.confidence >= SURE else "likely" if self.confidence >= LIKELY else "low confidence"
        return f"{self.place}{said}; {word}" + (f": {self.note}" if self.note else "")
