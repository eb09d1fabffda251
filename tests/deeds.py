"""Every verb of the house, each with a scene in which it changes something, for tests that hold for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from incidents.forms import ANSWERS, WITH_CONTACT, reported, visiting
from incidents.mails import ALICE, COUNTER, incoming, mail
from madoguchi.audit import actions as audit
from madoguchi.audit.actions import OPERATOR, PUBLIC, WORKER, Actor
from madoguchi.disclosure import actions as disclosure
from madoguchi.identity import actions as identity
from madoguchi.identity import factors, own_sessions
from madoguchi.identity.models import Factor, Staff
from madoguchi.identity.passkeys import Passkey
from madoguchi.incidents import actions as incidents
from madoguchi.incidents import opening
from madoguchi.incidents.models import Handle, Report
from madoguchi.incidents.outgoing import acknowledgement_candidate, answer_candidate, page_answer_candidate
from madoguchi.intake import actions as intake
from madoguchi.intake import handing, shredding, understanding
from madoguchi.intake.actions import Handed
from madoguchi.intake.models import Arrival
from madoguchi.lib.verbs import verb
from madoguchi.mail import clearances, sending
from madoguchi.mail.actions import Outgoing, enqueue, look_after_forgotten, publish, send_again
from madoguchi.mail.models import Letter
from madoguchi.mail.policy import Outcome
from madoguchi.mail.reading import read
from madoguchi.vault import rotation
from madoguchi.vault.actions import wrapper
from madoguchi.vault.models import DataKey
from madoguchi.vault.scheme import WrappedKey

Deed = Callable[[], object]
Scene = Callable[[datetime], Deed]
HANDLER = Actor("staff", str(uuid4()))
SECOND = timedelta(seconds=1)


def submission(now: datetime, *, n: int = 0) -> incidents.Submission:
    return incidents.Submission(
        arrival=uuid4(),
        door="smtp",
        received_at=now,
        letter=read(mail(f"{n}", message_id=f"<{n}@x.example>")),
        envelope_from=ALICE,
        recipients=(COUNTER,),
        fingerprint=uuid4().bytes,
        authenticated_by="dkim",
    )


def report(now: datetime, *, by: str = "dkim") -> Report:
    given = submission(now)
    prepared = incidents.prepare(now=now, submissions=[replace(given, authenticated_by=by)])
    became = incidents.receive(actor=WORKER, now=now, prepared=prepared)
    return Report.objects.get(pk=became[given.arrival].id)


def letter(now: datetime) -> UUID:
    """A letter that a person wrote, waiting."""
    candidate = candidate_of(now)
    disclosure.clear(actor=HANDLER, now=now, candidates=[candidate])
    return candidate.id


def candidate_of(now: datetime) -> disclosure.Candidate:
    return answer_candidate(
        now, "EXAMPLE#12345678", to=ALICE, contact=ALICE, subject="", text="Hello", thread=()
    )


def outgoing(now: datetime) -> Outgoing:
    candidate = candidate_of(now)
    clearance = clearances.clearance_for(
        actor=HANDLER, now=now, content=candidate.content, recipients=[ALICE], rule="r", audience="a"
    )
    return Outgoing(
        id=candidate.id,
        unit=candidate.unit,
        clearance=clearance,
        kind="answer",
        automatic=False,
        content=candidate.content,
        transport=candidate.transport,
        recipients=(ALICE,),
    )


def nobody(opened: Sequence[intake.Opened]) -> list[str]:
    return [""] * len(opened)


# --- The scenes --------------------------------------------------------------------------------------------


def clear(now: datetime) -> Deed:
    given = [
        candidate_of(now),
        acknowledgement_candidate(now, "EXAMPLE#12345678", ALICE, (), private_link=True),
    ]
    return lambda: disclosure.clear(actor=HANDLER, now=now, candidates=given)


def revoke(now: datetime) -> Deed:
    ids = [Letter.objects.get(pk=letter(now)).clearance_id]
    return lambda: disclosure.revoke(actor=HANDLER, now=now, clearance_ids=ids)


def add_staff(now: datetime) -> Deed:
    return lambda: identity.add_staff(
        actor=OPERATOR, now=now, username="hana", name="Hana", roles=["handler"]
    )


def grant_role(now: datetime) -> Deed:
    staff = identity.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=[])
    return lambda: identity.grant_role(actor=OPERATOR, now=now, staff=staff, role="handler")


def issue_link(now: datetime) -> Deed:
    add_staff(now)()
    identity.issue_link(actor=OPERATOR, now=now, username="hana")
    return lambda: identity.issue_link(actor=OPERATOR, now=now + SECOND, username="hana")


def set_password(now: datetime) -> Deed:
    add_staff(now)()
    token = identity.issue_link(actor=OPERATOR, now=now, username="hana")
    return lambda: identity.set_password_by_link(now=now, token=token, password="a long pass phrase")


def add_app(now: datetime) -> Deed:
    staff = identity.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=["handler"])
    factors.add_app(actor=HANDLER, now=now, staff=staff, secret=b"s" * 20, step=1)
    return lambda: factors.add_app(actor=HANDLER, now=now + SECOND, staff=staff, secret=b"t" * 20, step=2)


def add_passkey(now: datetime) -> Deed:
    staff = identity.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=["handler"])
    passkey = Passkey(b"credential", 0)
    return lambda: factors.add_passkey(actor=HANDLER, now=now, staff=staff, passkey=passkey, label="laptop")


def _with_app(now: datetime) -> tuple[Staff, Factor, list[str]]:
    staff = identity.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=["handler"])
    codes = factors.add_app(actor=HANDLER, now=now, staff=staff, secret=b"s" * 20, step=1)
    return staff, Factor.objects.get(staff=staff), codes


def use_factor(now: datetime) -> Deed:
    _, factor, _ = _with_app(now)
    return lambda: factors.note_factor_used(actor=HANDLER, now=now, factor=factor.id, counter=2)


def spend_code(now: datetime) -> Deed:
    staff, _, codes = _with_app(now)
    return lambda: factors.spend_recovery_code(actor=HANDLER, now=now, staff=staff, code=codes[3])


def wrong_code(now: datetime) -> Deed:
    staff, _, _ = _with_app(now)
    return lambda: factors.note_wrong_code(now=now, staff=staff)


def renew_codes(now: datetime) -> Deed:
    staff, _, _ = _with_app(now)
    return lambda: factors.renew_recovery_codes(actor=HANDLER, now=now, staff=staff)


def end_factor(now: datetime) -> Deed:
    staff, factor, _ = _with_app(now)
    return lambda: factors.end_factor(
        actor=HANDLER, now=now, staff=staff, factor=factor.id, last_may_end=True
    )


def drop_factors(now: datetime) -> Deed:
    staff, _, _ = _with_app(now)
    return lambda: factors.drop_factors(actor=OPERATOR, now=now, staff=staff)


def forget_factors(now: datetime) -> Deed:
    _with_app(now)
    return lambda: identity.forget_factors(actor=OPERATOR, now=now, username="hana")


def disable(now: datetime) -> Deed:
    add_staff(now)()
    return lambda: identity.disable_staff(actor=OPERATOR, now=now, username="hana")


def _with_session(now: datetime) -> Staff:
    staff = identity.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=["handler"])
    own_sessions.keep_session(
        actor=HANDLER, now=now, staff=staff, session_key="k" * 32, device="Firefox", network="192.0.2.0/24"
    )
    return staff


def keep_session(now: datetime) -> Deed:
    staff = _with_session(now)
    return lambda: own_sessions.keep_session(
        actor=HANDLER, now=now, staff=staff, session_key="l" * 32, device="", network="192.0.2.0/24"
    )


def end_sessions(now: datetime) -> Deed:
    staff = _with_session(now)
    return lambda: own_sessions.end_sessions(actor=HANDLER, now=now, staff=staff)


def sign_in(now: datetime) -> Deed:
    staff = _with_session(now)
    identity.note_failed_sign_in(now=now, network_key=b"network")
    return lambda: identity.note_sign_in(
        actor=HANDLER,
        now=now,
        staff=staff,
        session_key="l" * 32,
        device="",
        network="192.0.2.0/24",
        network_key=b"network",
    )


def receive(now: datetime) -> Deed:
    given = [submission(now, n=n) for n in range(3)]
    prepared = incidents.prepare(now=now, submissions=given)
    return lambda: incidents.receive(actor=WORKER, now=now, prepared=prepared)


def answer(now: datetime) -> Deed:
    one = report(now)
    return lambda: incidents.answer(
        actor=HANDLER, now=now, report_id=one.id, version=1, subject="", text="Hello"
    )


def set_aside(now: datetime) -> Deed:
    one = report(now)
    return lambda: incidents.set_aside(actor=HANDLER, now=now, report_id=one.id, version=1)


def send_held(now: datetime) -> Deed:
    report(now, by="")
    held = report(now, by="")
    return lambda: incidents.send_held_acknowledgement(actor=HANDLER, now=now, report_id=held.id)


def in_tray(now: datetime) -> Report:
    """A report that a rule of the centre put into the tray."""
    given = replace(submission(now), rule="from is alice@reporter.example")
    prepared = incidents.prepare(now=now, submissions=[given])
    became = incidents.receive(actor=WORKER, now=now, prepared=prepared)
    return Report.objects.get(pk=became[given.arrival].id)


def empty_tray(now: datetime) -> Deed:
    ids = [in_tray(now).id, in_tray(now).id]
    return lambda: incidents.empty_tray(actor=HANDLER, now=now, report_ids=ids)


def take_out(now: datetime) -> Deed:
    one = in_tray(now)
    return lambda: incidents.take_out(actor=HANDLER, now=now, report_id=one.id)


def open_one(now: datetime) -> Deed:
    one = report(now)
    return lambda: incidents.open_report(actor=HANDLER, now=now, report_id=one.id)


def download(now: datetime) -> Deed:
    one = report(now)
    return lambda: incidents.note_download(actor=HANDLER, now=now, report_id=one.id, what="original")


def listing(now: datetime) -> Deed:
    rows = [report(now)]
    return lambda: incidents.open_rows(actor=HANDLER, now=now, reports=rows, view="all")


def store(now: datetime) -> Deed:
    given = [incoming(mail(), now), incoming(mail(), now, door="pipe")]
    return lambda: intake.store(given)


def understand_again(now: datetime) -> Deed:
    one = intake.accept(now=now, envelope=intake.Envelope(door="smtp"), raw=mail())
    return lambda: intake.understand_again(actor=HANDLER, now=now + SECOND, arrival=one.id)


def receive_together(now: datetime) -> Deed:
    intake.store([incoming(mail(), now)])
    understood, _ = understanding._prepare(list(Arrival.objects.all()), nobody)
    given = [submission for _, submission in understood]
    prepared = incidents.prepare(now=now, submissions=given)
    return lambda: understanding._receive_together(now=now, submissions=given, prepared=prepared)


def store_form(now: datetime) -> Deed:
    sealed = handing._sealed(now, [mail()], intake.Envelope(door="web"))
    return lambda: handing._store_form(now=now, sealed=sealed, anonymous=False)


def store_addition(now: datetime) -> Deed:
    sealed = handing._sealed(now, [mail()], intake.Envelope(door="web"))
    return lambda: handing._store_addition(now=now, sealed=sealed)


def open_thread(now: datetime) -> Deed:
    return lambda: incidents.open_thread(actor=PUBLIC, now=now, anonymous=True)


def handed(now: datetime, *, mail_contact: bool = False) -> Handed:
    """A report by the web form, understood."""
    given, _ = reported(now, WITH_CONTACT if mail_contact else ANSWERS)
    return given


def confirm(now: datetime) -> Deed:
    thread = handed(now, mail_contact=True).correspondence
    code = opening.FRESH["confirm"]()
    _add_code(now=now, thread=thread, code=code)
    return lambda: incidents.confirm_contact(now=now, token=code)


@verb
def _add_code(*, now: datetime, thread: UUID, code: str) -> None:
    Handle.objects.bulk_create(
        [Handle(key=opening.code_key("confirm", code), kind="confirm", correspondence_id=thread, made_at=now)]
    )


def page_deed(deed: Callable[..., object], **more: str) -> Scene:
    """A deed on the private page of a report whose mailbox has a letter on its way."""

    def scene(now: datetime) -> Deed:
        visit = visiting(handed(now, mail_contact=True))
        return lambda: deed(actor=PUBLIC, now=now, visit=visit, **more)

    return scene


def publish_one(now: datetime) -> Deed:
    candidate = page_answer_candidate(
        now, "EXAMPLE#12345678", correspondence=uuid4(), subject="", text="Hello"
    )
    clearance = clearances.clearance_for(
        actor=HANDLER, now=now, content=candidate.content, recipients=[candidate.page], rule="r", audience="a"
    )
    clearances.grant(actor=HANDLER, now=now, clearances=[clearance])
    one = Outgoing(
        id=candidate.id,
        unit=candidate.unit,
        clearance=clearance,
        kind="answer",
        automatic=False,
        content=candidate.content,
        transport=candidate.transport,
        recipients=(candidate.page,),
    )
    return lambda: publish(actor=HANDLER, now=now, letters=[one])


def grant(now: datetime) -> Deed:
    one = outgoing(now).clearance
    return lambda: clearances.grant(actor=HANDLER, now=now, clearances=[one])


def revoke_below(now: datetime) -> Deed:
    ids = [Letter.objects.get(pk=letter(now)).clearance_id]
    return lambda: clearances.revoke(actor=HANDLER, now=now, clearance_ids=ids)


def enqueue_one(now: datetime) -> Deed:
    one = outgoing(now)
    clearances.grant(actor=HANDLER, now=now, clearances=[one.clearance])
    return lambda: enqueue(actor=HANDLER, now=now, letters=[one])


def claim_revoked(now: datetime) -> Deed:
    revoke(now)()
    return lambda: sending.claim(now=now + SECOND, automatic=False, most=9)


def note(now: datetime) -> Deed:
    letter(now)
    [one] = sending.claim(now=now + SECOND, automatic=False, most=1)
    results = [sending._Result(one, Outcome("failed", ""))]
    return lambda: sending.note(now=now + SECOND, results=results)


def forgotten(now: datetime) -> Deed:
    letter(now)
    sending.claim(now=now + SECOND, automatic=False, most=1)
    return lambda: look_after_forgotten(now=now, leases_ended=True)


def again(now: datetime) -> Deed:
    note(now)()
    one = Letter.objects.get()
    return lambda: send_again(actor=HANDLER, now=now, letter_id=one.id)


def export(now: datetime) -> Deed:
    return lambda: audit.note_export(actor=OPERATOR, now=now)


def shred_report(now: datetime) -> Deed:
    reference = report(now).correspondence.reference
    return lambda: incidents.shred_report(actor=HANDLER, now=now, reference=reference)


def shred_all(now: datetime) -> Deed:
    reference = reported(now)[1].correspondence.reference
    return lambda: shredding._shred(actor=HANDLER, now=now, reference=reference)


def rewrap(now: datetime) -> Deed:
    letter(now)
    anew = [
        wrapper().rewrap(WrappedKey(row.id, row.kek, bytes(row.wrapped))) for row in DataKey.objects.all()
    ]
    return lambda: rotation._store_rewrapped(actor=OPERATOR, now=now, anew=anew)


def note_key(now: datetime) -> Deed:
    return lambda: rotation.note_key(actor=OPERATOR, now=now, deed="added key", purpose="wrap", key_id="k3f0")


DEEDS: dict[str, Scene] = {
    "audit.actions.note_export": export,
    "disclosure.actions.clear": clear,
    "disclosure.actions.revoke": revoke,
    "identity.actions.add_staff": add_staff,
    "identity.actions.grant_role": grant_role,
    "identity.actions.issue_link": issue_link,
    "identity.actions.set_password_by_link": set_password,
    "identity.actions.forget_factors": forget_factors,
    "identity.own_sessions.end_sessions": end_sessions,
    "identity.own_sessions.keep_session": keep_session,
    "identity.factors.add_app": add_app,
    "identity.factors.add_passkey": add_passkey,
    "identity.factors.drop_factors": drop_factors,
    "identity.factors.end_factor": end_factor,
    "identity.factors.note_factor_used": use_factor,
    "identity.factors.note_wrong_code": wrong_code,
    "identity.factors.renew_recovery_codes": renew_codes,
    "identity.factors.spend_recovery_code": spend_code,
    "identity.actions.disable_staff": disable,
    "identity.actions.note_sign_in": sign_in,
    "incidents.receiving.receive": receive,
    "incidents.answering.answer": answer,
    "incidents.answering.set_aside": set_aside,
    "incidents.answering.send_held_acknowledgement": send_held,
    "incidents.shredding.shred_report": shred_report,
    "incidents.tray.empty_tray": empty_tray,
    "incidents.tray.take_out": take_out,
    "incidents.opening.open_thread": open_thread,
    "incidents.confirming.confirm_contact": confirm,
    "incidents.visiting.withdraw": page_deed(incidents.withdraw),
    "incidents.visiting.ask_for": page_deed(incidents.ask_for, wish="erasure"),
    "incidents.visiting.mark_unsafe": page_deed(incidents.mark_unsafe),
    "incidents.visiting.renew_link": page_deed(incidents.renew_link),
    "incidents.visiting.close_page": page_deed(incidents.close_page),
    "incidents.reading._note_opening": open_one,
    "incidents.reading.note_download": download,
    "incidents.reading._note_listing": listing,
    "intake.accepting._store": store,
    "intake.handing._store_form": store_form,
    "intake.handing._store_addition": store_addition,
    "intake.actions.understand_again": understand_again,
    "intake.shredding._shred": shred_all,
    "intake.understanding._receive_together": receive_together,
    "mail.clearances.grant": grant,
    "mail.clearances.revoke": revoke_below,
    "mail.outbox.enqueue": enqueue_one,
    "mail.outbox.publish": publish_one,
    "mail.sending.claim": claim_revoked,
    "mail.sending.note": note,
    "mail.sending.look_after_forgotten": forgotten,
    "mail.sending.send_again": again,
    "vault.rotation._store_rewrapped": rewrap,
    "vault.rotation.note_key": note_key,
    "vault.rotation.note_copy": lambda now: (
        lambda: rotation.note_copy(actor=OPERATOR, now=now, name="20261124T013000Z")
    ),
}
# Verbs without an entry of their own, and why.
_DRAFT = "a draft is nobody's report yet: who decides against reporting leaves no trace, not even in the log"
WITHOUT_ENTRY: dict[str, str] = {
    **{f"intake.drafts.{name}": _DRAFT for name in ("_begin", "_replace", "_empty", "_delete")},
    **{f"intake.draft_files.{name}": _DRAFT for name in ("_begin_file", "_finish_file", "_drop_file")},
    "audit.sequencing.append": "it gives entries their place; an entry about it would need a place too, without end",
    "audit.checkpoints.keep_checkpoint": "as for append",
    "identity.actions.note_failed_sign_in": "nobody is known to have acted",
    "intake.understanding.note_failures": "work put off changes nothing that anybody gave or got",
    "lib.due.claim": "a lease says who works on a row, not what was done",
    "lib.due.run_again": "its callers write the entry, since they know who asked",
    "lib.due.release_all": "as for claim",
    "lib.due.give_back": "as for claim",
}
