"""The settings by which a centre makes the public pages its own: words, numbers to call, colour and mark."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, field_validator

from madoguchi.lib import colours

LOGO_BYTES = 16 * 1024
COLOUR = re.compile(r"#[0-9a-f]{6}")


def as_list(value: object) -> object:
    """A list from the environment is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(as_list)]


class CentreOptions(BaseModel):
    """What the public reads of the centre beside its name and hours."""

    answer_within: str = Field(
        "three working days", description="By when a reporter is answered, in English; stands after “within”."
    )
    answer_within_ja: str = Field("3営業日", description="The same in Japanese; stands before 以内.")
    responsible: str = Field(
        "",
        description="Who answers for personal data: organisation, postal address, representative; in English.",
    )
    responsible_ja: str = Field("", description="The same in Japanese; empty means the English words.")
    kept_for: str = Field(
        "", description="How long reports are kept after their last mail, in English, as “three years”."
    )
    kept_for_ja: str = Field("", description="The same in Japanese, as 3年; empty means the English words.")
    police_contact: str = Field(
        "", description="Whom to call at the police, name and number, in English; empty shows none."
    )
    police_contact_ja: str = Field("", description="The same in Japanese; empty means the English words.")
    vendor_contacts: Words = Field(
        (), description="Help desks of vendors or providers, name and number each, in English."
    )
    vendor_contacts_ja: Words = Field((), description="The same in Japanese; empty means the English ones.")
    centre_accent: str = Field(
        "",
        description="Colour of links and buttons as #rrggbb, dark enough for text on white; empty: the product's.",
    )
    centre_logo: Path | None = Field(
        None, description="SVG or PNG file of at most 16 KiB, shown beside the centre's name."
    )

    @field_validator("centre_accent")
    @classmethod
    def _readable(cls, value: str) -> str:
        accent = value.lower()
        if not accent:
            return accent
        if not COLOUR.fullmatch(accent):
            raise ValueError("write the colour as #rrggbb, for example #00428c")
        if not colours.readable_on_light(accent):
            raise ValueError(
                f"text in {value} on white has a contrast of {colours.contrast(accent, colours.PAPER):.1f}, "
                f"and readers need {colours.READABLE}; take a darker shade, for example {colours.darker(accent)}"
            )
        return accent

    @field_validator("centre_logo")
    @classmethod
    def _picture(cls, value: Path | None) -> Path | None:
        if value is not None:
            picture(value)
        return value


@cache
def picture(file: Path) -> tuple[bytes, str]:
    """The logo and its media type. Raises ValueError with a sentence where it is none, or too large."""
    try:
        content = file.read_bytes()
    except OSError as away:
        raise ValueError(f"{file} can't be read; name an SVG or PNG file") from away
    if len(content) > LOGO_BYTES:
        raise ValueError(f"the logo has {len(content)} bytes; pages stay light with at most {LOGO_BYTES}")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content, "image/png"
    if b"<svg" in content[:1024]:
        return content, "image/svg+xml"
    raise ValueError(f"{file} is neither SVG nor PNG")
