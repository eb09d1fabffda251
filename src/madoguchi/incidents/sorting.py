"""Sorting a batch: which of its new reports are probably none; the facts are gathered here, policy decides."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from madoguchi.incidents.filing import Filed
from madoguchi.incidents.models import Step
from madoguchi.incidents.policy import TrayDecision, TrayFacts, sort_out
from madoguchi.incidents.submission import Submission
from madoguchi.mail.reading import is_forward
from madoguchi.vault.actions import blind_index

IN_TRAY, NO_REPORT, IS_REPORT = "in-tray", "no-report", "is-report"
"""The kinds of steps: put into the tray; set aside as no report; said by a person to be one."""

TRAY_LINE: Final = "tray-line"
"""The kind of item that keeps the line of the settings behind a decision, sealed: it may name the sender."""

ATTACHED_MAIL: Final = frozenset({"message/rfc822", "message/global"})
MAIL_FILES: Final = (".eml", ".msg")
EVIDENCE_FILES: Final = (".csv", ".csv.zip", ".csv.gz", ".log", ".log.gz", ".json", ".xarf", ".pcap", ".txt")
SIGNED: Final = frozenset(
    {
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
    }
)
PGP: Final = ("-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP MESSAGE-----")


def sort_all(submissions: Sequence[Submission], filed: Mapping[UUID, Filed]) -> Mapping[UUID, TrayDecision]:
    """The decision on each submission by arrival id; one query at the most."""
    answered = _answered([one for one in submissions if one.authenticated_by])
    return {one.arrival: sort_out(facts_of(one, filed[one.arrival], answered)) for one in submissions}


def _answered(submissions: Sequence[Submission]) -> frozenset[bytes]:
    """Of these senders those whom we answered before, as look-up keys."""
    keys = {blind_index().address(one.contact) for one in submissions if one.contact and _weighs(one)}
    if not keys:
        return frozenset()
    rows = Step.objects.filter(kind="answered", report__provider__address_key__in=keys)
    return frozenset(
        bytes(key) for key in rows.values_list("report__provider__address_key", flat=True).distinct()
    )


def _weighs(submission: Submission) -> bool:
    """Whether anything was said of it at all; of nearly every mail nothing is."""
    said = submission.testimony
    return bool(said.spam or said.dmarc or submission.rule)


def facts_of(submission: Submission, filed: Filed, answered: frozenset[bytes]) -> TrayFacts:
    """The facts of one submission; `answered`: look-up keys of senders whom we answered before."""
    letter, said, filing = submission.letter, submission.testimony, filed.filing
    types = {part.type for part in letter.parts}
    names = [part.name.casefold() for part in letter.parts if part.name]
    return TrayFacts(
        by_page=submission.by_page,
        automatic=submission.automatic,
        in_thread=filing.kind == "thread",
        names_ours=bool(filing.candidates),
        vouched=bool(submission.authenticated_by),
        answered_before=bool(answered) and blind_index().address(submission.contact) in answered,
        machine=letter.kind == "feedback-report" or bool(letter.machine or letter.forms),
        attached_mail=bool(types & ATTACHED_MAIL) or any(name.endswith(MAIL_FILES) for name in names),
        evidence_file=any(name.endswith(EVIDENCE_FILES) for name in names),
        signed=bool(types & SIGNED) or letter.text.lstrip().startswith(PGP),
        forward=is_forward(letter.subject),
        subject=letter.subject,
        text=letter.text,
        spam=said.spam,
        dmarc=said.dmarc,
        policy=said.policy,
        arc=said.arc,
        rule=submission.rule,
    )
