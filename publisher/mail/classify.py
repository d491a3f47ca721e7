"""What a server's refusal means: for the address, for us, or for this message only.

The enhanced status code (RFC 3463) speaks first, then a table of phrases (`replies.toml`, or an operator's copy).
Wrong suppression is the worst error: an address counts as dead only when nothing in the reply says anything else.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from publisher.domain.delivery import Verdict
from publisher.errors import ConfigError, Fault

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BLANKS = re.compile(r"\s+")

_BY_SUBJECT = {
    "2": Verdict.CONTENT,
    "3": Verdict.CONTENT,
    "6": Verdict.CONTENT,
    "7": Verdict.REPUTATION,
}
"""What a subject (the second number, RFC 3463, section 3) means when neither code nor phrase is known."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A table of replies, ready to be asked. Pure once it is loaded."""

    enhanced: dict[str, Verdict]
    phrases: tuple[tuple[Verdict, re.Pattern[str]], ...]

    @staticmethod
    def shipped() -> "Classifier":
        """The table that comes with the program."""
        return _shipped()

    @staticmethod
    def load(path: Path) -> "Classifier":
        """An operator's own table; raises ConfigError."""
        try:
            return _parse(path.read_text("utf-8"))
        except (OSError, ValueError, re.error) as error:
            remedy = f"can't be used as a table of replies: {error}; copy the shipped replies.toml and change it"
            raise ConfigError([Fault(str(path), "", "", remedy)]) from error

    def classify(self, code: int, text: str, stage: str) -> Verdict:
        """What a 4xx or 5xx reply to a command (`stage`: mail, rcpt, data, dot) means.

        Only a refusal of the recipient can tell of a dead address; a 4xx never does.
        """
        text = _BLANKS.sub(" ", text)
        status = _ENHANCED.search(text)
        said = next((verdict for verdict, pattern in self.phrases if pattern.search(text)), None)
        detail = f"{status[2]}.{status[3]}" if status else ""
        known = self.enhanced.get(detail)
        if known is Verdict.ADDRESS_DEAD and said is not None:
            known = said
        verdict = known or said or self._by_class(code, status)
        return self._within_reason(verdict, code, status, stage)

    @staticmethod
    def _by_class(code: int, status: re.Match[str] | None) -> Verdict:
        """The meaning of a reply that neither code nor phrase explains."""
        if code == 535 or code == 530:
            return Verdict.AUTHENTICATION
        if code == 552 and status is None:
            return Verdict.MAILBOX_FULL
        if code < 500:
            return Verdict.TEMPORARY
        return _BY_SUBJECT.get(status[2], Verdict.CONTENT) if status else Verdict.CONTENT

    @staticmethod
    def _within_reason(verdict: Verdict, code: int, status: re.Match[str] | None, stage: str) -> Verdict:
        """What was read, held against what a reply of this kind can say at all."""
        if verdict not in (Verdict.ADDRESS_DEAD, Verdict.CONTENT):
            return verdict
        if code < 500 or (status is not None and status[1] == "4"):
            return Verdict.TEMPORARY
        if verdict is Verdict.ADDRESS_DEAD and stage == "mail":
            return Verdict.REPUTATION
        return verdict


def classify(code: int, text: str, *, stage: str = "rcpt") -> Verdict:
    """What a reply means by the shipped table; see `Classifier.classify`."""
    return _shipped().classify(code, text, stage)


@cache
def _shipped() -> Classifier:
    return _parse(resources.files("publisher.mail").joinpath("replies.toml").read_text("utf-8"))


def _parse(text: str) -> Classifier:
    table = tomllib.loads(text)
    enhanced = {code: verdict for verdict, codes in _lists(table, "enhanced") for code in codes}
    phrases = [
        (verdict, re.compile("|".join(f"(?:{phrase})" for phrase in listed), re.IGNORECASE))
        for verdict, listed in _lists(table, "phrases")
        if listed
    ]
    return Classifier(enhanced, tuple(phrases))


def _lists(table: dict[str, Any], name: str) -> Iterator[tuple[Verdict, list[str]]]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise ValueError(f"{name} must be a table")
    for verdict, listed in section.items():
        if not (isinstance(listed, list) and all(isinstance(item, str) for item in listed)):
            raise ValueError(f"{name}.{verdict} must be a list of texts")
        yield Verdict(verdict), listed
