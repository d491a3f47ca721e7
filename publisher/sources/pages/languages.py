"""The language of a page's text, and the zone that a page in it most likely gives its dates in."""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

from publisher.domain.words import has_cjk
from publisher.sources import dates

_SAMPLE = 6000
"""So many characters show what script a text is written in."""
_NO_LETTERS = re.compile(r"[\W\d_]+")
_SCRIPTS = tuple(map(re.compile, ("[\u4e00-\u9fff]", "[\u3040-\u30ff]", "[\uac00-\ud7af]")))
_ZONES = {"zh": "Asia/Shanghai", "ja": "Asia/Tokyo", "ko": "Asia/Seoul"}


def spoken(declared: str | None, text: str) -> str | None:
    """The language of a text: what is declared, unless the script says otherwise (templates often say `en`)."""
    primary = (declared or "").partition("-")[0]
    letters = "" if primary not in _ZONES and not has_cjk(text[:_SAMPLE]) else _NO_LETTERS.sub("", text[:_SAMPLE])
    if len(letters) < 20:
        return declared
    han, kana, hangul = (len(script.findall(letters)) / len(letters) for script in _SCRIPTS)
    written = "ko" if hangul > 0.3 else "ja" if kana > 0.1 else "zh" if han > (0.4 if declared else 0.15) else None
    if written is None:
        return None if primary in ("zh", "ja", "ko") and han + kana + hangul < 0.05 else declared
    return declared if primary == written else written


def home_zone(language: str | None) -> str | None:
    """The zone that a language is at home in, where it is one: Chinese is written at +08:00 wherever it is official."""
    return _ZONES.get((language or "").partition("-")[0].lower())


def usual_zone(language: str | None) -> dates.Zone:
    """The zone of a page's dates when nobody says which: that of its language, else UTC."""
    zone = home_zone(language)
    return ZoneInfo(zone) if zone else UTC
