"""Compiles a message catalogue: `python -m madoguchi.config.catalogue IN.po OUT.mo`.

Set-up calls it, so that the pages speak both languages on a machine without GNU gettext.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

USAGE = 64
BAD_DATA = 65


class CatalogueError(Exception):
    """The catalogue can't be compiled. Mend the named messages in the .po file and run it again."""


def compile_catalogue(source: Path, target: Path) -> int:
    """Writes `target` (.mo) from `source` (.po) and returns the number of its messages.

    Raises CatalogueError where the file is no catalogue, or where a translation and its original differ
    in their placeholders: such a message would break the page that shows it.
    """
    catalogue = _read(source)
    wrong = [f"{message.id!r}: {errors[0]}" for message, errors in catalogue.check()]
    if wrong:
        raise CatalogueError(f"{source}: {'; '.join(wrong)}")
    with target.open("wb") as out:
        write_mo(out, catalogue)
    return len(catalogue)


def _read(source: Path) -> Catalog:
    with source.open("rb") as stream:
        try:
            return read_po(stream, abort_invalid=True)
        except PoFileError as error:
            raise CatalogueError(f"{source}: {error}") from error


def main(arguments: list[str]) -> int:
    """The command; exit codes follow sysexits."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m madoguchi.config.catalogue IN.po OUT.mo\n")
        return USAGE
    try:
        compile_catalogue(Path(arguments[0]), Path(arguments[1]))
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_DATA
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
