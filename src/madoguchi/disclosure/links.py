"""Links that stand in our own letters: a fixed grammar, so that nothing else can ride along. Pure."""

import re
from typing import Final, Literal

LinkKind = Literal["", "private", "confirmation", "other"]
PATHS: Final[dict[LinkKind, str]] = {"private": "status", "confirmation": "confirm"}
_LETTERS: Final = r"([a-z2-7]{32})"


def link_to(kind: LinkKind, base: str, token: str) -> str:
    """The link with this token; `base` is the public address of the pages, without a slash at its end."""
    return f"{base}/{PATHS[kind]}/{token}/"


def read_link(link: str, base: str) -> tuple[LinkKind, str]:
    """What kind of link of ours this is, and its token; "other" for whatever is none, "" where there is no link."""
    if not link:
        return "", ""
    for kind, path in PATHS.items():
        if found := re.fullmatch(f"{re.escape(base)}/{path}/{_LETTERS}/", link):
            return kind, found[1]
    return "other", ""


def without_tokens(text: str, base: str = "") -> str:
    """The text of a letter of ours with the tokens of its links left out: they are the reporter's alone.

    `base`: the public address of the pages, for a text of somebody else's that may quote such a letter.
    """
    return re.sub(rf"({re.escape(base)}/(?:{'|'.join(PATHS.values())}))/{_LETTERS}/", r"\1/…/", text)
