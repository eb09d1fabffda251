"""Text is read with the charset that it is in, whatever the label says."""

import pytest

from madoguchi.mail import reading
from madoguchi.mail.reading import charsets

REPORT = "これは不正アクセスの報告です。サーバが攻撃を受けました。\nIP: 192.0.2.1\n"
VENDOR = REPORT + "担当: ①㈱髙橋 №5\n"
# ①㈱髙 as NEC and IBM mailers send them under ISO-2022-JP: rows 13 and 89 to 92 of CP932 as JIS pairs.
JIS_VENDOR = b"\x1b$B\x2d\x21\x2d\x6a\x7c\x62\x1b(B"
WRONG_LABELS = [
    "iso-2022-jp",
    None,
    "us-ascii",
    "utf-8",
    "shift_jis",
    "iso-8859-1",
    "euc-jp",
    "x-unknown",
    "gb2312",
]


@pytest.mark.parametrize("label", WRONG_LABELS)
@pytest.mark.parametrize(
    ("raw", "text", "used"),
    [
        (REPORT.encode("iso2022_jp"), REPORT, "iso-2022-jp"),
        (JIS_VENDOR, "①㈱髙", "iso-2022-jp-ms"),
        (b"\x1b(IJ]6818\x1b(B", "ﾊﾝｶｸｱｸ", "iso-2022-jp-ms"),
        (VENDOR.encode("cp932"), VENDOR, "cp932"),
        (REPORT.encode("euc_jp"), REPORT, "euc-jp"),
        ((REPORT + "\N{CIRCLED DIGIT ONE}").encode("utf-8"), REPORT + "①", "utf-8"),
        (REPORT.encode("euc_jp") + b"\xad\xa1", REPORT + "①", "cp51932"),
        ("障害報告".encode("cp932"), "障害報告", None),
        ("ﾃｽﾄ報告".encode("cp932"), "ﾃｽﾄ報告", None),
    ],
)
def test_japanese_is_read_under_any_label(raw: bytes, text: str, used: str | None, label: str | None) -> None:
    decoded = charsets.decode(raw, label)
    assert (decoded.text, decoded.clean) == (text, True)
    assert used is None or decoded.used == used


@pytest.mark.parametrize("mislabelled", [False, True])
@pytest.mark.parametrize(
    ("codec", "label", "text"),
    [
        ("gb18030", "gb18030", "您好，我们的网站受到了攻击，请您帮助处理这个问题。"),
        ("big5", "big5", "您好，我們的網站受到攻擊，請協助處理這個問題。"),
        ("euc_kr", "euc-kr", "안녕하세요. 저희 서버가 공격을 받았습니다. 확인 부탁드립니다."),
        ("koi8_r", "koi8-r", "Здравствуйте, наш сервер был атакован. Пожалуйста, помогите."),
        ("cp1251", "windows-1251", "Здравствуйте, наш сервер был атакован. Пожалуйста, помогите."),
        ("cp1252", "windows-1252", "Grüße aus Köln – été à la “plage”, señor"),
        ("cp1250", "windows-1250", "Zażółć gęślą jaźń, proszę o pomoc."),
        ("cp1253", "windows-1253", "Καλημέρα, ο διακομιστής μας δέχθηκε επίθεση"),
        ("cp1254", "windows-1254", "Sunucumuz saldırıya uğradı, lütfen yardım edin."),
        ("cp1255", "windows-1255", "שלום, השרת שלנו הותקף"),
        ("cp1256", "windows-1256", "مرحبا، تعرض خادمنا للهجوم"),
        ("utf-16", "utf-16", "これは報告です"),
    ],
)
def test_other_writings_are_read_too(codec: str, label: str, text: str, mislabelled: bool) -> None:
    decoded = charsets.decode(text.encode(codec), "utf-8" if mislabelled else label)
    assert (decoded.text, decoded.used, decoded.clean) == (text, label, True)


@pytest.mark.parametrize("label", ["windows-1252", "iso-8859-1", "us-ascii", None])
@pytest.mark.parametrize("text", ["it wasn’t found by PowerShell", "café", "naïve", "5 € or £4", "“quoted”"])
def test_one_sign_in_latin_text_is_no_ideograph(text: str, label: str | None) -> None:
    assert charsets.decode(text.encode("cp1252"), label).text == text


def test_utf_7_is_read_where_it_is_named_and_nowhere_else() -> None:
    raw = REPORT.encode("utf_7")
    assert charsets.decode(raw, "unicode-1-1-utf-7").text == REPORT
    assert charsets.decode(raw, None).text == raw.decode("ascii")


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert charsets.decode(b"a+2AA-b", "utf-7").text == "a+2AA-b"


def test_a_label_with_its_own_table_keeps_its_signs() -> None:
    assert charsets.decode("10時〜12時".encode("shift_jis"), "Shift_JIS").text == "10時〜12時"
    assert charsets.decode("10時～12時①".encode("cp932"), "Shift_JIS").text == "10時～12時①"


def test_one_broken_character_does_not_make_another_charset_of_it() -> None:
    decoded = charsets.decode(REPORT.encode() + b"\xe3\x81", "utf-8")
    assert (decoded.used, decoded.clean) == ("utf-8", False)
    assert decoded.text.startswith(REPORT)


def test_a_line_whose_escape_was_lost_ends_with_the_line() -> None:
    assert charsets.decode(b'\x1b$B$"\nabc', "iso-2022-jp").text == "あ\nabc"


@pytest.mark.parametrize(
    "label", ["rot13", "base64", "zlib", "idna", "undefined", "unicode_escape", "\0", "x" * 999]
)
def test_a_label_that_names_no_charset_is_no_way_to_another_codec(label: str) -> None:
    assert charsets.decode(b"abc \\u0041", label).text == "abc \\u0041"


def test_a_part_says_what_it_was_read_with() -> None:
    raw = b"From: a@example.jp\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" + VENDOR.encode(
        "cp932"
    )
    letter = reading.read(raw)
    assert (letter.text.strip(), letter.defects) == (VENDOR.strip(), ())
    assert (letter.parts[0].charset, letter.parts[0].charset_used) == ("iso-2022-jp", "cp932")
