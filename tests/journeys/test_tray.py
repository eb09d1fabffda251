"""The tray before the real process tree: through the SMTP door as our relay and as a stranger, and in a browser."""

import re
import smtplib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, axe_faults, visit
from journeys.tree import ADDRESS, Tree, wait_until

pytestmark = pytest.mark.browser

RELAY, STRANGER = "127.0.0.1", "127.0.0.2"
SPAM = "X-Spam-Flag: YES\r\n"
DISOWNED = "Authentication-Results: mx.csirt.example; dmarc=fail (p=reject) header.from=evil.example\r\n"
OURS, THEIRS = "Received: from x by mx.csirt.example\r\n", "Received: from y by mx.sender.example\r\n"
TRAY = "/console/?view=tray"
FROM_OUTSIDE = {
    "Marked by a stranger": (STRANGER, SPAM + OURS),
    "Marked before our relay": (RELAY, OURS + THEIRS + SPAM),
    "Disowned by a stranger": (STRANGER, DISOWNED + OURS),
}
FROM_US = {
    "Marked by our relay": (RELAY, OURS + SPAM + THEIRS),
    "Disowned by its domain": (RELAY, DISOWNED + OURS),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """The demonstration behind a relay on 127.0.0.1 that marks spam; with mails of the relay and of a stranger."""
    settings = {
        "TRUSTED_RELAYS": f"{RELAY}/32",
        "AUTHSERV_ID": "mx.csirt.example",
        "RECEIVED_ABOVE": "1",
        "SPAM_MARKS": "header X-Spam-Flag is yes",
        "TRAY_RULES": "from ends @bulk.example",
    }
    with Tree(tmp_path_factory.mktemp("tray"), settings=settings) as running:
        for subject, (peer, top) in (FROM_US | FROM_OUTSIDE).items():
            send(running, subject, top, peer=peer)
        send(running, "By a rule of ours", sender="sale@bulk.example")
        send(running, "Fwd: Spam that I got", OURS + SPAM, text="Look at this.")
        running.drained()
        yield running


def send(
    tree: Tree,
    subject: str,
    top: str = "",
    *,
    peer: str = RELAY,
    sender: str = "mallory@evil.example",
    text: str = "Buy now: https://shop.example/",
) -> None:
    """One mail through the real door, from an address of loopback."""
    number = re.sub(r"\W", "", subject)
    head = f"{top}From: {sender}\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{number}@evil.example>\r\n"
    with smtplib.SMTP("127.0.0.1", tree.smtp, timeout=20, source_address=(peer, 0)) as door:
        door.sendmail(sender, [ADDRESS], f"{head}\r\n{text}\r\n".encode())


def subjects(page: Page, view: str) -> set[str]:
    page.goto(f"/console/?view={view}")
    return set(page.locator(".row-subject").all_inner_texts())


def test_only_our_relay_and_our_rules_put_a_mail_into_the_tray(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        assert subjects(page, "tray") >= {*FROM_US, "By a rule of ours"}
        waiting = subjects(page, "waiting")
        assert waiting >= {*FROM_OUTSIDE, "Fwd: Spam that I got"}
        assert not waiting & FROM_US.keys()


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_and_nothing_stands_over_the_edge(
    browser: Browser, tree: Tree, language: str, width: int
) -> None:
    dark = language == "en"
    with visit(browser, tree, username="hanako", language=language, width=width, dark=dark) as (page, _):
        page.goto(TRAY)
        report = page.locator(".row-subject").first.get_attribute("href")
        for path in (TRAY, str(report)):
            page.goto(path)
            assert axe_faults(page) == "", path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_without_a_script_the_page_is_emptied_of_what_it_showed(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako", script=False) as (page, _):
        for name in ("A first offer", "A second offer", "A true report"):
            send(tree, name, OURS + SPAM)
        tree.drained()
        page.goto(TRAY)
        row = page.locator(".row", has_text="A true report")
        row.get_by_role("button", name="This is a report").click()
        expect(page.get_by_role("status")).to_contain_text("its acknowledgement is on the way")
        expect(page.locator(".row", has_text="A true report")).to_have_count(0)

        send(tree, "A late offer", OURS + SPAM)
        tree.drained()
        for kept in FROM_US:
            page.locator(".row", has_text=kept).get_by_role("checkbox").uncheck()
        page.get_by_role("button", name="Set the chosen aside as no report").click()
        expect(page.get_by_role("status")).to_contain_text("were set aside as no report")
        assert subjects(page, "tray") == {*FROM_US, "A late offer"}
        assert "A true report" in subjects(page, "waiting")
        assert subjects(page, "all") >= {"A first offer", "A second offer", "A late offer"}
    wait_until(lambda: letters_to(tree) > 0, what="the acknowledgement to leave")


def letters_to(tree: Tree) -> int:
    """How many letters left to who was taken out of the tray."""
    found = [path for path in (tree.home / "letters").rglob("*") if path.is_file()]
    return sum(b"To: mallory@evil.example" in path.read_bytes() for path in found)


def test_the_keyboard_alone_takes_out_and_empties_and_enter_in_a_box_does_nothing(
    browser: Browser, tree: Tree
) -> None:
    send(tree, "Unmeant", OURS + SPAM)
    tree.drained()
    with visit(browser, tree, username="hanako") as (page, _):
        page.goto(TRAY)
        row = page.locator(".row", has_text="Unmeant")
        row.get_by_role("checkbox").focus()
        page.keyboard.press("Enter")
        assert "Unmeant" in subjects(page, "tray")
        row.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        assert not row.get_by_role("checkbox").is_checked()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(row.get_by_role("button")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("It stands in the queue now")
