"""The privacy notice at collection (APPI articles 21 and 32; GDPR article 13), by version.

A version that was shown once stays as it is and stays readable: reports refer to it. A change is a new module and a new
entry at the end of VERSIONS. A test holds the digest of each.
"""

from typing import Final

from madoguchi.counter.notices import v1
from madoguchi.counter.notices.notice import Notice

__all__ = ["VERSIONS", "Notice", "current", "notice"]

VERSIONS: Final = (v1.NOTICE,)
"""The oldest first."""


def current() -> str:
    """The version that is shown now, to be kept with what is collected under it."""
    return VERSIONS[-1].version


def notice(version: str) -> Notice:
    """One version. Raises KeyError where there never was such a one."""
    return {one.version: one for one in VERSIONS}[version]
