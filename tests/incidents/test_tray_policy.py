"""Whether a mail is probably no report: what speaks for it, and what always speaks against it."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.incidents.filing import Filed
from madoguchi.incidents.policy import EVIDENCE, GUARDS, Filing, TrayDecision, TrayFacts, sort_out
from madoguchi.incidents.policy.about_mail import makes_harmless, quotes_a_mail, tells_of_abuse
from madoguchi.incidents.sorting import facts_of
from madoguchi.incidents.submission import Submission
from madoguchi.mail.reading import read
from madoguchi.mail.testimony import RelayTestimony
from shared import mails, needs_shared

SPAM: dict[str, dict[str, Any]] = {
    "relay-spam": {"spam": "header X-Spam-Flag is yes"},
    "dmarc": {"dmarc": "fail", "policy": "reject"},
    "own-rule": {"rule": "from ends @bulk.example"},
}
PLAIN = TrayFacts(subject="Cheap watches", text="Buy now at https://shop.example/ before midnight!")

HEAD_JA = "差出人: 銀行 <info@bank.example>\n送信日時: 2026年11月24日 9:00\n宛先: hana@site.example\n件名: 【重要】口座の確認\n"
HEAD_EN = "From: Bank <info@bank.example>\nSent: Monday\nTo: Hana\nSubject: Your account\n"
AGAINST: dict[str, list[dict[str, Any]]] = {
    "page": [{"by_page": True}],
    "automatic": [{"automatic": True}],
    "thread": [{"in_thread": True}, {"names_ours": True}],
    "known-reporter": [{"vouched": True, "answered_before": True}],
    "standard-report": [{"machine": True}],
    "attached-mail": [{"attached_mail": True}],
    "evidence-file": [{"evidence_file": True}],
    "signed": [{"signed": True}],
    "forwarded": [
        {"forward": True},
        {"text": f"こんなメールが来ました。\n\n{HEAD_JA}\n口座を確認してください https://bank.example/"},
        {"text": f"FYI\n\n-----Original Message-----\n{HEAD_EN}\nClick https://bank.example/"},
        {"text": "> Received: from x by y\n> Return-Path: <a@b.example>\n> Dear customer"},
        {"text": "See below.\n---------- Forwarded message ---------\nDear customer"},
        {"text": "---------- 転送メッセージ ----------\nお客様各位"},
    ],
    "harmless-link": [
        {"text": "hxxps://bank.example/login asks for a password"},
        {"text": "ttp://bank.example/ というサイトです"},
        {"text": "The site is bank[.]example"},
        {"subject": "bank[.]example"},
    ],
    "tells-of-abuse": [
        {"text": "We report a phishing site at 203.0.113.7, please take it down."},
        {"text": "Abuse complaint: we received spam.\n> Dear customer, buy now"},
        {"text": "迷惑メールが届きましたので通報します。\n件名：当選のお知らせ"},
        {"subject": "フィッシングの報告", "text": "送信元は 203.0.113.7 でした。"},
        {"text": "Dear Sir,\nWe detected infected hosts at fdf1:cb9d:f59e:19b0:0:45:0:22."},
        {"text": "不正アクセスの報告です。\n2026-11-24 22:00 203.0.113.9 sshd[1]: Failed password"},
    ],
}


@pytest.mark.parametrize("name", SPAM)
def test_each_kind_of_evidence_is_enough_and_is_named(name: str) -> None:
    decision = sort_out(replace(PLAIN, **SPAM[name]))
    assert (decision.in_tray, decision.reason) == (True, name)
    assert decision.detail == next(iter(SPAM[name].values())) or name == "dmarc"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"dmarc": "fail"},
        {"dmarc": "fail", "policy": "none"},
        {"dmarc": "fail", "policy": "reject", "arc": "pass"},
        {"dmarc": "pass", "policy": "reject"},
        {"dmarc": "temperror", "policy": "reject"},
        {"arc": "fail"},
        {"text": "Viagra! Casino! 当選しました! https://phish.example/ " * 50},
    ],
)
def test_what_is_no_evidence_puts_nothing_into_the_tray(facts: dict[str, Any]) -> None:
    decision = sort_out(replace(PLAIN, **facts))
    assert (decision.in_tray, decision.reason) == (False, "no-evidence")


@pytest.mark.parametrize("evidence", SPAM)
@pytest.mark.parametrize(("name", "facts"), [(name, one) for name, each in AGAINST.items() for one in each])
def test_a_report_about_spam_is_not_put_there_whatever_our_relay_says_of_it(
    evidence: str, name: str, facts: dict[str, Any]
) -> None:
    decision = sort_out(replace(PLAIN, **SPAM[evidence], **facts))
    assert not decision.in_tray
    assert decision.reason == name


def test_every_rule_stands_in_the_tables_of_these_tests() -> None:
    assert [rule.name for rule in EVIDENCE] == list(SPAM)
    assert [rule.name for rule in GUARDS] == list(AGAINST)
    assert all(rule.sentence.endswith(".") and rule.source for rule in (*EVIDENCE, *GUARDS))


@pytest.mark.parametrize(
    "text",
    [
        "Dear customer, your account was used from a new device. Sign in: https://bank.example/",
        "不審なログインを検知しました。至急ご確認ください。 https://bank.example/",
        "From: now on everything is cheaper!\nDate: today only",
        "日時: 12月1日 10:00\n場所: 東京\n宛先: 皆様\n参加者を募集しています",
        "Wire transfer of USD 5,000,000. Version 1.2.3.4.5 of our offer.",
        "See https://shop.example/a(1).html and http://shop.example/",
    ],
)
def test_ordinary_spam_shows_no_sign_of_a_report(text: str) -> None:
    assert sort_out(replace(PLAIN, text=text, spam="header X-Spam-Flag is yes")).in_tray


STATISTICS = ("Safe_Browsing_Report", "Projecthoneypot_Example")

FACTS = st.builds(
    TrayFacts,
    **{
        one.name: st.booleans() if one.type in {bool, "bool"} else st.sampled_from(["", "fail", "pass", "reject", HEAD_JA, "hxxp://"])
        for one in fields(TrayFacts)
    },
)  # fmt: skip


@given(FACTS)
def test_a_guard_always_wins_and_without_evidence_nothing_is_in_the_tray(facts: TrayFacts) -> None:
    decision = sort_out(facts)
    asked = dict(decision.trail)
    evidence = any(rule.applies(facts) for rule in EVIDENCE)
    guard = any(rule.applies(facts) for rule in GUARDS)
    assert decision.in_tray is (evidence and not guard)
    assert any(asked[rule.name] for rule in EVIDENCE) is evidence
    assert (GUARDS[0].name in asked) is evidence


@pytest.mark.parametrize(("one", "other"), list(combinations(SPAM, 2)))
def test_of_several_reasons_the_first_is_told(one: str, other: str) -> None:
    assert sort_out(replace(PLAIN, **SPAM[one], **SPAM[other])).reason == one


@given(st.text(alphabet="From:Received \t\n>|*[.]hxp-0123456789.(dot)報告件名", max_size=300))
def test_any_text_is_looked_at_without_failing(text: str) -> None:
    for asks in (quotes_a_mail, makes_harmless):
        assert asks(text) in {True, False}
    assert tells_of_abuse(text, text) in {True, False}


def marked(path: Path) -> TrayDecision:
    """What would become of a real mail that our relay took for spam."""
    submission = Submission(
        arrival=UUID(int=1),
        door="smtp",
        received_at=datetime(2026, 11, 24, tzinfo=UTC),
        letter=read(path.read_bytes()),
        envelope_from="noc@isp.example",
        recipients=(),
        fingerprint=b"",
        testimony=RelayTestimony(spam="header X-Spam-Flag is yes"),
    )
    filed = Filed(Filing("new", None, None, "no-match"), message_id_is_ours=False)
    return sort_out(facts_of(submission, filed, frozenset()))


@needs_shared
def test_no_real_mail_lands_in_the_tray_by_its_content_alone() -> None:
    letters = [read(path.read_bytes()) for path in mails()]
    assert not [
        one.subject for one in letters if sort_out(TrayFacts(subject=one.subject, text=one.text)).in_tray
    ]
    assert len(letters) > 100


@needs_shared
def test_real_reports_of_abuse_stay_in_the_queue_though_our_relay_takes_them_for_spam() -> None:
    """But for two kinds of statistics, which show neither a mail nor an address nor a file."""
    reports = [path for path in mails() if path.suffix == ".eml" and "abuseio" in str(path)]
    hidden = [path.name for path in reports if marked(path).in_tray]
    assert len(reports) > 90
    assert [name for name in hidden if not name.startswith(STATISTICS)] == []
