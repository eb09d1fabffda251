"""A browser of staff, as far as a measurement needs one: a connection that stays open, and cookies."""

import re
import time
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

PATIENCE = 30.0
HANDLER = "hanako"


class Browser:
    """Signs in and gets pages; its times are a client's on the same machine, the whole answer read."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._cookies: dict[str, str] = {}

    def sign_in(self, credentials: Path) -> None:
        """As the demonstration's handler, whose password stands in this file of lines "name password"."""
        people = dict(line.split() for line in credentials.read_text(encoding="ascii").splitlines())
        page = self.get("/staff/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise RuntimeError("the sign-in page has no form")
        form = {"csrfmiddlewaretoken": token[1], "username": HANDLER, "password": people[HANDLER]}
        self._ask("POST", "/staff/sign-in/", 302, urlencode(form))

    def connect_anew(self) -> None:
        """Leaves the connection, which a server ends when it was idle for long; the next page opens another."""
        self._connection.close()

    def get(self, path: str) -> str:
        """The page. Raises RuntimeError where the answer is not 200."""
        return self._ask("GET", path, 200)

    def seconds(self, path: str) -> float:
        """How long the page took, from the request to the last byte."""
        begin = time.perf_counter()
        self.get(path)
        return time.perf_counter() - begin

    def _ask(self, method: str, path: str, expected: int, body: str | None = None) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Accept-Language": "ja"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        if answer.status != expected:
            raise RuntimeError(f"{method} {path.partition('?')[0]} answered {answer.status}, not {expected}")
        return text
