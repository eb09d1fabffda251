"""Where settings come from: the environment, then one file in the home. Standard library only, for quick commands."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "MADOGUCHI_"
FILE = "madoguchi.toml"
DEFAULT_HOME = "var/home"


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was given, and where: "environment" or the file's path."""

    value: Any
    origin: str


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The data folder: MADOGUCHI_HOME, else var/home below the working folder."""
    return Path(environment.get(PREFIX + "HOME") or DEFAULT_HOME).absolute()


def keyring_file(given: Mapping[str, Given], home: Path) -> Path:
    """The keyring: as given, else beside the home and never inside it (a backup of the home holds no keys)."""
    named = given.get("keyring")
    return Path(named.value).absolute() if named else home.parent / f"{home.name}.keyring"


def given_values(environment: Mapping[str, str] = os.environ) -> dict[str, Given]:
    """Every setting that was given, by lower-case name; the environment wins over the file.

    Raises SettingsError where the file is no TOML.
    """
    home = home_folder(environment)
    file = home / FILE
    found: dict[str, Given] = {}
    if file.is_file():
        try:
            rows = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise SettingsError(f"{file} is not valid TOML: {wrong}. Mend that line.") from wrong
        found = {name.lower(): Given(value, str(file)) for name, value in rows.items()}
    for name, text in environment.items():
        if name.startswith(PREFIX):
            found[name.removeprefix(PREFIX).lower()] = Given(text, "environment")
    return found
