"""The command `madoguchi settings`: every setting with value, origin and one line of meaning."""

import argparse
import os
import re
import sys

from madoguchi.config.options import Options, check
from madoguchi.config.sources import given_values


def settings(argv: list[str]) -> int:
    """Prints every setting; passwords in addresses are masked. Raises SettingsError."""
    parser = argparse.ArgumentParser(
        prog="madoguchi settings",
        description="Every setting with value, origin and meaning.",
        epilog="example: MADOGUCHI_TIME_ZONE=Asia/Tokyo madoguchi settings",
    )
    parser.parse_args(argv)
    given = given_values()
    chosen = check(given)
    for name, field in Options.model_fields.items():
        origin = given[name].origin if name in given else "default"
        value = getattr(chosen, name)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value if value is not None else "")
        sys.stdout.write(f"MADOGUCHI_{name.upper()} = {masked(shown)}  [{origin}]\n    {field.description}\n")
    return os.EX_OK


def masked(value: str) -> str:
    """An address without the password in it."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", value)
