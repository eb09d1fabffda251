"""The command `madoguchi audit`: checks the log of deeds, and writes its tree for whoever wants to check it apart."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from madoguchi.audit.actions import OPERATOR, export_tree
from madoguchi.audit.sequencing import TreeLostError
from madoguchi.audit.signed_note import NoteError, open_note, public_of, read_checkpoint
from madoguchi.audit.tile_folder import NotContinuedError, leaves_beside, tree_beside
from madoguchi.audit.tiles import TileError
from madoguchi.audit.verifying import Outside, Verified, verify
from madoguchi.lib import keyring

_EXAMPLE = """\
example:
  madoguchi audit verify
  madoguchi audit verify --checkpoint /mnt/auditor/checkpoint
  madoguchi audit export /mnt/auditor/log
"""
MOST_SHOWN = 50


def audit(argv: list[str]) -> int:
    """`madoguchi audit verify|export`; gives an exit code of sysexits."""
    parser = argparse.ArgumentParser(
        prog="madoguchi audit",
        description="Checks the log of deeds; writes its tree as hashes and opaque ids.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="what", required=True)
    check = parts.add_parser("verify", help="checks every entry, also against a checkpoint kept outside")
    check.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint; the tree beside it is used too"
    )
    export = parts.add_parser("export", help="writes tree and checkpoint in the open tile format")
    export.add_argument("folder", type=Path, metavar="DIR")
    given = parser.parse_args(argv)
    try:
        return _verify(given.checkpoint) if given.what == "verify" else _export(given.folder)
    except keyring.KeyringError as error:
        return _refused(error, os.EX_CONFIG)
    except (NoteError, TileError, TreeLostError, NotContinuedError, OSError, UnicodeDecodeError) as error:
        return _refused(error, os.EX_DATAERR)


def _refused(error: Exception, code: int) -> int:
    sys.stderr.write(f"madoguchi audit: {error}\n")
    return code


def _verify(file: Path | None) -> int:
    held = keyring.load(settings.KEYRING, ("audit",))
    publics = tuple(public_of(key.secret) for key in held.keys["audit"])
    outside = None if file is None else _outside(file, publics)
    found = verify(publics=publics, outside=outside)
    sys.stdout.write(_told(found, outside))
    return os.EX_DATAERR if found.findings else os.EX_OK


def _outside(file: Path, publics: tuple[bytes, ...]) -> Outside:
    """The checkpoint in this file and the leaves beside it. Raises NoteError, TileError, OSError."""
    told = read_checkpoint(open_note(file.read_text(encoding="utf-8"), any_name=publics))
    return Outside(told, leaves_beside(tree_beside(file), told))


def _told(found: Verified, outside: Outside | None) -> str:
    lines = [one.says for one in found.findings[:MOST_SHOWN]]
    if len(found.findings) > MOST_SHOWN:
        lines.append(f"And {len(found.findings) - MOST_SHOWN} more of the same kinds.")
    lines += found.remarks[:MOST_SHOWN]
    if found.findings:
        lines.append(f"The log was tampered with or damaged: {found.size} entries checked.")
    elif outside is None:
        lines.append(
            f"{found.size} entries fit their tree and the checkpoints kept here. Without a checkpoint from outside this"
            " does not prove that nobody rebuilt the whole: give one with --checkpoint."
        )
    else:
        size = outside.checkpoint.size
        lines.append(
            f"{found.size} entries fit their tree; the first {size} are those of the checkpoint outside. That the later"
            f" {found.size - size} were not rebuilt is not proven by it."
        )
    return "".join(f"{line}\n" for line in lines)


def _export(folder: Path) -> int:
    keyring.make_folder(folder.absolute())
    held = keyring.load(settings.KEYRING, ("audit",))
    note = export_tree(
        actor=OPERATOR,
        now=datetime.now(UTC),
        folder=folder,
        origin=settings.OPTIONS.log_origin,
        keys=held,
    )
    size = read_checkpoint(note.rpartition("\n\n")[0] + "\n").size
    sys.stdout.write(f"{size} entries as hashes and opaque ids, and their checkpoint: {folder}\n")
    return os.EX_OK
