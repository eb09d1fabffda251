"""The desk by keyboard alone, in a real browser: walking the queue, answering, the panel of keys, and without them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, axe_faults, send, visit
from journeys.tree import Tree

pytestmark = pytest.mark.browser

SUBJECTS = ("first phish", "second phish", "third phish")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    with Tree(tmp_path_factory.mktemp("keys")) as running:
        for number, subject in enumerate(SUBJECTS):
            head = f"From: r{number}@reporter.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@r.example>\r\n"
            send(running, f"{head}\r\nseen\r\n".encode(), sender=f"r{number}@reporter.example")
            running.drained()
        yield running


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent").strip()


def test_a_handler_walks_the_queue_and_comes_to_an_answer_without_a_mouse(
    browser: Browser, tree: Tree
) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        page.keyboard.press("j")
        assert "third" in focused(page)
        page.keyboard.press("j")
        assert "second" in focused(page)
        page.keyboard.press("k")
        assert "third" in focused(page)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("third phish")
        page.keyboard.press("r")
        assert page.url.endswith("#answer")
        page.locator("[name=text]").focus()
        page.keyboard.type("j e u are letters here")
        expect(page.locator("[name=text]")).to_have_value("j e u are letters here")
        page.locator("h1").click()
        page.keyboard.press("u")
        expect(page.locator("h1")).to_have_text("Waiting for us")
        page.keyboard.press("5")
        expect(page.locator("h1")).to_have_text("Everything")


def test_what_no_key_takes_back_needs_a_second_press(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        page.get_by_role("link", name="first phish").click()
        page.keyboard.press("e")
        assert "No answer needed" in focused(page)
        expect(page.locator("h1")).to_contain_text("first phish")
        page.keyboard.press("e")
        expect(page.locator("h1")).to_have_text("Waiting for us")
        expect(page.get_by_role("link", name="first phish")).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_panel_lists_every_key_finds_a_command_and_closes(
    browser: Browser, tree: Tree, language: str
) -> None:
    with visit(browser, tree, username="hanako", language=language) as (page, _):
        page.keyboard.press("j")
        page.keyboard.press("?")
        panel = page.locator("#keys")
        expect(panel).to_be_visible()
        assert not axe_faults(page)
        for key in ("u", "1", "5"):
            expect(panel.locator("#keys-list kbd", has_text=key)).to_have_count(1)
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        assert "phish" in focused(page), "the place in the list is kept"
        page.keyboard.press("Control+k")
        page.keyboard.type("すべて" if language == "ja" else "every")
        page.keyboard.press("Enter")
        page.wait_for_url("**view=all**")


def test_keys_of_one_letter_can_be_switched_off_and_stay_so(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        hint = page.locator(".views kbd").first
        expect(hint).to_be_visible()
        page.get_by_role("button", name="Keys").click()
        page.locator("#keys-single").uncheck()
        page.keyboard.press("Escape")
        page.reload()
        expect(hint).to_be_hidden()
        page.keyboard.press("5")
        expect(page.locator("h1")).to_have_text("Waiting for us")
        page.keyboard.press("Control+k")
        expect(page.locator("#keys")).to_be_visible()


def test_without_the_script_nothing_speaks_of_keys(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako", script=False) as (page, _):
        expect(page.locator("#keys-open")).to_be_hidden()
        expect(page.locator("#keys")).to_be_hidden()
        expect(page.locator(".views kbd")).to_have_count(0)
