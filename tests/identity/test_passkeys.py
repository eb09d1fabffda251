"""Passkeys: what a right answer is, every way in which one is wrong, and where browsers know none."""

from typing import Any
from uuid import uuid4

import pytest
from fido2.utils import websafe_encode
from hypothesis import given
from hypothesis import strategies as st

from identity.authenticator import Authenticator
from madoguchi.identity import passkeys
from madoguchi.identity.errors import PasskeyError

ORIGIN = "https://console.csirt.example"
SITE = passkeys.Site("console.csirt.example", ORIGIN, "Example CSIRT")
USER = uuid4()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def made(device: Authenticator) -> passkeys.Passkey:
    options, state = passkeys.ask_to_make(SITE, user=USER, username="hana", known=[])
    return passkeys.made(SITE, state, device.make(options))


def test_a_passkey_is_made_and_then_used() -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options, state = passkeys.ask_to_use(SITE, [passkey])
    answer = device.use(options)
    assert passkeys.used(SITE, state, [passkey], answer) == (passkey, 2)
    assert passkeys.whose(answer) == USER


def test_a_passkey_that_is_known_is_named_so_that_it_is_not_made_twice() -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options, _ = passkeys.ask_to_make(SITE, user=USER, username="hana", known=[passkey])
    assert [one["id"] for one in options["publicKey"]["excludeCredentials"]] == [websafe_encode(device.id)]
    assert options["publicKey"]["authenticatorSelection"]["userVerification"] == "required"
    assert options["publicKey"]["authenticatorSelection"]["residentKey"] == "required"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://console.csirt.example", ORIGIN + ":8443"])
def test_an_answer_from_another_page_is_refused(origin: str) -> None:
    with pytest.raises(PasskeyError):
        made(Authenticator(origin))
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options, state = passkeys.ask_to_use(SITE, [passkey])
    device.origin = origin
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, state, [passkey], device.use(options))


def test_an_answer_without_a_finger_or_a_pin_is_refused() -> None:
    with pytest.raises(PasskeyError):
        made(Authenticator(ORIGIN, verifies=False))
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options, state = passkeys.ask_to_use(SITE, [passkey])
    device.verifies = False
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, state, [passkey], device.use(options))


def test_an_answer_to_an_earlier_question_is_refused() -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    earlier, _ = passkeys.ask_to_use(SITE, [passkey])
    _, state = passkeys.ask_to_use(SITE, [passkey])
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, state, [passkey], device.use(earlier))


def test_somebody_elses_passkey_is_refused() -> None:
    mine, theirs = Authenticator(ORIGIN), Authenticator(ORIGIN)
    passkey = made(mine)
    made(theirs)
    options, state = passkeys.ask_to_use(SITE, [passkey])
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, state, [passkey], theirs.use(options))
    theirs.id = mine.id
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, state, [passkey], theirs.use(options))


@given(JSON)
def test_nonsense_is_refused_and_nothing_else_happens(answer: Any) -> None:
    _, making = passkeys.ask_to_make(SITE, user=USER, username="hana", known=[])
    _, using = passkeys.ask_to_use(SITE)
    with pytest.raises(PasskeyError):
        passkeys.made(SITE, making, answer)
    with pytest.raises(PasskeyError):
        passkeys.used(SITE, using, [], answer)
    assert passkeys.whose(answer) is None


@given(st.sampled_from(["clientDataJSON", "attestationObject"]), st.binary(max_size=80))
def test_an_answer_with_one_part_spoiled_is_refused(part: str, spoiled: bytes) -> None:
    options, state = passkeys.ask_to_make(SITE, user=USER, username="hana", known=[])
    answer = Authenticator(ORIGIN).make(options)
    answer["response"][part] = websafe_encode(spoiled)
    with pytest.raises(PasskeyError):
        passkeys.made(SITE, state, answer)


@given(
    st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    st.binary(max_size=80),
)
def test_an_assertion_with_one_part_spoiled_is_refused(part: str, spoiled: bytes) -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options, state = passkeys.ask_to_use(SITE, [passkey])
    answer = device.use(options)
    answer["response"][part] = websafe_encode(spoiled)
    if part == "userHandle":
        assert passkeys.whose(answer) != USER
    else:
        with pytest.raises(PasskeyError):
            passkeys.used(SITE, state, [passkey], answer)


@pytest.mark.parametrize(
    ("host", "secure", "known"),
    [
        ("console.csirt.example", True, "https://console.csirt.example"),
        ("console.csirt.example:8443", True, "https://console.csirt.example:8443"),
        ("localhost:8000", False, "http://localhost:8000"),
        ("console.csirt.example", False, None),
        ("127.0.0.1:8000", False, None),
        ("192.0.2.1", True, None),
        ("[2001:db8::1]", True, None),
        ("[2001:db8::1]:8443", True, None),
    ],
)
def test_browsers_know_passkeys_by_https_and_a_name_or_on_the_machine_itself(
    host: str, secure: bool, known: str | None
) -> None:
    site = passkeys.site(host, secure=secure, name="Example CSIRT")
    assert (site.origin if site else None) == known
    assert site is None or ":" not in site.host
