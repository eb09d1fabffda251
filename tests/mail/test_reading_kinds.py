"""What kind of mail it is, from its bytes alone."""

import pytest

from madoguchi.mail import reading
from shared import SHARED, needs_shared


def mail(*fields: str, body: str = "A site was broken into.") -> bytes:
    return "\r\n".join(("From: hana@example.jp", *fields, "", body)).encode()


def report(kind: str, part: str) -> bytes:
    body = f"--x\r\n\r\nNotice.\r\n--x\r\nContent-Type: {part}\r\n\r\nField: value\r\n--x--\r\n"
    return mail(
        f"Content-Type: multipart/report; report-type={kind}; boundary=x", "Subject: notice", body=body
    )


BOUNCE = report("delivery-status", "message/delivery-status")
QUOTED_BOUNCE = mail(
    "Subject: Fwd: Undelivered Mail Returned to Sender",
    "Content-Type: multipart/mixed; boundary=y",
    body="--y\r\n\r\nIs this phishing?\r\n--y\r\nContent-Type: message/rfc822\r\n\r\n"
    + BOUNCE.decode()
    + "\r\n--y--\r\n",
)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("report", mail("Subject: Phishing")),
        ("report", mail("Subject: Incident", "Auto-Submitted: no")),
        ("report", mail("Subject: Abuse from 192.0.2.1", "Auto-Submitted: auto-generated")),
        ("report", mail("Subject: help", body="My server was broken into, and I need help.")),
        ("report", mail("Subject: Undelivered mail is phishing", body="I got such mails.")),
        ("report", QUOTED_BOUNCE),
        ("report", b"no mail at all"),
        ("report", mail("Subject: 自動返信を装うメールの報告")),
        ("report", mail("Subject: 不在通知を装うSMS")),
        ("report", mail("Subject: Vacation rental fraud")),
        ("report", mail("Subject: Out of office scam")),
        ("report", mail("Subject: x", body="help me please")),
        ("report", mail("Subject: x", body="stop this attack now")),
        ("report", mail("Subject: x", body="confirm incident")),
        ("auto-reply", mail("Subject: Out of Office AutoReply: x")),
        ("auto-reply", mail("Subject: 【自動返信】お問い合わせ")),
        ("list-command", mail("Subject: x", body="unsubscribe announce hana@example.jp")),
        ("list-command", mail("Subject: help", body="")),
        ("bounce", BOUNCE),
        ("bounce", mail("Subject: failure notice").replace(b"hana@", b"MAILER-DAEMON@")),
        ("bounce", mail("Return-Path: <>", "Subject: Mail delivery failed")),
        ("bounce", mail("X-Failed-Recipients: a@b.example", "Subject: Mail delivery failed")),
        (
            "bounce",
            mail("Auto-Submitted: auto-replied", "Subject: Undeliverable: x").replace(
                b"hana@", b"postmaster@"
            ),
        ),
        ("feedback-report", report("feedback-report", "message/feedback-report")),
        ("auto-reply", mail("Subject: x", "Auto-Submitted: auto-replied (vacation)")),
        ("auto-reply", mail("Subject: x", "X-Autoreply: yes")),
        ("auto-reply", mail("Subject: x", "Precedence: auto_reply")),
        ("auto-reply", mail("Subject: Out of Office: x")),
        ("auto-reply", mail("Subject: 自動応答: x")),
        ("auto-reply", mail("Subject: 不在のお知らせ", "Auto-Submitted: auto-replied")),
        ("auto-reply", report("disposition-notification", "message/disposition-notification")),
        ("list-command", mail("Subject: unsubscribe", body="")),
        ("list-command", mail("Subject: x", body="subscribe announce\r\nend\r\n-- \r\nHana")),
        ("list-command", mail("Subject: Re: confirm 0123456789abcdef0123", body="> please confirm")),
        ("list-command", mail("Subject: x", body="配信停止")),
        ("reply", mail("Subject: x", "In-Reply-To: <1@csirt.example>")),
        ("reply", mail("Subject: Re: x")),
        ("empty", mail("Subject: ", body=" \r\n")),
        ("empty", b""),
    ],
)
def test_the_kind_of_a_mail(kind: str, raw: bytes) -> None:
    assert reading.read(raw).kind == kind


@needs_shared
def test_real_feedback_reports_are_told_from_reports() -> None:
    folder = SHARED / "data" / "mail" / "abuseio-notifier-samples"
    loop = {reading.read(path.read_bytes()).kind for path in (folder / "feedback-loop").glob("*.eml")}
    assert loop == {"feedback-report"}
    others = {reading.read(path.read_bytes()).kind for path in (folder / "shadowserver").glob("*.eml")}
    assert others == {"report"}


@needs_shared
def test_most_real_bounces_are_known_by_their_bytes() -> None:
    paths = [
        path for path in (SHARED / "data" / "mail" / "bounces-sisimai").glob("*.eml")
        if not path.name.startswith(("arf-", "rfc3834-"))
    ]  # fmt: skip
    bounces = sum(reading.read(path.read_bytes()).kind == "bounce" for path in paths)
    assert bounces / len(paths) > 0.95
