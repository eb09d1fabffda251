"""Rotating the sessions' key signs nobody out; dropping the former key ends what it signed."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.core import signing
from django.http import HttpRequest, HttpResponse

from madoguchi.config.session_keys import SignWithCurrentKeys, session_secrets
from madoguchi.lib import followed, keyring
from madoguchi.lib.keyring import KeyringError
from madoguchi.lib.keyring_editing import add_key, drop_keys, listed


@pytest.fixture
def ring(tmp_path: Path, now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    keyring.make(tmp_path / "home.keyring", now)
    settings.KEYRING = tmp_path / "home.keyring"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = settings.SECRET_KEY, []
    monkeypatch.setattr(followed, "NOTICED_WITHIN", 0.0)
    return settings.KEYRING


def visit(middleware: SignWithCurrentKeys) -> None:
    assert middleware(HttpRequest()).status_code == 200


def test_what_was_signed_before_a_rotation_is_believed_until_the_former_key_is_dropped(
    ring: Path, now: datetime
) -> None:
    middleware = SignWithCurrentKeys(lambda _: HttpResponse())
    visit(middleware)
    before = signing.dumps("a visit")
    former = current.SECRET_KEY
    add_key(ring, "sessions", now)
    visit(middleware)
    assert former != current.SECRET_KEY
    assert signing.loads(before) == "a visit"
    drop_keys(
        ring, "sessions", [key.id for key in listed(ring) if key.purpose == "sessions" and not key.current]
    )
    visit(middleware)
    with pytest.raises(signing.BadSignature):
        signing.loads(before)


def test_pages_go_on_with_the_keys_they_have_while_the_keyring_is_away(ring: Path) -> None:
    before = current.SECRET_KEY
    ring.unlink()
    visit(SignWithCurrentKeys(lambda _: HttpResponse()))
    assert before == current.SECRET_KEY


def test_the_current_key_comes_first_and_a_keyring_without_any_says_so(ring: Path, now: datetime) -> None:
    [first] = session_secrets(keyring.load(ring, ("sessions",)))
    add_key(ring, "sessions", now)
    newest, former = session_secrets(keyring.load(ring, ("sessions",)))
    assert former == first != newest
    with pytest.raises(KeyringError):
        session_secrets(keyring.load(ring, ("wrap",)))
