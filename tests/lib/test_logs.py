"""What stands in the log: times, places, classes; never what an exception says, for it may quote a mail."""

import logging
import sys
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.lib.logs import PlainFormatter, error_class

SECRET = "alice@reporter.example said so"


class Sink:
    """A logger of its own that writes into memory."""

    def __init__(self) -> None:
        self.written = StringIO()
        handler = logging.StreamHandler(self.written)
        handler.setFormatter(PlainFormatter())
        self.log = logging.Logger("a.sink")
        self.log.addHandler(handler)

    @property
    def text(self) -> str:
        return self.written.getvalue()


def raising() -> None:
    try:
        {}[SECRET]
    except KeyError as first:
        raise RuntimeError(SECRET) from first


def test_an_exception_is_its_class_and_the_places_it_passed() -> None:
    sink = Sink()
    try:
        raising()
    except RuntimeError:
        sink.log.exception("Arrival %s waits", 7)
    assert SECRET not in sink.text
    assert "Arrival 7 waits" in sink.text
    assert "RuntimeError at " in sink.text
    assert "raising" in sink.text


def test_what_another_handler_wrote_of_the_exception_is_not_taken_over() -> None:
    sink = Sink()
    try:
        raising()
    except RuntimeError:
        record = sink.log.makeRecord("a", logging.ERROR, "f", 1, "said", (), sys.exc_info())
    assert SECRET in logging.Formatter().format(record)
    assert SECRET not in PlainFormatter().format(record)
    assert SECRET in (record.exc_text or "")


@pytest.mark.parametrize(
    "words", [("gone: %s", ValueError(SECRET)), (ValueError(SECRET),), ("%r", OSError(5, SECRET))]
)
def test_an_exception_as_a_message_or_its_argument_is_its_class(words: tuple[object, ...]) -> None:
    sink = Sink()
    sink.log.error(*words)
    assert SECRET not in sink.text
    assert "Error" in sink.text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_message_of_an_exception_is_printed(words: str) -> None:
    sink, secret = Sink(), f"‹{words}"
    try:
        {}[secret]
    except KeyError:
        sink.log.exception("trouble")
    first, _, rest = sink.text.partition("\n")
    assert first.endswith("ERROR a.sink trouble")
    assert rest.startswith("KeyError at ")
    assert secret not in rest


def test_times_are_those_of_the_world() -> None:
    sink = Sink()
    sink.log.info("said")
    assert sink.text.split()[0].endswith("+00:00")


def test_a_class_is_named_with_its_module_in_at_most_80_letters() -> None:
    from madoguchi.lib.keyring import KeyringError

    assert error_class(KeyringError("x")) == "madoguchi.lib.keyring.KeyringError"
    assert error_class(ValueError) == "ValueError"
    assert len(error_class(type("E" * 200, (Exception,), {}))) == 80
