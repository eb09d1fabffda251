"""A report that is being filled in: kept sealed between the pages, and gone without a trace when it ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from madoguchi.audit.models import Entry
from madoguchi.incidents.models import Correspondence
from madoguchi.intake import drafts as inside
from madoguchi.intake.accepting import raw_of
from madoguchi.intake.draft_files import DraftGoneError, Upload, content_of, remove_file
from madoguchi.intake.drafts import (
    OpenDraft,
    begin_draft,
    end_draft,
    end_expired_drafts,
    find_draft,
    keep_answers,
)
from madoguchi.intake.models import Arrival, Draft, DraftFile
from madoguchi.intake.reporting import NotReadyError, TooLargeError, hand_in
from madoguchi.lib.verbs import verb
from madoguchi.mail.forms import submitted
from madoguchi.mail.reading import read
from madoguchi.vault.actions import BlobMissingError, blobs
from madoguchi.vault.models import DataKey

pytestmark = [pytest.mark.store, pytest.mark.django_db]

FULL = {"kind": "scan", "what": "落ちない攻撃\ud800\0", "contact": "anonymous"}
HOUR = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def begun(now: datetime, **answers: Any) -> tuple[str, OpenDraft]:
    token = begin_draft(now=now, notice="n1")
    draft = again(token, now)
    if answers:
        keep_answers(draft=draft, given=answers, asked=answers)
    return token, again(token, now)


def again(token: str, now: datetime) -> OpenDraft:
    draft = find_draft(token, now)
    assert draft is not None
    return draft


def add(draft: OpenDraft, now: datetime, content: bytes = b"x", name: str = "a.log") -> None:
    upload = Upload(draft.id, draft.key, now, name=name, kind="text/plain")
    upload.write(content)
    upload.keep()


def blobs_in(home: Path) -> set[str]:
    return {one.name for one in (home / "blobs").rglob("*") if one.is_file()}


def test_answers_are_kept_between_the_pages_and_only_the_cookie_finds_them(now: datetime) -> None:
    token, draft = begun(now, **FULL)
    assert dict(draft.answers) == FULL
    assert draft.notice == "n1"
    assert find_draft(token + "x", now) is None
    assert find_draft("", now) is None
    assert token not in repr(draft)


def test_a_page_replaces_the_fields_that_it_asks_and_no_other(now: datetime) -> None:
    token, draft = begun(now, what="one", when="two", wish=["question"])
    keep_answers(draft=draft, given={"what": "three", "share": "not asked"}, asked=["what", "wish"])
    assert dict(again(token, now).answers) == {"what": "three", "when": "two"}


def test_two_pages_sent_at_once_both_count(now: datetime) -> None:
    token, draft = begun(now)
    keep_answers(draft=draft, given={"what": "one"}, asked=["what"])
    keep_answers(
        draft=draft, given={"when": "two"}, asked=["when"]
    )  # its page was read before the first was kept
    assert dict(again(token, now).answers) == {"what": "one", "when": "two"}


def test_nothing_of_it_stands_in_clear_and_no_moment_but_the_hour(now: datetime) -> None:
    _, draft = begun(now, what="a-secret-word")
    add(draft, now, b"a-secret-word" * 100, "a-secret-name")
    row, file, key = Draft.objects.get(), DraftFile.objects.get(), DataKey.objects.get()
    assert b"secret" not in bytes(row.content) + bytes(file.name)
    assert (row.ends_at, key.made_at) == (HOUR + timedelta(hours=24), HOUR)
    assert {int(one.hex[:12], 16) for one in (row.id, file.id, file.blob, key.id)} == {
        int(HOUR.timestamp() * 1000)
    }
    assert not Entry.objects.exists()


def test_files_come_back_as_they_were_in_their_order(now: datetime, settings: Any) -> None:
    token, draft = begun(now)
    names = ["../../etc/passwd", "b\u202egpj.exe", "<img src=x>.png", "\0\r\n", "窓口" * 50]
    for number, name in enumerate(names):
        add(draft, now, bytes([number]) * 70_000, name)
    files = again(token, now).files
    assert [file.name for file in files] == names
    assert [b"".join(content_of(draft.key, file)) for file in files] == [
        bytes([n]) * 70_000 for n in range(5)
    ]
    assert {file.blob.hex for file in files} <= blobs_in(settings.HOME)


def test_a_removed_file_is_gone_from_the_disk(now: datetime, settings: Any) -> None:
    token, draft = begun(now)
    add(draft, now)
    [file] = again(token, now).files
    assert remove_file(draft=draft.id, file=file)
    assert not remove_file(draft=draft.id, file=file)
    assert again(token, now).files == ()
    assert file.blob.hex not in blobs_in(settings.HOME)


def test_an_upload_that_is_dropped_leaves_no_row_and_no_blob(now: datetime, settings: Any) -> None:
    token, draft = begun(now)
    before = blobs_in(settings.HOME)
    upload = Upload(draft.id, draft.key, now, name="n", kind="")
    upload.write(b"x" * 200_000)
    assert again(token, now).files == ()
    upload.drop()
    assert blobs_in(settings.HOME) == before
    assert not DraftFile.objects.exists()


def test_a_draft_ends_after_a_day_with_its_key_and_every_blob_even_of_a_killed_upload(
    now: datetime, settings: Any
) -> None:
    token, draft = begun(now, **FULL)
    before = blobs_in(settings.HOME)
    add(draft, now)
    upload = Upload(draft.id, draft.key, now, name="n", kind="")
    upload.write(b"x" * 200_000)
    upload._writer._file.raw.close()  # type: ignore[attr-defined]  # as where its process is killed
    assert end_expired_drafts(now=HOUR + timedelta(hours=23, minutes=59)) == 0
    assert find_draft(token, HOUR + timedelta(hours=24)) is None
    assert end_expired_drafts(now=HOUR + timedelta(hours=24, minutes=7)) == 1
    assert not Draft.objects.exists()
    assert not DraftFile.objects.exists()
    assert blobs_in(settings.HOME) == before
    key = DataKey.objects.get()
    assert (key.wrapped, key.shredded_at) == (None, HOUR + timedelta(hours=24))


def test_who_deletes_what_they_typed_leaves_nothing(now: datetime) -> None:
    token, draft = begun(now, **FULL)
    late = Upload(draft.id, draft.key, now, name="n", kind="")
    end_draft(draft=draft.id, now=now)
    assert find_draft(token, now) is None
    with pytest.raises(DraftGoneError):
        keep_answers(draft=draft, given=FULL, asked=FULL)
    with pytest.raises(DraftGoneError):
        late.keep()
    with pytest.raises(DraftGoneError):
        Upload(draft.id, draft.key, now, name="n", kind="")
    with pytest.raises(DraftGoneError):
        hand_in(now=now, draft=draft, language="ja")
    end_draft(draft=draft.id, now=now)
    assert not Arrival.objects.exists()


def test_handed_in_it_is_one_report_with_its_answers_and_files(now: datetime, settings: Any) -> None:
    token, draft = begun(now, **FULL)
    before = blobs_in(settings.HOME)
    add(draft, now, b"the log" * 50_000, "ログ.txt")
    confirmation = hand_in(now=now, draft=again(token, now), language="ja")
    [arrival] = Arrival.objects.all()
    letter = read(raw_of(arrival))
    form = submitted(letter)
    assert form is not None
    assert (form.answers, form.notice, form.language, form.files) == (FULL, "n1", "ja", ("ログ.txt",))
    assert letter.parts[2].content == b"the log" * 50_000
    assert Correspondence.objects.get().reference == confirmation.reference
    assert (arrival.received_at, confirmation.anonymous) == (HOUR, True)
    assert blobs_in(settings.HOME) - before == {arrival.blob.hex if arrival.blob else ""}
    assert again(token, now).answers == {}
    assert not DraftFile.objects.exists()


def test_a_second_hand_in_gives_the_same_codes_and_no_second_report(now: datetime, settings: Any) -> None:
    token, draft = begun(now, **FULL)
    add(draft, now, b"x" * 400_000)
    draft = again(token, now)
    first = hand_in(now=now, draft=draft, language="ja")
    there = blobs_in(settings.HOME)
    assert hand_in(now=now, draft=again(token, now), language="ja") == first
    assert again(token, now).confirmation == first
    assert Arrival.objects.count() == Correspondence.objects.count() == 1
    assert blobs_in(settings.HOME) == there
    assert first.receipt not in repr(first)


def test_two_hand_ins_at_once_make_one_report(now: datetime, settings: Any) -> None:
    _, draft = begun(now, **FULL | {"what": "長" * 100_000})
    first = hand_in(now=now, draft=draft, language="ja")
    there = blobs_in(settings.HOME)
    assert hand_in(now=now, draft=draft, language="ja") == first  # it was read before the first was noted
    assert Arrival.objects.count() == Correspondence.objects.count() == 1
    assert blobs_in(settings.HOME) == there


def test_a_second_press_that_finds_the_files_gone_gives_the_same_codes(now: datetime, settings: Any) -> None:
    token, draft = begun(now, **FULL)
    add(draft, now, b"x" * 400_000)
    draft = again(token, now)
    first = hand_in(now=now, draft=draft, language="ja")
    there = blobs_in(settings.HOME)
    assert hand_in(now=now, draft=draft, language="ja") == first  # it was read before the first was noted
    assert Arrival.objects.count() == Correspondence.objects.count() == 1
    assert blobs_in(settings.HOME) == there


def test_a_file_that_the_disk_lost_is_no_second_press(now: datetime) -> None:
    token, draft = begun(now, **FULL)
    add(draft, now)
    draft = again(token, now)
    blobs().remove(draft.files[0].blob)
    with pytest.raises(BlobMissingError):
        hand_in(now=now, draft=draft, language="ja")
    assert not Arrival.objects.exists()


def test_what_changed_since_it_was_looked_at_is_not_handed_in(now: datetime) -> None:
    token, draft = begun(now, **FULL)
    add(draft, now)
    with pytest.raises(NotReadyError):
        hand_in(now=now, draft=draft, language="ja")
    assert not Arrival.objects.exists()
    assert hand_in(now=now, draft=again(token, now), language="ja").reference


def test_the_confirmation_is_shown_for_a_quarter_of_an_hour_and_ends_with_the_draft(now: datetime) -> None:
    token, draft = begun(now, **FULL)
    hand_in(now=now, draft=draft, language="ja")
    assert again(token, now + timedelta(minutes=14)).confirmation
    assert find_draft(token, now + timedelta(minutes=15)) is None
    row = Draft.objects.get()
    assert row.ends_at == HOUR + timedelta(hours=1)
    assert end_expired_drafts(now=row.ends_at) == 1


def test_without_its_answers_it_is_not_handed_in_and_nothing_is_lost(now: datetime) -> None:
    token, draft = begun(now, what="x")
    with pytest.raises(NotReadyError):
        hand_in(now=now, draft=draft, language="ja")
    assert again(token, now).answers == {"what": "x"}


def test_a_report_larger_than_a_mail_may_be_is_refused_and_nothing_is_lost(
    now: datetime, settings: Any
) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"max_message_bytes": 100_000})
    token, draft = begun(now, **FULL)
    add(draft, now, b"x" * 80_000)
    with pytest.raises(TooLargeError):
        hand_in(now=now, draft=again(token, now), language="ja")
    assert len(again(token, now).files) == 1


def test_where_the_report_cannot_be_stored_the_draft_stays(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, draft = begun(now, **FULL)

    def away(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("madoguchi.intake.handing.keep", away)
        with pytest.raises(OSError, match="No space"):
            hand_in(now=now, draft=draft, language="ja")
    assert not Correspondence.objects.exists()
    assert hand_in(now=now, draft=again(token, now), language="ja").reference


def test_a_draft_whose_key_was_destroyed_is_not_found(now: datetime) -> None:
    token, draft = begun(now)

    @verb
    def destroy() -> None:
        inside.shred([draft.key.id], now=now)

    destroy()
    assert find_draft(token, now) is None
    assert uuid4() != draft.id


@pytest.mark.django_db(transaction=True)
def test_a_button_that_is_pressed_twice_at_once_makes_one_report(committed: None) -> None:
    now = timezone.now()
    token, draft = begun(now, **FULL)
    together = Barrier(4)

    def press(_: int) -> str:
        together.wait(20)
        try:
            return hand_in(now=now, draft=draft, language="ja").receipt
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        receipts = set(threads.map(press, range(4)))
    assert len(receipts) == 1
    assert Arrival.objects.count() == Correspondence.objects.count() == 1
    confirmation = again(token, now).confirmation
    assert confirmation
    assert receipts == {confirmation.receipt}
