"""What may leave, and to whom: facts in, decision with reasons out. Total, deterministic, and absence is refusal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from madoguchi.disclosure.links import LinkKind

Kind = Literal["acknowledgement", "form-acknowledgement", "answer", "page-answer"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a letter that wants to leave.

    `text` is the letter's subject and text, `fixed_text` the fixed wording of both with our own reference;
    `envelope_sender`, `contact` and `page` belong to the very report that the letter is about: who sent it, or was
    given in its form, whom we may write to, and its private page, which is no address. `link`: the kind of link to our
    pages in the fixed words.
    """

    kind: Kind
    recipients: Sequence[str]
    text: str
    fixed_text: str
    envelope_sender: str
    contact: str
    by_person: bool
    page: str = ""
    link: LinkKind = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may leave, by which rule, and why not."""

    allowed: bool
    rule: str
    audience: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A way in which a letter may leave: every condition must hold, each has its sentence for when it does not."""

    name: str
    kind: str
    audience: str
    conditions: Sequence[tuple[Callable[[Facts], bool], str]]


def _only(recipients: Sequence[str], address: str) -> bool:
    # To the letter: whatever folds case also takes some addresses of two owners for one.
    return bool(address) and list(recipients) == [address]


RULES: tuple[Rule, ...] = (
    Rule(
        "acknowledgement-of-fixed-text",
        "acknowledgement",
        "sender",
        (
            (
                lambda facts: facts.text == facts.fixed_text,
                "An acknowledgement says the fixed words and nothing else.",
            ),
            (
                lambda facts: _only(facts.recipients, facts.envelope_sender),
                "An acknowledgement goes to the envelope sender of the very report (RFC 3834, 4).",
            ),
            (
                lambda facts: facts.link in {"", "private"},
                "The acknowledgement of a mail carries the report's private link or none.",
            ),
        ),
    ),
    Rule(
        "acknowledgement-of-a-form",
        "form-acknowledgement",
        "address-given",
        (
            (
                lambda facts: facts.text == facts.fixed_text,
                "An acknowledgement says the fixed words and nothing else.",
            ),
            (
                lambda facts: _only(facts.recipients, facts.envelope_sender),
                "The acknowledgement of a form goes to the address given in it.",
            ),
            (
                lambda facts: facts.link == "confirmation",
                "The address may be somebody else's: it gets the link that confirms, never the private one.",
            ),
        ),
    ),
    Rule(
        "answer-to-the-reports-contact",
        "answer",
        "reporter",
        (
            (lambda facts: facts.by_person, "An answer is written by a person of the staff."),
            (
                lambda facts: _only(facts.recipients, facts.contact),
                "An answer goes to the contact of the very report and to nobody else.",
            ),
        ),
    ),
    Rule(
        "answer-on-the-private-page",
        "page-answer",
        "reporter",
        (
            (lambda facts: facts.by_person, "An answer is written by a person of the staff."),
            (
                lambda facts: _only(facts.recipients, facts.page),
                "An answer that is not mailed stands on the very report's own private page and nowhere else.",
            ),
        ),
    ),
)


def decide(facts: Facts) -> Decision:
    """The decision: the first rule of the letter's kind whose conditions all hold; else refusal with each reason."""
    reasons: list[str] = []
    for rule in RULES:
        if rule.kind != facts.kind:
            continue
        missed = [sentence for holds, sentence in rule.conditions if not holds(facts)]
        if not missed:
            return Decision(True, rule.name, rule.audience, ())
        reasons += missed
    return Decision(False, "", "", tuple(reasons) or ("No rule lets a letter of this kind leave.",))
