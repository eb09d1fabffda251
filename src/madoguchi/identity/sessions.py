"""A session's way: a password alone is half of it; the other half is a second factor, or that none is asked for."""

import time
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from madoguchi.audit.actions import Actor
from madoguchi.identity import actions, passkeys
from madoguchi.identity.middleware import SEEN
from madoguchi.identity.models import Staff
from madoguchi.identity.policy import device
from madoguchi.identity.queries import SECOND
from madoguchi.identity.throttle import network_of
from madoguchi.lib.centre import centre
from madoguchi.vault.actions import Place, UnitKey, new_unit, wrapper
from madoguchi.vault.scheme import WrappedKey

BEGUN = "begun"
_HALF, _ASKED, _SECRET, _ROW = "half", "asked", "pending", "row"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
HALF_LASTS = 300
FRESH_FOR = 15 * 60
TRIES = 5


def begin(request: HttpRequest, staff: Staff, *, second: str, key: bytes) -> None:
    """Signs in. `second`: the kind of factor that was shown, empty for none; `key`: see `throttle.Origin`."""
    for left in (_HALF, _ASKED, _SECRET):
        request.session.pop(left, None)
    login(request, staff, backend=_BACKEND)
    request.session[SEEN] = request.session[BEGUN] = int(time.time())
    request.session[SECOND] = second
    # A moment, not a number of seconds: those would start anew whenever the session is saved.
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    row = actions.note_sign_in(
        actor=Actor("staff", str(staff.id)),
        now=timezone.now(),
        staff=staff,
        session_key=str(request.session.session_key),
        device=device(request.headers.get("User-Agent", "")),
        network=network_of(request),
        network_key=key,
    )
    request.session[_ROW] = str(row)


def row_of(request: HttpRequest) -> UUID | None:
    """Which of its owner's sessions this one is."""
    kept = request.session.get(_ROW)
    return UUID(kept) if kept else None


def keep_half(request: HttpRequest, staff: Staff) -> None:
    """Notes that the password was right; opens nothing. Whoever was signed in here before is so no more."""
    request.session.flush()
    request.session[_HALF] = {
        "staff": str(staff.id),
        "password": staff.get_session_auth_hash(),
        "until": int(time.time()) + HALF_LASTS,
        "tries": TRIES,
    }
    request.session.set_expiry(HALF_LASTS)


def half(request: HttpRequest) -> Staff | None:
    """Whose password was right in this session a moment ago; None where nobody's, or it was changed since."""
    kept = request.session.get(_HALF)
    if not kept or kept["until"] < time.time():
        return None
    staff = Staff.objects.filter(pk=UUID(kept["staff"]), disabled_at__isnull=True).first()
    if staff is None or not constant_time_compare(kept["password"], staff.get_session_auth_hash()):
        return None
    return staff


def fail_half(request: HttpRequest) -> bool:
    """Counts a wrong code; False where it was one too many, and the password has to be given again."""
    kept = request.session[_HALF]
    if kept["tries"] <= 1:
        request.session.flush()
        return False
    request.session[_HALF] = {**kept, "tries": kept["tries"] - 1}
    return True


def is_fresh(request: HttpRequest) -> bool:
    """Whether somebody signed in a short while ago, and so may change by what they sign in."""
    return time.time() - int(request.session.get(BEGUN, 0)) <= FRESH_FOR


def keep_asked(request: HttpRequest, state: passkeys.State) -> None:
    """Keeps the challenge that a browser was given."""
    request.session[_ASKED] = state
    if not request.user.is_authenticated and _HALF not in request.session:
        request.session.set_expiry(HALF_LASTS)


def asked(request: HttpRequest) -> passkeys.State | None:
    """The challenge that this browser was given, once."""
    return cast("passkeys.State | None", request.session.pop(_ASKED, None))


def site_of(request: HttpRequest) -> passkeys.Site | None:
    """Where this browser is, for passkeys."""
    name = str(centre(settings.OPTIONS, "en")["name"])
    return passkeys.site(request.get_host(), secure=request.is_secure(), name=name)


def keep_secret(request: HttpRequest, staff: Staff, secret: bytes) -> None:
    """Keeps an app's secret until its first code is shown: sealed, so that the table of sessions does not hold it."""
    unit = new_unit("person", timezone.now())
    request.session[_SECRET] = {
        "key": unit.key.id.hex,
        "kek": unit.row.kek,
        "wrapped": bytes(unit.row.wrapped or b"").hex(),
        "sealed": unit.key.seal(_pending(staff), secret).hex(),
    }


def kept_secret(request: HttpRequest, staff: Staff) -> bytes | None:
    """The secret that `keep_secret` kept. Raises NotOpenedError where it was kept for somebody else."""
    kept: dict[str, Any] | None = request.session.get(_SECRET)
    if not kept:
        return None
    stored = WrappedKey(UUID(kept["key"]), kept["kek"], bytes.fromhex(kept["wrapped"]))
    key: UnitKey = wrapper().unwrap(stored)
    return key.open(_pending(staff), bytes.fromhex(kept["sealed"]))


def drop_secret(request: HttpRequest) -> None:
    """Forgets it."""
    request.session.pop(_SECRET, None)


def _pending(staff: Staff) -> Place:
    return Place("identity.pending", staff.id, "totp.secret")
