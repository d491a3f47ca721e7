"""When an article was published and updated: of the dates on a page the one that is its own.

What readers see beside the title and what the page declares must agree; where they don't, the note says so. A date
that names no year, or only "3 hours ago", is settled by the other dates of the page before the clock is asked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources import dates
from publisher.sources.pages import jsonld, scripts
from publisher.sources.pages.declared import Declared
from publisher.sources.pages.evidence import Evidence
from publisher.sources.pages.lines import Line, Surroundings
from publisher.sources.pages.page import halfwidth, is_apart, text_of

_PUBLISHED = (
    *("article:published_time", "og:published_time", "og:article:published_time", "bytedance:published_time"),
    *("article:published", "datepublished", "publishdate", "publish-date", "publish_date", "pubdate", "publishtime"),
    *("publish_time", "publication_date", "citation_publication_date", "parsely-pub-date", "sailthru.date", "og:time"),
    *("dc.date.issued", "dc.date.created", "dc.date", "dcterms.created", "dcterms.date", "date", "createdate"),
    *("article:create_at", "weibo:article:create_at", "apub:time", "og:release_date", "pubtime", "releasedate"),
)
_UPDATED = (
    *("article:modified_time", "og:updated_time", "bytedance:updated_time", "datemodified", "lastmod"),
    *("dcterms.modified", "article:updated_time", "weibo:article:update_at", "dateupdate", "og:modified_time"),
)
_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])(?!\d)")
_DATELINE = re.compile(r"^.{0,16}?(?:\d{4}\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*日")
_LABELLED = re.compile(r"发布|發布|发表|時間|时间|日期|来源|來源|posted|published|date|^by\b", re.IGNORECASE)
_UPDATE = re.compile(r"\W*(更新|修改|最后|updated|modified|last)", re.IGNORECASE)
_UPDATE_PART = re.compile(
    r"(?:(?:last|最后|最近)\s*)?(?:\b(?:updated|modified)\b(?:\s+(?:on|at))?|(?:更新|修改)(?:时间|日期|于|時間)?)\s*:?\s*"
    r"(?P<date>(?:(?!\b(?:published|posted|by)\b|发布|來源|来源|作者)[^|·•;()]){6,60})",
    re.IGNORECASE,
)
"""Where a line of two dates tells of the later one."""
_LIKE_A_DATE = re.compile(
    r"\d\s*[-/.年月:\uff1a]\s*\d|\d{1,2}\s+[A-Za-z]{3}|[A-Za-z]{3}\.?\s+\d{1,2}|[〇一二三四五六七八九十]{1,4}\s*[年月]"
)
_SPOKEN = re.compile(r"前|昨|今天|今日|刚|周|星期|[点时]|yesterday|today|ago|day", re.IGNORECASE)
_SPLIT_YEAR = re.compile(r"^((?:19|20)\d\d)\s+(\d{1,2})\s*[/-]\s*(\d{1,2})(?!\d)")
_SHORT_YEAR = re.compile(r"(?<![\d/.-])([0-3]\d)([-/.])(\d\d)\2(\d\d)(?=\s+\d\d:\d\d)")
_OFFSET = re.compile(r"(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))\s*$", re.IGNORECASE)
_ZONED = re.compile(r"\d\s*(?:Z|UTC|GMT|[A-Z]{2}[DS]?T|[+-]\d\d:?\d\d)\b|北京时间")
_NUMBERS = re.compile(r"[\W\d_]+|[年月日时分秒]")
_SHORT = 30
_ALONE = 10
"""So many columns may stand beside a date that is a line by itself."""
_LONGEST_LINE = 120
_MOST_RUNS = 40
"""So many parts of a line are looked at: no by-line has more, and a row of links may have thousands."""
_ZONES_APART = timedelta(hours=14)
_SAME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as it was found. `said` is what stood there, `fixed` when it needs neither the clock nor a guess of its
    year, `labelled` when a word beside it says what it dates."""

    moment: dates.Moment
    place: str
    said: str
    weight: float
    fixed: bool = True
    labelled: bool = False

    def evidence(self) -> Evidence:
        """Where it was found."""
        return Evidence(self.place, self.said, self.moment.confidence * self.weight, self.moment.note)


class DatesReader:
    """Reads the dates of one page."""

    def __init__(
        self,
        root: HtmlElement,
        declared: Declared,
        around: Surroundings,
        context: dates.Context,
        addresses: Sequence[str],
    ) -> None:
        self._root = root
        self._declared = declared
        self._around = around
        self._context = context
        self._addresses = addresses

    def published(self, body: Sequence[str]) -> Dated | None:
        """The date of publication; `body` is the beginning of the text."""
        shown = self._shown((*self._around.head, *self._around.before))
        declared = list(self._declared_dates())
        fixed = [date for date in shown if date.fixed]
        best = next((date for date in fixed if date.moment.precise), None) or next(iter(fixed), None)
        if best is not None or declared:
            return self._agreed(best, declared)
        at_end = [date for date in self._shown(self._around.tail, late=True) if date.labelled]
        late = [*self._shown(self._around.late, late=True), *at_end]
        updates, addressed = list(self._updates()), self._by_address()
        scripted = self._scripted([date.moment.at for date in addressed])
        stamps = [*scripted, *updates, *addressed]
        for date in (*shown, *late):
            if not date.fixed and (settled := _settled(date, stamps, self._context)) is not None:
                return settled
        if shown and (stamp := self._stamped()) is not None:
            return stamp
        rest = [*scripted, *addressed, *shown, *late, *self._datelines(body), *updates]
        return max(rest, key=lambda date: date.moment.confidence * date.weight, default=None)

    def updated(self, published: datetime | None) -> Dated | None:
        """The date of a later change."""
        later = (date for date in self._updates() if published is None or date.moment.at > published)
        return next(later, None)

    def _read(self, text: str, place: str, weight: float) -> Dated | None:
        """A date as it is written, without the clock where that is possible."""
        text = _whole(text)
        context = self._context
        moment = dates.parse(text, context)
        if moment is None:
            return None
        fixed = dates.parse(text, replace(context, now=None, years=()))
        if fixed is not None and fixed.at == moment.at:
            return Dated(moment, place, text, weight)
        if not moment.precise and len(text) > _SHORT:
            return None
        if context.years and moment.at.year > max(context.years):
            note = f"{moment.note or 'by the clock'}; but the page itself names {max(context.years)}"
            moment = replace(moment, confidence=min(moment.confidence, 0.3), note=note)
        return Dated(moment, place, text, weight, fixed=False)

    def _first(self, texts: Sequence[str], place: str, weight: float) -> Iterator[Dated]:
        found = (date for text in texts if (date := self._read(text, place, weight)) is not None)
        if (date := next(found, None)) is not None:
            yield date

    def _shown(self, lines: Sequence[Line], *, late: bool = False) -> list[Dated]:
        """The dates in short lines: whole lines, for the time may be marked up apart, then their parts."""
        found = []
        for line in sorted(lines, key=lambda line: line.hidden):
            weight = 0.8 if line.hidden else 0.6 if late else 0.97
            place = "hidden by-line" if line.hidden else "line in the text" if late else "by-line"
            if _is_fact(line.block):
                continue
            texts = dict.fromkeys([line.plain, *(run.text for run in line.runs[:_MOST_RUNS] if not late)])
            for text in map(_without_update, texts):
                if len(text) > _LONGEST_LINE or not is_date_line(text):
                    continue
                labelled, alone = bool(_LABELLED.search(text)), columns(_NUMBERS.sub("", text)) <= _ALONE
                # Between paragraphs others speak: a date there must say what it dates, or stand by itself.
                if (labelled or alone or not late) and (date := self._read(text, place, weight)):
                    found.append(replace(date, labelled=labelled))
                    break
        return found

    def _declared_dates(self) -> Iterator[Dated]:
        thing, item = self._declared.thing, self._declared.item
        for key in ("datePublished", "dateCreated", "pubDate", "uploadDate"):
            yield from self._first(jsonld.texts(thing.get(key)), f"json-ld {key}", 0.7 if key == "uploadDate" else 0.95)
        for name, value in self._declared.named(*_PUBLISHED):
            yield from self._first([value], f"meta {name}", 0.94)
        for key in ("datePublished", "dateCreated"):
            yield from self._first(jsonld.texts(item.get(key)), f"microdata {key}", 0.94)
        times = [e for e in self._root.iter("time") if not is_apart(e) and not is_update(e)]
        yield from self._first([e.get("datetime") or text_of(e) for e in times], "time", 0.9)

    def _updates(self) -> Iterator[Dated]:
        yield from self._first(jsonld.texts(self._declared.thing.get("dateModified")), "json-ld dateModified", 0.5)
        yield from self._first(jsonld.texts(self._declared.item.get("dateModified")), "microdata dateModified", 0.5)
        for name, value in self._declared.named(*_UPDATED):
            yield from self._first([value], f"meta {name}", 0.5)
        times = [e for e in self._root.iter("time") if is_update(e) and not is_apart(e)]
        yield from self._first([e.get("datetime") or text_of(e) for e in times], "time", 0.5)
        shown = [line.plain for line in (*self._around.head, *self._around.before) if not line.hidden]
        parts = [part for text in shown if len(text) <= _LONGEST_LINE and (part := update_in(text))]
        yield from self._first(parts, "by-line", 0.5)

    def _scripted(self, addressed: Sequence[datetime]) -> list[Dated]:
        """The dates of the scripts; of several days none is sure, nor one that the page's address speaks against."""
        found = [date for text in scripts.dates(self._root) if (date := self._read(text, "script", 0.8)) is not None]
        if addressed:
            agreed = [d for d in found if any(abs(d.moment.at - at) <= 2 * _SAME for at in addressed)]
            return agreed or [replace(date, weight=0.55) for date in found]
        days = {date.moment.at.date() for date in found}
        return found if len(days) <= 2 else [replace(date, weight=0.55) for date in found]

    def _stamped(self) -> Dated | None:
        """The date that all of the page's scripts name as that of publishing: surer than "yesterday", which a page that
        was kept says for ever."""
        texts = scripts.publishing(self._root)
        found = [date for text in texts if (date := self._read(text, "script", 0.8)) is not None]
        moments = [date.moment.at for date in found]
        return found[0] if found and max(moments) - min(moments) < _SAME else None

    def _by_address(self) -> list[Dated]:
        texts = ["-".join(match) for address in self._addresses for match in _URL_DATE.findall(address)]
        return [date for text in texts if (date := self._read(text, "address", 0.65)) is not None]

    def _datelines(self, body: Sequence[str]) -> Iterator[Dated]:
        # A text that gives its day without a year may name the year a little later.
        named = [year for text in body[:3] for year in dates.years_in(text[:60])]
        context = replace(self._context, years=(*named, *self._context.years))
        for text in body[:3]:
            if (match := _DATELINE.match(text)) and (moment := dates.parse(match.group(), context)) is not None:
                yield Dated(moment, "dateline", match.group(), 0.5)

    def _agreed(self, shown: Dated | None, declared: Sequence[Dated]) -> Dated | None:
        """What is shown and what is declared, made one."""
        machine = next((date for date in declared if date.fixed), None) or next(iter(declared), None)
        if machine is None or shown is None:
            return shown or machine
        zoned, machine_zone = _ZONED.search(shown.said) is not None, _offset(machine.said)
        if machine_zone is not None and machine_zone.utcoffset(None) and not zoned and shown.moment.precise:
            # A clock without a zone beside one with a zone: the same zone.
            wall = shown.moment.at.astimezone(self._context.zone).replace(tzinfo=machine_zone)
            shown = replace(shown, moment=replace(shown.moment, at=wall.astimezone(UTC)))
        apart = abs(shown.moment.at - machine.moment.at)
        if apart < timedelta(minutes=1) and machine.moment.precise:
            return machine
        if not shown.moment.precise:
            return _day_agreed(shown, machine, self._context)
        if apart <= _ZONES_APART and apart.seconds % 900 < 60 and machine_zone is not None and machine.moment.precise:
            # Apart by a zone: one of them was written without it.
            known = self._context.zone.utcoffset(machine.moment.at.replace(tzinfo=None)) if not zoned else None
            return shown if known else machine
        if apart <= _SAME:
            return shown
        note = f"{machine.place} says {machine.said}"
        return replace(shown, weight=0.7 if shown.labelled else 0.65, moment=replace(shown.moment, note=note))


def is_date_line(text: str) -> bool:
    """Whether a line beside a title may be the date of publication: short, and not of an update.

    A word such as 今天 must stand nearly alone: in a sentence it dates what the sentence tells of.
    """
    if len(text) > 120 or _UPDATE.match(text) or (len(text) > 60 and re.search(r"[。!?！？]$", text)):
        return False
    return bool(_LIKE_A_DATE.search(text)) or (len(text) <= 16 and bool(_SPOKEN.search(text)))


def update_in(text: str) -> str | None:
    """The date of a later change in a line that names one: `Published: 12 May 2026. Updated: 13 May 2026`."""
    part = _UPDATE_PART.search(halfwidth(text))
    return part["date"].strip() if part else None


def _without_update(text: str) -> str:
    """The line without the date of a later change, if it names another."""
    part = _UPDATE_PART.search(halfwidth(text)) if len(text) <= _LONGEST_LINE else None
    rest = f"{text[: part.start()]} {text[part.end() :]}".strip(" |·•;,.") if part else text
    return rest if is_date_line(rest) and _LIKE_A_DATE.search(rest) else text


def is_update(element: HtmlElement) -> bool:
    """Whether a `<time>` tells of a later change."""
    said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    return bool(re.search(r"updat|modif", said, re.IGNORECASE))


def _is_fact(block: HtmlElement) -> bool:
    """Whether a line is a row of a table of facts (`Founded | 28 February 1998`)."""
    row = block.getparent()
    return block.tag == "td" and row is not None and row.find("th") is not None


def _whole(text: str) -> str:
    """A date line with the year joined to the day that stands apart (`2019 09/07 13:43`), and 19-09-07 in full."""
    text = _SPLIT_YEAR.sub(r"\1-\2-\3", " ".join(halfwidth(text).split()))
    return _SHORT_YEAR.sub(r"20\1-\3-\4", text)


def _day_agreed(shown: Dated, machine: Dated, context: dates.Context) -> Dated:
    """The declared date where it names the day that is shown, in its own zone or in ours; else the day shown."""
    day = shown.moment.at.astimezone(context.zone).date()
    zones = {context.zone, _offset(machine.said) or context.zone}
    if any(machine.moment.at.astimezone(zone).date() == day for zone in zones):
        return machine
    if abs(shown.moment.at - machine.moment.at) <= 2 * _SAME and machine.moment.precise:
        return replace(machine, weight=0.7, moment=replace(machine.moment, note=f"the page shows {shown.said}"))
    note = f"{machine.place} says {machine.said}"
    if machine.place.startswith(("json-ld", "meta article:", "microdata")):
        note = f"the page shows {shown.said}"
        return replace(machine, weight=0.7, moment=replace(machine.moment, note=note))
    return replace(shown, weight=0.7, moment=replace(shown.moment, note=note))


def _settled(date: Dated, stamps: Sequence[Dated], context: dates.Context) -> Dated | None:
    """A date that needed a guess, by a stamp of the page that names the same day and, where both know it, time."""
    local = date.moment.at.astimezone(context.zone)
    for stamp in stamps:
        at = stamp.moment.at.astimezone(context.zone)
        same_day = (at.month, at.day) == (local.month, local.day)
        clocks = (
            not (date.moment.precise and stamp.moment.precise)
            or abs((at.hour * 60 + at.minute) - (local.hour * 60 + local.minute)) <= 10
        )
        if same_day and clocks:
            try:
                moment = date.moment if date.moment.precise else stamp.moment
                moved = moment.at.astimezone(context.zone).replace(year=at.year).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            note = f"the year of {stamp.place} {stamp.said}"
            return replace(date, weight=0.95, moment=replace(moment, at=moved, confidence=0.95, note=note))
    return None


def _offset(text: str) -> timezone | None:
    """The zone that a machine's date names."""
    match = _OFFSET.search(text)
    if match is None or len(text) < 12:
        return None
    if match["utc"]:
        return UTC
    minutes = int(match["hours"]) * 60 + int(match["minutes"])
    return timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes)) if minutes < 1440 else None
