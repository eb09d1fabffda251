"""Second factors in a real browser: a passkey by Chromium's own virtual authenticator, an app without any script."""

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, Watch, arrived, axe_faults, password
from journeys.tree import Tree
from madoguchi.identity import totp

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """The demonstration's people in a centre that asks for a second factor."""
    with Tree(tmp_path, settings={"REQUIRE_SECOND_FACTOR": "true"}) as running:
        yield running


@contextmanager
def visit(
    browser: Browser, tree: Tree, *, language: str = "en", script: bool = True, width: int = 1280
) -> Iterator[Page]:
    """A fresh browser at the machine's name, under which it knows passkeys; must stay quiet."""
    at = f"http://localhost:{tree.http}"
    context = browser.new_context(
        base_url=at, java_script_enabled=script, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "madoguchi_language", "value": language, "url": at}])
    watch = Watch(at)
    watch.follow(context)
    try:
        yield context.new_page()
        assert watch.is_quiet(), watch
    finally:
        context.close()


def give_password(page: Page, tree: Tree) -> None:
    page.goto("/staff/sign-in/?next=/console/")
    page.locator("[name=username]").fill("hanako")
    page.locator("[name=password]").fill(password(tree, "hanako"))
    page.locator("main form:has([name=username]) button").click()


def add_app(page: Page) -> tuple[bytes, list[str]]:
    """Adds an app through its page; gives its secret and the recovery codes that were shown."""
    page.goto("/staff/own/app/")
    page.locator("summary").click()
    typed = re.sub(r"\s", "", page.locator(".secret").inner_text())
    secret = base64.b32decode(typed)
    page.locator("[name=code]").fill(totp.code_at(secret, int(time.time()) // totp.STEP).decode())
    page.locator("main form button").click()
    page.wait_for_selector(".codes")
    return secret, page.locator(".codes li").all_inner_texts()


def with_authenticator(page: Page) -> None:
    """A device that keeps passkeys and says yes, as Chromium simulates it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_on_the_first_day_and_signs_in_alone_from_then_on(
    browser: Browser, tree: Tree
) -> None:
    with visit(browser, tree) as page:
        with_authenticator(page)
        give_password(page, tree)
        page.wait_for_url("**/staff/own/")
        expect(page.get_by_role("heading", name="Add a second factor first")).to_be_visible()
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name of this passkey").fill("office laptop")
        page.get_by_role("button", name="Make the passkey").click()
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="to the console").click()
        arrived(page)
        page.get_by_role("button", name="Sign out").click()

        page.goto("/console/?view=all")
        page.get_by_role("button", name="Use a passkey").click()
        arrived(page)
        assert page.url.endswith("/console/?view=all")
        page.get_by_role("button", name="Sign out").click()

        give_password(page, tree)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
        page.get_by_role("button", name="Use a passkey").click()
        arrived(page)
        page.goto("/staff/own/")
        expect(page.locator("main")).to_contain_text("office laptop")


def test_a_browser_that_gives_no_passkey_says_so_and_the_page_stays(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree) as page:
        page.goto("/staff/sign-in/")
        page.evaluate(
            "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
        )
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("alert")).to_have_text(
            "The browser gave no passkey. Try once more, or sign in another way."
        )
        expect(page.locator("[name=username]")).to_be_visible()


def test_an_app_and_a_recovery_code_sign_in_without_any_script(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, script=False) as page:
        give_password(page, tree)
        page.wait_for_url("**/staff/own/")
        expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
        secret, codes = add_app(page)
        assert len(codes) == 10
        page.get_by_role("link", name="to the console").click()
        page.get_by_role("button", name="Sign out").click()
        give_password(page, tree)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
        later = (
            int(time.time()) // totp.STEP + 1
        )  # the step after the one that was used; a clock may be that far off
        page.locator("[name=code]").fill(totp.code_at(secret, later).decode())
        page.locator("main form button").last.click()
        arrived(page)
        page.get_by_role("button", name="Sign out").click()
        give_password(page, tree)
        page.locator("[name=code]").fill(codes[0])
        page.locator("main form button").last.click()
        arrived(page)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, tree: Tree, language: str) -> None:
    with visit(browser, tree, language=language, width=360) as page:

        def looked_at(path: str = "") -> None:
            if path:
                page.goto(path)
            assert axe_faults(page) == "", page.url
            assert page.evaluate(WIDER) <= 0, page.url

        looked_at("/staff/sign-in/")
        give_password(page, tree)
        page.wait_for_url("**/staff/own/")
        looked_at()
        looked_at("/staff/own/passkey/")
        looked_at("/staff/own/app/")
        add_app(page)
        looked_at()
        looked_at("/staff/own/")
        give_password(page, tree)
        page.wait_for_url("**/staff/second/**")
        looked_at()
        page.locator("[name=code]").fill("000000")
        page.locator("main form button").last.click()
        page.wait_for_selector(".error-summary")
        looked_at()
