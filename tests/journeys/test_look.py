"""The public pages and the gallery of components in a real browser: for everybody, on any screen, in print."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import ARGUMENTS, CHROMIUM, axe_faults, origin, visit
from journeys.tree import Tree
from madoguchi.counter import guidance, notices

pytestmark = pytest.mark.browser

PUBLIC = (
    "/",
    "/help/",
    *(f"/help/{kind}/" for kind in guidance.KINDS),
    "/privacy/",
    f"/privacy/{notices.current()}/",
)
GALLERY = ("/console/gallery/", "/console/gallery/console/")
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What reaches beyond the page although nothing scrolls; a scrolling box may hold more than it shows.
BEYOND = """() => [...document.querySelectorAll('body *')].filter(one => !one.closest('.unseen, .skip, .scroll')
  && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """The demonstration of a centre with an accent and a mark of its own."""
    folder = tmp_path_factory.mktemp("look")
    mark = folder / "mark.svg"
    mark.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 9h9L4 0z" fill="#777"/></svg>'
    )
    with Tree(folder, settings={"CENTRE_ACCENT": "#7a0019", "CENTRE_LOGO": str(mark)}) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "dark"),
    [
        ("ja", False),
        ("en", True),
        pytest.param("ja", True, marks=pytest.mark.long),
        pytest.param("en", False, marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(browser: Browser, tree: Tree, language: str, dark: bool) -> None:
    with visit(browser, tree, username="hanako", language=language, dark=dark) as (page, _):
        for path in (*PUBLIC, *GALLERY):
            page.goto(path)
            assert page.locator("html").get_attribute("lang") == language
            assert axe_faults(page) == "", path


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("enlarged", [False, True], ids=["320px", "200%"])
def test_nothing_scrolls_sideways(browser: Browser, tree: Tree, language: str, enlarged: bool) -> None:
    width = 640 if enlarged else 320
    with visit(browser, tree, username="hanako", language=language, width=width) as (page, _):
        for path in (*PUBLIC, *GALLERY):
            page.goto(path)
            if enlarged:
                page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(WIDER) <= 0, path
            assert page.evaluate(BEYOND) == [], path


def test_the_text_of_a_public_page_has_the_size_and_the_leading_of_japanese(
    browser: Browser, tree: Tree
) -> None:
    with visit(browser, tree, language="ja") as (page, _):
        page.goto("/help/malware/")
        style = "one => { const s = getComputedStyle(one); return [s.fontSize, parseFloat(s.lineHeight)]; }"
        assert page.locator("main li p").first.evaluate(style) == ["20px", 34]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_centre_has_its_accent_and_its_mark(browser: Browser, tree: Tree, dark: bool) -> None:
    with visit(browser, tree, dark=dark) as (page, _):
        page.goto("/")
        accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
        assert (accent == "#7a0019") is not dark
        assert page.locator(".logo").evaluate("one => one.naturalWidth > 0 && one.complete")


def test_without_a_script_and_without_cookies_the_language_stays(browser: Browser, tree: Tree) -> None:
    context = browser.new_context(base_url=origin(tree), java_script_enabled=False, locale="ja")
    page = context.new_page()
    page.goto("/help/")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help at once")
    context.clear_cookies()
    page.reload()
    context.clear_cookies()
    page.get_by_role("link", name="Malware or ransomware on a computer").click()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("heading", level=1)).to_have_text("Malware or ransomware on a computer")
    context.close()


def shown(page: Page, *selectors: str) -> list[str]:
    return [one for one in selectors if page.locator(one).first.is_visible()]


def test_print_keeps_what_is_to_be_kept_and_nothing_else(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako", dark=True) as (page, _):
        page.goto("/console/gallery/")
        page.emulate_media(media="print")
        kept = (".receipt", ".secret", ".panel", ".summary", ".thread", ".notice")
        assert shown(page, *kept) == list(kept)
        assert shown(page, ".tabs", ".languages", ".actions", ".back", ".change", ".tools button") == []
        colours = page.evaluate(
            "() => ['background-color', 'color'].map(one => getComputedStyle(document.body).getPropertyValue(one))"
        )
        assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_the_receipt_is_copied_and_printed_by_buttons_that_only_a_script_shows(
    browser: Browser, tree: Tree
) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto("/console/gallery/")
        page.get_by_role("button", name="Copy the receipt").click()
        expect(page.locator("#receipt-said")).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "ABCD EFGH JKMN PQRS TVWX YZ"
        assert page.get_by_role("button", name="Print").is_visible()
    with visit(browser, tree, username="hanako", script=False) as (page, _):
        page.goto("/console/gallery/")
        assert shown(page, ".tools button") == []
        assert page.locator(".receipt .secret").first.is_visible()


def test_who_forces_colours_sees_where_the_controls_are(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        page.emulate_media(forced_colors="active")
        page.goto("/console/gallery/")
        for selector in ("main .button", ".badge", ".field input[type=text]", ".receipt"):
            width = page.locator(selector).first.evaluate("one => getComputedStyle(one).borderTopWidth")
            assert float(width.removesuffix("px")) >= 1, selector


def test_an_error_takes_the_focus_and_leads_to_its_field(browser: Browser, tree: Tree) -> None:
    with visit(browser, tree, username="hanako") as (page, _):
        page.goto("/console/gallery/")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        for link in page.locator(".error-summary a").all():
            target = str(link.get_attribute("href"))
            assert page.locator(target).count() == 1, target
