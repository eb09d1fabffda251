"""Starts the product spoiled on purpose, so that a harness can show that it would notice.

JOURNEY_PATCHES in the environment names what is spoiled. The patches are made when this file is loaded, so that a
process which is spawned afresh has them too.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from madoguchi.config.command import main


def no_sync() -> None:
    """Nothing that Python writes is synced, and SQLite is told not to."""
    spoiled: Any = os
    spoiled.fsync = spoiled.fdatasync = lambda _handle: None
    sqlite_off()


def no_folder_sync() -> None:
    """Files are synced, the folders that name them are not."""
    spoiled: Any = os
    fsync = os.fsync

    def files_alone(handle: int) -> None:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            fsync(handle)

    spoiled.fsync = files_alone


def sqlite_off() -> None:
    from madoguchi.config import stores

    spoiled: Any = stores
    words = (word for word in stores.SQLITE_START if not word.startswith("synchronous"))
    spoiled.SQLITE_START = (*words, "synchronous=OFF")


def unguarded() -> None:
    """Starts on whatever store there is."""
    from madoguchi.config import stores

    stores.refuse_unless_durable = lambda: None


def no_seal() -> None:
    """What should be sealed is stored as it is."""
    from madoguchi.vault.scheme import UnitKey

    def same(_key: UnitKey, _place: Any, value: bytes) -> bytes:
        return value

    def same_stream(_key: UnitKey, _place: Any, pieces: Iterable[bytes]) -> Iterator[bytes]:
        return iter(pieces)

    class Passes:
        def add(self, piece: bytes) -> bytes:
            return piece

        def end(self) -> bytes:
            return b""

    spoiled: Any = UnitKey
    spoiled.seal = spoiled.open = same
    spoiled.seal_stream = spoiled.open_stream = same_stream
    spoiled.stream_sealer = lambda _key, _place: Passes()


def reader_raises() -> None:
    """The reader of mail fails on every mail, with the mail in its message."""
    from madoguchi.mail import reading

    def read(raw: bytes) -> Any:
        raise ValueError(raw.decode("utf-8", "replace"))

    reading.read = read


def pages_raise() -> None:
    """Every page fails where Django catches nothing, with the question in its message."""
    from django.core.handlers.wsgi import WSGIHandler

    def call(_handler: WSGIHandler, environ: dict[str, str], _start_response: Any) -> Any:
        raise ValueError(environ["QUERY_STRING"])

    spoiled: Any = WSGIHandler
    spoiled.__call__ = call


PATCHES: dict[str, Callable[[], None]] = {
    "no-sync": no_sync,
    "no-folder-sync": no_folder_sync,
    "sqlite-off": sqlite_off,
    "unguarded": unguarded,
    "no-seal": no_seal,
    "reader-raises": reader_raises,
    "pages-raise": pages_raise,
}
for word in filter(None, os.environ["JOURNEY_PATCHES"].split(",")):
    PATCHES[word]()

if __name__ == "__main__":
    main()
