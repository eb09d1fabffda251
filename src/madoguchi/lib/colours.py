"""A centre's own accent: the colours that follow from it, and whether text in it can be read.

Contrast is that of WCAG 2.2 (relative luminance of sRGB); 4.5 is what its level AA asks of text (1.4.3).
"""

from collections.abc import Mapping
from typing import Final

Colour = tuple[float, float, float]

READABLE: Final = 4.5
PAPER: Final = "#ffffff"
SUNK: Final = "#f7f7f7"
DARK_PAPER: Final = "#1a1a1a"
LIGHT_TINT, DARK_TINT = 0.07, 0.12
STEP: Final = 0.05


def contrast(first: str, second: str) -> float:
    """From 1 (the same) to 21 (black on white). Colours are written #rrggbb; raises ValueError on anything else."""
    lights = sorted((_luminance(_read(first)), _luminance(_read(second))))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def mix(first: str, second: str, share: float) -> str:
    """`share` (0 to 1) of the first and the rest of the second, as CSS color-mix in srgb."""
    pairs = zip(_read(first), _read(second), strict=True)
    return "#" + "".join(f"{round((a * share + b * (1 - share)) * 255):02x}" for a, b in pairs)


def readable_on_light(accent: str) -> bool:
    """Whether text in this colour can be read on all light grounds: paper, sunk, and its own tint."""
    return _readable(accent, (PAPER, SUNK, mix(accent, PAPER, LIGHT_TINT)))


def darker(accent: str) -> str:
    """The nearest darker shade that can be read on light grounds; the colour itself where it can."""
    while not readable_on_light(accent):
        accent = mix(accent, "#000000", 1 - STEP)
    return accent


def light_and_dark(accent: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Values of the accent's tokens on light pages and on dark ones, from one colour that is readable on light."""
    bright = accent
    while not _readable(bright, (DARK_PAPER, mix(bright, DARK_PAPER, DARK_TINT))):
        bright = mix(bright, PAPER, 1 - STEP)
    light = {"accent": accent, "accent-strong": mix(accent, "#000000", 0.75), "on-accent": PAPER}
    dark = {"accent": bright, "accent-strong": mix(bright, PAPER, 0.75), "on-accent": DARK_PAPER}
    return light, dark


def _readable(text: str, grounds: tuple[str, ...]) -> bool:
    return all(contrast(text, ground) >= READABLE for ground in grounds)


def _read(text: str) -> Colour:
    if len(text) != 7 or not text.startswith("#"):
        raise ValueError("write a colour as #rrggbb")
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(rgb: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
