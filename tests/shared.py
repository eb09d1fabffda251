"""Where real mail for tests lies: beside the project, never in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SHARED = PROJECT.parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not on this machine")


def mails() -> Iterator[Path]:
    """Every file below the shared mail folder, in a fixed order."""
    yield from (path for path in sorted((SHARED / "data" / "mail").rglob("*")) if path.is_file())
