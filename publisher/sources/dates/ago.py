"""How long ago: "3 hours ago", 3小时前, "vor zwei Tagen", "il y a 3 heures"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

_SECOND, _MINUTE, _HOUR, _DAY, _WEEK, _MONTH, _YEAR = 1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400

# Where one name begins another, the longer stands first.
_UNITS_BY_LENGTH = {
    _SECOND: (
        "s|secs?|seconds?|sekunden?|secondes?|segundos?|second[oi]|sekundy?|sekunder|sekuntia|saniye|секунд[уы]?"
        "|秒钟|秒|초"
    ),
    _MINUTE: (
        "m|mins?|minutes?|minuten?|minutos?|minut[oiyae]|minuter|minutter|minuuttia|dakika|минут[уы]?|хвилини?|хвилин[уи]"
        "|λεπτα|phut|menit|分钟|分间|分|minuta|minut|perc"
    ),
    _HOUR: (
        "h|hrs?|hours?|stunden?|std|heures?|horas?|or[ae]|uur|uren|godzin[aye]?|час|часа|часов|годин[иу]?|timmar|timme"
        "|timer?|tuntia?|hodin(?:ami|ou|y)?|saat|ωρες|gio|jam|小时|时间|钟头|시간|ora"
    ),
    _DAY: (
        "d|days?|tag|tage|tagen|jours?|dias?|giorn[oi]|dag|dagen|dagar|dage|dager|dni|dzien|день|дня|днеи|днів|дні|天|日|일"
        "|paivaa|dny|dnem|gun|μερες|ngay|hari|zile?"
    ),
    _WEEK: (
        "w|wks?|weeks?|wochen?|semaines?|semanas?|settiman[ae]|week|weken|veck(?:a|or)|uger?|uker?|viikkoa?|tydzien"
        "|tygodni[ea]?|tydn(?:y|em)|недел[юиь]|тижні|тиждень|周间|周|星期|礼拜|주|hafta|tuan|minggu"
    ),
    _MONTH: (
        "mos?|months?|monat|monate|monaten|mois|mes|meses|mes[ei]|maand|maanden|manad|manader|maned|maneder|kuukautta"
        "|kuukausi|miesiac|miesiec[ye]|mesic[ie]?|mesicem|месяц|месяца|месяцев|місяц[ья]|个月|[ヶケか力カヵ]月"
        "|개월|달|ay|thang|bulan"
    ),
    _YEAR: (
        "y|yrs?|years?|jahr|jahre|jahren|ans?|annees?|anos?|ann[oi]|jaar|ar|vuotta|vuosi|rok|lata?|roky|рок[иу]|год|года|лет"
        "|年|yil|nam|tahun"
    ),
}
_FIXED: Mapping[re.Pattern[str], int] = {
    re.compile(rf"(?:{names})"): seconds for seconds, names in _UNITS_BY_LENGTH.items()
}
_UNIT = "|".join(_UNITS_BY_LENGTH.values())
_NUMBER_WORDS: tuple[tuple[float, str], ...] = (
    (0.5, "半 half half·an a·half"),
    (1, "a an one ein eine einem einer einen un une una uno uma um een en ett et jedna"),
    (2, "two zwei deux dos due dois duas twee tva to dwa два две"),
    (3, "three drei trois tres tre drie trzy три 数 几 few a·few several"),
    (4, "four vier"),
    (5, "five"),
    (6, "six"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
)
_NUMBERS: Mapping[str, float] = {word: value for value, listed in _NUMBER_WORDS for word in listed.split()}
_NUMBER = r"\d{1,9}(?:[.,]\d)?|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)).replace("·", r"\s")
_SPAN = re.compile(
    rf"(?<![\d月.,a-zа-яєіїα-ω])(?P<n>{_NUMBER})\s?(?:(?P<half>个半)\s?|个(?!月))?(?P<unit>{_UNIT})"
    r"(?![a-zа-яєії]|\d+月)\.?"
)
_POSTFIX = re.compile(
    r"^\s?(?:ago\b|(?:之|以)?前|전|geleden\b|temu\b|назад\b|тому\b|sedan\b|siden\b|sitten\b|fa\b|once\b|atras\b|earlier\b"
    r"|truoc\b|(?:yang )?lalu\b|(?:之)?以前)"
)
_PREFIX = re.compile(
    r"(?:\bvor|\bil y a|\bhace|\bha|\bpred|\bfor|\bπριν(?: απο)?|\bacum)"
    r"(?: (?:etwa|ca\.?|environ|unos|unas|cerca de))?\s?$"
)
_JOINT = re.compile(r"^(?:\s?,)?\s?(?:and |und |et |y |e |og |och |en )?$")
_JUST_NOW = re.compile(
    r"刚刚|刚才|方才|たった今|さっき|방금|\bjust now\b|\bmoments? ago\b|\bgerade eben\b|\ba l'instant\b|\bahora mismo\b"
    r"|\bproprio ora\b|\bagora mesmo\b|\bzojuist\b|\bprzed chwila\b|\bтолько что\b|\bnyss\b|\bjuuri nyt\b|\baz once\b"
)


@dataclass(frozen=True, slots=True)
class Ago:
    """A length of time before it was read; with `precise` it names hours, minutes or seconds."""

    length: timedelta
    precise: bool


def read(text: str) -> Ago | None:
    """How long ago a plain text says that something was."""
    if _JUST_NOW.search(text):
        return Ago(timedelta(0), True)
    spans = list(_SPAN.finditer(text))
    for first, span in enumerate(spans):
        last = _joined(text, spans, first)
        told = _PREFIX.search(text[: span.start()]) or _POSTFIX.match(text[spans[last].end() :])
        if told and (ago := _sum(spans[first : last + 1])) is not None:
            return ago
    return None


def _joined(text: str, spans: list[re.Match[str]], first: int) -> int:
    """The place of the last span that belongs to the first: 1 hour and 20 minutes."""
    last = first
    while last + 1 < len(spans) and _JOINT.match(text[spans[last].end() : spans[last + 1].start()]):
        last += 1
    return last


def _sum(spans: list[re.Match[str]]) -> Ago | None:
    seconds, smallest = 0.0, _YEAR
    for span in spans:
        unit = next(length for names, length in _FIXED.items() if names.fullmatch(span["unit"]))
        written = span["n"]
        number = _NUMBERS.get(written.replace(" ", "·"))
        seconds += unit * ((number or float(written.replace(",", "."))) + 0.5 * bool(span["half"]))
        smallest = min(smallest, unit)
    try:
        return Ago(timedelta(seconds=seconds), smallest < _DAY)
    except OverflowError:
        return None
