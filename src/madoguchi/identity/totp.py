"""Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, six digits, thirty seconds."""

import base64
import secrets
from datetime import datetime
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP = 30
# A phone's clock is a little off, and typing takes its time (RFC 6238, 5.2 and 6).
STEPS_EITHER_WAY = 1


def new_secret() -> bytes:
    """Twenty random bytes: as many as SHA-1's output, which RFC 4226 (section 4) recommends."""
    return secrets.token_bytes(20)


def matching_step(secret: bytes, code: str, at: datetime) -> int | None:
    """The time step whose code this is, among those near `at`; None where it is none of them.

    Whoever asks keeps the step and takes only later ones from then on: a code counts once (RFC 6238, 5.2).
    """
    now = int(at.timestamp()) // STEP
    given = code.encode()
    matching = [
        step
        for step in range(now - STEPS_EITHER_WAY, now + STEPS_EITHER_WAY + 1)
        if compare_digest(code_at(secret, step), given)
    ]
    return matching[-1] if matching else None


def code_at(secret: bytes, step: int) -> bytes:
    """The six digits of one time step."""
    return _totp(secret).generate(step * STEP)


def address(secret: bytes, *, account: str, issuer: str) -> str:
    """The `otpauth://` address that an app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def as_text(secret: bytes) -> str:
    """The secret as a person types it into an app: base32 (RFC 4648)."""
    return base64.b32encode(secret).decode()


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 -- the only hash that all apps know; HMAC needs no collision resistance
