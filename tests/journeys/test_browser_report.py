"""The report form in a real browser, scripts switched off: errors in every field, a large file, a confirmation that opens."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, axe_faults, visit
from journeys.tree import Tree, wait_until

pytestmark = pytest.mark.browser

MEBI = 2**20
LARGE = 20 * MEBI
WORDS = {
    "en": {"what": "Since last night somebody signs in as root.\nFrom 203.0.113.45.", "name": "Ichiro Sato", "title": "Who may learn of it?"},
    "ja": {"what": "昨夜から、身に覚えのないログインがあります。\n送信元: 203.0.113.45", "name": "佐藤 一郎", "title": "誰に知らせてよいですか"},
}  # fmt: skip
SECTIONS = ("what", "when", "systems", "wish", "share", "contact")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    with Tree(tmp_path_factory.mktemp("report")) as running:
        yield running


def go_on(page: Page) -> None:
    """Presses the page's own button."""
    page.locator("main form .actions button").first.click()


def at(page: Page, step: str) -> None:
    """The page of this step is open and nothing on it is wrong."""
    expect(page).to_have_url(re.compile(f"/report/{step}/?$"))
    expect(page.locator(".error-summary")).to_have_count(0)


def has_errors(page: Page, *fields: str) -> None:
    """A summary stands at the top with the focus on it, and each of its links leads to its field."""
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    links = summary.locator("li a")
    expect(links).to_have_count(len(fields))
    for number, field in enumerate(fields):
        links.nth(number).click()
        expect(page.locator(f"[name={field}]").first).to_be_focused()


def fill(page: Page, language: str, *, see: Callable[[Page], None] = lambda page: None) -> None:
    """Fills the form up to its files, with something wrong in every field first; `see` looks at every page."""
    page.goto("/report/")
    see(page)
    go_on(page)
    say_what_happened(page, language, see)
    say_when_and_where(page, see)
    choose_nothing_that_is_not_offered(page, language, see)
    say_who(page, language, see)
    at(page, "files")
    see(page)


def say_what_happened(page: Page, language: str, see: Callable[[Page], None]) -> None:
    at(page, "what")
    see(page)
    go_on(page)
    has_errors(page, "kind", "what")
    see(page)
    page.locator("[value=intrusion]").check()
    go_on(page)
    has_errors(page, "what")
    expect(page.locator("[value=intrusion]")).to_be_checked()
    page.locator("[name=what]").fill(WORDS[language]["what"])
    go_on(page)
    at(page, "when")
    page.go_back()
    expect(page.locator("[name=what]")).to_have_value(WORDS[language]["what"])
    page.go_forward()


def say_when_and_where(page: Page, see: Callable[[Page], None]) -> None:
    at(page, "when")
    expect(page.locator("a[href^='/help/intrusion/']")).to_be_visible()
    see(page)
    page.locator("[name=when]").fill("x" * 501)
    go_on(page)
    has_errors(page, "when")
    expect(page.locator("[name=when]")).to_have_value("x" * 501)
    page.locator("[name=when]").fill("2026-11-24 22:00")
    forge(page, "zone")
    has_errors(page, "zone")
    page.locator("[value='Asia/Tokyo']").check()
    page.locator("[name=when]").fill("2026-11-24 22:00")
    go_on(page)
    at(page, "systems")
    see(page)
    page.locator("[name=systems]").fill("s" * 100_001)
    page.locator("[name=others]").fill("o" * 100_001)
    go_on(page)
    has_errors(page, "systems", "others")
    page.locator("[name=systems]").fill("www.univ.example")
    page.locator("[name=others]").fill("203.0.113.45")
    go_on(page)


def choose_nothing_that_is_not_offered(page: Page, language: str, see: Callable[[Page], None]) -> None:
    at(page, "wish")
    see(page)
    forge(page, "wish")
    has_errors(page, "wish")
    page.locator("[value=contact-site]").check()
    go_on(page)
    at(page, "share")
    expect(page.locator("h1")).to_have_text(WORDS[language]["title"])
    expect(page.locator("input:checked")).to_have_count(0)
    see(page)
    forge(page, "share")
    has_errors(page, "share")
    page.locator("[value=csirts]").check()
    go_on(page)


def say_who(page: Page, language: str, see: Callable[[Page], None]) -> None:
    at(page, "contact")
    see(page)
    page.locator("[name=name]").fill("n" * 501)
    go_on(page)
    has_errors(page, "contact", "name")
    page.locator("[value=contact]").check()
    page.locator("[name=name]").fill(WORDS[language]["name"])
    page.locator("[name=address]").fill("no address")
    go_on(page)
    has_errors(page, "address")
    see(page)
    expect(page.locator("[name=address]")).to_have_value("no address")
    expect(page.locator("[name=name]")).to_have_value(WORDS[language]["name"])
    page.locator("[name=address]").fill("sato@univ.example")
    page.locator("[value=anonymous]").check()
    go_on(page)


def forge(page: Page, field: str) -> None:
    """Sends a choice that is none, as a page that was tampered with would, and opens the page that follows."""
    token = page.locator("main [name=csrfmiddlewaretoken]").get_attribute("value") or ""
    sent = {"csrfmiddlewaretoken": token, field: "gold"}
    answer = page.request.post(page.url, multipart=sent, headers={"Referer": page.url})
    assert answer.status == 200
    page.goto(answer.url)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_report_with_a_large_file_is_filled_in_and_received_without_a_script(
    browser: Browser, tree: Tree, tmp_path: Path, language: str
) -> None:
    content = os.urandom(MEBI) * (LARGE // MEBI)
    large, small = tmp_path / "disk image.bin", tmp_path / "ログ.txt"
    large.write_bytes(content)
    small.write_text("sshd: accepted", encoding="utf-8")
    known = {one["id"] for one in tree.state().reports}
    with visit(browser, tree, language=language, script=False) as (page, _):
        fill(page, language)
        page.locator("[type=file]").set_input_files([large, small])
        page.locator("[name=add]").click()
        at(page, "files")
        expect(page.locator(".files li")).to_have_count(2)
        go_on(page)
        at(page, "check")
        expect(page.locator("main")).to_contain_text(WORDS[language]["what"].split("\n")[1])
        page.locator(".change a").nth(2).click()
        page.locator("[name=when]").fill("2026-11-24 23:00")
        go_on(page)
        at(page, "check")
        expect(page.locator("main")).to_contain_text("23:00")
        page.go_back()
        page.go_forward()
        go_on(page)
        at(page, "done")
        reference = page.locator(".panel .reference").inner_text()
        receipt, link = (
            page.locator(".secret").first.inner_text(),
            page.locator(".secret.address").inner_text(),
        )
        page.reload()
        expect(page.locator(".secret").first).to_have_text(receipt)
        go_on(page)
        expect(page.locator("main")).not_to_contain_text(receipt)
        page.goto(link)
        expect(page.locator("main button").first).to_be_visible()
    wait_until(lambda: len(tree.state().reports) > len(known), what="the report to be understood")
    assert tree.state().failed == 0
    staff_see(browser, tree, reference, hashlib.sha256(content).hexdigest(), language)


def staff_see(browser: Browser, tree: Tree, reference: str, digest: str, language: str) -> None:
    """At the desk the report stands under its reference, as it was typed, with its file byte for byte."""
    with visit(browser, tree, username="hanako", language=language) as (page, _):
        page.goto("/console/?view=all")
        page.locator(".row", has_text=reference).locator(".row-subject").click()
        expect(page.locator("main")).to_contain_text(WORDS[language]["what"].split("\n")[0])
        with page.expect_download() as download:
            page.locator("a", has_text="disk image.bin").first.click()
        assert hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_page_of_the_form_has_a_fault_that_axe_finds(browser: Browser, tree: Tree, language: str) -> None:
    def see(page: Page) -> None:
        assert axe_faults(page) == "", page.url

    with visit(browser, tree, language=language, width=390, dark=language == "ja") as (page, _):
        fill(page, language, see=see)
        page.locator("[type=file]").set_input_files(
            [{"name": f"{n}.log", "mimeType": "", "buffer": b"x"} for n in range(21)]
        )
        go_on(page)
        expect(page.locator(".error-summary")).to_be_focused()
        expect(page.locator(".files li")).to_have_count(20)
        see(page)
        page.goto("/report/check/")
        see(page)
        page.goto("/report/delete/")
        see(page)
        page.goto("/report/")
        see(page)
        page.goto("/report/check/")
        go_on(page)
        at(page, "done")
        see(page)
        go_on(page)
        see(page)
    with visit(browser, tree, language=language, width=320) as (page, watch):
        page.goto("/report/check/")
        see(page)
        watch.complaints.clear()  # the console notes the status 410 of this page
        page.goto("/report/")
        go_on(page)
        page.goto("/report/delete/")
        go_on(page)
        see(page)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_form_is_filled_in_with_the_keyboard_alone(browser: Browser, tree: Tree, language: str) -> None:
    with visit(browser, tree, language=language, script=False) as (page, _):
        page.goto("/report/")
        press_until(page, "main form button", "Enter")
        at(page, "what")
        press_until(page, "[value=intrusion]", "Space")
        press_until(page, "[name=what]")
        page.keyboard.type("A few words")
        press_until(page, "main form button", "Enter")
        for step in ("when", "systems", "wish", "share"):
            at(page, step)
            press_until(page, "main form button", "Enter")
        at(page, "contact")
        press_until(page, "[value=anonymous]", "Space")
        press_until(page, "main form button", "Enter")
        at(page, "files")
        press_until(page, "main form .actions button", "Enter")
        at(page, "check")
        press_until(page, "main form button", "Enter")
        at(page, "done")


def press_until(page: Page, wanted: str, then: str = "") -> None:
    """Presses Tab until the first such control has the focus, then the key."""
    target: Any = page.locator(wanted).first
    for _ in range(80):
        if page.locator(f"{wanted}:focus").count() and target.and_(page.locator(":focus")).count():
            if then:
                page.keyboard.press(then)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by the keyboard")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_of_the_form_is_wider_than_the_window(browser: Browser, tree: Tree, width: int) -> None:
    with visit(browser, tree, language="en", width=width) as (page, _):
        page.goto("/report/")
        go_on(page)
        page.locator("[value=other]").check()
        page.locator("[name=what]").fill("one-long-word" * 60)
        go_on(page)
        for step in (*SECTIONS, "files", "check"):
            page.goto(f"/report/{step}/")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, step
