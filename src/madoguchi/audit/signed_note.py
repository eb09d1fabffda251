"""Signed notes and checkpoints of transparency logs (C2SP signed-note and tlog-checkpoint), by Ed25519. Pure.

A checkpoint is text that any client of such logs can read and verify::

    csirt.example/audit
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — csirt.example/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from madoguchi.audit.merkle import HASH_BYTES

ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
MOST_TEXT = 1_000_000


class NoteError(ValueError):
    """This is no signed checkpoint of this log. Take the file as it was written, or put the right keyring in place."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's size and root, as `origin` said it."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The body of the note, as tlog-checkpoint writes it."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def verifier_key(name: str, public: bytes) -> str:
    """The key as C2SP signed-note writes it for who verifies: name, key id, algorithm and key."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode('ascii')}"


def sign(text: str, *, name: str, seed: bytes) -> str:
    """The whole note: `text`, which has to end with a newline (else ValueError), an empty line, a signature."""
    if not text.endswith("\n") or not _NAME.fullmatch(name):
        raise ValueError("a note ends with a newline, and a key's name has neither spaces nor plus signs")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = _key_id(name, _public(key)) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode('ascii')}\n"


def open_note(note: str, *, publics: dict[str, bytes] | None = None, any_name: tuple[bytes, ...] = ()) -> str:
    """The text of a note that one of the keys signed. Raises NoteError where none did.

    `publics`: Ed25519 keys by name. `any_name`: keys that may have signed under whatever name; a log's own keys,
    whose name goes with the centre's domain.
    """
    text, found, signatures = note.rpartition("\n\n")
    if not found or not signatures.endswith("\n") or len(note) > MOST_TEXT:
        raise NoteError(NoteError.__doc__)
    text += "\n"
    good = False
    for line in signatures[:-1].split("\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            raise NoteError(NoteError.__doc__)
        keys = (*any_name, *((publics[match[1]],) if publics and match[1] in publics else ()))
        good |= any(_signed(text, match[1], match[2], key) for key in keys)
    if not good:
        raise NoteError(NoteError.__doc__)
    return text


def _signed(text: str, name: str, encoded: str, public: bytes) -> bool:
    """Whether this line is the key's signature. Raises NoteError where the key id is ours and the signature is not."""
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error as wrong:
        raise NoteError(NoteError.__doc__) from wrong
    if signature[:4] != _key_id(name, public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            signature[4:], text.encode("utf-8", "surrogatepass")
        )
    except InvalidSignature as wrong:
        raise NoteError(NoteError.__doc__) from wrong
    return True


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are allowed and not read. Raises NoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteError(NoteError.__doc__)
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as wrong:
        raise NoteError(NoteError.__doc__) from wrong
    if len(root) != HASH_BYTES or base64.b64encode(root).decode("ascii") != lines[2]:
        raise NoteError(NoteError.__doc__)
    return Checkpoint(lines[0], int(lines[1]), root)


def public_of(seed: bytes) -> bytes:
    """The public key of a seed of 32 bytes."""
    return _public(Ed25519PrivateKey.from_private_bytes(seed))
