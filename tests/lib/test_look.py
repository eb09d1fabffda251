"""The stylesheet keeps its promises by arithmetic, and no template needs what the content policy refuses."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.urls import reverse

SOURCE: Final = Path(__file__).parents[2] / "src/madoguchi"
STATIC: Final = SOURCE / "lib/static/madoguchi"
SHEET: Final = (STATIC / "madoguchi.css").read_text(encoding="utf-8")
VENDORED: Final = (STATIC / "vendor/design-tokens.css").read_text(encoding="utf-8")
# The scripts: copying and printing, passkeys, and the desk's keys; without them their buttons stay hidden.
SCRIPTS: Final = re.compile(
    r"""<script src="{% static 'madoguchi/(?:receipt|passkey|keys)\.js' %}" defer></script>"""
)
TEMPLATES: Final = sorted(SOURCE.glob("*/templates/**/*.html"))

DECLARATION: Final = re.compile(r"(--[\w-]+):\s*([^;]+);")
MIX: Final = re.compile(r"color-mix\(in srgb, (.+) (\d+)%, (.+)\)")

BODY, PART = 4.5, 3.0  # WCAG 2.2: 1.4.3 text, 1.4.11 the parts of a control
CONTRASTS: Final = [
    *[(text, ground, BODY) for text in ("ink", "quiet", "accent", "danger", "warn", "good") for ground in ("ground", "paper", "sunk")],
    *[("ink", f"{name}-tint", BODY) for name in ("accent", "danger", "warn", "good")],
    *[(name, f"{name}-tint", BODY) for name in ("accent", "danger", "warn", "good")],
    *[(text, "accent-tint", BODY) for text in ("quiet", "warn", "danger", "accent-strong")],
    ("accent", "warn-tint", BODY),
    *[("on-accent", ground, BODY) for ground in ("accent", "accent-strong", "danger")],
    *[("edge", ground, PART) for ground in ("ground", "paper", "sunk", "accent-tint")],
    *[("focus-edge", ground, PART) for ground in ("ground", "paper", "sunk", "focus", "accent-tint")],
]  # fmt: skip

Colour = tuple[float, float, float]


def own_tokens(scheme: str) -> dict[str, str]:
    light, dark = SHEET.split("@layer base {")[0].split("@media (prefers-color-scheme: dark)")
    tokens = dict(DECLARATION.findall(VENDORED)) | dict(DECLARATION.findall(light))
    return tokens | dict(DECLARATION.findall(dark)) if scheme == "dark" else tokens


def colour(value: str, tokens: dict[str, str]) -> Colour:
    value = value.strip()
    if mix := MIX.fullmatch(value):
        first, second = colour(mix[1], tokens), colour(mix[3], tokens)
        share = int(mix[2]) / 100
        return tuple(a * share + b * (1 - share) for a, b in zip(first, second, strict=True))  # type: ignore[return-value]
    if value.startswith("var("):
        return colour(tokens[value[4:-1]], tokens)
    return tuple(int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def luminance(rgb: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), CONTRASTS)
def test_text_and_controls_stand_out_from_their_ground(
    scheme: str, text: str, ground: str, least: float
) -> None:
    tokens = own_tokens(scheme)
    lights = sorted(luminance(colour(f"var(--{name})", tokens)) for name in (text, ground))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= least


def test_the_measure_of_contrast_is_that_of_wcag() -> None:
    assert luminance(colour("#ffffff", {})) == pytest.approx(1)
    assert luminance(colour("#777777", {})) == pytest.approx(0.1845, abs=0.0005)
    assert colour("color-mix(in srgb, #ffffff 50%, #000000)", {}) == (0.5, 0.5, 0.5)


def test_the_stylesheet_stays_small() -> None:
    assert len(SHEET.encode()) + len(VENDORED.encode()) < 30 * 1024


def test_every_token_is_declared_and_every_vendored_one_used() -> None:
    declared = dict(DECLARATION.findall(SHEET)) | dict(DECLARATION.findall(VENDORED))
    used = set(re.findall(r"var\((--[\w-]+)", SHEET))
    assert used - declared.keys() == set()
    assert dict(DECLARATION.findall(VENDORED)).keys() - used == set()


def test_every_rule_stands_in_a_layer() -> None:
    depth, outside = 0, ""
    for character in re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL):
        depth += (character == "{") - (character == "}")
        outside += character if depth == 0 else ""
    assert re.sub(r"@layer [\w, ]+;?|[}\s]", "", outside) == ""


def test_directions_are_logical_so_that_a_page_can_be_mirrored() -> None:
    physical = r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|top|bottom|width|height)\s*:"
    assert re.findall(physical, SHEET) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert re.findall(r"@import|url\(|https?:", SHEET + VENDORED) == []


def test_who_wants_no_motion_sees_none() -> None:
    for movement in re.finditer(r"\b(?:transition|animation)\s*:", SHEET):
        assert (
            "@media (prefers-reduced-motion: no-preference)"
            in SHEET[movement.start() - 120 : movement.start()]
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_template_needs_nothing_that_the_content_policy_refuses(path: Path) -> None:
    text = SCRIPTS.sub("", path.read_text(encoding="utf-8"))
    refused = r"<script|<style|<iframe|<object|\sstyle\s*=|\son\w+\s*=|javascript:|(?:src|href|action)=[\"']?(?:https?:)?//"
    assert re.findall(refused, text, re.IGNORECASE) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_template_trusts_no_text_and_guards_every_post(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\|\s*safe\b|autoescape\s+off", text) == []
    posts = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert len(posts) == text.count('method="post"')
    assert all("{% csrf_token %}" in form for form in posts)


def test_every_address_that_a_template_names_exists() -> None:
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% url '([\w:-]+)' %}", path.read_text(encoding="utf-8"))
    }
    assert named
    assert all(reverse(name).startswith("/") for name in named)
