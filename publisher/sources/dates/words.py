"""The words that dates are written with, by language: months, days of the week, today and yesterday.

All stand here as they look after `plain.plain`: in lower case, without accents.
"""

from collections.abc import Mapping

_MONTHS_BY_LANGUAGE = {
    "en": "january february march april may june july august september october november december",
    "de": "januar|janner februar|feber marz|maerz april mai juni juli august september oktober november dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": (
        "tammikuuta|tammikuu helmikuuta|helmikuu maaliskuuta|maaliskuu huhtikuuta|huhtikuu toukokuuta|toukokuu "
        "kesakuuta|kesakuu heinakuuta|heinakuu elokuuta|elokuu syyskuuta|syyskuu lokakuuta|lokakuu "
        "marraskuuta|marraskuu joulukuuta|joulukuu"
    ),
    "pl": (
        "stycznia|styczen lutego|luty marca|marzec kwietnia|kwiecien maja czerwca|czerwiec lipca|lipiec "
        "sierpnia|sierpien wrzesnia|wrzesien pazdziernika|pazdziernik listopada|listopad grudnia|grudzien"
    ),
    "cs": "ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopadu prosince",
    "ru": (
        "января|январь февраля|февраль марта|март апреля|апрель мая|маи июня|июнь июля|июль августа|август "
        "сентября|сентябрь октября|октябрь ноября|ноябрь декабря|декабрь"
    ),
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "tr": "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "el": (
        "ιανουαριου φεβρουαριου μαρτιου απριλιου μαιου ιουνιου ιουλιου αυγουστου σεπτεμβριου οκτωβριου νοεμβριου "
        "δεκεμβριου"
    ),
    "hu": "januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "vi": " ".join(f"thang_{number}" for number in range(1, 13)),
}
_SHORT_BY_LANGUAGE = {
    "en": "jan feb mar apr may jun jul aug sep|sept oct nov dec",
    "de": "jan feb mar|mrz apr mai jun jul aug sep|sept okt nov dez",
    "fr": "janv|jan fevr|fev mars avr mai juin juil aout sept oct nov dec",
    "es": "ene feb mar abr may jun jul ago sep|sept|set oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set|sett ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep|sept okt nov dec",
    "sv": "jan feb mar apr maj jun jul aug sep|sept okt nov dec",
    "da": "jan feb mar apr maj jun jul aug sep|sept okt nov dec",
    "nb": "jan feb mar apr mai jun jul aug sep|sept okt nov des",
    "pl": "sty lut mar kwi maj cze lip sie wrz paz lis gru",
    "ru": "янв фев|февр мар апр мая|маи июн июл авг сен|сент окт ноя|нояб дек",
    "uk": "січ лют бер квіт трав черв лип серп вер жовт лист груд",
    "tr": "oca sub mar nis may haz tem agu eyl eki kas ara",
    "hu": "jan feb|febr marc apr maj jun jul aug szept|sze okt nov dec",
    "ro": "ian feb mar apr mai iun iul aug sept|sep oct noi|nov dec",
    "id": "jan feb mar apr mei jun jul agu|agt sep okt nov des",
}
_WEEKDAYS_BY_LANGUAGE = {
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "de": "montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miercoles jueves viernes sabado domingo",
    "it": "lunedi martedi mercoledi giovedi venerdi sabato domenica",
    "pt": "segunda-feira terca-feira quarta-feira quinta-feira sexta-feira sabado domingo",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "sv": "mandag tisdag onsdag torsdag fredag lordag sondag",
    "da": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "nb": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "fi": "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
    "pl": "poniedziałek wtorek sroda czwartek piatek sobota niedziela",
    "cs": "pondeli utery streda ctvrtek patek sobota nedele",
    "ru": "понедельник вторник среда|среду четверг пятница|пятницу суббота|субботу воскресенье",
    "uk": "понеділок вівторок середа|середу четвер пятниця субота|суботу неділя|неділю",
    "tr": "pazartesi sali carsamba persembe cuma cumartesi pazar",
}
_SPOKEN_BY_LANGUAGE = {
    "en": ("today|tonight|this morning|this afternoon|this evening", "yesterday|last night", "day before yesterday"),
    "de": ("heute", "gestern", "vorgestern"),
    "fr": ("aujourd'hui", "hier", "avant-hier"),
    "es": ("hoy", "ayer", "anteayer|antier"),
    "it": ("oggi", "ieri", "l'altro ieri|altroieri"),
    "pt": ("hoje", "ontem", "anteontem"),
    "nl": ("vandaag", "gisteren", "eergisteren"),
    "sv": ("idag|i dag", "igar|i gar", "i forrgar"),
    "da": ("i dag", "i gar", "i forgars"),
    "nb": ("i dag", "i gar", "i forgars"),
    "fi": ("tanaan", "eilen", "toissapaivana"),
    "pl": ("dzisiaj|dzis", "wczoraj", "przedwczoraj"),
    "cs": ("dnes", "vcera", "predevcirem"),
    "ru": ("сегодня", "вчера", "позавчера"),
    "uk": ("сьогодні", "вчора", "позавчора"),
    "tr": ("bugun", "dun", ""),
    "el": ("σημερα", "χθες|χτες", "προχθες"),
    "ro": ("astazi|azi", "ieri", "alaltaieri"),
    "id": ("hari ini", "kemarin", ""),
    "vi": ("hom nay", "hom qua", "hom kia"),
    "ko": ("오늘", "어제|어젯밤", "그저께|그제"),
}
SPOKEN_CJK: Mapping[str, int] = {
    "大前天": 3,
    **dict.fromkeys(("前天", "前晚", "一昨日", "おととい"), 2),
    **dict.fromkeys(("昨天", "昨日", "昨晚", "昨夜", "昨晨", "昨早", "昨晩", "きのう", "昨"), 1),
    **dict.fromkeys(("今天", "今日", "今早", "今晨", "今晚", "今夜", "本日", "今朝", "今晩", "きょう"), 0),
}
"""How many days ago; the longest word comes first where one holds another."""


def _numbered(listed: str) -> dict[str, int]:
    return {name: number for number, names in enumerate(listed.split(), 1) for name in names.split("|")}


LONG = {language: _numbered(listed) for language, listed in _MONTHS_BY_LANGUAGE.items()}
SHORT = {language: _numbered(listed) for language, listed in _SHORT_BY_LANGUAGE.items()}

MONTHS: Mapping[str, int] = {
    name: number
    for table in (*SHORT.values(), *LONG.values(), SHORT["en"], LONG["en"])
    for name, number in table.items()
}
"""Every name of a month in any language. Where languages differ (Polish and Croatian do), the tables hold one only."""


def month(name: str, language: str | None, *, alone: bool) -> int | None:
    """The month of a name. One that stands `alone`, without a year, is believed only in its own language (or English):
    "3 set" and "2 out" are months in Portuguese only."""
    if not alone:
        return MONTHS.get(name)
    for table in _tables(language):
        if name in table:
            return table[name]
    return None


def _tables(language: str | None) -> list[Mapping[str, int]]:
    english = [SHORT["en"], LONG["en"]]
    known = primary(language)
    if known is None:
        return [*english, *LONG.values()]
    return [*english, LONG.get(known, {}), SHORT.get(known, {})]


def primary(language: str | None) -> str | None:
    """The language of a tag such as `zh-Hant-TW`; Norwegian has three names."""
    first = (language or "").replace("_", "-").partition("-")[0].lower()
    return {"no": "nb", "nn": "nb", "": None}.get(first, first)


WEEKDAYS: Mapping[str, Mapping[str, int]] = {
    language: {name: number - 1 for name, number in _numbered(listed).items()}
    for language, listed in _WEEKDAYS_BY_LANGUAGE.items()
}
SPOKEN: Mapping[str, Mapping[str, int]] = {
    language: {word: back for back, words in enumerate(listed) for word in words.split("|") if word}
    for language, listed in _SPOKEN_BY_LANGUAGE.items()
}
