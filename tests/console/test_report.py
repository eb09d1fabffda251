"""The report's page: what it shows, and what a handler does on it."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.cast import handler, received, report, signed_in, staff, with_attachment
from incidents.mails import ALICE, BOB, incoming, mail
from incidents.test_receiving import letters_of, reply_address
from madoguchi.audit.actions import Actor
from madoguchi.audit.models import Entry
from madoguchi.console.downloads import safe_name
from madoguchi.incidents import actions
from madoguchi.incidents.models import Acknowledgement, Message, Report
from madoguchi.mail.models import Letter

pytestmark = [pytest.mark.store, pytest.mark.django_db]

START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


BOB_ACTOR = Actor("staff", "0198c0de-0000-7000-8000-000000000001")


def page_of(row: Report) -> str:
    return reverse("console:report", args=[row.id])


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def answer(client: Client, row: Report, text: str = "We look into it.", **more: Any) -> Any:
    given = {"text": text, "subject": "", "version": row.version, **more}
    return client.post(reverse("console:answer", args=[row.id]), given)


def messages(client: Client, response: Any) -> str:
    """The page that a form leads to."""
    assert response.status_code == 302
    return said(client.get(response["Location"]))


# --- What is shown -----------------------------------------------------------------------------------------


def test_the_page_leads_with_number_subject_sender_and_the_next_action() -> None:
    row = report(mail(sender=f"Alice Liddell <{ALICE}>"))
    page = said(handler().get(page_of(row)))
    head = page.partition('<header class="report-head">')[2].partition("</header>")[0]
    assert row.correspondence.reference in head
    assert re.search(r"<h1><bdi[^>]*>A strange login</bdi></h1>", head)
    assert "Alice Liddell" in head
    assert "alice[@]reporter[.]example" in head
    assert 'href="#answer" aria-keyshortcuts="r">Write an answer</a>' in head
    assert "No answer needed" in head
    assert "Somebody tried our server last night." in page
    assert "sender confirmed" in page


def test_a_sender_for_whom_nothing_vouches_is_said_to_be_unconfirmed() -> None:
    assert "sender not confirmed" in said(handler().get(page_of(report(by=""))))


def test_the_page_of_a_mail_without_subject_and_text_says_so() -> None:
    page = said(handler().get(page_of(report(mail("", subject="")))))
    assert "(no subject)" in page
    assert "This mail has no readable text." in page


def test_a_report_is_shown_whole_with_what_looks_like_a_signature_or_a_quote() -> None:
    text = "See the mail:\r\n\r\n> Your account ends today\r\n\r\n-- \r\nAlice, Reporter Inc."
    page = said(handler().get(page_of(report(mail(text)))))
    assert "Signature and quoted text" not in page
    assert "Your account ends today" in page
    assert "Alice, Reporter Inc." in page


def test_a_reply_shows_what_is_new_and_folds_what_it_quotes() -> None:
    row = report(now=START)
    to = reply_address(letters_of(row)[0])
    text = "It came from 192.0.2.9.\r\n\r\n> Your mail has arrived.\r\n> Its number is known.\r\n"
    raw = mail(text, sender=BOB, to=to, message_id="<more@site.example>")
    received([incoming(raw, START + timedelta(hours=1), sender=BOB, to=to)])
    page = said(handler().get(page_of(row)))
    assert re.search(
        r"<summary>Signature and quoted text</summary><div[^>]*><bdi[^>]*>&gt; Your mail has arrived", page
    )


def test_a_quoted_acknowledgement_does_not_show_the_reporters_link_and_evidence_stays(settings: Any) -> None:
    link, other = (
        f"{settings.OPTIONS.base_url}/status/{'k' * 32}/",
        f"https://evil.example/status/{'e' * 32}/",
    )
    row = report(mail(text=f"I add something to {other}\r\n\r\n> {link}"))
    page = said(handler().get(page_of(row)))
    assert "k" * 32 not in page
    assert "e" * 32 in page


def test_our_letters_are_shown_without_marks_for_their_line_ends() -> None:
    row = report()
    bob = handler()
    answer(bob, row, "First line\r\nSecond line")
    page = said(bob.get(page_of(row)))
    assert "First line\nSecond line" in page
    assert "U+000D" not in page


def test_the_same_text_of_every_acknowledgement_stands_folded() -> None:
    page = said(handler().get(page_of(report())))
    assert re.search(
        r"<details><summary>Text of this letter</summary>.*Its reference number is", page, re.DOTALL
    )


def test_opening_is_noted_before_anything_is_shown_and_no_entry_is_no_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = report()
    bob = handler()
    bob.get(page_of(row))
    assert Entry.objects.filter(verb="opened", object_id=str(row.id)).count() == 1

    def failing(**_: object) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr("madoguchi.incidents.reading.record", failing)
    bob.raise_request_exception = False
    response = bob.get(page_of(row))
    assert response.status_code == 500
    assert "strange login" not in said(response)


# --- Answering ---------------------------------------------------------------------------------------------


def test_an_answer_is_sent_shown_and_ends_the_waiting() -> None:
    row = report()
    bob = handler()
    page = messages(bob, answer(bob, row, subject="Your report"))
    assert "Your answer is on its way." in page
    assert "We look into it." in page
    assert "Our answer" in page
    assert "Bob" in page
    assert '<span class="badge good">Done</span>' in page
    row.refresh_from_db()
    assert row.waiting_since is None
    letter = letters_of(row)[1]
    assert letter.subject == f"{row.correspondence.reference} Your report"
    assert list(letter.recipients) == [ALICE]


def test_an_empty_answer_is_not_sent_and_the_page_says_what_is_missing() -> None:
    row = report()
    page = said(answer(handler(), row, "  ", subject="Kept words"))
    assert "Please write something before you send it." in page
    assert 'value="Kept words"' in page
    assert 'aria-invalid="true"' in page
    assert len(letters_of(row)) == 1


def test_an_answer_to_something_that_changed_is_held_and_its_text_kept() -> None:
    row = report(now=START)
    bob = handler()
    to = reply_address(letters_of(row)[0])
    raw = mail("It came from 192.0.2.9.", to=to, message_id="<more@reporter.example>")
    received([incoming(raw, START + timedelta(hours=1), to=to)])
    response = answer(bob, row, "Where did it <b>come</b> from?", subject="A question")
    page = said(response)
    assert response.status_code == 409
    assert "Something new came in since you opened this report." in page
    assert "Where did it &lt;b&gt;come&lt;/b&gt; from?</textarea>" in page
    assert 'value="A question"' in page
    assert "It came from 192.0.2.9." in page
    assert len(letters_of(row)) == 1
    row.refresh_from_db()
    assert f'name="version" value="{row.version}"' in page
    assert "Your answer is on its way." in messages(bob, answer(bob, row))


def test_the_same_form_sent_twice_is_one_answer() -> None:
    row = report()
    bob = handler()
    assert answer(bob, row).status_code == 302
    assert answer(bob, row).status_code == 409
    assert len(letters_of(row)) == 2


@pytest.mark.parametrize(
    "subject", ["Hello\r\nBcc: mallory@evil.example", "Hello\nX: y", "a\x0bb", "\u202eabc"]
)
def test_a_subject_puts_no_field_into_the_letter(subject: str) -> None:
    row = report()
    response = answer(handler(), row, "The text.", subject=subject)
    assert response.status_code in {200, 302, 422}
    if response.status_code != 302:
        assert "The text.</textarea>" in said(response)
        assert len(letters_of(row)) == 1
        return
    letter = letters_of(row)[1]
    assert list(letter.recipients) == [ALICE]
    assert not re.search(r"[\r\n]", letter.subject)


def test_a_contact_that_no_mail_can_name_is_told_and_nothing_is_sent() -> None:
    row = report(mail(sender="alice @ home <alice(at)home>"), sender="")
    response = answer(handler(), row, "The text.")
    assert response.status_code == 422
    assert "The text.</textarea>" in said(response)
    assert "Nothing was sent; your text is kept." in said(response)
    assert letters_of(row) == []


# --- Setting aside, and the acknowledgement ----------------------------------------------------------------


def set_aside(client: Client, row: Report, version: object) -> Any:
    return client.post(reverse("console:set-aside", args=[row.id]), {"version": version})


def test_setting_aside_ends_the_waiting_without_a_letter() -> None:
    row = report()
    bob = handler()
    page = messages(bob, set_aside(bob, row, row.version))
    assert "Done: nobody waits for an answer to this report." in page
    row.refresh_from_db()
    assert row.waiting_since is None
    assert len(letters_of(row)) == 1


@pytest.mark.parametrize("version", [0, 7, "", "x", "-1", "9" * 30, "9" * 5000])
def test_a_report_that_changed_is_not_set_aside(version: object) -> None:
    row = report()
    bob = handler()
    assert "It stays in the queue." in messages(bob, set_aside(bob, row, version))
    row.refresh_from_db()
    assert row.waiting_since is not None


def held() -> Report:
    """A report whose acknowledgement a cap held back."""
    report(by="", now=START)
    row = report(mail(message_id="<second@reporter.example>", subject="Second"), by="", now=START)
    assert Acknowledgement.objects.get(report=row).verdict == "capped"
    return row


def test_a_held_acknowledgement_goes_out_by_one_key_and_only_once() -> None:
    row = held()
    bob = handler()
    page = said(bob.get(page_of(row)))
    assert "Acknowledgement held back" in page
    assert "Nothing vouches for the sender, who had an acknowledgement today." in page
    [way] = re.findall(r'action="([^"]+/acknowledgement/)"', page)
    assert "The acknowledgement is on its way." in messages(bob, bob.post(way))
    assert "This acknowledgement was sent already" in messages(bob, bob.post(way))
    assert [letter.kind for letter in letters_of(row)] == ["acknowledgement"]
    assert way not in said(bob.get(page_of(row)))


# --- Downloads ---------------------------------------------------------------------------------------------


def first_file(client: Client, row: Report) -> str:
    [address] = re.findall(r'href="([^"]+/parts/\d+/)"', said(client.get(page_of(row))))
    return str(address)


def disposition(response: Any) -> tuple[str, str]:
    """Kind and file name of a download, as a reader of MIME understands them."""
    parsed = message_from_string(
        f"Content-Disposition: {response['Content-Disposition']}\n\n", policy=policy.default
    )
    return parsed.get_content_disposition() or "", parsed.get_filename() or ""


def test_the_original_leaves_byte_for_byte_as_a_download() -> None:
    raw = mail("Text with \u202e and <script>", more="X-Odd: \x01\r\n")
    row = report(raw)
    message = Message.objects.get(correspondence=row.correspondence_id, kind="report")
    response = handler().get(reverse("console:original", args=[message.id]))
    assert response.content == raw
    assert_harmless(response)
    assert disposition(response) == ("attachment", f"{message.id.hex}.eml")
    assert Entry.objects.filter(verb="downloaded original", object_id=str(row.id)).count() == 1


def assert_harmless(response: Any) -> None:
    assert response.status_code == 200
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ('filename="log.txt"', "log.txt.bin"),
        ('filename="../../etc/passwd"', "passwd.bin"),
        (r'filename="..\\..\\windows\\evil.exe"', "evil.exe.bin"),
        ('filename="/etc/cron.d/x"', "x.bin"),
        ('filename=".bashrc"', "bashrc.bin"),
        ('filename="..."', "attachment.bin"),
        ('filename="a b;c=d.html"', "a_b_c_d.html.bin"),
        ("filename*=utf-8''invoice%E2%80%AEfdp.exe", "invoice_fdp.exe.bin"),
        ("filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3Dy", "a__Set-Cookie__x_y.bin"),
        ("filename*=utf-8''%22%3B%20filename%3D%22b.exe", "___filename__b.exe.bin"),
        ("filename*=utf-8''%E5%A0%B1%E5%91%8A%E6%9B%B8.pdf", "報告書.pdf.bin"),
        ("filename*=utf-8''%E3%81%8B%E3%82%99.txt", "が.txt.bin"),
        ("filename*=utf-8''a%E3%85%A4b.txt", "a_b.txt.bin"),
        (f'filename="{"long" * 100}.txt"', f"{'long' * 25}.bin"),
    ],
)  # fmt: skip
def test_an_attachment_leaves_with_a_fixed_type_and_a_harmless_name(parameter: str, name: str) -> None:
    row = report(with_attachment(parameter))
    bob = handler()
    response = bob.get(first_file(bob, row))
    assert_harmless(response)
    assert response.content == b"nothing"
    assert "Set-Cookie" not in response.headers
    assert disposition(response) == ("attachment", name)
    assert Entry.objects.filter(verb__startswith="downloaded part", object_id=str(row.id)).count() == 1


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\U000e0041", "\u3164", "\uffa0", "\u115f", "\ufeff", "\x00", "\x1b", "\u2028"])  # fmt: skip
def test_a_safe_name_holds_nothing_unseen(hidden: str) -> None:
    assert safe_name(f"a{hidden}b.txt") == "a_b.txt.bin"


def test_no_entry_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    row = report(with_attachment('filename="log.txt"'))
    bob = handler()
    address = first_file(bob, row)

    def failing(**_: object) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr("madoguchi.incidents.reading.record", failing)
    bob.raise_request_exception = False
    response = bob.get(address)
    assert response.status_code == 500
    assert b"nothing" not in response.content


def test_a_part_that_is_not_there_is_not_found() -> None:
    row = report()
    message = Message.objects.get(correspondence=row.correspondence_id, kind="report")
    assert handler().get(reverse("console:attachment", args=[message.id, 99])).status_code == 404


# --- The demonstration's page of letters -------------------------------------------------------------------


def test_outside_the_demonstration_there_is_no_page_of_letters(settings: Any) -> None:
    report()
    bob = handler()
    assert bob.get(reverse("console:letters")).status_code == 404
    assert reverse("console:letters") not in said(bob.get("/console/"))
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"demonstration": True})
    page = said(bob.get(reverse("console:letters")))
    assert "alice[@]reporter[.]example" in page
    assert "U+000D" not in page


# --- The operator's page -----------------------------------------------------------------------------------


def test_the_operators_page_shows_no_content_and_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from madoguchi.incidents import receiving

    def failing(*_: object) -> None:
        raise ValueError("secret words of the mail")

    monkeypatch.setattr(receiving, "items_of", failing)
    assert received([incoming(mail("secret words", subject="secret subject"), START)]) == []
    kim = signed_in(staff("kim", "operator"))
    page = said(kim.get(reverse("console:work")))
    assert "ValueError" in page
    assert "secret" not in page
    assert ALICE not in page
    [way] = re.findall(r'action="([^"]+/again/)"', page)
    assert "It will be tried again at once." in messages(kim, kim.post(way))


def test_an_operators_key_for_what_is_done_says_so() -> None:
    row = report()
    letter = Letter.objects.get()
    kim = signed_in(staff("kim", "operator"))
    page = messages(kim, kim.post(reverse("console:letter-again", args=[letter.id])))
    assert "This was done in the meantime." in page
    assert actions.open_report(actor=Actor("staff", str(row.id)), now=START, report_id=row.id).messages
