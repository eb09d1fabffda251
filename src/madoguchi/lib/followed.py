"""What a process made of keys from the keyring, made anew once the file was changed.

The file is looked at once in `NOTICED_WITHIN` at most, so that a call on a hot path costs a look at the clock.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from madoguchi.lib import keyring
from madoguchi.lib.logs import error_class

log = logging.getLogger(__name__)

NOTICED_WITHIN = 1.0
"""Seconds after which every running process works with a changed keyring."""

T = TypeVar("T")
_Stamp = tuple[int, int, int]


class Followed(Generic[T]):
    """Calling it gives what `make` makes of the keys of these purposes. Raises KeyringError where there are none yet.

    A keyring that can't be read later on is said in the log once, and the keys held before go on being used: taking
    reports in must not end because somebody moves a file.
    """

    def __init__(
        self, path: Callable[[], Path], purposes: Sequence[str], make: Callable[[keyring.Keyring], T]
    ) -> None:
        self._path, self._purposes, self._make = path, tuple(purposes), make
        self._held: tuple[T, _Stamp | None] | None = None
        self._looked = 0.0

    def __call__(self) -> T:
        held = self._held
        if held is not None and time.monotonic() - self._looked < NOTICED_WITHIN:
            return held[0]
        return self.fresh()

    def fresh(self) -> T:
        """The same, after a look at the file in any case: for what may have been sealed a moment ago elsewhere."""
        self._looked = time.monotonic()
        stamp, held = self._stamp(), self._held
        if held is not None and stamp in {held[1], None}:
            return held[0]
        try:
            made = self._make(keyring.load(self._path(), self._purposes))
        except keyring.KeyringError as error:
            if held is None:
                raise
            log.warning(
                "The keyring was changed and can't be read; the keys held go on (%s)", error_class(error)
            )
            made = held[0]
        self._held = made, stamp
        return made

    def forget(self) -> None:
        """The next call reads the keyring again."""
        self._held = None

    def _stamp(self) -> _Stamp | None:
        """What differs once the file was replaced or written; None where it is not there."""
        try:
            found = self._path().stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_mode
