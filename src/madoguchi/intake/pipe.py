"""The command `madoguchi receive`: one mail on standard input, from an MTA's pipe.

Imports neither Django nor the reader of mail. Exit 0 only when the mail is on disk; 75 (EX_TEMPFAIL) makes the MTA
keep it and try again; 65 (EX_DATAERR) says that it is too large or empty.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from madoguchi.intake import spool
from madoguchi.intake.incoming import Envelope
from madoguchi.lib import keyring

UNKNOWN_SENDER = "sender unknown"
"""Stands among an envelope's options where the MTA named no sender: the mail's own Return-Path is asked then."""

_EXAMPLE = """\
example, in Postfix's master.cf:
  madoguchi unix - n n - 4 pipe flags=R user=madoguchi
    argv=/srv/madoguchi/.venv/bin/madoguchi receive --from ${sender} --to ${recipient}
"""


def receive(
    argv: Sequence[str],
    *,
    home: Path,
    keyring_file: Path,
    most: int,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Reads standard input, seals it into the spool of `home`, and answers with an exit code of sysexits."""
    try:
        given = _parser().parse_args(argv)
    except SystemExit as leaving:
        return os.EX_OK if leaving.code in {0, None} else os.EX_USAGE
    raw = sys.stdin.buffer.read(most + 1)
    if not raw or len(raw) > most:
        _say("There was no mail on standard input." if not raw else f"The mail is larger than {most} bytes.")
        return os.EX_DATAERR
    sender = given.sender if given.sender is not None else environment.get("SENDER")
    envelope = Envelope(
        door="pipe",
        mail_from=(sender or "").strip("<>"),
        rcpt_to=(given.to,) if given.to else (),
        options=() if sender is not None else (UNKNOWN_SENDER,),
    )
    try:
        held = keyring.load(keyring_file, ("wrap",))
        if not home.is_dir():
            raise FileNotFoundError(home)
        spool.leave(home / spool.FOLDER, held, envelope, raw, datetime.now(UTC))
    except keyring.KeyringError as error:
        _say(str(error))
        return os.EX_TEMPFAIL
    except OSError as error:
        _say(
            f"The mail could not be stored in {home}: {error.strerror or 'the folder is missing'}. Try again later."
        )
        return os.EX_TEMPFAIL
    return os.EX_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="madoguchi receive",
        description="Takes one mail on standard input; exit 0 only when it is on disk.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", metavar="ADDRESS", help="the envelope's recipient")
    parser.add_argument(
        "--from", dest="sender", metavar="ADDRESS", help="the envelope's sender; empty or <> for null"
    )
    return parser


def _say(sentence: str) -> None:
    sys.stderr.write(f"madoguchi receive: {sentence}\n")
