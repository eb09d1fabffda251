"""The public door of mail's verbs: putting letters into the outbox, sending what is due, and starting again."""

from madoguchi.mail.composition import (
    CompositionError,
    Draft,
    Transport,
    cleared_content,
    published_content,
    sound_ids,
)
from madoguchi.mail.outbox import LABEL, NotClearedError, Outgoing, enqueue, publish
from madoguchi.mail.sending import Sender, look_after_forgotten, send_again
from madoguchi.vault.actions import Unit

__all__ = [
    "LABEL",
    "CompositionError",
    "Draft",
    "NotClearedError",
    "Outgoing",
    "Sender",
    "Transport",
    "Unit",
    "cleared_content",
    "enqueue",
    "look_after_forgotten",
    "publish",
    "published_content",
    "send_again",
    "sound_ids",
]
