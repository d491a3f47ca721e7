"""Encodings by the order of evidence; nothing that can be read is lost."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources.text.charset import codec_name, decode, is_text, printable
from publisher.sources.text.readable import judge

GBK_ONLY = "朱镕基喆"  # Not in GB2312, though pages that use them say that they are.


@pytest.mark.parametrize(
    ("data", "http", "text", "encoding", "evidence"),
    [
        (codecs.BOM_UTF8 + "é".encode(), "gbk", "é", "utf-8", "bom"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), None, "é", "utf-16-le", "bom"),
        (codecs.BOM_UTF32_LE + "é".encode("utf-32-le"), None, "é", "utf-32-le", "bom"),
        ('<?xml version="1.0"?>'.encode("utf-16-be"), None, '<?xml version="1.0"?>', "utf-16-be", "declared"),
        ("é".encode("latin-1"), "ISO-8859-1", "é", "cp1252", "http"),
        (b'<meta charset="utf-8">\xc4\xe3', "gb2312", '<meta charset="utf-8">你', "gb18030", "http"),
        (
            b"<meta charset='gb2312'>" + GBK_ONLY.encode("gbk"),
            None,
            f"<meta charset='gb2312'>{GBK_ONLY}",
            "gb18030",
            "declared",
        ),
        (
            b'<meta http-equiv=Content-Type content="text/html; charset=big5">' + "台灣".encode("big5"),
            None,
            '<meta http-equiv=Content-Type content="text/html; charset=big5">台灣',
            "big5hkscs",
            "declared",
        ),
        (
            b"<?xml version='1.0' encoding='euc-kr'?>" + "한국".encode("euc-kr"),
            None,
            "<?xml version='1.0' encoding='euc-kr'?>한국",
            "cp949",
            "declared",
        ),
        ("plain 文字".encode(), None, "plain 文字", "utf-8", "utf-8"),
        ("plain 文字".encode(), "no-such-charset", "plain 文字", "utf-8", "utf-8"),
        # A declaration that could be read can't be of UTF-16.
        ('<meta charset="utf-16">文'.encode(), None, '<meta charset="utf-16">文', "utf-8", "declared"),
        # What HTTP says can't be true, so the next witness is heard.
        (
            b'<meta charset="gbk">' + "文字文字".encode("gbk"),
            "utf-8",
            '<meta charset="gbk">文字文字',
            "gb18030",
            "declared",
        ),
    ],
)
def test_the_first_believable_witness_wins(data, http, text, encoding, evidence):
    decoded = decode(data, http)
    assert (decoded.text, decoded.encoding, decoded.evidence) == (text, encoding, evidence)


ZH = "深圳市今天发布了新的公共交通规划，市民可以在网上提出意见。记者从发布会上了解到，未来五年将新增地铁线路六条。"
ZH_TW = "臺北市政府今天宣布新的公共運輸計畫，市民可以在網路上提出意見。記者從說明會了解到，未來五年將新增捷運路線。"
JA = "東京都は今日、新しい交通計画を発表した。都民はインターネットで意見を出すことができるという。"
KO = "서울시는 오늘 새로운 대중교통 계획을 발표했다. 시민들은 인터넷으로 의견을 낼 수 있다고 한다."
FR = "La mairie a présenté hier un nouveau plan de transport, très attendu par les habitants, à Montréal après l'été."
RU = "Мэрия вчера представила новый план общественного транспорта, которого давно ждали жители города."
PL = "Władze miasta przedstawiły wczoraj nowy plan, na który długo czekali mieszkańcy: żółte autobusy i tramwaje."
TR = "Belediye dün uzun süredir beklenen yeni ulaşım planını açıkladı. Şehirdeki ışıklar da değişecek."
EL = "Ο δήμος παρουσίασε χθες το νέο σχέδιο μεταφορών, που περίμεναν οι κάτοικοι."

# The encoding, a long text and a short one in it.
WRITTEN = {
    "utf-8": (ZH, "深圳市发布交通规划"),
    "gb18030": (ZH, "深圳市发布交通规划"),
    "big5hkscs": (ZH_TW, "臺北市宣布運輸計畫"),
    "cp932": (JA, "東京都が交通計画を発表"),
    "euc_jp": (JA, "東京都が交通計画を発表"),
    "cp949": (KO, "서울시 교통 계획 발표"),
    "cp1252": (FR, "Le marché après l'été"),
    "cp1251": (RU, "Мэрия представила план"),
    "cp1250": (PL, PL),
    "cp1254": (TR, TR),
    "cp1253": (EL, "Νέο σχέδιο μεταφορών"),
}
LABELS = ("utf-8", "iso-8859-1", "gb2312", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-1251", "utf-16", "bogus")


def wrong_labels(encoding: str) -> list[str | None]:
    """What may be declared by mistake. One single-byte encoding of letters can't be told from another by its bytes
    alone where both make letters of them: Greek in the place of Russian is not tried."""
    return [None, *(label for label in LABELS if (encoding, label) != ("cp1253", "windows-1251"))]


@pytest.mark.parametrize("encoding", WRITTEN)
@pytest.mark.parametrize("size", ["long", "short"])
def test_a_wrong_declaration_loses_no_character(encoding, size):
    """In HTTP, in the document, in both, or in one of them against the truth in the other."""
    long, short = WRITTEN[encoding]
    text = long * 5 if size == "long" else short
    for wrong in wrong_labels(encoding):
        for http, inside in ((wrong, None), (None, wrong), (wrong, wrong), (encoding, wrong), (wrong, encoding)):
            form = '<?xml version="1.0" encoding="{}"?>' if http is None else '<meta charset="{}">'
            document = f"{form.format(inside) if inside else ''}<title>{text}</title><p>{text}</p>"
            decoded = decode(document.encode(encoding), http)
            assert (http, inside, decoded.text) == (http, inside, document)


@pytest.mark.parametrize("label", ["gb2312", "gbk", "GB18030", "x-gbk", "cp936", "chinese", "gb_2312-80", "hz-gb-2312"])
def test_every_name_of_a_chinese_encoding_means_all_of_gb18030(label):
    text = f"{ZH}{GBK_ONLY}㐀𠀀€"
    assert decode(f'<meta charset="{label}">{text}'.encode("gb18030")).text.endswith(text)


@pytest.mark.parametrize(
    ("labels", "encoding"),
    [
        ("utf8 UTF-8 unicode-1-1-utf-8 x-unicode20utf8", "utf-8"),
        ("latin1 l1 us-ascii ascii iso-8859-1 iso88591 iso8859-1 cp819 iso_8859-1 windows-1252 x-cp1252", "cp1252"),
        ("big5 big5-hkscs cn-big5 csbig5 x-x-big5", "big5hkscs"),
        ("shift_jis shift-jis sjis x-sjis ms_kanji windows-31j ms932", "cp932"),
        ("euc-jp x-euc-jp cseucpkdfmtjapanese", "euc_jp"),
        ("euc-kr ks_c_5601-1987 korean windows-949 ksc5601", "cp949"),
        ("windows-1250 x-cp1250 cp1250", "cp1250"),
        ("windows-1251 x-cp1251", "cp1251"),
        ("windows-1254 iso-8859-9 latin5 l5", "cp1254"),
        ("windows-874 tis-620 iso-8859-11 dos-874", "cp874"),
        ("koi8-r koi koi8_r cskoi8r", "koi8-r"),
        ("koi8-u koi8-ru", "koi8-u"),
        ("iso-8859-2 latin2 csisolatin2", "iso8859-2"),
        ("iso-8859-15 iso885915 l9 csisolatin9", "iso8859-15"),
        ("iso-8859-8-i logical visual", "iso8859-8"),
        ("macintosh x-mac-roman", "mac-roman"),
        ("iso-2022-jp csiso2022jp", "iso2022_jp"),
        ("utf-16le unicode ucs-2", "utf-16-le"),
        (" 'UTF-8' ", "utf-8"),
    ],
)
def test_labels_mean_what_browsers_mean_by_them(labels, encoding):
    for label in [labels] if "'" in labels else labels.split():
        assert (label, codec_name(label)) == (label, encoding)


def test_a_declaration_in_a_comment_declares_nothing():
    document = f'<!-- <meta charset="shift_jis"> --><meta charset="gbk"><p>{ZH}'
    assert decode(document.encode("gb18030")).text == document


def test_utf16_without_a_mark_is_known_by_its_empty_bytes():
    for document in ('{"version": "https://jsonfeed.org/version/1.1"}', "<rss><channel/></rss>", f"<html><p>{FR}"):
        for encoding in ("utf-16-le", "utf-16-be"):
            for http in (None, "utf-16", "utf-8"):
                assert decode(document.encode(encoding), http).text == document


def test_japanese_in_escape_sequences_is_read():
    assert decode(f"<p>{JA}".encode("iso2022_jp")).text == f"<p>{JA}"
    assert decode(f"<meta charset=iso-2022-jp><p>{JA}".encode("iso2022_jp"), "utf-8").text.endswith(JA)
    assert decode(b"<meta charset=iso-2022-jp><p>plain").text.endswith("plain")


def test_a_document_that_was_cut_within_a_character_stays_in_its_encoding():
    for encoding in ("utf-8", "gb18030"):
        data = (ZH * 40).encode(encoding)
        decoded = decode(data[:-1], encoding)
        assert decoded.encoding == encoding
        assert decoded.text.startswith(ZH * 39)
        assert decoded.text[-1] == "\ufffd"


def test_bytes_that_are_no_text_are_none():
    assert not is_text(bytes(range(256)) * 20)
    assert is_text(ZH.encode("gb18030"))
    assert decode(b"\x81\xff\xfe\x80" * 50, "utf-8").text


def test_a_text_in_the_wrong_encoding_reads_worse():
    for encoding, (text, _) in WRITTEN.items():
        own = judge(text, encoding).share
        for other in set(WRITTEN) - {encoding}:
            read = text.encode(encoding).decode(other, "replace")
            assert read == text or judge(read, other).share < own, (encoding, other)


def test_one_broken_byte_does_not_turn_a_page_into_another_encoding():
    data = ("一段很长的文字" * 50).encode()
    broken = data[:99] + b"\xff" + data[99:]
    decoded = decode(broken, "utf-8")
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("\ufffd") == 1
    assert decoded.text.replace("\ufffd", "") == "一段很长的文字" * 50


def test_without_any_declaration_the_detector_reads_chinese():
    text = "深圳市今天发布了新的公共交通规划,市民可以在网上提出意见。" * 20
    decoded = decode(text.encode("gbk"))
    assert (decoded.text, decoded.evidence) == (text, "detected")


@pytest.mark.parametrize(
    "label", ["utf-7", "hex", "zlib", "rot13", "unicode_escape", "idna", "", "x" * 50, "a\0b", None]
)
def test_codecs_that_no_document_is_in_are_not_believed(label):
    assert codec_name(label) is None


def test_what_xml_cannot_hold_is_left_out():
    assert printable("a\0b\x0bc\x1b\ud800d\ufffee\tf\ng") == "abcde\tf\ng"


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "gb2312", "utf-16", "shift_jis", "bogus"]))
def test_any_bytes_decode(data, http):
    assert decode(data, http).text == printable(decode(data, http).text)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"], max_codepoint=0xFFFD)))
def test_utf8_is_read_back(text):
    data = ("<p>" + text).encode()
    assert decode(data).text == "<p>" + text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("바다 뉴스 오늘의 소식", "cp949"),
        ("등대항 새 다리 개통", "cp949"),
        ("서울시는 12일 한강 공원에서 열린 행사에 시민 3천여 명이 참여했다고 밝혔다.", "cp949"),
        ("항구의 새 다리가 열렸다", "cp949"),
        ("오늘 아침 등대 앞바다에서 배 두 척이 만났다. 날씨는 맑았다.", "cp949"),
        ("กรุงเทพมหานครประกาศเมื่อวันที่ 12 พฤศจิกายนว่า การประชุมสภาจะจัดขึ้นในสัปดาห์หน้า", "cp874"),
        ("ข่าวท่าเรือวันนี้", "cp874"),
        ("สะพานใหม่เปิดแล้ว ประชาชนมาดูเรือ", "cp874"),
    ],
)
def test_undeclared_korean_and_thai_are_told_apart(text: str, encoding: str) -> None:
    data = f"<html><title>{text}</title><p>{text}</p></html>".encode("euc_kr" if encoding == "cp949" else encoding)
    assert decode(data).encoding == encoding
