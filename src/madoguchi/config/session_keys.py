"""The keys that sign sessions and cookies, followed while they are rotated: nobody is signed out by that."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from madoguchi.lib.followed import Followed
from madoguchi.lib.keyring import Keyring, KeyringError


def session_secrets(held: Keyring) -> tuple[str, ...]:
    """Django's secrets, the current one first; former ones still verify. Raises KeyringError where there is none."""
    held.current("sessions")
    return tuple(key.secret.hex() for key in reversed(held.keys["sessions"]))


class SignWithCurrentKeys:
    """Keeps SECRET_KEY and SECRET_KEY_FALLBACKS at what the keyring holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._secrets = Followed(lambda: settings.KEYRING, ("sessions",), session_secrets)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        self._follow()
        return self._get_response(request)

    def _follow(self) -> None:
        try:
            current, *former = self._secrets()
        except KeyringError:
            return  # the keys that the process began with go on; /readyz says that the keyring is away
        if (current, former) != (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS):
            # Former keys first: who verifies in another thread meanwhile finds every key that it needs.
            settings.SECRET_KEY_FALLBACKS = [*former, current]
            settings.SECRET_KEY = current
            settings.SECRET_KEY_FALLBACKS = former
