"""HTML to readable text: what a reader would see, with the true target of every link.

An HTML parser's work can grow with the square of its input (open elements, formatting elements opened again), so
what would be deep or large is read by its tags alone, without a tree.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_CHARACTERS = 4_000_000
"""Larger documents are read by their tags alone."""

MAX_DEPTH = 400
"""Elements open at one time; deeper documents are read by their tags alone."""

HIDDEN = "Hidden text in the HTML was left out"
DECEIVING = "A link in the HTML shows one address and leads to another"
UNREADABLE = "The HTML is too large or too deep; it was read by its tags alone"

_DROPPED = frozenset(("script", "style", "head", "title", "template", "noscript", "object", "iframe", "svg", "math"))
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
     "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
     "table", "tr", "ul")
)  # fmt: skip
_SPACED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol", "pre"))
_HIDDEN_STYLE = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|!|$)|opacity:0(?:\.0+)?(?:;|!|$)"
    r"|(?:^|;)(?:max-)?height:0(?:px)?(?:;|!|$).*overflow:hidden"
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
# Formatting elements are opened again in every block after them: as plain spans they are not.
_FORMATTING = re.compile(r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>?")
_NEVER_OPEN = frozenset(
    ("area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p",
     "param", "source", "td", "th", "tr", "track", "wbr")
)  # fmt: skip
_MARKUP = re.compile(r"<[^<>]*>")
_LINES = re.compile(r"</?(?:p|div|br|tr|li|h[1-6]|blockquote|table)\b[^<>]*>", re.IGNORECASE)
_ADDRESS_SHOWN = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)
_MANY_NEWLINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def to_text(document: str, defects: list[str]) -> str:
    """The readable text of an HTML document. Appends to `defects`; never raises; linear time."""
    document = _FORMATTING.sub(r"<\1span", document.replace("\0", ""))
    if len(document) > MAX_CHARACTERS or _depth(document) > MAX_DEPTH:
        defects.append(UNREADABLE)
        return _without_tree(document)
    root = LexborHTMLParser(document).body
    if root is None:
        return ""
    writer = _Writer(defects)
    _walk(root, writer)
    return writer.finished()


def _depth(document: str) -> int:
    """The most elements that are open at one time, counted by tags."""
    depth = deepest = 0
    for match in _TAG.finditer(document):
        if match[2].lower() in _NEVER_OPEN:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _without_tree(document: str) -> str:
    text = _MARKUP.sub("", _LINES.sub("\n", _unseen_removed(document)))
    return _MANY_NEWLINES.sub("\n\n", html.unescape(text)).strip()


def _unseen_removed(document: str) -> str:
    """Scripts, styles and comments cut out by one pass over their ends."""
    pieces: list[str] = []
    at = 0
    lowered = document.lower() if document.isascii() else document
    for opening, closing in (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->")):
        pieces, at = [], 0
        while (begin := lowered.find(opening, at)) >= 0:
            end = lowered.find(closing, begin)
            if end < 0:
                break
            pieces.append(document[at:begin])
            at = end + len(closing)
        document = "".join((*pieces, document[at:]))
        lowered = document.lower() if document.isascii() else document
    return document


@dataclass(slots=True)
class _Writer:
    """Collects lines; knows the quote level, whether blanks count, and the links that are open."""

    defects: list[str]
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quoted: int = 0
    preformatted: int = 0
    links: list[tuple[str, list[str]]] = field(default_factory=list)

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
        for _, shown in self.links:
            shown.append(text)

    def newline(self, *, force: bool = False) -> None:
        content = "".join(self.line)
        if not self.preformatted:
            content = _BLANKS.sub(" ", content).strip(" ")
        self.line.clear()
        if content.strip() or force:
            self.lines.append("> " * self.quoted + content.rstrip())

    def space(self) -> None:
        """An empty line, but never two."""
        self.newline()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(("> " * self.quoted).rstrip())

    def open_link(self, target: str) -> None:
        self.links.append((target.strip(), []))

    def close_link(self) -> None:
        target, pieces = self.links.pop()
        shown = "".join(pieces).strip()
        if not target or target.startswith("#") or _same(target, shown):
            return
        if _deceives(target, shown):
            self.defects.append(DECEIVING)
        self.line.append(f" <{target}>" if shown else f"<{target}>")

    def finished(self) -> str:
        self.newline()
        return "\n".join(self.lines).strip("\n")


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Visits every node once, with its end, without recursion."""
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, left = stack.pop()
        if left:
            _leave(node, writer)
        elif node.is_text_node:
            writer.text(node.text_content or "")
        elif node.is_element_node and _enter(node, writer):
            stack.append((node, True))
            children = []
            child = node.first_child
            while child is not None:
                children.append((child, False))
                child = child.next
            stack.extend(reversed(children))


def _enter(node: LexborNode, writer: _Writer) -> bool:
    """Writes what stands before an element's content; whether its content is to be read."""
    tag = node.tag or ""
    if tag in _DROPPED:
        return False
    attributes = node.attributes
    if _is_hidden(attributes):
        if (node.text_content or "").strip():
            writer.defects.append(HIDDEN)
        return False
    if tag == "br":
        writer.newline(force=True)
    elif tag in _BLOCKS:
        _begin_block(tag, writer)
    elif tag in {"td", "th"} and writer.line:
        writer.line.append(" ")
    elif tag == "img" and (attributes.get("alt") or "").strip():
        writer.text(f"[{attributes['alt']}]")
    elif tag == "a":
        writer.open_link(attributes.get("href") or "")
    return True


def _begin_block(tag: str, writer: _Writer) -> None:
    if tag in _SPACED:
        writer.space()
    else:
        writer.newline()
    if tag == "li":
        writer.line.append("- ")
    elif tag == "hr":
        writer.line.append("-" * 20)
    elif tag == "pre":
        writer.preformatted += 1
    elif tag == "blockquote":
        writer.quoted += 1


def _leave(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag or ""
    if tag == "a":
        writer.close_link()
    elif tag in _BLOCKS:
        writer.newline()
        if tag == "pre":
            writer.preformatted -= 1
        if tag == "blockquote":
            writer.quoted -= 1
        if tag in _SPACED:
            writer.space()


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN_STYLE.search(re.sub(r"\s+", "", (style or "")[:4000].lower())))


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
