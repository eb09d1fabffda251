"""The command `madoguchi keys`: the keyring without its secrets, rotating its keys, and its recovery copy."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import OperationalError

from madoguchi.config import recovery, rotating
from madoguchi.lib.keyring import PURPOSES, KeyringError

_EXAMPLE = """\
example:
  madoguchi keys status
  madoguchi keys rotate wrap
  madoguchi keys rotate wrap --finish
  madoguchi keys export-recovery --to age1... keys.age
"""
AS_ERRORS = (KeyringError, rotating.RotationError, recovery.RecoveryError)


def keys(argv: list[str]) -> int:
    """`madoguchi keys …`; gives an exit code of sysexits."""
    given = _parser().parse_args(argv)
    try:
        _do(given)
    except AS_ERRORS as refused:
        sys.stderr.write(f"madoguchi keys: {refused}\n")
        return os.EX_CONFIG if isinstance(refused, KeyringError) else os.EX_DATAERR
    except OSError as refused:
        sys.stderr.write(f"madoguchi keys: {refused.filename}: {refused.strerror}.\n")
        return os.EX_CANTCREAT
    except OperationalError:
        sys.stderr.write("madoguchi keys: the database does not answer. Start it and try again.\n")
        return os.EX_TEMPFAIL
    return os.EX_OK


def _do(given: argparse.Namespace) -> None:
    path, home, today = settings.KEYRING, settings.HOME, datetime.now(UTC).date()
    match given.what:
        case "status":
            for line in rotating.status_lines(path, home):
                _say(line)
        case "rotate" if given.finish:
            rotating.finish(path, given.purpose, home=home, at_once=given.at_once, say=_say)
        case "rotate":
            rotating.rotate(path, given.purpose, say=_say)
        case "export-recovery":
            _export(path, given.to, given.file)
        case "confirm-recovery":
            recovery.confirm(path, given.code, today)
            _say("Confirmed: the recovery copy can be decrypted.")
        case _:
            code = recovery.restore(path, given.file.read_bytes(), given.identity.read_text(encoding="utf-8"))
            _say(f"The keyring is at {path}. The copy's code is {code}.")


def _export(path: Path, recipients: list[str], file: Path) -> None:
    """Writes the copy where nothing is yet. Raises OSError, RecoveryError, KeyringError."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(recovery.recovery_copy(path, recipients, datetime.now(UTC).date()))
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        file.unlink()  # an empty copy would be trusted
        raise
    _say(
        f"Written: {file}. Take it off this machine, decrypt it where its identity is kept, and give the code in it:"
    )
    _say("  madoguchi keys confirm-recovery CODE")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="madoguchi keys",
        description="The keyring: what it holds, rotating a key while everything runs, and its recovery copy.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="what", required=True)
    parts.add_parser("status", help="every key without its secret, and what needs it")
    turn = parts.add_parser("rotate", help="a new key for one purpose; goes on where it was cut off")
    turn.add_argument("purpose", choices=PURPOSES)
    turn.add_argument("--finish", action="store_true", help="drops the former key once nothing needs it")
    turn.add_argument(
        "--at-once", action="store_true", help="with --finish, for sessions: ends open sessions"
    )
    export = parts.add_parser("export-recovery", help="the whole keyring, encrypted to who keeps it")
    export.add_argument("--to", action="append", required=True, metavar="RECIPIENT", help="age1… or ssh-…")
    export.add_argument("file", type=Path, metavar="FILE")
    confirm = parts.add_parser("confirm-recovery", help="says that the last recovery copy was decrypted")
    confirm.add_argument("code", metavar="CODE", help="as it stands in the decrypted copy")
    back = parts.add_parser("import-recovery", help="puts the keyring of a copy in place where none is")
    back.add_argument("--identity", type=Path, required=True, metavar="FILE", help="age's identity file")
    back.add_argument("file", type=Path, metavar="FILE")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
