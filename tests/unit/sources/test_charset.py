"""Encodings by the order of evidence; nothing that can be read is lost."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources.charset import codec_name, decode, printable

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
