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
        raise SettingsError(f"{home} holds sealed data, and its keyring {keyring_file} is missing. Put it back there.")
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
    given = parser.parse_args(argv)
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
    return os.EX_OK


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
