"""A real Chromium in front of the real process tree: what the browser tests share."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from journeys.tree import ADDRESS, Tree

CHROMIUM = "/usr/bin/chromium"
# No sandbox: tests run as root in containers, and the pages are our own.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en"]
_AXE = Axe()


@dataclass
class Watch:
    """What a browser did that a page of ours must never make it do."""

    origin: str
    elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("request", lambda asked: self._note_request(asked.url))
        context.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        # Chromium remarks on autofocus where the keyboard was quicker than the page; nothing is wrong then.
        context.on(
            "console", lambda said: None if "Autofocus" in said.text else self.complaints.append(said.text)
        )
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note_request(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", "blob:")):
            self.elsewhere.append(url)

    def is_quiet(self) -> bool:
        """Whether no request left the origin, no dialog opened, and the console stayed empty."""
        return (self.elsewhere, self.dialogs, self.complaints) == ([], [], [])


def origin(tree: Tree) -> str:
    return f"http://127.0.0.1:{tree.http}"


def password(tree: Tree, username: str) -> str:
    """What the demonstration keeps in its file of credentials."""
    known = dict(
        line.split() for line in (tree.home / "sign-in.txt").read_text(encoding="ascii").splitlines()
    )
    return known[username]


@contextmanager
def visit(
    browser: Browser,
    tree: Tree,
    *,
    username: str = "",
    language: str = "en",
    width: int = 1280,
    script: bool = True,
    dark: bool = False,
) -> Iterator[tuple[Page, Watch]]:
    """A fresh browser at the tree; signed in through the page where `username` is given; must stay quiet."""
    context = browser.new_context(
        base_url=origin(tree),
        viewport={"width": width, "height": 800},
        java_script_enabled=script,
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "madoguchi_language", "value": language, "url": origin(tree)}])
    watch = Watch(origin(tree))
    watch.follow(context)
    page = context.new_page()
    if username:
        sign_in(page, tree, username)
    try:
        yield page, watch
        assert watch.is_quiet(), watch
    finally:
        context.close()


def sign_in(page: Page, tree: Tree, username: str) -> None:
    """Through the page, as a person does."""
    page.goto("/console/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password(tree, username))
    page.locator("main button").click()
    arrived(page)


def arrived(page: Page) -> None:
    """Returns when the console is open; the address of the sign-in page names it too, as what comes next."""
    page.wait_for_url(lambda address: urlsplit(address).path.startswith("/console/"))


def send(tree: Tree, raw: bytes, *, sender: str, to: str = ADDRESS) -> None:
    """By SMTP, through the real door."""
    with smtplib.SMTP("127.0.0.1", tree.smtp, timeout=20) as door:
        door.sendmail(sender, [to], raw)


def axe_faults(page: Page) -> str:
    """What axe-core finds wrong with the page as it stands; empty for nothing."""
    results = _AXE.run(page)
    return results.generate_report() if results.violations_count else ""
