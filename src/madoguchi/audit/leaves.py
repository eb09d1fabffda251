"""What of an entry goes into the tree: fixed fields in one canonical form, and a commitment to its note. Pure.

A leaf's data is 40 bytes: the entry's id (8, big-endian) and a digest of its fields (32). So the tree can be handed
to anybody: it holds opaque ids and hashes. The tree's leaf hash is over these 40 bytes (RFC 9162, 2.1.1).
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

VERSION = 1
DATA_BYTES = 40
SALT_BYTES = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LABEL, _NOTE_LABEL = b"madoguchi audit entry\n", b"madoguchi audit note\n"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an entry that its leaf is over. `commitment`: 32 bytes, or none where the entry has no note."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    verb: str
    object_kind: str
    object_id: str
    commitment: bytes | None = None


def canonical(entry: Fields) -> bytes:
    """One byte string per entry, and one entry per byte string: each field has a fixed length or its length before it.

    Version (1 byte), id (8), microseconds since 1970 (8, signed), then the texts as UTF-8 and the commitment.
    """
    parts = [bytes([VERSION]), struct.pack(">Qq", entry.id, (entry.at - _EPOCH) // timedelta(microseconds=1))]
    texts = (entry.actor_kind, entry.actor_id, entry.verb, entry.object_kind, entry.object_id)
    for value in (*(text.encode("utf-8") for text in texts), entry.commitment or b""):
        parts += [struct.pack(">H", len(value)), value]
    return b"".join(parts)


def leaf_data(entry: Fields) -> bytes:
    """The 40 bytes that stand in the tree for this entry."""
    return struct.pack(">Q", entry.id) + sha256(_LABEL + canonical(entry)).digest()


def entry_id(data: bytes) -> int:
    """The id of the entry that a leaf's data names."""
    return int.from_bytes(data[:8], "big")


def commitment(salt: bytes, note: bytes) -> bytes:
    """Binds an entry to a note without telling it: who lacks the salt of 32 random bytes can't test a guess.

    Salt and note are sealed together; when their key is destroyed the commitment, and so the leaf, stays as it was.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return sha256(_NOTE_LABEL + salt + note).digest()
