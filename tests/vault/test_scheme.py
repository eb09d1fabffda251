"""The scheme: what is sealed opens in its own place with its own key, whole and unaltered, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.lib.keyring import Keyring, KeyringError, NamedKey
from madoguchi.vault import scheme
from madoguchi.vault.scheme import SEGMENT, BlindIndex, NotOpenedError, Place, UnitKey, WrappedKey, Wrapper

OLD = NamedKey("wrap", "k1", bytes(range(32)))
NEW = NamedKey("wrap", "k2", bytes(range(1, 33)))
INDEX = NamedKey("index", "i1", bytes(range(32, 64)))
RING = Keyring({"wrap": (OLD,), "index": (INDEX,)})
ID, OTHER_ID = UUID(int=1), UUID(int=9)
KEY = UnitKey(ID, bytes(range(100, 132)))
HERE = Place("incidents.item", UUID(int=2), "value")
ELSEWHERE = [
    pytest.param(replace(HERE, row=UUID(int=3)), id="another row"),
    pytest.param(replace(HERE, field="name"), id="another field"),
    pytest.param(replace(HERE, label="incidents.provider"), id="another label"),
    pytest.param(Place("incidents", HERE.row, "item\0value"), id="a border moved"),
]
# Lengths on both sides of every border between segments, the empty stream among them.
BORDERS = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT - 1, 2 * SEGMENT, 2 * SEGMENT + 1]
HEAD, SEALED_SEGMENT = 8, SEGMENT + 16


def sealed_stream(plain: bytes, place: Place = HERE, key: UnitKey = KEY) -> bytes:
    return b"".join(key.seal_stream(place, [plain]))


def opened_stream(sealed: bytes, place: Place = HERE, key: UnitKey = KEY, step: int = 1 << 20) -> bytes:
    pieces = (sealed[start : start + step] for start in range(0, len(sealed), step))
    return b"".join(key.open_stream(place, pieces))


def segments(sealed: bytes) -> tuple[bytes, list[bytes]]:
    body = sealed[HEAD:]
    return sealed[:HEAD], [body[at : at + SEALED_SEGMENT] for at in range(0, len(body), SEALED_SEGMENT)]


def plain_of(length: int) -> bytes:
    return bytes(range(256)) * (length // 256) + bytes(range(length % 256))


# --- Fields ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2000))
def test_a_field_comes_back_as_it_was_and_is_29_bytes_longer(plain: bytes) -> None:
    sealed = KEY.seal(HERE, plain)
    assert KEY.open(HERE, sealed) == plain
    assert len(sealed) == len(plain) + 29


@given(st.text(alphabet=st.characters(), max_size=200))
def test_text_comes_back_even_with_lone_surrogates(text: str) -> None:
    assert KEY.open_text(HERE, KEY.seal_text(HERE, text)) == text


@given(st.binary(max_size=100), st.data())
def test_a_field_with_any_bit_turned_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(HERE, plain))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotOpenedError):
        KEY.open(HERE, bytes(sealed))


@given(st.binary(max_size=60), st.data())
def test_a_field_cut_short_or_made_longer_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = KEY.seal(HERE, plain)
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    longer = sealed + data.draw(st.binary(min_size=1, max_size=40))
    for wrong in (cut, longer):
        with pytest.raises(NotOpenedError):
            KEY.open(HERE, wrong)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_value_moved_to_another_place_does_not_open(place: Place) -> None:
    with pytest.raises(NotOpenedError):
        KEY.open(place, KEY.seal(HERE, b"secret"))
    with pytest.raises(NotOpenedError):
        opened_stream(sealed_stream(b"secret"), place)


def test_a_value_of_another_unit_does_not_open_even_under_the_same_secret() -> None:
    same_secret = UnitKey(OTHER_ID, bytes(range(100, 132)))
    other_secret = UnitKey(ID, bytes(32))
    for key in (same_secret, other_secret):
        with pytest.raises(NotOpenedError):
            key.open(HERE, KEY.seal(HERE, b"secret"))
        with pytest.raises(NotOpenedError):
            opened_stream(sealed_stream(b"secret"), key=key)


def test_a_field_is_no_stream_and_a_stream_no_field() -> None:
    with pytest.raises(NotOpenedError):
        opened_stream(KEY.seal(HERE, b"secret"))
    with pytest.raises(NotOpenedError):
        KEY.open(HERE, sealed_stream(b"secret"))


def test_the_same_words_never_look_the_same_twice() -> None:
    assert len({KEY.seal(HERE, b"same") for _ in range(50)}) == 50
    assert len({sealed_stream(b"same") for _ in range(50)}) == 50


# --- Streams -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", BORDERS)
def test_a_stream_of_any_length_comes_back_whatever_the_pieces(length: int) -> None:
    plain = plain_of(length)
    pieces = [plain[:10], plain[10 : SEGMENT + 3], b"", plain[SEGMENT + 3 :]]
    sealed = b"".join(KEY.seal_stream(HERE, pieces))
    for step in (1000, SEGMENT, SEALED_SEGMENT, 1 << 20):
        assert opened_stream(sealed, step=step) == plain
    last_segments = max(1, -(-length // SEGMENT))
    assert len(sealed) == HEAD + length + 16 * last_segments


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(BORDERS), st.lists(st.integers(0, 3 * SEGMENT), max_size=4))
def test_a_stream_that_is_pushed_is_the_same_as_one_that_is_pulled(length: int, cuts: list[int]) -> None:
    plain = plain_of(length)
    bounds = [0, *sorted(min(cut, length) for cut in cuts), length]
    sealer = KEY.stream_sealer(HERE)
    sealed = b"".join(sealer.add(plain[start:end]) for start, end in pairwise(bounds)) + sealer.end()
    assert opened_stream(sealed) == plain
    assert len(sealed) == len(sealed_stream(plain))


def test_a_stream_that_was_not_ended_does_not_open() -> None:
    sealer = KEY.stream_sealer(HERE)
    for plain in (b"", b"x" * SEGMENT, b"y"):
        with pytest.raises(NotOpenedError):
            opened_stream(sealer.add(plain))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(BORDERS), st.integers(1, 3 * SEGMENT), st.data())
def test_a_stream_cut_anywhere_does_not_open(length: int, off: int, data: st.DataObject) -> None:
    sealed = sealed_stream(plain_of(length))
    border = HEAD + SEALED_SEGMENT * data.draw(st.integers(0, 2))
    for cut in {len(sealed) - off, border, border - 1, border + 1, 0, 1, HEAD}:
        if 0 <= cut < len(sealed):
            with pytest.raises(NotOpenedError):
                opened_stream(sealed[:cut])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(BORDERS), st.binary(min_size=1, max_size=40))
def test_a_stream_made_longer_does_not_open(length: int, more: bytes) -> None:
    sealed = sealed_stream(plain_of(length))
    _, parts = segments(sealed)
    for tail in (more, parts[-1], parts[0], sealed):
        with pytest.raises(NotOpenedError):
            opened_stream(sealed + tail)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(BORDERS[1:]), st.data())
def test_a_stream_with_any_bit_turned_does_not_open(length: int, data: st.DataObject) -> None:
    sealed = bytearray(sealed_stream(plain_of(length)))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotOpenedError):
        opened_stream(bytes(sealed))


def mangled() -> Iterator[tuple[str, bytes]]:
    head, (first, second, last) = segments(sealed_stream(plain_of(3 * SEGMENT)))
    other_head, (other_first, _, other_last) = segments(sealed_stream(plain_of(3 * SEGMENT)))
    yield "reordered", head + second + first + last
    yield "last first", head + last + first + second
    yield "one left out", head + first + last
    yield "first left out", head + second + last
    yield "last left out", head + first + second
    yield "one twice", head + first + first + second + last
    yield "spliced at the front", head + other_first + second + last
    yield "spliced at the end", head + first + second + other_last
    yield "another's head", other_head + first + second + last


@pytest.mark.parametrize("sealed", [pytest.param(sealed, id=name) for name, sealed in mangled()])
def test_a_stream_put_together_otherwise_does_not_open(sealed: bytes) -> None:
    with pytest.raises(NotOpenedError):
        opened_stream(sealed)


def test_what_a_damaged_stream_yields_before_its_damage_is_authentic() -> None:
    plain = plain_of(2 * SEGMENT)
    sealed = bytearray(sealed_stream(plain))
    sealed[-1] ^= 1
    stream = KEY.open_stream(HERE, [bytes(sealed)])
    assert next(stream) == plain[:SEGMENT]
    with pytest.raises(NotOpenedError):
        next(stream)


# --- Wrapped keys ------------------------------------------------------------------------------------------


def test_a_wrapped_key_opens_what_it_sealed() -> None:
    key, stored = Wrapper(RING).make(ID)
    assert Wrapper(RING).unwrap(stored).open(HERE, key.seal(HERE, b"secret")) == b"secret"


def test_a_wrapped_key_does_not_open_under_another_id() -> None:
    _, stored = Wrapper(RING).make(ID)
    with pytest.raises(NotOpenedError):
        Wrapper(RING).unwrap(replace(stored, id=OTHER_ID))


@given(st.data())
def test_an_altered_wrapped_key_does_not_open(data: st.DataObject) -> None:
    _, stored = Wrapper(RING).make(ID)
    wrapped = bytearray(stored.wrapped)
    bit = data.draw(st.integers(0, 8 * len(wrapped) - 1))
    wrapped[bit // 8] ^= 1 << bit % 8
    cut = stored.wrapped[: data.draw(st.integers(0, len(wrapped) - 1))]
    for wrong in (bytes(wrapped), cut, stored.wrapped + b"\0"):
        with pytest.raises(NotOpenedError):
            Wrapper(RING).unwrap(replace(stored, wrapped=wrong))


def test_a_new_wrap_key_wraps_from_now_on_and_the_old_one_still_opens() -> None:
    _, before = Wrapper(RING).make(ID)
    both = Wrapper(Keyring({"wrap": (OLD, NEW)}))
    _, after = both.make(OTHER_ID)
    assert (before.kek, after.kek) == ("k1", "k2")
    assert both.unwrap(before).id == ID
    with pytest.raises(NotOpenedError):
        both.unwrap(replace(before, kek="k2"))
    with pytest.raises(KeyringError, match="k2"):
        Wrapper(RING).unwrap(after)


def test_a_keyring_without_wrap_keys_makes_none() -> None:
    with pytest.raises(KeyringError):
        Wrapper(Keyring({"index": (INDEX,)})).make(ID)


# --- The blind index ---------------------------------------------------------------------------------------


@given(st.text(max_size=40), st.text(max_size=40))
def test_equal_values_have_equal_look_up_keys_and_others_do_not(one: str, other: str) -> None:
    index = BlindIndex(RING)
    assert (index.key("token", one) == index.key("token", other)) is (one == other)


@given(st.text(max_size=40))
def test_look_up_keys_of_two_kinds_or_two_secrets_never_compare(value: str) -> None:
    other = BlindIndex(Keyring({"index": (INDEX, NamedKey("index", "i2", bytes(32)))}))
    index = BlindIndex(RING)
    keys = {index.key("token", value), index.key("address", value), other.key("token", value)}
    assert len(keys) == 3


def test_addresses_are_looked_up_without_regard_to_ascii_case_alone() -> None:
    index = BlindIndex(RING)
    assert index.address(" Alice@Reporter.EXAMPLE ") == index.address("alice@reporter.example")
    # Unicode's folding would take these for one, but they are domains of two owners (RFC 5891).
    assert index.address("a@straße.example") != index.address("a@strasse.example")


# --- The format never changes unseen -----------------------------------------------------------------------

WRAPPED = (
    "404142434445464748494a4b35ec8ff8bed6167c85cc097794533563be34bdc1f1db26a5"
    "fa13d684ee8ef1c8481c79349483cf092d645f78f17c739a"
)
FIELD = "01404142434445464748494a4b0a0c314199938a726b1ad145258e43454e14474f25bf"
STREAM = "0240414243444546e4d388c7568676e4cc7542f964caae31db8e855cda21fa7d65"


def test_what_an_earlier_release_sealed_still_opens() -> None:
    key = Wrapper(RING).unwrap(WrappedKey(ID, "k1", bytes.fromhex(WRAPPED)))
    assert key.open_text(HERE, bytes.fromhex(FIELD)) == "窓口"
    assert opened_stream(bytes.fromhex(STREAM), key=key) == b"madoguchi"


def test_what_this_release_seals_is_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheme.os, "urandom", lambda count: bytes(range(0x40, 0x40 + count)))
    key, stored = Wrapper(RING).make(ID)
    assert stored.wrapped.hex() == WRAPPED
    assert key.seal(HERE, "窓口".encode()).hex() == FIELD
    assert b"".join(key.seal_stream(HERE, [b"mado", b"guchi"])).hex() == STREAM


def test_look_up_keys_are_the_same_bytes_in_every_release() -> None:
    index = BlindIndex(RING)
    assert index.key("token", "abc").hex() == "bcd8ff96200016850bd3fe3691cf46b5"
    assert index.address("alice@reporter.example").hex() == "d48b678b09f3c2c1bccaf6a004c2010d"


def test_the_primitives_are_those_of_their_standards() -> None:
    # RFC 8452, appendix C.2, the key of 256 bits with a plaintext of 8 bytes and no associated data.
    siv = AESGCMSIV(bytes.fromhex("01" + "00" * 31))
    sealed = siv.encrypt(bytes.fromhex("03" + "00" * 11), bytes.fromhex("0100000000000000"), None)
    assert sealed.hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"
    # The GCM specification that SP 800-38D adopts, test case 14: a key, a nonce and a block of zeros.
    gcm = AESGCM(bytes(32)).encrypt(bytes(12), bytes(16), None)
    assert gcm.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
