"""A mail becomes a letter: whatever its bytes are, and whole."""

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.mail import reading
from madoguchi.mail.letter import Letter, Mailbox
from shared import mails, needs_shared

FIELDS = {
    "kind", "message_id", "in_reply_to", "references", "auto_submitted", "date", "from", "to", "cc", "reply_to",
    "subject", "text", "new_text", "parts", "bounce", "forms", "machine", "observables", "openpgp", "auth", "defects",
}  # fmt: skip
PART_FIELDS = {"type", "charset", "charset_used", "name", "disposition", "size", "sha256"}
KINDS = {"report", "bounce", "auto-reply", "list-command", "reply", "feedback-report", "empty"}


def mail(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join((*lines, "", "")).encode() + body


def assert_whole(letter: Letter) -> None:
    shown = json.loads(json.dumps(letter.as_json()))
    assert set(shown) == FIELDS
    json.dumps(letter.as_json(), ensure_ascii=False).encode()
    assert shown["kind"] in KINDS
    for part, given_part in zip(shown["parts"], letter.parts, strict=True):
        assert set(part) == PART_FIELDS
        assert part["size"] == len(given_part.content)
        assert part["sha256"] == hashlib.sha256(given_part.content).hexdigest()


def test_a_plain_mail_is_read_whole() -> None:
    letter = reading.read(
        mail(
            "Return-Path: <hana@example.jp>",
            "Received: from a by b; Mon, 1 Jun 2026 10:00:00 +0900",
            "Received: from c by a; Mon, 1 Jun 2026 09:59:59 +0900",
            "Delivered-To: report@csirt.example",
            "From: Hana <hana@example.jp>",
            'To: "Report, Desk" <report@csirt.example>, second@csirt.example',
            "Cc: team: a@example.jp, B <b@example.jp>;",
            "Subject: Phishing",
            "Date: Mon, 1 Jun 2026 10:00:00 +0900",
            "Message-ID: <1@example.jp>",
            "References: <0@example.jp> <00@example.jp>",
            "In-Reply-To: <0@example.jp>",
            "List-Id: <list.example.jp>",
            "Precedence: bulk",
            body=b"A site.\r\n",
        )
    )
    assert_whole(letter)
    assert letter.from_ == (Mailbox("Hana", "hana@example.jp"),)
    assert letter.to == (Mailbox("Report, Desk", "report@csirt.example"), Mailbox("", "second@csirt.example"))
    assert letter.cc == (Mailbox("", "a@example.jp"), Mailbox("B", "b@example.jp"))
    assert (letter.subject, letter.text.strip()) == ("Phishing", "A site.")
    assert letter.date is not None
    assert letter.date.isoformat() == "2026-06-01T10:00:00+09:00"
    assert letter.message_id == "<1@example.jp>"
    assert letter.references == ("<0@example.jp>", "<00@example.jp>")
    assert letter.in_reply_to == ("<0@example.jp>",)
    assert (letter.list_id, letter.precedence) == ("<list.example.jp>", "bulk")
    assert (letter.return_path, letter.received_count) == ("<hana@example.jp>", 2)
    assert letter.delivered_to == ("report@csirt.example",)
    assert letter.defects == ()


MESSAGE = b"From: c@example.jp\r\nSubject: inner\r\n\r\ninner text\r\n"


def test_leaves_stand_in_order_and_an_attached_message_is_a_leaf_followed_by_its_own() -> None:
    body = (
        b"ignored preamble\r\n--x\r\nContent-Type: text/plain\r\n\r\nsee below\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + MESSAGE + b"\r\n"
        b'--x\r\nContent-Type: application/octet-stream; name="a.bin"\r\nContent-Transfer-Encoding: base64\r\n'
        b"Content-Disposition: attachment; filename=b.bin\r\n\r\n"
        + base64.encodebytes(bytes(range(256)))
        + b"--x--\r\n"
    )
    letter = reading.read(mail("From: a@example.jp", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert [part.type for part in letter.parts] == [
        "text/plain", "message/rfc822", "text/plain", "application/octet-stream",
    ]  # fmt: skip
    assert letter.parts[1].content == MESSAGE
    assert letter.parts[2].text == "inner text\n"
    assert letter.parts[3].content == bytes(range(256))
    assert (letter.parts[3].name, letter.parts[3].disposition) == ("b.bin", "attachment")
    assert letter.text == "see below"
    assert_whole(letter)


def test_a_forwarded_message_alone_is_the_text() -> None:
    letter = reading.read(mail("From: a@example.jp", "Content-Type: message/rfc822", body=MESSAGE))
    assert letter.text.strip() == "inner text"


@pytest.mark.parametrize(
    ("encoding", "encoded", "content", "defect"),
    [
        ("base64", b"aGVs\r\nbG8=\r\n", b"hello", None),
        ("BASE64", b"aGVsbG8", b"hello", None),
        ("base64", b"aGVs*bG8=", b"hello", "do not belong"),
        ("base64", b"aGVsbG8=aGVsbG8=", b"hellohello", "goes on after"),
        ("base64", b"aGVsbG8hIQ==\r\n-- \r\nThe list\r\n", b"hello!!-- \r\nThe list\r\n", "after the end"),
        ("base64", b"aGVsbG8hI", b"hello!", "breaks off"),
        ("quoted-printable", b"a=3D=\r\nb=E3=81=82", "a=bあ".encode(), None),
        ("quoted-printable", b"a=ZZ", b"a=ZZ", "escapes that are none"),
        ("x-unheard-of", b"abc", b"abc", "unknown"),
        ("x-uuencode", b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n", b"abc", None),
    ],
)
def test_transfer_encodings_are_undone_as_far_as_they_go(
    encoding: str, encoded: bytes, content: bytes, defect: str | None
) -> None:
    letter = reading.read(mail("From: a@example.jp", f"Content-Transfer-Encoding: {encoding}", body=encoded))
    assert letter.parts[0].content == content
    assert any(defect in one for one in letter.defects) if defect else letter.defects == ()


def nested(levels: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels)
    )
    return b"From: a@example.jp\n" + opened + b"\ndeep\n"


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (nested(3000), "Nested deeper"),
        (b"Content-Type: message/rfc822\n\n" * 3000, "Nested deeper|too large"),
        (
            mail("Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\na\r\n" * 3000),
            "More than 1000 parts",
        ),
        (b"A: b\n" * 100_000, "header is too large"),
        (mail("From: a@example.jp", "Content-Type: multipart/mixed", body=b"text"), "without a boundary"),
        (
            mail("From: a@example.jp", "Content-Type: multipart/mixed; boundary=x", body=b"text"),
            "does not occur",
        ),
        (
            mail("From: a@example.jp", "Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\na"),
            "cut off",
        ),
        (mail("From: a@example.jp", "From: b@example.jp"), "More than one From"),
        (mail("From: a@example.jp", "Date: yesterday"), "date is none"),
        (mail("From: a@example.jp", body=b"a\0b"), "NUL"),
        (b"just words, no mail", "may be no mail"),
        (b"", "nothing in it"),
    ],
)
def test_what_is_wrong_with_a_mail_is_named(raw: bytes, defect: str) -> None:
    letter = reading.read(raw)
    assert_whole(letter)
    assert any(word in one for one in letter.defects for word in defect.split("|")), letter.defects


def test_attached_messages_within_each_other_do_not_multiply_the_mail() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * 40 + b"\n" + b"x" * 1_000_000
    assert sum(part.size for part in reading.read(raw).parts) < 6 * len(raw)


def test_a_multipart_without_its_boundary_takes_it_from_the_first_line() -> None:
    body = b"--abc\r\nContent-Type: text/plain\r\n\r\nwords\r\n--abc--\r\n"
    letter = reading.read(mail("From: a@example.jp", "Content-Type: multipart/mixed", body=body))
    assert letter.text == "words"


@pytest.mark.parametrize("newline", [b"\r\n", b"\n", b"\r"])
def test_any_line_end_separates(newline: bytes) -> None:
    raw = mail(
        "From: a@example.jp", "Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\none\r\n--x--\r\n"
    )
    letter = reading.read(raw.replace(b"\r\n", newline))
    assert (letter.from_[0].address, letter.text) == ("a@example.jp", "one")


def test_plain_text_is_preferred_to_html_and_html_to_nothing() -> None:
    html = b"--x\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n"
    head = ("From: a@example.jp", "Content-Type: multipart/alternative; boundary=x")
    plain = b"--x\r\nContent-Type: text/plain\r\n\r\nplain words\r\n"
    assert reading.read(mail(*head, body=plain + html + b"--x--")).text == "plain words"
    assert (
        reading.read(mail(*head, body=plain.replace(b"plain words", b" ") + html + b"--x--")).text == "rich"
    )


def test_an_attached_text_is_a_part_and_not_the_text() -> None:
    body = (
        b"--x\r\n\r\nwords\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n"
        b"\r\nlog\r\n--x--\r\n"
    )
    letter = reading.read(mail("From: a@example.jp", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert letter.text == "words"
    assert letter.parts[1].text == "log"


def test_a_mail_that_is_only_a_text_file_is_that_text() -> None:
    letter = reading.read(
        mail("From: a@example.jp", "Content-Disposition: attachment; filename=r.txt", body=b"words")
    )
    assert letter.text == "words"


def test_what_a_program_is_to_read_is_no_part_of_the_text() -> None:
    body = b"--x\r\n\r\nCould not deliver.\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n--x--\r\n"
    letter = reading.read(mail("From: a@example.jp", "Content-Type: multipart/report; boundary=x", body=body))
    assert letter.text == "Could not deliver."
    assert letter.parts[1].text == "Status: 5.1.1"


def test_flowed_lines_are_put_together() -> None:
    head = ("From: a@example.jp", "Content-Type: text/plain; format=flowed")
    letter = reading.read(mail(*head, body=b"one \r\ntwo\r\n> three \r\n> four\r\n-- \r\nme\r\n"))
    assert letter.text.split("\n")[:4] == ["one two", "> three four", "-- ", "me"]


RELAYED = (
    b"Return-Path: <a@example.jp>\r\nReceived: from x by y; Mon, 1 Jun 2026 10:00:00 +0900\r\n"
    b"Authentication-Results: mx; spf=pass\r\nARC-Seal: i=1\r\nX-Spam-Score: 1\r\nDKIM-Signature: v=1\r\n"
)
SENT = b"From: a@example.jp\r\nMessage-ID: <1@example.jp>\r\nSubject: a\r\n b\r\n\r\nwords\r\n"


def test_a_mail_sent_again_has_the_same_fingerprint_material() -> None:
    first = b"".join(reading.content_fingerprint_material(SENT))
    assert (
        b"".join(reading.content_fingerprint_material(RELAYED + SENT.replace(b"\r\n", b"\n") + b"\n"))
        == first
    )


@pytest.mark.parametrize(
    "change", [(b"words", b"other"), (b"Subject: a", b"Subject: b"), (b"From: a", b"From: b")]
)
def test_another_mail_with_the_same_message_id_has_another(change: tuple[bytes, bytes]) -> None:
    first = b"".join(reading.content_fingerprint_material(SENT))
    assert b"".join(reading.content_fingerprint_material(SENT.replace(*change))) != first


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Type: text/html\n", b"--x\n", b"--x--\n", b"\n", b"\r",
        b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"Subject: =?utf-8?b?44GC", b"?=\n",
        b'From: ((("<', b"Content-Disposition: attachment; filename*0*=utf-8''%E3; filename*1=\"\\", b"Date: 99999999\n",
        b"\x1b$B", b"\x1b(I", b"\x1b(B", b"\xff\xfe", b"\x82\xa0", b"<a href='", b"<!--", b"<p hidden>", b"> ", b"-- \n",
        b"Content-Type: text/plain; charset=utf-7; format=flowed\n", b"=3D=", b"Auto-Submitted: auto-replied\n",
    ]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=8))).map(b"".join)))
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise(raw: bytes) -> None:
    assert_whole(reading.read(raw))
    assert sum(map(len, reading.content_fingerprint_material(raw))) <= len(raw) + raw.count(b":") * 2 + 2


@needs_shared
def test_every_real_mail_is_read() -> None:
    read = 0
    for path in mails():
        raw = path.read_bytes()
        letter = reading.read(raw)
        assert_whole(letter)
        assert letter.parts, path
        if path.suffix == ".eml":
            assert "It has no header: it may be no mail" not in letter.defects, path
        read += 1
    assert read > 800
