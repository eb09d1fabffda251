"""The places of incidents' sealed values: labels that never change, whatever a class or column is called."""

import json
from uuid import UUID

from madoguchi.vault.actions import Place, UnitKey

ITEM, PROVIDER = "incidents.item", "incidents.provider"


def seal_item(key: UnitKey, item: UUID, value: str) -> bytes:
    return key.seal_text(Place(ITEM, item, "value"), value)


def open_item(key: UnitKey, item: UUID, sealed: bytes | memoryview) -> str:
    return key.open_text(Place(ITEM, item, "value"), bytes(sealed))


def seal_provider(key: UnitKey, provider: UUID, field: str, value: str) -> bytes:
    return key.seal_text(Place(PROVIDER, provider, field), value)


def open_provider(key: UnitKey, provider: UUID, field: str, sealed: bytes | memoryview) -> str:
    return key.open_text(Place(PROVIDER, provider, field), bytes(sealed))


def attachment_value(part: int, name: str, content_type: str, size: int) -> str:
    """The sealed value of an attachment item; its bytes stay in the sealed mail."""
    return json.dumps({"part": part, "name": name, "type": content_type, "size": size}, ensure_ascii=False)
