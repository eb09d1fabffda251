"""Somebody who fills in the report form, as far as forms go: one answer after the other, files as a browser sends them."""

import re
import socket
from collections.abc import Sequence
from http.cookiejar import CookieJar
from urllib.request import HTTPCookieProcessor, Request, build_opener
from uuid import uuid4

from journeys.tree import Tree

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LINK, RECEIPT = re.compile(r"/status/([a-z2-7]{32})/"), re.compile(r"<span>([0-9A-Z]{2,4})</span>")
File = tuple[str, bytes]


class Reporter:
    """A browser without scripts at the form of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._base = f"http://127.0.0.1:{tree.http}"
        self._jar = CookieJar()
        self._open = build_opener(HTTPCookieProcessor(self._jar)).open
        self.send("/report/")

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser holds."""
        return {one.name: one.value or "" for one in self._jar}

    def see(self, path: str) -> str:
        """The page at this path."""
        with self._open(self._base + path, timeout=60) as page:
            text: str = page.read().decode()
            return text

    def send(self, path: str, *, files: Sequence[File] = (), **fields: str) -> str:
        """Sends the form of this page; gives the page that follows."""
        edge, body = self._body(path, fields, files)
        asked = Request(self._base + path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
        with self._open(asked, timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def begin_to_send(self, path: str, *, files: Sequence[File], share: float) -> socket.socket:
        """Sends this share of a request and leaves the connection open."""
        edge, body = self._body(path, {}, files)
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {held}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={edge}\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", self._tree.http), timeout=60)
        connection.sendall(head.encode() + body[: int(len(body) * share)])
        return connection

    def _body(self, path: str, fields: dict[str, str], files: Sequence[File]) -> tuple[str, bytes]:
        edge = uuid4().hex
        [token, *_] = TOKEN.findall(self.see(path))
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {"csrfmiddlewaretoken": token, **fields}.items()
        ]
        parts += [
            f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            f"Content-Type: text/plain\r\n\r\n".encode()
            + content
            + b"\r\n"
            for name, content in files
        ]
        return edge, b"".join(parts) + f"--{edge}--\r\n".encode()


def codes_on(page: str) -> tuple[str, str]:
    """Receipt and link token on a confirmation page."""
    [link, *_] = LINK.findall(page)
    return "".join(RECEIPT.findall(page)), link
