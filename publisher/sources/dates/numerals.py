"""Digits of every script, and Chinese numerals, as Arabic digits."""

import re

_DIGITS = {char: int(value) for char, value in zip("〇零○一二两三四五六七八九", "0001223456789", strict=True)}
_TENS = {"十": 10, "廿": 20, "卅": 30}
_SCALES = {"百": 100, "千": 1000}
_NUMERAL = "〇零○一二两三四五六七八九十廿卅百千"
_UNIT = "年|月|日|号|点|时|分|秒|刻|天|小时|个|周|星期|礼拜|钟头|ヶ|ケ|か|カ|ヵ|週"
_BEFORE_UNIT = re.compile(rf"[{_NUMERAL}]+(?=\s*(?:{_UNIT}))")
_WEEKDAY = re.compile(r"(周|星期|礼拜)([一二三四五六日天])")
_LETTER_O = re.compile(r"(?<=[一二三四五六七八九])[oO]+(?=[oO一二三四五六七八九十]*年)")


def ascii_digits(text: str) -> str:
    """The text with the decimal digits of all scripts (٢٠٢٥, २०२५) as ASCII ones."""
    return text if text.isascii() else re.sub(r"[^\x00-\x7f]", lambda match: _digit(match.group()), text)


def _digit(char: str) -> str:
    return str(int(char)) if char.isdecimal() else char


def arabic(text: str) -> str:
    """A date with its Chinese numerals written as digits: 二〇二五年十月廿八日 is 2025年10月28日, 周日 is 周7."""
    # The day of the week first: 周二十点 is Tuesday at ten, not the twentieth hour.
    text = _WEEKDAY.sub(lambda match: f"{match[1]}{min('一二三四五六日天'.index(match[2]) + 1, 7)} ", text)
    # A letter O in the place of the sign for zero: 二OO五年.
    text = _LETTER_O.sub(lambda match: "〇" * len(match.group()), text)
    return _BEFORE_UNIT.sub(lambda match: str(number(match.group())), text)


def number(numeral: str) -> int:
    """The value of a numeral below ten thousand (二十八, 一百一十四), or of digits in a row (二〇二五)."""
    if not any(char in _TENS or char in _SCALES for char in numeral):
        return int("".join(str(_DIGITS[char]) for char in numeral))
    total, units = 0, 0
    for char in numeral:
        if char in _SCALES:
            total, units = total + (units or 1) * _SCALES[char], 0
        elif char in _TENS:
            total, units = total + (_TENS[char] if char != "十" else 10 * (units or 1)), 0
        else:
            units = _DIGITS[char]
    return total + units
