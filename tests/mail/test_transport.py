"""Handing letters over: to a real SMTP server in a thread, and into a folder."""

import asyncio
import datetime as dt
import ipaddress
import re
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from madoguchi.mail.relay import Relay, relay_for
from madoguchi.mail.transport import Maildir, Refused, SmtpTransport, Unsure, transport_for

LETTER = b"From: report@csirt.example\r\nSubject: EXAMPLE#12345678\r\n\r\nHello\r\n"
# More than the sockets of both sides hold, in few lines: the server reads line by line.
LARGE = LETTER + (b"x" * 990 + b"\r\n") * 12_000
HANA, KEN = "hana@site.example", "ken@site.example"


@dataclass
class Sink:
    """An SMTP server that keeps what it takes and answers as it is told."""

    loop: asyncio.AbstractEventLoop
    taken: list[tuple[int, Envelope]] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)  # by command, or by "RCPT address"
    drop: str = ""  # "mail": at MAIL; "in-data": within the letter; "after-dot": instead of the answer
    drops_left: int = 1_000

    def dropping(self, where: str) -> bool:
        if self.drop != where or self.drops_left < 1:
            return False
        self.drops_left -= 1
        return True

    async def handle_MAIL(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # fmt: skip  # noqa: N802 — aiosmtpd's name
        self.commands.append(" ".join(["MAIL", address, *options]))
        if self.dropping("mail"):
            _abort(server)
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # fmt: skip  # noqa: N802 — aiosmtpd's name
        if f"RCPT {address}" in self.answers:
            return self.answers[f"RCPT {address}"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        self.commands.append("RSET")
        return self.answers.get("RSET", "250 OK")

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        if self.dropping("after-dot"):
            _abort(server)
            return "250 taken, but nobody hears it"
        if "DOT" in self.answers:
            return self.answers["DOT"]
        self.taken.append((self.connections.index(server), envelope))
        return "250 2.0.0 taken as 4711"

    def hang_up(self) -> None:
        """Close every connection from the server's side, as one does that is restarted."""
        done = threading.Event()

        def close() -> None:
            for server in self.connections:
                if server.transport is not None:
                    server.transport.close()
            self.loop.call_later(0.05, done.set)

        self.loop.call_soon_threadsafe(close)
        assert done.wait(5)


class _Server(SMTP):
    sink: Sink

    def connection_made(self, transport: Any) -> None:
        if self not in self.sink.connections:
            self.sink.connections.append(self)
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 — aiosmtpd's name
        if self.sink.dropping("in-data"):
            await self.push("354 go on")
            await self._reader.readexactly(1000)
            _abort(self)
            return
        if "DATA" in self.sink.answers:
            await self.push(self.sink.answers["DATA"])
            return
        await super().smtp_DATA(arg)


def _abort(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


Start = Callable[..., tuple[Sink, Relay]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that starts a server in a thread and names its relay."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sinks: list[Sink] = []
    listeners: list[asyncio.AbstractServer] = []

    def started(**options: Any) -> tuple[Sink, Relay]:
        sink = Sink(loop=loop)
        sinks.append(sink)

        def serve() -> SMTP:
            server = _Server(sink, loop=loop, hostname="relay.example", **options)
            server.sink = sink
            return server

        listening = asyncio.run_coroutine_threadsafe(loop.create_server(serve, "127.0.0.1", 0), loop).result(
            5
        )
        listeners.append(listening)
        port = listening.sockets[0].getsockname()[1]
        return sink, Relay(host="127.0.0.1", port=port, command_seconds=60, final_seconds=60)

    yield started
    for listener in listeners:
        loop.call_soon_threadsafe(listener.close)
    for sink in sinks:
        sink.hang_up()
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def sink_and_way(start: Start) -> Iterator[tuple[Sink, SmtpTransport]]:
    sink, relay = start()
    way = SmtpTransport(relay)
    yield sink, way
    way.close()


# --- A letter is handed over ---


def test_a_letter_arrives_as_it_was_given(sink_and_way: tuple[Sink, SmtpTransport]) -> None:
    sink, way = sink_and_way
    sent = way.send("", [HANA, KEN], LETTER)
    ((_, envelope),) = sink.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("<>", [HANA, KEN])
    assert envelope.original_content == LETTER
    assert (sent.answer, dict(sent.refused)) == ("2.0.0 taken as 4711", {})


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        (b"S: x\r\n\r\n.\r\n..\r\n.x\r\n", b"S: x\r\n\r\n.\r\n..\r\n.x\r\n"),
        (b".at the start\r\n", b".at the start\r\n"),
        (b"S: x\n\nlone LF\n.\n", b"S: x\r\n\r\nlone LF\r\n.\r\n"),
        (b"S: x\r\rlone CR\r.\r", b"S: x\r\n\r\nlone CR\r\n.\r\n"),
        (b"S: x\r\n\r\nno end", b"S: x\r\n\r\nno end\r\n"),
        (
            b"S: x\r\n\r\nsmuggled\n.\nMAIL FROM:<x@y.example>\r\n",
            b"S: x\r\n\r\nsmuggled\r\n.\r\nMAIL FROM:<x@y.example>\r\n",
        ),
        (b"S: x\r\n\r\n\xe3\x81\x82\r\n", b"S: x\r\n\r\n\xe3\x81\x82\r\n"),
    ],
)
def test_dots_and_line_ends_cannot_end_the_letter(
    sink_and_way: tuple[Sink, SmtpTransport], given: bytes, arrives: bytes
) -> None:
    sink, way = sink_and_way
    way.send("report@csirt.example", [HANA], given)
    assert [envelope.original_content for _, envelope in sink.taken] == [arrives]
    assert len([c for c in sink.commands if c.startswith("MAIL")]) == 1


# --- The connection is kept ---


def test_letters_share_a_connection(sink_and_way: tuple[Sink, SmtpTransport]) -> None:
    sink, way = sink_and_way
    for _ in range(20):
        way.send("", [HANA], LETTER)
    assert [connection for connection, _ in sink.taken] == [0] * 20
    assert sink.commands.count("RSET") == 19


def test_a_connection_carries_so_many_letters(start: Start) -> None:
    sink, relay = start()
    way = SmtpTransport(replace(relay, letters_a_connection=2))
    for _ in range(5):
        way.send("", [HANA], LETTER)
    way.close()
    assert [connection for connection, _ in sink.taken] == [0, 0, 1, 1, 2]


def test_an_idle_connection_is_not_trusted(start: Start) -> None:
    sink, relay = start()
    now = [0.0]
    way = SmtpTransport(relay, clock=lambda: now[0])
    for time in (0.0, 29.0, 58.0, 89.0):
        now[0] = time
        way.send("", [HANA], LETTER)
    way.close()
    assert [connection for connection, _ in sink.taken] == [0, 0, 0, 1]


def test_a_server_that_closed_between_letters_is_connected_again(
    sink_and_way: tuple[Sink, SmtpTransport],
) -> None:
    sink, way = sink_and_way
    way.send("", [HANA], LETTER)
    sink.hang_up()
    way.send("", [HANA], LETTER)
    assert [connection for connection, _ in sink.taken] == [0, 1]


@pytest.mark.parametrize(
    ("what", "answer"), [("RSET", "421 4.3.2 going down"), ("MAIL", "421 4.7.0 too many")]
)
def test_a_kept_connection_that_is_ended_is_opened_once_again(
    sink_and_way: tuple[Sink, SmtpTransport], what: str, answer: str
) -> None:
    sink, way = sink_and_way
    way.send("", [HANA], LETTER)
    sink.answers[what] = answer
    if what == "RSET":
        way.send("", [HANA], LETTER)
        assert [connection for connection, _ in sink.taken] == [0, 1]
        return
    with pytest.raises(Refused) as refused:
        way.send("", [HANA], LETTER)
    assert (refused.value.temporary, refused.value.code, len(sink.connections)) == (True, 421, 2)


@pytest.mark.parametrize("where", ["mail", "in-data"])
def test_a_letter_lost_on_a_kept_connection_goes_over_a_new_one(
    sink_and_way: tuple[Sink, SmtpTransport], where: str
) -> None:
    sink, way = sink_and_way
    way.send("", [HANA], LETTER)
    sink.drop, sink.drops_left = where, 1
    way.send("", [HANA], LARGE)
    assert [connection for connection, _ in sink.taken] == [0, 1]


def test_close_is_quiet_when_the_server_is_gone(sink_and_way: tuple[Sink, SmtpTransport]) -> None:
    sink, way = sink_and_way
    way.send("", [HANA], LETTER)
    sink.hang_up()
    way.close()
    way.close()
    way.send("", [HANA], LETTER)
    assert len(sink.taken) == 2


# --- Refusals ---


@pytest.mark.parametrize("where", ["MAIL", f"RCPT {HANA}", "DATA", "DOT"])
@pytest.mark.parametrize(
    ("answer", "temporary"), [("451 4.7.1 greylisted", True), ("550 5.1.1 no", False), ("452 full", True)]
)
def test_a_refusal_says_whether_it_is_temporary(
    sink_and_way: tuple[Sink, SmtpTransport], where: str, answer: str, temporary: bool
) -> None:
    sink, way = sink_and_way
    sink.answers[where] = answer
    with pytest.raises(Refused) as refused:
        way.send("", [HANA], LETTER)
    assert (refused.value.temporary, refused.value.code) == (temporary, int(answer[:3]))
    assert refused.value.text == answer
    sink.answers.clear()
    way.send("", [HANA], LETTER)
    assert [connection for connection, _ in sink.taken] == [0], "the connection is good for the next letter"


def test_one_recipient_refused_is_reported_and_the_others_get_it(
    sink_and_way: tuple[Sink, SmtpTransport],
) -> None:
    sink, way = sink_and_way
    sink.answers[f"RCPT {KEN}"] = "550 5.1.1 unknown"
    sent = way.send("", [HANA, KEN], LETTER)
    assert sink.taken[0][1].rcpt_tos == [HANA]
    assert [(who, each.code, each.temporary) for who, each in sent.refused.items()] == [(KEN, 550, False)]


def test_all_recipients_refused_is_temporary_while_one_may_still_take_it(
    sink_and_way: tuple[Sink, SmtpTransport],
) -> None:
    sink, way = sink_and_way
    sink.answers |= {f"RCPT {HANA}": "451 later", f"RCPT {KEN}": "550 unknown"}
    with pytest.raises(Refused) as refused:
        way.send("", [HANA, KEN], LETTER)
    assert refused.value.temporary
    assert {who: each.temporary for who, each in refused.value.recipients.items()} == {HANA: True, KEN: False}
    assert sink.taken == []


def test_a_first_connection_lost_within_the_letter_leaves_it_untaken(
    sink_and_way: tuple[Sink, SmtpTransport],
) -> None:
    sink, way = sink_and_way
    sink.drop = "in-data"
    with pytest.raises(Refused) as refused:
        way.send("", [HANA], LARGE)
    assert (refused.value.temporary, refused.value.code, len(sink.connections)) == (True, None, 1)


def test_no_answer_after_the_dot_is_not_guessed_at(sink_and_way: tuple[Sink, SmtpTransport]) -> None:
    sink, way = sink_and_way
    way.send("", [HANA], LETTER)
    sink.drop = "after-dot"
    with pytest.raises(Unsure):
        way.send("", [HANA], LETTER)
    assert len([c for c in sink.commands if c.startswith("MAIL")]) == 2, "not sent again by itself"
    sink.drop = ""
    way.send("", [HANA], LETTER)
    assert len(sink.taken) == 2


def test_an_answer_that_does_not_come_in_time_is_not_guessed_at(start: Start) -> None:
    sink, relay = start()

    async def slow(server: SMTP, _session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(1)
        return "250 late"

    sink.handle_DATA = slow  # type: ignore[method-assign]
    way = SmtpTransport(replace(relay, final_seconds=0.1))
    with pytest.raises(Unsure):
        way.send("", [HANA], LETTER)
    way.close()


def test_nobody_listening_is_temporary() -> None:
    way = SmtpTransport(Relay(host="127.0.0.1", port=1, command_seconds=1))
    with pytest.raises(Refused) as refused:
        way.send("", [HANA], LETTER)
    assert (refused.value.temporary, refused.value.code) == (True, None)
    way.close()


@pytest.mark.parametrize(
    ("sender", "recipients"),
    [
        ("", []),
        ("", ["hana"]),
        ("", ["hana@site.example>\r\nDATA"]),
        ("", ["hana@site.example> SIZE=1"]),
        ("x@y.example\nRSET", [HANA]),
        ("", [HANA, ""]),
        ("", ["\udc80@site.example"]),
    ],
)
def test_what_is_no_address_opens_no_connection(
    sink_and_way: tuple[Sink, SmtpTransport], sender: str, recipients: list[str]
) -> None:
    sink, way = sink_and_way
    with pytest.raises(Refused) as refused:
        way.send(sender, recipients, LETTER)
    assert not refused.value.temporary
    assert sink.connections == []


# --- What the server offers ---


def test_an_internationalised_address_goes_where_it_is_offered(start: Start) -> None:
    sink, relay = start(enable_SMTPUTF8=True)
    way = SmtpTransport(relay)
    way.send("", ["花@site.example"], LETTER)
    way.send("", [HANA], LETTER)
    way.close()
    assert [envelope.rcpt_tos for _, envelope in sink.taken] == [["花@site.example"], [HANA]]
    assert ["SMTPUTF8" in command for command in sink.commands if command != "RSET"] == [True, False]


def test_an_internationalised_address_is_refused_where_it_is_not(start: Start) -> None:
    sink, relay = start(enable_SMTPUTF8=False)
    way = SmtpTransport(relay)
    with pytest.raises(Refused, match="internationalised"):
        way.send("", ["花@site.example"], LETTER)
    way.close()
    assert sink.taken == []


def test_too_large_a_letter_is_refused_before_it_is_sent(start: Start) -> None:
    sink, relay = start(data_size_limit=1000)
    way = SmtpTransport(relay)
    with pytest.raises(Refused) as refused:
        way.send("", [HANA], b"x" * 1001)
    way.close()
    assert (refused.value.code, refused.value.temporary, sink.commands) == (552, False, [])


# --- TLS and passwords ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1 that signs itself; certificate and key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


def _with_tls(certificate: Path) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return {"tls_context": context}


def _encrypted(sink: Sink) -> bool:
    return sink.connections[0].session.ssl is not None


def test_starttls_is_taken_where_it_is_offered(start: Start, certificate: Path) -> None:
    sink, relay = start(**_with_tls(certificate))
    way = SmtpTransport(relay)
    way.send("", [HANA], LETTER)
    way.send("", [HANA], LETTER)
    assert len(sink.taken) == 2
    assert _encrypted(sink)
    way.close()


def test_never_means_in_clear(start: Start, certificate: Path) -> None:
    sink, relay = start(**_with_tls(certificate))
    way = SmtpTransport(replace(relay, tls="never"))
    way.send("", [HANA], LETTER)
    assert not _encrypted(sink)
    way.close()


def test_required_tls_verifies_the_certificate(start: Start, certificate: Path) -> None:
    sink, relay = start(**_with_tls(certificate))
    with pytest.raises(Refused, match="CERTIFICATE_VERIFY_FAILED") as refused:
        SmtpTransport(replace(relay, tls="require")).send("", [HANA], LETTER)
    assert refused.value.temporary
    way = SmtpTransport(replace(relay, tls="require", ca_file=str(certificate)))
    way.send("", [HANA], LETTER)
    way.close()
    assert len(sink.taken) == 1


def test_required_tls_that_is_not_offered_sends_nothing(start: Start) -> None:
    sink, relay = start()
    with pytest.raises(Refused, match="STARTTLS") as refused:
        SmtpTransport(replace(relay, tls="require")).send("", [HANA], LETTER)
    assert refused.value.temporary
    assert sink.commands == []


def _only_secret(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    return AuthResult(success=data.password == b"secret", handled=False)


@pytest.mark.parametrize(("password", "works"), [("secret", True), ("wrong", False)])
def test_a_wrong_password_is_no_fault_of_the_letter(
    start: Start, certificate: Path, password: str, works: bool
) -> None:
    sink, relay = start(
        **_with_tls(certificate),
        authenticator=_only_secret,
    )
    way = SmtpTransport(replace(relay, tls="require", ca_file=str(certificate), user="u", password=password))
    if works:
        way.send("", [HANA], LETTER)
        assert len(sink.taken) == 1
    else:
        with pytest.raises(Refused) as refused:
            way.send("", [HANA], LETTER)
        assert (refused.value.temporary, refused.value.code) == (True, 535)
        assert "wrong" not in repr(way._relay) + str(refused.value)
    way.close()


# --- URLs ---


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay.example", Relay(host="relay.example", port=25, helo="h")),
        ("smtp://127.0.0.1:8026", Relay(host="127.0.0.1", port=8026, helo="h")),
        ("smtp://[::1]:8026?tls=never", Relay(host="::1", port=8026, tls="never", helo="h")),
        (
            "smtps://relay.example",
            Relay(host="relay.example", port=465, implicit_tls=True, tls="require", helo="h"),
        ),
        (
            "smtp://u%40x:p%2Fw@relay.example:587?ca=/ca.pem",
            Relay(
                host="relay.example",
                port=587,
                tls="require",
                ca_file="/ca.pem",
                user="u@x",
                password="p/w",
                helo="h",
            ),
        ),
        ("smtp://u:p@127.0.0.1", Relay(host="127.0.0.1", port=25, user="u", password="p", helo="h")),
    ],
)
def test_a_url_names_a_relay(url: str, expected: Relay) -> None:
    assert relay_for(url, helo="h") == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "relay.example",
        "http://relay.example",
        "smtp://",
        "smtp://relay.example:99999",
        "smtp://relay.example?tls=perhaps",
        "smtp://relay.example?verify=no",
        "smtp://u:p@relay.example?tls=opportunistic",
        "maildir://folder",
        "maildir:folder",
    ],
)
def test_a_wrong_url_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        transport_for(url)


# --- Maildir ---


def test_a_letter_stands_in_the_folder_with_its_envelope(tmp_path: Path) -> None:
    way = transport_for(f"maildir://{tmp_path}/out%20box")
    assert isinstance(way, Maildir)
    way.send("", [HANA, KEN], LETTER)
    way.send("x@csirt.example", [HANA], LETTER)
    way.close()
    folder = tmp_path / "out box"
    files = sorted((folder / "new").iterdir(), key=lambda path: b"<>" not in path.read_bytes())
    assert files[0].read_bytes() == (
        b"Return-Path: <>\r\nDelivered-To: hana@site.example\r\nDelivered-To: ken@site.example\r\n" + LETTER
    )
    assert files[1].read_bytes().startswith(b"Return-Path: <x@csirt.example>\r\n")
    assert list((folder / "tmp").iterdir()) == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700
    assert all(re.fullmatch(r"\d+\.[0-9a-f]{32}\.madoguchi", path.name) for path in files)


def test_a_folder_that_cannot_be_written_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Refused) as refused:
        Maildir(tmp_path / "file").send("", [HANA], LETTER)
    assert refused.value.temporary
