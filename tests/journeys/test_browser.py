"""The pages in a real browser, before the real process tree: a mail's way to an answer and back, and for everybody."""

import email
import re
from collections.abc import Iterator
from email import policy
from email.header import Header
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, arrived, axe_faults, password, send, sign_in, visit
from console.hostile import PAYLOADS, hostile_mail
from journeys.tree import ADDRESS, Tree, wait_until

pytestmark = pytest.mark.browser

SATO = "sato@univ.example"
SUBJECT = "学内サーバーへの不審なログイン"
TEXT = "昨夜から、多数のログインの試行が続いています。\n送信元: 203.0.113.45\n"
PUBLIC = ("/", "/staff/sign-in/", "/staff/signed-out/", "/staff/password/guessed/", "/nothing")
CONSOLE = (
    "/console/",
    "/console/?view=done",
    "/console/?view=automatic",
    "/console/?view=all",
    "/console/letters/",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """The demonstration on SQLite, with a Japanese report, a long one, and one hostile mail per payload."""
    with Tree(tmp_path_factory.mktemp("browser")) as running:
        send(running, japanese(), sender=SATO)
        send(running, plain("A very long subject " * 12, "one-long-word" * 60), sender="noc@isp.example")
        for number, payload in enumerate(PAYLOADS.values()):
            send(running, hostile_mail(payload, number=number), sender="mallory@evil.example")
        running.drained()
        yield running


def japanese(number: int = 1, text: str = TEXT, more: str = "", to: str = ADDRESS) -> bytes:
    """A mail as Japanese programs wrote them for decades: ISO-2022-JP in fields and text."""
    name, subject = Header("佐藤 一郎", "iso-2022-jp").encode(), Header(SUBJECT, "iso-2022-jp").encode()
    head = (
        f"From: {name} <{SATO}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@univ.example>\r\n{more}"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    )
    return head.encode("ascii") + text.replace("\n", "\r\n").encode("iso-2022-jp")


def plain(subject: str, text: str) -> bytes:
    return f"From: NOC <noc@isp.example>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{len(subject)}@isp.example>\r\n\r\n{text}\r\n".encode()


def letters(tree: Tree) -> list[email.message.EmailMessage]:
    """What would have left: the letters in the demonstration's folder."""
    found = [path for path in Path(tree.home / "letters").rglob("*") if path.is_file()]
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(found)]


def reports(page: Page) -> list[str]:
    page.goto("/console/?view=all")
    return page.locator(".row-subject").evaluate_all("links => links.map(link => link.pathname)")


def test_a_mail_is_read_answered_and_its_reply_comes_back(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako", language="ja") as (page, _):
        page.get_by_role("link", name=SUBJECT).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(SUBJECT)
        expect(page.locator("main")).to_contain_text("多数のログインの試行が続いています。")
        report = page.url
        page.get_by_role("link", name="回答を書く").click()
        page.locator("[name=text]").fill("お知らせありがとうございます。\n調べます。")
        page.get_by_role("button", name="回答を送信").click()
        expect(page.get_by_role("status")).to_be_visible()
        expect(page.locator(".entry.out").last).to_contain_text("調べます。")

        wait_until(
            lambda: any("調べます" in letter.get_content() for letter in letters(tree)),
            what="the answer to leave",
        )
        [answer] = [letter for letter in letters(tree) if "調べます" in letter.get_content()]
        assert SATO in str(answer["To"])
        page.goto("/console/letters/")
        expect(page.locator(".entry").first).to_contain_text("調べます。")

        to = answer["Reply-To"].addresses[0].addr_spec
        reply = japanese(2, "追加です。送信元は3つでした。\n", f"In-Reply-To: {answer['Message-ID']}\r\n", to)
        send(tree, reply, sender=SATO, to=to)
        tree.drained()
        page.goto("/console/")
        expect(page.locator(".row").first).to_contain_text("新しい返信")
        page.get_by_role("link", name=SUBJECT).click()
        assert page.url == report
        expect(page.locator(".entry").last).to_contain_text("送信元は3つでした。")


def test_the_language_is_switched_both_ways_and_the_page_stays(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako", language="ja") as (page, _):
        page.goto("/console/?view=all")
        page.get_by_role("link", name="English").click()
        assert page.url.endswith("/console/?view=all&lang=en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Everything")
        assert page.locator("html").get_attribute("lang") == "en"
        page.get_by_role("link", name="日本語").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("すべて")
        assert page.locator("html").get_attribute("lang") == "ja"


def test_nothing_of_a_hostile_mail_is_executed_or_fetched(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, watch):
        for path in (*reports(page), "/console/?view=all", "/console/letters/"):
            page.goto(path)
            page.mouse.move(400, 400)
            assert page.evaluate("window.hacked") is None, path
        assert watch.is_quiet(), watch


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_any_page(browser: Browser, tree: Tree, language: str) -> None:
    with visit(browser, tree, language=language, dark=language == "en") as (page, watch):
        for path in PUBLIC:
            page.goto(path)
            assert axe_faults(page) == "", path
        watch.complaints = [said for said in watch.complaints if not re.search("40[34]|410", said)]
    with visit(browser, tree, username="hanako", language=language, dark=language == "en") as (page, watch):
        for path in ("/console/?view=done", "/console/?view=all", "/console/letters/", *reports(page)[:2]):
            page.goto(path)
            for folded in page.locator("summary").all()[:2]:
                folded.click()
            assert axe_faults(page) == "", path
    with visit(browser, tree, username="kenji", language=language) as (page, watch):
        assert axe_faults(page) == ""
        page.goto("/console/letters/")
        assert axe_faults(page) == ""
        watch.complaints = [said for said in watch.complaints if "403" not in said]


FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), row = one.closest('.row');
  const box = one.getBoundingClientRect();
  return {
    is: one.tagName + ' ' + (one.getAttribute('href') || one.name || one.textContent.trim().slice(0, 30)),
    outlined: [style, row && getComputedStyle(row)].some(s => s && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2),
    top: Math.round(box.top + scrollY), seen: box.bottom > 0 && box.top < innerHeight,
  };
}"""
REACHABLE = "a[href], button, input:not([type=hidden]), textarea, select, summary, [tabindex='0']"


def tab_through(page: Page) -> list[dict[str, object]]:
    """Every stop of the Tab key from the top of the page, in order.

    Behind the last one the focus leaves the page, or, where no window stands around it, begins anew at the first.
    """
    stops: list[dict[str, object]] = []
    page.evaluate(
        "() => { document.activeElement.blur(); window.getSelection().removeAllRanges(); scrollTo(0, 0) }"
    )
    while len(stops) < 200:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or (stops and (stop["is"], stop["top"]) == (stops[0]["is"], stops[0]["top"])):
            break
        stops.append(stop)
    return stops


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        for path in ("/console/?view=all", reports(page)[0], "/", "/help/", "/help/malware/", "/privacy/"):
            page.goto(path)
            reachable = (
                page.locator(REACHABLE).filter(visible=True).count()
            )  # the desk's panel of keys is hidden
            stops = tab_through(page)
            assert len(stops) == reachable, path
            assert [stop["is"] for stop in stops if not (stop["outlined"] and stop["seen"])] == [], path
            assert stops[0]["is"] == "A #main"


def test_a_report_is_answered_with_the_keyboard_alone(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree) as (page, _):
        page.goto("/console/")
        press_until(page, "INPUT username")
        page.keyboard.type("hanako")
        page.keyboard.press("Tab")
        page.keyboard.type(password(tree, "hanako"))
        page.keyboard.press("Enter")
        arrived(page)
        press_until(page, "A /console/reports/")
        page.keyboard.press("Enter")
        page.wait_for_url("**/reports/**")
        press_until(page, "A #answer")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("Typed without a mouse.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Your answer is on its way.")
        expect(page.locator(".entry.out").last).to_contain_text("Typed without a mouse.")


def press_until(page: Page, wanted: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop and str(stop["is"]).startswith(wanted):
            return
    pytest.fail(f"Tab does not reach {wanted}")


WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(one => {
  const style = getComputedStyle(one);
  return one.children.length === 0 && style.overflow === 'hidden' && style.textOverflow !== 'ellipsis'
    && !one.closest('.unseen, .row') && one.scrollHeight > one.clientHeight + 2;
}).map(one => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("enlarged", [False, True])
def test_nothing_is_cut_or_scrolls_sideways_on_a_narrow_page_or_in_large_text(
    browser: Browser, tree: Tree, language: str, enlarged: bool
) -> None:
    width = 640 if enlarged else 320
    with visit(browser, tree, username="hanako", language=language, width=width) as (page, watch):
        # The hostile ones are newest and all alike in shape: the oldest two hold the longest words.
        for path in (*PUBLIC, *CONSOLE, *reports(page)[-4:]):
            page.goto(path)
            if enlarged:
                page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(WIDER) <= 0, path
            assert page.evaluate(CUT) == [], path
        watch.complaints = [said for said in watch.complaints if not re.search("404|410", said)]


def test_everything_works_without_javascript(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, script=False) as (page, _):
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        sign_in(page, tree, "hanako")
        page.locator(".row-subject").first.click()
        page.get_by_role("button", name="Send the answer").click()
        expect(page.get_by_role("alert")).to_contain_text("Please write something before you send it.")
        page.locator("[name=text]").fill("Without a script.")
        page.get_by_role("button", name="Send the answer").click()
        expect(page.locator(".entry.out").last).to_contain_text("Without a script.")
        page.goto("/console/")
        page.locator(".row-subject").first.click()
        page.get_by_role("button", name="No answer needed").click()
        expect(page.get_by_role("status")).to_contain_text("Done: nobody waits")
        page.get_by_role("link", name="日本語").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("対応待ち")
        page.get_by_role("button", name="サインアウト").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("サインアウトしました")
