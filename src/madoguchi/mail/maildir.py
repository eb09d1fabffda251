"""Letters as files in a folder in the Maildir format: the way out of the demonstration."""

import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from madoguchi.mail.policy import Refused, Sent, Unsure, check_addresses


class Maildir:
    """Puts letters into a folder in the Maildir format: whole or not at all, and on disk when `send` is back.

    Return-Path and Delivered-To show the envelope, as the last server on a way writes it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Sent:
        """Write one letter for all recipients."""
        check_addresses(envelope_from, recipients)
        trace = f"Return-Path: <{envelope_from}>\r\n"
        trace += "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients)
        name = f"{time.time_ns() // 1_000_000_000}.{uuid.uuid4().hex}.madoguchi"
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_synced(self._folder / "tmp" / name, trace.encode() + content)
            (self._folder / "tmp" / name).rename(self._folder / "new" / name)
        except OSError as error:
            raise Refused(f"the folder of letters: {error.strerror}", temporary=True) from error
        try:
            _sync_folder(self._folder / "new")
        except OSError as error:
            raise Unsure("the letter is in its folder, which could not be synced") from error
        return Sent(f"in {name}")

    def close(self) -> None:
        """Do nothing: no connection is kept."""


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 — a descriptor, for the mode and O_EXCL
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
