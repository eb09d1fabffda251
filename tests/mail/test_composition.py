"""What a letter's bytes say: exactly the addresses, subject and text that were meant, or nothing at all."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from madoguchi.mail.composition import (
    CompositionError,
    Draft,
    Transport,
    assemble,
    cleared_content,
    sound_ids,
)

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
SENT = Transport(message_id="<ours@csirt.example>", envelope_from="")
US = "report@csirt.example"
FIELDS = {"Subject", "From", "To", "Reply-To", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}


def draft(to: str = "alice@reporter.example", subject: str = "Subject", text: str = "Text\n") -> Draft:
    return Draft("窓口 CSIRT", US, to, subject, text, "report+token@csirt.example")


def read(content: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(content, policy=policy.SMTP))


def to_of(content: bytes) -> list[str]:
    return [str(one.addr_spec) for one in read(content)["To"].addresses]


@pytest.mark.parametrize(
    "to",
    [
        "alice@reporter.example",
        "a..b@carrier.example",
        "a.b.@carrier.example",
        '"a b"@reporter.example',
        "o'hara+tag=x@reporter.example",
        "alice@[192.0.2.1]",
        "x" * 230 + "@reporter.example",
    ],
)
def test_a_letter_names_the_very_address_it_goes_to(to: str) -> None:
    assert to_of(cleared_content(draft(to))) == [to]


def test_an_internationalised_domain_is_written_in_its_ascii_form() -> None:
    content = cleared_content(draft("alice@例え.example"))
    assert to_of(content) == ["alice@xn--r8jz45g.example"]


@pytest.mark.parametrize(
    "to",
    [
        "",
        "alice",
        "@reporter.example",
        "alice@",
        "alice@[",
        "alice@x..y",
        "alice@reporter.example.",
        "a@b@reporter.example",
        "(comment)alice@reporter.example",
        "alice@reporter.example, mallory@evil.example",
        "Alice <alice@reporter.example>",
        "alice@reporter.example\r\nBcc: mallory@evil.example",
        "alice\0@reporter.example",
        "älice@reporter.example",
        "alice@straße.example",
        "alice@zero\u200bwidth.example",
        "alice@\udc80.example",
        "x" * 5000 + "@reporter.example",
    ],
)
def test_an_address_that_can_not_be_written_as_it_is_makes_no_letter(to: str) -> None:
    with pytest.raises(CompositionError):
        cleared_content(draft(to))


def plain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode() if not domain.isascii() else domain}"


hostile = st.text(
    alphabet=st.sampled_from("a.@\"'()<>[]\\,;: \t\r\n\0=?_-ü例\u200b\udc80"), max_size=30
) | st.text(alphabet=st.characters(), max_size=30)


@given(hostile)
@example("=?utf-8?q?a?=@x.example")
def test_whatever_the_address_the_letter_goes_there_alone_or_is_not_made(to: str) -> None:
    try:
        content = cleared_content(draft(to))
    except CompositionError:
        return
    message = read(content)
    assert to_of(content) == [plain(to)]
    assert set(message.keys()) == FIELDS
    assert message["Cc"] is None


@given(hostile, st.text(alphabet=st.characters(), max_size=300))
def test_no_subject_and_no_text_adds_a_field_or_an_addressee(subject: str, text: str) -> None:
    try:
        content = cleared_content(draft(subject=subject, text=text))
    except CompositionError:
        return
    message = read(content)
    assert set(message.keys()) == FIELDS
    assert to_of(content) == ["alice@reporter.example"]
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


def test_japanese_comes_back_as_it_was_written() -> None:
    content = cleared_content(
        draft(subject="EXAMPLE#12345678 受け付けました", text="担当者が読みます。\n" * 40)
    )
    message = read(content)
    assert message["Subject"] == "EXAMPLE#12345678 受け付けました"
    assert message.get_content().splitlines() == ["担当者が読みます。"] * 40


@pytest.mark.parametrize(
    "transport",
    [
        Transport(message_id="ours@csirt.example", envelope_from=""),
        Transport(message_id="<a@b>\r\nBcc: <c@d>", envelope_from=""),
        Transport(message_id="<a@b>", envelope_from="", in_reply_to="<a b@c>"),
        Transport(message_id="<a@b>", envelope_from="", references=("<ok@x>", "<bad\n@x>")),
        Transport(message_id="<a@b>", envelope_from="", auto_submitted="auto-replied\r\nBcc: x@y"),
        Transport(message_id="<é@b>", envelope_from=""),
    ],
)
def test_transport_adds_nothing_outside_its_grammar(transport: Transport) -> None:
    with pytest.raises(CompositionError):
        assemble(cleared_content(draft()), transport, NOW)


def test_transport_stands_before_what_was_cleared_and_changes_nothing_of_it() -> None:
    content = cleared_content(draft())
    transport = Transport(
        "<ours@csirt.example>", "", "<theirs@x>", ("<first@x>", "<theirs@x>"), "auto-replied"
    )
    whole = assemble(content, transport, NOW)
    assert whole.endswith(content)
    message = read(whole)
    assert message["Message-ID"] == "<ours@csirt.example>"
    assert message["In-Reply-To"] == "<theirs@x>"
    assert message["References"] == "<first@x> <theirs@x>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Date"].datetime == NOW


@given(st.lists(hostile))
def test_message_ids_of_a_hostile_mail_are_taken_over_only_where_they_are_sound(ids: list[str]) -> None:
    kept = sound_ids(["<first@x>", *ids, "<last@x>"], 5)
    assert kept[-1] == "<last@x>"
    assert len(kept) <= 5
    references = Transport("<ours@x>", "", references=kept)
    assert set(read(assemble(cleared_content(draft()), references, NOW)).keys()) == FIELDS | {
        "Date",
        "Message-ID",
        "References",
    }
