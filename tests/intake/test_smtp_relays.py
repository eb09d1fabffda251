"""What our own relays tell of their clients: PROXY, XCLIENT and XFORWARD, and from nobody else."""

import struct
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.intake.smtp_relays import XCLIENT, XFORWARD, NotToldError, Told

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor, RunningDoor

RELAY, STRANGER = "127.9.0.1", "127.8.0.1"
RELAYS = (ip_network("127.9.0.0/24"), ip_network("2001:db8:ffff::/48"))
V2 = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.fixture
def door(open_door: "OpenDoor") -> "RunningDoor":
    return open_door(relays=RELAYS)


def kept(door: "RunningDoor") -> tuple[str | None, str | None, bool]:
    """Client, greeting and whether a relay of ours spoke, of the last mail."""
    envelope = door.store.kept[-1].envelope
    return envelope.peer, envelope.helo, envelope.relayed


# --- XCLIENT ----------------------------------------------------------------------------------------------


def test_xclient_makes_the_session_that_of_the_client(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        assert "250-XCLIENT ADDR DESTADDR DESTPORT HELO LOGIN NAME PORT PROTO" in talk.hello
        answer = talk.say("XCLIENT NAME=mail.reporter.example ADDR=198.51.100.7 HELO=mail.reporter.example")
        assert answer == "220 mx.csirt.example ESMTP Madoguchi"
        assert talk.say("MAIL FROM:<a@sender.example>")[:3] == "503", "it begins again with EHLO"
        assert "XCLIENT" not in talk.say("EHLO proxy.example")
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == ("198.51.100.7", "mail.reporter.example", False)


def test_who_came_by_xclient_may_not_tell_of_others(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        talk.say("XCLIENT ADDR=IPV6:2001:db8::7", "EHLO mail.reporter.example")
        for command in ("XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"):
            assert talk.say(command)[:3] == "550"
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == ("2001:db8::7", "mail.reporter.example", False)


def test_a_relay_behind_a_relay_may(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        talk.say("XCLIENT ADDR=IPV6:2001:db8:ffff::2", "EHLO inner.csirt.example")
        assert talk.say("XCLIENT ADDR=192.0.2.1")[:3] == "220"
        talk.say("EHLO mail.reporter.example")
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == ("192.0.2.1", "mail.reporter.example", False)


@pytest.mark.parametrize("command", ["XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"])
def test_a_stranger_tells_nothing_and_is_offered_nothing(door: "RunningDoor", command: str) -> None:
    with door.talk(source=STRANGER) as talk:
        assert "XCLIENT" not in talk.hello
        assert "XFORWARD" not in talk.hello
        assert talk.say(command)[:3] == "550"
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (STRANGER, "client.example", False)


@pytest.mark.parametrize(
    "arguments",
    ["", " ", " ADDR", " ADDR=nonsense", " ADDR=", " COLOUR=red", " ADDR=IPV6:192.0.2.300", " =x"],
)
def test_what_does_not_follow_the_grammar_changes_nothing(door: "RunningDoor", arguments: str) -> None:
    with door.talk(source=RELAY) as talk:
        for command in ("XCLIENT", "XFORWARD"):
            assert talk.say(command + arguments)[:3] == "501"
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (RELAY, "client.example", True)


def test_nothing_is_told_while_a_mail_is_under_way(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        talk.say("MAIL FROM:<a@sender.example>")
        for command in ("XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"):
            assert talk.say(command)[:3] == "503"


# --- XFORWARD ---------------------------------------------------------------------------------------------


def test_xforward_tells_of_the_next_mail_alone(door: "RunningDoor") -> None:
    with door.talk(source=RELAY, hello="mx.csirt.example") as talk:
        assert "250-XFORWARD ADDR HELO IDENT NAME PORT PROTO SOURCE" in talk.hello
        assert talk.say("XFORWARD NAME=mail.reporter.example ADDR=198.51.100.7 PROTO=ESMTP")[:3] == "250"
        assert talk.say("XFORWARD HELO=mail.reporter.example SOURCE=REMOTE")[:3] == "250"
        assert talk.mail(b"x")[:3] == "250"
        assert kept(door) == ("198.51.100.7", "mail.reporter.example", True)
        assert talk.mail(b"y")[:3] == "250"
        assert kept(door) == (RELAY, "mx.csirt.example", True)


def test_rset_forgets_what_xforward_said(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        talk.say("XFORWARD ADDR=198.51.100.7", "RSET")
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (RELAY, "client.example", True)


def test_a_mail_that_was_written_on_the_relay_has_no_client(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        talk.say("XFORWARD ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE] SOURCE=LOCAL")
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (None, "client.example", True)


# --- PROXY ------------------------------------------------------------------------------------------------


def version_2(source: str) -> bytes:
    """A PROXY header of version 2 for a TCP connection from this address."""
    address = ip_address(source)
    kind, other = (0x11, "192.0.2.25") if address.version == 4 else (0x21, "2001:db8::25")
    said = address.packed + ip_address(other).packed + struct.pack("!HH", 50000, 25)
    return V2 + struct.pack("!BBH", 0x21, kind, len(said)) + said


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (b"PROXY TCP4 198.51.100.7 192.0.2.25 50000 25\r\n", "198.51.100.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::25 50000 25\r\n", "2001:db8::7"),
        (version_2("198.51.100.7"), "198.51.100.7"),
        (version_2("2001:db8::7"), "2001:db8::7"),
    ],
)
def test_a_proxy_header_names_the_client_before_the_banner(
    open_door: "OpenDoor", header: bytes, client: str
) -> None:
    door = open_door(relays=RELAYS, proxied=True)
    with door.talk(source=RELAY, header=header) as talk:
        assert talk.banner[:3] == "220"
        assert "XCLIENT" not in talk.hello
        assert talk.say("XCLIENT ADDR=192.0.2.1")[:3] == "550"
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (client, "client.example", False)


@pytest.mark.parametrize(
    "header", [b"EHLO x\r\n", b"PROXY TCP4 nonsense 192.0.2.25 1 25\r\n", b"\r\n" * 20, V2 + b"\xff" * 20]
)
def test_without_a_sound_header_a_relay_that_should_send_one_gets_no_session(
    open_door: "OpenDoor", header: bytes
) -> None:
    door = open_door(relays=RELAYS, proxied=True)
    with door.talk(source=RELAY, header=header, hello="") as talk:
        assert talk.banner == ""
    door.settle()


def test_a_header_that_does_not_come_is_not_waited_for_long(open_door: "OpenDoor") -> None:
    door = open_door(relays=RELAYS, proxied=True, proxy_header=0.3)
    with door.talk(source=RELAY, hello="") as talk:
        assert talk.banner == ""


def test_a_stranger_is_greeted_at_once_and_its_header_is_no_command(open_door: "OpenDoor") -> None:
    door = open_door(relays=RELAYS, proxied=True)
    header = b"PROXY TCP4 198.51.100.7 192.0.2.25 50000 25\r\n"
    with door.talk(source=STRANGER, header=header, hello="") as talk:
        assert talk.banner[:3] == "220"
        assert talk.reply()[:3] == "500"
        talk.say("EHLO client.example")
        assert talk.mail(b"x")[:3] == "250"
    assert kept(door) == (STRANGER, "client.example", False)


def test_without_the_setting_nobody_is_asked_for_a_header(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as talk:
        assert talk.banner[:3] == "220"


# --- The grammar ------------------------------------------------------------------------------------------


@given(st.text(max_size=200), st.sampled_from([XCLIENT, XFORWARD]))
def test_whatever_a_relay_says_is_read_or_refused(text: str, known: frozenset[str]) -> None:
    try:
        told = Told().added(text, known)
    except NotToldError:
        return
    assert told.helo is None or told.helo.encode()


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=50))
def test_a_name_comes_out_of_its_xtext_as_it_went_in(name: str) -> None:
    written = "".join(f"+{byte:02X}" for byte in name.encode())
    assert Told().added(f"HELO={written}", XFORWARD).helo == name
