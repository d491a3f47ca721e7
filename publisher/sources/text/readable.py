"""Whether a decoded text reads like a language, or like the bytes of another encoding (mojibake).

Only characters outside ASCII tell. In Chinese every second one is among the few hundred commonest, in mojibake one in
twenty; kana and Hangul come from no other encoding by chance in runs; accents stand among plain letters.
"""

import re
from dataclasses import dataclass
from functools import cache

_COMMONEST = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第"
    "公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合"
    "回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总"
    "何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听"
    "白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带"
    "导争运笔议团近技网络站京视频者版图片载公司记者编辑责任来源发布时间首页新闻中心服务技术工作城市经济企业项目人民深圳"
    # Traditional and Japanese forms of those that differ.
    "這個們來為國說時會對過發後種經麼學當沒動還進樣開從實軍無與長機關點業將兩間問應戰頭體見產給門東聲員論處義幾認條"
    "係氣題爾變總電數報結務場計資許統區隊決達強難權設記類據邊張該規萬領確傳師觀帶導爭運議團網絡視頻圖載編輯責發聞濟"
    "気発会国語話読書新聞電車学校時間午後前年月日本東京大阪都市県政府首相対応開始予定関係問題記事写真"
    "台灣香港澳門臺"
)
_COMMONEST_HANGUL = (
    "이다는에의가을를한로고하지도사기은인서대자시정일리스어있나수해그전원부으아라만들보제과것장구조주등상공년니면여동적위신방"
    "무할연실성선민비게관국소교미세유안경했통화오월발생우중습내산계금용업양분모최강물차식속재진결현출음점"
)
_FRAME = re.compile("[\u3001-\u3011\uff01-\uff5e\u2018-\u201d\u2026\u2014\u00b7\u3014\u3015\u300a\u300b\u3000]")
_KANA = re.compile("[\u3041-\u3096]")
_NEUTRAL = frozenset("\u00a0\u00ab\u00bb\u00a9\u00ae\u00b0\u20ac\u2013\u2022\u00a3\u00a7\u2122\u00bf\u00a1")
_USUAL_ACCENTS = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüßœÀÁÂÄÅÇÈÉÊÍÑÓÔÖØÚÜ")
_RARE_ACCENTS = frozenset("þðýÿÞÐÝŕĺŸ")
_FREQUENT_LETTERS = frozenset("оеаинтсрвлкмдпуяыіОПСВНМКРИДТАБЧαοιετνσςρκπμλυηάέήίόύώΑΟΕΤΣΚΠΜΗΝΔ")
_FREQUENT_THAI = frozenset("กขคงจชดตทนบปผพมยรลวสหอถศ")
_RARE_THAI = frozenset("ฃฅฆฌฎฏฐฑฒฬฮฦฤฟฝ")
_THAI_CONSONANT = re.compile("[\u0e01-\u0e2e]")
_THAI_MARK = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
_THAI_VOWEL = re.compile("[\u0e30\u0e32\u0e33\u0e45]")
_THAI_LEADING = re.compile("[\u0e40-\u0e44]")
_MARGIN = 0.12
_SAMPLE = 1000
_CERTAIN = 0.7


@dataclass(frozen=True, slots=True)
class Readable:
    """How much of a text reads like a language, between 0 and 1, judged by so many characters."""

    share: float
    judged: int

    @property
    def certain(self) -> bool:
        """Whether nothing else need be tried."""
        return self.share >= _CERTAIN and self.judged >= 20

    def better_than(self, other: "Readable") -> bool:
        """Whether this reads so much better that a declaration counts no more; few characters say little."""
        return self.share > other.share + _MARGIN + 1.5 / (1 + min(self.judged, other.judged))


def judge(text: str, encoding: str) -> Readable:
    """Judge a text, as decoded by an encoding, by its first characters outside ASCII."""
    found = [match.start() for _, match in zip(range(_SAMPLE), re.finditer("[^\x00-\x7f]", text), strict=False)]
    if not found:
        return Readable(1.0, 0)
    share = sum(_worth(text, place) for place in found) / len(found)
    # Kana stand in the same place in GB 2312 as in EUC-JP: what is full of them is Japanese.
    if (
        encoding in ("gb18030", "big5hkscs", "cp949")
        and sum(bool(_KANA.match(text[place])) for place in found) > len(found) / 6
    ):
        share *= 0.7
    # Korean stands in the same place in EUC-KR as Thai, two bytes a character.
    if encoding == "cp874" and all(
        len(run) % 2 == 0 for run in re.findall("[^\x00-\x7f]+", text[: found[-1] + 1])[:-1]
    ):
        share *= 0.8
    return Readable(share, len(found))


def _worth(text: str, place: int) -> float:
    char = text[place]
    before, after = text[place - 1 : place] or " ", text[place + 1 : place + 2] or " "
    if "\u0e00" <= char <= "\u0e7f":
        return _worth_of_thai(char, before, after)
    if char.isalpha() and char < "\u2000":
        return _worth_of_letter(char, before, after)
    if char in _NEUTRAL:
        return 0.6
    if before.isascii() and before.isalpha() and after.isascii() and after.isalpha():
        # A letter with an accent, read together with its neighbour.
        return 0.0
    return _worth_of_sign(char)


def _worth_of_sign(char: str) -> float:
    if "\u4e00" <= char <= "\u9fff":
        return 1.0 if char in _frequent() else 0.5 if char in _usual_han() else 0.0
    if "\uac00" <= char <= "\ud7a3":
        return 1.0 if char in _COMMONEST_HANGUL else 0.5 if char in _usual_hangul() else 0.0
    return 1.0 if "\u3041" <= char <= "\u30fe" or _FRAME.match(char) else 0.0


def _worth_of_letter(char: str, before: str, after: str) -> float:
    """Letters of one script stand together; accented Latin ones among plain ones; capitals begin words."""
    if char.isupper() and before.isalpha() and before.islower():
        return 0.0
    ascii_letters = sum(beside.isascii() and beside.isalpha() for beside in (before, after))
    if char < "\u0250":
        worth = 1.0 if char in _USUAL_ACCENTS else 0.3 if char in _RARE_ACCENTS else 0.85
        if ascii_letters:
            return worth
        # żółty has three in a row; a word of nothing but accents is none.
        in_run = char.islower() and any(beside.islower() and beside < "\u0250" for beside in (before, after))
        return worth * (0.6 if in_run else 0.3)
    if ascii_letters:
        return 0.0
    if char.isupper() and before.isalpha():
        return 0.3
    alike = [beside for beside in (before, after) if not beside.isascii() and beside.isalpha()]
    if any(_script(beside) != _script(char) for beside in alike):
        return 0.2
    return 1.0 if char in _FREQUENT_LETTERS or char >= "\u0590" else 0.6


def _worth_of_thai(char: str, before: str, after: str) -> float:
    """Marks and most vowels follow a consonant, some vowels lead one: other bytes read as Thai don't."""
    if _THAI_CONSONANT.match(char):
        return 1.0 if char in _FREQUENT_THAI else 0.0 if char in _RARE_THAI else 0.5
    if _THAI_MARK.match(char) or _THAI_VOWEL.match(char):
        return 1.0 if _THAI_CONSONANT.match(before) or _THAI_MARK.match(before) else 0.0
    if _THAI_LEADING.match(char):
        return 1.0 if _THAI_CONSONANT.match(after) else 0.0
    # Signs and digits, which stand apart from letters.
    return 0.0 if _THAI_CONSONANT.match(before) or _THAI_CONSONANT.match(after) else 0.3


def _script(char: str) -> int:
    """Blocks of scripts are 128 or 256 characters wide; Greek, Cyrillic, Hebrew, Arabic and Thai differ in this."""
    return next((number for number, end in enumerate((0x370, 0x400, 0x590, 0x600, 0xE00)) if ord(char) < end), 9)


@cache
def _frequent() -> frozenset[str]:
    return frozenset(_COMMONEST)


@cache
def _usual_han() -> frozenset[str]:
    """The first levels of GB 2312, of Big5 and of JIS X 0208: what newspapers need."""
    found = _rows("gb2312", range(0xB0, 0xD8)) | _rows("euc_jp", range(0xB0, 0xD0)) | _rows("big5", range(0xA4, 0xC7))
    return frozenset(char for char in found if "\u4e00" <= char <= "\u9fff")


@cache
def _usual_hangul() -> frozenset[str]:
    """The syllables of KS X 1001."""
    return frozenset(_rows("euc_kr", range(0xB0, 0xC9)))


def _rows(encoding: str, leads: range) -> set[str]:
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    return {
        char for lead in leads for trail in trails if len(char := bytes((lead, trail)).decode(encoding, "ignore")) == 1
    }
