"""Signed notes as C2SP writes them down: a known note verifies, ours verify, and nothing altered does."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.audit.signed_note import (
    Checkpoint,
    NoteError,
    open_note,
    public_of,
    read_checkpoint,
    sign,
    verifier_key,
)

# The example of golang.org/x/mod/sumdb/note, whose format C2SP signed-note writes down.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SEED = base64.b64decode(SECRET.split("+", 4)[4])[1:]
PUBLIC = base64.b64decode(NEUMANN.split("+", 2)[2])[1:]

CHECKPOINT = Checkpoint("csirt.example/audit", 20852163, bytes(range(32)))
OURS = sign(CHECKPOINT.text(), name="csirt.example/audit", seed=bytes(32))
KEY = public_of(bytes(32))


def test_the_known_note_is_made_and_opened() -> None:
    assert sign(TEXT, name="PeterNeumann", seed=SEED) == NOTE
    assert open_note(NOTE, publics={"PeterNeumann": PUBLIC}) == TEXT
    assert open_note(NOTE, any_name=(PUBLIC,)) == TEXT
    assert verifier_key("PeterNeumann", public_of(SEED)) == NEUMANN


def test_a_checkpoint_is_what_was_signed() -> None:
    assert read_checkpoint(open_note(OURS, any_name=(bytes(32), KEY)[1:])) == CHECKPOINT


def test_signatures_of_others_beside_ours_do_not_disturb() -> None:
    witness = sign(CHECKPOINT.text(), name="witness.example", seed=b"w" * 32).rpartition("\n\n")[2]
    assert open_note(OURS + witness, any_name=(KEY,)) == CHECKPOINT.text()
    assert open_note(OURS + witness, publics={"witness.example": public_of(b"w" * 32)}) == CHECKPOINT.text()


def test_a_note_of_another_key_is_refused() -> None:
    with pytest.raises(NoteError):
        open_note(OURS, any_name=(PUBLIC,))
    with pytest.raises(NoteError):
        open_note(OURS, publics={"csirt.example": KEY})


@given(st.integers(0, len(OURS) - 1), st.characters(codec="utf-8"))
def test_a_note_with_another_character_anywhere_does_not_say_anything_else(at: int, other: str) -> None:
    altered = OURS[:at] + other + OURS[at + 1 :]
    try:
        assert read_checkpoint(open_note(altered, any_name=(KEY,))) == CHECKPOINT
    except NoteError:
        assert altered != OURS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "\n1\n" + "A" * 43 + "=\n",
        "o\n01\n" + "A" * 43 + "=\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n1\nAAAA\n",
        "o\n1\n" + "A" * 42 + "B=\n",
        "o\n1\n!\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_checkpoint(text)


def test_extension_lines_are_allowed() -> None:
    assert read_checkpoint(CHECKPOINT.text() + "extension\n") == CHECKPOINT


@pytest.mark.parametrize("note", ["", "no signature\n", OURS[:-1], OURS + "— x !!\n", OURS + "\n\n"])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note, any_name=(KEY,))


@pytest.mark.parametrize(("text", "name"), [("no newline", "x"), ("x\n", "a b"), ("x\n", "a+b"), ("x\n", "")])
def test_what_can_t_be_a_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(ValueError, match="a note ends"):
        sign(text, name=name, seed=bytes(32))
