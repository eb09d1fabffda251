"""A centre's own accent and mark: readable everywhere, served by us, harmless."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from madoguchi.config.options import Options, check
from madoguchi.config.sources import Given, SettingsError
from madoguchi.lib import colours

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def options(**given: object) -> Options:
    return check({name: Given(value, "environment") for name, value in given.items()})


def refusal(**given: object) -> str:
    with pytest.raises(SettingsError) as refused:
        options(**given)
    return str(refused.value)


def test_an_accent_in_which_text_can_be_read_is_taken() -> None:
    assert options(centre_accent="#7A0019").centre_accent == "#7a0019"
    assert options().centre_accent == ""


def test_a_pale_accent_stops_the_start_with_a_shade_that_would_do() -> None:
    sentence = refusal(centre_accent="#88CCFF")
    assert "MADOGUCHI_CENTRE_ACCENT (from environment) is wrong" in sentence
    assert "contrast of 1.7" in sentence
    [shade] = re.findall(r"example (#[0-9a-f]{6})", sentence)
    assert options(centre_accent=shade).centre_accent == shade


@pytest.mark.parametrize("wrong", ["blue", "#12345", "#12345g", "#1234567", "url(x)", "#000;}"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    assert "#rrggbb" in refusal(centre_accent=wrong)


@pytest.mark.parametrize("accent", ["#00428c", "#7a0019", "#000000", "#005a2b", "#5b2d8e"])
def test_what_is_derived_can_be_read_on_light_and_on_dark(accent: str) -> None:
    light, dark = colours.light_and_dark(accent)
    for tokens, paper in ((light, colours.PAPER), (dark, colours.DARK_PAPER)):
        for shade in (tokens["accent"], tokens["accent-strong"]):
            assert colours.contrast(shade, paper) >= colours.READABLE
            assert colours.contrast(shade, tokens["on-accent"]) >= colours.READABLE


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    from lib.test_look import colour, own_tokens

    for scheme, name, ground in (("light", "paper", colours.PAPER), ("light", "sunk", colours.SUNK), ("dark", "paper", colours.DARK_PAPER)):  # fmt: skip
        parts = colour(f"var(--{name})", own_tokens(scheme))
        assert "#" + "".join(f"{round(part * 255):02x}" for part in parts) == ground


def test_the_pages_load_the_accent_after_our_sheet(settings: Any) -> None:
    assert "centre.css" not in Client().get("/").content.decode()
    assert Client().get("/centre.css").status_code == 404
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"centre_accent": "#7a0019"})
    page = Client().get("/").content.decode()
    assert page.index("madoguchi.css") < page.index('href="/centre.css"')
    sheet = Client().get("/centre.css")
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "--accent: #7a0019" in sheet.content.decode()
    assert "prefers-color-scheme: dark" in sheet.content.decode()


def test_the_mark_is_shown_and_can_do_nothing_when_opened_by_itself(settings: Any, tmp_path: Path) -> None:
    assert Client().get("/centre-logo").status_code == 404
    file = tmp_path / "mark.svg"
    file.write_bytes(SVG)
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"centre_logo": file})
    assert '<img class="logo" src="/centre-logo" alt="">' in Client().get("/").content.decode()
    mark = Client().get("/centre-logo")
    assert (mark.content, mark["Content-Type"]) == (SVG, "image/svg+xml")
    assert mark["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"GIF89a", "neither SVG nor PNG"), (SVG + b" " * 17_000, "at most 16384"), (None, "can't be read")],
)
def test_a_mark_that_is_none_stops_the_start(content: bytes | None, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "mark"
    if content is not None:
        file.write_bytes(content)
    assert reason in refusal(centre_logo=str(file))
