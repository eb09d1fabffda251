"""Puts a `Letter` together from the parts that the neighbouring modules read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from madoguchi.mail.letter import Letter, Mailbox, Part
from madoguchi.mail.reading import addresses, charsets, html, kinds, mime, parameters, quotes, words

MAX_DEFECTS = 100
MAX_IDS = 1000

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_ONLY_ONCE = ("from", "subject", "date", "message-id", "to", "content-type", "reply-to")
_AUTOREPLY_FIELDS = frozenset(
    ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from")
)
_NO_PROSE = frozenset(("text/rfc822-headers", "text/rfc822-header", "text/css", "text/javascript"))
_TRIFLES = 20


@dataclass(frozen=True, slots=True)
class _Head:
    """A header's values as text."""

    tree: mime.Tree

    def text(self, name: str) -> str | None:
        value = self.tree.header.first(name)
        return None if value is None else " ".join(words.decode(value).split())

    def boxes(self, name: str) -> tuple[Mailbox, ...]:
        found: list[Mailbox] = []
        for value in self.tree.header.all(name)[:3]:
            found.extend(addresses.parse(value))
        return tuple(found)

    def ids(self, name: str) -> tuple[str, ...]:
        value = self.text(name) or ""
        found = _MESSAGE_ID.findall(value) or value.split()
        return tuple(dict.fromkeys(found[:MAX_IDS]))


def read(raw: bytes) -> Letter:
    """What a mail says, as far as its octets tell. Never raises; time is linear in the size."""
    defects: list[str] = []
    tree = mime.take_apart(raw, defects)
    head = _Head(tree)
    _look_over(raw, tree, defects)
    parts = tuple(_part(number, leaf, defects) for number, leaf in enumerate(tree.leaves))
    subject = head.text("subject") or ""
    text = _text(tree, parts, defects)
    in_reply_to, references = head.ids("in-reply-to"), head.ids("references")
    answers = bool(in_reply_to or references)
    own_words = quotes.new_text(
        text, is_reply=kinds.is_reply(subject, answers=answers), is_forward=kinds.is_forward(subject)
    )
    facts = _facts(head, parts, subject=subject, text=text, new_text=own_words, answers=answers)
    return Letter(
        kind=kinds.of(facts),
        message_id=next(iter(head.ids("message-id")), None),
        in_reply_to=in_reply_to,
        references=references,
        auto_submitted=head.text("auto-submitted"),
        date=_date(head, defects),
        from_=head.boxes("from"),
        to=head.boxes("to"),
        cc=head.boxes("cc"),
        reply_to=head.boxes("reply-to"),
        subject=subject,
        text=text,
        new_text=own_words,
        parts=parts,
        defects=tuple(dict.fromkeys(defects))[:MAX_DEFECTS],
        list_id=_list_id(head),
        precedence=head.text("precedence"),
        return_path=head.text("return-path"),
        received_count=len(tree.header.all("received")),
        delivered_to=tuple(words.decode(value) for value in tree.header.all("delivered-to")[:100]),
    )


def _look_over(raw: bytes, tree: mime.Tree, defects: list[str]) -> None:
    if not raw.strip():
        defects.append("There is nothing in it")
    elif not tree.header.items:
        defects.append("It has no header: it may be no mail")
    names = tree.header.names()
    defects.extend(f"More than one {name.title()} field" for name in _ONLY_ONCE if names.count(name) > 1)
    if names and "from" not in names:
        defects.append("It has no From field")
    if b"\0" in raw:
        defects.append("It holds NUL octets")


def _part(number: int, leaf: mime.Leaf, defects: list[str]) -> Part:
    given = leaf.params.get("charset")
    text, used = None, None
    if leaf.type.startswith("text/") or leaf.type in {"message/delivery-status", "message/feedback-report"}:
        decoded = charsets.decode(leaf.content, given.text if given else None)
        text, used = _NEWLINE.sub("\n", decoded.text), decoded.used
        if not decoded.clean:
            defects.append(f"Part {number} has bytes that do not fit {used}")
    disposition, name = _disposition(leaf)
    return Part(
        index=number,
        type=leaf.type,
        charset=given.text.lower() if given else None,
        charset_used=used,
        name=name,
        disposition=disposition,
        size=len(leaf.content),
        sha256=hashlib.sha256(leaf.content).hexdigest(),
        content=leaf.content,
        text=text,
        depth=leaf.depth,
    )


def _disposition(leaf: mime.Leaf) -> tuple[str | None, str | None]:
    """The disposition's type and the file name, which Content-Type may give as well."""
    value = leaf.header.first("content-disposition")
    kind, params = parameters.parse(value) if value is not None else ("", {})
    name = params.get("filename") or leaf.params.get("name")
    return kind or None, name.text if name else None


def _text(tree: mime.Tree, parts: tuple[Part, ...], defects: list[str]) -> str:
    """The readable text: of the letter's own leaves; where it has none, of attached messages; then of files."""
    for depth in sorted({part.depth for part in parts}):
        leaves = [pair for pair in zip(tree.leaves, parts, strict=True) if pair[1].depth == depth]
        text = _readable(leaves, defects)
        if text.strip():
            return text
    attached = (part.text for part in parts if part.type == "text/plain" and part.depth == 0)
    return "\n\n".join(text for text in attached if text and text.strip())


def _readable(leaves: list[tuple[mime.Leaf, Part]], defects: list[str]) -> str:
    shown = [(leaf, part) for leaf, part in leaves if _is_shown(part)]
    pieces: list[str] = []
    done: set[int] = set()
    for leaf, part in shown:
        if leaf.choice is None:
            pieces.append(_as_text(leaf, part, defects))
        elif leaf.choice[0] not in done:
            done.add(leaf.choice[0])
            group = [pair for pair in shown if pair[0].choice and pair[0].choice[0] == leaf.choice[0]]
            pieces.append(_chosen(group, defects))
    return "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip())


def _is_shown(part: Part) -> bool:
    if part.text is None or part.disposition == "attachment":
        return False
    return part.type in {"text/plain", "text/html"} or (_is_prose(part.type) and not part.name)


def _is_prose(kind: str) -> bool:
    return kind.startswith("text/") and kind not in _NO_PROSE


def _chosen(group: list[tuple[mime.Leaf, Part]], defects: list[str]) -> str:
    """One choice of a multipart/alternative: the plain text, unless it says nothing next to the HTML."""
    choices: dict[int, list[str]] = {}
    for leaf, part in group:
        number = leaf.choice[1] if leaf.choice else 0
        choices.setdefault(number, []).append(_as_text(leaf, part, defects))
    texts = {
        number: "\n\n".join(piece for piece in pieces if piece.strip()) for number, pieces in choices.items()
    }
    plain = {leaf.choice[1] for leaf, part in group if part.type == "text/plain" and leaf.choice}
    longest = max(texts.values(), key=len)
    best = next((text for number, text in texts.items() if number in plain and text.strip()), longest)
    return longest if len(best.strip()) < _TRIFLES and len(longest) > 5 * len(best) else best


def _as_text(leaf: mime.Leaf, part: Part, defects: list[str]) -> str:
    text = part.text or ""
    if part.type == "text/html":
        return html.to_text(text, defects)
    if "flowed" in (leaf.params["format"].text.lower() if "format" in leaf.params else ""):
        delsp = leaf.params["delsp"].text.lower() == "yes" if "delsp" in leaf.params else False
        return _unflowed(text, delsp=delsp)
    return text


def _unflowed(text: str, *, delsp: bool) -> str:
    """Lines that end in a space go on in the next one of the same quote level (RFC 3676)."""
    lines: list[list[str]] = []
    flowing: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")
        if flowing == level and content != "-- ":
            lines[-1].append(content)
        else:
            lines.append([">" * level + (" " if level else ""), content])
        flowing = level if content.endswith(" ") and content != "-- " else None
        if flowing is not None and delsp:
            lines[-1][-1] = lines[-1][-1][:-1]
    return "\n".join("".join(pieces) for pieces in lines)


def _facts(
    head: _Head, parts: tuple[Part, ...], *, subject: str, text: str, new_text: str, answers: bool
) -> kinds.Facts:
    own = [part for part in parts if part.depth == 0]
    report_type = head.tree.params.get("report-type")
    return kinds.Facts(
        type=head.tree.type,
        report_type=report_type.text.lower() if report_type and head.tree.type == "multipart/report" else "",
        types=tuple(part.type for part in own),
        attached=any(part.depth for part in parts),
        senders=tuple(box.address or box.name for box in head.boxes("from") + head.boxes("sender")),
        return_path=head.text("return-path"),
        subject=subject,
        text=text,
        new_text=new_text,
        auto_submitted=(head.text("auto-submitted") or "").lower(),
        autoreply_fields=_AUTOREPLY_FIELDS.intersection(head.tree.header.names()),
        precedence=(head.text("precedence") or "").lower(),
        failed_recipients="x-failed-recipients" in head.tree.header.names(),
        answers=answers,
    )


def _list_id(head: _Head) -> str | None:
    """List-Id (RFC 2919), or the first other List field (RFC 2369) that shows a list's hand."""
    name = next((name for name in head.tree.header.names() if name.startswith("list-")), None)
    return head.text("list-id") or (head.text(name) if name else None)


def _date(head: _Head, defects: list[str]) -> datetime | None:
    given = head.text("date")
    if not given:
        return None
    try:
        date = parsedate_to_datetime(given[:200])
    except (ValueError, TypeError, IndexError, OverflowError):
        defects.append("The date is none")
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
