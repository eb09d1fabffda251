"""The MIME tree as a flat list of leaves, cut from the octets themselves (RFC 2045, 2046).

The standard library's parser recurses once a level, tests each line against every boundary around it, and
writes attached messages anew instead of keeping their octets. Here the octets are cut by a stack: depth,
number of parts and header size are bounded, the work is linear, and a message/rfc822 leaf is byte for byte
what came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from madoguchi.mail.reading import fields, parameters, transfer

MAX_DEPTH = 32
"""Levels of multiparts and attached messages that are opened; what is deeper stays closed."""

MAX_LEAVES = 1000
"""Leaves that are told apart; those after them are not read."""

MAX_GROWTH = 4
"""An attached message is a leaf besides its own leaves, so each level is a copy of the rest: how often the
size of the whole the leaves together may have before attached messages stay closed."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: its type (lower case), parameters, header, octets after transfer decoding.

    `depth` counts the attached messages around it; `path` the types of the multiparts around it, outermost
    first. `group` names the multipart/alternative that it is a choice of, `choice` which of its choices it
    belongs to.
    """

    type: str
    params: dict[str, parameters.Parameter]
    header: fields.Fields
    content: bytes
    depth: int
    path: tuple[str, ...]
    choice: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Tree:
    """A message taken apart: its header, the declared type of its root, its leaves in order."""

    header: fields.Fields
    type: str
    params: dict[str, parameters.Parameter]
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class _Entity:
    """What still has to be opened: a stretch of octets that begins with a header."""

    raw: bytes
    start: int
    end: int
    level: int = 0
    depth: int = 0
    path: tuple[str, ...] = ()
    choice: tuple[int, int] | None = None
    default_type: str = "text/plain"


@dataclass(slots=True)
class _Opened:
    """An entity with its header read."""

    entity: _Entity
    header: fields.Fields
    type: str
    params: dict[str, parameters.Parameter]
    body: int


@dataclass(slots=True)
class _Work:
    defects: list[str]
    room: int
    leaves: list[Leaf] = field(default_factory=list)
    stack: list[_Entity] = field(default_factory=list)
    groups: int = 0


def take_apart(raw: bytes, defects: list[str]) -> Tree:
    """The leaves of a message. Never raises; what is wrong is appended to `defects`."""
    work = _Work(defects, MAX_GROWTH * len(raw) + 100_000)
    root = _open(_Entity(raw, _first_line(raw), len(raw)), defects)
    _place(root, work)
    while work.stack:
        if len(work.leaves) >= MAX_LEAVES:
            defects.append(f"More than {MAX_LEAVES} parts; the rest was not read")
            break
        _place(_open(work.stack.pop(), defects), work)
    return Tree(root.header, root.type, root.params, tuple(work.leaves))


def _first_line(raw: bytes) -> int:
    """Where the header begins: empty lines before it are passed over if a field follows."""
    body = raw.lstrip(b"\r\n")
    skipped = len(raw) - len(body)
    return skipped if skipped and re.match(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:|From ", body) else 0


def _open(entity: _Entity, defects: list[str]) -> _Opened:
    header, body = fields.split(entity.raw, entity.start, entity.end, defects)
    declared = header.first("content-type")
    kind, params = parameters.parse(declared) if declared is not None else ("", {})
    if not re.fullmatch(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", kind, re.ASCII):
        if declared is not None:
            defects.append("A Content-Type that is none was read as text")
        kind = entity.default_type
    return _Opened(entity, header, kind, params, body)


def _place(one: _Opened, work: _Work) -> None:
    """Puts an opened entity where it belongs: its children on the stack, or itself among the leaves."""
    kind = one.type
    if kind.startswith("multipart/") and not _too_deep(one, work):
        children = _children(one, work)
        if children:
            work.stack.extend(reversed(children))
            return
        kind = "text/plain"
    leaf = _leaf(one, kind, work)
    work.leaves.append(leaf)
    work.room -= len(leaf.content)
    if leaf.type in {"message/rfc822", "message/global"} and leaf.content and not _too_deep(one, work):
        if work.room > 0:
            work.stack.append(_attached(one, leaf))
        else:
            work.defects.append(
                "Attached messages within each other are too large; the inner ones stay closed"
            )


def _too_deep(one: _Opened, work: _Work) -> bool:
    deep = one.entity.level >= MAX_DEPTH
    if deep:
        work.defects.append(f"Nested deeper than {MAX_DEPTH} levels; the inner parts stay closed")
    return deep


def _leaf(one: _Opened, kind: str, work: _Work) -> Leaf:
    encoded = one.entity.raw[one.body : one.entity.end]
    encoding = one.header.first("content-transfer-encoding") or b""
    content = transfer.decode(encoded, encoding, work.defects)
    place = one.entity
    return Leaf(kind, one.params, one.header, content, place.depth, place.path, place.choice)


def _attached(one: _Opened, leaf: Leaf) -> _Entity:
    start = _first_line(leaf.content)
    return _Entity(
        leaf.content,
        start,
        len(leaf.content),
        level=one.entity.level + 1,
        depth=one.entity.depth + 1,
        path=(*one.entity.path, leaf.type),
    )


def _children(one: _Opened, work: _Work) -> list[_Entity]:
    boundary = _boundary(one, work.defects)
    if boundary is None:
        return []
    spans, closed = _spans(one.entity.raw, one.body, one.entity.end, boundary)
    if not spans:
        work.defects.append("A multipart whose boundary does not occur was read as one text")
    elif not closed:
        work.defects.append("The last boundary is missing; the mail may be cut off")
    if len(spans) > MAX_LEAVES:
        work.defects.append(f"More than {MAX_LEAVES} parts; the rest was not read")
    work.groups += 1
    alternative = one.type == "multipart/alternative"
    return [
        _Entity(
            one.entity.raw,
            start,
            end,
            level=one.entity.level + 1,
            depth=one.entity.depth,
            path=(*one.entity.path, one.type),
            choice=(work.groups, number) if alternative and one.entity.choice is None else one.entity.choice,
            default_type="message/rfc822" if one.type == "multipart/digest" else "text/plain",
        )
        for number, (start, end) in enumerate(spans[: MAX_LEAVES + 1])
    ]


def _boundary(one: _Opened, defects: list[str]) -> bytes | None:
    given = one.params.get("boundary")
    if given is not None and given.raw.strip():
        return given.raw.rstrip(b" \t")
    match = re.compile(rb"[\r\n]*--([^\r\n]{1,200})[\r\n]").match(one.entity.raw, one.body, one.entity.end)
    defects.append("A multipart without a boundary" + ("; taken from its first line" if match else ""))
    return match[1].rstrip() if match else None


def _spans(raw: bytes, start: int, end: int, boundary: bytes) -> tuple[list[tuple[int, int]], bool]:
    """The stretches between the delimiter lines, and whether the closing one was there."""
    newline = b"\n" if raw.find(b"\n", max(start - 1, 0), end) >= 0 else b"\r"
    line = re.compile(newline + b"--" + re.escape(boundary) + rb"(--)?[ \t]*(?=[\r\n]|\Z)")
    spans: list[tuple[int, int]] = []
    begins: int | None = None
    for match in line.finditer(raw, max(start - 1, 0), end):
        if begins is not None:
            spans.append((begins, max(begins, _before_newline(raw, match.start()))))
        if match[1]:
            return spans, True
        begins = _after_newline(raw, match.end(), end)
        if len(spans) > MAX_LEAVES:
            return spans, True
    if begins is not None:
        spans.append((begins, end))
    return spans, False


def _before_newline(raw: bytes, at: int) -> int:
    """The newline before a delimiter belongs to it (RFC 2046, 5.1.1)."""
    return at - 1 if raw[at : at + 1] == b"\n" and raw[at - 1 : at] == b"\r" else at


def _after_newline(raw: bytes, at: int, end: int) -> int:
    if raw[at : at + 2] == b"\r\n":
        return min(at + 2, end)
    return min(at + 1, end)
