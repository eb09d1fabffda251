"""HTML to readable text: what a reader would see, with the true target of every link.

Read by its tags in one pass, without a tree. A tree's making costs the square of its input where many
elements are open, formatting elements are opened again, or one tag has many attributes: three megabytes of
attributes held lexbor for six minutes. A mail that anybody may send must not do that.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

MAX_TAGS = 400_000
"""Tags that are understood; after them the text is only freed of its markup."""

MAX_QUOTE_LEVEL = 9

HIDDEN = "Hidden text in the HTML was left out"
DECEIVING = "A link in the HTML shows one address and leads to another"
TOO_MANY = "The HTML has too many tags; its rest was only freed of them"

# What no reader sees, up to its end tag.
_RAW = frozenset(("script", "style", "title", "iframe", "noembed", "noframes", "xmp", "template"))
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
     "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p",
     "pre", "section", "table", "tr", "ul")
)  # fmt: skip
_SPACED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol", "pre"))
_VOID = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)
# Elements that the next of their like ends, though nobody wrote an end tag.
_IMPLIED_END = frozenset(("p", "li", "td", "th", "tr", "dd", "dt", "option"))
_HIDDEN_STYLE = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|!|$)|opacity:0(?:\.0+)?(?:;|!|$)"
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_NAME = re.compile(r"[A-Za-z][^\s/>]*+")
# The HTML standard's tag grammar (13.2.5), possessive: a tag is passed over once, whatever is in it.
_ATTRIBUTE = re.compile(
    r"[\s/]*+(?:([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\s>]*+)))?+|=)"
)
_REST_OF_TAG = re.compile(r"[\s/]*+>?")
_WANTED = frozenset(("href", "style", "hidden", "alt"))
_INVISIBLE = " \t\r\n\xa0\xad\u034f\u200b\u200c\u200d\u2007\ufeff"
_ANY_TAG = re.compile(r"<[^<>]*>")
_ADDRESS_SHOWN = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Tag:
    """A start or end tag; `attributes` holds the few that say something here."""

    name: str
    closes: bool
    attributes: dict[str, str]
    end: int


def to_text(document: str, defects: list[str]) -> str:
    """The readable text of an HTML document. Appends to `defects`; never raises; linear time."""
    document = document.replace("\0", "")
    reader = _Reader(_Writer(defects))
    at = count = 0
    while match := _MARKUP.search(document, at):
        reader.text(document[at : match.start()])
        count += 1
        if count > MAX_TAGS:
            defects.append(TOO_MANY)
            reader.text(_ANY_TAG.sub(" ", document[match.start() :]))
            return reader.writer.finished()
        at = _markup(document, match.start(), reader)
    reader.text(document[at:])
    return reader.writer.finished()


def _markup(document: str, at: int, reader: _Reader) -> int:
    """Takes one piece of markup that begins at `at`; returns where the text goes on."""
    if document.startswith("<!--", at):
        return _after(document, "-->", at + 2)
    if document[at + 1] in "!?":
        return _after(document, ">", at)
    tag = _tag(document, at)
    if tag is None:
        return _after(document, ">", at)
    if tag.name in _RAW and not tag.closes:
        end = re.compile(rf"</{tag.name}(?=[\s/>])", re.IGNORECASE).search(document, tag.end)
        return _after(document, ">", end.start()) if end else len(document)
    reader.tag(tag)
    return tag.end


def _after(document: str, mark: str, at: int) -> int:
    found = document.find(mark, at)
    return len(document) if found < 0 else found + len(mark)


def _tag(document: str, at: int) -> _Tag | None:
    closes = document[at + 1] == "/"
    name = _NAME.match(document, at + 1 + closes)
    if name is None:
        return None
    attributes: dict[str, str] = {}
    at = name.end()
    while match := _ATTRIBUTE.match(document, at):
        at = match.end()
        key = (match[1] or "")[:20].lower()
        if key in _WANTED and key not in attributes:
            attributes[key] = html.unescape(match[2] or match[3] or match[4] or "")
    rest = _REST_OF_TAG.match(document, at)
    return _Tag(name[0][:40].lower(), closes, attributes, rest.end() if rest else at)


@dataclass(slots=True)
class _Reader:
    """Follows the tags: what is hidden, and until where."""

    writer: _Writer
    hidden_by: str = ""
    hidden_depth: int = 0
    hidden_text: bool = False

    def text(self, text: str) -> None:
        if not text:
            return
        if self.hidden_by:
            if not self.hidden_text and text.strip() and html.unescape(text[:1000]).strip(_INVISIBLE):
                self.hidden_text = True
                self.writer.defects.append(HIDDEN)
            return
        self.writer.text(html.unescape(text))

    def tag(self, tag: _Tag) -> None:
        if self.hidden_by and not self._comes_into_sight(tag):
            return
        if tag.closes:
            _leave(tag.name, self.writer)
        elif _is_hidden(tag.attributes) and tag.name not in _VOID:
            self.hidden_by, self.hidden_depth, self.hidden_text = tag.name, 1, False
        else:
            _enter(tag, self.writer)

    def _comes_into_sight(self, tag: _Tag) -> bool:
        """Counts the tags of the hiding element's name; whether this tag is to be read."""
        if self.hidden_by in _IMPLIED_END and not tag.closes:
            if tag.name == self.hidden_by or (self.hidden_by == "p" and tag.name in _BLOCKS):
                self.hidden_by = ""
                return True
            return False
        if tag.name == self.hidden_by:
            self.hidden_depth += -1 if tag.closes else 1
            if self.hidden_depth == 0:
                self.hidden_by = ""
        return False


@dataclass(slots=True)
class _Writer:
    """Collects lines; knows the quote level, whether blanks count, and the links that are open."""

    defects: list[str]
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quoted: int = 0
    preformatted: int = 0
    target: str | None = None
    shown: list[str] = field(default_factory=list)

    def text(self, text: str) -> None:
        if self.preformatted:
            first, *rest = text.split("\n")
            self.line.append(first)
            for one in rest:
                self.newline(force=True)
                self.line.append(one)
        else:
            text = _BLANKS.sub(" ", text)
            self.line.append(text)
        if self.target is not None:
            self.shown.append(text)

    def newline(self, *, force: bool = False) -> None:
        content = "".join(self.line)
        if not self.preformatted:
            content = _BLANKS.sub(" ", content).strip(" ")
        self.line.clear()
        if content.strip() or force:
            self.lines.append(self._prefix() + content.rstrip())

    def _prefix(self) -> str:
        return "> " * min(self.quoted, MAX_QUOTE_LEVEL)

    def space(self) -> None:
        """An empty line, but never two."""
        self.newline()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self._prefix().rstrip())

    def open_link(self, target: str) -> None:
        self.target = target.strip()
        self.shown.clear()

    def close_link(self) -> None:
        """Writes the open link's target behind its text, where the text does not say it already."""
        target, shown = self.target, "".join(self.shown).strip()
        self.target = None
        if not target or target.startswith("#") or _same(target, shown):
            return
        if _deceives(target, shown):
            self.defects.append(DECEIVING)
        self.line.append(f" <{target}>" if shown else f"<{target}>")

    def finished(self) -> str:
        self.close_link()
        self.newline()
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        return "\n".join(self.lines).strip("\n")


def _enter(tag: _Tag, writer: _Writer) -> None:
    """Writes what stands before an element's content."""
    if tag.name == "br":
        writer.newline(force=True)
    elif tag.name in _BLOCKS:
        _begin_block(tag.name, writer)
    elif tag.name in {"td", "th"} and writer.line:
        writer.line.append(" ")
    elif tag.name == "img" and tag.attributes.get("alt", "").strip():
        writer.text(f"[{tag.attributes['alt']}]")
    elif tag.name == "a":
        writer.close_link()
        writer.open_link(tag.attributes.get("href", ""))


def _begin_block(name: str, writer: _Writer) -> None:
    if name in _SPACED:
        writer.space()
    else:
        writer.newline()
    if name == "li":
        writer.line.append("- ")
    elif name == "hr":
        writer.line.append("-" * 20)
        writer.newline()
    elif name == "pre":
        writer.preformatted += 1
    elif name == "blockquote":
        writer.quoted += 1


def _leave(name: str, writer: _Writer) -> None:
    if name == "a":
        writer.close_link()
    elif name in _BLOCKS:
        writer.newline()
        if name == "pre":
            writer.preformatted = max(0, writer.preformatted - 1)
        if name == "blockquote":
            writer.quoted = max(0, writer.quoted - 1)
        if name in _SPACED:
            writer.space()


def _is_hidden(attributes: dict[str, str]) -> bool:
    if "hidden" in attributes:
        return True
    return bool(_HIDDEN_STYLE.search("".join(attributes.get("style", "")[:4000].lower().split())))


def _bare(address: str) -> str:
    bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", address.strip().lower())
    return bare.rstrip("/")


def _same(target: str, shown: str) -> bool:
    return _bare(target) == _bare(shown)


def _deceives(target: str, shown: str) -> bool:
    """Whether the shown text is an address on another host than the target."""
    if not _ADDRESS_SHOWN.fullmatch(shown[:2000]):
        return False
    return _bare(shown).split("/")[0].split("?")[0] != _bare(target).split("/")[0].split("?")[0]
