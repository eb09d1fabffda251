"""A filled form as a MIME message, made piece by piece: large files pass through and are never held whole.

`multipart/mixed`: the answers as JSON, the readable text, then the files. Every part is in base64, whose letters can
form neither a boundary nor a header, whatever was typed.
"""

import json
import re
from base64 import encodebytes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from madoguchi.mail.forms.declaration import Answers, Form, Language, text_of
from madoguchi.mail.forms.readable import readable, visible
from madoguchi.mail.forms.submitted import FORM_TYPE

__all__ = ["Composed", "File", "compose", "encoded_size", "shown_name"]

BOUNDARY = "_=part=_"
LINE_BYTES, LINE = 57, 78
"""Bytes in one line of base64 (RFC 2045, 6.8: 76 letters), and that line with its end."""

SLICE = LINE_BYTES * 1024
LONGEST_NAME, LETTERS = 1000, 5
"""Letters of a name, and of one line of it; a letter takes up to twelve (RFC 3629, RFC 2231)."""

SUBJECT = 60
OCTETS = "application/octet-stream"
_TYPE = re.compile(r"(?!multipart/|message/(?!rfc822$))[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form: `type` as the browser said it, `size` in bytes, `content` in pieces of any size."""

    name: str
    type: str
    size: int
    content: Iterable[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """The message: `size` in bytes before it is made; iterate once for its pieces."""

    size: int
    _head: bytes = field(repr=False)
    _files: Sequence[tuple[bytes, File]] = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        for head, file in self._files:
            yield head
            yield from _base64(file.content)
        yield _END


def compose(
    form: Form, answers: Answers, files: Sequence[File], *, language: Language, notice: str
) -> Composed:
    """The message of a filled form; `notice`: the version of the privacy notice that was shown."""
    names = [file.name for file in files]
    told = {
        "form": form.id,
        "version": form.version,
        "language": language,
        "notice": notice,
        "answers": {
            name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()
        },
        "files": names,
    }
    text = readable(form, answers, names, language)
    head = (
        _top(_subject(form, answers, language))
        + _part(
            FORM_TYPE + "; charset=utf-8", "inline", json.dumps(told, separators=(",", ":")).encode("ascii")
        )
        + _part("text/plain; charset=utf-8", "inline", text.encode())
    )
    with_heads = [(_part_head(_type(file.type), _attached(file.name)), file) for file in files]
    size = len(head) + sum(len(one) + encoded_size(file.size) for one, file in with_heads) + len(_END)
    return Composed(size, head, with_heads)


def encoded_size(size: int) -> int:
    """Bytes that so many bytes become in base64, with the ends of lines."""
    lines, rest = divmod(size, LINE_BYTES)
    return lines * LINE + (-(-rest // 3) * 4 + 2 if rest else 0)


_END = f"\r\n--{BOUNDARY}--\r\n".encode()


def _top(subject: str) -> bytes:
    return (
        f"Subject: {_encoded_words(subject)}\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"\r\n'
    ).encode("ascii")


def _part(kind: str, disposition: str, content: bytes) -> bytes:
    return _part_head(kind, disposition) + b"".join(_base64([content]))


def _part_head(kind: str, disposition: str) -> bytes:
    return (
        f"\r\n--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Disposition: {disposition}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode("ascii")


def _type(said: str) -> str:
    """What a browser says of a file, where it is a plain media type that opens nothing around it."""
    said = said.strip().lower()
    return said if _TYPE.fullmatch(said) and said != FORM_TYPE else OCTETS


def shown_name(name: str) -> str:
    """A file's name as its part carries it: on one line, not endless; the JSON has it exactly as it was given."""
    return visible(name, controls=True)[:LONGEST_NAME].lstrip(
        "\ufeff"
    )  # which a reader takes for a byte order mark


def _attached(name: str) -> str:
    """The disposition with the file's name in pieces of percent-encoded UTF-8 (RFC 2231, 3 and 4)."""
    letters = [quote(letter, safe="") for letter in shown_name(name)]
    pieces = ["".join(letters[at : at + LETTERS]) for at in range(0, len(letters), LETTERS)]
    if pieces:
        pieces[0] = "utf-8''" + pieces[0]
    return "attachment" + "".join(f";\r\n filename*{n}*={piece}" for n, piece in enumerate(pieces))


def _subject(form: Form, answers: Answers, language: Language) -> str:
    """What a list of reports shows: the kind, and the first printable words of what happened."""
    first = form.fields[0]
    kind = first.label_of(text_of(answers, first.id), language)
    said = "".join(
        char if char.isprintable() else " "
        for described in form.with_role("description")
        for char in text_of(answers, described.id)[: SUBJECT * 4]
    )
    words = " ".join(said.split())
    short = words if len(words) <= SUBJECT else words[: SUBJECT - 1] + "…"
    return " – ".join(
        one for one in (visible(" ".join(kind[:SUBJECT].split())), short) if one
    ) or form.title.of(language)


def _encoded_words(text: str) -> str:
    """Text as encoded words (RFC 2047) of at most 75 letters each, none of which splits a character."""
    words, held = [], ""
    for char in text:
        if len((held + char).encode()) > 45:
            words.append(held)
            held = ""
        held += char
    words.append(held)
    return "\r\n ".join(
        f"=?utf-8?b?{encodebytes(word.encode()).decode('ascii').replace(chr(10), '')}?=" for word in words
    )


def _base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        whole = len(held) // SLICE * SLICE
        if whole:
            yield encodebytes(bytes(held[:whole])).replace(b"\n", b"\r\n")
            del held[:whole]
    if held:
        yield encodebytes(bytes(held)).replace(b"\n", b"\r\n")
