"""The command `madoguchi`: finds the part that was asked for and imports no more than that needs.

`receive` and `read` import no Django; the others set it up first.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from madoguchi.config.sources import SettingsError, given_values, home_folder, keyring_file

DEFAULT_MOST = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line: `place` is module:function, called with the remaining words."""

    place: str
    says: str
    django: bool = True


COMMANDS: dict[str, Command] = {
    "init": Command(
        "madoguchi.config.setup:init", "makes keys, database and the first staff account", django=False
    ),
    "run": Command(
        "madoguchi.config.processes:run", "web, mail intake and workers in one process tree", django=False
    ),
    "web": Command("madoguchi.config.processes:web", "the web pages alone", django=False),
    "smtp": Command("madoguchi.config.processes:smtp", "the SMTP and LMTP door alone", django=False),
    "worker": Command("madoguchi.config.processes:worker", "a worker alone", django=False),
    "demo": Command(
        "madoguchi.config.demo:demo", "an example centre on this machine, for trying it", django=False
    ),
    "upgrade": Command("madoguchi.config.setup:upgrade", "brings the database to this release"),
    "settings": Command(
        "madoguchi.config.show:settings", "every setting with value, origin and meaning", django=False
    ),
    "staff": Command("madoguchi.identity.commands:staff", "accounts, by one-time link"),
    "audit": Command("madoguchi.audit.commands:audit", "checks the log of deeds, and writes its tree"),
    "keys": Command("madoguchi.config.keys:keys", "the keyring: status, rotation, recovery copy"),
    "backup": Command(
        "madoguchi.config.backup:backup", "a copy while running, and the proof that it restores"
    ),
    "restore": Command("madoguchi.config.backup:restore", "puts a backup into an empty home"),
    "doctor": Command("madoguchi.config.doctor:doctor", "checks keys, home, store, disk, queues and clock"),
    "receive": Command("", "one mail on standard input, from an MTA's pipe", django=False),
    "read": Command("madoguchi.mail.commands:read", "what would be understood of these mails", django=False),
}


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Runs the command of `argv`; gives an exit code of sysexits."""
    name, rest = (argv[0], list(argv[1:])) if argv else ("--help", [])
    if name in {"-h", "--help", "help"}:
        sys.stdout.write(usage())
        return os.EX_OK
    if name == "--version":
        sys.stdout.write(f"madoguchi {_version()}\n")
        return os.EX_OK
    command = COMMANDS.get(name)
    if command is None:
        sys.stderr.write(f"There is no command “{name}”. See madoguchi --help.\n")
        return os.EX_USAGE
    try:
        return _receive(rest) if name == "receive" else _call(command, rest)
    except SettingsError as error:
        sys.stderr.write(f"madoguchi: {error}\n")
        # The MTA behind a pipe keeps the mail and tries again; any other code could make it give the mail back.
        return os.EX_TEMPFAIL if name == "receive" else os.EX_CONFIG


def _call(command: Command, rest: list[str]) -> int:
    if command.django:
        set_up_django()
    module, _, function = command.place.partition(":")
    return cast("Callable[[list[str]], int]", getattr(import_module(module), function))(rest)


def _receive(rest: list[str]) -> int:
    from madoguchi.intake.pipe import receive

    given = given_values()
    home = home_folder()
    most = given.get("max_message_bytes")
    return receive(
        rest,
        home=home,
        keyring_file=keyring_file(given, home),
        most=_whole(most.value) if most else DEFAULT_MOST,
    )


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as wrong:
        raise SettingsError("MADOGUCHI_MAX_MESSAGE_BYTES is wrong: write a whole number of bytes.") from wrong


def set_up_django() -> None:
    """Checks the settings and sets Django up. Raises SettingsError."""
    from madoguchi.config.options import options

    options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")
    import django

    django.setup()


def usage() -> str:
    """What `--help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.says}" for name, command in COMMANDS.items()]
    return "\n".join(
        (
            "Madoguchi: the public counter of a CSIRT.",
            "",
            "usage: madoguchi COMMAND [OPTIONS]",
            "",
            *lines,
            "",
            "madoguchi COMMAND --help says more, with an example.",
            "",
        )
    )


def _version() -> str:
    from importlib.metadata import version

    return version("madoguchi")
