"""Subscriptions as plain CSV: one line per subscription, judged whole before anything is stored."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from publisher.domain.newsletter import Newsletter
from publisher.domain.subscription import Subscription, SubscriptionState
from publisher.domain.token import canonical_address
from publisher.errors import ConfigError, Fault
from publisher.pipeline.wording import counted
from publisher.settings.values import check_language, check_zone, did_you_mean, parse_address

EVERY = 500
"""Lines between two looks at how far the reading is."""

MAIL_COLUMNS = frozenset({"email", "e-mail", "mail", "email address", "e-mail address"})
"""What other programs call the column of addresses."""

COLUMNS = ("address", "newsletter", "state", "cadence", "language", "timezone", "topics")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, checked."""

    address: str
    newsletter: Newsletter
    state: SubscriptionState
    cadence: str
    language: str
    timezone: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an empty field means."""

    newsletter: str
    language: str
    state: SubscriptionState = SubscriptionState.UNCONFIRMED


def write_rows(subscriptions: Iterable[Subscription], slugs: Mapping[int, str]) -> str:
    """The lines of these subscriptions, with no heading."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for one in subscriptions:
        who = one.subscriber
        state, topics = one.state.value, ";".join(one.topics)
        writer.writerow((who.address, slugs[one.newsletter_id], state, one.cadence, who.language, who.timezone, topics))
    return text.getvalue()


def read_rows(
    text: str,
    name: str,
    newsletters: Mapping[str, Newsletter],
    defaults: Defaults,
    tell: Callable[[int], None] = lambda line: None,
) -> list[Row]:
    """The lines of a file. `tell` hears now and then which was read.

    Raises ConfigError with the first fault of every line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        _check_heading(reader.fieldnames or [], name, defaults)
        for record in reader:
            if reader.line_num % EVERY == 0:
                tell(reader.line_num)
            checked = _Record(f"{name}:{reader.line_num}", record, faults)
            row = checked.row(newsletters, defaults)
            key = (canonical_address(checked.text("address")), checked.text("newsletter") or defaults.newsletter)
            if key in seen:
                checked.fault("address", f"stands on line {seen[key]} already; keep one of the two")
            seen.setdefault(key, reader.line_num)
            if row is not None:
                rows.append(row)
    except csv.Error as error:
        faults.append(Fault(name, f"CSV after line {reader.line_num}", "", f"{error}; see to its quotes"))
    if faults:
        raise ConfigError(faults)
    return rows


def _check_heading(columns: Iterable[str], name: str, defaults: Defaults) -> None:
    columns = list(columns)
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise ConfigError([Fault(f"{name}:1", "CSV", "", "separate the columns by commas")])
    faults = [
        Fault(f"{name}:1", column or "(empty)", "", f"unknown column; {_meant(column)}")
        for column in columns
        if column not in COLUMNS
    ]
    if MAIL_COLUMNS & {column.strip().lower() for column in columns}:
        raise ConfigError(faults)
    needed = ("address",) if defaults.newsletter else ("address", "newsletter")
    faults += [
        Fault(f"{name}:1", column, "", f"is missing; the first line names the columns: {','.join(COLUMNS)}")
        for column in needed
        if column not in columns
    ]
    if faults:
        raise ConfigError(faults)


def _meant(column: str) -> str:
    return did_you_mean("address" if column.strip().lower() in MAIL_COLUMNS else column, COLUMNS)


@dataclass(frozen=True, slots=True)
class _Record:
    """One line as it was read; its first fault goes into the list that all lines share."""

    where: str
    fields: Mapping[str, str | None]
    faults: list[Fault]

    def text(self, column: str) -> str:
        return (self.fields.get(column) or "").strip()

    def fault(self, column: str, remedy: str) -> None:
        if not self.faults or self.faults[-1].file != self.where:
            self.faults.append(Fault(self.where, column, f'"{self.text(column)}"' if self.text(column) else "", remedy))

    def row(self, newsletters: Mapping[str, Newsletter], defaults: Defaults) -> Row | None:
        before = len(self.faults)
        if "" in self.fields:
            columns = counted(len(self.fields) - 1, "column")
            self.fault("CSV", f"has more fields than the file's {columns}; quote fields that hold a comma")
        slug = self.text("newsletter") or defaults.newsletter
        newsletter = newsletters.get(slug)
        if newsletter is None:
            self.fault("newsletter", f"no newsletter {slug!r}; {did_you_mean(slug, newsletters)}")
        address = self._checked("address", parse_address, "")
        state = self._state(defaults.state)
        language = self._checked("language", check_language, defaults.language)
        timezone = self._checked("timezone", check_zone, newsletter.timezone if newsletter else "UTC")
        cadence = self._cadence(newsletter) if newsletter else ""
        if newsletter is None or len(self.faults) > before:
            return None
        return Row(address, newsletter, state, cadence, language, timezone, split_topics(self.text("topics")))

    def _checked(self, column: str, check: Callable[[str], str], default: str) -> str:
        text = self.text(column)
        if not text and default:
            return default
        try:
            return check(text)
        except ValueError as error:
            self.fault(column, str(error))
            return ""

    def _state(self, default: SubscriptionState) -> SubscriptionState:
        text = self.text("state") or default.value
        try:
            return SubscriptionState(text)
        except ValueError:
            self.fault("state", f"no state; {did_you_mean(text, [state.value for state in SubscriptionState])}")
            return default

    def _cadence(self, newsletter: Newsletter) -> str:
        try:
            return offered_cadence(newsletter, self.text("cadence"))
        except ValueError as error:
            self.fault("cadence", str(error))
            return ""


def offered_cadence(newsletter: Newsletter, name: str) -> str:
    """A cadence of a newsletter, its first one when none is named; raises ValueError with those it offers."""
    offered = [cadence.name for cadence in newsletter.cadences]
    wanted = ",".join(part.strip().lower() for part in name.split(",")) or offered[0]
    if wanted not in offered:
        raise ValueError(f"newsletter {newsletter.slug} has no such cadence; it offers {', '.join(offered)}")
    return wanted


def split_topics(text: str) -> tuple[str, ...]:
    """Topics from a text in which `;` or `,` stands between them."""
    return tuple(topic.strip() for topic in text.replace(",", ";").split(";") if topic.strip())
