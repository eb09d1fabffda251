"""There is one way out for a letter: nothing but the transport opens a connection, whatever a verb does."""

import ast
import socket
import subprocess
from datetime import datetime
from typing import Any, NoReturn

import pytest
from django.core.mail import mail_admins, send_mail

from codebase import imports, modules
from deeds import DEEDS
from madoguchi.mail.refused import SideDoorMailError

# What opens connections or starts processes, and the modules that may import it, with the reason.
DOORS: dict[str, dict[str, str]] = {
    "smtplib": {"mail.transport": "the way out"},
    "socket": {
        "mail.transport": "TCP_NODELAY on the way out",
        "config.processes": "listens for the web pages",
    },
    "ssl": {
        "mail.transport": "TLS on the way out",
        "config.doors": "the certificate of the way in",
        "intake.smtp": "STARTTLS on the way in",
        "intake.smtp_host": "STARTTLS on the way in",
        "intake.smtp_session": "STARTTLS on the way in",
    },
    "subprocess": {
        "config.processes": "starts the parts of the process tree",
        "config.programs": "pg_dump and pg_restore",
    },
    "asyncio": {
        "config.doors": "runs the way in",
        "config.gate": "lets a posting flood wait without a thread",
        "intake.gathering": "gathers what the way in takes",
        "intake.smtp": "the way in",
        "intake.smtp_client": "the way in, who a relay's client is",
        "intake.smtp_doorkeeper": "the way in, before a session is made",
        "intake.smtp_session": "the way in",
        "intake.smtp_tarpit": "the way in, where it waits",
    },
    "aiosmtpd": {
        "intake.lmtp": "the way in",
        "intake.smtp": "the way in",
        "intake.smtp_client": "the way in",
        "intake.smtp_doorkeeper": "the way in, who a proxy's client is",
        "intake.smtp_host": "the way in",
        "intake.smtp_session": "the way in",
    },
    "dns": {"mail.lookup": "asks who vouches for a sender", "mail.authentication": "as mail.lookup"},
    "dkim": {"mail.dkim_check": "checks signatures with mail.lookup's resolver"},
    "spf": {"mail.spf_check": "checks senders with mail.lookup's resolver"},
    "ctypes": {"config.processes": "asks the kernel to end the parts with their parent"},
    "multiprocessing": {"config.processes": "starts the parts of the process tree"},
}
NEVER = (
    "aiohttp", "aiosmtplib", "authheaders", "ftplib", "http.client", "httpx", "imaplib", "poplib", "pty",
    "requests", "telnetlib", "urllib.request", "urllib3", "xmlrpc", "pickle", "marshal", "shelve",
)  # fmt: skip


def test_nobody_imports_what_opens_connections_but_who_must() -> None:
    for name, tree in modules():
        for imported in imports(tree):
            first = imported.partition(".")[0]
            assert first not in DOORS or name in DOORS[first], f"{name} imports {imported}"
            assert not any(imported == one or imported.startswith(f"{one}.") for one in NEVER), (
                f"{name}: {imported}"
            )


def test_nobody_starts_a_program_or_runs_words_as_a_program() -> None:
    words = {
        "system",
        "popen",
        "execv",
        "execve",
        "execvp",
        "spawnv",
        "posix_spawn",
        "fork",
        "eval",
        "exec",
        "__import__",
    }
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                assert called not in words or name.startswith("config."), f"{name} calls {called}"


class WayOutError(Exception):
    """A connection or a process, from where none may come."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise WayOutError


@pytest.mark.store
@pytest.mark.django_db
@pytest.mark.parametrize("name", DEEDS)
def test_every_verb_does_its_deed_without_a_connection_or_a_process(
    now: datetime, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    deed = DEEDS[name](now)  # the database's own connection is there by now
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", _refuse)
    monkeypatch.setattr(socket.socket, "sendto", _refuse)
    monkeypatch.setattr(socket, "create_connection", _refuse)
    monkeypatch.setattr(socket, "getaddrinfo", _refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse)
    monkeypatch.setattr("os.fork", _refuse)
    monkeypatch.setattr("os.posix_spawn", _refuse)
    deed()


def test_the_refusal_itself_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    with pytest.raises(WayOutError), socket.socket() as one:
        one.connect(("127.0.0.1", 1))


@pytest.fixture
def as_in_life(settings: Any) -> Any:
    """The settings of the product: the tests' own would keep mail in memory."""
    from madoguchi.config import settings as ours

    settings.EMAIL_BACKEND = ours.EMAIL_BACKEND
    settings.ADMINS = [("A", "a@x.example")]
    return settings


@pytest.mark.usefixtures("as_in_life")
@pytest.mark.parametrize("quietly", [False, True])
def test_django_s_own_way_of_sending_mail_is_shut(quietly: bool) -> None:
    with pytest.raises(SideDoorMailError, match="outbox"):
        send_mail("s", "t", "a@x.example", ["b@x.example"], fail_silently=quietly)
    with pytest.raises(SideDoorMailError):
        mail_admins("s", "t", fail_silently=quietly)
