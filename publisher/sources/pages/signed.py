"""English by-lines: who signed, of "Posted by Ana Ruiz and Tom O’Neil, staff writers, on 12 Nov 2026 at 6:05 p.m.".

A by-line is a label, names, and what the names are, where and when they wrote; only the names are of interest.
"""

import re

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DAYS = "Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun"
_VERB = (
    r"(?:(?:(?:re)?posted|written|published|reported|submitted|created|words|story|text|article|report|news|analysis"
    r"|opinion|review|interview|essay|column)(?:\s+and\s+(?:photos?|photographs|pictures|images|reporting))?\s+)"
)
_LABEL = re.compile(
    rf"(?:^|[|·•—–-]\s+|\s{{2,}}|\d(?:\s?[ap]\.?m\.?)?(?:\s[A-Z]{{2,4}})?,?\s+)"
    rf"(?:(?P<verb>{_VERB})?by\b\s*(?P<colon>:?)\s*|(?P<noun>(?:authors?|writers?|words|reporters?)\s*:)\s*)",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s+(?=[,;&]|(?:and|with)\s)|(?<=[,;&])\s+|(?<=\sand)\s+|(?<=\swith)\s+", re.IGNORECASE)
_END = re.compile(
    rf"\s*(?:\s{{2,}}|\s\S+@|[|·•—–@(\[<]|\s-\s|\d|:|(?<![Pp]rof)(?<=[A-Za-z]{{3}})\.(?:\s|$)|[!?]|,?\s(?:on\s+)?(?:(?:{_MONTHS})[a-z]*\.?\s+\d"
    rf"|(?:{_DAYS})(?:day)?\b)|\s(?:on|at|in|for|from|of|via)\s+(?=\S)"
    r"|\b(?:last\s+|first\s+)?(?:updated|published|posted|modified|filed|updates|today|yesterday)\b)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*[,;&/]\s*(?:(?:and|with)\s+)?|\s+(?:and|with)\s+", re.IGNORECASE)
_ADDED = re.compile(r"(?:\band|\bwith|&)\s+(\S+)", re.IGNORECASE)
_ROLE = re.compile(
    r"\b(?:staff|reporters?|correspondents?|editors?|writers?|columnists?|contributors?|contributing|journalists?"
    r"|analysts?|producers?|critics?|chief|fellow|professors?|lecturers?|directors?|managers?|guests?|interns?|desk|team"
    r"|newsroom|freelancers?|photographers?|admin(?:istrator)?|officer|president|bureau|anonymous|ph\.?d|m\.?d|mba|ceo)\b",
    re.IGNORECASE,
)
# "Ana Ruiz Senior Science Reporter", where the markup that parted them is gone.
_TRAILING_ROLE = re.compile(
    r"(?<=\w)\s+(?:(?:senior|junior|chief|deputy|assistant|associate|special|staff|political|science|sports?|business"
    r"|health|technology|tech|world|national|city|education|environment|arts?|culture|features?|news|crime|courts?"
    r"|foreign|investigative|economics|managing|executive|guest|contributing|freelance|video|data)\s+)*"
    rf"{_ROLE.pattern}.*$",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"(?:(?:the )?associated press|reuters|afp|bloomberg|ap|upi|pa media|dpa|ani|pti|cnn|bbc|the \S+ .+"
    r"|.* (?:news|times|post|daily|press|herald|gazette|tribune|magazine|weekly|radio|tv|university|institute))$",
    re.IGNORECASE,
)
_PARTICLES = (
    "de|del|della|dela|da|das|do|dos|di|du|van|von|der|den|ter|ten|zu|zur|al|el|bin|bint|ibn|abu|la|le|los|las|y|e|af|av|st|san|"
    "ap|ben|o"
)
_WORD = r"(?:[^\W\d_a-z]\.?|(?:[^\W\d_]+['’])?[^\W\d_a-z][^\W\d_]*(?:['’.-][^\W\d_]+)*\.?)"
_PARTICLE = rf"(?:{_PARTICLES})(?:[-'’]{_WORD})?"
_NAME = re.compile(rf"(?:{_PARTICLE}\s+){{0,2}}{_WORD}(?:\s+(?:{_PARTICLE}|{_WORD})){{0,5}}")
# "Ana Ruiz in Lisbon and Tom Lee in Porto": only before a further person with a place is a place no end.
_PLACE = re.compile(rf"\s+in\s+{_NAME.pattern}(?=(?:,|,?\s+(?:and|with))\s+{_WORD}\s+{_NAME.pattern}\s+in\s)")
_HANDLE = re.compile(r"[\w.-]{2,30}")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:the|an?|this|that|these|no|my|our|its|his|her|their)\s", re.IGNORECASE)
_LONGEST = 160


def signers(text: str) -> tuple[str, ...]:
    """The people that a by-line names, in a line whose parts two spaces keep apart; none when the line is no by-line.

    A lone office ("By The Associated Press") is taken for one; "By staff" names nobody.
    """
    if len(text) > _LONGEST:
        return ()
    return next((found for label in _LABEL.finditer(text) if (found := _after(label, text))), ())


def is_signed(text: str) -> bool:
    """Whether a line begins as a by-line, and names somebody."""
    label = _LABEL.match(text[:_LONGEST])
    return label is not None and label.start() == 0 and bool(_after(label, text))


def people(text: str) -> tuple[str, ...]:
    """The people of a list of Latin names: the words up to the first that tells where or when they wrote."""
    text = _PLACE.sub("", _JOINT.sub(" ", f"{text} ").strip())
    end = _END.search(text)
    pieces = _joined([piece for piece in _SPLIT.split(text[: end.start()] if end else text) if piece])
    bare = [_TRAILING_ROLE.sub("", pieces[0]), *(piece for piece in pieces[1:] if not is_role(piece))] if pieces else []
    found = [name for name in bare if _NAME.fullmatch(name) and not is_role(name) and not _is_phrase(name)]
    whole = bool(found) and " " in found[0]
    # An office or a town behind a person is where the person works.
    added = _ADDED.findall(text)
    kept = [name for name in found[1:] if not _is_office(name) and (" " in name or name in added or not whole)]
    return tuple(dict.fromkeys((*found[:1], *kept)))


def is_role(text: str) -> bool:
    """Whether a text says what somebody is: "staff reporter", "Middle East editor"."""
    return bool(_ROLE.search(text))


def _is_phrase(name: str) -> bool:
    """Whether it begins as other text does: "By The Numbers"; an office's name may as well, and is longer."""
    return bool(_ARTICLE.match(name)) and not _is_office(name)


def _is_office(name: str) -> bool:
    return bool(_OFFICE.match(name))


def _after(label: re.Match[str], text: str) -> tuple[str, ...]:
    rest = text[label.end() :]
    if found := people(rest):
        return found
    handle = re.split(r"\s{2,}|\s+(?:on|at|in)\s|\s*[|·•,—–]", rest.strip(), maxsplit=1)[0]
    labelled = label["verb"] or label["colon"] or label["noun"]
    usable = labelled and _HANDLE.fullmatch(handle) and not is_role(handle) and not handle.isdigit()
    return (handle,) if usable else ()


def _joined(pieces: list[str]) -> list[str]:
    """The pieces with a "Jr." put to the name that it follows."""
    found: list[str] = []
    for piece in pieces:
        if found and _SUFFIX.fullmatch(piece):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece.strip())
    return found
