"""What pages say of the centre, in the reader's language, from the settings."""

from collections.abc import Mapping
from typing import Any

WORDS = ("name", "hours", "answer_within", "responsible", "kept_for", "police_contact", "vendor_contacts")


def centre(options: Any, language: str) -> Mapping[str, Any]:
    """Its words (`name` and the rest of WORDS), `report_address`, `prefix`, and whether it has `accent`, `logo`.

    `options` are the settings. Where a Japanese word is not set, the English one stands.
    """

    def said(name: str) -> Any:
        setting = f"centre_{name}" if name in {"name", "hours"} else name
        return (language == "ja" and getattr(options, f"{setting}_ja")) or getattr(options, setting)

    return {name: said(name) for name in WORDS} | {
        "report_address": options.report_address,
        "prefix": options.reference_prefix,
        "accent": bool(options.centre_accent),
        "logo": options.centre_logo is not None,
    }
