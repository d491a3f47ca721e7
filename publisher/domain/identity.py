"""Which article of a source an entry is: by its guid where guids are stable, else by its address, else by its text.

An article has several names within its source: the key it was stored under (a guid, an address, a path), its
addresses, its title and its text. An entry that has one of them may be that article; what is found by a name is looked
at once more, since guids repeat, addresses are used again and titles come back.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.domain.article import Content, Entry, KnownArticle, columns
from publisher.domain.names import address
from publisher.domain.source import Guids
from publisher.domain.words import fold, words

ENOUGH_TITLE = 12
"""Columns of a title that can name an article together with its date."""

REPRINTED_WITHIN = timedelta(days=3)
"""The same title and text dated further apart is another issue of a notice that always says the same."""

SEVERAL = 2
"""Articles whose guid changed at once that make a source's guids changing ones."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry under the key that it has or shall have in storage, and the article that it is, unless it is new.

    `names` are all its names but those that other entries of the same reading share.
    """

    entry: Entry
    known: KnownArticle | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identified:
    """The entries of one reading, each article once, and what they showed of the source's guids."""

    entries: tuple[Named, ...]
    guids: Guids


# --- names -------------------------------------------------------------------------------------------------------


def asked_names(entries: Iterable[Entry], *, texts: bool = True) -> list[str]:
    """The names to look for in storage; without `texts` only keys and addresses, which are all a first look needs."""
    names = ((entry.key, *entry.addresses, *(told_names(entry.content) if texts else ())) for entry in entries)
    return list(dict.fromkeys(name for group in names for name in group))


def asked_texts(entries: Iterable[Entry]) -> list[str]:
    """The other names."""
    return list(dict.fromkeys(name for entry in entries for name in told_names(entry.content)))


def told_names(content: Content) -> tuple[str, ...]:
    """The names that an article has by what it says."""
    return tuple(name for name in (content.text_name, content.title_name) if name)


# --- which article an entry is -----------------------------------------------------------------------------------


def identify(
    entries: Sequence[Entry], found: Mapping[str, KnownArticle], guids: Guids, listed: Collection[str] = ()
) -> Identified:
    """Tell which stored articles some entries of one source are; `found` is what storage has under their names.

    Of entries that are one article the first is kept, or the one at the stored address. One at a second address is
    left out while the source lists the article under its own key, too. A source whose guids changed under several
    articles at once is taken by its addresses from there on.
    """
    told = list(_told_apart(entries))
    shared = _shared_addresses(told)
    named: dict[str, Named] = {}
    taken: dict[str, Entry] = {}
    changed = kept = 0
    for entry in told:
        addresses = tuple(name for name in entry.addresses if name not in shared)
        known = _recognised(entry, addresses, found, guids)
        if known is None and any(name in taken and not _is_other(taken[name], entry) for name in addresses):
            continue
        by_key = found.get(entry.key)
        if known is not None and _has_guid(entry):
            same = by_key is not None and by_key.id == known.id
            kept += same
            changed += not same and address(known.key) != address(known.url)
        second = known is not None and address(known.url) != entry.address
        if known is not None and second and (known.key in named or (known.key != entry.key and known.key in listed)):
            continue
        names = (*(() if guids is Guids.CHANGING and addresses else (entry.key,)), *addresses)
        key = known.key if known else _free_key(entry, addresses, found, guids)
        keyed = entry if entry.key == key else replace(entry, key=key)
        if (not second and known is not None) or keyed.key not in named:
            named[keyed.key] = Named(keyed, known, names)
            taken.update(dict.fromkeys(addresses, entry))
    if changed >= SEVERAL and changed > kept:
        guids = Guids.CHANGING
    return Identified(tuple(named.values()), guids)


def _told_apart(entries: Sequence[Entry]) -> Iterable[Entry]:
    """The entries, with keys of their own for different articles that came under one."""
    first: dict[str, Entry] = {}
    for entry in entries:
        before = first.setdefault(entry.key, entry)
        if before is entry:
            yield entry
        elif _says_other(before, entry):
            yield replace(entry, key=_key_by_title(entry))


def _says_other(one: Entry, two: Entry) -> bool:
    """Whether two entries of one reading under one key are two articles: their titles differ, and where both have an
    address of their own, that does, too."""
    if fold(one.content.title) == fold(two.content.title):
        return False
    return one.address != two.address or not _has_guid(one)


def _key_by_title(entry: Entry) -> str:
    told = hashlib.sha256(f"{entry.content.title}\n{entry.url}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{entry.key}#{told[:16]}"


def _shared_addresses(entries: Sequence[Entry]) -> set[str]:
    """Addresses that several different articles give: a front page, or a page with many of them."""
    titles: dict[str, set[str]] = {}
    for entry in entries:
        for name in entry.addresses:
            titles.setdefault(name, set()).add(fold(entry.content.title))
    return {name for name, under in titles.items() if len(under) > 1}


def _has_guid(entry: Entry) -> bool:
    """Whether the source gave a guid that is more than the entry's address."""
    return (named := entry.key_address) is None or named not in entry.addresses


def _recognised(
    entry: Entry, addresses: Sequence[str], found: Mapping[str, KnownArticle], guids: Guids
) -> KnownArticle | None:
    by_key, by_address = found.get(entry.key), found.get(entry.address or "")
    if by_address is not None and entry.address in addresses and _same_title(by_address, entry):
        return by_address
    if by_key is not None and not _key_repeats(by_key, entry):
        return by_key
    own = entry.address
    for name in addresses:
        known = found.get(name)
        if known is not None and not _address_repeats(known, entry, guids, own=name == own):
            return known
    return _by_text(entry, found) or (None if addresses else _by_title(entry, found, guids))


def _key_repeats(known: KnownArticle, entry: Entry) -> bool:
    """Whether a known key came with another article: another title at another address and of another time.

    An editor may change a title, and the address with it; then the date stays, or words of the title do.
    """
    if _same_title(known, entry) or address(known.url) in entry.addresses or not _has_guid(entry):
        return False
    if known.published and entry.content.published:
        return not _together(known.published, entry.content.published, timedelta(minutes=1))
    return not _alike(known.title, entry.content.title)


def _address_repeats(known: KnownArticle, entry: Entry, guids: Guids, *, own: bool) -> bool:
    """Whether a known address came with another article.

    A canonical address is believed only with the title or the date of what stands there: some sites give their front
    page. An article's own address is it, unless guids that can be trusted say otherwise and title and date agree.
    """
    if _same_title(known, entry):
        return False
    dates = known.published, entry.content.published
    same_date = dates[0] is not None and dates[0] == dates[1]
    if not own:
        return not same_date
    if address(known.key) in entry.addresses or not _has_guid(entry) or same_date:
        return False
    return guids is Guids.STABLE or None not in dates


def _by_text(entry: Entry, found: Mapping[str, KnownArticle]) -> KnownArticle | None:
    """The article that says the same, or has the same title and the very same time."""
    content = entry.content
    known = found.get(content.text_name or "")
    if known is not None and (
        known.published is None
        or content.published is None
        or _together(known.published, content.published, REPRINTED_WITHIN)
    ):
        return known
    known = found.get(content.title_name or "")
    if known is None or columns(content.title) < ENOUGH_TITLE or content.published is None:
        return None
    # A day, or an hour, says too little.
    exact = (content.published.minute, content.published.second) != (0, 0)
    return known if exact and known.published == content.published else None


def _by_title(entry: Entry, found: Mapping[str, KnownArticle], guids: Guids) -> KnownArticle | None:
    """The article with the same title and date, for an entry without an address of its own; undated ones are told by
    their titles only where guids say nothing."""
    known = found.get(entry.content.title_name or "")
    if known is None or known.published != entry.content.published:
        return None
    return known if known.published is not None or guids is Guids.CHANGING else None


def _is_other(one: Entry, two: Entry) -> bool:
    """Whether two entries of one reading that share an address are two articles."""
    return fold(one.content.title) != fold(two.content.title)


def _free_key(entry: Entry, addresses: Sequence[str], found: Mapping[str, KnownArticle], guids: Guids) -> str:
    """The key of a new article: its own, unless that is another's or can't be trusted, else its address."""
    if entry.key not in found and not (guids is Guids.CHANGING and addresses):
        return entry.key
    if addresses and entry.url not in found and not any(name in found for name in addresses):
        return entry.url
    return _key_by_title(entry)


def _same_title(known: KnownArticle, entry: Entry) -> bool:
    return bool(known.title) and fold(known.title) == fold(entry.content.title)


def _alike(one: str, two: str) -> bool:
    """Whether two titles share more than half of their words."""
    first, second = Counter(words(one)), Counter(words(two))
    return 2 * (first & second).total() > min(first.total(), second.total())


def _together(one: datetime, two: datetime, within: timedelta) -> bool:
    return abs(one - two) <= within
