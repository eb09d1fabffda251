"""What Mallory writes into every field of a mail, and how a page that shows it is looked over."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

from console.cast import encoded
from incidents.mails import COUNTER, MALLORY

PAYLOADS = {
    "script": "<script>window.hacked=1;alert(1)</script>",
    "closing": '"></textarea></title></bdi><script>window.hacked=1</script>',
    "handler": "<img src=x onerror=window.hacked=1>' onmouseover='window.hacked=1",
    "svg": "<svg/onload=window.hacked=1><a href=javascript:window.hacked=1>x</a>",
    "frame": "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe><base href=//evil.example>",
    "template": "{{ 7*7 }}{% load static %}{{ request.user.password }}${7*7}<%= 7*7 %>",
    "entities": "&lt;script&gt;&#60;script&#62;&amp;lt;",
    "bidi": "abc\u202egnp.exe\u202c\u2066x\u2069\u200f",
    "unseen": "pay\u200bpal\u2060\ufeff\u00ad\U000e0041\U000e0042\u3164\ufe0f",
    "escapes": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b31m\x08\x7f",
    "links": "https://evil.example/x javascript:alert(1) data:text/html,x mailto:x@evil.example www.evil.example",
    "fields": "A\r\nBcc: victim@example.org\r\nSet-Cookie: stolen=1",
    "lone surrogate": "x\ud800y\x00z",
}
UNSEEN = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u3164\ufeff\U000e0000-\U000e007f\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
ELEMENTS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "body",
        "a",
        "aside",
        "strong",
        "header",
        "div",
        "nav",
        "form",
        "input",
        "button",
        "span",
        "main",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ol",
        "ul",
        "li",
        "article",
        "bdi",
        "time",
        "details",
        "summary",
        "dl",
        "dt",
        "dd",
        "section",
        "label",
        "textarea",
        "footer",
        "kbd",
    ]
)
# The desk's one script, as its template names it; any other would be the mail's.
SCRIPT = {"src": "/static/madoguchi/keys.js", "defer": None}


def hostile_mail(payload: str, *, number: int = 1) -> bytes:
    """A mail that carries the payload wherever a mail can carry text."""
    text = payload.encode("utf-8", "surrogatepass")
    named = quote(text)
    inline = payload.encode("utf-8", "replace").decode()
    one_line = re.sub(r"[\r\n\x00]", " ", inline)
    word = encoded(inline)
    head = (
        f"From: {word} <{MALLORY}>\r\nTo: {COUNTER}\r\nSubject: {word}\r\n"
        f"Message-ID: <{number}.{one_line}@evil.example>\r\nReferences: <{one_line}>\r\nX-Odd: {one_line}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n"
        "--cut\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode()
    file = (
        f'\r\n--cut\r\nContent-Type: text/html; name="{one_line}"; charset="{one_line}"\r\n'
        f"Content-Disposition: attachment; filename*=utf-8''{named}\r\n\r\n"
    ).encode()
    odd = f"\r\n--cut\r\nContent-Type: {one_line}/{one_line}\r\nContent-Disposition: attachment; filename=x\r\n\r\n".encode()
    return head + text + file + text + odd + text + b"\r\n--cut--\r\n"


class _Faults(HTMLParser):
    """Gathers elements and attributes that text must never become."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS and not (tag == "script" and dict(attrs) == SCRIPT):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc", "formaction"}:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src", "action"} and not re.fullmatch(
                r"[/#](?![/\\]).*|/|\?[\w=&%+.~-]+", value or ""
            ):
                self.found.append(f"{tag} {name}={value}")


def faults(page: str) -> list[str]:
    """What in this page could act, lead elsewhere, or hide: empty for a page that shows text as text."""
    parser = _Faults()
    parser.feed(page)
    parser.close()
    return [*(f"unseen {char!r}" for char in UNSEEN.findall(page)), *parser.found]
