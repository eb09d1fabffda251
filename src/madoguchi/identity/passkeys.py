"""The server's half of WebAuthn (Level 2): what a browser is asked, and whether its answer is right. Stores nothing.

A challenge is kept by who asks, in the session, and used once. Attestation is not asked for: which maker's device
somebody uses is no concern of a centre that lets people bring their own.
"""

import ipaddress
import struct
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from madoguchi.identity.errors import PasskeyError

State = dict[str, Any]
Options = dict[str, Any]
# What fido2 raises where an answer is not of the form that WebAuthn gives it.
MALFORMED = (
    AssertionError,  # registration data without a credential
    AttributeError,
    Base64Error,
    LookupError,
    RuntimeError,  # nested too deeply, or a key of an unknown kind
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is: a passkey works under the host for which it was made, and nowhere else."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey: the credential's id and public key, as WebAuthn packs them, and its counter."""

    credential: bytes = field(repr=False)
    counter: int

    @property
    def id(self) -> bytes:
        return bytes(AttestedCredentialData(self.credential).credential_id)


def site(host: str, *, secure: bool, name: str) -> Site | None:
    """The site under `host` (with its port, as in an address); None where browsers know no passkeys.

    They need https or the machine itself, and a name: an address can't be a relying party's id.
    """
    bare = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    try:
        ipaddress.ip_address(bare.strip("[]"))
    except ValueError:
        known = secure or bare == "localhost"
        return Site(bare, f"{'https' if secure else 'http'}://{host}", name) if known else None
    return None


def ask_to_make(at: Site, *, user: UUID, username: str, known: Sequence[Passkey]) -> tuple[Options, State]:
    """What a browser needs to make a passkey that can sign in alone; and what to keep until it answers."""
    options, state = _server(at).register_begin(
        PublicKeyCredentialUserEntity(id=user.bytes, name=username, display_name=username),
        credentials=_credentials(known),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), dict(state)


def made(at: Site, state: State, answer: Any) -> Passkey:
    """The passkey that was made. Raises PasskeyError."""
    try:
        data = _server(at).register_complete(state, answer)
    except MALFORMED as wrong:
        raise PasskeyError(PasskeyError.__doc__) from wrong
    if data.credential_data is None:
        raise PasskeyError(PasskeyError.__doc__)
    return Passkey(bytes(data.credential_data), data.counter)


def ask_to_use(at: Site, known: Sequence[Passkey] = ()) -> tuple[Options, State]:
    """What a browser needs to use one of these passkeys, or, where none is named, any that it has for this site."""
    options, state = _server(at).authenticate_begin(
        credentials=_credentials(known) or None, user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), dict(state)


def used(at: Site, state: State, known: Sequence[Passkey], answer: Any) -> tuple[Passkey, int]:
    """Which of these passkeys answered, and its counter now. Raises PasskeyError.

    The caller keeps the counter and refuses one that did not rise: the passkey was copied (WebAuthn, 7.2, step 21).
    """
    try:
        credential = _server(at).authenticate_complete(state, _credentials(known), answer)
        data = AuthenticatorData(websafe_decode(answer["response"]["authenticatorData"]))
    except MALFORMED as wrong:
        raise PasskeyError(PasskeyError.__doc__) from wrong
    return next(one for one in known if one.id == credential.credential_id), data.counter


def whose(answer: Any) -> UUID | None:
    """Whose passkey this answer claims to be; believed only when `used` has checked it against theirs."""
    try:
        return UUID(bytes=websafe_decode(answer["response"]["userHandle"]))
    except MALFORMED:
        return None


def _credentials(known: Sequence[Passkey]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(one.credential) for one in known]


def _server(at: Site) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=at.host, name=at.name)
    return Fido2Server(party, verify_origin=lambda origin: origin == at.origin)
