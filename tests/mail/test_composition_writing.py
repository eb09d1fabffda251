"""The bytes of a letter: every mail program reads back what was meant, and nothing rides along."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail import reading
from madoguchi.mail.composition import CompositionError, Draft, cleared_content

ATOM = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
HOST = st.text("abcXYZ019-_", min_size=1, max_size=20)
ADDRESS = st.builds(
    lambda local, domain: f"{local}@{domain}.example", ATOM.filter(lambda local: "=?" not in local), HOST
)
# No line or page separators: a name or subject is one line, whose white space is folded into single spaces.
TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=200).map(
    lambda text: " ".join(text.split())
)


def draft(**given: str) -> Draft:
    usual = {
        "sender_name": "例示CSIRT",
        "sender": "report@csirt.example",
        "to": "alice@reporter.example",
        "subject": "EXAMPLE#12345678 受け付けました",
        "text": "受け付けました。\n",
        "reply_to": "report+abcdefghijklmnopqrstuvwx@csirt.example",
    }
    return Draft(**(usual | given))


def read(content: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(content, policy=policy.SMTP))


@given(name=TEXT, subject=TEXT, to=ADDRESS)
def test_whatever_a_name_or_subject_holds_comes_back_as_it_was_meant(
    name: str, subject: str, to: str
) -> None:
    content = cleared_content(draft(sender_name=name, subject=subject, to=to))
    message = read(content)
    # Our own reader: the standard library's leaves a space between the encoded words of a display name.
    [sender] = reading.read(content).from_
    assert (sender.name, sender.address) == (name, "report@csirt.example")
    assert [one.addr_spec for one in message["To"].addresses] == [to]
    if "=?" not in subject:  # a reader that decodes twice is not what is tried here
        assert " ".join(message["Subject"].split()) == subject
    assert message.keys() == [
        "Subject", "From", "To", "Reply-To", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
def test_a_text_comes_back_line_by_line(text: str) -> None:
    message = read(cleared_content(draft(text=text)))
    assert message.get_content().encode().splitlines() == text.encode().splitlines()


@given(text=st.text(max_size=300), subject=st.text(max_size=300))
def test_a_letter_is_seven_bit_lines_that_end_in_crlf(text: str, subject: str) -> None:
    try:
        content = cleared_content(draft(text=text, subject=subject))
    except CompositionError:
        return
    assert content.isascii()
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


def test_the_reference_can_be_read_without_decoding() -> None:
    assert cleared_content(draft()).startswith(b"Subject: EXAMPLE#12345678 =?utf-8?")


def test_english_text_stays_readable_raw() -> None:
    assert b"\r\n\r\nWe look into it.\r\n.\r\n" in cleared_content(draft(text="We look into it.\n.\n"))


@pytest.mark.parametrize("to", ['"a b"@x.example', "a@[192.0.2.1]", r'"a\"b"@x.example'])
def test_an_unusual_address_is_written_as_it_is(to: str) -> None:
    assert f"\r\nTo: {to}\r\n".encode() in cleared_content(draft(to=to))


@pytest.mark.parametrize(
    "to",
    [
        "",
        "@",
        "a b@x.example",
        "a@b@c.example",
        "<a@b.example>",
        "a@b.example, c@d.example",
        "a\r\nBcc: c@d.example",
        "a@b.example\n",
        '"\0"@x.example',
        "日本@x.example",
        "\ud800@x.example",
    ],
)
def test_an_address_that_no_field_can_hold_is_refused(to: str) -> None:
    with pytest.raises(CompositionError):
        cleared_content(draft(to=to))


def test_a_line_end_in_a_subject_or_name_begins_no_field() -> None:
    message = read(cleared_content(draft(subject="a\r\nBcc: x@y.example", sender_name="b\nBcc: x@y.example")))
    assert "Bcc" not in message
    assert message["Subject"] == "a Bcc: x@y.example"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(CompositionError):
        cleared_content(draft(subject="\ud800"))
