"""What people write as a date, in one spelling: the forms that the patterns of the other rooms know."""

import re
import unicodedata

from publisher.sources.dates.numerals import arabic, ascii_digits

_SIMPLIFIED = str.maketrans(
    {
        **dict(zip("點時號週個禮鐘後兩間剛國貳", "点时号周个礼钟后两间刚国二", strict=True)),
        # All the dashes and minus signs are one; the dotless i is none of ours.
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u0131": "i",
        "\u2019": "'",
    }
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_KOREAN = re.compile(r"(?<=\d)\s*(년|월|일|시(?!간)|분|초)")
_KOREAN_UNITS = dict(zip("년월일시분초", "年月日时分秒", strict=True))
_ERA = re.compile(r"(?:中华)?(民国|令和|平成|昭和)\s*(\d{1,3}|元)\s*年")
_ERAS = {"民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925}
_MINGUO = re.compile(r"(?<![\d/.-])(1[01]\d|[89]\d)(?=\s*(?:年\s*\d{1,2}\s*月|([/.-])\d{1,2}\2\d{1,2}(?!\d)))")
_MONTH_VI = re.compile(r"\bthang (\d{1,2})\b,?(?: nam)?")


def plain(text: str, *, minguo: bool = False) -> str:
    """A text in lower case, without accents, full-width forms, traditional characters, numerals and eras.

    `minguo` reads years of two or three digits as those of the Republic of China (114年 is 2025).
    """
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii():
        text = ascii_digits(text).translate(_SIMPLIFIED)
        # Kana keep their marks: those are not in this range.
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = " ".join(text.lower().split())
    # The capital dotted I leaves its dot behind.
    text = text.replace("\u0307", "")
    if not text.isascii():
        text = _east_asian(text)
    if minguo:
        text = _MINGUO.sub(lambda match: str(int(match[1]) + 1911), text)
    return _MONTH_VI.sub(lambda match: f"thang_{int(match[1])}", text)


def _east_asian(text: str) -> str:
    text = arabic(text)
    text = _ERA.sub(lambda match: f"{_ERAS[match[1]] + (1 if match[2] == '元' else int(match[2]))}年", text)
    return _KOREAN.sub(lambda match: _KOREAN_UNITS[match[1]], text)
