"""Making a new home, and bringing an old one to this release."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from madoguchi.config.command import set_up_django
from madoguchi.config.options import options
from madoguchi.config.sources import SettingsError
from madoguchi.lib import keyring

_INIT_EXAMPLE = """\
example:
  MADOGUCHI_HOME=/srv/madoguchi madoguchi init --staff hanako --name "Hanako Yamada"
"""
SEALED = ("madoguchi.sqlite3", "blobs", "spool")


def prepare_home(home: Path, keyring_file: Path) -> bool:
    """Makes home (0700) and keyring (0600) where they are missing; true where the keyring was made now.

    Raises SettingsError where the home holds sealed data whose keyring is missing: a new one would open none of it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    if keyring_file.exists():
        return False
    if any((home / name).exists() for name in SEALED):
        raise SettingsError(
            f"{home} holds sealed data, and its keyring {keyring_file} is missing. Put it back there."
        )
    keyring.make(keyring_file, datetime.now(UTC))
    return True


def migrate() -> None:
    """Brings the database to this release; Django must be set up."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def init(argv: list[str]) -> int:
    """`madoguchi init`: keys, database, the first account; refuses to overwrite."""
    parser = argparse.ArgumentParser(
        prog="madoguchi init",
        description="Makes keys, database and the first staff account.",
        epilog=_INIT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--staff", required=True, metavar="USERNAME", help="the first account's name for signing in"
    )
    parser.add_argument("--name", metavar="NAME", help="the person's name, as pages show it")
    parser.add_argument(
        "--recovery-to",
        action="append",
        metavar="RECIPIENT",
        help="prints a recovery copy of the keys, encrypted to age1… or ssh-…",
    )
    given = parser.parse_args(argv)
    _check_recipients(parser, given.recovery_to or [])
    chosen = options()
    if not prepare_home(chosen.home, chosen.keyring):
        sys.stderr.write(f"There is a keyring at {chosen.keyring} already; nothing was changed.\n")
        return os.EX_CONFIG
    set_up_django()
    migrate()
    from madoguchi.identity.commands import add_with_link

    link = add_with_link(given.staff, given.name or given.staff, ("duty-lead", "account-administrator"))
    sys.stdout.write(
        f"Home: {chosen.home}\nKeyring: {chosen.keyring} (copy it to a safe place apart from any backup of the home)\n"
        f"{given.staff} sets a password here, once, within 24 hours:\n  {chosen.base_url}{link}\n"
        "Start with: madoguchi run\n"
    )
    sys.stdout.write(_recovery_copy(chosen.keyring, given.recovery_to))
    return os.EX_OK


def _check_recipients(parser: argparse.ArgumentParser, recipients: list[str]) -> None:
    """Ends with a sentence before anything is made where a recipient is none."""
    from madoguchi.config.recovery import RecoveryError, known_recipients

    try:
        known_recipients(recipients)
    except RecoveryError as wrong:
        parser.exit(os.EX_USAGE, f"madoguchi init: {wrong}\n")


def _recovery_copy(path: Path, recipients: list[str] | None) -> str:
    """What `init` says of the recovery copy: the copy itself, or how to make one."""
    if not recipients:
        return (
            "Without its keys nothing here can ever be read again. Make a recovery copy now, and confirm it:\n"
            "  madoguchi keys export-recovery --to RECIPIENT FILE\n"
        )
    from madoguchi.config.recovery import recovery_copy

    copy = recovery_copy(path, recipients, datetime.now(UTC).date())
    return (
        f"\n{copy.decode('ascii')}\nKeep this recovery copy off this machine. Decrypt it, and give the code in it:\n"
        "  madoguchi keys confirm-recovery CODE\n"
    )


def upgrade(argv: list[str]) -> int:
    """`madoguchi upgrade`: migrations."""
    parser = argparse.ArgumentParser(
        prog="madoguchi upgrade",
        description="Brings the database to this release.",
        epilog="example: madoguchi upgrade",
    )
    parser.parse_args(argv)
    migrate()
    sys.stdout.write("The database is at this release.\n")
    return os.EX_OK
