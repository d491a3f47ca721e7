"""Chinese numerals in dates as Arabic digits."""

import re

_DIGITS = {char: int(value) for char, value in zip("〇零○一二两三四五六七八九", "0001223456789", strict=True)}
_TENS = {"十": 10, "廿": 20, "卅": 30}
_NUMERAL = "〇零○一二两三四五六七八九十廿卅"
_BEFORE_UNIT = re.compile(rf"[{_NUMERAL}]+(?=\s*(?:年|月|日|号|点|时|分|秒|天|小时|个|周|星期|钟头))")
_WEEKDAY = re.compile(r"(周|星期|礼拜)([一二三四五六日天])")


def arabic(text: str) -> str:
    """A date with its Chinese numerals written as digits: 二〇二五年十月廿八日 is 2025年10月28日, 周日 is 周7."""
    # The day of the week first: 周二十点 is Tuesday at ten, not the twentieth hour.
    text = _WEEKDAY.sub(lambda match: f"{match[1]}{min('一二三四五六日天'.index(match[2]) + 1, 7)} ", text)
    return _BEFORE_UNIT.sub(lambda match: str(number(match.group())), text)


def number(numeral: str) -> int:
    """The value of a numeral below one hundred (二十八), or of digits in a row (二〇二五)."""
    if not any(char in _TENS for char in numeral):
        return int("".join(str(_DIGITS[char]) for char in numeral))
    tens, units = 0, 0
    for char in numeral:
        if char in _TENS:
            tens = _TENS[char] if char != "十" else 10 * (units or 1)
            units = 0
        else:
            units = _DIGITS[char]
    return tens + units
