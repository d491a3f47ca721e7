"""The labels of encodings (WHATWG Encoding Standard, section 4.2), and what documents really mean by them."""

import codecs

# A label stands for the widest encoding that documents with it use: gb2312 for all of GB 18030.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_jis_2004": "euc_jp",
    "euc_jisx0213": "euc_jp",
    "iso2022_jp_1": "iso2022_jp",
    "iso2022_jp_2": "iso2022_jp",
    "euc_kr": "cp949",
    "johab": "cp949",
    "utf-8-sig": "utf-8",
}
_LABELS = {
    label: name
    for name, labels in {
        "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf8mb4 utf_8 utf-8-mac",
        "utf-16-le": "unicode csunicode ucs-2 iso-10646-ucs-2 unicodefeff",
        "utf-16-be": "unicodefffe",
        "gb18030": (
            "x-gbk csgb2312 chinese csiso58gb231280 gb_2312 gb_2312-80 iso-ir-58 cp936 gb18030-2022 euc-cn x-euc-cn"
        ),
        "big5hkscs": "x-x-big5 cn-big5 csbig5 big5-hkscs big5_hkscs x-big5 big5-eten",
        "cp932": "x-sjis windows-31j csshiftjis ms_kanji ms932 sjis shift-jis x-ms-cp932 cswindows31j",
        "euc_jp": "x-euc-jp cseucpkdfmtjapanese eucjp x-euc",
        "iso2022_jp": "csiso2022jp",
        "cp949": (
            "korean cseuckr csksc56011987 iso-ir-149 ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 ms949"
        ),
        "cp874": "dos-874 windows-874 x-cp874",
        "mac_roman": "macintosh csmacintosh mac x-mac-roman",
        "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
        "iso8859-8": "iso-8859-8-i csiso88598i csiso88598e iso-8859-8-e logical visual",
        "iso8859-6": "csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i",
        "iso8859-7": "sun_eu_greek",
        "koi8-r": "koi koi8 koi8_r cskoi8r",
        "koi8-u": "koi8-ru",
        "iso8859-15": "csisolatin9 l9",
        "cp1252": "x-user-defined ansi x-ansi none default",
    }.items()
    for label in labels.split()
}
_LABELS |= {f"x-cp{number}": f"cp{number}" for number in range(1250, 1259)}
_LABELS |= {f"iso8859{number}": f"iso8859-{number}" for number in range(1, 17) if number != 12}
# Codecs of Python that no document is written in; UTF-7 hides markup from those who look for it.
_NOT_FOR_DOCUMENTS = {"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}


def codec_name(label: str | None) -> str | None:
    """Python's name for an encoding label, widened as browsers do; None for what is no encoding of documents."""
    if not label:
        return None
    label = label.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_LABELS.get(label, label))
    except (LookupError, ValueError):
        return None
    # Only text encodings decode bytes to str; `hex` and `zlib` are codecs too.
    if found.name.replace("_", "-") in _NOT_FOR_DOCUMENTS or not getattr(found, "_is_text_encoding", False):
        return None
    return _WIDER.get(found.name, found.name)
