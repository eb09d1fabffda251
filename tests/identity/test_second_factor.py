"""Signing in with a second factor, adding and losing one, as a browser meets it."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from console.cast import PASSWORD, signed_in, staff
from identity.authenticator import Authenticator
from madoguchi.audit.actions import OPERATOR, Actor
from madoguchi.audit.models import Entry
from madoguchi.identity import actions, commands, queries, totp
from madoguchi.identity.models import Factor, RecoveryCode, Staff
from madoguchi.identity.policy import TABLE
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import NotOpenedError
from madoguchi.vault.models import DataKey

pytestmark = [pytest.mark.store, pytest.mark.django_db]

SECRET = b"12345678901234567890"
START = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
QUEUE, SIGN_IN, SECOND = "/console/", "/staff/sign-in/", "/staff/second/"
OWN = "/staff/own/"
LOCAL = {"HTTP_HOST": "localhost:8000"}
ORIGIN = "http://localhost:8000"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    return Clock(monkeypatch)


class Clock:
    """The time as the pages see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)
        monkeypatch.setattr("time.time", self.seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def pass_by(self, **distance: float) -> None:
        self.now += timedelta(**distance)


@pytest.fixture
def required(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"require_second_factor": True})


@pytest.fixture
def client() -> Client:
    client = Client()
    client.cookies["madoguchi_language"] = "en"
    return client


def hana(*, app: bool = True) -> tuple[Staff, list[str]]:
    person = staff("hana", "handler", password=PASSWORD, now=START)
    if not app:
        return person, []
    return person, actions.add_app(actor=acting(person), now=START, staff=person, secret=SECRET, step=0)


def acting(person: Staff) -> Actor:
    return Actor("staff", str(person.id))


def code(clock: Clock, steps: int = 0) -> str:
    return totp.code_at(SECRET, int(clock.now.timestamp()) // 30 + steps).decode()


def password(client: Client, **more: str) -> Any:
    return client.post(SIGN_IN, {"username": "hana", "password": PASSWORD, **more})


def opens(client: Client) -> bool:
    return bool(client.get(QUEUE).status_code == 200)


def noted(verb_: str) -> int:
    return Entry.objects.filter(verb=verb_).count()


# --- Signing in --------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing_the_code_opens_the_page_that_was_wanted(
    client: Client, clock: Clock
) -> None:
    hana()
    response = password(client, next="/console/?view=all")
    assert response["Location"] == SECOND + "?next=%2Fconsole%2F%3Fview%3Dall"
    assert not opens(client)
    assert noted("signed in") == 0
    done = client.post(SECOND, {"code": code(clock), "next": "/console/?view=all"})
    assert (done.status_code, done["Location"]) == (302, "/console/?view=all")
    assert opens(client)
    assert (noted("showed"), noted("signed in")) == (1, 1)


def test_a_code_counts_once_even_in_another_browser(client: Client, clock: Clock) -> None:
    hana()
    password(client)
    client.post(SECOND, {"code": code(clock)})
    assert opens(client)
    thief = Client()
    password(thief)
    again = thief.post(SECOND, {"code": code(clock)})
    assert again.status_code == 200
    assert not opens(thief)
    assert noted("failed to show a factor") == 1
    clock.pass_by(seconds=30)
    thief.post(SECOND, {"code": code(clock)})
    assert opens(thief)


def test_the_code_may_be_typed_with_a_space_or_in_full_width(client: Client, clock: Clock) -> None:
    hana()
    password(client)
    typed = code(clock).translate({ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"})
    assert client.post(SECOND, {"code": f"{typed[:3]} {typed[3:]}"}).status_code == 302


def test_a_recovery_code_signs_in_once(client: Client) -> None:
    person, codes = hana()
    password(client)
    assert client.post(SECOND, {"code": codes[4].lower()}).status_code == 302
    assert opens(client)
    assert queries.codes_left(person) == 9
    assert noted("spent a recovery code") == 1
    second = Client()
    password(second)
    assert second.post(SECOND, {"code": codes[4]}).status_code == 200
    assert not opens(second)


def test_after_five_wrong_codes_the_password_is_asked_for_again_and_the_network_waits(
    client: Client, clock: Clock
) -> None:
    hana()
    password(client)
    for _ in range(4):
        response = client.post(SECOND, {"code": "000000"})
        assert "This code is not right" in response.content.decode()
        assert "000000" not in response.content.decode()
    assert client.post(SECOND, {"code": "000000"})["Location"] == SIGN_IN
    assert client.get(SECOND)["Location"] == SIGN_IN
    assert password(client).status_code == 429
    clock.pass_by(seconds=2)
    assert password(client).status_code == 302
    assert client.post(SECOND, {"code": code(clock)}).status_code == 302
    assert noted("failed to show a factor") == 5


def test_half_a_sign_in_ends_after_five_minutes_and_when_the_password_changes(
    client: Client, clock: Clock
) -> None:
    hana()
    password(client)
    token = actions.issue_link(actor=OPERATOR, now=clock.now, username="hana")
    actions.set_password_by_link(now=clock.now, token=token, password="another long pass phrase")
    assert client.post(SECOND, {"code": code(clock)})["Location"] == SIGN_IN
    second = Client()
    second.post(SIGN_IN, {"username": "hana", "password": "another long pass phrase"})
    clock.pass_by(minutes=5, seconds=1)
    assert second.post(SECOND, {"code": code(clock)})["Location"] == SIGN_IN
    assert not opens(client)
    assert not opens(second)


def test_without_a_password_before_it_the_second_step_leads_back_to_the_first(
    client: Client, clock: Clock
) -> None:
    hana()
    assert client.post(SECOND, {"code": code(clock)})["Location"] == SIGN_IN
    assert noted("failed to show a factor") == 0


def test_a_disabled_account_does_not_take_the_second_step(client: Client, clock: Clock) -> None:
    person, _ = hana()
    password(client)
    actions.disable_staff(actor=OPERATOR, now=clock.now, username="hana")
    assert client.post(SECOND, {"code": code(clock)})["Location"] == SIGN_IN
    assert not Factor.objects.filter(staff=person, ended_at__isnull=True).exists()


# --- The centre asks for one -------------------------------------------------------------------------------


@pytest.mark.usefixtures("required")
def test_where_the_centre_asks_for_one_nothing_opens_before_it_is_added(client: Client, clock: Clock) -> None:
    hana(app=False)
    assert password(client)["Location"] == QUEUE
    assert client.get(QUEUE)["Location"] == OWN
    assert client.get(reverse("console:work"))["Location"] == OWN
    assert "Add a second factor first" in client.get(OWN).content.decode()
    add_app(client, clock)
    assert opens(client)
    assert "Add a second factor first" not in client.get(OWN).content.decode()


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("role", sorted(TABLE))
def test_a_session_begun_without_one_opens_nothing_of_any_role(role: Any) -> None:
    client = signed_in(staff("charlie", role))
    for name in ("console:queue", "console:work", "console:letters"):
        assert client.get(reverse(name))["Location"] == OWN


def add_app(client: Client, clock: Clock) -> list[str]:
    """Adds an app through its page; gives the recovery codes that were shown."""
    page = client.get(OWN + "app/").content.decode()
    found = re.search(r'class="secret">(.*?)</p>', page)
    assert found
    typed = re.sub(r"<[^>]+>|\s", "", found[1])
    import base64

    secret = base64.b32decode(typed)
    step = int(clock.now.timestamp()) // 30
    done = client.post(OWN + "app/", {"code": totp.code_at(secret, step).decode()})
    assert done.status_code in {200, 302}
    return re.findall(r"<li>((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})</li>", done.content.decode())


# --- Adding and ending -------------------------------------------------------------------------------------


def test_adding_an_app_shows_ten_codes_once_and_the_app_signs_in_from_then_on(
    client: Client, clock: Clock
) -> None:
    person, _ = hana(app=False)
    password(client)
    codes = add_app(client, clock)
    assert len(codes) == 10
    assert codes[0] not in client.get(OWN).content.decode()
    assert queries.kinds_of(person) == {"totp"}
    other = Client()
    assert password(other)["Location"].startswith(SECOND)
    other.post(SECOND, {"code": codes[0]})
    assert opens(other)


def test_a_wrong_first_code_adds_nothing_and_the_picture_stays(client: Client) -> None:
    person, _ = hana(app=False)
    password(client)
    before = re.findall(r"<svg.*?</svg>", client.get(OWN + "app/").content.decode(), re.DOTALL)
    page = client.post(OWN + "app/", {"code": "000000"}).content.decode()
    assert "This code is not right" in page
    assert re.findall(r"<svg.*?</svg>", page, re.DOTALL) == before
    assert not queries.has_factor(person)


def test_the_secret_stands_nowhere_in_clear_while_it_is_added_and_afterwards(
    client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totp, "new_secret", lambda: SECRET)
    hana(app=False)
    password(client)
    add_app_page = client.get(OWN + "app/")
    assert totp.as_text(SECRET)[:4] in add_app_page.content.decode()
    [session] = Session.objects.all()
    kept = json.dumps(session.get_decoded())
    for form in (SECRET.decode(), SECRET.hex(), totp.as_text(SECRET)):
        assert form not in kept
    codes = add_app(client, clock)
    row = Factor.objects.get()
    assert SECRET not in bytes(row.secret)
    stored = [bytes(one) for one in RecoveryCode.objects.values_list("code_hash", flat=True)]
    assert not [code for code in codes if code.encode() in stored]


def test_a_secret_kept_in_the_session_of_one_does_not_open_for_another(client: Client) -> None:
    hana(app=False)
    staff("bob", "handler", password=PASSWORD)
    password(client)
    client.get(OWN + "app/")
    kept = client.session["pending"]
    bob = Client()
    bob.post(SIGN_IN, {"username": "bob", "password": PASSWORD})
    session = bob.session
    session["pending"] = kept
    session.save()
    with pytest.raises(NotOpenedError):
        bob.get(OWN + "app/")


@verb
def give(*, row: Factor, to: Staff) -> None:
    """What somebody does who can write to the database."""
    Factor.objects.filter(pk=row.pk).update(staff=to)


def test_a_row_given_to_somebody_else_does_not_open(client: Client, clock: Clock) -> None:
    """Mallory, who writes to the database, gives Hana the app of her own."""
    person, _ = hana(app=False)
    mallory = staff("mallory", "handler", password=PASSWORD)
    actions.add_app(actor=acting(mallory), now=START, staff=mallory, secret=SECRET, step=0)
    give(row=Factor.objects.get(), to=person)
    password(client)
    with pytest.raises(NotOpenedError):
        client.post(SECOND, {"code": code(clock)})
    assert not opens(client)


def test_a_row_of_one_kind_does_not_pass_for_another() -> None:
    person, _ = hana()
    row = Factor.objects.get()
    key = DataKey.objects.get(pk=row.data_key)
    assert key.wrapped is not None

    @verb
    def turned() -> None:
        Factor.objects.update(kind="passkey")

    turned()
    with pytest.raises(NotOpenedError):
        queries.passkeys_of(person)


def test_who_signed_in_long_ago_is_asked_to_do_so_again_before_changing_anything(
    client: Client, clock: Clock
) -> None:
    person, _ = hana()
    password(client)
    client.post(SECOND, {"code": code(clock)})
    clock.pass_by(minutes=16)
    factor = Factor.objects.get()
    for address in ("app/", "passkey/", "codes/", f"factors/{factor.id}/ended/"):
        assert client.post(OWN + address, {})["Location"] == OWN
    assert "please sign in once more first" in client.get(OWN).content.decode()
    assert queries.has_factor(person)
    assert queries.codes_left(person) == 10


def test_the_last_one_stays_where_the_centre_asks_for_one(
    client: Client, clock: Clock, settings: Any
) -> None:
    person, _ = hana()
    password(client)
    client.post(SECOND, {"code": code(clock)})
    ended = f"{OWN}factors/{Factor.objects.get().id}/ended/"
    assert client.get(ended)["Location"] == OWN
    asking = settings.OPTIONS.model_copy(update={"require_second_factor": True})
    free, settings.OPTIONS = settings.OPTIONS, asking
    client.post(ended)
    assert "Add another one first" in client.get(OWN).content.decode()
    assert queries.has_factor(person)
    settings.OPTIONS = free
    client.post(ended)
    assert not queries.has_factor(person)
    assert queries.codes_left(person) == 0
    assert DataKey.objects.get(pk=Factor.objects.get().data_key).wrapped is None


def test_nobody_ends_the_factor_of_somebody_else(client: Client, clock: Clock) -> None:
    person, _ = hana()
    staff("bob", "handler", password=PASSWORD)
    client.post(SIGN_IN, {"username": "bob", "password": PASSWORD})
    client.post(f"{OWN}factors/{Factor.objects.get().id}/ended/")
    assert queries.has_factor(person)


def test_new_codes_end_the_earlier_ones(client: Client, clock: Clock) -> None:
    person, codes = hana()
    password(client)
    client.post(SECOND, {"code": code(clock)})
    page = client.post(OWN + "codes/").content.decode()
    assert len(re.findall(r"(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}", page)) == 10
    assert codes[0] not in page
    assert not actions.show_code(now=clock.now, staff=person, code=codes[0])


def test_who_lost_everything_gets_in_by_a_link_after_the_operator_ended_the_factors(client: Client) -> None:
    person, _ = hana()
    actions.forget_factors(actor=OPERATOR, now=START, username="hana")
    assert not queries.has_factor(person)
    assert password(client)["Location"] == QUEUE
    assert noted("dropped factors") == 1


def test_the_command_ends_the_factors_and_gives_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    person, _ = hana()
    assert commands.staff(["reset", "hana"]) == 0
    assert queries.has_factor(person)
    assert commands.staff(["reset", "hana", "--second-factor"]) == 0
    assert not queries.has_factor(person)
    assert "/staff/password/" in capsys.readouterr().out


def test_a_link_alone_keeps_the_second_factor(client: Client, clock: Clock) -> None:
    hana()
    token = actions.issue_link(actor=OPERATOR, now=START, username="hana")
    actions.set_password_by_link(now=clock.now, token=token, password=PASSWORD)
    assert password(client)["Location"].startswith(SECOND)


# --- Passkeys ----------------------------------------------------------------------------------------------


def add_passkey(client: Client, device: Authenticator, label: str = "office laptop") -> Any:
    options = client.post(OWN + "passkey/options/", **LOCAL).json()
    answer = json.dumps(device.make(options))
    return client.post(OWN + "passkey/", {"label": label, "credential": answer}, **LOCAL)


def use_passkey(client: Client, device: Authenticator, **more: str) -> Any:
    options = client.post("/staff/passkey/options/", **LOCAL).json()
    return client.post("/staff/passkey/", {"credential": json.dumps(device.use(options)), **more}, **LOCAL)


def with_passkey(client: Client, *, counts: bool = True) -> Authenticator:
    """Hana's device with a passkey of hers; she is signed in nowhere."""
    person, _ = hana(app=False)
    password(client)
    device = Authenticator(ORIGIN, counts=counts)
    assert "Keep these" in add_passkey(client, device).content.decode()
    assert queries.kinds_of(person) == {"passkey"}
    client.post("/staff/sign-out/")
    return device


def test_a_passkey_alone_signs_in(client: Client) -> None:
    device = with_passkey(client)
    assert use_passkey(client, device, next="/console/?view=all")["Location"] == "/console/?view=all"
    assert opens(client)
    assert "office laptop" in client.get(OWN, **LOCAL).content.decode()


def test_a_passkey_is_the_second_step_after_a_password(client: Client) -> None:
    device = with_passkey(client)
    password(client)
    assert use_passkey(client, device)["Location"] == QUEUE
    assert opens(client)


def test_a_right_passkey_is_let_in_however_often_others_failed(client: Client) -> None:
    device = with_passkey(client)
    stranger = Client()
    for _ in range(12):
        stranger.post(SIGN_IN, {"username": "hana", "password": "wrong"})
    assert password(stranger).status_code == 429
    use_passkey(client, device)
    assert opens(client)


def test_a_copied_passkey_is_refused(client: Client) -> None:
    device = with_passkey(client)
    use_passkey(client, device)
    client.post("/staff/sign-out/")
    device.counter = 0
    assert use_passkey(client, device)["Location"] == SIGN_IN
    assert not opens(client)
    assert noted("failed to show a factor") == 1


def test_a_passkey_that_does_not_count_signs_in_again_and_again(client: Client) -> None:
    device = with_passkey(client, counts=False)
    for _ in range(3):
        use_passkey(client, device)
        assert opens(client)
        client.post("/staff/sign-out/")


def test_an_answer_counts_once(client: Client) -> None:
    device = with_passkey(client, counts=False)
    options = client.post("/staff/passkey/options/", **LOCAL).json()
    answer = {"credential": json.dumps(device.use(options))}
    client.post("/staff/passkey/", answer, **LOCAL)
    assert opens(client)
    client.post("/staff/sign-out/")
    client.post("/staff/passkey/", answer, **LOCAL)
    assert not opens(client)


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", "null", '{"response": {"userHandle": "AAAA"}}', "[" * 100_000]
)
def test_a_nonsensical_answer_leads_back(client: Client, answer: str) -> None:
    client.post("/staff/passkey/options/", **LOCAL)
    response = client.post("/staff/passkey/", {"credential": answer}, **LOCAL)
    assert response["Location"] == SIGN_IN
    assert "This passkey was not accepted" in client.get(SIGN_IN).content.decode()


def test_a_passkey_of_a_disabled_account_opens_nothing(client: Client, clock: Clock) -> None:
    device = with_passkey(client)
    actions.disable_staff(actor=OPERATOR, now=clock.now, username="hana")
    use_passkey(client, device)
    assert not opens(client)


def test_a_passkey_that_was_removed_opens_nothing(client: Client) -> None:
    device = with_passkey(client)
    use_passkey(client, device)
    client.post(f"{OWN}factors/{Factor.objects.get().id}/ended/")
    client.post("/staff/sign-out/")
    use_passkey(client, device)
    assert not opens(client)


def test_under_an_address_without_a_name_passkeys_are_not_offered(client: Client) -> None:
    hana(app=False)
    there = {"HTTP_HOST": "127.0.0.1:8000"}
    assert "data-passkey" not in client.get(SIGN_IN, **there).content.decode()
    assert client.post("/staff/passkey/options/", **there).status_code == 404
    password(client)
    assert "Add a passkey" not in client.get(OWN, **there).content.decode()
    assert client.post(OWN + "passkey/options/", **there).status_code == 404


def test_a_second_passkey_gives_no_new_codes(client: Client) -> None:
    hana(app=False)
    password(client)
    assert "Keep these" in add_passkey(client, Authenticator(ORIGIN)).content.decode()
    assert add_passkey(client, Authenticator(ORIGIN), "key").status_code == 302


@pytest.mark.parametrize("count", [1, 8])
def test_the_page_asks_no_more_of_the_store_the_more_factors_there_are(
    client: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    hana(app=False)
    password(client)
    for number in range(count):
        add_passkey(client, Authenticator(ORIGIN), f"key {number}")
    with django_assert_max_num_queries(9):
        client.get(OWN)


def test_the_log_knows_no_names_and_no_codes(client: Client, clock: Clock) -> None:
    _, codes = hana()
    password(client)
    client.post(SECOND, {"code": "000000"})
    client.post(SECOND, {"code": codes[0]})
    written = str(list(Entry.objects.values()))
    assert "hana" not in written
    assert codes[0] not in written
    assert "000000" not in written
