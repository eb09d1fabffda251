"""The vault's scheme: how a unit's data key is made and wrapped, and how a field is sealed. No Django here.

- A *unit* (arrival, report, person, letter, note) is what can be shredded: it has a data key of 32 random bytes.
- The data key is wrapped with AES-256-GCM-SIV (RFC 8452) under the keyring's `wrap` key; associated data: the
  data key's id. GCM-SIV because one wrap key wraps millions, and a repeated nonce there must not be fatal.
- A field is sealed with AES-256-GCM (NIST SP 800-38D) under the unit's data key, a random 96-bit nonce each;
  associated data: stable label, row id, field name, data-key id, so that swapped rows or columns do not open.
- What is larger than `SEGMENT` is sealed as a stream of segments by the STREAM construction (Hoang, Reyhanitabar,
  Rogaway, Vizár 2015), as age and Tink use it: nonce = 7 random bytes, 32-bit counter, one byte that marks the
  last segment; so truncation, reordering and splicing are found, and memory stays small.
- Shredding destroys the wrapped data key; nothing else needs to be found or overwritten.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from madoguchi.lib.keyring import Keyring

SEGMENT = 1 << 16
_NONCE, _TAG = 12, 16
_PREFIX = 7
_FIELD, _STREAM = b"\x01", b"\x02"


class VaultError(Exception):
    """What is sealed could not be opened. Tell the operator; nothing was changed."""


class NotOpenedError(VaultError):
    """This was altered, belongs to another place, or was sealed with another key. Tell the operator."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs: part of the associated data, so nothing that a rename or rotation changes.

    `label` is a constant such as "incidents.item", never derived from a class or table name.
    """

    label: str
    row: UUID
    field: str

    def bound_to(self, key_id: UUID) -> bytes:
        """The associated data: unambiguous, since ids are 16 bytes and names hold no NUL."""
        return b"\0".join((self.label.encode(), self.field.encode())) + b"\0" + self.row.bytes + key_id.bytes


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored: `wrapped` opens only with the wrap key named `kek`."""

    id: UUID
    kek: str
    wrapped: bytes = field(repr=False)


class UnitKey:
    """The open data key of one unit, in memory only."""

    __slots__ = ("_aead", "id")

    def __init__(self, key_id: UUID, secret: bytes) -> None:
        self.id = key_id
        self._aead = AESGCM(secret)

    def seal(self, place: Place, plain: bytes) -> bytes:
        """`plain` sealed for its place: a version byte, nonce, ciphertext and tag (29 bytes longer)."""
        nonce = os.urandom(_NONCE)
        return _FIELD + nonce + self._aead.encrypt(nonce, plain, place.bound_to(self.id))

    def open(self, place: Place, sealed: bytes) -> bytes:
        """The plain bytes. Raises NotOpenedError on anything but what was sealed for this place by this key."""
        if sealed[:1] != _FIELD or len(sealed) < 1 + _NONCE + _TAG:
            raise NotOpenedError(NotOpenedError.__doc__)
        try:
            return self._aead.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.bound_to(self.id))
        except InvalidTag as wrong:
            raise NotOpenedError(NotOpenedError.__doc__) from wrong

    def seal_text(self, place: Place, text: str) -> bytes:
        """As `seal`, for text; lone surrogates, which no UTF-8 may hold, are kept by `surrogatepass`."""
        return self.seal(place, text.encode("utf-8", "surrogatepass"))

    def open_text(self, place: Place, sealed: bytes) -> str:
        """As `open`, for text."""
        return self.open(place, sealed).decode("utf-8", "surrogatepass")

    def seal_stream(self, place: Place, plain: Iterable[bytes]) -> Iterator[bytes]:
        """Seals a stream of any length in segments of 64 KiB; yields the pieces to write in order."""
        sealer = self.stream_sealer(place)
        for piece in plain:
            yield sealer.add(piece)
        yield sealer.end()

    def stream_sealer(self, place: Place) -> "StreamSealer":
        """As `seal_stream`, for what is pushed piece by piece instead of pulled, such as an upload."""
        return StreamSealer(self._aead, place.bound_to(self.id))

    def open_stream(self, place: Place, sealed: Iterable[bytes]) -> Iterator[bytes]:
        """The plain segments. Raises NotOpenedError at the first that is altered, moved or missing.

        What was yielded before is authentic, but the whole is so only when the iterator ends.
        """
        bound = place.bound_to(self.id)
        pieces = iter(sealed)
        held = bytearray()
        for piece in pieces:
            held += piece
            if len(held) > _PREFIX:
                break
        if held[:1] != _STREAM or len(held) < 1 + _PREFIX:
            raise NotOpenedError(NotOpenedError.__doc__)
        prefix = bytes(held[1 : 1 + _PREFIX])
        del held[: 1 + _PREFIX]
        count = 0
        for piece in chain((b"",), pieces):
            held += piece
            while len(held) > SEGMENT + _TAG:
                yield self._open_segment(prefix, count, bytes(held[: SEGMENT + _TAG]), bound, last=False)
                del held[: SEGMENT + _TAG]
                count += 1
        yield self._open_segment(prefix, count, bytes(held), bound, last=True)

    def _open_segment(self, prefix: bytes, count: int, segment: bytes, bound: bytes, *, last: bool) -> bytes:
        try:
            return self._aead.decrypt(_segment_nonce(prefix, count, last=last), segment, bound)
        except InvalidTag as wrong:
            raise NotOpenedError(NotOpenedError.__doc__) from wrong


class StreamSealer:
    """A stream that is being sealed: what `add` and `end` give, in order, is what `UnitKey.open_stream` reads.

    Without `end` it does not open: a stream that broke off can't pass for a whole one.
    """

    __slots__ = ("_aead", "_bound", "_count", "_held", "_prefix")

    def __init__(self, aead: AESGCM, bound: bytes) -> None:
        self._aead, self._bound = aead, bound
        self._prefix = os.urandom(_PREFIX)
        self._held = bytearray()
        self._count = -1  # nothing was given yet, not even the head

    def add(self, piece: bytes) -> bytes:
        """Takes plain bytes; gives those that are ready to be written, perhaps none."""
        self._held += piece
        ready = [self._head()]
        while len(self._held) > SEGMENT:
            ready.append(self._segment(bytes(self._held[:SEGMENT]), last=False))
            del self._held[:SEGMENT]
        return b"".join(ready)

    def end(self) -> bytes:
        """The last bytes to be written. To be called once."""
        return self._head() + self._segment(bytes(self._held), last=True)

    def _head(self) -> bytes:
        if self._count >= 0:
            return b""
        self._count = 0
        return _STREAM + self._prefix

    def _segment(self, plain: bytes, *, last: bool) -> bytes:
        sealed = self._aead.encrypt(_segment_nonce(self._prefix, self._count, last=last), plain, self._bound)
        self._count += 1
        return sealed


def _segment_nonce(prefix: bytes, count: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">I?", count, last)


class Wrapper:
    """Makes and opens data keys with the keyring's `wrap` keys."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._aeads: dict[str, AESGCMSIV] = {}

    def make(self, key_id: UUID) -> tuple[UnitKey, WrappedKey]:
        """A fresh data key under the current wrap key: open for use, and wrapped for storing."""
        secret = os.urandom(32)
        return UnitKey(key_id, secret), self._wrapped(key_id, secret)

    def unwrap(self, stored: WrappedKey) -> UnitKey:
        """The open data key. Raises NotOpenedError where the row was altered, KeyringError where the key lacks."""
        secret = self._secret(stored)
        try:
            return UnitKey(stored.id, secret)
        except ValueError as wrong:
            raise NotOpenedError(NotOpenedError.__doc__) from wrong

    def rewrap(self, stored: WrappedKey) -> WrappedKey:
        """The same data key under the current wrap key. Raises as `unwrap`."""
        return self._wrapped(stored.id, self._secret(stored))

    def knows(self, kek: str) -> bool:
        """Whether the keyring holds the wrap key of that id."""
        return any(key.id == kek for key in self._keyring.keys.get("wrap", ()))

    def _wrapped(self, key_id: UUID, secret: bytes) -> WrappedKey:
        kek, nonce = self._keyring.current("wrap").id, os.urandom(_NONCE)
        return WrappedKey(key_id, kek, nonce + self._aead(kek).encrypt(nonce, secret, key_id.bytes))

    def _secret(self, stored: WrappedKey) -> bytes:
        nonce, sealed = stored.wrapped[:_NONCE], stored.wrapped[_NONCE:]
        try:
            return self._aead(stored.kek).decrypt(nonce, sealed, stored.id.bytes)
        except (InvalidTag, ValueError) as wrong:
            raise NotOpenedError(NotOpenedError.__doc__) from wrong

    def _aead(self, kek: str) -> AESGCMSIV:
        if kek not in self._aeads:
            self._aeads[kek] = AESGCMSIV(self._keyring.named("wrap", kek).secret)
        return self._aeads[kek]


class BlindIndex:
    """Keyed look-up of values that are sealed: equal values give equal keys, and only to who holds the key.

    Keyed BLAKE2b (RFC 7693) of 16 bytes, personalised by kind, so that an address and a token never compare.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._secret = keyring.current("index").secret

    def key(self, kind: str, value: str | bytes) -> bytes:
        """The 16-byte look-up key of a normalised value; `kind` is at most 16 bytes of ASCII."""
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        return blake2b(data, digest_size=16, key=self._secret, person=kind.encode("ascii")).digest()

    def address(self, address: str) -> bytes:
        """The look-up key of a mail address, compared without the case of ASCII letters.

        RFC 5321, 2.4 leaves the local part to hosts, which do so in practice. Nothing else is folded: straße.example
        and strasse.example are domains of two owners.
        """
        return self.key("address", address.strip().encode("utf-8", "surrogatepass").lower())
