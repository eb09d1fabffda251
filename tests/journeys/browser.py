"""A person at the console, as far as forms go: signs in and sends what a page's form would send."""

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from journeys.tree import Tree

FIELD = re.compile(r'name="(csrfmiddlewaretoken|version)"[^>]*value="([^"]*)"')


class Person:
    """The handler of a demonstration, signed in."""

    def __init__(self, tree: Tree) -> None:
        self._base = f"http://127.0.0.1:{tree.http}"
        self._open = build_opener(HTTPCookieProcessor(CookieJar())).open
        name, password = (tree.home / "sign-in.txt").read_text().splitlines()[0].split()
        self.send("/staff/sign-in/", "/staff/sign-in/", username=name, password=password)

    def see(self, path: str) -> str:
        """The page at this path."""
        with self._open(self._base + path, timeout=30) as page:
            text: str = page.read().decode()
            return text

    def send(self, page: str, path: str, **fields: str) -> str:
        """Fills in a form that stands on `page` and sends it to `path`; the page that follows."""
        hidden = dict(FIELD.findall(self.see(page)))
        with self._open(self._base + path, urlencode(hidden | fields).encode(), timeout=30) as answer:
            assert answer.status == 200
            text: str = answer.read().decode()
            return text

    def answer(self, report: str, text: str) -> None:
        """Answers a report."""
        page = f"/console/reports/{report}/"
        self.send(page, f"{page}answer/", subject="", text=text)
