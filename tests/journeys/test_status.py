"""The private page in a real browser, without scripts, in both languages."""

import email
import re
from collections.abc import Iterator
from email import policy

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, axe_faults, send, visit
from journeys.tree import Tree
from madoguchi.incidents.codes import in_groups

SIZES = (320, 390, 1280)
WORDS = {
    "en": {
        "open": "Open my page",
        "send": "Send",
        "received": "We have your report",
        "kept": "We have your words",
        "renew": "Renew the private link",
        "renew-button": "Renew the link",
        "withdraw": "Withdraw the report",
        "withdrawn": "You withdrew this report",
        "mailbox": "My mailbox is not safe",
        "mailbox-button": "Stop writing to this mailbox",
        "unsafe": "You told us that your mailbox is not safe",
        "close": "Close this page for good",
        "close-button": "Close the page for good",
        "closed": "Your page is closed",
        "wrong": "This receipt opens no page",
        "nothing": "This link opens nothing",
        "back": "Back to my page",
        "confirm": "Yes, I reported this",
        "confirmed": "Your address is confirmed",
    },
    "ja": {
        "open": "ページを開く",
        "send": "送る",
        "received": "報告をお預かりしています",
        "kept": "お預かりしました",
        "renew": "専用リンクを新しくする",
        "renew-button": "リンクを新しくする",
        "withdraw": "報告を取り下げる",
        "withdrawn": "この報告は取り下げられました",
        "mailbox": "受信箱が安全ではない",
        "mailbox-button": "この受信箱への送信を止める",
        "unsafe": "受信箱が安全でないとのお知らせを受けました",
        "close": "このページを完全に閉じる",
        "close-button": "完全に閉じる",
        "closed": "ページを閉じました",
        "wrong": "この控えの番号で開けるページはありません",
        "nothing": "このリンクで開けるものはありません",
        "back": "ページに戻る",
        "confirm": "はい、私が報告しました",
        "confirmed": "アドレスを確認しました",
    },
}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    with Tree(tmp_path_factory.mktemp("status")) as running:
        yield running


def handed_in(tree: Tree, contact: str = "anonymous") -> dict[str, str]:
    """A report by the form, understood: what its reporter was shown."""
    handed: dict[str, str] = tree.ask("hand_in.py", contact, "1")
    tree.drained()
    return handed


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def new_link(page: Page) -> str:
    found = re.search(r"/status/[a-z2-7]{32}/", page.locator(".secret").inner_text())
    assert found
    return found[0]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_reporter_comes_back_by_receipt_and_by_link_and_does_everything_without_scripts(
    browser: Browser, tree: Tree, language: str
) -> None:
    said = WORDS[language]
    handed = handed_in(tree, "contact")
    with visit(browser, tree, language=language, width=390, script=False) as (page, _):
        page.goto("/status/")
        page.locator("[name=receipt]").fill("0000-0000")
        press(page, said["open"])
        expect(page.locator(".error-summary")).to_contain_text(said["wrong"])
        page.locator("[name=receipt]").fill(in_groups(handed["receipt"]).lower().replace("-", " "))
        press(page, said["open"])
        expect(page.locator("main")).to_contain_text(handed["reference"])
        expect(page.locator("main")).to_contain_text(said["received"])

        page.locator("[name=text]").fill("It happened again at 10:00.")
        press(page, said["send"])
        expect(page.locator("main")).to_contain_text(said["kept"])

        choose(page, said["mailbox"])
        press(page, said["mailbox-button"])
        first = new_link(page)
        choose(page, said["back"])
        expect(page.locator("main")).to_contain_text(said["unsafe"])

    with visit(browser, tree, language=language, width=390, script=False) as (page, watch):
        page.goto(f"/status/{handed['link']}/")
        press(page, said["open"])
        expect(page.get_by_role("heading", level=1)).to_have_text(said["nothing"])
        watch.complaints.clear()  # Chromium remarks on the 404
        page.goto(first)
        press(page, said["open"])
        assert page.url.endswith("/status/report/")

        choose(page, said["renew"])
        press(page, said["renew-button"])
        second = new_link(page)
        assert second != first
        choose(page, said["back"])

        choose(page, said["withdraw"])
        press(page, said["withdraw"])
        expect(page.locator("main")).to_contain_text(said["withdrawn"])

        choose(page, said["close"])
        press(page, said["close-button"])
        expect(page.get_by_role("heading", level=1)).to_have_text(said["closed"])
        page.goto(second)
        press(page, said["open"])
        expect(page.get_by_role("heading", level=1)).to_have_text(said["nothing"])
        watch.complaints.clear()


def confirmation(tree: Tree) -> str:
    """The link that confirms, out of the letters that would have left."""
    for path in sorted((tree.home / "letters").rglob("*"), reverse=True):
        if path.is_file():
            text = email.message_from_bytes(path.read_bytes(), policy=policy.default).get_content()
            if found := re.search(r"/confirm/[a-z2-7]{32}/", text):
                return found[0]
    raise AssertionError("no letter carries a link that confirms")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_owner_of_an_address_confirms_it_by_a_button(browser: Browser, tree: Tree, language: str) -> None:
    handed_in(tree, "contact")
    with visit(browser, tree, language=language, width=390, script=False) as (page, _):
        page.goto(confirmation(tree))
        press(page, WORDS[language]["confirm"])
        expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[language]["confirmed"])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_and_nothing_is_cut_off(browser: Browser, tree: Tree, language: str) -> None:
    handed = handed_in(tree, "contact")
    link = f"/status/{handed['link']}/"
    with visit(browser, tree, language=language, width=390) as (page, _):
        page.goto(link)
        press(page, WORDS[language]["open"])
        addresses = [
            "/status/", "/status/?ended", "/status/?left", link, confirmation(tree), "/status/report/", "/status/report/?added",
            *(f"/status/report/{name}/" for name in ("mailbox", "link", "withdrawal", "files", "copy", "erasure", "closing")),
        ]  # fmt: skip
        for address in addresses:
            page.goto(address)
            assert axe_faults(page) == "", address
            for width in SIZES:
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, (address, width)
        page.goto("/status/report/link/")
        press(page, WORDS[language]["renew-button"])
        assert axe_faults(page) == ""


def test_a_page_of_a_mail_shows_no_word_of_it(browser: Browser, tree: Tree) -> None:
    raw = b"From: noc@isp.example\r\nTo: report@csirt.example\r\nSubject: Planted subject\r\nMessage-ID: <p@isp.example>\r\n\r\nPlanted text\r\n"
    send(tree, raw, sender="noc@isp.example")
    tree.drained()
    for path in (tree.home / "letters").rglob("*"):
        if path.is_file() and b"noc@isp.example" in path.read_bytes():
            text = email.message_from_bytes(path.read_bytes(), policy=policy.default).get_content()
            break
    link = re.search(r"/status/[a-z2-7]{32}/", text)
    assert link
    with visit(browser, tree, script=False) as (page, _):
        page.goto(link[0])
        press(page, WORDS["en"]["open"])
        expect(page.locator("main")).to_contain_text(WORDS["en"]["received"])
        assert "Planted" not in page.content()
