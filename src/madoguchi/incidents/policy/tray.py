"""Is a mail probably no report, decided from facts alone.

Two tables: evidence that speaks for the tray, and guards that always win. Without evidence nothing is put there, and no
text is evidence by itself: only what a relay of ours found, what the author's domain wants, and the centre's own rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from madoguchi.incidents.policy.about_mail import makes_harmless, quotes_a_mail, tells_of_abuse


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayFacts:
    """What is known of a mail when it is sorted. `subject` and `text` are asked by guards alone."""

    by_page: bool = False  # one of our own pages handed it over
    automatic: bool = False  # a bounce or an automatic reply, which have a view of their own
    in_thread: bool = False  # it continues a correspondence
    names_ours: bool = False  # it names a correspondence of ours, without proof that it belongs there
    vouched: bool = False  # its sender is authenticated
    answered_before: bool = False  # an earlier report from this address was answered
    machine: bool = False  # a report of a standard form, as ARF (RFC 5965)
    attached_mail: bool = False  # a mail is attached (message/rfc822, .eml, .msg)
    evidence_file: bool = False  # a file of the kinds that logs and lists of addresses have
    signed: bool = False  # signed or encrypted, with OpenPGP or S/MIME, whoever by
    forward: bool = False  # its subject begins as that of a forwarded mail
    subject: str = ""
    text: str = ""
    spam: str = ""  # the field by which a trusted relay marked it
    dmarc: str = ""  # what the relay found, in the words of RFC 8601
    policy: str = ""  # what the author's domain wants done then
    arc: str = ""
    rule: str = ""  # the centre's rule that it fulfils


@dataclass(frozen=True, slots=True)
class TrayRule:
    """One small question. `detail` says more of a hit: the field or the rule, in the words of the settings."""

    name: str
    source: str
    sentence: str
    applies: Callable[[TrayFacts], bool]
    detail: Callable[[TrayFacts], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class TrayDecision:
    """Whether it is put into the tray, and the name of the rule that decided; "no-evidence" where nothing spoke for it.

    `detail` belongs to the evidence. `trail` holds the names of the rules that were asked, in the tables' order, with
    whether they applied; guards are asked only where there is evidence.
    """

    in_tray: bool
    reason: str
    detail: str
    trail: tuple[tuple[str, bool], ...]


EVIDENCE: Final = (
    TrayRule(
        "relay-spam",
        "the centre's setting of fields that its relays write",
        "Our own mail server marked it as spam.",
        lambda facts: bool(facts.spam),
        lambda facts: facts.spam,
    ),
    TrayRule(
        "dmarc",
        "RFC 7489, section 6.3; RFC 8617, section 7.2",
        "The domain in From asks everybody not to believe mail like this; no earlier server vouches for it.",
        lambda facts: (
            facts.dmarc == "fail" and facts.policy in {"reject", "quarantine"} and facts.arc != "pass"
        ),
    ),
    TrayRule(
        "own-rule",
        "the centre's setting of rules",
        "A rule of this centre says that it is no report.",
        lambda facts: bool(facts.rule),
        lambda facts: facts.rule,
    ),
)

GUARDS: Final = (
    TrayRule(
        "page",
        "the centre's own door",
        "What was written on our own pages is a report.",
        lambda facts: facts.by_page,
    ),
    TrayRule(
        "automatic",
        "RFC 3834; RFC 3464",
        "Bounces and automatic mail have a view of their own.",
        lambda facts: facts.automatic,
    ),
    TrayRule(
        "thread",
        "a correspondence that began with us",
        "A reply belongs to its correspondence.",
        lambda facts: facts.in_thread or facts.names_ours,
    ),
    TrayRule(
        "known-reporter",
        "an answered report, and an authenticated sender",
        "Who was answered before is somebody who reports.",
        lambda facts: facts.vouched and facts.answered_before,
    ),
    TrayRule(
        "standard-report",
        "RFC 5965; the formats of X-ARF",
        "A report in a standard form is one, whatever it is about.",
        lambda facts: facts.machine,
    ),
    TrayRule(
        "attached-mail",
        "how reports of spam and phishing are made",
        "Who attaches another mail shows it to us.",
        lambda facts: facts.attached_mail,
    ),
    TrayRule(
        "evidence-file",
        "how reports of many addresses are made",
        "Who attaches a log or a table shows what was observed.",
        lambda facts: facts.evidence_file,
    ),
    TrayRule(
        "signed",
        "RFC 3156; RFC 8551",
        "What is signed or encrypted was not sent in bulk.",
        lambda facts: facts.signed,
    ),
    TrayRule(
        "forwarded",
        "how reports of spam and phishing are made",
        "Who forwards a mail, or quotes its fields, shows it to us.",
        lambda facts: facts.forward or quotes_a_mail(facts.text),
    ),
    TrayRule(
        "harmless-link",
        "the custom of who reports links",
        "A link made harmless is shown, not meant to be opened.",
        lambda facts: makes_harmless(facts.text) or makes_harmless(facts.subject),
    ),
    TrayRule(
        "tells-of-abuse",
        "how reports are worded",
        "It speaks of reporting abuse, and shows a piece of it.",
        lambda facts: tells_of_abuse(facts.subject, facts.text),
    ),
)


def sort_out(facts: TrayFacts) -> TrayDecision:
    """Decide whether a mail is put into the tray of what is probably no report. Pure and total."""
    trail = tuple((rule.name, rule.applies(facts)) for rule in EVIDENCE)
    found = next((rule for rule, (_, hit) in zip(EVIDENCE, trail, strict=True) if hit), None)
    if found is None:
        return TrayDecision(in_tray=False, reason="no-evidence", detail="", trail=trail)
    guards = tuple((rule.name, rule.applies(facts)) for rule in GUARDS)
    guard = next((name for name, hit in guards if hit), "")
    return TrayDecision(
        in_tray=not guard,
        reason=guard or found.name,
        detail="" if guard else found.detail(facts),
        trail=trail + guards,
    )
