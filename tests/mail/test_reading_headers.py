"""Header fields are read as their writers meant them, and as hostile text all the same."""

import base64

import pytest

from madoguchi.mail import reading
from madoguchi.mail.letter import Letter, Mailbox

TITLE = "不正アクセスの報告"


def read(*fields: bytes) -> Letter:
    return reading.read(b"\r\n".join((*fields, b"", b"text\r\n")))


def word(octets: bytes, charset: bytes = b"utf-8") -> bytes:
    return b"=?" + charset + b"?B?" + base64.b64encode(octets) + b"?="


UTF8 = TITLE.encode()
JIS = TITLE.encode("iso2022_jp")


@pytest.mark.parametrize(
    "value",
    [
        word(UTF8),
        word(UTF8[:10]) + b"\r\n " + word(UTF8[10:]),
        word(UTF8[:10]) + word(UTF8[10:], b"UTF-8"),
        word(JIS, b"ISO-2022-JP"),
        word(JIS, b"ISO-2022-JP*ja"),
        word(TITLE.encode("cp932"), b"ISO-2022-JP"),
        word(UTF8).replace(b"=?=", b"?="),
        b"=?utf-8?Q?" + b"".join(b"=%02X" % byte for byte in UTF8) + b"?=",
        UTF8,
        JIS,
        TITLE.encode("cp932"),
        TITLE.encode("euc_jp"),
    ],
)
def test_a_japanese_subject_is_read_in_every_dress(value: bytes) -> None:
    assert read(b"From: a@example.jp", b"Subject: " + value).subject == TITLE


def test_blanks_between_encoded_words_go_and_beside_text_stay() -> None:
    assert read(b"Subject: =?utf-8?q?a?= =?utf-8?q?b?= c =?utf-8?q?d_e?=").subject == "ab c d e"


def test_what_is_no_encoded_word_stays() -> None:
    assert read(b"Subject: =?utf-8?x?abc?= =?= ?=").subject == "=?utf-8?x?abc?= =?= ?="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@example.jp", [("", "a@example.jp")]),
        (b"A B <a@example.jp>", [("A B", "a@example.jp")]),
        (b'"B, A" <a@example.jp>, c@example.jp', [("B, A", "a@example.jp"), ("", "c@example.jp")]),
        (b"a@example.jp (A (nested) B)", [("A nested B", "a@example.jp")]),
        (word(UTF8) + b" <a@example.jp>", [(TITLE, "a@example.jp")]),
        (b'"' + word(UTF8) + b'" <a@example.jp>', [(TITLE, "a@example.jp")]),
        (JIS + b" <a@example.jp>", [(TITLE, "a@example.jp")]),
        (TITLE.encode("cp932") + b" <a@example.jp>", [(TITLE, "a@example.jp")]),
        (b'"a@trusted.example" <b@other.example>', [("a@trusted.example", "b@other.example")]),
        (b"MAILER-DAEMON <>", [("MAILER-DAEMON", "")]),
        (b"a@example.jp b@example.jp", [("", "a@example.jp"), ("", "b@example.jp")]),
        (b"P(A \\) b) <p(his)@example.jp(host)>", [("P", "p@example.jp")]),
        (b"J <j@ example .jp>", [("J", "j@example.jp")]),
        (b"undisclosed-recipients:;", []),
        (b"", []),
        (b'"unclosed <a@example.jp>', [('"unclosed', "a@example.jp")]),
    ],
)
def test_addresses(value: bytes, expected: list[tuple[str, str]]) -> None:
    found = read(b"From: " + value).from_
    assert [(box.name, box.address) for box in found] == expected


def test_a_name_that_forges_a_second_address_makes_none() -> None:
    forged = word(b"boss@csirt.example>, <x@y.example")
    assert read(b"From: " + forged + b" <a@example.jp>").from_ == (
        Mailbox("boss@csirt.example>, <x@y.example", "a@example.jp"),
    )


@pytest.mark.parametrize(
    "hostile", [b"(" * 50_000, b'"' + b"\\" * 50_000, b"<" * 50_000, b"a@b," * 50_000, b":;" * 50_000]
)
def test_a_hostile_field_is_only_a_field(hostile: bytes) -> None:
    letter = read(b"From: " + hostile, b"Subject: still here")
    assert letter.subject == "still here"
    assert len(letter.from_) <= 1001


@pytest.mark.parametrize(
    "parameters",
    [
        b'filename="=?ISO-2022-JP?B?' + base64.b64encode("報告.xls".encode("iso2022_jp")) + b'?="',
        b"filename==?utf-8?B?" + base64.b64encode("報告.xls".encode()) + b"?=",
        b"filename*=utf-8'ja'%E5%A0%B1%E5%91%8A.xls",
        b"filename*0*=utf-8''%E5%A0%B1%E5; filename*1*=%91%8A; filename*2=.xls",
        b"filename*1*=%91%8A.xls; filename*0*=utf-8''%E5%A0%B1%E5",
        b"filename=plain.xls; filename*=utf-8''%E5%A0%B1%E5%91%8A.xls",
        b"filename*=iso-2022-jp''%1B$BJs9p%1B%28B.xls",
        b"filename*=utf-8''%95%F1%8D%90.xls",
        b'filename="' + "報告.xls".encode("cp932") + b'"',
        b'FileName = "' + "報告.xls".encode() + b'"',
    ],
)
def test_a_file_name_is_read_in_every_dress(parameters: bytes) -> None:
    letter = read(b"From: a@example.jp", b"Content-Disposition: attachment; " + parameters)
    assert letter.parts[0].name == "報告.xls"
    assert letter.parts[0].disposition == "attachment"


def test_a_missing_semicolon_is_seen() -> None:
    assert read(b'Content-Type: text/plain\r\n charset="euc-jp"').parts[0].charset == "euc-jp"


def test_a_quoted_name_may_hold_a_semicolon() -> None:
    assert read(b'Content-Type: image/png; name="a;b\\"c.png"').parts[0].name == 'a;b"c.png'


def test_ids_keep_their_brackets_and_are_found_in_rubbish() -> None:
    letter = read(
        b"Message-ID: <a@b> (added)", b"References: <c@d><e@f>\r\n\t<c@d>", b"In-Reply-To: Your mail of <g@h>"
    )
    assert letter.message_id == "<a@b>"
    assert letter.references == ("<c@d>", "<e@f>")
    assert letter.in_reply_to == ("<g@h>",)
