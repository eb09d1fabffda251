"""Showing a second factor: checked first, outside of any transaction, then noted in one."""

from datetime import datetime
from typing import Any

from madoguchi.audit.actions import Actor
from madoguchi.identity import passkeys, recovery, shown_factors
from madoguchi.identity.errors import PasskeyError
from madoguchi.identity.factors import note_factor_used, note_wrong_code, spend_recovery_code
from madoguchi.identity.models import Staff
from madoguchi.identity.totp import DIGITS


def show_code(*, now: datetime, staff: Staff, code: str) -> str:
    """The kind of code that this is, "totp" or "recovery"; empty where it is wrong or was used, which is noted.

    Raises NotOpenedError where the app's row was altered or belongs to somebody else.
    """
    actor, typed = Actor("staff", str(staff.id)), recovery.plain(code)
    if typed.isascii() and typed.isdigit() and len(typed) == DIGITS:
        shown = shown_factors.code_shown(staff, typed, now)
        if shown and note_factor_used(actor=actor, now=now, factor=shown.factor, counter=shown.counter):
            return "totp"
    elif spend_recovery_code(actor=actor, now=now, staff=staff, code=typed):
        return "recovery"
    note_wrong_code(now=now, staff=staff)
    return ""


def show_passkey(
    *, now: datetime, staff: Staff, site: passkeys.Site, state: passkeys.State, answer: Any
) -> None:
    """Notes that somebody showed one of their passkeys.

    Raises PasskeyError, which is noted, where the answer is wrong or the passkey was copied; NotOpenedError as
    `show_code` does.
    """
    actor = Actor("staff", str(staff.id))
    try:
        shown = shown_factors.passkey_shown(staff, site, state, answer)
    except PasskeyError:
        note_wrong_code(now=now, staff=staff)
        raise
    if not note_factor_used(actor=actor, now=now, factor=shown.factor, counter=shown.counter):
        note_wrong_code(now=now, staff=staff)
        raise PasskeyError(PasskeyError.__doc__)
